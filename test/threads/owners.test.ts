/**
 * Goal: owner threads are replaced when they die, and a cache works without any.
 * Oracle: `inspect().threads`, rows stored meanwhile. Replay: `npx vitest run test/threads/owners.test.ts`.
 */
import type { Worker } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/worker-verify.mjs';

const SMALL = { memory: '16mb', partitions: 4 } as const;
const MOST_REPLACED = 5;
let cache: SuperCache;
/** Every worker that the process spawned: no other is spawned here than owners. */
let spawned: Worker[] = [];
const record = (worker: Worker): void => {
  spawned.push(worker);
};

beforeEach(() => {
  spawned = [];
  process.on('worker', record);
});

afterEach(async () => {
  process.off('worker', record);
  await cache.stop();
});

const owners = () => cache.inspect().threads.filter(({ role, alive }) => role === 'owner' && alive);

async function eventually(holds: () => boolean): Promise<void> {
  expect(await until(holds)).toBe(true);
}

test('without owners callers do all upkeep', async () => {
  cache = await SuperCache.start({ ...SMALL, owners: 0 });
  expect(spawned).toEqual([]);
  const text = 'x'.repeat(200_000);
  for (let i = 0; i < 1000; i++) cache.put([i % 20, text]);
  cache.deleteAll();
  expect(cache.stats().entries).toBe(0);
  for (let i = 0; i < 40; i++) cache.put([`again ${i}`, text]);
  expect(cache.stats().entries).toBe(40);
});

test('an owner that is killed is replaced', async () => {
  cache = await SuperCache.start({ ...SMALL, owners: 2 });
  expect(spawned).toHaveLength(2);
  const [before] = owners();
  const [victim] = spawned;
  const killedId = victim.threadId;
  await victim.terminate();
  cache.put(['key', before.threadId]);
  await eventually(() => owners().length === 2 && owners().every(({ threadId }) => threadId !== killedId));
  expect(spawned).toHaveLength(3);
  expect(cache.get(['key'])).toEqual([['key', before.threadId]]);
});

test('an owner that keeps dying is given up with a warning, and the cache goes on', async () => {
  cache = await SuperCache.start({ ...SMALL, owners: 1 });
  const warnings: NodeJS.ErrnoException[] = [];
  const warned = (warning: Error): number => warnings.push(warning);
  process.on('warning', warned);
  for (let death = 0; death <= MOST_REPLACED; death++) {
    await eventually(() => owners().length === 1);
    await spawned[death].terminate();
    await eventually(() => spawned.length === death + 2 || death === MOST_REPLACED);
  }
  await eventually(() => warnings.length === 1);
  process.off('warning', warned);
  expect(warnings[0].code).toBe('ERR_SUPERCACHE_OWNER_FAILED');
  expect(owners()).toEqual([]);
  cache.put(['key', 1]);
  expect(cache.get(['key'])).toEqual([['key', 1]]);
});

test('a stop while an owner is being replaced leaves no thread', async () => {
  cache = await SuperCache.start({ ...SMALL, owners: 1 });
  await spawned[0].terminate();
  await eventually(() => spawned.length === 2);
  await cache.stop();
  expect(spawned.map(({ threadId }) => threadId)).toEqual([-1, -1]);
});
