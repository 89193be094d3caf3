/** Child process: two worker threads that read; of one shared cache (`ours`), or of a private Map each (`map`). */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { serve } from '../harness/serve.js';
import type { ReaderOrder, ReaderPlan, ReaderReport } from '../threads/reader.js';
import { keyOf, valueMaker } from '../workloads/text.js';

export interface ScalingPlan {
  readonly subject: 'ours' | 'map';
  readonly entries: number;
  readonly valueLength: number;
  readonly memoryMb: number;
}

const THREAD_COUNT = 2;

const gate = new Int32Array(new SharedArrayBuffer(4));
const readers: Worker[] = [];
let stopCache: (() => Promise<void>) | undefined;

/** Starts and fills the shared cache; returns its handle. */
async function openShared(plan: ScalingPlan): Promise<unknown> {
  const { NAMESPACE, startCache } = await import('../subjects/ours.js');
  const cache = await startCache('bench-scaling', plan.memoryMb);
  stopCache = () => cache.stop();
  const values = cache.keyValue<string, string>(NAMESPACE);
  const valueFor = valueMaker(plan.valueLength);
  for (let entry = 0; entry < plan.entries; entry++) values.set(keyOf(entry), valueFor(entry));
  return cache.handle();
}

async function ask(reader: Worker, order: ReaderOrder): Promise<ReaderReport> {
  const reply = once(reader, 'message') as Promise<[ReaderReport]>;
  reader.postMessage(order);
  return (await reply)[0];
}

serve({
  async open(plan: ScalingPlan): Promise<void> {
    const handle = plan.subject === 'ours' ? await openShared(plan) : undefined;
    for (let index = 0; index < THREAD_COUNT; index++) {
      const { subject, entries, valueLength } = plan;
      const workerData: ReaderPlan = { subject, entries, valueLength, handle, gate, drawSeed: index + 1 };
      const reader = new Worker(new URL('../threads/reader.js', import.meta.url), { workerData });
      readers.push(reader);
      await once(reader, 'message');
    }
  },
  async warm({ ms }: { ms: number }): Promise<void> {
    for (const reader of readers) await ask(reader, { kind: 'warm', ms, threads: 1 });
  },
  /** Millions of reads per second of all `threads` together; with one thread, they take turns. */
  async round({ ms, threads, turn }: { ms: number; threads: number; turn: number }): Promise<number> {
    Atomics.store(gate, 0, 0);
    const chosen = readers.filter((_, i) => threads === THREAD_COUNT || i === turn % THREAD_COUNT);
    const reports = await Promise.all(chosen.map((reader) => ask(reader, { kind: 'round', ms, threads })));
    return reports.reduce((sum, { nsPerOp }) => sum + 1e3 / nsPerOp, 0);
  },
  async close(): Promise<void> {
    await Promise.all(readers.map((reader) => reader.terminate()));
    await stopCache?.();
  },
});
