/**
 * Where everything lies. The control region (superblock, registry, namespaces, partition headers, page tables) starts
 * slab 0; what remains of each slab is cut into pages. All of it counts as `memory`.
 */
import { MAX_NAMESPACE_SLOTS, Namespace } from './namespace.js';
import { MAX_PAGE_SHIFT, MIN_PAGE_SHIFT, Page } from './page.js';
import { NamespaceCount, Partition } from './partition.js';
import { type EvictionShape, PolicyState } from './policy.js';
import { Registry } from './registry.js';
import { ERROR_LOG_LENGTH, ErrorLog, ErrorNote, OwnerDesk, RingSlot } from './ring.js';
import { check } from './struct.js';
import { Superblock } from './superblock.js';
import { HOT_LINE_WORDS, MAX_SLAB_LENGTH, MAX_SLABS, WORD_LENGTH } from './units.js';

/** What the starter decides; everything else follows. */
export interface Shape {
  /** Bytes of each slab. */
  readonly slabLengths: readonly number[];
  readonly pageShift: number;
  readonly partitionCount: number;
  readonly threadSlots: number;
  readonly namespaceSlots: number;
  readonly ownerCount: number;
  /** Bytes of a ring of lazy writes; default DEFAULT_RING_LENGTH. */
  readonly ringLength?: number;
  /** Absent: the cache does not evict. */
  readonly eviction?: EvictionShape | undefined;
}

/** Word indices into slab 0, and the placing of pages. */
export interface Geometry extends Shape {
  readonly registryWord: number;
  readonly namespaceWord: number;
  readonly partitionWord: number;
  /** Words from one partition header to the next. */
  readonly partitionStride: number;
  /** Words from a partition header to its policy state, if the cache evicts. */
  readonly policyOffset: number;
  readonly ownerTableWord: number;
  readonly pageTableWord: number;
  /** The first owner desk, ring slot, and the error log. There is one desk, and one column of rings, without owners. */
  readonly ownerDeskWord: number;
  readonly ringWord: number;
  readonly errorLogWord: number;
  /** End of the control region. */
  readonly controlWords: number;
  /** Page index of the first page of each slab, and behind the last the total. */
  readonly firstPage: readonly number[];
  /** Bytes from the start of each slab to its first page. */
  readonly firstPageAddress: readonly number[];
  readonly pageCount: number;
}

/** Slabs are whole multiples of this, in bytes, and at least this many of them. */
const SLAB_GRAIN = 4096;
const MIN_SLAB_BLOCKS = 256;

function alignWords(words: number): number {
  return Math.ceil(words / HOT_LINE_WORDS) * HOT_LINE_WORDS;
}

/** Page length that gives a partition enough pages for its classes, and pages that are worth their record. */
export function pageShiftFor(memory: number, partitionCount: number): number {
  const wanted = Math.floor(Math.log2(memory / partitionCount / 128));
  return Math.min(MAX_PAGE_SHIFT, Math.max(MIN_PAGE_SHIFT, wanted));
}

export function namespaceSlotsFor(memory: number): number {
  return memory < 64 * 2 ** 20 ? 128 : MAX_NAMESPACE_SLOTS;
}

/** Cuts `memory` into slabs, one or more per owner, none longer than the limit. */
export function slabLengthsFor(memory: number, ownerCount: number): number[] {
  const owners = Math.max(1, ownerCount);
  const least = Math.ceil(memory / MAX_SLAB_LENGTH);
  const even = Math.ceil(least / owners) * owners;
  const count = even <= MAX_SLABS ? even : least;
  const blocks = Math.floor(memory / SLAB_GRAIN);
  if (count === 1 || blocks < count * MIN_SLAB_BLOCKS) return [memory - (memory % WORD_LENGTH)];
  return Array.from({ length: count }, (_, i) => {
    const share = Math.floor(blocks / count) + (i < blocks % count ? 1 : 0);
    return share * SLAB_GRAIN;
  });
}

/** Rings of each thread: one per owner, or one that callers drain. */
export function ringColumns({ ownerCount }: Shape): number {
  return Math.max(1, ownerCount);
}

export function geometry(shape: Shape): Geometry {
  const pageLength = 2 ** shape.pageShift;
  const pagesIn = (bytes: number): number => Math.max(0, Math.floor(bytes / pageLength));
  const mostPages = shape.slabLengths.reduce((sum, length) => sum + pagesIn(length), 0);
  const registryWord = alignWords(Superblock.sizeWords);
  const namespaceWord = registryWord + shape.threadSlots * Registry.sizeWords;
  const partitionWord = alignWords(namespaceWord + shape.namespaceSlots * Namespace.sizeWords);
  const policyOffset = alignWords(Partition.sizeWords + shape.namespaceSlots * NamespaceCount.sizeWords);
  const policyWords = shape.eviction === undefined ? 0 : PolicyState.sizeWords + shape.eviction.sketchWords;
  const partitionStride = alignWords(policyOffset + policyWords);
  const ownerTableWord = partitionWord + shape.partitionCount * partitionStride;
  const pageTableWord = alignWords(ownerTableWord + mostPages);
  const ownerDeskWord = alignWords(pageTableWord + mostPages * Page.sizeWords);
  const ringWord = ownerDeskWord + ringColumns(shape) * OwnerDesk.sizeWords;
  const errorLogWord = alignWords(ringWord + ringColumns(shape) * shape.threadSlots * RingSlot.sizeWords);
  const controlWords = alignWords(errorLogWord + ErrorLog.sizeWords + ERROR_LOG_LENGTH * ErrorNote.sizeWords);
  const controlLength = Math.ceil((controlWords * WORD_LENGTH) / pageLength) * pageLength;
  const firstPage: number[] = [];
  const firstPageAddress: number[] = [];
  let pageCount = 0;
  shape.slabLengths.forEach((length, slab) => {
    firstPage.push(pageCount);
    firstPageAddress.push(slab === 0 ? controlLength : 0);
    pageCount += pagesIn(slab === 0 ? length - controlLength : length);
  });
  firstPage.push(pageCount);
  return {
    ...shape,
    registryWord,
    namespaceWord,
    partitionWord,
    partitionStride,
    policyOffset,
    ownerTableWord,
    pageTableWord,
    ownerDeskWord,
    ringWord,
    errorLogWord,
    controlWords,
    firstPage,
    firstPageAddress,
    pageCount,
  };
}

check(Registry.sizeWords % HOT_LINE_WORDS === 0, 'no two threads share a line through their registry slots');
check(Partition.sizeWords % HOT_LINE_WORDS === 0, 'partition headers stay aligned to lines');
