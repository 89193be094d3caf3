/**
 * One thread's access to the partitions of a cache: entering and leaving their critical sections, with healing of
 * whatever an earlier holder left.
 *
 * Invariants
 * 1. Between `enter` and `leave` no user code runs and the work is bounded.
 * 2. `inside` is true exactly while this thread is between the two. If it is true on entry, an exception that cannot be
 *    caught (a `vm` time-out) or a stack overflow threw out of a section: every lock this thread still holds is healed
 *    and released first.
 */
import { NamespaceCount, Partition } from '../../native-layout/partition.js';
import { Registry } from '../../native-layout/registry.js';
import { CacheState, Superblock } from '../../native-layout/superblock.js';
import { Cells } from '../allocator/cells.js';
import { Spares } from '../allocator/spares.js';
import { addWord, loadWord, peekWord, storeWord } from '../memory/atomics.js';
import { CacheClock } from '../memory/clock.js';
import { acquire, type LockHolder, release, tryAcquire } from '../memory/lock.js';
import { RedoLog } from '../memory/redo-log.js';
import type { SharedMemory } from '../memory/slab.js';
import { heal } from './heal.js';
import { baseBucketCount } from './probe.js';

/** A thread that takes part: how locks name it, and where its registry slot stands. */
export interface Participant extends LockHolder {
  /** Word index of the registry slot. */
  readonly slotWord: number;
}

/** Attempts at a lock that a live thread holds: each about 2 µs, as it looks whether the holder lives. */
const PASS_TRIES = 500;

export class Partitions {
  readonly memory: SharedMemory;
  readonly control: Int32Array;
  /** Words of each slab. */
  readonly slabs: Int32Array[];
  readonly log: RedoLog;
  readonly cells: Cells;
  readonly spares: Spares;
  readonly clock: CacheClock;
  readonly self: Participant;
  readonly count: number;
  readonly baseBuckets: number;
  private readonly firstHeader: number;
  private readonly headerStride: number;
  private inside = false;

  constructor(memory: SharedMemory, self: Participant) {
    this.memory = memory;
    this.control = memory.control;
    this.slabs = memory.words;
    this.log = new RedoLog(memory);
    this.cells = new Cells(memory, this.log);
    this.spares = new Spares(memory, this.log, this.cells);
    this.clock = new CacheClock(memory);
    this.self = self;
    this.count = memory.geometry.partitionCount;
    this.firstHeader = memory.geometry.partitionWord;
    this.headerStride = memory.geometry.partitionStride;
    this.baseBuckets = baseBucketCount(memory.geometry.pageShift);
  }

  /** Whether the cache was stopped. */
  get stopped(): boolean {
    return peekWord(this.control, Superblock.state) !== CacheState.running;
  }

  headerOf(partitionIndex: number): number {
    return this.firstHeader + partitionIndex * this.headerStride;
  }

  /** Word index of the count record of a namespace in a partition. */
  countWord(header: number, namespaceSlot: number): number {
    return header + Partition.sizeWords + namespaceSlot * NamespaceCount.sizeWords;
  }

  /** Enters the partition's critical section. Returns the word index of its header. */
  enter(partitionIndex: number): number {
    if (this.inside) this.mendOwn();
    const header = this.headerOf(partitionIndex);
    this.inside = true;
    this.lock(header, partitionIndex);
    return header;
  }

  /** Enters the critical section only if that needs no waiting. Returns the word index of its header, or -1. */
  tryEnter(partitionIndex: number): number {
    if (this.inside) this.mendOwn();
    const header = this.headerOf(partitionIndex);
    this.inside = true;
    const result = tryAcquire(this.control, header + Partition.lock, this.self);
    if (result === 'abandoned') this.heal(header, partitionIndex);
    if (result !== 'busy') return header;
    this.inside = false;
    return -1;
  }

  /** Enters one more partition; callers go in ascending order, so that no two of them wait for each other. */
  enterAlso(partitionIndex: number): number {
    const header = this.headerOf(partitionIndex);
    this.lock(header, partitionIndex);
    return header;
  }

  private lock(header: number, partitionIndex: number): void {
    const control = this.control;
    const lock = header + Partition.lock;
    if (acquire(control, lock, header + Partition.waiters, this.self)) this.heal(header, partitionIndex);
  }

  leave(header: number): void {
    this.leaveOne(header);
    this.inside = false;
  }

  /** Releases one of several locks; `leave` releases the last. */
  leaveOne(header: number): void {
    release(this.control, header + Partition.lock, header + Partition.waiters);
  }

  /**
   * Takes and releases the partition's lock, healing if need be, unless it is held by a live thread for long.
   * @returns whether it had the lock: whoever held it before is done
   */
  passThrough(partitionIndex: number): boolean {
    const header = this.headerOf(partitionIndex);
    if (this.inside) this.mendOwn();
    this.inside = true;
    for (let tries = 0; tries < PASS_TRIES; tries++) {
      const result = tryAcquire(this.control, header + Partition.lock, this.self);
      if (result === 'busy') continue;
      if (result === 'abandoned') this.heal(header, partitionIndex);
      this.leave(header);
      return true;
    }
    this.inside = false;
    return false;
  }

  /** Enters the section that the control lock guards, finishing a clear whose thread is gone. */
  enterControl(): void {
    if (this.inside) this.mendOwn();
    this.inside = true;
    const { control } = this;
    const abandoned = acquire(control, Superblock.controlLock, Superblock.controlWaiters, this.self);
    if (abandoned) this.finishClear();
  }

  /** Makes sweepers look again after namespaces got new generations. The caller holds the control lock. */
  finishClear(): void {
    if (loadWord(this.control, Superblock.clearing) === 0) return;
    addWord(this.control, Superblock.clearEpoch, 1);
    storeWord(this.control, Superblock.clearing, 0);
  }

  leaveControl(): void {
    release(this.control, Superblock.controlLock, Superblock.controlWaiters);
    this.inside = false;
  }

  heal(header: number, partitionIndex: number): void {
    heal(this, header, partitionIndex);
    addWord(this.control, Superblock.healCount, 1);
  }

  /** Heals and releases every lock of this thread that an exception left held. */
  mendOwn(): void {
    for (let index = 0; index < this.count; index++) {
      const header = this.headerOf(index);
      if (loadWord(this.control, header + Partition.lock) !== this.self.lockWord) continue;
      this.heal(header, index);
      this.leaveOne(header);
    }
    if (loadWord(this.control, Superblock.controlLock) === this.self.lockWord) {
      this.finishClear();
      this.leaveControl();
    }
    // No partition has pending entries of this thread any more.
    storeWord(this.control, this.self.slotWord + Registry.decision, 0);
    this.inside = false;
  }

  /** Whether this thread was thrown out of a critical section and has not mended it yet. */
  get abandoned(): boolean {
    return this.inside;
  }
}
