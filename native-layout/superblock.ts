/** The superblock: the first words of slab 0. What every thread must agree on before it touches anything else. */
import { check, packed, struct } from './struct.js';

export const Superblock = struct(
  'superblock',
  'the first words of slab 0: identity, geometry, and the few process-wide words',
  [
    { name: 'magic', meaning: 'MAGIC', mode: 'constant', writers: 'starter', readers: 'all' },
    { name: 'layoutVersion', meaning: 'LAYOUT_VERSION', mode: 'constant', writers: 'starter', readers: 'all' },
    {
      name: 'featureBits',
      meaning: 'features in use; unknown bits refuse',
      mode: 'constant',
      writers: 'starter',
      readers: 'all',
    },
    { name: 'hashSeed', meaning: 'seed of the key hash', mode: 'constant', writers: 'starter', readers: 'all' },
    { name: 'partitionCount', meaning: 'partitions', mode: 'constant', writers: 'starter', readers: 'all' },
    {
      name: 'pageShift',
      meaning: 'log2 of the page length in bytes',
      mode: 'constant',
      writers: 'starter',
      readers: 'all',
    },
    { name: 'pageCount', meaning: 'pages of all slabs', mode: 'constant', writers: 'starter', readers: 'all' },
    { name: 'threadSlots', meaning: 'registry slots', mode: 'constant', writers: 'starter', readers: 'all' },
    { name: 'namespaceSlots', meaning: 'namespace slots', mode: 'constant', writers: 'starter', readers: 'all' },
    { name: 'ownerCount', meaning: 'owner threads', mode: 'constant', writers: 'starter', readers: 'all' },
    {
      name: 'ringLength',
      meaning: 'bytes of a ring of lazy writes, as asked for',
      mode: 'constant',
      writers: 'starter',
      readers: 'all',
    },
    { name: 'clockKind', meaning: 'see ClockKind', mode: 'constant', writers: 'starter', readers: 'all' },
    {
      name: 'clockStart',
      words: 2,
      meaning: 'microseconds of the monotonic clock of the machine when the cache started: low 31 bits, the others',
      mode: 'constant',
      writers: 'starter',
      readers: 'all',
    },
    { name: 'reserved', words: 18, meaning: 'fills the line of constants' },
    {
      name: 'state',
      meaning: 'RUNNING or STOPPED; never goes back',
      mode: 'atomic',
      writers: 'the thread that stops',
      readers: 'all, at every operation',
    },
    {
      name: 'clearEpoch',
      meaning: 'raised by every clear, after it changed generations',
      mode: 'atomic',
      writers: 'who clears',
      readers: 'sweepers',
    },
    {
      name: 'releasedPages',
      meaning: 'raised after a page returns to the pool: lets a failed search be remembered',
      mode: 'atomic',
      writers: 'all',
      readers: 'all',
    },
    {
      name: 'clearing',
      meaning: '1 while generations are changed and clearEpoch is not raised yet',
      mode: 'atomic',
      writers: 'who clears',
      readers: 'who takes the control lock over',
      guard: 'control lock',
    },
    {
      name: 'manualTime',
      words: 2,
      meaning: 'milliseconds of the manual clock, one 64-bit word',
      mode: 'atomic',
      writers: 'who advances it',
      readers: 'all who meet an entry with an expiry',
    },
    { name: 'padding', words: 26, meaning: 'keeps the control lock off the line of read-mostly words' },
    {
      name: 'controlLock',
      meaning: 'a lock word: registration of namespaces, and clears',
      mode: 'atomic',
      writers: 'all',
      readers: 'all',
    },
    { name: 'controlWaiters', meaning: '1: threads are parked on it', mode: 'atomic', writers: 'all', readers: 'all' },
    {
      name: 'healCount',
      meaning: 'abandoned critical sections mended',
      mode: 'atomic',
      writers: 'healers',
      readers: 'stats',
    },
  ],
  128,
);

/** What tells the time: the monotonic clock of the machine, or `advance`. */
export const ClockKind = { system: 0, manual: 1 } as const;
/** Bits of the first word of clockStart. */
export const CLOCK_START_BITS = 31;

export const CacheState = { running: 1, stopped: 2 } as const;

packed('lock word', 'partition locks and the control lock; 0 is free', [
  { name: 'slot', shift: 0, bits: 12, meaning: 'registry slot of the holder, plus 1' },
  { name: 'generation', shift: 12, bits: 14, meaning: 'generation of that slot' },
]);
export const LOCK_SLOT_MASK = 0xfff;
export const LOCK_GENERATION_SHIFT = 12;
export const LOCK_GENERATION_MASK = 0x3fff;
/** Most threads a cache can be asked to hold: the slot field holds slot + 1, and one slot is spare. */
export const MAX_THREADS = LOCK_SLOT_MASK - 1;

check(Superblock.manualTime % 2 === 0, 'the manual time is aligned to its 64 bits');
