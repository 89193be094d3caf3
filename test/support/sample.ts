/**
 * How much one run does of a test that could be done at every step of something. By default it takes one step out of
 * each window of a few, and the seed decides which one: every run covers another dense sample. `RUNS=4` makes windows
 * four times as narrow, `RUNS=0.5` twice as wide. `EXHAUSTIVE=1` takes every step; of pairs of steps, as when a healer
 * dies as well, it still takes a sample, as there are millions. It is a matter of some ten minutes.
 */
import type { Random } from './random.js';

/** The factor by which this run does more, or less, than usual. */
export const RUN_FACTOR = Number(process.env.RUNS ?? 1);
export const EXHAUSTIVE = process.env.EXHAUSTIVE === '1';
/** Far more than it takes on an idle machine. */
export const STEPS_TIMEOUT_MS = 300_000 * (EXHAUSTIVE ? 48 : Math.max(1, RUN_FACTOR));

/** `count` cases, scaled: at least one. */
export function scaled(count: number): number {
  return Math.max(1, Math.round(count * RUN_FACTOR));
}

/** The steps to try out of `count`: one of each `window`, or all of them. */
export function stepsOf(random: Random, count: number, window: number): number[] {
  return sampleOf(random, count, EXHAUSTIVE ? 0 : window);
}

/** One index out of each `window` of the first `count`. */
export function sampleOf(random: Random, count: number, window: number): number[] {
  const width = Math.max(1, window / RUN_FACTOR);
  const indices: number[] = [];
  for (let start = 0; start < count; start += width) {
    const [first, end] = [Math.ceil(start), Math.min(count, Math.ceil(start + width))];
    if (first < end) indices.push(first + random.below(end - first));
  }
  return indices;
}
