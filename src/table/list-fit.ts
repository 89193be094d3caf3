/**
 * Lists that a cache that evicts refuses before it evicts anything for them: those with a key that is there already,
 * and those that would not fit if they were all there is. The second is a lower bound, by limits and whole pages; a
 * list just below it may still evict in vain.
 */
import { Flag } from '../../native-layout/entry.js';
import { partitionLimit, QUEUE_CELL_LENGTH, QUEUE_RECORDS } from '../../native-layout/policy.js';
import { classOf } from '../../native-layout/size-class.js';
import type { EntryShape } from './entry-shape.js';
import type { ListItem } from './list-insert.js';
import type { Lookup } from './lookup.js';
import { Outcome } from './outcome.js';
import type { Partitions } from './partitions.js';

/** A partition with entries has a page of directory chunks and one of segments. */
const INDEX_PAGES = 2;
const QUEUE_CLASS = classOf(QUEUE_CELL_LENGTH);

/** Why the list is refused; undefined: it is to be tried. */
export function refusalOf(
  partitions: Partitions,
  lookup: Lookup,
  shape: EntryShape,
  namespaceSlot: number,
  items: readonly ListItem[],
): Outcome | undefined {
  for (const { partitionIndex, key } of items) {
    if (lookup.has(partitionIndex, namespaceSlot, key)) return Outcome.present;
  }
  return canFit(partitions, shape, items) ? undefined : Outcome.full;
}

function canFit({ memory, cells }: Partitions, shape: EntryShape, items: readonly ListItem[]): boolean {
  const { eviction, partitionCount, pageCount, pageShift } = memory.geometry;
  let pages = 0;
  let chained = 0;
  for (let at = 0; at < items.length; ) {
    const first = at;
    const { partitionIndex } = items[first];
    const cellsOf = new Map<number, number>();
    for (; at < items.length && items[at].partitionIndex === partitionIndex; at++) {
      const { key, value } = items[at];
      shape.measure(key, value, Flag.pending | Flag.linked);
      if (shape.chained) chained += value.length;
      cellsOf.set(shape.classId, (cellsOf.get(shape.classId) ?? 0) + 1);
    }
    const limit = partitionLimit(eviction?.entryLimit ?? 0, partitionCount, partitionIndex);
    if (limit !== 0 && at - first > limit) return false;
    cellsOf.set(QUEUE_CLASS, (cellsOf.get(QUEUE_CLASS) ?? 0) + Math.ceil((at - first) / QUEUE_RECORDS));
    for (const [classId, count] of cellsOf) pages += Math.ceil(count / cells.classes.cellCounts[classId]);
    pages += INDEX_PAGES;
  }
  return pages + Math.ceil(chained / 2 ** pageShift) <= pageCount;
}
