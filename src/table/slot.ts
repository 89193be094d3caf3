/**
 * Where a key stands in the index, found under the partition's lock. One instance per thread; its fields say where the
 * last `find` ended. Only the holder of the partition's lock may call; nothing here changes shared memory.
 */
import {
  BUCKET_SLOTS,
  BUCKET_WORD_SHIFT,
  Bucket,
  GROWN_BIT,
  SPILL_WINDOW,
  TAG_SHIFT,
} from '../../native-layout/bucket.js';
import { Namespace } from '../../native-layout/namespace.js';
import { directoryChunkShift } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { CacheError } from '../errors.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { CacheClock } from '../memory/clock.js';
import type { KeyView } from '../memory/views.js';
import { isPast } from './entry-times.js';
import type { Partitions } from './partitions.js';
import {
  bucketBehind,
  bucketCountOf,
  emptySlot,
  findInBucket,
  homeOf,
  indexHash,
  spillDistanceOf,
  tagOfSlot,
} from './probe.js';

export class Slot {
  /** Index hash of the key. */
  hash = 0;
  /** Namespace tag in its present generation. */
  tag = 0;
  /** Directory entry of the segment; 0 while the partition has no index. */
  entry = 0;
  /** Slab and words that the segment lies in. */
  slab = 0;
  words: Int32Array;
  /** Word index of the segment, of the home bucket and of the bucket that was found. */
  segment = 0;
  bucketCount = 0;
  homeBucket = 0;
  bucket = 0;
  /** Buckets from home to the found bucket. */
  distance = 0;
  slot = -1;
  /** Word index of the found slot's address. */
  slotWord = 0;
  /** Address of the entry that was found, or 0. */
  address = 0;
  private readonly slabs: Int32Array[];
  private readonly baseBuckets: number;
  private readonly control: Int32Array;
  private readonly namespaceWord: number;
  private readonly chunkShift: number;

  constructor(partitions: Partitions) {
    this.slabs = partitions.slabs;
    this.baseBuckets = partitions.baseBuckets;
    this.control = partitions.control;
    this.namespaceWord = partitions.memory.geometry.namespaceWord;
    this.words = partitions.control;
    this.chunkShift = directoryChunkShift(partitions.memory.geometry.pageShift);
  }

  /** The present tag of a namespace. Read inside the critical section, so that a clear that came first is seen. */
  tagOf(namespaceSlot: number): number {
    return this.control[this.namespaceWord + namespaceSlot * Namespace.sizeWords + Namespace.tag];
  }

  find(header: number, namespaceSlot: number, key: KeyView): boolean {
    return this.findIn(header, indexHash(key.hash, namespaceSlot), this.tagOf(namespaceSlot), key);
  }

  /** The same by index hash, in a given generation of the namespace. */
  findIn(header: number, hash: number, tag: number, key: KeyView): boolean {
    this.tag = tag;
    return this.locate(header, hash) && this.search(key);
  }

  /** Finds the segment of a hash. False: the partition has no index yet. */
  locate(header: number, hash: number): boolean {
    this.hash = hash;
    this.address = 0;
    this.slot = -1;
    const entry = this.directoryEntry(header, hash & ((1 << this.control[header + Partition.depth]) - 1));
    this.entry = entry;
    if (entry === 0) return false;
    const { slabs } = this;
    const slab = slabOf(entry);
    if (slab >= slabs.length) throw new CacheError('CORRUPT', 'a segment of the index lies nowhere');
    // Storing a reference costs a write barrier, and most often it is the same.
    if (slab !== this.slab) this.words = slabs[slab];
    const segment = cellOf(entry & ~GROWN_BIT);
    const bucketCount = bucketCountOf(entry, this.baseBuckets);
    this.slab = slab;
    this.segment = segment;
    this.bucketCount = bucketCount;
    this.homeBucket = segment + (homeOf(hash, bucketCount) << BUCKET_WORD_SHIFT);
    return true;
  }

  /** The directory entry with this index, or 0. */
  directoryEntry(header: number, index: number): number {
    const { control, slabs } = this;
    const chunk = control[header + Partition.root + (index >>> this.chunkShift)];
    if (chunk === 0) return 0;
    if (slabOf(chunk) >= slabs.length) throw new CacheError('CORRUPT', 'a directory of the index lies nowhere');
    return slabs[slabOf(chunk)][cellOf(chunk) + (index & ((1 << this.chunkShift) - 1))];
  }

  /** Looks for the key in the located segment. */
  search(key: KeyView): boolean {
    const { words, slabs, homeBucket, hash, tag } = this;
    const distance = spillDistanceOf(words[homeBucket + Bucket.meta]);
    for (let step = 0; step <= distance; step++) {
      const bucket = step === 0 ? homeBucket : this.bucketAt(step);
      const slot = findInBucket(slabs, words, bucket, hash, tag, key);
      if (slot < 0) continue;
      this.set(bucket, step, slot);
      return true;
    }
    return false;
  }

  /** Looks for the slot that holds an address, in the located segment. */
  searchAddress(address: number): boolean {
    const distance = spillDistanceOf(this.words[this.homeBucket + Bucket.meta]);
    for (let step = 0; step <= distance; step++) {
      const bucket = this.bucketAt(step);
      for (let slot = 0; slot < BUCKET_SLOTS; slot++) {
        if (this.words[bucket + Bucket.addresses + slot] !== address) continue;
        this.set(bucket, step, slot);
        return true;
      }
    }
    return false;
  }

  /** Looks for an entry with the located hash, which `hashes` computes. */
  searchHash(hashes: { of(words: Int32Array, cell: number): number }): boolean {
    const { words, slabs, hash } = this;
    const distance = spillDistanceOf(words[this.homeBucket + Bucket.meta]);
    for (let step = 0; step <= distance; step++) {
      const bucket = this.bucketAt(step);
      for (let slot = 0; slot < BUCKET_SLOTS; slot++) {
        const address = words[bucket + Bucket.addresses + slot];
        if (address === 0 || tagOfSlot(words, bucket, slot) !== hash >>> TAG_SHIFT) continue;
        if (hashes.of(slabs[slabOf(address)], cellOf(address)) !== hash) continue;
        this.set(bucket, step, slot);
        return true;
      }
    }
    return false;
  }

  /** Looks for an empty slot for the located hash: near home, or in the whole segment. */
  searchEmpty(anywhere: boolean): boolean {
    const window = anywhere ? this.bucketCount : Math.min(SPILL_WINDOW, this.bucketCount);
    for (let step = 0; step < window; step++) {
      const bucket = this.bucketAt(step);
      const slot = emptySlot(this.words, bucket);
      if (slot < 0) continue;
      this.set(bucket, step, slot);
      return true;
    }
    return false;
  }

  /** Whether the entry that was found has passed its time: its key counts as absent. */
  isPast(clock: CacheClock): boolean {
    return isPast(this.slabs[slabOf(this.address)], cellOf(this.address), clock);
  }

  private bucketAt(step: number): number {
    return bucketBehind(this.homeBucket, step, this.segment, this.bucketCount);
  }

  private set(bucket: number, distance: number, slot: number): void {
    this.bucket = bucket;
    this.distance = distance;
    this.slot = slot;
    this.slotWord = bucket + Bucket.addresses + slot;
    this.address = this.words[this.slotWord];
  }
}
