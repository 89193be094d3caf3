/** The operations of the model test of the interface: each runs against the cache and against Maps, and compares. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Positions, type Row, rowOf } from '../conformance/subjects.js';
import { type FacadeWorld, identityOf, NAMESPACES, sorted } from './facade-world.js';

export type Command = fc.Command<FacadeWorld, object>;

function command(name: string, run: (world: FacadeWorld) => void): Command {
  return {
    check: () => true,
    run: (world) => {
      run(world);
      world.compare();
    },
    toString: () => name,
  };
}

/** Runs a write; whether it was accepted. The only refusal allowed is that there is no room. */
function accepted(write: () => unknown): boolean {
  try {
    write();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_SUPERCACHE_FULL' });
    return false;
  }
}

function insertList(world: FacadeWorld, rows: readonly Row[]): void {
  const isNew = rows.every((row) => world.at(world.indexOf(row), world.keyOf(row)).length === 0);
  let inserted = false;
  const room = accepted(() => {
    inserted = world.cache.insertNew(rows);
  });
  if (room) expect(inserted).toBe(isNew);
  if (room && isNew) for (const row of rows) world.store(row);
}

/** A batch may be stored in part when there is no room: then each row is the old or the new one. */
function putBatch(world: FacadeWorld, rows: readonly Row[]): void {
  if (accepted(() => expect(world.cache.putBatch(rows)).toBe(rows.length))) {
    for (const row of rows) world.store(row);
    return;
  }
  for (const row of rows) {
    const [index, key] = [world.indexOf(row), world.keyOf(row)];
    const same = rows.filter(
      (other) => world.indexOf(other) === index && identityOf(world.keyOf(other)) === identityOf(key),
    );
    const found = world.cache.get(row) as Row[];
    const stored = same.find((other) => sorted([other]).join() === sorted(found).join());
    // The old row may have been put by a handle, and so be elsewhere than its partition value says.
    if (stored === undefined) expect(sorted(found), 'the old row or a new one').toEqual(sorted(world.at(index, key)));
    else world.store(stored);
  }
}

type OnRow = [name: string, run: (world: FacadeWorld, row: Row, index: number) => void];

const equal = (found: readonly unknown[], expected: readonly unknown[]) =>
  expect(sorted(found)).toEqual(sorted(expected));
const keyed = (world: FacadeWorld, row: Row): [key: unknown, place: unknown] => [world.keyOf(row), world.placeOf(row)];
/** What a key without a partition value finds. */
const anywhere = (world: FacadeWorld, key: unknown, run: (index: number) => Row[]): Row[] =>
  world.candidates(key).flatMap(run);

/** `index` is that of the row itself. */
const onOwnPlace: OnRow[] = [
  ['put', (w, row) => accepted(() => expect(w.cache.put(row)).toBe(true)) && w.store(row)],
  ['get', (w, row, index) => equal(w.cache.get(row), w.at(index, w.keyOf(row)))],
  [
    'getByKeyPartition',
    (w, row, index) => equal(w.cache.getByKeyPartition(...keyed(w, row)), w.at(index, w.keyOf(row))),
  ],
  [
    'insertNew of one',
    (w, row, index) => {
      // A row of arrays alone would count as a list of rows.
      const one = row.every(Array.isArray) ? [row] : row;
      const isNew = w.at(index, w.keyOf(row)).length === 0;
      if (accepted(() => expect(w.cache.insertNew(one)).toBe(isNew)) && isNew) w.store(row);
    },
  ],
  [
    'getSameKeyPartition',
    (w, row) => {
      const key = w.keyOf(row);
      equal(w.cache.getSameKeyPartition(key), w.at(w.cache.partitionOf(key), key));
    },
  ],
  [
    'member',
    (w, row, index) => {
      const [key, partitionValue] = keyed(w, row);
      expect(w.cache.member(key, { partitionValue })).toBe(w.at(index, key).length > 0);
      expect(w.cache.member(key)).toBe(anywhere(w, key, (i) => w.at(i, key)).length > 0);
    },
  ],
  [
    'take',
    (w, row, index) => {
      const [key, partitionValue] = keyed(w, row);
      equal(w.cache.take(key, { partitionValue }), w.remove(index, key));
    },
  ],
  [
    'take anywhere',
    (w, row) => {
      const key = w.keyOf(row);
      equal(
        w.cache.take(key),
        anywhere(w, key, (i) => w.remove(i, key)),
      );
    },
  ],
  ['delete', (w, row, index) => expect(w.cache.delete(row)).toBe(w.remove(index, w.keyOf(row)).length)],
  [
    'deleteByKeyPartition',
    (w, row, index) => {
      expect(w.cache.deleteByKeyPartition(...keyed(w, row))).toBe(w.remove(index, w.keyOf(row)).length);
    },
  ],
  [
    'deleteSameKeyPartition',
    (w, row) => {
      const key = w.keyOf(row);
      expect(w.cache.deleteSameKeyPartition(key)).toBe(w.remove(w.cache.partitionOf(key), key).length);
    },
  ],
  [
    'scan of a partition',
    (w, row, index) => {
      const count = w.cache.scan((_row, n) => n + 1, 0, { partitionValue: w.placeOf(row) });
      expect(count).toBe([...w.rows.values()].filter((placed) => placed.index === index).length);
    },
  ],
];

/** `index` is any: what a handle puts stays in its partition, whatever the row says. */
const onHandle: OnRow[] = [
  ['put', (w, row, index) => accepted(() => w.cache.partitions[index].put(row)) && w.store(row, index)],
  ['get', (w, row, index) => equal(w.cache.partitions[index].get(w.keyOf(row)), w.at(index, w.keyOf(row)))],
  ['take', (w, row, index) => equal(w.cache.partitions[index].take(w.keyOf(row)), w.remove(index, w.keyOf(row)))],
  [
    'delete',
    (w, row, index) =>
      expect(w.cache.partitions[index].delete(w.keyOf(row))).toBe(w.remove(index, w.keyOf(row)).length),
  ],
];

/** Commands on rows with the given keys, partition values and other elements. */
export function tupleCommands(
  place: Positions,
  keys: fc.Arbitrary<unknown>,
  values: fc.Arbitrary<unknown>,
): fc.Arbitrary<Command>[] {
  const same = place.keyPos === place.partitionPos;
  const rows = fc
    .tuple(keys, fc.nat({ max: 3 }), values)
    .map(([key, where, value]): Row => rowOf(place, key, same ? key : where, value));
  const lists = fc.array(rows, { maxLength: 6 });
  const unique = fc.uniqueArray(rows, { maxLength: 6, selector: (row) => identityOf(row[place.keyPos]) });
  return [
    ...onOwnPlace.map(([name, run]) =>
      rows.map((row) => command(`${name} ${fc.stringify(row)}`, (world) => run(world, row, world.indexOf(row)))),
    ),
    ...onHandle.map(([name, run]) =>
      fc
        .tuple(rows, fc.nat())
        .map(([row, any]) =>
          command(`${name} ${fc.stringify(row)} by a handle (${any})`, (world) =>
            run(world, row, any % world.cache.partitions.length),
          ),
        ),
    ),
    // Most steps store something.
    ...Array.from({ length: 8 }, () =>
      rows.map((row) => command(`put ${fc.stringify(row)}`, (world) => onOwnPlace[0][1](world, row, 0))),
    ),
    lists.map((list) => command(`putBatch ${fc.stringify(list)}`, (world) => putBatch(world, list))),
    unique.map((list) => command(`insertNew ${fc.stringify(list)}`, (world) => insertList(world, list))),
    fc.constant(
      command('toList', (world) =>
        equal(
          world.cache.toList(),
          [...world.rows.values()].map(({ row }) => row),
        ),
      ),
    ),
  ];
}

export function pairCommands(keys: fc.Arbitrary<unknown>, values: fc.Arbitrary<unknown>): fc.Arbitrary<Command>[] {
  const places = fc.tuple(fc.constantFrom(...NAMESPACES), keys);
  type Pairs = Map<string, [key: unknown, value: unknown]>;
  const onKey = (name: string, run: (world: FacadeWorld, namespace: string, key: unknown, pairs: Pairs) => void) =>
    places.map(([namespace, key]) =>
      command(`${namespace}.${name} ${fc.stringify(key)}`, (world) =>
        run(world, namespace, key, world.pairs.get(namespace) as Pairs),
      ),
    );
  const set = fc.tuple(places, values).map(([[namespace, key], value]) =>
    command(`${namespace}.set ${fc.stringify([key, value])}`, (world) => {
      const stored = accepted(() => world.cache.keyValue<unknown, unknown>(namespace).set(key, value));
      if (stored) world.pairs.get(namespace)?.set(identityOf(key), [key, value]);
    }),
  );
  return [
    set,
    set,
    set,
    onKey('get', (world, namespace, key, pairs) => {
      const map = world.cache.keyValue<unknown, unknown>(namespace);
      const [, expected] = pairs.get(identityOf(key)) ?? [key, 'none'];
      expect(map.get(key, 'none')).toEqual(expected);
      expect(map.has(key)).toBe(pairs.has(identityOf(key)));
    }),
    onKey('delete', (world, namespace, key, pairs) =>
      expect(world.cache.keyValue<unknown>(namespace).delete(key)).toBe(pairs.delete(identityOf(key))),
    ),
  ];
}

export const clearing: fc.Arbitrary<Command> = fc.constant(
  command('deleteAll', (world) => {
    world.cache.deleteAll();
    world.clear();
  }),
);
