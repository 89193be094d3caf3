/**
 * Goal: whatever stands in the shared memory, a read ends with a value, a miss or `ERR_SUPERCACHE_CORRUPT`, and
 * `verify` passes or says what is broken: nothing crashes, hangs, or reads out of bounds. Single words of a cache are
 * damaged in one to four places: flipped, replaced by others of the same memory, by small and by arbitrary numbers.
 * Not damaged: locks and the registry, whose holders are waited for. Oracle: the kind of outcome; a thread that makes
 * no progress is ended, and the case named. Replay: `SEED=n`, and `CASE=…` for one case alone, as the failure says.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { seedOf } from '../support/random.js';
import { STEPS_TIMEOUT_MS, scaled } from '../support/sample.js';

const seed = seedOf();
/** A case takes a millisecond. */
const PATIENCE_MS = 20_000;

interface Report {
  readonly outcomes: Record<string, number>;
  readonly faults: readonly string[];
}

/** Runs the cases in a thread, which is ended if it stands still. */
async function runCases(first: number, end: number): Promise<Report | string> {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('../support/worker-fuzz.mjs', import.meta.url), {
    workerData: { seed, first, end, progress },
  });
  let last = -1;
  let stuck: string | undefined;
  const watch = setInterval(() => {
    const now = Atomics.load(progress, 0);
    if (now === last) stuck = `case ${now} does not end`;
    if (now === last) void worker.terminate();
    last = now;
  }, PATIENCE_MS);
  const ended = once(worker, 'exit').then(([code]) => stuck ?? `the thread ended with ${code}`);
  const report = await Promise.race([once(worker, 'message').then(([message]) => message as Report), ended]);
  await ended;
  clearInterval(watch);
  return report;
}

test('reads of damaged memory end, and verify says what is broken', { timeout: STEPS_TIMEOUT_MS }, async () => {
  const only = process.env.CASE === undefined ? undefined : Number(process.env.CASE);
  const report = await runCases(only ?? 0, only === undefined ? scaled(2500) : only + 1);
  if (typeof report === 'string') expect.fail(`seed ${seed}: ${report}`);
  console.log(`seed ${seed}: ${JSON.stringify(report.outcomes)}`);
  expect(report.faults, `seed ${seed}`).toEqual([]);
  if (only === undefined) expect(report.outcomes.broken).toBeGreaterThan(0);
});
