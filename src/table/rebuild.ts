/**
 * Rebuilding the index, free lists and counts of a partition from its entries. Entries are the truth: everything else
 * in a partition follows from them. Only the holder of the partition's lock may call; takes time in proportion to the
 * partition, so it is for repair. An empty partition gives its index back by `empty-index.ts`.
 *
 * Invariants
 * 1. While it runs, indexEpoch is odd: readers wait at the lock, healing starts it again. It ends with a higher epoch.
 * 2. Of two entries with the same key the one with the higher version stays.
 * 3. Chunks that no entry, retired entry or reservation leads to are freed.
 */
import { ROOT_CHUNKS } from '../../native-layout/bucket.js';
import {
  Chunk,
  Entry,
  FreeCell,
  IDENTITY_CHUNK,
  IDENTITY_FREE,
  IDENTITY_QUEUE,
  IDENTITY_RETIRED,
  IDENTITY_TAG_SHIFT,
  RetiredCell,
} from '../../native-layout/entry.js';
import { Page } from '../../native-layout/page.js';
import { NamespaceCount, Partition } from '../../native-layout/partition.js';
import { Registry } from '../../native-layout/registry.js';
import { CacheError } from '../errors.js';
import { cellOf, slabOf } from '../memory/address.js';
import { storeWord } from '../memory/atomics.js';
import { storeOrdered } from '../memory/seqlock.js';
import { EntryHash } from './entry-hash.js';
import { chunkHeadWord, isChained, isEntry } from './entry-view.js';
import { rebuildMarks } from './expiry-marks.js';
import { IndexBuilder } from './index-builder.js';
import { forEachCell, forEachPage } from './page-walk.js';
import type { Partitions } from './partitions.js';
import { slotOfTag } from './probe.js';
import { Queues } from './queues.js';

/** Where a policy starts again: any queue will do. */
const REBUILT_QUEUE = 0;

export function rebuild(partitions: Partitions, header: number, partitionIndex: number): void {
  const { control } = partitions;
  // Ordered: a reader that sees anything of what follows sees that the epoch is odd.
  storeOrdered(control, header + Partition.indexEpoch, control[header + Partition.indexEpoch] | 1);
  dropIndex(partitions, header, partitionIndex);
  const chunks = reachableChunks(partitions, header, partitionIndex);
  const builder = new IndexBuilder(partitions);
  const counts = new Map<number, number>();
  let entries = 0;
  let units = 0;
  forEachPage(partitions, partitionIndex, (page, record) => {
    const classId = control[record + Page.classId];
    const kept: number[] = [];
    forEachCell(partitions, header, record, (address, words, cell) => {
      const identity = words[cell + Entry.identity];
      const isLost = identity === IDENTITY_QUEUE || (identity === IDENTITY_CHUNK && !chunks.has(address));
      if (identity === IDENTITY_FREE || isLost) return;
      kept.push(address);
      if (identity === IDENTITY_CHUNK || identity === IDENTITY_RETIRED) return;
      entries++;
      const tag = identity >>> IDENTITY_TAG_SHIFT;
      counts.set(tag, (counts.get(tag) ?? 0) + 1);
    });
    rethread(partitions, header, record, new Set(kept));
    units += kept.length * partitions.cells.classes.cellUnits[classId];
    control[header + Partition.classCounts + classId] += 1;
    relink(partitions, header, page, record, classId);
  });
  writeCounts(partitions, header, counts, entries, units);
  // The free lists are right again, so the index can be allocated from them.
  for (const address of entryAddresses(partitions, header, partitionIndex)) {
    if (!builder.add(header, partitionIndex, address)) {
      throw new CacheError('CORRUPT', `partition ${partitionIndex}: no memory to rebuild its index`);
    }
  }
  rebuildMarks(partitions, header, partitionIndex);
  requeue(partitions, header, partitionIndex);
  storeWord(control, header + Partition.indexEpoch, control[header + Partition.indexEpoch] + 1);
}

/** In a cache that evicts: a record for every entry, in one queue. The order of arrival is lost. */
function requeue(partitions: Partitions, header: number, partitionIndex: number): void {
  if (partitions.memory.geometry.eviction === undefined) return;
  const queues = new Queues(partitions);
  const hashes = new EntryHash(partitions);
  queues.open(header, partitionIndex);
  for (const address of entryAddresses(partitions, header, partitionIndex)) {
    const hash = hashes.of(partitions.slabs[slabOf(address)], cellOf(address));
    if (!queues.push(REBUILT_QUEUE, hash)) {
      throw new CacheError('CORRUPT', `partition ${partitionIndex}: no memory to rebuild its queues`);
    }
  }
}

function dropIndex(partitions: Partitions, header: number, partitionIndex: number): void {
  const { control, cells } = partitions;
  if (partitions.memory.geometry.eviction !== undefined) {
    const queues = new Queues(partitions);
    queues.open(header, partitionIndex);
    queues.forget();
  }
  control[header + Partition.depth] = 0;
  for (let chunk = 0; chunk < ROOT_CHUNKS; chunk++) control[header + Partition.root + chunk] = 0;
  control[header + Partition.growing] = 0;
  control[header + Partition.growing + 1] = 0;
  for (let classId = 1; classId <= cells.classes.classCount; classId++) {
    control[header + Partition.classHeads + classId] = 0;
    control[header + Partition.classPages + classId] = 0;
  }
  for (let classId = 1; classId <= cells.classes.cellClassCount; classId++) dropSpare(partitions, header, classId);
  forEachPage(partitions, partitionIndex, (page, record) => {
    control[record + Page.linked] = 0;
    control[record + Page.next] = 0;
    control[record + Page.previous] = 0;
    const empty = control[record + Page.classId] === 0;
    if (!empty && control[record + Page.classId] <= cells.classes.cellClassCount) return;
    control[record + Page.usedCount] = 0;
    cells.release(header, partitionIndex, page);
  });
  for (let classId = 1; classId <= cells.classes.classCount; classId++) {
    control[header + Partition.classCounts + classId] = 0;
  }
}

/** Marks the spare of a class as free before it is forgotten. */
function dropSpare({ control, slabs }: Partitions, header: number, classId: number): void {
  const spare = control[header + Partition.spares + classId];
  if (spare === 0) return;
  slabs[slabOf(spare)][cellOf(spare) + FreeCell.identity] = IDENTITY_FREE;
  storeWord(control, header + Partition.spares + classId, 0);
}

/** Chunks that something leads to. */
function reachableChunks(partitions: Partitions, header: number, partitionIndex: number): Set<number> {
  const { control, slabs, memory } = partitions;
  const found = new Set<number>();
  const follow = (head: number): void => {
    for (let chunk = head; chunk !== 0 && !found.has(chunk); ) {
      found.add(chunk);
      chunk = slabs[slabOf(chunk)][cellOf(chunk) + Chunk.next];
    }
  };
  forEachPage(partitions, partitionIndex, (_page, record) => {
    forEachCell(partitions, header, record, (_address, words, cell) => {
      const identity = words[cell + Entry.identity];
      if (identity === IDENTITY_FREE || identity === IDENTITY_CHUNK || identity === IDENTITY_QUEUE) return;
      if (identity === IDENTITY_RETIRED) follow(words[cell + RetiredCell.chunkHead]);
      else if (isChained(words[cell + Entry.shape])) follow(words[chunkHeadWord(cell)]);
    });
  });
  const { registryWord, threadSlots } = memory.geometry;
  for (let i = 0, at = registryWord; i < threadSlots; i++, at += Registry.sizeWords) {
    if (control[at + Registry.reservationPartition] === partitionIndex + 1) {
      follow(control[at + Registry.reservationHead]);
    }
  }
  return found;
}

/** Threads the free list of a page through every cell that is not kept. */
function rethread(partitions: Partitions, header: number, record: number, kept: Set<number>): void {
  const { control } = partitions;
  let head = 0;
  forEachCell(partitions, header, record, (address, words, cell) => {
    if (kept.has(address)) return;
    words[cell + FreeCell.identity] = IDENTITY_FREE;
    words[cell + FreeCell.next] = head;
    head = address;
  });
  control[record + Page.freeHead] = head;
  control[record + Page.usedCount] = kept.size;
}

/** Links a page into the list of its class if it has room. */
function relink(partitions: Partitions, header: number, page: number, record: number, classId: number): void {
  const { control, cells } = partitions;
  if (control[record + Page.usedCount] === cells.classes.cellCounts[classId]) return;
  const head = header + Partition.classHeads + classId;
  const first = control[head];
  control[record + Page.next] = first;
  control[record + Page.previous] = 0;
  control[record + Page.linked] = 1;
  if (first !== 0) control[cells.recordOf(first - 1) + Page.previous] = page + 1;
  control[head] = page + 1;
}

function writeCounts(
  partitions: Partitions,
  header: number,
  counts: Map<number, number>,
  entries: number,
  units: number,
): void {
  const { control, memory } = partitions;
  for (let slot = 0; slot < memory.geometry.namespaceSlots; slot++) {
    control[partitions.countWord(header, slot) + NamespaceCount.count] = 0;
  }
  for (const [tag, count] of counts) {
    const at = partitions.countWord(header, slotOfTag(tag));
    if (control[at + NamespaceCount.tag] === tag) control[at + NamespaceCount.count] = count;
  }
  control[header + Partition.entryCount] = entries;
  control[header + Partition.usedUnits] = units;
}

function entryAddresses(partitions: Partitions, header: number, partitionIndex: number): number[] {
  const found: number[] = [];
  forEachPage(partitions, partitionIndex, (_page, record) => {
    forEachCell(partitions, header, record, (address, words, cell) => {
      const identity = words[cell + Entry.identity];
      if (isEntry(identity)) found.push(address);
    });
  });
  return found;
}
