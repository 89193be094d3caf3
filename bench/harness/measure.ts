import { Bench } from 'tinybench';
import { BATCH_LENGTH, type Loop } from '../workloads/loops.js';

/** The least number of batches in a round, however slow they are. */
const LEAST_BATCHES = 4;

/**
 * One round: runs batches for `ms` milliseconds under tinybench and returns the mean cost of one operation in ns.
 * The mean, not the median, of batches: garbage collections that the operations cause belong to their cost.
 */
export function measureRound(loop: Loop, ms: number): number {
  let wrong: number | undefined;
  const bench = new Bench({ time: ms, iterations: LEAST_BATCHES, warmup: false, throws: true });
  bench.add(
    'batch',
    () => {
      const sum = loop.run();
      if (sum !== loop.expected) wrong = sum;
    },
    { async: false },
  );
  bench.runSync();
  if (wrong !== undefined) throw new Error(`wrong results: a batch summed to ${wrong}, expected ${loop.expected}`);
  const result = bench.tasks[0]?.result;
  if (result?.state !== 'completed') throw new Error(`tinybench ended as ${result?.state}`);
  return (result.latency.mean * 1e6) / BATCH_LENGTH;
}

/** Runs batches unmeasured until the code is optimised: at least `ms` milliseconds and a few batches. */
export function warmUp(loop: Loop, ms: number): void {
  const end = performance.now() + ms;
  for (let batch = 0; batch < 2 * LEAST_BATCHES || performance.now() < end; batch++) loop.run();
}
