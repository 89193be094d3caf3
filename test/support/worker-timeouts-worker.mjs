/** A thread whose operations are thrown out of; then it sits idle, as a server between two requests. */
import { parentPort, workerData } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { TimeoutLoop } from './worker-timeouts-loop.mjs';

const { seed, count } = workerData;
const cache = SuperCache.attach();
const loop = new TimeoutLoop(cache, 'worker', seed);
loop.run(count);
if (loop.faults.length === 0) loop.finish();
const { timeouts, faults } = loop;
parentPort.postMessage({ timeouts, faults });
parentPort.once('message', () => cache.detach());
