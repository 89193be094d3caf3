/**
 * Goal: what a `vm` time-out leaves behind when it throws out of code that holds a lock, in one thread.
 *
 *   within vm, 2 ms: acquire; x = n; y = n; release; again and again, nested in functions with try and finally
 *   then: look at the lock word; acquire; look at x and y
 *
 * | outcome          |           |                                                                    |
 * |------------------|-----------|--------------------------------------------------------------------|
 * | free, whole      | allowed   | the time-out struck outside of the section                         |
 * | held, whole      | allowed   | struck inside, before or after the changes                         |
 * | held, half       | allowed   | struck between the changes: the operation is abandoned             |
 * | free, half       | forbidden | the section was left without having been finished                  |
 * | not told         | forbidden | the lock was held by the thread itself, but acquire did not say so |
 * | handled          | forbidden | a `catch` or `finally` of the interrupted code ran                 |
 *
 * A time-out also ends a park in `Atomics.wait` (allowed: interrupted; forbidden: waits on). Rules that depend on it: a
 * lock found held by oneself is an abandoned operation, healed on entry (`lock.ts`, 2); `inside` of `partitions.ts`
 * cannot be reset by a `finally`. Oracle: the table. Replay: not possible; more rounds by ROUNDS.
 */
import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { acquire, release } from '../../src/memory/lock.js';
import { type Counts, judge, roundsPer } from './harness.js';

const LOCK = 0;
const WAITERS = 32;
const X = 64;
const Y = 96;
const self = { lockWord: 7, liveness: { isGone: () => false, ring() {}, sweepGone: () => 0 } };

/** Runs the code until the time-out throws out of it. */
function interrupt(run: () => void, ms: number): unknown {
  const scope = globalThis as { litmusRun?: () => void };
  scope.litmusRun = run;
  try {
    runInThisContext('litmusRun()', { timeout: ms });
  } catch (error) {
    return (error as { code?: unknown }).code;
  } finally {
    delete scope.litmusRun;
  }
  return undefined;
}

test('a time-out throws out of a critical section, past catch and finally', () => {
  const words = new Int32Array(new SharedArrayBuffer(512));
  const seen: Counts = {
    'free, whole': 0,
    'held, whole': 0,
    'held, half': 0,
    'free, half': 0,
    'not told': 0,
    handled: 0,
  };
  const change = (index: number, value: number) => {
    words[index] = value;
    // Loops and calls are where a time-out can strike.
    for (let turn = 0; turn < 20; turn++) words[index + 1] = turn;
  };
  const section = (n: number) => {
    try {
      acquire(words, LOCK, WAITERS, self);
      change(X, n);
      change(Y, n);
      release(words, LOCK, WAITERS);
    } catch {
      seen.handled++;
    }
  };
  const work = () => {
    try {
      for (let n = 1; ; n++) section(n);
    } finally {
      seen.handled++;
    }
  };
  const rounds = Math.min(20_000, roundsPer(8000));
  for (let round = 0; round < rounds; round++) {
    expect(interrupt(work, 2)).toBe('ERR_SCRIPT_EXECUTION_TIMEOUT');
    const held = words[LOCK] === self.lockWord;
    const half = words[X] !== words[Y];
    if (acquire(words, LOCK, WAITERS, self) !== held) seen['not told']++;
    else seen[`${held ? 'held' : 'free'}, ${half ? 'half' : 'whole'}`]++;
    words[Y] = words[X] as number;
    release(words, LOCK, WAITERS);
  }
  judge(
    'vm time-outs in and around a critical section',
    seen,
    { 'free, whole': 'outside', 'held, whole': 'inside', 'held, half': 'between the changes' },
    { 'free, half': 'unlocked but unfinished', 'not told': 'acquire says clean', handled: 'catch or finally ran' },
  );
});

test('a time-out ends a park', () => {
  const words = new Int32Array(new SharedArrayBuffer(64));
  const code = interrupt(() => Atomics.wait(words, 0, 0, 10_000), 5);
  const seen = { [code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? 'interrupted' : 'waits on']: 1 };
  judge(
    'vm time-out of Atomics.wait',
    seen,
    { interrupted: 'it threw' },
    { 'waits on': 'it slept till its own limit' },
  );
});
