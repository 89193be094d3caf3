/**
 * The deterministic scheduler: what `memory/atomics.ts` and every access of an element of a typed array become in the
 * rewritten engine. One thread; an actor is a generator that stops before an access, and the strategy says who goes on.
 *
 * An access is asked for by its name (`load`, `store`, …). The answer false means that it is done and its result is in
 * `value`; true, that the actor must `yield* finish()`, because the strategy wants to decide, or because stores of the
 * actor must become visible first. While nobody is scheduled (`solo`), accesses are done at once.
 */
import { AccessUnit, Kind } from './access-unit.js';
import type { SimulatedActor, Steps } from './actor.js';
import { blockCopy } from './block-copy.js';
import { mark, type SharedView } from './shared-view.js';

const WIDE_LOAD = Kind.atomicLoad;

class Scheduler extends AccessUnit {
  #isPrivate(view: SharedView): boolean {
    return this.solo || view.$at === undefined;
  }

  load(site: number, view: SharedView, index: number): boolean {
    if (!this.#isPrivate(view)) return this.ask(Kind.load, site, view, index, 0);
    this.value = view[index];
    return false;
  }

  store(site: number, view: SharedView, index: number, value: number): boolean {
    if (!this.#isPrivate(view)) return this.ask(Kind.store, site, view, index, value);
    view[index] = value;
    this.value = value;
    return false;
  }

  atomicLoad(site: number, view: SharedView, index: number): boolean {
    if (this.solo) {
      this.value = view[index];
      return false;
    }
    return this.ask(Kind.atomicLoad, site, this.#known(view), index, 0);
  }

  atomicStore(site: number, view: SharedView, index: number, value: number): boolean {
    if (this.solo) {
      view[index] = value;
      return false;
    }
    return this.ask(Kind.atomicStore, site, this.#known(view), index, value);
  }

  swap(site: number, view: SharedView, index: number, expected: number, value: number): boolean {
    if (this.solo) {
      this.value = view[index];
      if (this.value === expected) view[index] = value;
      return false;
    }
    (this.current as SimulatedActor).expected = expected;
    return this.ask(Kind.swap, site, view, index, value);
  }

  add(site: number, view: SharedView, index: number, delta: number): boolean {
    if (this.solo) {
      this.value = view[index];
      view[index] += delta;
      return false;
    }
    return this.ask(Kind.add, site, view, index, delta);
  }

  wideLoad(site: number, view: BigInt64Array, index: number): boolean {
    if (this.solo) {
      this.value = view[index];
      return false;
    }
    return this.ask(WIDE_LOAD, site, this.#known(view as unknown as SharedView), index, 0);
  }

  wideSwap(site: number, view: BigInt64Array, index: number, expected: bigint, value: bigint): boolean {
    if (this.solo) {
      this.value = view[index] === expected;
      if (this.value) view[index] = value;
      return false;
    }
    (this.current as SimulatedActor).expected = expected;
    return this.ask(Kind.wideSwap, site, this.#known(view as unknown as SharedView), index, value);
  }

  park(site: number, view: SharedView, index: number, value: number, _timeoutMs: number): boolean {
    if (this.solo) {
      // Time is up at once; who waits for ever in solo waits for a lock that nobody will release.
      if (++this.soloParks > 50) throw new Error(`waits for ever: ${this.sites[site]}`);
      return false;
    }
    const actor = this.current as SimulatedActor;
    Object.assign(actor, { kind: Kind.park, site, view, index, value, asked: ++this.steps });
    actor.steps++;
    return true;
  }

  wake(site: number, view: SharedView, index: number): boolean {
    return !this.solo && this.ask(Kind.wake, site, view, index, 0);
  }

  /** Private words that are used atomically stand at location 0, the magic number, which nobody loads. */
  #known(view: SharedView): SharedView {
    return view.$at === undefined ? mark(view, 0) : view;
  }

  /** Block copies and comparisons: word by word where one side is shared. */
  block(site: number, view: SharedView, name: string, args: unknown[]): Steps<unknown> {
    return blockCopy(this, site, view, name, args);
  }

  subarray(view: SharedView, start: number, end: number): SharedView {
    const part = view.subarray(start, end) as SharedView;
    return view.$at === undefined ? part : mark(part, view.$at + start * view.BYTES_PER_ELEMENT);
  }

  *map<T, R>(list: readonly T[], change: (item: T) => Steps<R>): Steps<R[]> {
    const changed: R[] = [];
    for (const item of list) changed.push(yield* change(item));
    return changed;
  }

  /** The result of a call of which only the type is known: it may be a function with steps. */
  *dynamic(result: unknown): Steps<unknown> {
    const isSteps = typeof result === 'object' && result !== null && 'next' in result && 'throw' in result;
    return isSteps ? yield* result as Steps : result;
  }
}

export const scheduler = new Scheduler();
