/**
 * Goal: with real threads, four producers writing lazily into small rings, producers and owners killed at any moment:
 * nothing acknowledged is lost, nothing is applied out of order or after what came later. Oracle: each producer writes
 * 1, 2, 3 … round its keys; afterwards the keys show a state after one number, which is the last acknowledged one or
 * the one after it. A failure says producer and keys; how often it kills follows from RUNS, when from SEED and the
 * machine.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { afterEach, expect, test } from 'vitest';
import { Random, seedOf } from '../support/random.js';
import { scaled } from '../support/sample.js';

const PRODUCERS = 4;
const KEYS = 7;
let cache: SuperCache;
afterEach(() => cache.stop());

function produce(id: number, board: SharedArrayBuffer, count?: number): Worker {
  const workerData = { name: cache.name, id, keys: KEYS, board, count };
  return new Worker(new URL('../support/worker-lazy.mjs', import.meta.url), { workerData });
}

/** The number up to which a producer's writes are there, if all keys agree on one. */
function prefixOf(id: number): number | string {
  const map = cache.keyValue<number, { n: number }>(`producer ${id}`);
  const found = Array.from({ length: KEYS }, (_, key) => map.get(key)?.n ?? 0);
  const last = Math.max(...found);
  const expected = found.map((_, key) => Math.max(0, last - ((((last - key) % KEYS) + KEYS) % KEYS)));
  const agree = found.every((n, key) => n === expected[key]);
  return agree ? last : `keys of producer ${id} have ${found}, ${expected} would agree`;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test.each([0, 1, 3])('producers and owners die, %i owners', { timeout: 120_000 }, async (owners) => {
  const seed = seedOf();
  const random = new Random(seed);
  const spawned: Worker[] = [];
  const record = (worker: Worker): unknown => spawned.push(worker);
  process.on('worker', record);
  const name = `lazy-kills-${process.pid}-${owners}`;
  cache = await SuperCache.start({ name, memory: '16mb', partitions: 6, owners, lazy: { ring: '8kb' } });
  process.off('worker', record);
  for (let round = 0; round < scaled(4); round++) {
    const board = new SharedArrayBuffer(4 * PRODUCERS);
    const acknowledged = new Int32Array(board);
    cache.deleteAll();
    const workers = Array.from({ length: PRODUCERS }, (_, id) => produce(id, board));
    const ended = workers.map((worker) => once(worker, 'exit'));
    const marks = workers.map(() => 1 + random.below(20_000));
    if (owners > 0 && round === 1) void spawned[0].terminate();
    for (const [id, worker] of workers.entries()) {
      while (Atomics.load(acknowledged, id) < marks[id]) await turn();
      void worker.terminate();
    }
    await Promise.all(ended);
    // The slots of the dead are swept by owners, or by who finds that they are needed; a flush does not wait for that.
    cache.flushSync();
    for (let id = 0; id < PRODUCERS; id++) {
      const last = prefixOf(id);
      const context = `seed ${seed}, round ${round}, producer ${id}, acknowledged ${acknowledged[id]}, found ${last}`;
      expect(typeof last, context).toBe('number');
      expect([acknowledged[id], acknowledged[id] + 1], context).toContain(last);
    }
  }
  expect(cache.stats().lazyErrors).toBe(0);
});

test('B4: what a thread wrote before it ended is applied, and its rings are given back', async () => {
  const name = `lazy-end-${process.pid}`;
  cache = await SuperCache.start({ name, memory: '16mb', partitions: 4, owners: 1 });
  const board = new SharedArrayBuffer(4 * PRODUCERS);
  await Promise.all(Array.from({ length: PRODUCERS }, (_, id) => once(produce(id, board, 1000 + id), 'exit')));
  while (cache.inspect().rings.length > 0) await turn();
  for (let id = 0; id < PRODUCERS; id++) expect(prefixOf(id)).toBe(1000 + id);
  expect(cache.stats().putCount).toBe(4000 + 6);
});
