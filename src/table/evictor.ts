/**
 * Eviction, as one thread does it: makes room in a partition by the cache's policy, and hands the policy what the
 * thread hit. All but `hit` only under the partition's lock; one partition at a time, which `open` chooses.
 *
 * Invariants
 * 1. It works with a slot of its own: what a writer found stays found, unless that very entry was evicted.
 * 2. An entry leaves as any entry leaves, by one step of the redo log; its record goes after it. Pending and pinned
 *    entries stay; those of cleared generations are removed when they come to the front, and count as no eviction.
 */
import { Bucket } from '../../native-layout/bucket.js';
import { Entry, Flag, IDENTITY_TAG_SHIFT } from '../../native-layout/entry.js';
import { Partition } from '../../native-layout/partition.js';
import { type EvictionShape, PolicyState, partitionLimit, QUEUE_COUNT } from '../../native-layout/policy.js';
import { cellOf, slabOf } from '../memory/address.js';
import { HitBuffer } from '../policy/hit-buffer.js';
import { POLICIES } from '../policy/policies.js';
import type { Policy, Residents } from '../policy/policy.js';
import { Sketch } from '../policy/sketch.js';
import { EntryHash } from './entry-hash.js';
import type { Partitions } from './partitions.js';
import { slotOfTag } from './probe.js';
import { Queues } from './queues.js';
import { Remover } from './remover.js';
import { Slot } from './slot.js';

/** Records that a partition may hold without an entry, besides as many again as it has entries. */
const STALE_RECORDS = 256;
/** The front is where `find` found it, and its record is not there. */
const NO_QUEUE = -1;
/** In the place of an address: the entry was marked as used already. */
const MARKED = 0;

export class Evictor implements Residents {
  readonly control: Int32Array;
  readonly sketch: Sketch;
  readonly queues: Queues;
  hash = 0;
  state = 0;
  private readonly partitions: Partitions;
  private readonly slot: Slot;
  private readonly remover: Remover;
  private readonly hashes: EntryHash;
  private readonly hits: HitBuffer;
  private readonly policy: Policy;
  /** Whether the sketch is in use. */
  private readonly counting: boolean;
  readonly wants: Policy['hits'];
  private readonly shape: EvictionShape;
  private header = 0;
  private partitionIndex = 0;
  private limit = 0;
  private queue = NO_QUEUE;

  constructor(partitions: Partitions, shape: EvictionShape) {
    this.partitions = partitions;
    this.control = partitions.control;
    this.shape = shape;
    this.slot = new Slot(partitions);
    this.remover = new Remover(partitions, this.slot);
    this.hashes = new EntryHash(partitions);
    this.hits = new HitBuffer(partitions.count);
    this.sketch = new Sketch(partitions.control, shape.sketchWords);
    this.queues = new Queues(partitions);
    this.policy = POLICIES[shape.policy as keyof typeof POLICIES];
    this.wants = this.policy.hits;
    this.counting = this.wants === 'all';
  }

  /** Keeps a hit for the policy, which may know already that the entry was used; outside critical sections. */
  hit(partitionIndex: number, hash: number, address: number, wasUsed: boolean): void {
    if (!this.counting && (wasUsed || this.wants === 'none')) return;
    if (!this.hits.keep(partitionIndex, hash, wasUsed ? MARKED : address)) return;
    const header = this.partitions.tryEnter(partitionIndex);
    if (header < 0) {
      this.hits.clear(partitionIndex);
      return;
    }
    this.open(header, partitionIndex);
    this.partitions.leave(header);
  }

  /** Chooses the partition whose lock this thread holds, and tells its policy of the thread's hits. */
  open(header: number, partitionIndex: number): void {
    this.header = header;
    this.partitionIndex = partitionIndex;
    this.state = header + this.partitions.memory.geometry.policyOffset;
    this.limit = partitionLimit(this.shape.entryLimit, this.partitions.count, partitionIndex);
    this.sketch.open(this.state);
    this.queues.open(header, partitionIndex);
    const count = this.hits.count(partitionIndex);
    for (let i = 0; i < count; i++) {
      this.touch(this.hits.hash(partitionIndex, i), this.hits.address(partitionIndex, i));
    }
    this.hits.clear(partitionIndex);
    this.control[this.state + PolicyState.hits] += count;
    this.control[this.state + PolicyState.requests] += count;
  }

  /** Counts an access to a hash, and marks its entry as used if it still stands at the address; MARKED: it is. */
  touch(hash: number, address: number): void {
    if (this.counting) this.sketch.add(hash);
    if (address === MARKED || !this.slot.locate(this.header, hash) || !this.slot.searchAddress(address)) return;
    this.slot.words[this.slot.bucket + Bucket.meta] |= 1 << this.slot.slot;
  }

  capacity(): number {
    const count = this.control[this.header + Partition.entryCount];
    return this.limit === 0 ? count : this.limit;
  }

  /** Makes room for one more entry under the limit of entries, and for its record. Undefined: there is none. */
  arrive(hash: number): number | undefined {
    const { control, header, state } = this;
    if (this.counting) this.sketch.add(hash);
    control[state + PolicyState.requests] += 1;
    if (this.limit !== 0 || this.shape.entryLimit !== 0) {
      while (control[header + Partition.entryCount] >= this.limit) if (!this.evictOne()) return undefined;
    }
    this.compact();
    const queue = this.policy.arrive(this, hash);
    while (!this.queues.ensure(queue)) if (!this.evictOne()) return undefined;
    return queue;
  }

  /** Evicts an entry of the opened partition, by policy. False: it has none that can go. */
  evictOne(): boolean {
    const before = this.control[this.header + Partition.entryCount];
    return this.policy.evict(this) || this.control[this.header + Partition.entryCount] < before;
  }

  length(queue: number): number {
    return this.queues.length(queue);
  }

  front(queue: number): boolean {
    const { queues, slot } = this;
    // Entries that must stay go to the end, each once.
    for (let left = queues.length(queue); left > 0; left--) {
      const hash = queues.peek(queue);
      if (!slot.locate(this.header, hash) || !slot.searchHash(this.hashes)) {
        queues.pop(queue);
        continue;
      }
      this.hash = hash;
      this.queue = queue;
      const words = this.partitions.slabs[slabOf(slot.address)];
      const tag = words[cellOf(slot.address) + Entry.identity] >>> IDENTITY_TAG_SHIFT;
      if (slot.tagOf(slotOfTag(tag)) !== tag) {
        this.remover.remove(this.header, this.partitionIndex);
        queues.pop(queue);
      } else if ((words[cellOf(slot.address) + Entry.shape] & (Flag.pending | Flag.pinned)) !== 0) {
        if (!queues.push(queue, hash)) return false;
        queues.pop(queue);
      } else return true;
    }
    return false;
  }

  find(hash: number): boolean {
    this.hash = hash;
    this.queue = NO_QUEUE;
    return this.slot.locate(this.header, hash) && this.slot.searchHash(this.hashes);
  }

  /** Evicts the entry at an address of the opened partition. */
  evictAt(address: number): boolean {
    const hash = this.hashes.of(this.partitions.slabs[slabOf(address)], cellOf(address));
    this.queue = NO_QUEUE;
    if (!this.slot.locate(this.header, hash) || !this.slot.searchAddress(address)) return false;
    this.evict();
    return true;
  }

  takeUsed(): boolean {
    const { words, bucket, slot } = this.slot;
    const bit = 1 << slot;
    if ((words[bucket + Bucket.meta] & bit) === 0) return false;
    words[bucket + Bucket.meta] &= ~bit;
    return true;
  }

  move(queue: number): void {
    if (!this.queues.push(queue, this.hash)) this.evict();
    else if (this.queue !== NO_QUEUE) this.queues.pop(this.queue);
  }

  evict(): void {
    const { control, state, slot, partitions } = this;
    const { cells } = partitions;
    const units = cells.classes.cellUnits[cells.classIdOf(slot.address)];
    this.takeUsed();
    this.remover.remove(this.header, this.partitionIndex);
    if (this.queue !== NO_QUEUE) this.queues.pop(this.queue);
    control[state + PolicyState.evictions] += 1;
    const low = state + PolicyState.evictedUnits;
    const sum = (control[low] >>> 0) + units;
    control[low] = sum | 0;
    if (sum >= 2 ** 32) control[low + 1] += 1;
  }

  /**
   * Drops the records without entries, and all but one of those with the same hash, if they are many: after many
   * removals and not before, so each pays for a few records. Turns every queue round once, which a death may stop
   * anywhere.
   */
  compact(): void {
    const entries = this.control[this.header + Partition.entryCount];
    if (this.queues.total() <= 2 * entries + STALE_RECORDS) return;
    const seen = new Set<number>();
    for (let queue = 0; queue < QUEUE_COUNT; queue++) {
      for (let left = this.queues.length(queue); left > 0; left--) {
        const hash = this.queues.peek(queue);
        const isNeeded = !seen.has(hash) && this.find(hash);
        if (isNeeded && !this.queues.push(queue, hash)) return;
        if (isNeeded) seen.add(hash);
        this.queues.pop(queue);
      }
    }
  }

  /** The same in a partition whose lock this thread holds. */
  compactIn(header: number, partitionIndex: number): void {
    this.open(header, partitionIndex);
    this.compact();
  }
}
