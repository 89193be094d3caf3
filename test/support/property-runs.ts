/**
 * How often and from which seed properties run. `SEED=…` and `PATH_OF_FAILURE=…` (both printed by a failure) replay
 * it; `RUNS=10` runs everything ten times as often, see sample.ts.
 */
import type { Parameters } from 'fast-check';
import { scaled } from './sample.js';

export function runs<T>(count: number): Parameters<T> {
  const { SEED, PATH_OF_FAILURE } = process.env;
  return {
    numRuns: scaled(count),
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    ...(PATH_OF_FAILURE === undefined ? {} : { path: PATH_OF_FAILURE }),
  };
}
