/** The thread of a litmus test: gets the source of a body, the modules it wants and its shared memory, and runs it. */
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';

/** Loads in a row before a thread that waits for others parks: there may be more threads than cores. */
const SPINS = 2000;
const PARK_MS = 1;
const LINE = 32;
/** Rounds between two barriers: threads that run at the same time stay abreast for some. */
const GROUP = 16;
/** Longest random delay, in turns of an empty loop, after a barrier and before any other step. */
const LONG_DELAY = 512;
const SHORT_DELAY = 32;

/** Words of the control block, each on a line of its own. */
const [ARRIVED, ASLEEP, STOP] = [0, LINE, 2 * LINE];

const { source, modules, control, context, lockstep } = workerData;
const built = new URL('../../dist/esm/', import.meta.url);
const product = Object.assign({}, ...(await Promise.all(modules.map((path) => import(new URL(path, built).href)))));
const body = runInThisContext(`(${source})`, { filename: 'litmus-body' });

let awaited = 0;

/** Returns when all threads have called it as often as this one. */
function barrier(threads) {
  awaited += threads;
  if (Atomics.add(control, ARRIVED, 1) + 1 === awaited) {
    if (Atomics.exchange(control, ASLEEP, 0) !== 0) Atomics.notify(control, ARRIVED);
    return;
  }
  for (let spin = 0; ; spin++) {
    const arrived = Atomics.load(control, ARRIVED);
    if (arrived >= awaited) return;
    if (spin < SPINS) continue;
    Atomics.store(control, ASLEEP, 1);
    Atomics.wait(control, ARRIVED, arrived, PARK_MS);
    spin = 0;
  }
}

let random = 1;

function delay(longest) {
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  for (let turn = random & (longest - 1); turn > 0; turn--);
}

/** One number per round and thread, packed by the step; 0 if it returns nothing. */
function runLockstep({ instances, variables, threads, rounds, limitMs, registers, role, words }) {
  random = 2463534242 + role * 7919;
  const step = body({ ...context, product });
  const tally = {};
  const end = performance.now() + limitMs;
  for (let done = 0; ; done += instances) {
    for (let i = 0; i < instances; i++) {
      const x = i * variables * LINE;
      const first = i % GROUP === 0;
      if (first) barrier(threads);
      delay(first ? LONG_DELAY : SHORT_DELAY);
      registers[i * threads + role] = step(x, x + LINE, x + 2 * LINE) ?? 0;
    }
    barrier(threads);
    if (role === 0) {
      for (let i = 0; i < instances; i++) {
        const label = registers.subarray(i * threads, (i + 1) * threads).join(' ');
        tally[label] = (tally[label] ?? 0) + 1;
      }
      words.fill(0);
      if (done + instances >= rounds || performance.now() > end) Atomics.store(control, STOP, 1);
    }
    barrier(threads);
    if (Atomics.load(control, STOP) !== 0) return tally;
  }
}

function runFreely({ threads }) {
  const stopped = () => Atomics.load(control, STOP) !== 0;
  barrier(threads);
  parentPort.postMessage('up');
  try {
    return body({ ...context, product, stopped });
  } finally {
    Atomics.store(control, STOP, 1);
  }
}

if (lockstep !== undefined) parentPort.postMessage(runLockstep({ ...lockstep, ...context }));
else if (control !== undefined) parentPort.postMessage(runFreely(context));
else await body({ ...context, product, require: createRequire(import.meta.url) });
