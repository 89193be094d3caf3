/**
 * What an actor may see of the stores of others. The words of the slabs always hold the latest value of each location;
 * a moment is the number of stores that had become visible.
 *
 * - `sc`: every store is visible at once.
 * - `tso` (x64, the `strong` path): plain stores wait in a FIFO buffer of their actor and become visible when the
 *   scheduler wants; the actor itself sees them. Atomic stores, swaps, additions, parks and wakes (locked instructions)
 *   wait until the buffer is empty. Atomic loads are plain `mov`, as V8 emits them.
 * - `weak` (arm64, the other path), after the view-based model of Arm by Pulte et al., "Promising-ARM/RISC-V", PLDI
 *   2019: memory is one sequence of messages, as Arm is multi-copy atomic, so a view is a moment.
 *   · A plain store waits in a buffer and becomes visible in any order, except that stores to one location keep theirs.
 *   · A plain load may see any message that was the latest at some moment since its floor: the moment of the last
 *     acquire of the actor, what it has already seen of this location, and, through an address that it loaded, the
 *     moment of the message that it found there (address dependency).
 *   · An atomic store (STLR) becomes visible after all earlier stores; a later plain store may overtake it.
 *   · An atomic load (LDAR) waits for earlier atomic stores, is no older than they are, and raises the floor.
 *   · Swaps and additions (LDAXR … STLXR) do both at one moment, on the latest value.
 *
 * Argued, not shown, since an operational model without promises cannot: a load that is satisfied after a later store
 * of its actor became visible (load buffering); and that a later access passes the storing half of a swap.
 * An address dependency is recognised by the loaded value: the nearest loaded address at most MAX_CELL_WORDS before the
 * location. That is right as long as what looks like an address is one.
 */
import type { BufferedStore, SimulatedActor } from './actor.js';
import type { SharedView } from './shared-view.js';

export const Mode = { sc: 0, tso: 1, weak: 2 } as const;
export type ModeName = keyof typeof Mode;

const MAX_CELL_WORDS = 256;
const ADDRESS_RING = 12;
/** At most so many messages back. */
const MAX_STALENESS = 12;

/** How far this run goes from sequential consistency; chosen anew for each run. */
export interface Weakness {
  /** Chance per step that a buffered store becomes visible. */
  readonly flush: number;
  /** Chance that a load looks for an older message. */
  readonly stale: number;
  /** Chance that it is the newest one, where it may be any. */
  readonly newest: number;
  /** Most stores in a buffer. */
  readonly capacity: number;
}

export class MemoryModel {
  mode: number = Mode.sc;
  weakness: Weakness = { flush: 0.5, stale: 0.3, newest: 0, capacity: 16 };
  random: () => number = () => 0;
  /** Words of all slabs before this one are no addresses: the control region. */
  firstCell = 0;
  endOfMemory = 0;
  moment = 0;
  /** Latest message of each location, 0: none in this run. */
  #heads = new Int32Array(0);
  readonly #touched: number[] = [];
  readonly #values: number[] = [0];
  readonly #moments: number[] = [0];
  readonly #previous: number[] = [0];

  /** Forgets everything, for a memory of so many words. */
  reset(mode: number, words: number): void {
    this.mode = mode;
    if (this.#heads.length < words) this.#heads = new Int32Array(words);
    for (const location of this.#touched) this.#heads[location] = 0;
    for (const list of [this.#values, this.#moments, this.#previous]) list.length = 1;
    this.#touched.length = 0;
    this.moment = 0;
    this.endOfMemory = words;
  }

  /** A plain load. */
  load(actor: SimulatedActor, view: SharedView, index: number, location: number): number {
    const own = this.#buffered(actor, location);
    if (own !== undefined) return own.value;
    if (this.mode !== Mode.weak) return view[index];
    const floor = Math.max(actor.floor, this.#addressFloor(actor, location));
    return this.#see(actor, view[index], location, floor);
  }

  #buffered({ buffer }: SimulatedActor, location: number): BufferedStore | undefined {
    for (let i = buffer.length - 1; i >= 0; i--) if (buffer[i].location === location) return buffer[i];
    return undefined;
  }

  /** Chooses a message of the location that is not older than the floor, and what the actor has seen of it. */
  #see(actor: SimulatedActor, latest: number, location: number, floor: number): number {
    let message = this.#heads[location];
    let value = latest;
    if (message !== 0) {
      const least = Math.max(floor, actor.seen.get(location) ?? 0);
      if (this.#moments[message] > least && this.random() < this.weakness.stale) {
        let back = 0;
        while (this.#moments[message] > least && back++ < MAX_STALENESS && this.random() < 0.7) {
          message = this.#previous[message];
        }
      }
      value = this.#values[message];
      actor.seen.set(location, Math.max(least, this.#moments[message]));
    }
    if (value >= this.firstCell && value < this.endOfMemory >> 2) {
      this.#remember(actor, value, Math.max(floor, this.#moments[message]));
    }
    return value;
  }

  #remember(actor: SimulatedActor, address: number, moment: number): void {
    actor.addresses[actor.nextAddress] = { location: (address & ~1) << 2, moment };
    actor.nextAddress = (actor.nextAddress + 1) % ADDRESS_RING;
  }

  #addressFloor({ addresses }: SimulatedActor, location: number): number {
    let nearest = location - MAX_CELL_WORDS;
    let moment = 0;
    for (const loaded of addresses) {
      if (loaded.location > location || loaded.location < nearest) continue;
      moment = loaded.location === nearest ? Math.max(moment, loaded.moment) : loaded.moment;
      nearest = loaded.location;
    }
    return moment;
  }

  /** A plain store. False: the buffer is full, one must become visible before. */
  store(actor: SimulatedActor, view: SharedView, index: number, location: number, value: number): void {
    if (this.mode === Mode.sc) view[index] = value;
    else actor.buffer.push({ view, index, location, value, release: false });
  }

  /** Whether an access of this kind can be done now, or first a store must become visible. */
  canStore(actor: SimulatedActor): boolean {
    return actor.buffer.length < this.weakness.capacity;
  }

  canLoadAtomically(actor: SimulatedActor): boolean {
    return this.mode !== Mode.weak || !actor.buffer.some((store) => store.release);
  }

  atomicLoad(actor: SimulatedActor, view: SharedView, index: number, location: number): number {
    if (this.mode !== Mode.weak) return this.load(actor, view, index, location);
    const own = this.#buffered(actor, location);
    if (own !== undefined) return own.value;
    const floor = Math.max(actor.floor, actor.released, this.#addressFloor(actor, location));
    const value = this.#see(actor, view[index], location, floor);
    actor.floor = Math.max(floor, actor.seen.get(location) ?? 0);
    return value;
  }

  /** An atomic store; in the mode `tso` the buffer is empty. */
  atomicStore(actor: SimulatedActor, view: SharedView, index: number, location: number, value: number): void {
    if (this.mode === Mode.weak) actor.buffer.push({ view, index, location, value, release: true });
    else view[index] = value;
  }

  /** Everything that was visible is seen from now on. */
  acquire(actor: SimulatedActor): void {
    actor.floor = this.moment;
  }

  /** A store that is visible at once, by an actor whose buffer is empty. */
  publish(actor: SimulatedActor, view: SharedView, index: number, location: number, value: number): void {
    if (this.mode === Mode.weak) this.#append(view, index, location, value);
    else view[index] = value;
    actor.floor = this.moment;
    actor.released = this.moment;
  }

  #append(view: SharedView, index: number, location: number, value: number): void {
    const message = (before: number, moment: number, previous: number): number => {
      this.#values.push(before);
      this.#moments.push(moment);
      this.#previous.push(previous);
      return this.#values.length - 1;
    };
    let head = this.#heads[location];
    if (head === 0) {
      this.#touched.push(location);
      head = message(view[index], 0, 0);
    }
    this.#heads[location] = message(value, ++this.moment, head);
    view[index] = value;
  }

  /** One buffered store of the actor becomes visible. */
  flushOne(actor: SimulatedActor): void {
    const { buffer } = actor;
    if (buffer.length === 0) return;
    let chosen = 0;
    if (this.mode === Mode.weak) {
      const newest = this.random() < this.weakness.newest;
      chosen = newest ? buffer.length - 1 : Math.floor(this.random() * buffer.length);
      const { location } = buffer[chosen];
      if (buffer[chosen].release) chosen = 0;
      else chosen = buffer.findIndex((store) => store.location === location);
      // The first of its location may be a releasing one.
      if (buffer[chosen].release) chosen = 0;
    }
    const [{ view, index, location, value, release }] = buffer.splice(chosen, 1);
    if (this.mode !== Mode.weak) {
      view[index] = value;
      return;
    }
    this.#append(view, index, location, value);
    actor.seen.set(location, this.moment);
    if (release) actor.released = this.moment;
  }
}
