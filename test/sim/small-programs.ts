/** Programs of two or three actors with one or two operations each: small enough for all their schedules. */
import type { Steps } from './actor.js';
import { LIST_KEYS, type Scene, textOf } from './scenes.js';
import type { SimulatedThread } from './thread.js';

export type Act = (thread: SimulatedThread) => Steps<void>;

export interface SmallProgram {
  readonly name: string;
  readonly acts: readonly Act[];
}

type Named = readonly [name: string, act: (thread: SimulatedThread) => Steps<unknown>];

function inTurn(...acts: Named[]): Named {
  return [
    acts.map(([name]) => name).join(', '),
    function* (thread) {
      for (const [, act] of acts) yield* act(thread);
    },
  ];
}

/** What one can do to a key in a scene. */
function mutations(scene: Scene, key: string): Named[] {
  const { weights, lengths } = scene;
  const all: Named[] = [];
  const put = (mark: string, length: number): Named => [`put ${length}`, (t) => t.put(1, key, textOf(mark, length))];
  for (const length of lengths) all.push(put('p', length));
  const length = lengths[lengths.length - 1];
  // Two puts use the cell again that the first one freed.
  if (weights.put !== undefined) all.push(inTurn(put('p', length), put('q', lengths[0])));
  if (weights.insertNew !== undefined) all.push(['insertNew', (t) => t.put(1, key, textOf('n', lengths[0]), true)]);
  if (weights.delete !== undefined) {
    all.push(['delete', (t) => t.remove(1, key)]);
    all.push(inTurn(['delete', (t) => t.remove(1, key)], put('p', lengths[0])));
  }
  const same = scene.initial.get(`1/${key}`)?.length ?? length;
  const other = scene.keys.find((one) => one !== key) ?? key;
  const elsewhere: Named = [`put ${same} of ${other}`, (t) => t.put(1, other, textOf('q', same))];
  // The second put fills the cell that the first one replaced.
  if (weights.put !== undefined) all.push(inTurn(put('p', same), elsewhere));
  if (weights.upkeep !== undefined) {
    // The chunks that the first put retired are freed and used again.
    all.push(inTurn(put('p', same), ['upkeep', (t) => t.upkeep(0)], elsewhere));
  }
  if (weights.rebuild !== undefined) {
    all.push(inTurn(['rebuild', (t) => t.rebuild(0)], put('p', lengths[0]), put('q', lengths[0])));
  }
  if (weights.crowd !== undefined) {
    const insert: Named = ['insert', (t) => t.put(1, scene.trigger, textOf('n', lengths[0]), true)];
    all.push(inTurn(insert, put('p', lengths[0]), put('q', lengths[0])));
    all.push(['crowd', (t) => t.crowd(1, 60)]);
  }
  if (weights.take !== undefined) all.push(['take', (t) => t.take(1, key)]);
  return all;
}

/** What is not about one key. */
function others(scene: Scene): Named[] {
  const { weights } = scene;
  const all: Named[] = [];
  const entries = LIST_KEYS.map((listed, i) => [listed, textOf(`l${i}`, i === 1 ? 1500 : 8)] as const);
  if (weights.list !== undefined) all.push(['list', (t) => t.insertAll(1, 'list', entries)]);
  if (weights.upkeep !== undefined) all.push(['upkeep', (t) => t.upkeep(0)]);
  if (weights.relieve !== undefined) all.push(['relieve', (t) => t.relieve()]);
  if (weights.clear !== undefined) {
    all.push(['clear', (t) => t.clear(scene.keys.map((key) => `1/${key}`))]);
  }
  if (weights.namespace !== undefined) all.push(['namespace', (t) => t.namespace('second')]);
  return all;
}

function reads(scene: Scene, key: string): Named[] {
  const get: Named = [`get ${key}`, (t) => t.get(1, key)];
  const { weights } = scene;
  const some = scene.keys.filter((one) => scene.initial.has(`1/${one}`)).slice(0, 4);
  if (weights.crowd !== undefined) {
    return [get, inTurn(...some.map((one): Named => [`get ${one}`, (t) => t.get(1, one)]))];
  }
  if (weights.ofList === undefined) return [get];
  const ofList = (listed: string): Named => [`has ${listed}`, (t) => t.hasOfList(1, 'list', listed)];
  return [get, inTurn(ofList(LIST_KEYS[0]), ofList(LIST_KEYS[1]), ofList(LIST_KEYS[3]))];
}

function program(...named: Named[]): SmallProgram {
  const act = ([, run]: Named): Act =>
    function* (thread) {
      yield* run(thread);
    };
  return { name: named.map(([name]) => name).join(' ∥ '), acts: named.map(act) };
}

/** Keys that programs are about: one that is there, one that is not. */
function keysOf({ initial, keys }: Scene): string[] {
  const present = keys.find((key) => initial.has(`1/${key}`));
  const absent = keys.find((key) => !initial.has(`1/${key}`));
  return [present, absent].filter((key) => key !== undefined);
}

/** Every mutation of a scene by itself. */
export function mutationsOf(scene: Scene): Named[] {
  const ofKeys = keysOf(scene).flatMap((key) =>
    mutations(scene, key).map(([name, act]): Named => [`${name} of ${key}`, act]),
  );
  return [...ofKeys, ...others(scene)];
}

/** Every mutation beside every read, and mutations beside each other. */
export function smallPrograms(scene: Scene): SmallProgram[] {
  const programs: SmallProgram[] = [];
  for (const key of keysOf(scene)) {
    const writing = [...mutations(scene, key), ...others(scene)];
    for (const read of reads(scene, key)) for (const write of writing) programs.push(program(write, read));
    const [first] = mutations(scene, key);
    for (const write of writing) programs.push(program(first, write));
  }
  return programs;
}
