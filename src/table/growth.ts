/**
 * The growth of a partition's index: extendible hashing (Fagin et al., 1979) by segments. A full segment first grows by
 * half, then is split in two; so the index is never less than about two thirds full of what its segments may hold, and
 * grows a few kilobytes at a time. Only the holder of the partition's lock may call.
 *
 * Invariants
 * 1. A new segment is filled aside, named by the `growing` words, its sequences odd until it is complete. It becomes
 *    visible in one step, which also makes every sequence of the old one odd and frees it. Until then it is nobody's;
 *    if the grower dies, healing frees it.
 * 2. The directory only ever doubles: its upper half is written first, then the depth rises. Readers that see the old
 *    depth find the same segments.
 * 3. An entry whose segment cannot grow (no memory, deepest directory, a flood of equal hashes) goes to any bucket of
 *    its segment. Only when that is full is an insert refused.
 *
 * What a racing reader may see: the old segment until its sequences are odd, with entries that are all still right; the
 * new one from the directory entry on.
 */
import { BUCKET_SLOTS, BUCKET_WORD_SHIFT, Bucket, GROWN_BIT } from '../../native-layout/bucket.js';
import { Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import { storeOrdered } from '../memory/seqlock.js';
import { doubleDirectory } from './directory.js';
import { EntryHash } from './entry-hash.js';
import type { Partitions } from './partitions.js';
import { placeEntry } from './place-entry.js';
import { bucketBehind, bucketCountOf, depthOf, emptySlot, homeOf, setDepth } from './probe.js';
import type { Slot } from './slot.js';

/** Below this load a segment without a place near home is not grown: its hashes are too much alike. */
const LEAST_LOAD = 0.5;
/** A half that would fill a new segment more than this gets a longer one at once. */
const MOST_LOAD = 0.9;

export class Growth {
  private readonly partitions: Partitions;
  private readonly hashes: EntryHash;

  constructor(partitions: Partitions) {
    this.partitions = partitions;
    this.hashes = new EntryHash(partitions);
  }

  /** Finds an empty slot for the hash that `slot` was last asked for, growing the index if need be. */
  makeRoom(header: number, partitionIndex: number, slot: Slot): boolean {
    if (slot.entry === 0) {
      if (!this.create(header, partitionIndex)) return false;
      slot.locate(header, slot.hash);
    }
    while (!slot.searchEmpty(false)) {
      const crowded = this.load(slot) >= LEAST_LOAD;
      if (!crowded && slot.searchEmpty(true)) return true;
      if (!this.grow(header, partitionIndex, slot)) return slot.searchEmpty(true);
      slot.locate(header, slot.hash);
    }
    return true;
  }

  private load(slot: Slot): number {
    let used = 0;
    for (let i = 0; i < slot.bucketCount; i++) {
      const first = slot.segment + (i << BUCKET_WORD_SHIFT) + Bucket.addresses;
      for (let n = 0; n < BUCKET_SLOTS; n++) if (slot.words[first + n] !== 0) used++;
    }
    return used / (slot.bucketCount * BUCKET_SLOTS);
  }

  /** Makes a directory of one entry and its segment. */
  private create(header: number, partitionIndex: number): boolean {
    const { cells, log, slabs } = this.partitions;
    const { directoryClass } = cells.classes;
    if (!cells.ensureRoom(header, partitionIndex, directoryClass)) return false;
    const segment = this.takeSegment(header, partitionIndex, 0, false, 0);
    if (segment === 0) return false;
    this.openSegment(segment);
    log.open(header);
    const chunk = cells.choose(header, directoryClass);
    slabs[slabOf(chunk)][cellOf(chunk)] = segment;
    log.stage(0, header + Partition.growing, 0);
    log.stage(0, header + Partition.root, chunk);
    cells.stageTake(header);
    log.commit();
    return true;
  }

  /** Takes the cell of a new segment, names it in `growing`, and empties it. Returns its directory entry, or 0. */
  private takeSegment(header: number, partitionIndex: number, which: number, grown: boolean, depth: number): number {
    const { cells, log, slabs, baseBuckets } = this.partitions;
    const { segmentClass, grownSegmentClass } = cells.classes;
    const classId = grown ? grownSegmentClass : segmentClass;
    if (!cells.ensureRoom(header, partitionIndex, classId)) return 0;
    log.open(header);
    const address = cells.choose(header, classId);
    log.stage(0, header + Partition.growing + which, address);
    cells.stageTake(header);
    log.commit();
    const words = slabs[slabOf(address)];
    const segment = cellOf(address);
    const bucketCount = grown ? baseBuckets + (baseBuckets >>> 1) : baseBuckets;
    for (let i = 0; i < bucketCount; i++) {
      const bucket = segment + (i << BUCKET_WORD_SHIFT);
      words.fill(0, bucket + 1, bucket + Bucket.sizeWords);
      // Odd: a reader that still comes here by an old directory entry turns back until the segment is complete.
      words[bucket] |= 1;
    }
    setDepth(words, segment, depth);
    return address | (grown ? GROWN_BIT : 0);
  }

  /** Makes the sequences of a complete segment even: readers may use it as soon as the directory names it. */
  private openSegment(entry: number): void {
    const words = this.partitions.slabs[slabOf(entry)];
    const segment = cellOf(entry & ~GROWN_BIT);
    const bucketCount = bucketCountOf(entry, this.partitions.baseBuckets);
    for (let i = 0; i < bucketCount; i++) {
      const bucket = segment + (i << BUCKET_WORD_SHIFT);
      storeOrdered(words, bucket, (words[bucket] + 1) | 0);
    }
  }

  /** Replaces the segment of `slot` by a larger one or by two. False: that is not possible, and nothing changed. */
  private grow(header: number, partitionIndex: number, slot: Slot): boolean {
    const { control } = this.partitions;
    const depth = depthOf(slot.words, slot.segment);
    const pattern = slot.hash & ((1 << depth) - 1);
    if ((slot.entry & GROWN_BIT) === 0) {
      const target = this.takeSegment(header, partitionIndex, 0, true, depth);
      return target !== 0 && this.replace(header, partitionIndex, slot, depth, pattern, target, target);
    }
    const halves = this.countHalves(slot, depth);
    // Equal hashes stay together however deep the directory is.
    if (halves.low === 0 || halves.high === 0) return false;
    if (depth === control[header + Partition.depth] && !doubleDirectory(this.partitions, header, partitionIndex))
      return false;
    const low = this.takeSegment(header, partitionIndex, 0, this.needsGrown(halves.low), depth + 1);
    const high = low === 0 ? 0 : this.takeSegment(header, partitionIndex, 1, this.needsGrown(halves.high), depth + 1);
    if (high !== 0) return this.replace(header, partitionIndex, slot, depth, pattern, low, high);
    this.freeGrowing(header, partitionIndex);
    return false;
  }

  /** Whether so many entries are too many for a new segment of base length. */
  private needsGrown(entries: number): boolean {
    return entries > this.partitions.baseBuckets * BUCKET_SLOTS * MOST_LOAD;
  }

  /** Entries of a segment whose hash has a 0, and a 1, at bit `depth`. */
  private countHalves(slot: Slot, depth: number): { low: number; high: number } {
    const halves = { low: 0, high: 0 };
    this.forEachEntry(slot, (hash) => {
      if (((hash >>> depth) & 1) === 0) halves.low++;
      else halves.high++;
      return true;
    });
    return halves;
  }

  /** Copies all entries of the old segment and publishes the new ones. */
  private replace(
    header: number,
    partitionIndex: number,
    slot: Slot,
    depth: number,
    pattern: number,
    low: number,
    high: number,
  ): boolean {
    const { cells, log } = this.partitions;
    if (!this.distribute(slot, depth, low, high)) {
      this.freeGrowing(header, partitionIndex);
      return false;
    }
    this.openSegment(low);
    if (low !== high) this.openSegment(high);
    log.open(header);
    if (low === high) {
      log.stageFillDirectory(pattern, depth, low);
    } else {
      log.stageFillDirectory(pattern, depth + 1, low);
      log.stageFillDirectory(pattern | (1 << depth), depth + 1, high);
    }
    log.stageRetireSegment(slot.entry & ~GROWN_BIT, slot.bucketCount);
    log.stage(0, header + Partition.growing, 0);
    log.stage(0, header + Partition.growing + 1, 0);
    cells.stageFree(header, slot.entry & ~GROWN_BIT);
    log.commit();
    cells.settle(header, partitionIndex);
    return true;
  }

  private distribute(slot: Slot, depth: number, low: number, high: number): boolean {
    return this.forEachEntry(slot, (hash, address) =>
      this.place(((hash >>> depth) & 1) === 0 ? low : high, hash, address),
    );
  }

  /** Visits the entries of a segment until `visit` answers false; whether it never did. */
  private forEachEntry(slot: Slot, visit: (hash: number, address: number) => boolean): boolean {
    const { slabs } = this.partitions;
    for (let i = 0; i < slot.bucketCount; i++) {
      const first = slot.segment + (i << BUCKET_WORD_SHIFT) + Bucket.addresses;
      for (let n = 0; n < BUCKET_SLOTS; n++) {
        const address = slot.words[first + n];
        if (address === 0) continue;
        const cell = cellOf(address);
        if (!visit(this.hashes.of(slabs[slabOf(address)], cell), address)) return false;
      }
    }
    return true;
  }

  /** Puts an address into a segment that nobody reads yet. */
  private place(entry: number, hash: number, address: number): boolean {
    const { slabs, baseBuckets } = this.partitions;
    const words = slabs[slabOf(entry)];
    const segment = cellOf(entry & ~GROWN_BIT);
    const bucketCount = bucketCountOf(entry, baseBuckets);
    const homeBucket = segment + (homeOf(hash, bucketCount) << BUCKET_WORD_SHIFT);
    for (let distance = 0; distance < bucketCount; distance++) {
      const bucket = bucketBehind(homeBucket, distance, segment, bucketCount);
      const free = emptySlot(words, bucket);
      if (free < 0) continue;
      placeEntry(words, bucket, free, homeBucket, distance, hash, address);
      return true;
    }
    return false;
  }

  /** Frees segments that were being filled aside. */
  freeGrowing(header: number, partitionIndex: number): void {
    const { control, cells, log } = this.partitions;
    for (let which = 0; which < 2; which++) {
      const address = control[header + Partition.growing + which];
      if (address === 0) continue;
      const grown = cells.classIdOf(address) === cells.classes.grownSegmentClass;
      log.open(header);
      // A reader may stand before the sequences of what was here before: they were odd, and must be again.
      log.stageRetireSegment(address, bucketCountOf(grown ? GROWN_BIT : 0, this.partitions.baseBuckets));
      log.stage(0, header + Partition.growing + which, 0);
      cells.stageFree(header, address);
      log.commit();
      cells.settle(header, partitionIndex);
    }
  }
}
