/**
 * Finding and copying one entry without a lock. Any attached thread may call.
 *
 * How: directory entry → segment → home bucket, and as many of the next buckets as the home says. The sequence of each
 * bucket is loaded before it is searched.
 * 1. A hit is confirmed by the sequence of the bucket it stands in: unchanged, so the entry was current when its
 *    address was read, and nothing of it was freed before the copy was complete.
 * 2. A miss is confirmed by the sequence of the home bucket, which every insert and delete of a key with this home
 *    raises, wherever the entry stands, and by the directory entry, which still names this segment, in a directory that
 *    is no deeper than when the entry was chosen.
 * 3. Both are confirmed last by the partition's indexEpoch, which rises before a page of the index leaves the
 *    partition: until then the words taken for sequences were sequences.
 *
 * What a racing reader may see: an odd sequence (the segment was split; the directory has the new one), a directory
 * chunk or segment that is other memory by now (indexEpoch differs; until it is compared, addresses are bounded and
 * bits are only compared), an entry that is pending (see `visibility`). Each leads to another try. After MAX_TRIES the
 * reader takes the lock, so a read is never starved by writers.
 *
 * An entry that has passed its time is a miss, confirmed like a hit: by the sequence of the bucket that it stands in.
 *
 * Chained values are copied under the thread's hazard word: store hazard, confirm the sequence, copy, clear. Who
 * frees a chain does so after the sequence rose and after a full fence, and then looks at all hazard words: either
 * the reader sees the new sequence, or the other sees the hazard.
 */
import { BUCKET_WORD_SHIFT, Bucket, GROWN_BIT } from '../../native-layout/bucket.js';
import { Entry, Flag, NEVER } from '../../native-layout/entry.js';
import { Namespace } from '../../native-layout/namespace.js';
import { directoryChunkShift } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { Registry } from '../../native-layout/registry.js';
import { CacheError } from '../errors.js';
import { cellOf, slabOf } from '../memory/address.js';
import { storeWord } from '../memory/atomics.js';
import { beginRead, endRead } from '../memory/seqlock.js';
import type { KeyView } from '../memory/views.js';
import { expiryOf, readTimes } from './entry-times.js';
import { isChained } from './entry-view.js';
import type { Evictor } from './evictor.js';
import { renewIdle } from './idle-renewal.js';
import { EntryTimes } from './lifetime.js';
import { pendingVisibility, Visibility } from './list-insert.js';
import type { Partitions } from './partitions.js';
import { bucketBehind, bucketCountOf, findInBucket, homeOf, indexHash, spillDistanceOf } from './probe.js';
import type { Slot } from './slot.js';
import { type Chain, ValueCopy } from './value-copy.js';

const MAX_TRIES = 16;

/** Results of one try. */
const MISS = Visibility.hidden;
const HIT = Visibility.visible;
const AGAIN = Visibility.undecided;
/** A hit on an entry with an idle time, which the read renews. */
const HIT_IDLE = 3;

export class Lookup {
  /** The copy that the last successful `read` made. */
  readonly copy: ValueCopy;
  private readonly partitions: Partitions;
  private readonly control: Int32Array;
  private readonly slabs: Int32Array[];
  private readonly chunkShift: number;
  private readonly namespaceWord: number;
  private readonly hazardWord: number;
  private readonly slot: Slot;
  /** Of the last HIT_IDLE. */
  private staleness = 0;
  /** Expiry of the entry that was met last, if it has one, and all its times, if it has an idle time. */
  private expiry = NEVER;
  private readonly times = new EntryTimes();
  /** Undefined: the cache does not evict. */
  readonly evictor: Evictor | undefined;
  /** Where the last hit was. */
  private hitAddress = 0;
  /** Whether its recency bit was set. A hint: it may have moved. */
  private hitUsed = false;

  constructor(partitions: Partitions, slot: Slot, evictor: Evictor | undefined) {
    this.partitions = partitions;
    this.control = partitions.control;
    this.slabs = partitions.slabs;
    this.chunkShift = directoryChunkShift(partitions.memory.geometry.pageShift);
    this.namespaceWord = partitions.memory.geometry.namespaceWord;
    this.hazardWord = partitions.self.slotWord + Registry.hazard;
    this.slot = slot;
    this.evictor = evictor;
    this.copy = new ValueCopy(partitions.memory);
  }

  /** Whether the key is there. */
  has(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    return this.find(partitionIndex, namespaceSlot, key, false);
  }

  /** Copies the value of the key into `copy`. False: there is none. */
  read(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    return this.find(partitionIndex, namespaceSlot, key, true);
  }

  private find(partitionIndex: number, namespaceSlot: number, key: KeyView, copying: boolean): boolean {
    const header = this.partitions.headerOf(partitionIndex);
    const hash = indexHash(key.hash, namespaceSlot);
    const tagWord = this.namespaceWord + namespaceSlot * Namespace.sizeWords + Namespace.tag;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const result = this.attempt(header, hash, this.control[tagWord], key, copying);
      if (result === AGAIN) continue;
      if (result === HIT_IDLE) {
        renewIdle(this.partitions, this.slot, partitionIndex, namespaceSlot, key, this.staleness);
      }
      if (result !== MISS && copying && this.evictor !== undefined) {
        this.evictor.hit(partitionIndex, hash, this.hitAddress, this.hitUsed);
      }
      return result !== MISS;
    }
    return this.findLocked(partitionIndex, namespaceSlot, key, copying);
  }

  /** The time at which the entry of the key is gone, `NEVER` if it has none; undefined: there is no entry. */
  expiryOf(partitionIndex: number, namespaceSlot: number, key: KeyView): number | undefined {
    const header = this.partitions.headerOf(partitionIndex);
    const hash = indexHash(key.hash, namespaceSlot);
    const tagWord = this.namespaceWord + namespaceSlot * Namespace.sizeWords + Namespace.tag;
    for (let tries = 0; ; tries++) {
      const locked = tries >= MAX_TRIES;
      if (locked) this.partitions.enter(partitionIndex);
      this.expiry = NEVER;
      const result = this.attempt(header, hash, this.control[tagWord], key, false);
      if (locked) this.partitions.leave(header);
      if (result !== AGAIN) return result === MISS ? undefined : this.expiry;
    }
  }

  private attempt(header: number, hash: number, tag: number, key: KeyView, copying: boolean): number {
    const control = this.control;
    const slabs = this.slabs;
    const epoch = beginRead(control, header + Partition.indexEpoch);
    if ((epoch & 1) !== 0) return AGAIN;
    const depth = control[header + Partition.depth];
    const index = hash & ((1 << depth) - 1);
    const chunk = control[header + Partition.root + (index >>> this.chunkShift)];
    if (chunk === 0) {
      const unchanged = endRead(control, header + Partition.indexEpoch, epoch);
      return unchanged && control[header + Partition.depth] === depth ? MISS : AGAIN;
    }
    const directory = slabs[slabOf(chunk)];
    if (directory === undefined) return AGAIN;
    const entryWord = cellOf(chunk) + (index & ((1 << this.chunkShift) - 1));
    const entry = directory[entryWord];
    if (entry === 0 || slabOf(entry) >= slabs.length) return AGAIN;
    const words = slabs[slabOf(entry)];
    const segment = cellOf(entry & ~GROWN_BIT);
    const bucketCount = bucketCountOf(entry, this.partitions.baseBuckets);
    if (segment + (bucketCount << BUCKET_WORD_SHIFT) > words.length) return AGAIN;
    const homeBucket = segment + (homeOf(hash, bucketCount) << BUCKET_WORD_SHIFT);
    const homeSequence = beginRead(words, homeBucket);
    if ((homeSequence & 1) !== 0) return AGAIN;
    const distance = spillDistanceOf(words[homeBucket + Bucket.meta]);
    let bucket = homeBucket;
    let sequence = homeSequence;
    for (let step = 0; ; ) {
      const slot = findInBucket(slabs, words, bucket, hash, tag, key);
      if (slot >= 0) {
        const result = this.take(header, epoch, words, bucket, slot, sequence, copying);
        if (result !== MISS) return result;
        break;
      }
      if (step++ >= distance) break;
      bucket = bucketBehind(homeBucket, step, segment, bucketCount);
      sequence = beginRead(words, bucket);
      if ((sequence & 1) !== 0) return AGAIN;
    }
    if (!endRead(words, homeBucket, homeSequence) || directory[entryWord] !== entry) return AGAIN;
    const same = control[header + Partition.depth] === depth && control[header + Partition.indexEpoch] === epoch;
    return same ? MISS : AGAIN;
  }

  /** Copies the entry of a slot and confirms it. MISS: it is pending in a list insert that is not decided. */
  private take(
    header: number,
    epoch: number,
    words: Int32Array,
    bucket: number,
    slot: number,
    sequence: number,
    copying: boolean,
  ): number {
    const address = words[bucket + Bucket.addresses + slot];
    const slab = slabOf(address);
    if (address === 0 || slab >= this.slabs.length) return AGAIN;
    const cell = cellOf(address);
    const cellWords = this.slabs[slab];
    const shape = cellWords[cell + Entry.shape];
    this.hitAddress = address;
    this.hitUsed = (words[bucket + Bucket.meta] & (1 << slot)) !== 0;
    let result: number = HIT;
    if ((shape & Flag.pending) !== 0) {
      result = pendingVisibility(this.partitions, header);
      if (result === AGAIN) return AGAIN;
    }
    if ((shape & Flag.expires) !== 0 && result === HIT) result = this.inTime(cellWords, cell, copying);
    let chain: Chain | undefined;
    if (copying && result !== MISS) {
      if (isChained(shape)) {
        chain = this.copy.chainOf(slab, cell);
        storeWord(this.control, this.hazardWord, address);
      } else if (!this.copy.take(slab, cell, shape)) return AGAIN;
    }
    const confirmed = endRead(words, bucket, sequence) && this.control[header + Partition.indexEpoch] === epoch;
    if (chain === undefined) return confirmed ? result : AGAIN;
    // The sequence was confirmed after the hazard was out: from here on the chain stays, whatever becomes of the key.
    const taken = confirmed && this.copy.takeChain(chain);
    storeWord(this.control, this.hazardWord, 0);
    return taken ? result : AGAIN;
  }

  /** What an entry with an expiry is: a miss, if it is past. */
  private inTime(words: Int32Array, cell: number, copying: boolean): number {
    const shape = words[cell + Entry.shape];
    const expiry = expiryOf(words, cell, shape);
    this.expiry = expiry;
    if (expiry === NEVER) return HIT;
    const now = this.partitions.clock.now();
    if (expiry <= now) return MISS;
    if (!copying || (shape & Flag.idles) === 0) return HIT;
    readTimes(words, cell, this.times);
    this.staleness = this.times.staleness(now);
    return this.staleness > 0 ? HIT_IDLE : HIT;
  }

  private findLocked(partitionIndex: number, namespaceSlot: number, key: KeyView, copying: boolean): boolean {
    const partitions = this.partitions;
    const header = partitions.enter(partitionIndex);
    let chain: Chain | undefined;
    try {
      const found = this.slot.find(header, namespaceSlot, key) && !this.slot.isPast(partitions.clock);
      if (!found || !copying) return found;
      chain = this.hold(this.slot.address);
    } finally {
      // Also where it finds the index corrupt: nothing was changed.
      partitions.leave(header);
    }
    this.letGo(chain);
    renewIdle(partitions, this.slot, partitionIndex, namespaceSlot, key, 0);
    return true;
  }

  /**
   * Copies the value of an entry that was found in the running critical section. If it is chained, only holds the chain
   * by the hazard word and returns it: `letGo` then copies it, outside the section.
   */
  hold(address: number): Chain | undefined {
    const slab = slabOf(address);
    const cell = cellOf(address);
    const shape = this.slabs[slab][cell + Entry.shape];
    if (!isChained(shape)) {
      this.copy.take(slab, cell, shape);
      return undefined;
    }
    storeWord(this.control, this.hazardWord, address);
    return this.copy.chainOf(slab, cell);
  }

  /** Copies the chain that `hold` returned, and lets it go. */
  letGo(chain: Chain | undefined): void {
    if (chain === undefined) return;
    const taken = this.copy.takeChain(chain);
    storeWord(this.control, this.hazardWord, 0);
    if (!taken) throw new CacheError('CORRUPT', 'a chained value does not have the length its entry says');
  }
}
