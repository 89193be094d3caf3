/** Prepared worlds, each at the brink of something: few keys, little memory. Prepared once, with nobody else there. */
import { Partition } from '../../native-layout/partition.js';
import { KeyEncoder } from '../../src/codec/key-encoder.js';
import { cellOf, slabOf } from '../../src/memory/address.js';
import { hashBytes, mixWord } from '../../src/memory/hash.js';
import type { SimulatedThread } from './thread.js';
import { alone, HASH_SEED, type Size, World } from './world.js';

/** What actors of the scene do, and how often one does it compared with the others. */
export type Weights = Partial<
  Record<
    | 'get'
    | 'has'
    | 'put'
    | 'insertNew'
    | 'delete'
    | 'take'
    | 'upkeep'
    | 'relieve'
    | 'sweep'
    | 'list'
    | 'ofList'
    | 'clear'
    | 'namespace'
    | 'rebuild'
    | 'crowd'
    | 'attach',
    number
  >
>;

export interface Scene {
  readonly name: string;
  readonly world: World;
  /** Keys that programs use, all in namespace 1. */
  readonly keys: readonly string[];
  /** Lengths of the values they store. */
  readonly lengths: readonly number[];
  readonly weights: Weights;
  /** The key whose insert brings about what the scene is at the brink of. */
  readonly trigger: string;
  /** What all keys hold at first. */
  readonly initial: ReadonlyMap<string, string>;
}

interface Plan {
  readonly size?: Partial<Size>;
  readonly keys: readonly string[];
  readonly lengths: readonly number[];
  readonly weights: Weights;
  /** Returns the key, if there is one, whose insert brings about what the scene is at the brink of. */
  readonly prepare: (thread: SimulatedThread, world: World) => string | undefined;
}

export const THREADS = 6;
export const ENTRIES: Weights = { get: 5, has: 1, put: 4, insertNew: 1, delete: 2, take: 1 };
const K = 1024;

export function textOf(mark: string, length: number): string {
  return `${mark}|`.repeat(Math.ceil(length / (mark.length + 1))).slice(0, Math.max(length, mark.length));
}

export function directoryEntry({ memory }: World, partitionIndex: number): number {
  const { control } = memory;
  const header = memory.headerWord(partitionIndex);
  const chunk = control[header + Partition.root];
  return chunk === 0 ? 0 : memory.words[slabOf(chunk)][cellOf(chunk)];
}

const put = (thread: SimulatedThread, key: string, length: number): number =>
  alone(thread.put(1, key, textOf(`${key}.first`, length)));

/** Inserts until the next insert would change the directory, after so many changes. Returns its key. */
function fillToBrink(thread: SimulatedThread, world: World, times: number): string {
  let changes = 0;
  for (let i = 0; i < 1000; i++) {
    world.save();
    const before = directoryEntry(world, 0);
    put(thread, `fill${i}`, 8);
    if (before === 0 || directoryEntry(world, 0) === before || changes++ < times) continue;
    world.restore('sc');
    return `fill${i}`;
  }
  throw new Error('no insert changes the directory');
}

/** Keys whose home is bucket 3 of a first segment of eight. */
function neighbours(count: number): string[] {
  const encoder = new KeyEncoder(HASH_SEED);
  const found: string[] = [];
  for (let i = 0; found.length < count; i++) {
    encoder.encode(`n${i}`, 'simulation');
    const hash = mixWord(hashBytes(encoder.words, encoder.length, HASH_SEED) ^ Math.imul(1, 0x9e3779b1 | 0));
    if ((((hash >>> 8) & 0xffff) * 8) >>> 16 === 3) found.push(`n${i}`);
  }
  return found;
}

/** Fills the memory until a value of this length is refused. */
function exhaust(thread: SimulatedThread, length: number): string[] {
  for (let i = 0; i < 1000; i++) if (put(thread, `fill${i}`, length) !== 1) return [];
  throw new Error('the memory does not get full');
}

const some = ['a', 'b', 'c'];
const crowd = neighbours(14);
const list = ['l0', 'l1', 'l2', 'l3'];
export const LIST_KEYS = list;

const PLANS: Record<string, Plan> = {
  short: {
    keys: some,
    lengths: [8, 24, 100],
    weights: { ...ENTRIES, rebuild: 0.3 },
    prepare: (t, { memory }) => {
      for (const key of ['x', 'a', 'y', 'b']) put(t, key, 24);
      for (const key of ['x', 'y']) alone(t.remove(1, key));
      // The low half of the version is about to overflow.
      memory.control[memory.headerWord(0) + Partition.versionLow] = -3;
    },
  },
  chained: {
    keys: some,
    lengths: [24, 1500, 2600],
    weights: { ...ENTRIES, upkeep: 2, rebuild: 0.3 },
    prepare: (t) => {
      put(t, 'a', 1500);
      put(t, 'b', 2600);
      put(t, 'b', 1500);
    },
  },
  full: {
    size: { slabs: [80 * K], partitions: 2 },
    keys: ['a', 'b', 'fill1', 'fill2', 'fill3'],
    lengths: [24, 900, 1500],
    weights: { ...ENTRIES, upkeep: 1, relieve: 1 },
    prepare: (t) => {
      put(t, 'a', 24);
      exhaust(t, 900);
      for (let i = 4; i < 8; i++) alone(t.remove(1, `fill${i}`));
    },
  },
  'first entries': {
    size: { partitions: 2 },
    keys: [...some, 'd'],
    lengths: [8],
    weights: ENTRIES,
    prepare: () => undefined,
  },
  enlarging: {
    keys: ['fill0', 'fill1', 'fill2', 'fill3', 'new0', 'new1', 'new2', 'new3'],
    lengths: [8],
    weights: { get: 5, has: 1, put: 2, insertNew: 4, delete: 1, take: 1, crowd: 0.3, rebuild: 0.2 },
    prepare: (t, world) => fillToBrink(t, world, 0),
  },
  splitting: {
    keys: ['a', 'fill0', 'fill1', 'fill2', 'new0', 'new1', 'new2', 'new3'],
    lengths: [8],
    weights: { get: 5, has: 1, put: 2, insertNew: 4, delete: 1, take: 1, crowd: 0.2 },
    prepare: (t, world) => fillToBrink(t, world, 1),
  },
  crowded: {
    // The first two do not stand in their home.
    keys: [crowd[12], crowd[11], crowd[0], crowd[10], crowd[13]],
    lengths: [8, 24],
    weights: ENTRIES,
    prepare: (t) => {
      for (const key of crowd.slice(0, 13)) put(t, key, 8);
    },
  },
  emptying: {
    size: { slabs: [104 * K], partitions: 2 },
    keys: ['fill0', 'fill1', 'fill2', 'fill3', 'fill4', 'b'],
    lengths: [8, 900, 2600],
    weights: { get: 6, has: 1, put: 2, delete: 5, take: 1, upkeep: 1, relieve: 1, rebuild: 1 },
    prepare: (t, world) => {
      for (let i = 0; i < 1000; i++) {
        put(t, `fill${i}`, 8);
        const deep = [0, 1].every((p) => world.memory.control[world.memory.headerWord(p) + Partition.depth] > 0);
        if (!deep) continue;
        for (let n = 5; n <= i; n++) alone(t.remove(1, `fill${n}`));
        return;
      }
    },
  },
  lists: {
    size: { partitions: 3 },
    keys: ['a', 'b'],
    lengths: [8, 24, 1500],
    weights: { get: 1, put: 2, delete: 1, list: 3, ofList: 6, upkeep: 1 },
    prepare: (t) => {
      put(t, 'a', 24);
    },
  },
  'lists in full memory': {
    size: { slabs: [72 * K], partitions: 2 },
    keys: ['a', 'fill1', 'fill2'],
    lengths: [8, 900],
    weights: { get: 1, put: 2, delete: 3, list: 4, ofList: 4, upkeep: 1 },
    prepare: (t) => {
      put(t, 'a', 24);
      exhaust(t, 900);
    },
  },
  clears: {
    size: { partitions: 2 },
    keys: some,
    lengths: [8, 1500],
    weights: { get: 6, put: 5, clear: 2, upkeep: 2 },
    prepare: (t) => {
      for (const key of some) put(t, key, key === 'b' ? 1500 : 8);
    },
  },
  attaching: {
    size: { partitions: 2 },
    keys: some,
    lengths: [8, 1500],
    weights: { get: 2, put: 3, take: 1, delete: 1, attach: 3, sweep: 2, namespace: 1 },
    prepare: (t) => {
      put(t, 'a', 8);
    },
  },
  'two slabs': {
    size: { slabs: [40 * K, 64 * K] },
    keys: some,
    lengths: [8, 1000, 2600],
    weights: { ...ENTRIES, upkeep: 1 },
    prepare: (t) => {
      put(t, 'a', 1000);
      put(t, 'b', 2600);
    },
  },
};

export const SCENE_NAMES = Object.keys(PLANS);
const made = new Map<string, Scene>();

export function sceneOf(name: string): Scene {
  const known = made.get(name);
  if (known !== undefined) return known;
  const plan = PLANS[name];
  if (plan === undefined) throw new Error(`no scene ${name}; there are: ${SCENE_NAMES.join(', ')}`);
  const world = new World({ slabs: [112 * K], partitions: 1, ...plan.size, threads: THREADS });
  world.save();
  world.restore('sc');
  const thread = world.attach(99);
  alone(thread.namespaces());
  const trigger = plan.prepare(thread, world) ?? 'new0';
  const keys = plan.keys.map((key) => (key === 'new0' ? trigger : key));
  const initial = new Map<string, string>();
  for (const key of keys) {
    const value = alone(thread.get(1, key));
    if (typeof value === 'string') initial.set(`1/${key}`, value);
  }
  alone(thread.detach());
  world.save();
  const scene = { ...plan, name, world, initial, keys, trigger };
  made.set(name, scene);
  return scene;
}
