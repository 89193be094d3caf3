/**
 * Renewing the idle time of what was read. Any attached thread may call.
 *
 * What a read promises: an entry with an idle time lives for at least half of it after each read, and, where the
 * partition's lock was free, for more than seven eighths of it; never longer than all of it, to the millisecond. A read
 * within the first eighth after the last renewal changes nothing; one in the second half waits for the lock; one
 * between renews only if that needs no waiting. So reads of a hot entry write eight times per idle time at most.
 */
import { Entry, Flag } from '../../native-layout/entry.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { KeyView } from '../memory/views.js';
import { expiryWord, readTimes, stageTimes } from './entry-times.js';
import { lowerMarks } from './expiry-marks.js';
import { EntryTimes } from './lifetime.js';
import type { Partitions } from './partitions.js';
import type { Slot } from './slot.js';

/** From this staleness on, in eighths of the idle time, a read waits for the lock. */
const URGENT = 4;

/** Renews the idle time of the entry of a key, if it has one and that is due. */
export function renewIdle(
  partitions: Partitions,
  slot: Slot,
  partitionIndex: number,
  namespaceSlot: number,
  key: KeyView,
  staleness: number,
): void {
  const header = staleness >= URGENT ? partitions.enter(partitionIndex) : partitions.tryEnter(partitionIndex);
  if (header < 0) return;
  if (slot.find(header, namespaceSlot, key)) {
    const times = timesOf(partitions, slot);
    const now = partitions.clock.now();
    if (times !== undefined && times.expiry > now && times.staleness(now) > 0) {
      times.renew(now);
      changeInPlace(partitions, slot, header, times);
    }
  }
  partitions.leave(header);
}

/** The times of the entry that was found, if it has time words. */
export function timesOf({ slabs }: Partitions, { address }: Slot): EntryTimes | undefined {
  const words = slabs[slabOf(address)];
  const cell = cellOf(address);
  if ((words[cell + Entry.shape] & Flag.expires) === 0) return undefined;
  const times = new EntryTimes();
  readTimes(words, cell, times);
  return times;
}

/** Gives the entry that was found other times. */
export function changeInPlace(partitions: Partitions, slot: Slot, header: number, times: EntryTimes): void {
  const { log, slabs } = partitions;
  const slab = slabOf(slot.address);
  const cell = cellOf(slot.address);
  const shape = slabs[slab][cell + Entry.shape];
  lowerMarks(partitions, header, slot.address, times.expiry);
  log.open(header);
  stageTimes(log, slot, slab, expiryWord(cell, shape), shape, times);
  log.commit();
}
