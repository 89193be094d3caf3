/**
 * The index: a directory of segments, each an array of 64-byte buckets. A bucket holds eleven entries as a tag byte
 * and an address each. Which bucket an entry calls home follows from its hash; when it is full the entry stands in
 * one of the next buckets of the segment, and the home remembers how far to look.
 */
import { check, packed, struct } from './struct.js';

export const Bucket = struct(
  'bucket',
  'eleven slots of a segment',
  [
    {
      name: 'sequence',
      meaning: 'raised by two by each change of an entry here or of home here; odd: the segment is retired',
      mode: 'atomic',
      writers: 'lock holder',
      readers: 'all',
    },
    {
      name: 'meta',
      meaning: 'recency bits and what overflowed',
      writers: 'lock holder; recency bits: any reader',
      readers: 'all',
      guard: 'sequence; recency bits are hints and may be lost',
    },
    {
      name: 'tags',
      words: 3,
      meaning: 'one hash byte per slot; byte 11 of bucket 0: segment depth',
      readers: 'all',
      guard: 'sequence',
    },
    { name: 'addresses', words: 11, meaning: 'entry address per slot; 0: empty', readers: 'all', guard: 'sequence' },
  ],
  16,
);
export const BUCKET_SLOTS = 11;
export const BUCKET_WORD_SHIFT = 4;

packed('bucket meta', 'recency and overflow of a bucket', [
  { name: 'recency', shift: 0, bits: 11, meaning: 'one bit per slot, set by reads' },
  { name: 'spillCount', shift: 11, bits: 11, meaning: 'entries of home here that stand in other buckets' },
  { name: 'spillDistance', shift: 22, bits: 7, meaning: 'largest distance of such an entry since there were none' },
]);
export const SPILL_COUNT_SHIFT = 11;
export const SPILL_COUNT_MASK = 0x7ff;
export const SPILL_DISTANCE_SHIFT = 22;
export const SPILL_DISTANCE_MASK = 0x7f;
/** A new entry goes at most this many buckets away while the segment may still grow. */
export const SPILL_WINDOW = 6;

packed('directory entry', 'points to a segment', [
  { name: 'grown', shift: 0, bits: 1, meaning: 'the segment has half as many buckets again' },
  { name: 'address', shift: 1, bits: 31, meaning: 'address of the segment; segments have even addresses' },
]);
export const GROWN_BIT = 1;
/** log2 of the largest directory of a partition. */
export const MAX_DEPTH = 18;
/** Directory chunks a partition header can point to. */
export const ROOT_CHUNKS = 256;

packed('index hash', 'how the 32 bits of a mixed hash are used', [
  { name: 'directory', shift: 0, bits: 18, meaning: 'low bits, as many as the directory is deep, name the segment' },
  {
    name: 'home',
    shift: 18,
    bits: 6,
    meaning: 'decide the home bucket: bits 8 to 23, scaled to the number of buckets',
  },
  { name: 'tag', shift: 24, bits: 8, meaning: 'compared before the entry is looked at' },
]);
export const HOME_SHIFT = 8;
export const HOME_MASK = 0xffff;
export const TAG_SHIFT = 24;

check(Bucket.sizeWords === 1 << BUCKET_WORD_SHIFT, 'a bucket is one cache line, found by a shift');
check(Bucket.addresses + BUCKET_SLOTS === Bucket.sizeWords, 'the addresses end the line');
check(96 * BUCKET_SLOTS - BUCKET_SLOTS < 2 ** 11 && 96 <= SPILL_DISTANCE_MASK, 'a segment cannot overflow its counts');
