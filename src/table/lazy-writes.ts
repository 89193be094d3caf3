/**
 * Lazy writes of one thread: its rings, one per owner, made at the first write that needs one.
 *
 * Invariants
 * 1. A lazy write stands in the ring of its partition's owner, behind all earlier ones of the thread for that owner. If
 *    it cannot (there is no ring, or it is longer than a ring takes), the ring is drained and it is stored directly.
 * 2. Every direct change of a partition by this thread comes after `settle` of it: so nothing of a thread overtakes
 *    what it wrote before.
 * 3. A ring that is full is drained by its producer, from the front.
 * 4. A producer stores `produced`, then looks at `asleep`; an owner stores `asleep`, then looks at `produced`. Both are
 *    sequentially consistent, so one of the two sees the other.
 */
import { Registry } from '../../native-layout/registry.js';
import { OwnerDesk, RingSlot } from '../../native-layout/ring.js';
import { Superblock } from '../../native-layout/superblock.js';
import { casWord, loadWord, storeWord } from '../memory/atomics.js';
import type { KeyView, ValueView } from '../memory/views.js';
import { Ring, recordWords } from '../ring/ring.js';
import { takeRing } from '../ring/ring-pages.js';
import { BATCH, type Drain } from './drain.js';
import type { Lifetime } from './lifetime.js';
import { Outcome } from './outcome.js';
import type { Partitions } from './partitions.js';
import type { Writer } from './writer.js';

/** Looks at a full ring before its producer parks, each about 10 ns. */
const SPINS = 4000;
/** Words that are room enough to go on. */
const ROOM_WORDS = 512;
/** No search for memory has failed. */
const NEVER = -1;

export class LazyWrites {
  /** Whether this thread has a ring: direct writes settle first. */
  buffering = false;
  /** Whether the last `drainColumn` met a ring that another thread was draining. */
  sawBusy = false;
  /** Called after a lazy write when there are no owners to wake. */
  onBuffered: () => void = () => {};
  private readonly partitions: Partitions;
  private readonly control: Int32Array;
  private readonly writer: Writer;
  private readonly drain: Drain;
  private readonly slot: number;
  private readonly rings: (Ring | undefined)[];
  private readonly deskWord: number;
  private readonly ownerCount: number;
  /** `releasedPages` when there was no page for a ring: until it differs there is none. */
  private exhaustedAt = NEVER;

  constructor(partitions: Partitions, writer: Writer, drain: Drain) {
    const { geometry } = partitions.memory;
    this.partitions = partitions;
    this.control = partitions.control;
    this.writer = writer;
    this.drain = drain;
    this.slot = (partitions.self.slotWord - geometry.registryWord) / Registry.sizeWords;
    this.rings = Array.from({ length: drain.columns }, () => undefined);
    this.deskWord = geometry.ownerDeskWord;
    this.ownerCount = geometry.ownerCount;
  }

  /** Stores the entry soon, with a lifetime at once: records have none. Returns whether it was stored at once. */
  put(
    partitionIndex: number,
    namespaceSlot: number,
    key: KeyView,
    value: ValueView,
    lifetime: Lifetime | undefined,
  ): boolean {
    const column = this.drain.columnOf(partitionIndex);
    const ring = lifetime === undefined ? (this.rings[column] ?? this.ringFor(column)) : undefined;
    if (ring === undefined || recordWords(key.length, value.length) > ring.maxRecordWords) {
      return this.putNow(column, partitionIndex, namespaceSlot, key, value, lifetime);
    }
    while (!ring.append(partitionIndex, namespaceSlot, key, value)) this.makeRoom(column, ring);
    if (this.ownerCount === 0) this.onBuffered();
    else this.wake(column);
    return false;
  }

  /** The ring is full: lets its owner make room if it is at it, else applies some records here. */
  private makeRoom(column: number, ring: Ring): void {
    const lock = this.drain.wordOf(column, this.slot) + RingSlot.lock;
    const { applied } = ring;
    for (let spin = 0; spin < SPINS && loadWord(this.control, lock) !== 0; spin++) {
      // Worth going on: the owner applied a good part of a batch.
      if (((ring.applied - applied) | 0) > ROOM_WORDS) return;
    }
    this.drain.batch(column, this.slot, true);
  }

  private wake(column: number): void {
    const desk = this.deskWord + column * OwnerDesk.sizeWords;
    if (loadWord(this.control, desk + OwnerDesk.asleep) === 0) return;
    if (casWord(this.control, desk + OwnerDesk.asleep, 1, 0) !== 1) return;
    this.partitions.self.liveness.ring(loadWord(this.control, desk + OwnerDesk.slot));
  }

  private putNow(
    column: number,
    partitionIndex: number,
    namespaceSlot: number,
    key: KeyView,
    value: ValueView,
    lifetime: Lifetime | undefined,
  ): boolean {
    this.settle(partitionIndex);
    if (this.writer.put(partitionIndex, namespaceSlot, key, value, false, lifetime) === Outcome.stored) return true;
    this.drain.enter(column, this.slot, true);
    this.drain.refuseDirect(column, this.slot, namespaceSlot, key);
    this.drain.leave(column, this.slot);
    return false;
  }

  /** Makes a ring, if there are pages for it. */
  private ringFor(column: number): Ring | undefined {
    const { drain, partitions, control, slot } = this;
    const released = loadWord(control, Superblock.releasedPages);
    if (released === this.exhaustedAt) return undefined;
    drain.enter(column, slot, true);
    const at = drain.wordOf(column, slot) + RingSlot.address;
    // One that is there already was made by a call that an exception ended.
    if (control[at] === 0) {
      partitions.enterControl();
      const address = takeRing(partitions.memory, slot);
      partitions.leaveControl();
      storeWord(control, at, address);
    }
    const address = control[at];
    drain.leave(column, slot);
    if (address === 0) {
      this.exhaustedAt = released;
      return undefined;
    }
    const ring = new Ring(partitions.memory);
    ring.open(address);
    this.rings[column] = ring;
    this.buffering = true;
    return ring;
  }

  /** Applies this thread's lazy writes for the owner of a partition, which a direct write must not overtake. */
  settle(partitionIndex: number): void {
    // A `vm` time-out in the middle of a drain may have left a mark, which is not for a direct write.
    this.partitions.log.unmark();
    this.settleColumn(this.drain.columnOf(partitionIndex));
  }

  /** Applies all lazy writes of this thread. */
  settleAll(): void {
    this.partitions.log.unmark();
    for (let column = 0; column < this.rings.length; column++) this.settleColumn(column);
  }

  private settleColumn(column: number): void {
    const ring = this.rings[column];
    while (ring !== undefined && !ring.isEmpty) this.drain.batch(column, this.slot, true);
  }

  /** Applies what all threads have written lazily before the call. */
  flush(): void {
    for (let column = 0; column < this.drain.columns; column++) {
      for (let slot = 0; slot < this.drain.slots; slot++) this.drain.flush(column, slot);
    }
  }

  /** Applies some of the lazy writes of all threads for one owner. Returns how many. */
  drainColumn(column: number): number {
    let taken = 0;
    this.sawBusy = false;
    for (let slot = 0; slot < this.drain.slots; slot++) {
      for (let rounds = 0; rounds < BATCHES_PER_VISIT; rounds++) {
        const batch = this.drain.batch(column, slot, false);
        taken += batch;
        if (batch < BATCH) {
          if (batch === 0 && this.drain.hasPending(column, slot)) this.sawBusy = true;
          break;
        }
      }
    }
    return taken;
  }

  /**
   * An owner is about to park. False: not for long, as there are records, which another thread is applying, or was: it
   * is rung, in case an exception threw it out. Who writes a record later rings the owner's doorbell, once.
   */
  rest(column: number): boolean {
    const desk = this.deskWord + column * OwnerDesk.sizeWords;
    storeWord(this.control, desk + OwnerDesk.slot, this.slot + 1);
    storeWord(this.control, desk + OwnerDesk.asleep, 1);
    for (let slot = 0; slot < this.drain.slots; slot++) {
      if (!this.drain.hasPending(column, slot)) continue;
      const holder = loadWord(this.control, this.drain.wordOf(column, slot) + RingSlot.lock);
      if (holder !== 0) this.partitions.self.liveness.ring(holder);
      return false;
    }
    return true;
  }

  /** The owner is up again, whoever woke it. */
  rise(column: number): void {
    storeWord(this.control, this.deskWord + column * OwnerDesk.sizeWords + OwnerDesk.asleep, 0);
  }

  /** This thread goes: applies its lazy writes and gives its rings back. */
  close(): void {
    if (!this.buffering) return;
    this.buffering = false;
    this.rings.fill(undefined);
    this.drain.close(this.slot, this.partitions.self.lockWord, true);
  }
}

/** Batches that an owner applies of one ring before it looks at the next. */
const BATCHES_PER_VISIT = 4;
