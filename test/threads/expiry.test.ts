/**
 * Goal: all threads agree on the time, whatever is done to the system clock; owners give the memory of expired entries
 * back by themselves, also after one of them died in the middle. Oracle: entries put and counted, the time before and
 * after a message. Replay: `npx vitest run test/threads/expiry.test.ts`.
 */
import type { Worker } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { afterEach, expect, test, vi } from 'vitest';
import { RemoteThread } from '../support/worker-remote.js';
import { until } from '../support/worker-verify.mjs';

const SMALL = { memory: '32mb', partitions: 4 } as const;
/** A message goes from thread to thread, so time has passed; thread clocks are set by each other to less than this. */
const AGREEMENT_MS = 1;
let cache: SuperCache;
let thread: RemoteThread | undefined;

afterEach(async () => {
  vi.restoreAllMocks();
  await thread?.end();
  thread = undefined;
  await cache.stop();
});

test('threads agree on the time', async () => {
  cache = await SuperCache.start({ ...SMALL, owners: 0 });
  thread = new RemoteThread();
  await thread.run('attach');
  for (let i = 0; i < 20; i++) {
    const before = cache.clock.now();
    const there = (await thread.run('now')) as number;
    expect(there).toBeGreaterThan(before - AGREEMENT_MS);
    expect(there).toBeLessThan(cache.clock.now() + AGREEMENT_MS);
  }
});

test('setting the system clock neither ends entries nor brings them back', async () => {
  cache = await SuperCache.start({ ...SMALL, owners: 1 });
  const map = cache.keyValue<string, number>('map');
  map.set('long', 1, { ttl: '1d' }).set('short', 2, { ttl: 1 });
  expect(await until(() => !map.has('short'))).toBe(true);
  const real = Date.now();
  for (const days of [-4000, -1, 1, 4000]) {
    vi.spyOn(Date, 'now').mockReturnValue(real + days * 86_400_000);
    expect([map.get('long'), map.get('short')], String(days)).toEqual([1, undefined]);
    map.set('fresh', days, { ttl: '1h' });
    expect(map.get('fresh')).toBe(days);
  }
});

test.each(['system', 'manual'] as const)('owners free what expired, by the %s clock', async (clock) => {
  cache = await SuperCache.start({ ...SMALL, owners: 2, clock });
  const map = cache.keyValue<number, string>('map');
  for (let i = 0; i < 20_000; i++) map.set(i, 'x'.repeat(i % 100), { ttl: clock === 'manual' ? 5000 : 50 });
  map.set(-1, 'stays').set(-2, 'long'.repeat(100_000), { ttl: 5 });
  const before = cache.stats().bytes;
  if (clock === 'manual') cache.clock.advance(6000);
  expect(await until(() => cache.stats().entries === 1)).toBe(true);
  expect(await until(() => cache.stats().bytes < before / 20)).toBe(true);
  expect([cache.stats().expirationCount, map.size, map.get(-1)]).toEqual([20_001, 1, 'stays']);
});

test('an owner that dies while it frees what expired is followed by the next', async () => {
  const spawned: Worker[] = [];
  const record = (worker: Worker): number => spawned.push(worker);
  process.on('worker', record);
  cache = await SuperCache.start({ ...SMALL, owners: 1, clock: 'manual' });
  const map = cache.keyValue<number, number>('map');
  for (let i = 0; i < 50_000; i++) map.set(i, i, { ttl: 10 });
  cache.clock.advance(1000);
  const working = () => cache.stats().expirationCount > 0;
  expect(await until(working)).toBe(true);
  await spawned[0].terminate();
  expect(await until(() => cache.stats().entries === 0)).toBe(true);
  expect(cache.stats().expirationCount).toBe(50_000);
  process.off('worker', record);
});
