/**
 * The clock of a cache: milliseconds since its start, the same in every thread, for entries that expire.
 *
 * Why the monotonic clock of the machine, and not `Date.now`: when the system clock is set, forward or back, no entry
 * dies early and none that has expired comes back. `process.hrtime` has one base for all threads of a process, where
 * `performance.now` is faster but starts anew in each: every thread measures the difference once, to about a
 * microsecond. While the machine sleeps the clock stands still on Linux, and entries live on by that time.
 *
 * The manual clock is a shared word that only `advance` changes, and only forward.
 */
import { CLOCK_START_BITS, ClockKind, Superblock } from '../../native-layout/superblock.js';
import { addWide, loadWide, peekWord, pokeWord } from './atomics.js';
import type { SharedMemory } from './slab.js';

/** Pairs of readings of which the closest counts: a thread may be interrupted between the two. */
const READINGS = 8;

/** Milliseconds of the monotonic clock of the machine, the same in all threads. */
function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What is added to `performance.now()` of this thread to get the time of the machine. */
function differenceToMachine(): number {
  let difference = 0;
  let closest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < READINGS; i++) {
    const before = performance.now();
    const machine = machineTime();
    const took = performance.now() - before;
    if (took >= closest) continue;
    closest = took;
    difference = machine - before - took / 2;
  }
  return difference;
}

/** Sets the kind and the start of the clock of a new cache. */
export function startClock(control: Int32Array, kind: number): void {
  const start = Math.floor(machineTime() * 1000);
  pokeWord(control, Superblock.clockKind, kind);
  pokeWord(control, Superblock.clockStart, start % 2 ** CLOCK_START_BITS);
  pokeWord(control, Superblock.clockStart + 1, Math.floor(start / 2 ** CLOCK_START_BITS));
}

export class CacheClock {
  readonly isManual: boolean;
  private readonly wide: BigInt64Array;
  private readonly difference: number;

  constructor(memory: SharedMemory) {
    const { control } = memory;
    this.isManual = peekWord(control, Superblock.clockKind) === ClockKind.manual;
    this.wide = new BigInt64Array(memory.buffers[0], Superblock.manualTime * 4, 1);
    const low = peekWord(control, Superblock.clockStart);
    const start = peekWord(control, Superblock.clockStart + 1) * 2 ** CLOCK_START_BITS + low;
    this.difference = differenceToMachine() - start / 1000;
  }

  /** Milliseconds since the cache started, with their fraction. */
  now(): number {
    return this.isManual ? Number(loadWide(this.wide, 0)) : performance.now() + this.difference;
  }

  /** Moves the manual clock on by whole milliseconds; returns its time. */
  advance(ms: number): number {
    return Number(addWide(this.wide, 0, BigInt(ms))) + ms;
  }
}
