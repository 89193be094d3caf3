/**
 * Whether the addresses and counts of a partition lead to where something can stand: what a walk over it takes for
 * granted. Every loop here is bounded by what the memory can hold, whatever stands in it. Only the holder of the
 * partition's lock may call.
 */
import { BUCKET_WORD_SHIFT, GROWN_BIT, MAX_DEPTH, ROOT_CHUNKS } from '../../native-layout/bucket.js';
import { Chunk, Entry, FreeCell } from '../../native-layout/entry.js';
import { directoryChunkShift, Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import { forEachPage } from './page-walk.js';
import type { Partitions } from './partitions.js';
import { bucketCountOf } from './probe.js';

const LEAST_CELL_WORDS = Math.max(Entry.sizeWords, Chunk.sizeWords, FreeCell.next + 1);

/** The first thing that leads out of bounds, in words, or undefined. */
export function outOfBounds(partitions: Partitions, header: number, partitionIndex: number): string | undefined {
  return directoryFault(partitions, header) ?? pagesFault(partitions, partitionIndex) ?? listsFault(partitions, header);
}

/** Whether `length` words from an address on stand in one slab. */
function isInside({ slabs }: Partitions, address: number, length: number): boolean {
  return slabOf(address) < slabs.length && cellOf(address) + length <= slabs[slabOf(address)].length;
}

function directoryFault(partitions: Partitions, header: number): string | undefined {
  const { control, slabs, memory, baseBuckets } = partitions;
  const depth = control[header + Partition.depth];
  const chunkShift = directoryChunkShift(memory.geometry.pageShift);
  if (depth < 0 || depth > MAX_DEPTH || 2 ** depth > ROOT_CHUNKS << chunkShift) return `the index has depth ${depth}`;
  if (control[header + Partition.root] === 0) return depth === 0 ? undefined : `no index has depth ${depth}`;
  for (let index = 0; index < 2 ** depth; index++) {
    const chunk = control[header + Partition.root + (index >>> chunkShift)];
    if (chunk === 0 || !isInside(partitions, chunk, 1 << chunkShift)) return `a directory stands at ${chunk}`;
    const entry = slabs[slabOf(chunk)][cellOf(chunk) + (index & ((1 << chunkShift) - 1))];
    const length = bucketCountOf(entry, baseBuckets) << BUCKET_WORD_SHIFT;
    if (entry === 0 || !isInside(partitions, entry & ~GROWN_BIT, length)) return `a segment stands at ${entry}`;
  }
  return undefined;
}

function pagesFault(partitions: Partitions, partitionIndex: number): string | undefined {
  const { control, cells, slabs } = partitions;
  const { classCount, cellCounts } = cells.classes;
  let fault: string | undefined;
  forEachPage(partitions, partitionIndex, (page, record) => {
    const classId = control[record + Page.classId];
    const bump = control[record + Page.bumpCount];
    if (classId === 0) fault ??= `page ${page} is held without a class`;
    else if (classId < 0 || classId > classCount) fault ??= `page ${page} is of class ${classId}`;
    else if (bump < 0 || bump > cellCounts[classId]) fault ??= `page ${page}: ${bump} cells handed out`;
    else if (control[record + Page.start] !== cells.pool.startOf(page)) fault ??= `page ${page} starts elsewhere`;
    if (fault !== undefined) return;
    let free = control[record + Page.freeHead];
    for (let length = 0; free !== 0 && length <= bump; length++) {
      if (!isInside(partitions, free, LEAST_CELL_WORDS)) {
        fault = `page ${page}: a free cell stands at ${free}`;
        return;
      }
      free = slabs[slabOf(free)][cellOf(free) + FreeCell.next];
    }
  });
  return fault;
}

/** Lists of pages with room; longer than all pages means that they lead in a circle. */
function listsFault(partitions: Partitions, header: number): string | undefined {
  const { control, cells, memory } = partitions;
  const { pageCount } = memory.geometry;
  const isPage = (page: number) => page >= 0 && page <= pageCount;
  for (let classId = 1; classId <= cells.classes.classCount; classId++) {
    let page = control[header + Partition.classHeads + classId];
    for (let length = 0; page !== 0; length++) {
      if (!isPage(page) || length === pageCount) return `the list of class ${classId} leads to page ${page - 1}`;
      page = control[cells.recordOf(page - 1) + Page.next];
    }
    const classPage = control[header + Partition.classPages + classId];
    if (!isPage(classPage)) return `the page of class ${classId} is ${classPage - 1}`;
  }
  return undefined;
}
