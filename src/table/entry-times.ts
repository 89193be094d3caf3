/**
 * The time words of a stored entry. Without the lock their values are as good as the words were: whoever reads them
 * confirms the sequence of the bucket before it believes them.
 *
 * The two words of an expiry change only while the sequence of the bucket is odd (`stageTimes`), so that no reader
 * takes half of one for the other.
 */
import { Entry, EXPIRY_WORDS, Flag } from '../../native-layout/entry.js';
import type { CacheClock } from '../memory/clock.js';
import type { RedoLog } from '../memory/redo-log.js';
import { headerWords } from './entry-view.js';
import type { EntryTimes } from './lifetime.js';
import type { Slot } from './slot.js';

const TWO_32 = 2 ** 32;
const HIGH_MASK = 0xffff;

/** Word index of the expiry words of an entry that has them. */
export function expiryWord(cell: number, shape: number): number {
  return cell + headerWords(shape & (Flag.wide | Flag.chained | Flag.linked));
}

/** The expiry of an entry with expiry words. */
export function expiryOf(words: Int32Array, cell: number, shape: number): number {
  const at = expiryWord(cell, shape);
  return (words[at] >>> 0) + (words[at + 1] & HIGH_MASK) * TWO_32;
}

/** Whether the entry has passed its time, and counts as absent. The clock is read only if it has a time. */
export function isPast(words: Int32Array, cell: number, clock: CacheClock): boolean {
  const shape = words[cell + Entry.shape];
  return (shape & Flag.expires) !== 0 && expiryOf(words, cell, shape) <= clock.now();
}

/** Fills `times` from an entry with expiry words. */
export function readTimes(words: Int32Array, cell: number, times: EntryTimes): void {
  const shape = words[cell + Entry.shape];
  times.expiry = expiryOf(words, cell, shape);
  times.limit = times.expiry;
  times.idle = 0;
  if ((shape & Flag.idles) === 0) return;
  const at = expiryWord(cell, shape) + EXPIRY_WORDS;
  const highs = words[at + 2];
  times.idle = (words[at] >>> 0) + (highs & HIGH_MASK) * TWO_32;
  times.limit = (words[at + 1] >>> 0) + (highs >>> 16) * TWO_32;
}

/** Third idle word. */
function idleHighs({ idle, limit }: EntryTimes): number {
  return Math.floor(idle / TWO_32) | (Math.floor(limit / TWO_32) << 16);
}

/** Writes the time words into a cell that nobody reads yet. */
export function writeTimes(words: Int32Array, at: number, shape: number, times: EntryTimes): void {
  words[at] = times.expiry | 0;
  words[at + 1] = Math.floor(times.expiry / TWO_32);
  if ((shape & Flag.idles) === 0) return;
  words[at + EXPIRY_WORDS] = times.idle | 0;
  words[at + EXPIRY_WORDS + 1] = times.limit | 0;
  words[at + EXPIRY_WORDS + 2] = idleHighs(times);
}

/**
 * Stages new time words for the entry that a slot stands at, in a step that is open. The sequence of its bucket is odd
 * meanwhile: readers look again, and after some tries at the lock.
 */
export function stageTimes(log: RedoLog, slot: Slot, slab: number, at: number, shape: number, times: EntryTimes): void {
  const sequence = slot.words[slot.bucket];
  log.stageSequence(slot.slab, slot.bucket, (sequence + 1) | 0);
  log.stage(slab, at, times.expiry | 0);
  log.stage(slab, at + 1, Math.floor(times.expiry / TWO_32));
  if ((shape & Flag.idles) !== 0) {
    log.stage(slab, at + EXPIRY_WORDS, times.idle | 0);
    log.stage(slab, at + EXPIRY_WORDS + 1, times.limit | 0);
    log.stage(slab, at + EXPIRY_WORDS + 2, idleHighs(times));
  }
  log.stageSequence(slot.slab, slot.bucket, (sequence + 2) | 0);
}
