/** The partition header, in the control region: lock, redo log, roots of the index and of the free space. */
import { MAX_DEPTH, ROOT_CHUNKS } from './bucket.js';
import { MAX_CLASS_ID } from './size-class.js';
import { check, struct } from './struct.js';

/** Steps the redo log of one partition can hold. */
export const LOG_STEPS = 96;
export const STEP_WORDS = 3;

export const Partition = struct(
  'partition header',
  'everything a partition knows besides its pages',
  [
    { name: 'lock', meaning: 'lock word', mode: 'atomic', writers: 'all', readers: 'all' },
    {
      name: 'waiters',
      meaning: '1: threads are parked on the lock',
      mode: 'atomic',
      writers: 'all',
      readers: 'lock holder',
    },
    { name: 'padding', words: 30, meaning: 'the words readers need are on a line of their own' },
    {
      name: 'indexEpoch',
      meaning: 'raised by two before an index page leaves the partition; odd: the index is being rebuilt',
      mode: 'atomic',
      readers: 'all, last of all checks',
    },
    { name: 'depth', meaning: 'log2 of the directory length', readers: 'all', guard: 'indexEpoch, sequence' },
    {
      name: 'transaction',
      meaning: 'registry slot whose list insert has pending entries here, plus 1',
      mode: 'atomic',
      readers: 'all who meet a pending entry',
    },
    { name: 'padding2', words: 29, meaning: 'the words below change with every write' },
    { name: 'logState', meaning: 'see LogState', readers: 'healer' },
    { name: 'logLength', meaning: 'words of the redo log in use', readers: 'healer' },
    { name: 'pageStep', meaning: 'page being taken from or returned to the pool, plus 1', readers: 'healer' },
    { name: 'growing', words: 2, meaning: 'segments being filled aside', readers: 'healer' },
    { name: 'pendingHead', meaning: 'first pending entry of a list insert', readers: 'healer' },
    { name: 'retiredHead', meaning: 'first retired entry whose chain is being freed', readers: 'lock holder' },
    { name: 'sweptEpoch', meaning: 'clearEpoch up to which cleared entries are gone', readers: 'sweepers' },
    { name: 'sweepEpoch', meaning: 'clearEpoch that the running sweep will reach', readers: 'sweepers' },
    { name: 'sweepPosition', meaning: 'next segment of the running sweep, as reversed hash' },
    { name: 'versionLow', meaning: 'version of the last change, low 32 bits' },
    { name: 'versionHigh', meaning: 'version of the last change, high 16 bits' },
    { name: 'entryCount', meaning: 'entries in the index, cleared ones included', readers: 'stats' },
    { name: 'usedUnits', meaning: 'units of all cells in use', readers: 'stats' },
    { name: 'pageCount', meaning: 'pages held', readers: 'stats' },
    { name: 'healCount', meaning: 'times an abandoned critical section was mended here', readers: 'stats' },
    {
      name: 'earliest',
      meaning: 'expiry mark, at most that of the first of its pages with one; 0: none has one',
      readers: 'lock holder; sweepers, as a hint',
    },
    { name: 'earliestSince', meaning: 'the same for entries written since the running expiry sweep began' },
    { name: 'expirySweep', meaning: 'raised when an expiry sweep begins: the last to begin sets the mark' },
    { name: 'expiredLow', meaning: 'entries removed because they had expired, low 32 bits', readers: 'stats' },
    { name: 'expiredHigh', meaning: 'the same, high 32 bits', readers: 'stats' },
    { name: 'padding3', words: 11, meaning: 'alignment of the log' },
    { name: 'log', words: LOG_STEPS * STEP_WORDS, meaning: 'redo log: steps of slab or action, word, value' },
    {
      name: 'classPages',
      words: MAX_CLASS_ID + 1,
      meaning: 'page that cells are taken from by class id, page index + 1',
    },
    { name: 'classHeads', words: MAX_CLASS_ID + 1, meaning: 'first of the other pages with room, page index + 1' },
    { name: 'classCounts', words: MAX_CLASS_ID + 1, meaning: 'pages held by class id' },
    {
      name: 'spares',
      words: MAX_CLASS_ID + 1,
      meaning: 'address of the cell that the next entry of a class will fill, by class id; 0: none',
      readers: 'healer',
    },
    { name: 'root', words: ROOT_CHUNKS, meaning: 'directory chunks', readers: 'all', guard: 'indexEpoch, sequence' },
  ],
  Math.ceil((32 + 32 + 32 + LOG_STEPS * STEP_WORDS + 4 * (MAX_CLASS_ID + 1) + ROOT_CHUNKS) / 32) * 32,
);

/** Per partition and namespace, behind each other in the partition's tail. */
export const NamespaceCount = struct('namespace count', 'entries of one namespace in one partition', [
  { name: 'tag', meaning: 'generation the count belongs to, as namespace tag', readers: 'all' },
  { name: 'count', meaning: 'its entries', readers: 'all', guard: 'none: size is exact when no write is under way' },
]);

/** Added to the slab of a step whose word is a sequence word: its store is ordered before all later ones. */
export const SEQUENCE_STEP = 64;

export const LogState = {
  idle: 0,
  /** Steps, as many as logLength says. */
  committed: 1,
  /** One swap; the log holds a Swap record. */
  swapping: 2,
  /** The same, and the record's mark. */
  swappingMarked: 3,
} as const;

export const Swap = struct('swap record', 'an overwrite, in the place of the log: everything it needs to be redone', [
  { name: 'slab', meaning: 'slab of the segment' },
  { name: 'slotWord', meaning: 'word that holds the address of the entry' },
  { name: 'bucket', meaning: 'word of the sequence of its bucket' },
  { name: 'homeBucket', meaning: 'word of the sequence of its home, the same in most cases' },
  { name: 'address', meaning: 'new entry, in the spare cell' },
  { name: 'replaced', meaning: 'old entry, whose cell is the next spare' },
  { name: 'spareWord', meaning: 'word of the partition header that names the spare' },
  { name: 'versionLow', meaning: 'version of the new entry, low 32 bits' },
  { name: 'versionHigh', meaning: 'version of the new entry, high 16 bits' },
  { name: 'markSlab', meaning: 'slab of one more word that changes in this step: how far a ring is applied' },
  { name: 'markWord', meaning: 'that word' },
  { name: 'markValue', meaning: 'what it becomes' },
]);

/** Actions of log steps that are more than one word; they stand in the place of the slab. */
export const LogAction = {
  /** −1 − stride depth: every directory entry congruent to `word` modulo 2^depth becomes `value`. */
  fillDirectory: -1,
  /** Every sequence word of the segment at address `word` with `value` buckets becomes odd. */
  retireSegment: -64,
} as const;

check(-1 - MAX_DEPTH > LogAction.retireSegment, 'actions of different kind have different numbers');
check(Swap.sizeWords <= LOG_STEPS * STEP_WORDS, 'the log has room for a swap record');
