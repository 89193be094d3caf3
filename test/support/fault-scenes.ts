/** Scenes for fault injection: a prepared memory, and one operation that will be broken off or interrupted. */
import { Partition } from '../../native-layout/partition.js';
import type { Actor } from './actors.js';
import { Stage } from './fault-stage.js';
import type { Engine } from './instrument.js';

export interface Scene {
  readonly name: string;
  readonly stage: Stage;
  readonly act: (actor: Actor) => void;
  /** The operation clears namespaces one by one, so that each may be as before or as after. */
  readonly byNamespace?: boolean;
}

const MEMORY = 512 * 1024;
/** Cells of such a memory hold up to 1 KiB: this takes five chunks. */
export const LONG = 'long.'.repeat(900);
const LONGER = 'more:'.repeat(1100);

function textOf(i: number, length = 24): string {
  return `${i}|`.repeat(Math.ceil(length / 2)).slice(0, length);
}

/** A stage with some short, one longer and two chained entries in both namespaces, and some free cells. */
function furnished(engine: Engine, partitions = 1, memoryLength = MEMORY): Stage {
  const stage = new Stage(engine, memoryLength, partitions);
  const actor = stage.actor(0);
  for (let i = 0; i < 20; i++) {
    const key = `key:${i}`;
    for (const namespace of [1, 2]) {
      stage.universe.push([namespace, key]);
      actor.put(namespace, key, i === 3 || i === 4 ? LONG : textOf(i, i === 5 ? 700 : 24));
    }
  }
  for (let i = 0; i < 8; i++) stage.universe.push([1, `new:${i}`]);
  // Freed cells of the classes that scenes take from, so that links of free lists are at stake too.
  const freed = [24, 24, 24, 5, 500, 500, 2000].map((length, i) => [`freed:${i}`, textOf(i, length)] as const);
  for (const [key, value] of freed) actor.put(1, key, value);
  for (const [key] of freed) actor.remove(1, key);
  for (let index = 0; index < partitions; index++) while (actor.table.upkeep.slice(index) > 0);
  stage.save();
  return stage;
}

function simple(engine: Engine, name: string, act: (actor: Actor) => void, partitions = 1): Scene {
  return { name, stage: furnished(engine, partitions), act };
}

/**
 * A stage that is filled until the next insert does what `wanted` looks for in its trace.
 * @param shown every how many keys one is asked for afterwards
 */
function filledUntil(
  engine: Engine,
  name: string,
  wanted: (sites: string[], stage: Stage, depthBefore: number) => boolean,
  { memoryLength = MEMORY, first = 0, length = 8, shown = 1 } = {},
): Scene {
  const stage = new Stage(engine, memoryLength, 1);
  const actor = stage.actor(0);
  for (let i = 0; i < first; i++) actor.put(1, `key:${i}`, textOf(i, length));
  for (let i = first; i < first + 20_000; i++) {
    const key = `key:${i}`;
    stage.save();
    const depth = stage.field(0, Partition.depth);
    const sites = stage.trace(() => actor.put(1, key, textOf(i, length)));
    if (!wanted(sites, stage, depth)) continue;
    for (let n = 0; n <= i; n++) if (n % shown === 0 || n === i) stage.universe.push([1, `key:${n}`]);
    stage.sampled = shown > 1;
    stage.restore();
    return { name, stage, act: (victim) => victim.put(1, key, textOf(i, length)) };
  }
  throw new Error(`${name}: no insert did it`);
}

/** New segments in a trace: each has its depth set once. */
const segmentsIn = (sites: string[]): number => sites.filter((site) => /store src\/table\/probe\.ts/.test(site)).length;
const visits = (sites: string[], file: string): boolean => sites.some((site) => site.includes(file));

export function growthScenes(engine: Engine): Scene[] {
  const depthOf = (stage: Stage): number => stage.field(0, Partition.depth);
  return [
    filledUntil(engine, 'insert that makes the index', (sites) => segmentsIn(sites) === 1),
    filledUntil(engine, 'insert that enlarges a segment', (sites) => segmentsIn(sites) === 1, { first: 20 }),
    filledUntil(engine, 'insert that splits and doubles', (_, stage, depth) => depthOf(stage) > depth, {
      first: 20,
    }),
    filledUntil(
      engine,
      'insert that splits',
      (sites, stage, depth) => segmentsIn(sites) === 2 && depthOf(stage) === depth && depth > 1,
      { first: 20 },
    ),
    filledUntil(
      engine,
      'insert that takes a page',
      (sites) => visits(sites, 'page-pool.ts') && segmentsIn(sites) === 0,
      { first: 20 },
    ),
  ];
}

/** The directory of this one needs a second chunk. Its memory is larger, so its steps are to be sampled. */
export function chunkScene(engine: Engine): Scene {
  const wanted = (_: string[], stage: Stage, depth: number) => depth === 7 && stage.field(0, Partition.depth) === 8;
  return filledUntil(engine, 'insert that doubles into a second chunk', wanted, {
    memoryLength: 2 ** 20,
    first: 6000,
    length: 0,
    shown: 97,
  });
}

export function entryScenes(engine: Engine): Scene[] {
  return [
    simple(engine, 'insert', (a) => a.put(1, 'new:0', 'fresh')),
    simple(engine, 'insert of a chained value', (a) => a.put(1, 'new:0', LONG)),
    simple(engine, 'insert if absent', (a) => a.put(1, 'new:0', 'fresh', true)),
    simple(engine, 'insert if absent, refused', (a) => a.put(1, 'key:1', LONG, true)),
    simple(engine, 'overwrite, same class', (a) => a.put(1, 'key:1', 'x'.repeat(24))),
    simple(engine, 'overwrite, other class', (a) => a.put(1, 'key:1', 'x'.repeat(500))),
    simple(engine, 'overwrite chained by short', (a) => a.put(1, 'key:3', 'short')),
    simple(engine, 'overwrite short by chained', (a) => a.put(1, 'key:1', LONGER)),
    simple(engine, 'overwrite chained by chained', (a) => a.put(1, 'key:3', LONGER)),
    simple(engine, 'delete', (a) => a.remove(1, 'key:1')),
    simple(engine, 'delete chained', (a) => a.remove(1, 'key:3')),
    { name: 'delete that releases a page', stage: twoPages(engine), act: (a) => a.remove(1, 'new:0') },
    { name: 'overwrite that releases a page', stage: twoPages(engine), act: (a) => a.put(1, 'new:0', 'tiny') },
    simple(engine, 'take', (a) => a.take(1, 'key:1')),
    simple(engine, 'take chained', (a) => a.take(1, 'key:3')),
  ];
}

/** Nine cells of a class with eight to a page: the ninth has a page for itself, and another page has room. */
function twoPages(engine: Engine): Stage {
  const stage = furnished(engine);
  for (let i = 1; i < 10; i++) stage.actor(0).put(1, `new:${i % 9}`, textOf(i, 950));
  stage.universe.push([1, 'new:8']);
  stage.actor(0).remove(1, 'new:3');
  stage.save();
  return stage;
}

export function listScenes(engine: Engine): Scene[] {
  const list = [0, 1, 2, 3, 4, 5].map((i) => [`new:${i}`, i === 2 ? LONG : textOf(i)] as const);
  return [
    simple(engine, 'insertAll, one partition', (a) => a.insertAll(1, list.slice(0, 2))),
    simple(engine, 'insertAll, three partitions', (a) => a.insertAll(1, list), 3),
    simple(engine, 'insertAll, refused', (a) => a.insertAll(1, [...list, ['key:1', 'present']]), 3),
  ];
}

/** A stage whose pool is exhausted by values of one class, with some of them deleted again. */
function full(engine: Engine): Stage {
  const stage = new Stage(engine, MEMORY / 2, 2);
  const actor = stage.actor(0);
  for (let i = 0; i < 40; i++) {
    stage.universe.push([1, `key:${i}`]);
    actor.put(1, `key:${i}`, i % 7 === 0 ? LONG : textOf(i, 900));
  }
  for (let i = 40; i < 2000; i++) {
    if (actor.put(1, `key:${i}`, textOf(i, 900)) !== 1) break;
    stage.universe.push([1, `key:${i}`]);
  }
  for (let i = 0; i < 40; i++) if (i % 7 === 0 || i < 12) actor.remove(1, `key:${i}`);
  stage.universe.push([1, 'new:0']);
  stage.save();
  return stage;
}

export function upkeepScenes(engine: Engine): Scene[] {
  const retired = furnished(engine);
  retired.actor(0).put(1, 'key:3', 'short');
  retired.actor(0).remove(1, 'key:4');
  retired.save();
  const exhausted = full(engine);
  const listed = [...Array(6)].map((_, i) => [`new:${i}`, LONG] as const);
  const listStage = full(engine);
  for (let i = 1; i < 6; i++) listStage.universe.push([1, `new:${i}`]);
  const doRebuild = (a: Actor): void => {
    const { partitions } = a.table;
    const header = partitions.enter(0);
    engine.rebuild(partitions, header, 0);
    partitions.leave(header);
  };
  const indexed = furnished(engine);
  for (let i = 20; i < 220; i++) {
    indexed.universe.push([1, `key:${i}`]);
    indexed.actor(0).put(1, `key:${i}`, textOf(i));
  }
  indexed.save();
  return [
    { name: 'freeing of retired chains', stage: retired, act: (a) => a.table.upkeep.slice(0) },
    { name: 'relieve', stage: exhausted, act: (a) => a.table.upkeep.relieve() },
    { name: 'insert into a full memory', stage: full(engine), act: (a) => a.put(1, 'new:0', 'y'.repeat(400)) },
    { name: 'insertAll into a full memory', stage: listStage, act: (a) => a.insertAll(1, listed) },
    { name: 'rebuild', stage: indexed, act: doRebuild },
    { name: 'clearAll', stage: furnished(engine, 2), act: (a) => a.table.clearAll(), byNamespace: true },
  ];
}

const stay = { ttl: Infinity, idleTtl: Infinity, jitter: 0 };
/** From here on the first half of the keys has expired. */
const EXPIRED_AT = 1000;

/**
 * A stage with entries that have expired, in both namespaces, two chained ones among them, and others with a ttl and
 * with an idle time that have not. Time does not go on.
 */
function timed(engine: Engine, memoryLength = MEMORY, partitions = 1): Stage {
  const stage = new Stage(engine, memoryLength, partitions);
  stage.timed = true;
  const actor = stage.actor(0);
  for (let i = 0; i < 100; i++) {
    const key = `key:${i}`;
    const lifetimes = [{ ...stay, ttl: i < 50 ? EXPIRED_AT : 9000 }, { ...stay, ttl: 9000, idleTtl: 5000 }, undefined];
    for (const namespace of [1, 2]) {
      stage.universe.push([namespace, key]);
      const value = i % 16 === 4 ? LONG : textOf(i, i % 16 === 5 ? 700 : 24);
      actor.put(namespace, key, value, false, lifetimes[i < 50 ? 0 : i % 3]);
    }
  }
  for (let i = 0; i < 8; i++) stage.universe.push([1, `new:${i}`]);
  actor.advance(EXPIRED_AT);
  stage.save();
  return stage;
}

/** Every entry has expired. */
function allPast(engine: Engine): Stage {
  const stage = timed(engine);
  for (let i = 0; i < 100; i++) for (const namespace of [1, 2]) stage.actor(0).expire(namespace, `key:${i}`, 1);
  stage.actor(0).advance(1);
  stage.save();
  return stage;
}

/** A memory full of expired entries. */
function fullOfPast(engine: Engine): Stage {
  const stage = new Stage(engine, MEMORY / 2, 2);
  stage.timed = true;
  for (let i = 0; stage.actor(0).put(1, `key:${i}`, textOf(i, 900), false, { ...stay, ttl: 10 + i }) === 1; i++) {
    stage.universe.push([1, `key:${i}`]);
  }
  stage.universe.push([1, 'new:0']);
  stage.actor(0).advance(60);
  stage.save();
  return stage;
}

/** Of the keys that are left, 50 has no end, 51 and 54 have a ttl, 52, which is chained, and 55 an idle time too. */
export function expiryScenes(engine: Engine): Scene[] {
  const scene = (name: string, act: (actor: Actor) => void, stage = timed(engine)): Scene => ({ name, stage, act });
  const lists = [0, 1, 2].map((i) => [`key:${i}`, textOf(i)] as const);
  const stale = timed(engine);
  stale.actor(0).advance(3000);
  stale.save();
  // Both words of the expiry change: half of the one with half of the other would be long past.
  const carry = timed(engine);
  for (const key of ['key:54', 'key:55']) carry.actor(0).expire(1, key, 2 ** 32 - EXPIRED_AT - 10);
  carry.save();
  return [
    scene('insert with ttl and idle time', (a) => a.put(1, 'new:0', 'fresh', false, { ttl: 5, idleTtl: 9, jitter: 0 })),
    scene('insert of a chained value with ttl', (a) => a.put(1, 'new:0', LONG, false, { ...stay, ttl: 5 })),
    scene('insert if absent over an expired one', (a) => a.put(1, 'key:1', 'fresh', true, { ...stay, ttl: 5 })),
    scene('insert if absent over an expired chained one', (a) => a.put(1, 'key:4', 'fresh', true)),
    scene('insertAll over expired ones', (a) => a.insertAll(1, lists, { ...stay, ttl: 5 }), timed(engine, MEMORY, 2)),
    scene('delete of an expired one', (a) => a.remove(1, 'key:1')),
    scene('take of an expired chained one', (a) => a.take(1, 'key:4')),
    scene('expire in place', (a) => a.expire(1, 'key:54', 1)),
    scene('expire in place, with a carry', (a) => a.expire(1, 'key:54', 2 ** 32 - EXPIRED_AT + 5), carry),
    scene('expire in place, chained and idle', (a) => a.expire(1, 'key:52', Infinity)),
    scene('expire of one without a time', (a) => a.expire(1, 'key:50', 4)),
    scene('persist', (a) => a.persist(1, 'key:54')),
    scene('persist, idle', (a) => a.persist(1, 'key:55')),
    scene('read that renews an idle time', (a) => a.get(1, 'key:55'), stale),
    scene('sweep of some', (a) => a.table.upkeep.expiry.sweepAll()),
    scene('sweep of all', (a) => a.table.upkeep.expiry.sweepAll(), allPast(engine)),
    scene('insert into a memory full of expired ones', (a) => a.put(1, 'new:0', 'y'.repeat(400)), fullOfPast(engine)),
  ];
}
