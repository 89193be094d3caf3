/** Worker thread of the `scaling` scenario: reads when it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { measureRound, warmUp } from '../harness/measure.js';
import type { Store } from '../subjects/subject.js';
import { makeLoop } from '../workloads/loops.js';
import { keyOf, valueMaker } from '../workloads/text.js';
import { zipfSequence } from '../workloads/zipf.js';

export interface ReaderPlan {
  readonly subject: 'ours' | 'map';
  readonly entries: number;
  readonly valueLength: number;
  readonly handle: unknown;
  /** One word: how many threads have arrived and wait for the others. */
  readonly gate: Int32Array;
  readonly drawSeed: number;
}

export interface ReaderOrder {
  readonly kind: 'warm' | 'round';
  readonly ms: number;
  readonly threads: number;
}

export interface ReaderReport {
  readonly nsPerOp: number;
}

const plan = workerData as ReaderPlan;

async function openShared(): Promise<Store> {
  const { attachCache, NAMESPACE } = await import('../subjects/ours.js');
  const cache = attachCache(plan.handle);
  const values = cache.keyValue<string, string>(NAMESPACE);
  return { get: (key) => values.get(key), set: (key, value) => void values.set(key, value), close: async () => {} };
}

async function openPrivate(): Promise<Store> {
  const { subject } = await import('../subjects/map.js');
  const store = await subject.open({ entries: plan.entries, memoryMb: 0, folder: '' });
  const valueFor = valueMaker(plan.valueLength);
  for (let entry = 0; entry < plan.entries; entry++) store.set(keyOf(entry), valueFor(entry));
  globalThis.gc?.();
  return store;
}

/** Returns when all threads of the round are here; they spin, so that they leave together. */
function arrive(threads: number): void {
  Atomics.add(plan.gate, 0, 1);
  while (Atomics.load(plan.gate, 0) < threads);
}

const store = plan.subject === 'ours' ? await openShared() : await openPrivate();
const loop = makeLoop('get', store, zipfSequence(plan.entries, plan.drawSeed), plan.valueLength, []);

parentPort?.on('message', ({ kind, ms, threads }: ReaderOrder) => {
  let nsPerOp = 0;
  if (kind === 'warm') {
    warmUp(loop, ms);
  } else {
    arrive(threads);
    nsPerOp = measureRound(loop, ms);
  }
  parentPort?.postMessage({ nsPerOp } satisfies ReaderReport);
});
parentPort?.postMessage({ nsPerOp: 0 } satisfies ReaderReport);
