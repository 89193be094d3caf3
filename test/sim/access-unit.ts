/**
 * Doing one access of one actor: asked for, perhaps put off by the strategy or by what the memory model demands first,
 * then done on the model. `scheduler.ts` is the face that the rewritten engine sees.
 *
 * A killed actor is one that is never continued. Its buffered stores become visible before others see its death: the
 * end of a thread synchronises with whoever learns of it.
 */
import type { SharedMemory } from '../../src/memory/slab.js';
import type { SimulatedActor, Steps } from './actor.js';
import { MemoryModel, Mode } from './memory-model.js';
import { mark, type SharedView } from './shared-view.js';

export const Kind = {
  load: 0,
  store: 1,
  atomicLoad: 2,
  atomicStore: 3,
  swap: 4,
  add: 5,
  wideSwap: 6,
  park: 7,
  wake: 8,
} as const;
export const KIND_NAMES = Object.keys(Kind);
const WIDE_LOAD = Kind.atomicLoad;

/** One access that was done, for traces and for finding conflicts. */
export interface TraceStep {
  readonly actor: number;
  /** Number of the step, among those of all actors. */
  readonly step: number;
  readonly kind: number;
  readonly site: number;
  readonly location: number;
  readonly value: number | bigint;
}

export class AccessUnit {
  /** Whether the engine runs its path for processors that keep plain accesses in order. */
  strong = true;
  /** Result of the last access. */
  value: number | bigint | boolean = 0;
  sites: string[] = [];
  readonly model = new MemoryModel();
  /** The actor whose code is running. */
  current: SimulatedActor | undefined;
  actors: SimulatedActor[] = [];
  /** No steps: accesses are done at once, on what is visible. */
  solo = true;
  soloParks = 0;
  steps = 0;
  /** The step before which the strategy decides again. */
  decideAt = 0;
  /** Counts everything that happens, so that events have an order. */
  clock = 0;
  /** Weak mode: the moment that the last answer was based on; who asks later sees at least that. */
  synchronised = 0;
  /** Called with each access that was done, if anybody is interested. */
  onStep: ((step: TraceStep) => void) | undefined;
  #memory: SharedMemory | undefined;
  protected raceChance = 0;
  /** Who was the last at each location, plus 1. */
  #lastAt = new Uint8Array(0);

  /** Takes a memory: its views are marked, its accesses are steps. */
  adopt(memory: SharedMemory): void {
    this.#memory = memory;
    let at = 0;
    memory.words.forEach((words, slab) => {
      mark(words, at);
      mark(memory.bytes[slab], at);
      at += words.byteLength;
    });
    const { controlWords } = memory.geometry;
    this.model.firstCell = controlWords >> 2;
  }

  /** Words view and index of a location. */
  at(location: number): [view: SharedView, index: number] {
    let rest = location;
    for (const words of (this.#memory as SharedMemory).words) {
      if (rest < words.length) return [words, rest];
      rest -= words.length;
    }
    throw new Error(`location ${location} is outside the memory`);
  }

  locationOf(view: SharedView, index: number): number {
    const at = view.$at as number;
    return (at + index * view.BYTES_PER_ELEMENT) >> 2;
  }

  /** Registers the access that is to be done. True: not now. */
  protected ask(kind: number, site: number, view: SharedView, index: number, value: number | bigint): boolean {
    const actor = this.current as SimulatedActor;
    actor.kind = kind;
    actor.site = site;
    actor.view = view;
    actor.index = index;
    actor.value = value;
    actor.steps++;
    actor.asked = this.steps + 1;
    if (++this.steps >= this.decideAt || (this.raceChance > 0 && this.#races(actor, view, index))) return true;
    if (this.model.mode !== Mode.sc && !this.#isReady(actor)) return true;
    this.#perform(actor);
    return false;
  }

  /** Whether to decide again because another actor was the last one here. */
  #races({ id }: SimulatedActor, view: SharedView, index: number): boolean {
    const location = this.locationOf(view, index);
    const last = this.#lastAt[location];
    this.#lastAt[location] = id + 1;
    return last !== 0 && last !== id + 1 && this.model.random() < this.raceChance;
  }

  /** From now on: the chance that an access to where another actor was before is a place to decide again. */
  watchRaces(chance: number): void {
    this.raceChance = chance;
    if (this.#lastAt.length < this.model.endOfMemory) this.#lastAt = new Uint8Array(this.model.endOfMemory);
    else this.#lastAt.fill(0);
  }

  /** Whether the buffer of the actor allows its access. */
  #isReady(actor: SimulatedActor): boolean {
    const { model } = this;
    if (model.mode === Mode.sc) return true;
    switch (actor.kind) {
      case Kind.load:
        return true;
      case Kind.store:
        return model.canStore(actor);
      case Kind.atomicLoad:
        return model.canLoadAtomically(actor);
      case Kind.atomicStore:
        return model.mode === Mode.weak ? model.canStore(actor) : actor.buffer.length === 0;
      default:
        return actor.buffer.length === 0;
    }
  }

  /** Stops before the access that was asked for; when the actor goes on, it is done. */
  *finish(): Steps<number | bigint | boolean> {
    const actor = this.current as SimulatedActor;
    yield;
    while (!this.#isReady(actor)) {
      this.model.flushOne(actor);
      this.steps++;
      if (this.steps >= this.decideAt) yield;
    }
    if (actor.kind === Kind.park) yield* this.#park(actor);
    else this.#perform(actor);
    return this.value;
  }

  /** Lets everything that the actor has stored become visible. */
  *drain(): Steps<void> {
    const actor = this.current as SimulatedActor;
    while (actor.buffer.length > 0) {
      this.model.flushOne(actor);
      actor.steps++;
      if (++this.steps >= this.decideAt) yield;
    }
  }

  #perform(actor: SimulatedActor): void {
    const { model } = this;
    const view = actor.view as SharedView;
    const { index } = actor;
    const location = this.locationOf(view, index);
    const { kind } = actor;
    if (kind === Kind.load) this.value = this.#load(actor, view, index, location);
    else if (kind === Kind.store) this.#store(actor, view, index, location);
    else this.#performAtomic(actor, view, index, location);
    if (model.mode !== Mode.sc && model.random() < model.weakness.flush) this.#flushSome();
    this.#tell(actor, location, this.value);
  }

  #tell({ id, asked, kind, site, value }: SimulatedActor, location: number, result: number | bigint | boolean): void {
    const shown = typeof result === 'boolean' ? value : result;
    this.onStep?.({ actor: id, step: asked, kind, site, location, value: shown });
  }

  #load(actor: SimulatedActor, view: SharedView, index: number, location: number): number {
    if (view.BYTES_PER_ELEMENT === 4) return this.model.load(actor, view, index, location);
    const [words, word] = this.at(location);
    return (this.model.load(actor, words, word, location) >>> ((((view.$at as number) + index) & 3) << 3)) & 0xff;
  }

  #store(actor: SimulatedActor, view: SharedView, index: number, location: number): void {
    this.value = actor.value;
    const value = actor.value as number;
    if (view.BYTES_PER_ELEMENT === 4) {
      this.model.store(actor, view, index, location, value);
      return;
    }
    // A byte is merged into its word, as the actor sees it: nobody else stores to the words of its cell.
    const [words, word] = this.at(location);
    const shift = (((view.$at as number) + index) & 3) << 3;
    const before = this.model.load(actor, words, word, location);
    this.model.store(actor, words, word, location, (before & ~(0xff << shift)) | ((value & 0xff) << shift));
  }

  #performAtomic(actor: SimulatedActor, view: SharedView, index: number, location: number): void {
    const { model } = this;
    if (view.BYTES_PER_ELEMENT > 4) {
      this.#performWide(actor, view as unknown as BigInt64Array, index);
      return;
    }
    const value = actor.value as number;
    if (actor.kind === Kind.atomicLoad) {
      this.value = model.atomicLoad(actor, view, index, location);
    } else if (actor.kind === Kind.atomicStore) {
      model.atomicStore(actor, view, index, location, value);
      this.value = value;
    } else if (actor.kind === Kind.wake) {
      this.#wake(location);
      model.acquire(actor);
    } else {
      const before = view[index];
      if (actor.kind === Kind.add) model.publish(actor, view, index, location, (before + value) | 0);
      else if (before === actor.expected) model.publish(actor, view, index, location, value);
      else model.acquire(actor);
      this.value = before;
    }
  }

  /** Claims of the registry: both halves change at one moment, and are read on the latest values. */
  #performWide(actor: SimulatedActor, view: BigInt64Array, index: number): void {
    this.model.acquire(actor);
    if (actor.kind === WIDE_LOAD) {
      this.value = view[index];
      return;
    }
    this.value = view[index] === actor.expected;
    if (this.value) view[index] = actor.value as bigint;
  }

  #flushSome(): void {
    const { model } = this;
    const chosen = this.actors[Math.floor(model.random() * this.actors.length)];
    if (chosen !== undefined) model.flushOne(chosen);
  }

  /** Waits while the word has the value: compared and parked at one moment, as `Atomics.wait` does. */
  *#park(actor: SimulatedActor): Steps<void> {
    const view = actor.view as SharedView;
    this.model.acquire(actor);
    this.#tell(actor, this.locationOf(view, actor.index), view[actor.index]);
    if (view[actor.index] !== actor.value) return;
    actor.parkedOn = this.locationOf(view, actor.index);
    actor.state = 'parked';
    yield;
    this.model.acquire(actor);
  }

  #wake(location: number): void {
    for (const actor of this.actors) {
      if (actor.state === 'parked' && actor.parkedOn === location) actor.state = 'ready';
    }
  }
}
