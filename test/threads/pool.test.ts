/**
 * Goal: the threads of `cache.pool()` have the cache, keep what their user gave them, and end with the cache.
 * Oracle: what the threads report, rows they store. Replay: `npx vitest run test/threads/pool.test.ts`.
 */
import { join } from 'node:path';
import { SuperCache } from 'supercache';
import { afterEach, expect, test } from 'vitest';

const filename = join(import.meta.dirname, '..', 'support', 'worker-pool.mjs');
const SMALL = { memory: '16mb', owners: 1, partitions: 4 } as const;
const TASKS = Array.from({ length: 8 }, (_, key) => ({ key, value: `of task ${key}` }));
let cache: SuperCache;

afterEach(() => cache.stop());

test('its threads are attached and keep workerData and environment', async () => {
  cache = await SuperCache.start({ ...SMALL, name: 'pooled' });
  // A second cache, so that the threads must know which one is meant.
  await using other = await SuperCache.start({ ...SMALL, name: 'other' });
  const env = { ...process.env, TEST_VARIABLE: 'kept' };
  const pool = cache.pool({ filename, maxThreads: 2, workerData: { mine: [1, 2] }, env } as never);
  const reports = await Promise.all(TASKS.map((task) => pool.run(task)));
  for (const report of reports) {
    expect(report).toEqual({ cache: 'pooled', workerData: { mine: [1, 2] }, variable: 'kept', path: process.env.PATH });
  }
  for (const { key, value } of TASKS) expect(cache.get([key])).toEqual([[key, value]]);
  expect(other.stats().entries).toBe(0);
});

test('without options its threads have the environment of the process', async () => {
  cache = await SuperCache.start({ ...SMALL });
  const pool = cache.pool({ filename, maxThreads: 1 });
  expect(await pool.run(TASKS[0])).toMatchObject({ cache: 'default', path: process.env.PATH });
});

test('stop destroys it', async () => {
  cache = await SuperCache.start({ ...SMALL });
  const pool = cache.pool({ filename, minThreads: 2, maxThreads: 2 });
  await pool.run(TASKS[0]);
  expect(pool.threads).toHaveLength(2);
  await cache.stop();
  expect(pool.threads).toHaveLength(0);
});

test('its user may destroy it first, twice, and at the same time as stop', async () => {
  cache = await SuperCache.start({ ...SMALL });
  const [first, second] = [1, 2].map(() => cache.pool({ filename, maxThreads: 1 }));
  await Promise.all([first.run(TASKS[0]), second.run(TASKS[1])]);
  await first.destroy();
  await first.destroy();
  await Promise.all([second.destroy(), cache.stop(), second.destroy()]);
  expect([first, second].map((pool) => pool.threads.length)).toEqual([0, 0]);
});

test('`await using` ends it with the cache', async () => {
  let threads: () => number;
  {
    await using local = await SuperCache.start({ ...SMALL });
    cache = local;
    const pool = local.pool({ filename, maxThreads: 1 });
    await pool.run(TASKS[0]);
    threads = () => pool.threads.length;
    expect(threads()).toBe(1);
  }
  expect(threads()).toBe(0);
});
