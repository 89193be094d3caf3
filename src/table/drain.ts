/**
 * Applying the lazy writes of a ring: what the holder of a ring's lock, its consumer, does. Any attached thread may
 * take the role, outside critical sections: owners for every ring that is theirs, a producer whose ring is full or that
 * writes directly, who flushes, who sweeps up after a thread.
 *
 * Invariants
 * 1. Records are applied from the first on, never from the middle. The step of the redo log that stores an entry also
 *    stores how far the ring is applied (or, if the entry cannot be stored, that step counts the error).
 * 2. A lock that is taken over from a consumer that is gone, or that an exception threw out: before anything else,
 *    every partition of the ring's owner is passed through. Then no redo log names a word of the ring.
 * 3. The role is taken before locks of partitions and the control lock, and never while holding one. Who is in the role
 *    waits for no other role: a sweep in the middle of it (memory was short) leaves rings alone.
 * 4. At most BATCH records are applied under one hold of the role, but by who frees the ring.
 */

import { ringColumns } from '../../native-layout/geometry.js';
import { Partition } from '../../native-layout/partition.js';
import { LazyFailure, RingSlot } from '../../native-layout/ring.js';
import { loadWord, storeWord } from '../memory/atomics.js';
import { acquire, release, tryAcquire } from '../memory/lock.js';
import type { KeyView } from '../memory/views.js';
import { writeNote } from '../ring/error-log.js';
import { RecordReader } from '../ring/record-reader.js';
import { Ring } from '../ring/ring.js';
import { freeRingPages } from '../ring/ring-pages.js';
import { Outcome } from './outcome.js';
import type { Partitions } from './partitions.js';
import type { Writer } from './writer.js';

/** Records applied under one hold of the role. */
export const BATCH = 64;

export class Drain {
  /** Called after records were stored, with their number. */
  onStored: (count: number) => void = () => {};
  /** Called after notes of errors were written. */
  onFailed: () => void = () => {};
  /** Whether this thread was ever a consumer: then it may have rings, and an exception may have left things. */
  used = false;
  readonly columns: number;
  readonly slots: number;
  private readonly partitions: Partitions;
  private readonly control: Int32Array;
  private readonly writer: Writer;
  private readonly ring: Ring;
  private readonly reader: RecordReader;
  private readonly ringWord: number;
  /** Whether this thread is in the role of a consumer. */
  private inRole = false;
  private failed = false;

  constructor(partitions: Partitions, writer: Writer) {
    const { memory } = partitions;
    this.partitions = partitions;
    this.control = partitions.control;
    this.writer = writer;
    this.ring = new Ring(memory);
    this.reader = new RecordReader(memory);
    this.ringWord = memory.geometry.ringWord;
    this.columns = ringColumns(memory.geometry);
    this.slots = memory.geometry.threadSlots;
  }

  /** The column of rings, and so the owner, of a partition. */
  columnOf(partitionIndex: number): number {
    return Math.floor((partitionIndex * this.columns) / this.partitions.count);
  }

  /** Word index of a ring slot. */
  wordOf(column: number, slot: number): number {
    return this.ringWord + (column * this.slots + slot) * RingSlot.sizeWords;
  }

  addressOf(column: number, slot: number): number {
    return loadWord(this.control, this.wordOf(column, slot) + RingSlot.address);
  }

  /** Whether records wait in the ring. Without the role it is a hint. */
  hasPending(column: number, slot: number): boolean {
    const address = this.addressOf(column, slot);
    if (address === 0) return false;
    this.ring.open(address);
    return this.ring.pendingWords !== 0;
  }

  /** Takes the role. False: a live thread has it, and the caller does not want to wait. */
  enter(column: number, slot: number, waiting: boolean): boolean {
    this.used = true;
    const at = this.wordOf(column, slot);
    const { control, partitions } = this;
    if (waiting) {
      if (acquire(control, at + RingSlot.lock, at + RingSlot.waiters, partitions.self)) this.passThrough(column);
    } else {
      const result = tryAcquire(control, at + RingSlot.lock, partitions.self);
      if (result === 'busy') return false;
      if (result === 'abandoned') this.passThrough(column);
    }
    this.inRole = true;
    this.failed = false;
    return true;
  }

  leave(column: number, slot: number): void {
    const at = this.wordOf(column, slot);
    this.inRole = false;
    release(this.control, at + RingSlot.lock, at + RingSlot.waiters);
    if (this.failed) this.onFailed();
  }

  /** Lets every partition of an owner be healed whose lock was left. */
  private passThrough(column: number): void {
    const { partitions, control } = this;
    for (let index = 0; index < partitions.count; index++) {
      if (this.columnOf(index) !== column) continue;
      if (loadWord(control, partitions.headerOf(index) + Partition.lock) === 0) continue;
      partitions.leave(partitions.enter(index));
    }
  }

  /**
   * Applies up to BATCH records, of those before the position `target` if it is given. Returns how many it took out of
   * the ring; 0 also if another thread has the role and the caller does not wait.
   */
  batch(column: number, slot: number, waiting: boolean, target?: number): number {
    if (!this.hasPending(column, slot) || !this.enter(column, slot, waiting)) return 0;
    try {
      return this.apply(column, slot, target);
    } catch (error) {
      if (this.partitions.abandoned) this.partitions.mendOwn();
      throw error;
    } finally {
      this.leave(column, slot);
    }
  }

  /** Applies what is in the ring at this moment. Others may do it meanwhile. */
  flush(column: number, slot: number): void {
    const address = this.addressOf(column, slot);
    if (address === 0) return;
    this.ring.open(address);
    const target = this.ring.produced;
    while (this.batch(column, slot, true, target) === BATCH);
  }

  private apply(column: number, slot: number, target?: number): number {
    const { ring, reader } = this;
    const at = this.wordOf(column, slot);
    const address = this.control[at + RingSlot.address];
    if (address === 0) return 0;
    ring.open(address);
    let position = ring.applied;
    let until = ring.produced;
    // A target that is not in the ring is of one that is gone, or was reached.
    if (target !== undefined) until = within(position, target, until);
    let stored = 0;
    let taken = 0;
    for (; taken < BATCH && position !== until; taken++) {
      const valid = reader.read(ring, position, until) && this.columnOf(reader.partitionIndex) === column;
      if (!valid) {
        this.refuse(at, this.firstOf(column), until, LazyFailure.corrupt, NO_KEY);
        position = until;
        continue;
      }
      const { key, value, partitionIndex, namespaceSlot, end } = reader;
      const { appliedSlab, appliedWord } = ring;
      const outcome = this.writer.putMarked(partitionIndex, namespaceSlot, key, value, appliedSlab, appliedWord, end);
      if (outcome === Outcome.stored) stored++;
      else this.refuse(at, partitionIndex, end, LazyFailure.full, key);
      position = end;
    }
    if (stored > 0) this.onStored(stored);
    return taken;
  }

  private firstOf(column: number): number {
    return Math.ceil((column * this.partitions.count) / this.columns);
  }

  /** Takes a record out of the ring without storing it: counts it, and leaves a note. */
  private refuse(at: number, partitionIndex: number, end: number, reason: number, key: KeyView): void {
    const { partitions, control, ring } = this;
    const { log } = partitions;
    const header = partitions.enter(partitionIndex);
    log.open(header);
    log.stage(0, at + RingSlot.errorCount, control[at + RingSlot.errorCount] + 1);
    log.stageSequence(ring.appliedSlab, ring.appliedWord, end);
    log.commit();
    partitions.leave(header);
    this.note(reason, this.reader.namespaceSlot, key);
  }

  /** Counts and notes a lazy write that never was in the ring. The caller holds the role. */
  refuseDirect(column: number, slot: number, namespaceSlot: number, key: KeyView): void {
    this.control[this.wordOf(column, slot) + RingSlot.errorCount] += 1;
    this.note(LazyFailure.full, namespaceSlot, key);
  }

  private note(reason: number, namespaceSlot: number, key: KeyView): void {
    this.partitions.enterControl();
    writeNote(this.partitions.memory, reason, namespaceSlot, key);
    this.partitions.leaveControl();
    this.failed = true;
  }

  /**
   * Applies all records of a thread that goes or is gone, whose lock word is given, and frees its rings. False: other
   * threads are at it, or this one is in the middle of a drain; then it is to be done later.
   */
  close(slot: number, lockWord: number, waiting: boolean): boolean {
    if (this.inRole) return false;
    for (let column = 0; column < this.columns; column++) {
      for (let other = 0; other < this.slots; other++) {
        if (loadWord(this.control, this.wordOf(column, other) + RingSlot.lock) !== lockWord) continue;
        if (this.enter(column, other, false)) this.leave(column, other);
      }
      if (this.addressOf(column, slot) === 0) continue;
      if (!this.enter(column, slot, waiting)) return false;
      try {
        while (this.apply(column, slot) > 0);
        storeWord(this.control, this.wordOf(column, slot) + RingSlot.address, 0);
      } finally {
        this.leave(column, slot);
      }
    }
    freeRingPages(this.partitions.memory, slot);
    return true;
  }

  /** Leaves every role that an exception left to this thread. Not inside a drain. */
  letGo(): void {
    this.inRole = false;
    const { lockWord } = this.partitions.self;
    for (let column = 0; column < this.columns; column++) {
      for (let slot = 0; slot < this.slots; slot++) {
        if (loadWord(this.control, this.wordOf(column, slot) + RingSlot.lock) !== lockWord) continue;
        if (this.enter(column, slot, false)) this.leave(column, slot);
      }
    }
  }
}

const NO_KEY: KeyView = { words: new Int32Array(0), length: 0, raw: false, hash: 0 };

/** The target if it lies between the two, else the first of them. */
function within(position: number, target: number, until: number): number {
  const ahead = (target - position) | 0;
  return ahead > 0 && ahead <= ((until - position) | 0) ? target : position;
}
