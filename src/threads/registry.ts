/**
 * The registry of attached threads: claiming and freeing slots, seeing who is gone, and sweeping up after them. Any
 * thread may call.
 *
 * Invariants
 * 1. A slot goes free → live → (sweeping) → free, with a new generation each time it is freed. Slot and generation
 *    together name a thread; lock words hold both.
 * 2. State, generation and liveness token are one 64-bit word, and every change of it is one compare-and-swap from the
 *    word that the decision was based on: there is no half-claimed slot, wherever a thread is stopped.
 * 3. Whoever sweeps a slot holds its `sweeper` word, taken by compare-and-swap from 0 or from a thread that is gone. A
 *    slot is freed only when no lock, reservation, hazard, ring or list insert of its thread is left, and nobody is
 *    healing what it left. Its lazy writes are applied. Sweeping is idempotent.
 * 4. One slot is spare: a thread that finds all others taken uses it to sweep, and gives it back at once.
 */
import { threadId } from 'node:worker_threads';
import { Partition } from '../../native-layout/partition.js';
import {
  CLAIM_GENERATION_MASK,
  type Claim,
  ClaimState,
  packClaim,
  Registry,
  unpackClaim,
} from '../../native-layout/registry.js';
import {
  LOCK_GENERATION_MASK,
  LOCK_GENERATION_SHIFT,
  LOCK_SLOT_MASK,
  Superblock,
} from '../../native-layout/superblock.js';
import { CacheError } from '../errors.js';
import { addWord, casWide, casWord, loadWide, loadWord, pokeWord, storeWord, wakeOn } from '../memory/atomics.js';
import type { Liveness, LockHolder } from '../memory/lock.js';
import type { SharedMemory } from '../memory/slab.js';
import type { Table } from '../table/table.js';
import { closeToken, isTokenOpen, type LivenessToken, openToken } from './liveness-token.js';

/** Which slots a thread may claim. */
type SlotKind = 'ordinary' | 'spare';

export class ThreadRegistry implements Liveness, LockHolder {
  readonly #memory: SharedMemory;
  readonly #control: Int32Array;
  /** Slab 0 as 64-bit words, for claims. */
  readonly #wide: BigInt64Array;
  readonly #token: LivenessToken;
  #table: Table | undefined;
  #claimed: Claim | undefined;
  /** Slot and generation of this thread. */
  lockWord = 0;
  /** Word index of this thread's slot. */
  slotWord = 0;

  /**
   * Claims a slot for the calling thread. `role` is 0 for a client, owner index + 1 for an owner.
   * @throws `ERR_SUPERCACHE_TOO_MANY_THREADS` if there is none
   */
  constructor(memory: SharedMemory, role: number, kind: SlotKind = 'ordinary') {
    this.#memory = memory;
    this.#control = memory.control;
    this.#wide = new BigInt64Array(memory.buffers[0], 0, memory.geometry.partitionWord / 2);
    this.#token = openToken();
    const spare = memory.geometry.threadSlots - 1;
    const [first, end] = kind === 'spare' ? [spare, spare + 1] : [0, spare];
    for (let slot = first; slot < end; slot++) if (this.#claim(slot, role)) return;
    closeToken(this.#token);
    const message = `all ${spare} thread slots are in use; see the option maxThreads`;
    throw new CacheError('TOO_MANY_THREADS', message, { op: 'attach' });
  }

  get liveness(): Liveness {
    return this;
  }

  #wordOf(slot: number): number {
    return this.#memory.geometry.registryWord + slot * Registry.sizeWords;
  }

  #load(slotWord: number): bigint {
    return loadWide(this.#wide, (slotWord + Registry.claim) / 2);
  }

  #swap(slotWord: number, from: bigint, to: Claim): boolean {
    return casWide(this.#wide, (slotWord + Registry.claim) / 2, from, packClaim(to));
  }

  #claim(slot: number, role: number): boolean {
    const at = this.#wordOf(slot);
    const now = this.#load(at);
    const before = unpackClaim(now);
    let { generation } = before;
    if (before.state !== ClaimState.free) {
      // Who dies with the spare slot leaves nothing but locks, which name the old generation: gone.
      const isSpare = slot === this.#memory.geometry.threadSlots - 1;
      if (!isSpare || isLive(before)) return false;
      generation = (generation + 1) & CLAIM_GENERATION_MASK;
    }
    this.#claimed = { state: ClaimState.live, generation, ...this.#token };
    if (!this.#swap(at, now, this.#claimed)) return false;
    pokeWord(this.#control, at + Registry.threadId, threadId);
    pokeWord(this.#control, at + Registry.role, role);
    this.slotWord = at;
    this.lockWord = (slot + 1) | (generation << LOCK_GENERATION_SHIFT);
    return true;
  }

  /** Whether the thread of the slot at this word index lives. */
  isAlive(slotWord: number): boolean {
    return isLive(unpackClaim(this.#load(slotWord)));
  }

  isGone(lockWord: number): boolean {
    const claim = unpackClaim(this.#load(this.#wordOf((lockWord & LOCK_SLOT_MASK) - 1)));
    return claim.generation !== ((lockWord >>> LOCK_GENERATION_SHIFT) & LOCK_GENERATION_MASK) || !isLive(claim);
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

  /**
   * Sweeps up after threads that are gone. Rings those that live and hold a reservation or a hazard: if an exception
   * left it, they let go of it between two turns of their event loop. Returns how many slots it freed.
   */
  sweepGone(): number {
    const table = this.#table;
    if (table === undefined) return 0;
    const control = this.#control;
    let freed = 0;
    for (let slot = 0; slot < this.#memory.geometry.threadSlots; slot++) {
      const at = this.#wordOf(slot);
      const claim = this.#load(at);
      if (unpackClaim(claim).state === ClaimState.free || at === this.slotWord) continue;
      if (!isLive(unpackClaim(claim))) {
        if (this.#sweep(slot, claim, table)) freed++;
      } else if (control[at + Registry.reservationHead] !== 0 || control[at + Registry.hazard] !== 0) {
        this.#ringAt(at);
      }
    }
    return freed;
  }

  #sweep(slot: number, claim: bigint, table: Table): boolean {
    const control = this.#control;
    const at = this.#wordOf(slot);
    const sweeper = loadWord(control, at + Registry.sweeper);
    if (sweeper !== 0 && sweeper !== this.lockWord && !this.isGone(sweeper)) return false;
    if (casWord(control, at + Registry.sweeper, sweeper, this.lockWord) !== sweeper) return false;
    const gone = unpackClaim(claim);
    const swept = this.#swap(at, claim, { ...gone, state: ClaimState.sweeping }) && this.#sweepUp(slot, gone, table);
    storeWord(control, at + Registry.sweeper, 0);
    return swept;
  }

  #sweepUp(slot: number, gone: Claim, table: Table): boolean {
    const at = this.#wordOf(slot);
    if (!this.#sweepLocks(slot, (slot + 1) | (gone.generation << LOCK_GENERATION_SHIFT), table)) return false;
    table.freeReservationOf(at);
    if (!table.drain.close(slot, (slot + 1) | (gone.generation << LOCK_GENERATION_SHIFT), false)) return false;
    return this.#free(at, { ...gone, state: ClaimState.sweeping });
  }

  /**
   * Heals and releases every lock of a thread that is gone. Who took one of them over and is still healing may need the
   * slot: the decision word, the reservation. So every lock that is held is passed through.
   * @returns false if one is held on: the slot must stay for now
   */
  #sweepLocks(slot: number, lockWord: number, table: Table): boolean {
    const control = this.#control;
    const { partitions } = table;
    for (let index = 0; index < partitions.count; index++) {
      const header = partitions.headerOf(index);
      const isFree = loadWord(control, header + Partition.lock) === 0;
      if (isFree && loadWord(control, header + Partition.transaction) !== slot + 1) continue;
      if (!partitions.passThrough(index)) return false;
    }
    if (loadWord(control, Superblock.controlLock) === lockWord) {
      partitions.enterControl();
      partitions.leaveControl();
    }
    return true;
  }

  #free(slotWord: number, claim: Claim): boolean {
    storeWord(this.#control, slotWord + Registry.decision, 0);
    storeWord(this.#control, slotWord + Registry.hazard, 0);
    const generation = (claim.generation + 1) & CLAIM_GENERATION_MASK;
    return this.#swap(slotWord, packClaim(claim), { state: ClaimState.free, generation, descriptor: 0, mark: 0 });
  }

  /** Gives the calling thread's slot back. It holds no lock. Rings it, so that whoever waits on its doorbell ends. */
  detach(): void {
    if (this.#claimed !== undefined) this.#free(this.slotWord, this.#claimed);
    closeToken(this.#token);
    this.#ringAt(this.slotWord);
  }
}

function isLive(claim: Claim): boolean {
  return claim.state === ClaimState.live && isTokenOpen(claim);
}
