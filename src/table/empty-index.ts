/**
 * Giving the index of an empty partition back, all but what a few entries need again. Only the holder of the
 * partition's lock may call. Time in proportion to the index.
 *
 * Invariants: as in `rebuild.ts`. While it runs, indexEpoch is odd; if its thread dies, healing rebuilds the partition,
 * which has no entries to rebuild.
 */
import { GROWN_BIT, ROOT_CHUNKS } from '../../native-layout/bucket.js';
import { Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { storeWord } from '../memory/atomics.js';
import { storeOrdered } from '../memory/seqlock.js';
import type { Partitions } from './partitions.js';
import { Slot } from './slot.js';

/** Gives the index back if the last entry of the partition is gone and its directory has grown. */
export function dropIndexIfEmpty(partitions: Partitions, header: number, partitionIndex: number): void {
  const { control } = partitions;
  const isEmpty = control[header + Partition.entryCount] === 0;
  if (isEmpty && control[header + Partition.depth] > 0) dropEmptyIndex(partitions, header, partitionIndex);
}

/** Returns the number of pages that went back to the pool. The partition has no entries. */
export function dropEmptyIndex(partitions: Partitions, header: number, partitionIndex: number): number {
  const { control, cells } = partitions;
  const pages = indexPages(partitions, header);
  // Ordered: a reader that sees anything of what follows sees that the epoch is odd.
  storeOrdered(control, header + Partition.indexEpoch, control[header + Partition.indexEpoch] | 1);
  control[header + Partition.depth] = 0;
  for (let chunk = 0; chunk < ROOT_CHUNKS; chunk++) control[header + Partition.root + chunk] = 0;
  for (const page of pages) {
    const record = cells.recordOf(page);
    const units = control[record + Page.usedCount] * cells.classes.cellUnits[control[record + Page.classId]];
    control[header + Partition.usedUnits] -= units;
    control[record + Page.usedCount] = 0;
    cells.release(header, partitionIndex, page);
  }
  storeWord(control, header + Partition.indexEpoch, control[header + Partition.indexEpoch] + 1);
  return pages.size;
}

/** Pages of the directory, of the segments it names, and those of their classes that are empty. */
function indexPages(partitions: Partitions, header: number): Set<number> {
  const { control, cells } = partitions;
  const slot = new Slot(partitions);
  const pages = new Set<number>();
  for (let index = 0; index < 1 << control[header + Partition.depth]; index++) {
    const entry = slot.directoryEntry(header, index);
    if (entry !== 0) pages.add(cells.pageOf(entry & ~GROWN_BIT));
  }
  for (let chunk = 0; chunk < ROOT_CHUNKS; chunk++) {
    const address = control[header + Partition.root + chunk];
    if (address !== 0) pages.add(cells.pageOf(address));
  }
  for (let classId = cells.classes.cellClassCount + 1; classId <= cells.classes.classCount; classId++) {
    const first = [Partition.classPages, Partition.classHeads].map((list) => control[header + list + classId] - 1);
    for (let page of first) {
      while (page >= 0) {
        pages.add(page);
        page = control[cells.recordOf(page) + Page.next] - 1;
      }
    }
  }
  return pages;
}
