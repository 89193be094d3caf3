/**
 * Eviction: what a partition keeps to choose its victims. It lies behind the partition's namespace counts, and only in
 * caches that evict. A queue holds index hashes in the order of arrival, a word each, in a chain of cells of the
 * partition. A record says where an entry is looked for, not that there is one: entries that left otherwise leave
 * their record, which is dropped when it comes to the front.
 */
import { Entry } from './entry.js';
import { check, struct } from './struct.js';

export const Queue = struct('queue', 'roots of one queue: positions count records since the start, modulo 2^32', [
  { name: 'head', meaning: 'address of the cell that new records go to; 0: the queue has no cell' },
  { name: 'tail', meaning: 'address of the cell with the oldest record' },
  { name: 'headEnd', meaning: 'position behind the last record that the head cell can hold' },
  { name: 'tailStart', meaning: 'position of the first record of the tail cell' },
  { name: 'pushed', meaning: 'position behind the newest record' },
  { name: 'popped', meaning: 'position of the oldest record that still counts' },
]);
/** Queues of a partition; which policy uses which for what stands in `src/policy`. */
export const QUEUE_COUNT = 3;

export const PolicyState = struct(
  'policy state',
  'of one partition; the sketch follows',
  [
    { name: 'queues', words: QUEUE_COUNT * Queue.sizeWords, meaning: 'the queues', guard: 'see Queue' },
    { name: 'evictions', meaning: 'entries evicted, modulo 2^32', readers: 'stats' },
    { name: 'evictedUnits', words: 2, meaning: 'units of their cells, low and high 32 bits', readers: 'stats' },
    { name: 'turned', meaning: 'sieve: 1 if the queues 0 and 1 have changed places' },
    { name: 'share', meaning: 'tinylfu: part of the capacity that is window, in 2^-20' },
    { name: 'step', meaning: 'tinylfu: next change of the share, in 2^-20' },
    { name: 'rate', meaning: 'tinylfu: hit ratio of the last period, in 2^-20; −1: there was none' },
    { name: 'hits', meaning: 'tinylfu: hits of this period' },
    { name: 'requests', meaning: 'tinylfu: hits and inserts of this period' },
    { name: 'additions', meaning: 'additions to the sketch since it was halved' },
  ],
  32,
);

export const QueueCell = struct('queue cell', 'a piece of a queue: records follow', [
  { name: 'next', meaning: 'address of the cell with the next records; 0: the last' },
  { name: 'identity', meaning: 'IDENTITY_QUEUE' },
]);
/** Bytes of a queue cell. */
export const QUEUE_CELL_LENGTH = 256;
/** Records of a queue cell. */
export const QUEUE_RECORDS = QUEUE_CELL_LENGTH / 4 - QueueCell.sizeWords;

/** Policies by the number that the shape of a cache names them with; 0 evicts nothing. */
export const PolicyId = {
  none: 0,
  lru: 1,
  lfu: 2,
  fifo: 3,
  sieve: 4,
  's3-fifo': 5,
  tinylfu: 6,
} as const;
export type PolicyName = keyof typeof PolicyId;

/** What a cache that evicts adds to its shape. */
export interface EvictionShape {
  readonly policy: PolicyName;
  /** Most entries of the cache; 0: as many as fit in memory. */
  readonly entryLimit: number;
  /** Words of the sketch of one partition: whole blocks. */
  readonly sketchWords: number;
}

/** Bytes of memory for each of which a sketch has a word, if memory is what limits the entries. */
const SKETCH_GRAIN = 256;
const MIN_SKETCH_WORDS = 64;
/** The counters of a hash lie in one block, which is a cache line. */
export const SKETCH_BLOCK_WORDS = 16;

/** Most entries of one partition: the limits of all add up to that of the cache. */
export function partitionLimit(entryLimit: number, partitionCount: number, partitionIndex: number): number {
  if (entryLimit === 0) return 0;
  return Math.floor(entryLimit / partitionCount) + (partitionIndex < entryLimit % partitionCount ? 1 : 0);
}

/** Words of the sketch of one partition: eight counters of four bits for each entry that it may hold. */
export function sketchWordsFor(memory: number, partitionCount: number, entryLimit: number): number {
  const byMemory = Math.floor(memory / partitionCount / SKETCH_GRAIN);
  const byEntries = Math.ceil(entryLimit / partitionCount);
  const words = entryLimit === 0 ? byMemory : Math.min(byMemory, byEntries);
  return Math.ceil(Math.max(MIN_SKETCH_WORDS, words) / SKETCH_BLOCK_WORDS) * SKETCH_BLOCK_WORDS;
}

check(PolicyState.sizeWords % SKETCH_BLOCK_WORDS === 0, 'a block of the sketch is a cache line');
check(QueueCell.identity === Entry.identity, 'the identity word tells what a cell holds');
