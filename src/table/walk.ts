/**
 * Walking the index of a partition from segment to segment while it grows. The order is that of the hash with its bits
 * reversed, so that the directory's low bits count last: a segment that splits leaves its halves next to each other,
 * before and behind no other, and a position means the same before and after (the cursor of Redis' SCAN, by segments).
 *
 * A position is a number from 0 to 2^32. Readers without the lock may call; `SegmentView` is then as good as the
 * words were.
 */
import { BUCKET_WORD_SHIFT, GROWN_BIT } from '../../native-layout/bucket.js';
import { directoryChunkShift } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { Partitions } from './partitions.js';
import { bucketCountOf, depthOf } from './probe.js';

/** Behind the last position. */
export const END_POSITION = 2 ** 32;

/** The 32 bits of a hash in reverse order, as an unsigned number: the position of an entry. */
export function positionOf(hash: number): number {
  let h = ((hash >>> 1) & 0x55555555) | ((hash & 0x55555555) << 1);
  h = ((h >>> 2) & 0x33333333) | ((h & 0x33333333) << 2);
  h = ((h >>> 4) & 0x0f0f0f0f) | ((h & 0x0f0f0f0f) << 4);
  h = ((h >>> 8) & 0x00ff00ff) | ((h & 0x00ff00ff) << 8);
  return ((h >>> 16) | (h << 16)) >>> 0;
}

export interface SegmentView {
  readonly words: Int32Array;
  readonly slab: number;
  /** Word index. */
  readonly segment: number;
  readonly bucketCount: number;
  /** First position that belongs to the segment, and the first behind it. */
  readonly start: number;
  readonly end: number;
}

/** The segment that holds a position; undefined if the partition has no index, or if what was read makes no sense. */
export function segmentAt(partitions: Partitions, header: number, position: number): SegmentView | undefined {
  const { control, slabs, memory, baseBuckets } = partitions;
  const chunkShift = directoryChunkShift(memory.geometry.pageShift);
  const depth = control[header + Partition.depth];
  const index = positionOf(position | 0) & ((1 << depth) - 1);
  const chunk = control[header + Partition.root + (index >>> chunkShift)];
  if (chunk === 0 || slabOf(chunk) >= slabs.length) return undefined;
  const at = cellOf(chunk) + (index & ((1 << chunkShift) - 1));
  const entry = slabs[slabOf(chunk)][at];
  const slab = slabOf(entry);
  if (entry === 0 || slab >= slabs.length) return undefined;
  const words = slabs[slab];
  const segment = cellOf(entry & ~GROWN_BIT);
  const bucketCount = bucketCountOf(entry, baseBuckets);
  if (segment + (bucketCount << BUCKET_WORD_SHIFT) > words.length) return undefined;
  const width = 2 ** (32 - Math.min(32, depthOf(words, segment)));
  const start = Math.floor(position / width) * width;
  return { words, slab, segment, bucketCount, start, end: start + width };
}
