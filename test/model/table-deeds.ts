/** What actors do to a table in the model: each deed, what it may answer, and what it may leave if it is killed. */
import { Outcome } from '../../src/table/outcome.js';
import type { Actor } from '../support/actors.js';

/** Entries by `namespace/key`. */
export type Entries = Map<string, string>;
/** New values by name; undefined: the entry is gone. */
export type Change = ReadonlyMap<string, string | undefined>;

export interface Deed {
  readonly text: string;
  /** What its answer depends on. */
  readonly names: readonly string[] | 'all';
  act(actor: Actor): unknown;
  /** All changes that it may have made when it is killed. */
  changes(entries: Entries): Change[];
  /** The change it has made if this is its answer; undefined: the answer is wrong. */
  settle(entries: Entries, answer: unknown): Change | undefined;
}

export const NAMESPACES = [1, 2];
const NONE: Change = new Map();
const nameOf = (namespace: number, key: string): string => `${namespace}/${key}`;
const brief = (value: string): string => `${value.length} × ${value.slice(0, 6)}`;

export function put(namespace: number, key: string, value: string, ifAbsent: boolean): Deed {
  const name = nameOf(namespace, key);
  const change: Change = new Map([[name, value]]);
  const blocked = (entries: Entries) => ifAbsent && entries.has(name);
  return {
    text: `${ifAbsent ? 'insert' : 'put'} ${name} ${brief(value)}`,
    names: [name],
    act: (actor) => actor.put(namespace, key, value, ifAbsent),
    changes: (entries) => (blocked(entries) ? [NONE] : [NONE, change]),
    settle(entries, outcome) {
      if (outcome === Outcome.full) return NONE;
      if (blocked(entries)) return outcome === Outcome.present ? NONE : undefined;
      return outcome === Outcome.stored ? change : undefined;
    },
  };
}

/** A list: all of it or nothing. */
export function insertAll(namespace: number, list: readonly (readonly [key: string, value: string])[]): Deed {
  const change: Change = new Map(list.map(([key, value]) => [nameOf(namespace, key), value]));
  const blocked = (entries: Entries) => [...change.keys()].some((name) => entries.has(name));
  return {
    text: `insertAll ${namespace} ${list.map(([key, value]) => `${key} ${brief(value)}`)}`,
    names: [...change.keys()],
    act: (actor) => actor.insertAll(namespace, list),
    changes: (entries) => (blocked(entries) ? [NONE] : [NONE, change]),
    settle(entries, outcome) {
      if (outcome === Outcome.full) return NONE;
      if (blocked(entries)) return outcome === Outcome.present ? NONE : undefined;
      return outcome === Outcome.stored ? change : undefined;
    },
  };
}

function removal(
  text: string,
  name: string,
  act: (actor: Actor) => unknown,
  answer: (value: string | undefined) => unknown,
): Deed {
  const change: Change = new Map([[name, undefined]]);
  return {
    text: `${text} ${name}`,
    names: [name],
    act,
    changes: (entries) => (entries.has(name) ? [NONE, change] : [NONE]),
    settle: (entries, given) => (given === answer(entries.get(name)) ? change : undefined),
  };
}

export function remove(namespace: number, key: string): Deed {
  const act = (actor: Actor) => actor.remove(namespace, key);
  return removal('remove', nameOf(namespace, key), act, (value) => value !== undefined);
}

export function take(namespace: number, key: string): Deed {
  return removal(
    'take',
    nameOf(namespace, key),
    (actor) => actor.take(namespace, key),
    (value) => value,
  );
}

export function read(namespace: number, key: string): Deed {
  const name = nameOf(namespace, key);
  return {
    text: `read ${name}`,
    names: [name],
    act: (actor) => actor.get(namespace, key),
    changes: () => [NONE],
    settle: (entries, value) => (value === entries.get(name) ? NONE : undefined),
  };
}

/** A clear takes one namespace after the other, each at one moment. */
export function clear(): Deed {
  const cleared = (entries: Entries, last: number): Change =>
    new Map([...entries.keys()].filter((name) => Number(name[0]) <= last).map((name) => [name, undefined]));
  return {
    text: 'clear',
    names: 'all',
    act: (actor) => actor.table.clearAll(),
    changes: (entries) => [NONE, ...NAMESPACES.map((last) => cleared(entries, last))],
    settle: (entries) => cleared(entries, Math.max(...NAMESPACES)),
  };
}

function upkeep(text: string, act: (actor: Actor) => unknown): Deed {
  return { text, names: [], act, changes: () => [NONE], settle: () => NONE };
}

/** A step of the partition's owner. */
export function ownerStep(partition: number): Deed {
  return upkeep(`owner's step in partition ${partition}`, ({ table }) => {
    table.upkeep.slice(partition % table.partitions.count);
  });
}

export function relieve(): Deed {
  return upkeep('relieve', ({ table }) => table.upkeep.relieve());
}
