/** The words that the threads of the `kill` scenario share: Int32 words for control, Float64 words for results. */

/** Phase of the experiment, written by the main thread of the child only; survivors sleep on it while idle. */
export const PHASE = 0;
/** Survivors that are filled, verified and asleep. */
export const PARKED = 1;
/** Operations of the present victim, modulo 2^32: it is in the midst of writing once this moves. */
export const VICTIM_OPS = 2;
/** Survivors that gave up with an error. */
export const FAILED = 3;
export const CONTROL_LENGTH = 4;

export const IDLE = 0;
export const BEFORE = 1;
export const AFTER = 2;
export const FINISHED = 3;

/** Per survivor: the longest operation in ms before and after the kill, operations, wrong results, errors. */
export const LONGEST_BEFORE = 0;
export const LONGEST_AFTER = 1;
export const OPERATIONS_BEFORE = 2;
export const OPERATIONS_AFTER = 3;
export const WRONG = 4;
export const ERRORS = 5;
export const RESULT_LENGTH = 6;

export const SURVIVOR_ROLES = ['writer', 'reader'] as const;
export type SurvivorRole = (typeof SURVIVOR_ROLES)[number];

export interface StallPlan {
  readonly handle: unknown;
  readonly entries: number;
  readonly control: Int32Array;
  readonly results: Float64Array;
  /** Index among the survivors; the victims have −1. */
  readonly index: number;
  /** Of a victim: whether it leaves the cache alone. Killing such a one costs what killing any thread costs. */
  readonly bystander: boolean;
}
