/**
 * The registry of attached threads: claiming and freeing slots, seeing who is gone, and sweeping up after them. Any
 * thread may call.
 *
 * Invariants
 * 1. A slot goes free → claiming → live → (sweeping) → free, with a new generation each time it is freed. Slot and
 *    generation together name a thread for good; lock words hold both.
 * 2. The liveness token is open before the slot is claimed, and its numbers are stored in the slot before the state
 *    is live; a thread whose state is not live takes no lock. Between the claim and the numbers there is no point at
 *    which V8 can stop a thread, so a slot cannot stay claimed without them.
 * 3. Whoever sweeps a slot holds its `sweeper` word, taken by compare-and-swap from 0 or from a thread that is gone.
 *    A slot is freed only when no lock, reservation, hazard or list insert of its thread is left. Sweeping is
 *    idempotent.
 */
import { threadId } from 'node:worker_threads';
import { Partition } from '../../native-layout/partition.js';
import { CLAIM_GENERATION_SHIFT, CLAIM_STATE_MASK, ClaimState, Registry } from '../../native-layout/registry.js';
import {
  LOCK_GENERATION_MASK,
  LOCK_GENERATION_SHIFT,
  LOCK_SLOT_MASK,
  Superblock,
} from '../../native-layout/superblock.js';
import { CacheError } from '../errors.js';
import { addWord, casWord, loadWord, pokeWord, storeWord, wakeOn } from '../memory/atomics.js';
import type { Liveness, LockHolder } from '../memory/lock.js';
import type { SharedMemory } from '../memory/slab.js';
import type { Table } from '../table/table.js';
import { closeToken, isTokenOpen, type LivenessToken, openToken } from './liveness-token.js';

export class ThreadRegistry implements Liveness, LockHolder {
  readonly #memory: SharedMemory;
  readonly #control: Int32Array;
  readonly #token: LivenessToken;
  #table: Table | undefined;
  /** Slot and generation of this thread. */
  lockWord = 0;
  /** Word index of this thread's slot. */
  slotWord = 0;

  /** Claims a slot for the calling thread. `role` is 0 for a client, owner index + 1 for an owner. */
  constructor(memory: SharedMemory, role: number) {
    this.#memory = memory;
    this.#control = memory.control;
    this.#token = openToken();
    for (let slot = 0; slot < memory.geometry.threadSlots; slot++) if (this.#claim(slot, role)) return;
    // All taken: slots of threads that are gone do not count, unless something of theirs still has to be swept.
    for (let slot = 0; slot < memory.geometry.threadSlots; slot++) {
      if (this.#freeUnused(slot) && this.#claim(slot, role)) return;
    }
    closeToken(this.#token);
    const { threadSlots } = memory.geometry;
    throw new CacheError('TOO_MANY_THREADS', `all ${threadSlots} thread slots are in use; see the option maxThreads`, {
      op: 'attach',
    });
  }

  get liveness(): Liveness {
    return this;
  }

  #wordOf(slot: number): number {
    return this.#memory.geometry.registryWord + slot * Registry.sizeWords;
  }

  #claim(slot: number, role: number): boolean {
    const control = this.#control;
    const at = this.#wordOf(slot);
    const claim = loadWord(control, at + Registry.claim);
    if ((claim & CLAIM_STATE_MASK) !== ClaimState.free) return false;
    if (casWord(control, at + Registry.claim, claim, claim | ClaimState.claiming) !== claim) return false;
    const { descriptor, inode, mark } = this.#token;
    pokeWord(control, at + Registry.inode, inode);
    pokeWord(control, at + Registry.mark, mark);
    pokeWord(control, at + Registry.descriptor, descriptor + 1);
    pokeWord(control, at + Registry.threadId, threadId);
    pokeWord(control, at + Registry.role, role);
    storeWord(control, at + Registry.claim, claim | ClaimState.live);
    this.slotWord = at;
    this.lockWord = (slot + 1) | ((claim >>> CLAIM_GENERATION_SHIFT) << LOCK_GENERATION_SHIFT);
    return true;
  }

  /** Whether the thread of the slot at this word index lives. */
  isAlive(slotWord: number): boolean {
    return !this.#isSlotGone(slotWord);
  }

  /** Whether the thread of a slot, in its present generation, can no longer act. */
  #isSlotGone(slotWord: number): boolean {
    const control = this.#control;
    const state = loadWord(control, slotWord + Registry.claim) & CLAIM_STATE_MASK;
    if (state === ClaimState.free || state === ClaimState.sweeping) return true;
    const descriptor = control[slotWord + Registry.descriptor] - 1;
    if (descriptor < 0) return false;
    const inode = control[slotWord + Registry.inode];
    return !isTokenOpen({ descriptor, inode, mark: control[slotWord + Registry.mark] });
  }

  isGone(lockWord: number): boolean {
    const at = this.#wordOf((lockWord & LOCK_SLOT_MASK) - 1);
    const generation = (lockWord >>> LOCK_GENERATION_SHIFT) & LOCK_GENERATION_MASK;
    if (loadWord(this.#control, at + Registry.claim) >>> CLAIM_GENERATION_SHIFT !== generation) return true;
    return this.#isSlotGone(at);
  }

  ring(lockWord: number): void {
    this.#ringAt(this.#wordOf((lockWord & LOCK_SLOT_MASK) - 1));
  }

  #ringAt(slotWord: number): void {
    addWord(this.#control, slotWord + Registry.doorbell, 1);
    wakeOn(this.#control, slotWord + Registry.doorbell);
  }

  /** Wakes every attached thread. */
  ringAll(): void {
    for (let slot = 0; slot < this.#memory.geometry.threadSlots; slot++) this.#ringAt(this.#wordOf(slot));
  }

  /** The table by which threads that are gone are swept up after. */
  sweepInto(table: Table): void {
    this.#table = table;
  }

  /** Sweeps up after threads that are gone. Returns how many slots it freed. */
  sweepGone(): number {
    const table = this.#table;
    if (table === undefined) return 0;
    let freed = 0;
    for (let slot = 0; slot < this.#memory.geometry.threadSlots; slot++) {
      const at = this.#wordOf(slot);
      const claim = loadWord(this.#control, at + Registry.claim);
      const state = claim & CLAIM_STATE_MASK;
      if (state === ClaimState.free || at === this.slotWord || !this.#isSlotGone(at)) continue;
      if (this.#sweep(slot, claim, table)) freed++;
    }
    return freed;
  }

  #sweep(slot: number, claim: number, table: Table): boolean {
    const control = this.#control;
    const at = this.#wordOf(slot);
    const sweeper = loadWord(control, at + Registry.sweeper);
    if (sweeper !== 0 && sweeper !== this.lockWord && !this.isGone(sweeper)) return false;
    if (casWord(control, at + Registry.sweeper, sweeper, this.lockWord) !== sweeper) return false;
    const now = loadWord(control, at + Registry.claim);
    const sameThread = now >>> CLAIM_GENERATION_SHIFT === claim >>> CLAIM_GENERATION_SHIFT;
    if (sameThread && (now & CLAIM_STATE_MASK) !== ClaimState.free && this.#isSlotGone(at)) {
      const generation = now >>> CLAIM_GENERATION_SHIFT;
      storeWord(control, at + Registry.claim, (generation << CLAIM_GENERATION_SHIFT) | ClaimState.sweeping);
      this.#sweepLocks(slot, (slot + 1) | (generation << LOCK_GENERATION_SHIFT), table);
      table.freeReservationOf(at);
      this.#free(at, generation);
    }
    storeWord(control, at + Registry.sweeper, 0);
    return true;
  }

  /**
   * Heals and releases every lock of a thread that is gone, and waits for who is healing one: as long as a partition has
   * pending entries of the thread, its decision word is needed.
   */
  #sweepLocks(slot: number, lockWord: number, table: Table): void {
    const control = this.#control;
    const { partitions } = table;
    for (let index = 0; index < partitions.count; index++) {
      const header = partitions.headerOf(index);
      const isHeld = loadWord(control, header + Partition.lock) === lockWord;
      if (!isHeld && loadWord(control, header + Partition.transaction) !== slot + 1) continue;
      partitions.enter(index);
      // Not healed yet, if who took the lock over before died at once.
      if (control[header + Partition.transaction] === slot + 1) partitions.heal(header, index);
      partitions.leave(header);
    }
    if (loadWord(control, Superblock.controlLock) !== lockWord) return;
    partitions.enterControl();
    partitions.leaveControl();
  }

  #free(slotWord: number, generation: number): void {
    const control = this.#control;
    storeWord(control, slotWord + Registry.decision, 0);
    storeWord(control, slotWord + Registry.hazard, 0);
    pokeWord(control, slotWord + Registry.descriptor, 0);
    const next = (generation + 1) & LOCK_GENERATION_MASK;
    storeWord(control, slotWord + Registry.claim, (next << CLAIM_GENERATION_SHIFT) | ClaimState.free);
  }

  /** Frees a slot that is gone and left nothing, without a table: what a thread that finds no slot can do. */
  #freeUnused(slot: number): boolean {
    const control = this.#control;
    const at = this.#wordOf(slot);
    const claim = loadWord(control, at + Registry.claim);
    if (!this.#isSlotGone(at) || (claim & CLAIM_STATE_MASK) === ClaimState.free) return false;
    const { partitionCount } = this.#memory.geometry;
    const lockWord = (slot + 1) | ((claim >>> CLAIM_GENERATION_SHIFT) << LOCK_GENERATION_SHIFT);
    for (let index = 0; index < partitionCount; index++) {
      const header = this.#memory.headerWord(index);
      if (loadWord(control, header + Partition.lock) === lockWord) return false;
      if (loadWord(control, header + Partition.transaction) === slot + 1) return false;
    }
    const held = control[at + Registry.reservationPartition] !== 0 || control[at + Registry.hazard] !== 0;
    if (held || loadWord(control, Superblock.controlLock) === lockWord) return false;
    const next = (((claim >>> CLAIM_GENERATION_SHIFT) + 1) & LOCK_GENERATION_MASK) << CLAIM_GENERATION_SHIFT;
    pokeWord(control, at + Registry.descriptor, 0);
    return casWord(control, at + Registry.claim, claim, next) === claim;
  }

  /** Gives the calling thread's slot back. It holds no lock. */
  detach(): void {
    const generation = loadWord(this.#control, this.slotWord + Registry.claim) >>> CLAIM_GENERATION_SHIFT;
    this.#free(this.slotWord, generation);
    closeToken(this.#token);
    this.#ringAt(this.slotWord);
  }
}
