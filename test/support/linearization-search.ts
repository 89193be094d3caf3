/**
 * The search for an order of the operations on one key that respects real time, and in which a plain map gives the
 * recorded results: the algorithm of Wing and Gong with the memoisation of Lowe ("Testing for linearizability", 2017),
 * as in Porcupine.
 *
 * How: it linearises, one after the other, operations that were invoked before the first return of those that are left,
 * and goes back when a return comes up whose operation fits nowhere. What was tried is remembered as (operations
 * linearised, value).
 * - The set of operations linearised is written as the length of its gapless beginning, the bits behind that, and the
 *   operations without return. So a state is a few characters where few operations overlap, and histories of thousands
 *   of operations take milliseconds.
 * - An operation that never returned may come at any time after its invocation, or never. It is tried last, where
 *   nothing else fits, and only if it makes one possible that is not: everywhere else it could as well come later, or
 *   be overwritten without having been seen, and so never. The one pair of which only the second makes another possible
 *   is a removal before an insert. So dozens of such operations cost little.
 */
import type { Operation } from './linearizability.js';

/** The value of a key; undefined: it has none. */
type Value = string | undefined;

/** Returned instead of a value when the operation cannot have this result here. */
const IMPOSSIBLE = Symbol('impossible');

/** The value after the operation, if its result is possible where the key has `value`. */
function after({ name, argument, result, returned }: Operation, value: Value): Value | typeof IMPOSSIBLE {
  const open = returned === Number.POSITIVE_INFINITY;
  const present = value !== undefined;
  if (name === 'put') return argument;
  if (name === 'insertNew') return open || result === !present ? (value ?? argument) : IMPOSSIBLE;
  if (name === 'delete') return open || result === present ? undefined : IMPOSSIBLE;
  if (name === 'take') return open || result === value ? undefined : IMPOSSIBLE;
  if (name === 'has') return open || result === present ? value : IMPOSSIBLE;
  return open || result === value ? value : IMPOSSIBLE;
}

/** A put of nothing is one, too. */
const isRemoval = ({ name, argument }: Operation): boolean =>
  name === 'take' || name === 'delete' || (name === 'put' && argument === undefined);

/** An event of an operation that returned, in a list linked both ways. Index 0 is the head. */
interface Events {
  /** Index of the operation; -1: the head. */
  readonly operation: Int32Array;
  readonly isReturn: Uint8Array;
  readonly next: Int32Array;
  readonly previous: Int32Array;
  /** Event of an operation's return. */
  readonly returnOf: Int32Array;
}

function eventsOf(operations: readonly Operation[]): Events {
  const times = operations.flatMap(({ invoked, returned }, operation) => [
    { operation, at: invoked, isReturn: 0 },
    { operation, at: returned, isReturn: 1 },
  ]);
  times.sort((a, b) => a.at - b.at || a.isReturn - b.isReturn);
  const count = times.length + 1;
  const events: Events = {
    operation: new Int32Array(count).fill(-1),
    isReturn: new Uint8Array(count),
    next: Int32Array.from({ length: count }, (_, i) => (i + 1) % count),
    previous: Int32Array.from({ length: count }, (_, i) => i - 1),
    returnOf: new Int32Array(operations.length),
  };
  for (const [i, { operation, isReturn }] of times.entries()) {
    events.operation[i + 1] = operation;
    events.isReturn[i + 1] = isReturn;
    if (isReturn !== 0) events.returnOf[operation] = i + 1;
  }
  return events;
}

/** One step of the search, for going back. */
interface Step {
  /** Event of the call; -1: the operation is one without return. */
  readonly call: number;
  readonly operation: number;
  readonly value: Value;
  /** Where among the operations without return the search goes on. */
  readonly open: number;
}

/** The deepest point of a search that failed: how much was linearised, the value there, and what did not fit. */
export interface Blockage {
  readonly count: number;
  readonly value: Value;
  readonly blocked: Operation;
}

/** The search over the operations of one key. */
export class Search {
  /** Operations that returned, in the order of their invocation; and those that did not. */
  readonly #closed: readonly Operation[];
  readonly #open: readonly Operation[];
  readonly #events: Events;
  readonly #done: Uint8Array;
  readonly #openDone: Uint8Array;
  readonly #seen = new Set<string>();
  readonly #steps: Step[] = [];
  #value: Value;
  /** All operations before this one are linearised. */
  #prefix = 0;
  /** Operations that returned and are linearised. */
  #count = 0;
  #blockage: Blockage | undefined;

  constructor(operations: readonly Operation[], initial: Value) {
    const ordered = [...operations].sort((a, b) => a.invoked - b.invoked);
    this.#closed = ordered.filter(({ returned }) => returned !== Number.POSITIVE_INFINITY);
    // A read that never returned says nothing.
    this.#open = ordered.filter(
      ({ returned, name }) => returned === Number.POSITIVE_INFINITY && name !== 'get' && name !== 'has',
    );
    this.#events = eventsOf(this.#closed);
    this.#done = new Uint8Array(this.#closed.length);
    this.#openDone = new Uint8Array(this.#open.length);
    this.#value = initial;
  }

  get blockage(): Blockage {
    if (this.#blockage === undefined) throw new Error('the search has not failed');
    return this.#blockage;
  }

  /** Whether there is an order. */
  run(): boolean {
    const { next, operation, isReturn } = this.#events;
    let event = next[0];
    let open = 0;
    while (this.#count < this.#closed.length) {
      if (isReturn[event] === 0) {
        if (this.#take(this.#closed[operation[event]], operation[event], event)) {
          event = next[0];
          open = 0;
        } else event = next[event];
        continue;
      }
      // A return comes up: an operation without return has to come before it, or the last step was wrong.
      this.#noteBlocked(operation[event]);
      const index = this.#takeOpen(open, this.#closed[operation[event]].returned);
      if (index >= 0) {
        event = next[0];
        open = 0;
        continue;
      }
      const step = this.#back();
      if (step === undefined) return false;
      event = step.call < 0 ? this.#firstReturn() : next[step.call];
      open = step.open;
    }
    return true;
  }

  #noteBlocked(blocked: number): void {
    if (this.#count <= (this.#blockage?.count ?? -1)) return;
    this.#blockage = { count: this.#count, value: this.#value, blocked: this.#closed[blocked] };
  }

  #firstReturn(): number {
    const { next, isReturn } = this.#events;
    let event = next[0];
    while (isReturn[event] === 0) event = next[event];
    return event;
  }

  /** Linearises an operation, unless it is impossible here or was tried. */
  #take(candidate: Operation, operation: number, call: number): boolean {
    const value = after(candidate, this.#value);
    if (value === IMPOSSIBLE) return false;
    const isOpen = call < 0;
    this.#mark(operation, isOpen, 1);
    const state = this.#state(value);
    if (this.#seen.has(state)) {
      this.#mark(operation, isOpen, 0);
      return false;
    }
    this.#seen.add(state);
    this.#steps.push({ call, operation, value: this.#value, open: isOpen ? operation + 1 : 0 });
    this.#value = value;
    if (isOpen) return true;
    this.#unlink(call);
    this.#unlink(this.#events.returnOf[operation]);
    return true;
  }

  /** Linearises the next operation without return that helps, from `first` on, invoked before the time given; or -1. */
  #takeOpen(first: number, before: number): number {
    // Removals are all alike: the first of them stands for all.
    let removed = this.#open.slice(0, first).some((open, i) => this.#openDone[i] === 0 && isRemoval(open));
    for (let i = first; i < this.#open.length && this.#open[i].invoked <= before; i++) {
      const open = this.#open[i];
      if (this.#openDone[i] !== 0 || (removed && isRemoval(open))) continue;
      removed ||= isRemoval(open);
      if (this.#helps(open) && this.#take(open, i, -1)) return i;
    }
    return -1;
  }

  /** Whether an operation without return makes one possible that could be next, or lets an insert do so. */
  #helps(open: Operation): boolean {
    const value = after(open, this.#value);
    if (value === IMPOSSIBLE || value === this.#value) return false;
    if (this.#frees(value)) return true;
    const isInsert = ({ name, argument }: Operation, i: number): boolean =>
      name === 'insertNew' && this.#openDone[i] === 0 && this.#frees(argument);
    return value === undefined && this.#open.some(isInsert);
  }

  /** Whether an operation that could be next is impossible now, and possible with this value. */
  #frees(value: Value): boolean {
    const { next, operation, isReturn } = this.#events;
    for (let event = next[0]; isReturn[event] === 0; event = next[event]) {
      const closed = this.#closed[operation[event]];
      if (after(closed, this.#value) === IMPOSSIBLE && after(closed, value) !== IMPOSSIBLE) return true;
    }
    return false;
  }

  #back(): Step | undefined {
    const step = this.#steps.pop();
    if (step === undefined) return undefined;
    const { call, operation, value } = step;
    this.#value = value;
    this.#mark(operation, call < 0, 0);
    if (call >= 0) {
      this.#relink(this.#events.returnOf[operation]);
      this.#relink(call);
    }
    return step;
  }

  #mark(operation: number, isOpen: boolean, done: 0 | 1): void {
    if (isOpen) {
      this.#openDone[operation] = done;
      return;
    }
    this.#done[operation] = done;
    this.#count += done === 1 ? 1 : -1;
    if (done === 0) this.#prefix = Math.min(this.#prefix, operation);
    while (this.#done[this.#prefix] === 1) this.#prefix++;
  }

  /** Operations linearised and value, as text. */
  #state(value: Value): string {
    let bits = '';
    let left = this.#count - this.#prefix;
    for (let i = this.#prefix, word = 0, width = 0; left > 0; i++) {
      left -= this.#done[i];
      word |= this.#done[i] << width++;
      if (width < 16 && left > 0) continue;
      bits += String.fromCharCode(word);
      word = 0;
      width = 0;
    }
    const open = this.#openDone.length === 0 ? '' : this.#openDone.join('');
    return `${this.#prefix} ${bits.length} ${bits}${open}${value === undefined ? '' : `=${value}`}`;
  }

  #unlink(event: number): void {
    const { next, previous } = this.#events;
    next[previous[event]] = next[event];
    previous[next[event]] = previous[event];
  }

  #relink(event: number): void {
    const { next, previous } = this.#events;
    next[previous[event]] = event;
    previous[next[event]] = event;
  }
}
