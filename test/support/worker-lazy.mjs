/**
 * A producer of lazy writes, for test/crash/lazy-kills.test.ts: writes numbers in order, round its keys, and raises
 * its word of the board after each. Never stops by itself; with `count`, stops after so many, without a word.
 */
import { workerData } from 'node:worker_threads';
import { SuperCache } from 'supercache';

const { name, id, keys, board, count = Number.POSITIVE_INFINITY } = workerData;
const acknowledged = new Int32Array(board);
const map = SuperCache.attach(name).keyValue(`producer ${id}`);
for (let n = 1; n <= count; n++) {
  // Now and then one that goes the direct way, one longer than a ring takes, one that is stored directly.
  if (n % 97 === 0) map.set(n % keys, { n });
  else if (n % 1009 === 0) map.lazySet(n % keys, { n, long: 'x'.repeat(100_000) });
  else map.lazySet(n % keys, { n, some: 'y'.repeat(n % 120) });
  Atomics.store(acknowledged, id, n);
}
