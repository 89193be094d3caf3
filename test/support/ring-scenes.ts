/** Scenes of lazy writes for fault injection: what waits in rings, and what one thread does that will be broken off. */
import { Partition } from '../../native-layout/partition.js';
import { RingHeader } from '../../native-layout/ring.js';
import { cellOf, slabOf } from '../../src/memory/address.js';
import type { Actor } from './actors.js';
import { Stage, type State } from './fault-stage.js';
import type { Engine } from './instrument.js';

export type Write = readonly [namespace: number, key: string, value: string];

export interface RingScene {
  readonly name: string;
  readonly stage: Stage;
  /** What the victim, in slot 1, does. */
  readonly act: (victim: Actor) => void;
  /** Lazy writes of slot 3 that wait when the scene begins. */
  readonly pending: readonly Write[];
  /** Writes of the victim, in order: a number of them from the first on may have happened. */
  readonly writes: readonly Write[];
  /** Some of them do not fit the memory: then only their number is known. */
  readonly refusing?: boolean;
  /** The producer of what waits is gone when the scene begins. */
  readonly orphaned?: boolean;
}

const MEMORY = 512 * 1024;
const LONG = 'long.'.repeat(900);
const text = (i: number, length = 24): string => `${i}|`.repeat(Math.ceil(length / 2)).slice(0, length);

/** Inserts, overwrites of the same and of another class, chained values, several of one key. */
const MIXED: readonly Write[] = [
  [1, 'new:0', 'first'],
  [1, 'key:1', text(50)],
  [1, 'key:1', text(51)],
  [2, 'key:2', text(52, 500)],
  [1, 'key:3', LONG],
  [1, 'new:0', 'second'],
  [2, 'key:3', 'short again'],
  [1, 'new:1', text(53, 900)],
  [1, 'new:0', 'third'],
];

function prepared(engine: Engine, partitions: number, memory = MEMORY): Stage {
  const stage = new Stage(engine, memory, partitions);
  const actor = stage.actor(0);
  for (let i = 0; i < 8; i++) {
    for (const namespace of [1, 2]) {
      stage.universe.push([namespace, `key:${i}`]);
      actor.put(namespace, `key:${i}`, i === 3 ? LONG : text(i));
    }
    stage.universe.push([1, `new:${i}`]);
  }
  return stage;
}

/** Lets writes wait in the ring of slot 3. */
function waiting(stage: Stage, pending: readonly Write[]): void {
  const producer = stage.actor(3);
  for (const write of pending) if (producer.lazyPut(...write)) throw new Error('a lazy write did not wait');
  stage.save();
}

/** Moves the empty ring of a slot to a position, near the end of a page or of the numbers. */
export function moveRing(stage: Stage, slot: number, position: number): void {
  const { memory } = stage;
  const address = stage.actor(0).table.drain.addressOf(0, slot);
  const head = memory.words[slabOf(address)];
  head[cellOf(address) + RingHeader.applied] = position;
  head[cellOf(address) + RingHeader.produced] = position;
}

function lazily(writes: readonly Write[]): (victim: Actor) => void {
  return (victim) => {
    for (const write of writes) victim.lazyPut(...write);
  };
}

/** Writes of some keys that together fill a ring several times. */
export function manyWrites(count: number, length = 700): Write[] {
  return Array.from({ length: count }, (_, i) => [1, `new:${i % 4}`, text(100 + i, length)] as const);
}

/** A stage where the victim has a ring already, so that its steps are those of the writes alone. */
function ringed(engine: Engine, partitions: number, position?: number): Stage {
  const stage = prepared(engine, partitions);
  const victim = stage.actor(1);
  victim.lazyPut(1, 'key:0', text(0));
  victim.table.lazy.settleAll();
  if (position !== undefined) moveRing(stage, 1, position);
  stage.save();
  return stage;
}

export function producerScenes(engine: Engine): RingScene[] {
  const fresh = prepared(engine, 2);
  fresh.save();
  const scene = (name: string, stage: Stage, writes: readonly Write[]): RingScene => ({
    name,
    stage,
    act: lazily(writes),
    pending: [],
    writes,
  });
  const direct = ringed(engine, 2);
  const overtaken: Write[] = [...MIXED.slice(0, 5), [1, 'new:0', 'direct']];
  const pageWords = 2 ** direct.memory.geometry.pageShift / 4;
  return [
    scene('lazy writes that make a ring', fresh, MIXED.slice(0, 3)),
    scene('lazy writes into a ring', ringed(engine, 2), MIXED),
    scene('lazy writes over the end of a page', ringed(engine, 2, 2 * pageWords - 20), MIXED),
    scene('lazy writes over the end of the numbers', ringed(engine, 2, (2 ** 31 - 20) | 0), MIXED),
    scene('lazy writes into a full ring', ringed(engine, 2), manyWrites(50)),
    scene('a lazy write longer than a ring takes', ringed(engine, 2), [
      ...MIXED.slice(0, 3),
      [1, 'new:0', 'L'.repeat(9000)],
    ]),
    {
      name: 'a direct write behind lazy ones',
      stage: direct,
      act: (victim) => {
        lazily(overtaken.slice(0, -1))(victim);
        victim.put(...overtaken[overtaken.length - 1]);
      },
      pending: [],
      writes: overtaken,
    },
    {
      name: 'lazy writes, then the end of the thread',
      stage: ringed(engine, 2),
      act: (victim) => {
        lazily(MIXED)(victim);
        victim.table.lazy.close();
      },
      pending: [],
      writes: MIXED,
    },
  ];
}

export function consumerScenes(engine: Engine): RingScene[] {
  const scene = (name: string, act: (victim: Actor) => void, more: Partial<RingScene> = {}): RingScene => {
    const stage = prepared(engine, 2);
    waiting(stage, MIXED);
    return { name, stage, act, pending: MIXED, writes: [], ...more };
  };
  const crowded = prepared(engine, 2, MEMORY / 2);
  const filler = crowded.actor(0);
  filler.lazyPut(1, 'key:0', text(0));
  crowded.actor(3).lazyPut(1, 'key:0', text(0));
  filler.table.lazy.flush();
  for (let i = 0; filler.put(1, `fill:${i}`, text(i, 900)) === 1; i++) crowded.universe.push([1, `fill:${i}`]);
  const growing: Write[] = Array.from({ length: 6 }, (_, i) => [1, `new:${i}`, text(i, 400)] as const);
  waiting(crowded, growing);
  return [
    scene('a flush', (victim) => victim.table.lazy.flush()),
    scene('the work of an owner', (victim) => victim.table.lazy.drainColumn(0)),
    scene('a sweep of a dead producer', (victim) => victim.table.drain.close(3, victim.lockWord + 2, false), {
      orphaned: true,
    }),
    {
      name: 'a flush into a full memory',
      stage: crowded,
      act: (victim) => victim.table.lazy.flush(),
      pending: growing,
      writes: [],
      refusing: true,
    },
  ];
}

/** Changes of all partitions so far: each put that is applied is one. */
export function versions(stage: Stage): number {
  let sum = 0;
  for (let index = 0; index < stage.memory.geometry.partitionCount; index++) {
    sum += stage.field(index, Partition.versionLow);
  }
  return sum;
}

/** The state with some writes added. */
export function withWrites(state: State, writes: readonly Write[]): State {
  const next = new Map(state);
  for (const [namespace, key, value] of writes) next.set(`${namespace}/${key}`, value);
  return next;
}
