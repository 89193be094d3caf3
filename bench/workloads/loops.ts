/**
 * The measured loops. Each call runs one batch and returns a sum over the results, which the caller checks: results
 * are used, so nothing can be optimised away, and a wrong result fails the run instead of making it look fast.
 * A process makes one loop for one store, so the calls inside are monomorphic. The closures keep their cursor
 * between batches and wrap around the sequence.
 */
import type { Store } from '../subjects/subject.js';

export type WorkloadName = 'get' | 'miss' | 'set';

/** Operations per batch: a few ms, long against the clock and short against a round. Also lmdb's transaction. */
export const BATCH_LENGTH = 10_000;

/** Distinct values that `set` cycles through: small enough to stay in cache, as a value just made would be. */
export const VALUE_POOL_LENGTH = 4096;

export interface Loop {
  run(): number;
  /** What `run` must return. */
  readonly expected: number;
}

function getLoop(store: Store, sequence: Int32Array, valueLength: number): Loop {
  const mask = sequence.length - 1;
  let cursor = 0;
  const run = (): number => {
    let sum = 0;
    for (let i = 0; i < BATCH_LENGTH; i++) {
      const value = store.get(`user:${sequence[cursor]}:profile`);
      cursor = (cursor + 1) & mask;
      if (value !== undefined) sum += value.length;
    }
    return sum;
  };
  return { run, expected: BATCH_LENGTH * valueLength };
}

function missLoop(store: Store, sequence: Int32Array): Loop {
  const mask = sequence.length - 1;
  let cursor = 0;
  const run = (): number => {
    let misses = 0;
    for (let i = 0; i < BATCH_LENGTH; i++) {
      if (store.get(`user:${sequence[cursor]}:missing`) === undefined) misses++;
      cursor = (cursor + 1) & mask;
    }
    return misses;
  };
  return { run, expected: BATCH_LENGTH };
}

function setLoop(store: Store, sequence: Int32Array, pool: readonly string[]): Loop {
  const mask = sequence.length - 1;
  let cursor = 0;
  const body = (): void => {
    for (let i = 0; i < BATCH_LENGTH; i++) {
      store.set(`user:${sequence[cursor]}:profile`, pool[cursor & (VALUE_POOL_LENGTH - 1)] as string);
      cursor = (cursor + 1) & mask;
    }
  };
  const run = (): number => {
    if (store.transact === undefined) body();
    else store.transact(body);
    return BATCH_LENGTH;
  };
  return { run, expected: BATCH_LENGTH };
}

export function makeLoop(
  workload: WorkloadName,
  store: Store,
  sequence: Int32Array,
  valueLength: number,
  pool: readonly string[],
): Loop {
  if (workload === 'get') return getLoop(store, sequence, valueLength);
  if (workload === 'miss') return missLoop(store, sequence);
  return setLoop(store, sequence, pool);
}
