/**
 * Locks that survive their holders. The word names the holder by registry slot and generation; 0 is free. Any attached
 * thread may call `acquire`; only the holder calls `release`.
 *
 * Invariants
 * 1. The word changes from 0 to a holder, from a holder to 0, or from a dead holder to its successor, by
 *    compare-and-swap except in `release`.
 * 2. Critical sections are bounded and run no user code, so a lock found held by the caller itself was abandoned: a
 *    `vm` time-out or a stack overflow threw out of the section. The caller then owns it and must heal.
 * 3. `acquire` says whether what the lock guards may be half changed. The caller heals before anything else; if it dies
 *    while healing, the word still names it, and the next one heals.
 *
 * Order of publication: everything inside the section is stored before `release`, which is an atomic store: on x64 a
 * full fence, without which a put and a later get of the same thread could pass each other (store buffering).
 *
 * Waiting: a short spin, then timed parks. A wake-up can be lost (a killed waiter may have swallowed it), so no park is
 * longer than MAX_PARK_MS and every round looks at the holder again. The waiters word is a flag that every waiter sets
 * again before each park, and the one who releases clears: a killed waiter leaves nothing to count down.
 */
import { casWord, loadWord, parkOn, storeWord, wakeOn } from './atomics.js';

/** What a waiter must know about other threads; implemented by the registry. */
export interface Liveness {
  /** Whether the thread that this lock word names can no longer act. About 2 µs. */
  isGone(lockWord: number): boolean;
  /** Wakes the thread's event loop, so that an idle thread that abandoned a lock mends what it left. */
  ring(lockWord: number): void;
  /** Frees what threads that are gone had reserved, and their slots. Not inside critical sections. */
  sweepGone(): number;
}

/** The calling thread as locks see it. */
export interface LockHolder {
  /** Slot and generation of this thread, as they stand in lock words. */
  readonly lockWord: number;
  readonly liveness: Liveness;
}

const SPINS = 60;
const MIN_PARK_MS = 0.25;
const MAX_PARK_MS = 5;
/** Rounds after which the holder is rung: it may sit idle in its event loop on an abandoned lock. */
const PATIENT_ROUNDS = 4;

/** Takes the lock. Returns true if it was abandoned, and what it guards must be healed. */
export function acquire(words: Int32Array, lock: number, waiters: number, self: LockHolder): boolean {
  if (casWord(words, lock, 0, self.lockWord) === 0) return false;
  return acquireContended(words, lock, waiters, self);
}

function acquireContended(words: Int32Array, lock: number, waiters: number, self: LockHolder): boolean {
  const { lockWord, liveness } = self;
  let parkMs = MIN_PARK_MS;
  for (let round = 0; ; round++) {
    for (let spin = 0; spin < SPINS; spin++) {
      if (loadWord(words, lock) === 0) break;
    }
    const holder = casWord(words, lock, 0, lockWord);
    if (holder === 0) return false;
    if (holder === lockWord) return true;
    if (round > 0 && liveness.isGone(holder) && casWord(words, lock, holder, lockWord) === holder) return true;
    if (round >= PATIENT_ROUNDS) liveness.ring(holder);
    storeWord(words, waiters, 1);
    parkOn(words, lock, holder, parkMs);
    parkMs = Math.min(MAX_PARK_MS, parkMs * 2);
  }
}

/** Takes the lock only if that needs no waiting: it is free, held by the caller, or by a thread that is gone. */
export function tryAcquire(words: Int32Array, lock: number, self: LockHolder): 'clean' | 'abandoned' | 'busy' {
  const holder = casWord(words, lock, 0, self.lockWord);
  if (holder === 0) return 'clean';
  if (holder === self.lockWord) return 'abandoned';
  if (!self.liveness.isGone(holder)) return 'busy';
  return casWord(words, lock, holder, self.lockWord) === holder ? 'abandoned' : 'busy';
}

export function release(words: Int32Array, lock: number, waiters: number): void {
  storeWord(words, lock, 0);
  // Plain: a waiter that sets the flag after this load parks for one bounded round at most.
  if (words[waiters] !== 0) {
    storeWord(words, waiters, 0);
    wakeOn(words, lock);
  }
}
