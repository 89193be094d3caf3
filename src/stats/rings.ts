/** What `stats()` and `inspect()` say of lazy writes, read without locks. */
import { ringColumns } from '../../native-layout/geometry.js';
import { RingHeader, RingSlot } from '../../native-layout/ring.js';
import { WORD_LENGTH } from '../../native-layout/units.js';
import { cellOf, slabOf } from '../memory/address.js';
import { loadWord } from '../memory/atomics.js';
import type { SharedMemory } from '../memory/slab.js';
import type { RingReport } from '../types.js';

/** Lazy writes that could not be stored, of all threads, past and present. */
export function countLazyErrors({ control, geometry }: SharedMemory): number {
  const count = ringColumns(geometry) * geometry.threadSlots;
  let errors = 0;
  for (let i = 0; i < count; i++) {
    errors += control[geometry.ringWord + i * RingSlot.sizeWords + RingSlot.errorCount] >>> 0;
  }
  return errors;
}

export function ringReports({ control, words, geometry }: SharedMemory): RingReport[] {
  const reports: RingReport[] = [];
  const { threadSlots, ringWord, pageShift } = geometry;
  for (let i = 0; i < ringColumns(geometry) * threadSlots; i++) {
    const address = loadWord(control, ringWord + i * RingSlot.sizeWords + RingSlot.address);
    if (address === 0) continue;
    const head = words[slabOf(address)];
    const at = cellOf(address);
    const pending = (loadWord(head, at + RingHeader.produced) - loadWord(head, at + RingHeader.applied)) | 0;
    reports.push({
      slot: i % threadSlots,
      owner: Math.floor(i / threadSlots),
      length: head[at + RingHeader.pageCount] * 2 ** pageShift,
      pending: Math.max(0, pending * WORD_LENGTH),
    });
  }
  return reports;
}
