/**
 * `vm` time-outs thrown out of cache calls in the main thread and in a worker, while a survivor works. Prints one
 * line of JSON; `faults` is empty if every promise was kept. Called as `node [flags] worker-timeouts.mjs
 * '{"count":200,"seed":1,"memory":"64mb","partitions":4,"owners":1}'`.
 */
import { Worker } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { Board } from './worker-storm-board.mjs';
import { TimeoutLoop } from './worker-timeouts-loop.mjs';
import { brokenLaws, leftAfterDeleteAll } from './worker-verify.mjs';

const { count, seed, ...options } = JSON.parse(process.argv[2]);
const board = new Board();
const faults = [];
const cache = await SuperCache.start({ eviction: 'none', ...options });

function startWorker(file, workerData) {
  const worker = new Worker(new URL(file, import.meta.url), { workerData });
  worker.on('error', (error) => faults.push(`${file}: ${error.stack}`));
  return worker;
}

/** The worker's next message, or undefined if it ends. */
function nextMessage(worker) {
  return new Promise((resolve) => {
    worker.once('message', resolve);
    worker.once('exit', () => resolve(undefined));
  });
}

const survivorData = { id: 0, seed: seed + 1, buffer: board.words.buffer, largest: 100_000 };
const survivor = startWorker('worker-storm-survivor.mjs', survivorData);
await nextMessage(survivor);
const other = startWorker('worker-timeouts-worker.mjs', { seed: seed + 2, count });
const loop = new TimeoutLoop(cache, 'main', seed);
const otherDone = nextMessage(other);
// Listened for from the start: an end that comes early is not missed.
const otherEnded = new Promise((resolve) => {
  other.once('exit', resolve);
});
loop.run(count);
if (loop.faults.length === 0) loop.finish();
const otherReport = await otherDone;
board.stop();
const survivorReport = await nextMessage(survivor);
faults.push(...loop.faults, ...(otherReport?.faults ?? []));
faults.push(...brokenLaws(cache).map((law) => `after the time-outs: ${law}`));
cache.deleteAll();
faults.push(...leftAfterDeleteAll(cache).map((problem) => `after deleteAll: ${problem}`));
const { healCount } = cache.stats();
other.postMessage('end');
const exitCode = await otherEnded;
if (exitCode !== 0) faults.push(`the other thread ended with ${exitCode}`);
await cache.stop();
const timeouts = { main: loop.timeouts, worker: otherReport?.timeouts };
console.log(JSON.stringify({ faults, timeouts, healCount, survivor: survivorReport }));
