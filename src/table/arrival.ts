/** What a new entry changes in the index besides its slot's address: tag, overflow state and counts. */
import { Bucket } from '../../native-layout/bucket.js';
import { Partition } from '../../native-layout/partition.js';
import type { Partitions } from './partitions.js';
import { spillCountOf, spillDistanceOf, tagWordOf, withSpill, withTag } from './probe.js';
import type { Remover } from './remover.js';
import type { Slot } from './slot.js';

/** Stages the arrival of an entry in the empty slot that was found for it. */
export function stageArrival({ log, control }: Partitions, remover: Remover, place: Slot, header: number): void {
  const { slab, words, bucket, homeBucket, slot, hash, distance, tag } = place;
  // Recency bits are hints: a death that leaves this one off has changed nothing.
  words[bucket + Bucket.meta] &= ~(1 << slot);
  const tagWord = tagWordOf(bucket, slot);
  log.stage(slab, tagWord, withTag(words[tagWord], slot, hash));
  if (distance > 0) {
    const meta = words[homeBucket + Bucket.meta];
    const farthest = Math.max(spillDistanceOf(meta), distance);
    log.stage(slab, homeBucket + Bucket.meta, withSpill(meta, spillCountOf(meta) + 1, farthest));
  }
  log.stage(0, header + Partition.entryCount, control[header + Partition.entryCount] + 1);
  remover.stageCount(header, tag, 1);
}
