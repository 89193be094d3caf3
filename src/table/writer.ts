/**
 * Changing one entry: upsert and insert-if-absent. Any attached thread may call; every change happens in the
 * partition's critical section, as one step of its redo log.
 *
 * Invariants
 * 1. A step holds everything that belongs to the change: slot, tag, sequences, version, counts, the cell that is used
 *    and the cell that is freed. So a death leaves all of it or nothing.
 * 2. The new cell is the spare of its class until the commit, and complete before it; see `spares.ts`.
 * 3. An operation that cannot get memory changes nothing. Memory is looked for in the partition, then in the pool;
 *    then, outside the section, in every partition's empty pages and freed chains (`Upkeep.relieve`), once.
 *
 * Order of publication: cell → tag → address → sequences → free space; see `seqlock.ts` for what a racing reader sees.
 */
import { Bucket } from '../../native-layout/bucket.js';
import { Entry, Flag, IDENTITY_TAG_SHIFT, VERSION_HIGH_MASK } from '../../native-layout/entry.js';
import { Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { RedoLog } from '../memory/redo-log.js';
import type { KeyView, ValueView } from '../memory/views.js';
import { stageArrival } from './arrival.js';
import { Reservations, type Reserved } from './chunks.js';
import { classIdOf, EntryShape } from './entry-shape.js';
import type { Evictor } from './evictor.js';
import { lowerMarks } from './expiry-marks.js';
import { Growth } from './growth.js';
import type { Lifetime } from './lifetime.js';
import { stagePending } from './list-insert.js';
import { Outcome } from './outcome.js';
import type { Partitions } from './partitions.js';
import type { Pressure } from './pressure.js';
import type { Remover } from './remover.js';
import type { Slot } from './slot.js';
import type { Upkeep } from './upkeep.js';

/** Entries evicted inside a critical section before a write that finds no room leaves it. */
const EVICT_TRIES = 16;

export class Writer {
  private readonly partitions: Partitions;
  private readonly control: Int32Array;
  private readonly slabs: Int32Array[];
  private readonly bytes: Buffer[];
  private readonly log: RedoLog;
  private readonly slot: Slot;
  private readonly growth: Growth;
  private readonly upkeep: Upkeep;
  private readonly remover: Remover;
  private readonly shape: EntryShape;
  private readonly reservations: Reservations;
  private readonly evictor: Evictor | undefined;
  private readonly pressure: Pressure;

  /** All of them work with the same slot. */
  constructor(
    partitions: Partitions,
    slot: Slot,
    upkeep: Upkeep,
    remover: Remover,
    evictor: Evictor | undefined,
    pressure: Pressure,
  ) {
    this.partitions = partitions;
    this.control = partitions.control;
    this.slabs = partitions.slabs;
    this.bytes = partitions.memory.bytes;
    this.log = partitions.log;
    this.slot = slot;
    this.upkeep = upkeep;
    this.growth = new Growth(partitions);
    this.remover = remover;
    this.shape = new EntryShape(partitions.cells.classes.maxCellLength);
    this.reservations = new Reservations(partitions);
    this.evictor = evictor;
    this.pressure = pressure;
  }

  /** Stores the entry; with `ifAbsent` only if the key has none. Without a lifetime it stays. */
  put(
    partitionIndex: number,
    namespaceSlot: number,
    key: KeyView,
    value: ValueView,
    ifAbsent: boolean,
    lifetime: Lifetime | undefined,
  ): Outcome {
    this.shape.measure(key, value, lifetime === undefined ? 0 : this.startTimes(lifetime));
    let reserved: Reserved | undefined;
    if (this.shape.chained) {
      reserved = this.reserve(partitionIndex, value);
      if (reserved === undefined) return Outcome.full;
    }
    let outcome = this.putOnce(partitionIndex, namespaceSlot, key, value, ifAbsent, reserved);
    for (let round = 0; outcome === Outcome.full && this.pressure.relieve(partitionIndex, round); round++) {
      outcome = this.putOnce(partitionIndex, namespaceSlot, key, value, ifAbsent, reserved);
    }
    if (outcome !== Outcome.stored && reserved !== undefined) this.reservations.abandon();
    return outcome;
  }

  /** Stores the entry, and in the same step word `word` of slab `slab` becomes `mark`. It has no lifetime. */
  putMarked(
    partitionIndex: number,
    namespaceSlot: number,
    key: KeyView,
    value: ValueView,
    slab: number,
    word: number,
    mark: number,
  ): Outcome {
    this.log.mark(slab, word, mark);
    const outcome = this.put(partitionIndex, namespaceSlot, key, value, false, undefined);
    this.log.unmark();
    return outcome;
  }

  private startTimes(lifetime: Lifetime): number {
    return this.shape.times.start(lifetime, this.partitions.clock.now());
  }

  /** Reserves and fills the chunks of a long value. Undefined: there is no memory for them. */
  private reserve(partitionIndex: number, value: ValueView): Reserved | undefined {
    if (value.length > this.pressure.pageBytes) return undefined;
    let reserved = this.reservations.fill(partitionIndex, value);
    for (let round = 0; reserved === undefined && this.pressure.relieve(partitionIndex, round); round++) {
      reserved = this.reservations.fill(partitionIndex, value);
    }
    return reserved;
  }

  private putOnce(
    partitionIndex: number,
    namespaceSlot: number,
    key: KeyView,
    value: ValueView,
    ifAbsent: boolean,
    reserved: Reserved | undefined,
  ): Outcome {
    const header = this.partitions.enter(partitionIndex);
    this.upkeep.reclaim(header, partitionIndex);
    if (this.evictor !== undefined) this.evictor.open(header, partitionIndex);
    let present = this.slot.find(header, namespaceSlot, key);
    let outcome: Outcome = Outcome.present;
    if (!present || !ifAbsent || this.slot.isPast(this.partitions.clock)) {
      if (present && this.evictor !== undefined) this.evictor.touch(this.slot.hash, this.slot.address);
      const swapped = present && reserved === undefined && this.swap(header, key, value);
      outcome = swapped ? Outcome.stored : this.store(header, partitionIndex, key, value, present, reserved, false);
    }
    for (let tries = 0; outcome === Outcome.full && tries < EVICT_TRIES && this.evictor?.evictOne(); tries++) {
      // The entry to be replaced may have been the victim.
      present = this.slot.find(header, namespaceSlot, key);
      outcome = this.store(header, partitionIndex, key, value, present, reserved, false);
    }
    this.partitions.leave(header);
    return outcome;
  }

  /**
   * Overwrites the entry that was found by one of its class. False: they are of different classes, or the class has no
   * spare. The most frequent write, so it is one function over the words: the general way costs half as much again.
   */
  private swap(header: number, key: KeyView, value: ValueView): boolean {
    const { slabs, bytes, control } = this;
    const slot = this.slot;
    const replaced = slot.address;
    const { classId } = this.shape;
    if (classIdOf(slabs[slabOf(replaced)], cellOf(replaced)) !== classId) return false;
    const spareWord = header + Partition.spares + classId;
    const spare = control[spareWord];
    if (spare === 0) return false;
    const low = (control[header + Partition.versionLow] + 1) | 0;
    const high = (control[header + Partition.versionHigh] + (low === 0 ? 1 : 0)) & VERSION_HIGH_MASK;
    const words = slabs[slabOf(spare)];
    const cell = cellOf(spare);
    words[cell + Entry.versionLow] = low;
    words[cell + Entry.identity] = (slot.tag << IDENTITY_TAG_SHIFT) | high;
    this.shape.write(words, bytes[slabOf(spare)], cell, key, value, 0, 0);
    if (this.shape.expires) lowerMarks(this.partitions, header, spare, this.shape.times.expiry);
    this.log.swap(header, slot, spareWord, low, high);
    return true;
  }

  /** Writes the new entry into the spare of its class. */
  private fill(
    header: number,
    spare: number,
    key: KeyView,
    value: ValueView,
    reserved: Reserved | undefined,
    pendingNext: number,
  ): void {
    const { slabs, memory, control } = this.partitions;
    const slab = slabOf(spare);
    const cell = cellOf(spare);
    const words = slabs[slab];
    this.shape.write(words, memory.bytes[slab], cell, key, value, reserved?.head ?? 0, pendingNext);
    if (this.shape.expires) lowerMarks(this.partitions, header, spare, this.shape.times.expiry);
    const low = (control[header + Partition.versionLow] + 1) | 0;
    const high = control[header + Partition.versionHigh] + (low === 0 ? 1 : 0);
    words[cell + Entry.versionLow] = low;
    words[cell + Entry.identity] = (this.slot.tag << IDENTITY_TAG_SHIFT) | (high & VERSION_HIGH_MASK);
  }

  /** Stores the entry in the spare where the slot stands, or where there is room for it. */
  private store(
    header: number,
    partitionIndex: number,
    key: KeyView,
    value: ValueView,
    present: boolean,
    reserved: Reserved | undefined,
    pending: boolean,
  ): Outcome {
    const { log, cells, spares, slabs, control } = this.partitions;
    const slot = this.slot;
    const queue = present ? undefined : this.evictor?.arrive(slot.hash);
    if (!present && this.evictor !== undefined && queue === undefined) return Outcome.full;
    if (!present && !this.growth.makeRoom(header, partitionIndex, slot)) return Outcome.full;
    const { classId } = this.shape;
    const spare = spares.ensure(header, partitionIndex, classId);
    if (spare === 0) return Outcome.full;
    const old = slot.address;
    const swaps = present && classIdOf(slabs[slabOf(old)], cellOf(old)) === classId;
    if (!swaps && !cells.ensureRoom(header, partitionIndex, classId)) return Outcome.full;
    const pendingNext = pending ? control[header + Partition.pendingHead] : 0;
    this.fill(header, spare, key, value, reserved, pendingNext);
    log.open(header);
    this.remover.stageVersion(header);
    if (reserved !== undefined) this.reservations.stagePublish();
    if (pending) stagePending(this.partitions, header, spare);
    if (!present) stageArrival(this.partitions, this.remover, slot, header);
    if (queue !== undefined) this.evictor?.queues.stagePush(queue, slot.hash);
    log.stage(slot.slab, slot.bucket + Bucket.addresses + slot.slot, spare);
    this.remover.stageSequences();
    if (swaps) {
      spares.stageSwap(header, classId, old);
    } else {
      spares.stageNext(header, classId);
      if (present) this.remover.stageReplaced(header, old);
    }
    log.stageMark();
    log.commit();
    cells.settle(header, partitionIndex);
    return Outcome.stored;
  }

  /**
   * Stores a value where the slot stands, inside the running critical section: in place of the entry that was found, or
   * as a pending one where there is none. If it answers `full`, the caller abandons the reservation, outside.
   */
  storeInside(
    header: number,
    partitionIndex: number,
    key: KeyView,
    value: ValueView,
    flags: number,
    lifetime: Lifetime | undefined,
  ): Outcome {
    this.shape.measure(key, value, lifetime === undefined ? flags : flags | this.startTimes(lifetime));
    let reserved: Reserved | undefined;
    if (this.shape.chained) {
      reserved = this.reservations.fillInside(header, partitionIndex, value);
      if (reserved === undefined) return Outcome.full;
    }
    const isPending = (flags & Flag.pending) !== 0;
    return this.store(header, partitionIndex, key, value, !isPending, reserved, isPending);
  }

  /** Gives up what `storeInside` reserved in vain. Outside critical sections. */
  abandon(): void {
    this.reservations.abandon();
  }
}
