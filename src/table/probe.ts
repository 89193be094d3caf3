/**
 * From a hash to a slot: where an entry stands in the index, and the search inside one bucket. Used by readers without
 * the lock and by writers with it; `lookup.ts` says what a racing reader makes of the results.
 */
import {
  BUCKET_SLOTS,
  BUCKET_WORD_SHIFT,
  Bucket,
  GROWN_BIT,
  HOME_MASK,
  HOME_SHIFT,
  SPILL_COUNT_MASK,
  SPILL_COUNT_SHIFT,
  SPILL_DISTANCE_MASK,
  SPILL_DISTANCE_SHIFT,
  TAG_SHIFT,
} from '../../native-layout/bucket.js';
import { TAG_SLOT_SHIFT } from '../../native-layout/namespace.js';
import { SEGMENT_PART_SHIFT } from '../../native-layout/page.js';
import { WORD_BYTE_SHIFT } from '../../native-layout/units.js';
import { cellOf, slabOf } from '../memory/address.js';
import { mixWord } from '../memory/hash.js';
import type { KeyView } from '../memory/views.js';
import { matches } from './entry-view.js';

/** Spreads namespaces apart: keys of the same text in two namespaces have unrelated places. */
const NAMESPACE_STRIDE = 0x9e3779b1 | 0;

/** The index hash: every use of bits in the index starts from this. */
export function indexHash(keyHash: number, namespaceSlot: number): number {
  return mixWord(keyHash ^ Math.imul(namespaceSlot, NAMESPACE_STRIDE));
}

/** The partition of a hash; by its high bits, which the index does not use unmixed. */
export function partitionOfHash(hash: number, partitionCount: number): number {
  return ((hash >>> 16) * partitionCount) >>> 16;
}

/** The namespace slot of a namespace tag. */
export function slotOfTag(tag: number): number {
  return tag >>> TAG_SLOT_SHIFT;
}

/** Buckets in a new segment of a cache with pages of this length. */
export function baseBucketCount(pageShift: number): number {
  return 1 << (pageShift - SEGMENT_PART_SHIFT - BUCKET_WORD_SHIFT - WORD_BYTE_SHIFT);
}

export function bucketCountOf(directoryEntry: number, base: number): number {
  return (directoryEntry & GROWN_BIT) === 0 ? base : base + (base >>> 1);
}

export function homeOf(hash: number, bucketCount: number): number {
  return (((hash >>> HOME_SHIFT) & HOME_MASK) * bucketCount) >>> 16;
}

/**
 * Word index of the bucket `step` buckets behind one of a segment, going on at its start. `step` is below its length.
 */
export function bucketBehind(bucket: number, step: number, segment: number, bucketCount: number): number {
  const next = bucket + (step << BUCKET_WORD_SHIFT);
  // Not by a remainder: a division costs as much as the search of a bucket.
  return next < segment + (bucketCount << BUCKET_WORD_SHIFT) ? next : next - (bucketCount << BUCKET_WORD_SHIFT);
}

export function spillCountOf(meta: number): number {
  return (meta >>> SPILL_COUNT_SHIFT) & SPILL_COUNT_MASK;
}

export function spillDistanceOf(meta: number): number {
  return (meta >>> SPILL_DISTANCE_SHIFT) & SPILL_DISTANCE_MASK;
}

/** `meta` with another overflow state; recency bits are kept. */
export function withSpill(meta: number, count: number, distance: number): number {
  const recency = meta & ((1 << SPILL_COUNT_SHIFT) - 1);
  return recency | (count << SPILL_COUNT_SHIFT) | (distance << SPILL_DISTANCE_SHIFT);
}

/** Word and shift of the tag byte of a slot. */
export function tagWordOf(bucket: number, slot: number): number {
  return bucket + Bucket.tags + (slot >>> 2);
}

export function withTag(word: number, slot: number, hash: number): number {
  const shift = (slot & 3) << 3;
  return (word & ~(0xff << shift)) | ((hash >>> TAG_SHIFT) << shift);
}

export function tagOfSlot(words: Int32Array, bucket: number, slot: number): number {
  return (words[tagWordOf(bucket, slot)] >>> ((slot & 3) << 3)) & 0xff;
}

/** The byte behind the last tag of bucket 0 holds the segment's depth. */
export function depthOf(words: Int32Array, segment: number): number {
  return words[segment + Bucket.tags + 2] >>> 24;
}

export function setDepth(words: Int32Array, segment: number, depth: number): void {
  const at = segment + Bucket.tags + 2;
  words[at] = (words[at] & 0xffffff) | (depth << 24);
}

const LOW_BITS = 0x01010101;
const HIGH_BITS = 0x80808080 | 0;
/** The last tag word has three tags. */
const HIGH_BITS_OF_THREE = 0x00808080;

/**
 * The slot of `key` in one bucket, or -1. Compares four tags at a time; a tag that agrees by chance, or a borrow that
 * makes one look so, costs a comparison with the entry and nothing more. Without the lock every address may be garbage:
 * those that lead out of memory are skipped, and words behind the end of a slab compare unequal.
 */
export function findInBucket(
  slabs: Int32Array[],
  words: Int32Array,
  bucket: number,
  hash: number,
  tag: number,
  key: KeyView,
): number {
  const pattern = Math.imul(hash >>> TAG_SHIFT, LOW_BITS);
  for (let third = 0; third < 3; third++) {
    const difference = words[bucket + Bucket.tags + third] ^ pattern;
    let hits = (difference - LOW_BITS) & ~difference & (third === 2 ? HIGH_BITS_OF_THREE : HIGH_BITS);
    while (hits !== 0) {
      const slot = (third << 2) + ((31 - Math.clz32(hits & -hits)) >>> 3);
      hits &= hits - 1;
      const address = words[bucket + Bucket.addresses + slot];
      if (address === 0) continue;
      const slab = slabOf(address);
      if (slab >= slabs.length) continue;
      if (matches(slabs[slab], cellOf(address), tag, key)) return slot;
    }
  }
  return -1;
}

/** An empty slot of a bucket, or -1. */
export function emptySlot(words: Int32Array, bucket: number): number {
  for (let slot = 0; slot < BUCKET_SLOTS; slot++) if (words[bucket + Bucket.addresses + slot] === 0) return slot;
  return -1;
}
