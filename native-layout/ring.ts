/**
 * Rings: the buffered writes of one thread for one owner. A ring is made of pages of the pool, as many as a power of
 * two; its header starts the first of them, and the positions that would fall on the header are skipped. Positions are
 * in words and only rise; modulo the length of the ring they say where a record stands. Records do not cross pages:
 * where one does not fit, PADDING says that the next page goes on.
 */
import { MAX_NAMESPACE_SLOTS } from './namespace.js';
import { check, packed, struct } from './struct.js';

/** Of each thread and owner, in the control region: those of one owner stand behind each other. */
export const RingSlot = struct('ring slot', 'what is constant about the place of a ring, and who drains it', [
  {
    name: 'lock',
    meaning: 'a lock word, the role of the consumer: its holder applies records, makes and frees the ring',
    mode: 'atomic',
    writers: 'all',
    readers: 'all',
  },
  {
    name: 'waiters',
    meaning: '1: threads are parked on the lock',
    mode: 'atomic',
    writers: 'all',
    readers: 'consumer',
  },
  {
    name: 'address',
    meaning: 'address of the ring header; 0: there is no ring',
    mode: 'atomic',
    writers: 'consumer',
    readers: 'all, as a hint; the consumer',
  },
  {
    name: 'errorCount',
    meaning: 'records that could not be stored; outlives the thread',
    writers: 'consumer, by a step of the redo log',
    readers: 'stats',
    guard: 'the role of the consumer',
  },
]);

export const RingHeader = struct(
  'ring header',
  'the start of the first page of a ring; the addresses of its pages follow',
  [
    {
      name: 'applied',
      meaning: 'position up to which records are applied: changes in the step that applies the last of them',
      writers: 'consumer, by a step of the redo log',
      readers: 'producer',
      guard: 'the role of the consumer',
    },
    { name: 'padding', words: 31, meaning: 'consumer and producer write on different lines' },
    {
      name: 'produced',
      meaning: 'position up to which records are complete',
      mode: 'atomic',
      writers: 'producer',
      readers: 'consumer',
    },
    { name: 'pageCount', meaning: 'pages, a power of two', writers: 'producer', readers: 'all', guard: 'constant' },
  ],
  64,
);

export const RingRecord = struct(
  'ring record',
  'a mutation that waits: header, key in whole words, value in whole words',
  [
    { name: 'length', meaning: 'words of the record; PADDING: the next page goes on', writers: 'producer' },
    { name: 'stamp', meaning: 'its position ^ RECORD_STAMP: what stood here before has another', writers: 'producer' },
    { name: 'target', meaning: 'partition and namespace', writers: 'producer' },
    { name: 'hash', meaning: 'hash of the key', writers: 'producer' },
    { name: 'shape', meaning: 'kind, forms and key length', writers: 'producer' },
    { name: 'valueLength', meaning: 'bytes', writers: 'producer' },
  ],
);
packed('ring record target', 'third word of a record', [
  { name: 'partition', shift: 0, bits: 16, meaning: 'index' },
  { name: 'namespace', shift: 16, bits: 16, meaning: 'slot' },
]);
packed('ring record shape', 'fifth word of a record', [
  { name: 'kind', shift: 0, bits: 4, meaning: 'see RecordKind' },
  { name: 'keyRaw', shift: 4, bits: 1, meaning: 'the key is an ASCII string, stored without a tag' },
  { name: 'valueRaw', shift: 5, bits: 1, meaning: 'the value is one Latin-1 string, stored without a tag' },
  { name: 'keyLength', shift: 16, bits: 16, meaning: 'bytes' },
]);
export const RecordKind = { put: 1 } as const;
export const RECORD_KIND_MASK = 15;
export const RECORD_KEY_RAW = 16;
export const RECORD_VALUE_RAW = 32;
export const RECORD_KEY_SHIFT = 16;
export const RECORD_NAMESPACE_SHIFT = 16;
export const RECORD_PARTITION_MASK = 0xffff;
export const RECORD_STAMP = 0x52494e47;
export const RECORD_PADDING = -1;
/** Most pages of a ring: their addresses stand in the first one. */
export const MAX_RING_PAGES = 256;
/** All rings together have at most this part of the pages: one in 2 to the power of it. */
export const RING_PART_SHIFT = 3;
export const DEFAULT_RING_LENGTH = 2 ** 20;

/** Owner word of a page that belongs to the rings of a registry slot; partitions have positive ones. */
export function ringOwnerOf(slot: number): number {
  return -1 - slot;
}

/** Words from the start of the first page to its first record. */
export function ringHeaderWords(pageCount: number): number {
  return Math.ceil((RingHeader.sizeWords + pageCount) / 32) * 32;
}

/** Of each owner: how producers wake it. */
export const OwnerDesk = struct(
  'owner desk',
  'how an owner is woken when the first record comes',
  [
    {
      name: 'asleep',
      meaning: '1: the owner parks, or is about to; who takes it to 0 rings the doorbell',
      mode: 'atomic',
      writers: 'owner, producers',
      readers: 'producers',
    },
    {
      name: 'slot',
      meaning: 'registry slot of the owner, plus 1',
      mode: 'atomic',
      writers: 'owner',
      readers: 'producers',
      guard: 'none: a bell that rings at the wrong door does no harm',
    },
  ],
  32,
);

/** Records that could not be stored, for the threads that subscribed to hear of them. */
export const ErrorLog = struct('error log', 'the last lazy writes that failed; ERROR_LOG_LENGTH notes follow', [
  {
    name: 'count',
    meaning: 'notes written so far: the last ERROR_LOG_LENGTH of them are there',
    mode: 'atomic',
    writers: 'consumers',
    readers: 'all',
    guard: 'control lock',
  },
  { name: 'padding', words: 31, meaning: 'alignment of the notes' },
]);
export const ErrorNote = struct(
  'error note',
  'one lazy write that failed; the key, cut off if it is longer, follows',
  [
    { name: 'reason', meaning: 'see LazyFailure', writers: 'consumers', readers: 'all', guard: 'count of the log' },
    { name: 'namespace', meaning: 'slot', writers: 'consumers', readers: 'all', guard: 'count of the log' },
    { name: 'keyRaw', meaning: '1: an ASCII string', writers: 'consumers', readers: 'all', guard: 'count of the log' },
    { name: 'keyLength', meaning: 'bytes', writers: 'consumers', readers: 'all', guard: 'count of the log' },
  ],
  64,
);
export const ERROR_LOG_LENGTH = 16;
/** Words of a key that a note has room for. */
export const NOTED_KEY_WORDS = ErrorNote.sizeWords - 4;
export const LazyFailure = { full: 1, corrupt: 2 } as const;

check(MAX_NAMESPACE_SLOTS <= 2 ** 16, 'a namespace slot fits its half of the target');
check(ringHeaderWords(MAX_RING_PAGES) <= 2 ** 13 / 4 / 4, 'the header takes at most a quarter of the shortest page');
