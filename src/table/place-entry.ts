/** Writing an entry into a segment filled aside or an index being rebuilt: plainly, as nobody reads it yet. */
import { Bucket } from '../../native-layout/bucket.js';
import { spillCountOf, spillDistanceOf, tagWordOf, withSpill, withTag } from './probe.js';

/** Puts an entry into an empty slot: tag, address, and the overflow state of its home. */
export function placeEntry(
  words: Int32Array,
  bucket: number,
  slot: number,
  homeBucket: number,
  distance: number,
  hash: number,
  address: number,
): void {
  words[bucket + Bucket.addresses + slot] = address;
  const tagWord = tagWordOf(bucket, slot);
  words[tagWord] = withTag(words[tagWord], slot, hash);
  if (distance === 0) return;
  const at = homeBucket + Bucket.meta;
  words[at] = withSpill(words[at], spillCountOf(words[at]) + 1, Math.max(distance, spillDistanceOf(words[at])));
}
