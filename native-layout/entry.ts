/**
 * Entries and the other things a cell can hold. An entry is header, key and value in one cell; a value too long for
 * one cell goes on in a chain of chunk cells. The first words of every cell tell what it is, so that a walk over the
 * pages needs nothing else.
 */
import { check, packed, struct } from './struct.js';
import { WORD_LENGTH } from './units.js';

export const Entry = struct(
  'entry',
  'header of an entry; optional words, the key, and right behind its last byte the value follow',
  [
    { name: 'versionLow', meaning: 'version, low 32 bits', readers: 'all', guard: 'sequence of the bucket' },
    {
      name: 'identity',
      meaning: 'namespace tag and the high bits of the version; 0 marks a free cell',
      readers: 'all',
    },
    { name: 'shape', meaning: 'lengths and flags', readers: 'all', guard: 'sequence of the bucket' },
  ],
);
/** Optional words, in this order, each present if its flag is set. */
export const OPTIONAL_WORDS = [
  ['wide', 'valueLength', 1, 'value length in bytes; the shape word then holds a 16-bit key length'],
  ['chained', 'chunkHead', 1, 'address of the first chunk; the whole value is in the chain'],
  ['linked', 'pendingNext', 1, 'next entry of the running list insert, in this partition'],
  ['expires', 'expiry', 2, 'time of the cache clock from which the entry is gone, in ms, 48 bits; all ones: never'],
  ['idles', 'idle', 3, 'idle time, and the time from which the entry is gone even if it is read'],
  ['sequenced', 'logSequence', 2, 'position in the journal, 64 bits'],
] as const;

/** Bytes of a header with all optional words. */
export const MAX_HEADER_LENGTH =
  OPTIONAL_WORDS.reduce((words, [, , count]) => words + count, Entry.sizeWords) * WORD_LENGTH;

packed('entry expiry, high', 'second expiry word; the first one holds the low 32 bits', [
  { name: 'high', shift: 0, bits: 16, meaning: 'high bits' },
]);
packed('entry idle, high', 'third idle word; the first holds the low bits of the idle time, the second of the limit', [
  { name: 'idleHigh', shift: 0, bits: 16, meaning: 'high bits of the idle time in ms; all 48 bits 0: none' },
  { name: 'limitHigh', shift: 16, bits: 16, meaning: 'high bits of the limit; all 48 ones: none' },
]);
packed('entry identity', 'second header word', [
  { name: 'versionHigh', shift: 0, bits: 16, meaning: 'version, high 16 bits' },
  { name: 'tag', shift: 16, bits: 16, meaning: 'namespace tag' },
]);
packed('entry shape', 'third header word, short form', [
  { name: 'flags', shift: 0, bits: 8, meaning: 'see Flag' },
  { name: 'keyLength', shift: 8, bits: 8, meaning: 'bytes' },
  { name: 'valueLength', shift: 16, bits: 16, meaning: 'bytes' },
]);
packed('entry shape, wide', 'third header word when the wide flag is set', [
  { name: 'flags', shift: 0, bits: 8, meaning: 'see Flag' },
  { name: 'moreFlags', shift: 8, bits: 8, meaning: 'see Flag' },
  { name: 'keyLength', shift: 16, bits: 16, meaning: 'bytes' },
]);

export const Flag = {
  /** The shape word has its wide form. */
  wide: 1,
  /** The key is an ASCII string, stored without a tag. */
  keyRaw: 2,
  /** The value is one Latin-1 string, stored without a tag. */
  valueRaw: 4,
  /** Has expiry words. */
  expires: 8,
  /** Never evicted. */
  pinned: 16,
  /** Part of a list insert that is not decided yet. */
  pending: 32,
  sequenced: 64,
  /** Has idle words, and so expiry words too. */
  idles: 128,
  /** Wide form only. */
  chained: 256,
  /** Wide form only: has the pendingNext word. */
  linked: 512,
} as const;

/** Words of the expiry and of the idle words. */
export const EXPIRY_WORDS = 2;
export const IDLE_WORDS = 3;
/** All 48 bits: the entry never expires. */
export const NEVER = 2 ** 48 - 1;

/** Lengths from which the wide form is needed. */
export const WIDE_KEY_LENGTH = 256;
export const WIDE_VALUE_LENGTH = 65536;
export const IDENTITY_TAG_SHIFT = 16;
export const VERSION_HIGH_MASK = 0xffff;

/** Marks in the identity word of cells that are no entries; no namespace has these tags. */
export const IDENTITY_FREE = 0;
export const IDENTITY_CHUNK = 0xffff0000 | 0;
export const IDENTITY_RETIRED = 0xfffe0000 | 0;
export const IDENTITY_QUEUE = 0xfffd0000 | 0;
/** For the picture: what cells with these marks hold. */
export const CELL_MARKS: Readonly<Record<string, readonly [word: number, what: string]>> = {
  FREE: [IDENTITY_FREE, 'free cell'],
  CHUNK: [IDENTITY_CHUNK, 'chunk'],
  RETIRED: [IDENTITY_RETIRED, 'retired entry'],
  QUEUE: [IDENTITY_QUEUE, 'queue cell'],
};

export const FreeCell = struct('free cell', 'a cell in the free list of its page', [
  { name: 'stale', meaning: 'anything' },
  { name: 'identity', meaning: 'IDENTITY_FREE' },
  { name: 'unused', meaning: 'anything' },
  { name: 'next', meaning: 'address of the next free cell of the page; 0: the last' },
]);
export const Chunk = struct('chunk', 'a piece of a value that does not fit one cell', [
  { name: 'next', meaning: 'address of the next chunk; 0: the last', readers: 'all' },
  { name: 'identity', meaning: 'IDENTITY_CHUNK' },
  { name: 'length', meaning: 'bytes of the value in this chunk', readers: 'all' },
]);
export const RetiredCell = struct('retired entry', 'a replaced entry whose chain is freed piece by piece', [
  { name: 'next', meaning: 'next retired entry of the partition' },
  { name: 'identity', meaning: 'IDENTITY_RETIRED' },
  { name: 'chunkHead', meaning: 'first chunk not freed yet' },
]);

check(
  FreeCell.identity === Entry.identity && Chunk.identity === Entry.identity && RetiredCell.identity === Entry.identity,
  'the identity word tells what a cell holds, so it stands in the same place in all',
);
check(Entry.sizeWords * 4 + 16 + 100 === 128, 'a 16-byte key with a 100-byte value fills a 128-byte cell exactly');
