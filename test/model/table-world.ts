/**
 * Several actors on one memory beside a map of what must be there. An actor may be killed in the middle of a deed; what
 * it did is in doubt then, until somebody has passed through every lock: it must be one of the changes that the deed
 * allows, all of it. Until its slot is swept, the dead actor stays in the way of the others.
 */
import type { Actor } from '../support/actors.js';
import type { Stage } from '../support/fault-stage.js';
import { type Change, type Deed, type Entries, NAMESPACES } from './table-deeds.js';

export const ACTORS = 4;
/** After so many deaths that nobody swept up, somebody must. */
const MOST_DEAD = ACTORS - 2;

export class World {
  readonly entries: Entries = new Map();
  /** What happened, over all worlds. */
  readonly counts: Record<string, number>;
  readonly #stage: Stage;
  readonly #keys: readonly string[];
  readonly #actors: Actor[];
  readonly #dead = new Set<number>();
  /** Changes of deeds that were killed; which of each is true is not known yet. */
  #doubts: Change[][] = [];

  /** On a stage that is empty. `keys` are all keys that deeds name. */
  constructor(stage: Stage, keys: readonly string[], counts: Record<string, number>) {
    stage.restore();
    this.#stage = stage;
    this.#keys = keys;
    this.counts = counts;
    this.#actors = Array.from({ length: ACTORS }, (_, slot) => stage.actor(slot));
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** The slot of a living actor: this one, or one behind it. */
  #living(slot: number): number {
    let living = slot % ACTORS;
    while (this.#dead.has(living)) living = (living + 1) % ACTORS;
    return living;
  }

  /** Does a deed; with `steps` the actor is killed after so many of them, unless it has ended before. */
  perform(deed: Deed, who: number, steps?: number): void {
    const { names } = deed;
    const inDoubt = this.#doubts.flat().some((change) => names === 'all' || names.some((name) => change.has(name)));
    if (inDoubt) this.resolve(who + 1);
    const changes = deed.changes(this.entries);
    const slot = this.#living(who);
    let answer: unknown;
    const act = (actor: Actor): void => {
      answer = deed.act(actor);
    };
    if (steps === undefined) act(this.#actors[slot]);
    else if (this.#stage.kill(this.#actors[slot], steps, act)) {
      this.#count(`killed: ${deed.text.split(' ')[0]}`);
      this.#dead.add(slot);
      if (changes.length > 1) this.#doubts.push(changes);
      return;
    }
    const change = deed.settle(this.entries, answer);
    if (change === undefined) throw new Error(`${deed.text} of actor ${slot} answered ${String(answer).slice(0, 60)}`);
    this.#count(`${deed.text.split(' ')[0]}${answer === 0 || typeof answer !== 'number' ? '' : `: ${answer}`}`);
    this.#apply(change);
  }

  #apply(change: Change): void {
    for (const [name, value] of change) {
      if (value === undefined) this.entries.delete(name);
      else this.entries.set(name, value);
    }
  }

  /** Passes through every lock, so that everything is healed, and finds out what the dead did. */
  resolve(who: number): void {
    const by = this.#actors[this.#living(who)];
    const { partitions } = by.table;
    for (let index = 0; index < partitions.count; index++) partitions.leave(partitions.enter(index));
    partitions.enterControl();
    partitions.leaveControl();
    for (const changes of this.#doubts) {
      const names = changes.flatMap((change) => [...change.keys()]);
      const found = new Map(names.map((name) => [name, by.get(Number(name[0]), name.slice(2))]));
      const after = (change: Change, name: string) => (change.has(name) ? change.get(name) : this.entries.get(name));
      const fitting = changes.find((change) => names.every((name) => found.get(name) === after(change, name)));
      if (fitting === undefined) throw new Error(`a killed deed was done in part: ${[...found.keys()]}`);
      this.#apply(fitting);
    }
    this.#doubts = [];
  }

  /** Sweeps up after all dead actors; others take their slots. */
  sweep(who: number): void {
    const by = this.#actors[this.#living(who)];
    this.resolve(who);
    for (const slot of this.#dead) {
      this.#stage.sweep(by, slot);
      this.#stage.gone.delete(this.#actors[slot].lockWord);
      this.#actors[slot] = this.#stage.actor(slot);
    }
    this.#dead.clear();
  }

  /** Compares everything, in both directions; what is in doubt may be as before, or as after. */
  compare(who: number): void {
    if (this.#dead.size > MOST_DEAD) this.sweep(who);
    const by = this.#actors[this.#living(who)];
    const allowed = this.#allowed();
    for (const namespace of NAMESPACES) {
      for (const key of this.#keys) {
        const name = `${namespace}/${key}`;
        const value = by.get(namespace, key) as string | undefined;
        const expected = allowed.get(name) ?? [this.entries.get(name)];
        if (!expected.includes(value)) throw new Error(`${name} is ${shown(value)}, not ${expected.map(shown)}`);
        const isKnown = expected.every((one) => (one === undefined) === (value === undefined));
        if (isKnown && by.has(namespace, key) !== (value !== undefined)) throw new Error(`has ${name} is wrong`);
      }
      this.#compareScan(by, namespace, allowed);
    }
    if (this.#doubts.length > 0) return;
    const law = by.verify();
    if (law !== undefined) throw new Error(law);
    for (const namespace of NAMESPACES) {
      const size = by.table.namespaces.size(namespace);
      const expected = [...this.entries.keys()].filter((name) => Number(name[0]) === namespace).length;
      if (size !== expected) throw new Error(`size of ${namespace} is ${size}, not ${expected}`);
    }
  }

  /** Values that are allowed for names in doubt. */
  #allowed(): Map<string, (string | undefined)[]> {
    const allowed = new Map<string, (string | undefined)[]>();
    for (const [name, value] of this.#doubts.flat().flatMap((change) => [...change])) {
      allowed.set(name, [...(allowed.get(name) ?? [this.entries.get(name)]), value]);
    }
    return allowed;
  }

  #compareScan(by: Actor, namespace: number, allowed: ReadonlyMap<string, unknown>): void {
    const names = this.#stage.scan(by, namespace).map((key) => `${namespace}/${key}`);
    const seen = new Set(names);
    if (seen.size !== names.length) throw new Error(`a scan of ${namespace} sees a row twice`);
    for (const name of seen) {
      if (!this.entries.has(name) && !allowed.has(name)) throw new Error(`a scan sees ${name}, which is not there`);
    }
    for (const name of this.entries.keys()) {
      const isMissed = Number(name[0]) === namespace && !seen.has(name) && !allowed.has(name);
      if (isMissed) throw new Error(`a scan does not see ${name}`);
    }
  }

  /** Removes everything, and gives all memory back. */
  finish(): void {
    this.sweep(0);
    const [by] = this.#actors;
    for (const name of this.entries.keys()) by.remove(Number(name[0]), name.slice(2));
    this.entries.clear();
    this.compare(0);
    const left = this.#stage.drain(by);
    if (left !== undefined) throw new Error(left);
  }
}

function shown(value: string | undefined): string {
  return value === undefined ? 'nothing' : `${value.length} × ${value.slice(0, 12)}`;
}
