/** The operations of the model test: each runs against the cache and against Maps, and compares. */
import fc from 'fast-check';
import type { SuperCache } from 'supercache';
import { expect } from 'vitest';
import { type Positions, type Row, rowOf } from './subjects.js';

export interface Model extends Positions {
  /** Rows, by the identity of partition value and key. */
  readonly rows: Map<string, Row>;
  readonly pairs: Map<string, unknown>;
}

export type Command = fc.Command<Model, SuperCache<Row>>;

/** Equal for equal keys only. */
export function identityOf(key: unknown): string {
  if (typeof key === 'bigint') return `${key}n`;
  if (typeof key === 'string') return JSON.stringify(key);
  if (key instanceof Uint8Array) return `bytes ${Buffer.from(key).toString('hex')}`;
  if (Array.isArray(key)) return `[${key.map(identityOf).join()}]`;
  return Object.is(key, -0) ? '0' : String(key);
}

const placeIdentity = (model: Model, row: Row, index: number) =>
  `${index}: ${model.keyPos === model.partitionPos ? '' : identityOf(row[model.keyPos])}`;

/** A row is told from others by its partition and its key. */
export function rowIdentity(model: Model, cache: SuperCache<Row>, row: Row): string {
  const index = cache.partitionOf(row[model.partitionPos]);
  return `${placeIdentity(model, row, index)}|${identityOf(row[model.keyPos])}`;
}

function sorted(rows: readonly unknown[]): unknown[] {
  return rows
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'object' ? value : identityOf(value))))
    .sort();
}

type Run = (model: Model, cache: SuperCache<Row>) => void;

function command(name: string, run: Run): Command {
  return { check: () => true, run, toString: () => name };
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

function insertRun(rows: readonly Row[]): Run {
  return (model, cache) => {
    const names = rows.map((row) => rowIdentity(model, cache, row));
    const isNew = names.every((name) => !model.rows.has(name));
    let inserted = false;
    const room = accepted(() => {
      inserted = cache.insertNew(rows);
    });
    if (room) expect(inserted).toBe(isNew);
    if (room && isNew) for (const [i, row] of rows.entries()) model.rows.set(names[i], row);
  };
}

/** A batch may be stored in part when there is no room: then each row is the old or the new one. */
function batchRun(rows: readonly Row[]): Run {
  return (model, cache) => {
    const isStored = accepted(() => expect(cache.putBatch(rows)).toBe(rows.length));
    for (const row of rows) {
      const name = rowIdentity(model, cache, row);
      const [found] = cache.get(row) as Row[];
      if (isStored) model.rows.set(name, rows.findLast((other) => rowIdentity(model, cache, other) === name) ?? row);
      else if (found !== undefined) {
        const candidates = rows
          .filter((other) => rowIdentity(model, cache, other) === name)
          .concat([model.rows.get(name) ?? []]);
        expect(sorted(candidates)).toContain(sorted([found])[0]);
        model.rows.set(name, found);
      } else expect(model.rows.has(name)).toBe(false);
    }
  };
}

/** Commands on rows with the given keys, partition values and other elements. */
export function tupleCommands(
  place: Positions,
  keys: fc.Arbitrary<unknown>,
  values: fc.Arbitrary<unknown>,
): fc.Arbitrary<Command>[] {
  const same = place.keyPos === place.partitionPos;
  const places = fc.nat({ max: 3 });
  const rows = fc
    .tuple(keys, places, values)
    .map(([key, where, value]): Row => rowOf(place, key, same ? key : where, value));
  const lists = fc.array(rows, { maxLength: 6 });
  const known = (model: Model, cache: SuperCache<Row>, row: Row) => model.rows.get(rowIdentity(model, cache, row));
  const onRow = (name: string, run: (row: Row, model: Model, cache: SuperCache<Row>) => void) =>
    rows.map((row) => command(`${name} ${fc.stringify(row)}`, (model, cache) => run(row, model, cache)));
  const remove =
    (remover: (row: Row, cache: SuperCache<Row>) => unknown) => (row: Row, model: Model, cache: SuperCache<Row>) =>
      expect(remover(row, cache)).toBe(model.rows.delete(rowIdentity(model, cache, row)) ? 1 : 0);
  return [
    onRow('put', (row, model, cache) => {
      if (accepted(() => expect(cache.put(row)).toBe(true))) model.rows.set(rowIdentity(model, cache, row), row);
    }),
    onRow('get', (row, model, cache) => {
      const stored = known(model, cache, row);
      expect(cache.get(row)).toEqual(stored === undefined ? [] : [stored]);
      expect(cache.getByKeyPartition(row[place.keyPos], row[place.partitionPos])).toHaveLength(
        stored === undefined ? 0 : 1,
      );
    }),
    onRow('member', (row, model, cache) => {
      const options = { partitionValue: row[place.partitionPos] };
      expect(cache.member(row[place.keyPos], options)).toBe(known(model, cache, row) !== undefined);
    }),
    onRow('take', (row, model, cache) => {
      const stored = known(model, cache, row);
      const taken = cache.take(row[place.keyPos], { partitionValue: row[place.partitionPos] });
      expect(taken).toEqual(stored === undefined ? [] : [stored]);
      model.rows.delete(rowIdentity(model, cache, row));
    }),
    onRow(
      'delete',
      remove((row, cache) => cache.delete(row)),
    ),
    onRow(
      'deleteByKeyPartition',
      remove((row, cache) => cache.deleteByKeyPartition(row[place.keyPos], row[place.partitionPos])),
    ),
    onRow('handle', (row, model, cache) => {
      const handle = cache.partitions[cache.partitionOf(row[place.partitionPos])];
      if (accepted(() => handle.put(row))) model.rows.set(rowIdentity(model, cache, row), row);
      expect(handle.get(row[place.keyPos])).toHaveLength(known(model, cache, row) === undefined ? 0 : 1);
    }),
    lists.map((list) => command(`putBatch ${fc.stringify(list)}`, batchRun(list))),
    fc
      .uniqueArray(rows, { maxLength: 6, selector: (row) => identityOf(row[place.keyPos]) })
      .map((list) => command(`insertNew ${fc.stringify(list)}`, insertRun(list))),
    fc.constant(
      command('toList', (model, cache) => {
        expect(sorted(cache.toList())).toEqual(sorted([...model.rows.values()]));
        expect(cache.stats().entries).toBe(model.rows.size + model.pairs.size);
        expect(cache.partitions.reduce((sum, { size }) => sum + size, 0)).toBe(model.rows.size);
      }),
    ),
  ];
}

export function pairCommands(keys: fc.Arbitrary<unknown>, values: fc.Arbitrary<unknown>): fc.Arbitrary<Command>[] {
  const onKey = (name: string, run: (key: unknown, id: string, model: Model, cache: SuperCache<Row>) => void) =>
    keys.map((key) =>
      command(`${name} ${fc.stringify(key)}`, (model, cache) => run(key, identityOf(key), model, cache)),
    );
  const map = (cache: SuperCache<Row>) => cache.keyValue<unknown, unknown>('model');
  return [
    fc.tuple(keys, values).map(([key, value]) =>
      command(`set ${fc.stringify([key, value])}`, (model, cache) => {
        if (accepted(() => map(cache).set(key, value))) model.pairs.set(identityOf(key), value);
      }),
    ),
    onKey('kv get', (key, id, model, cache) => {
      expect(map(cache).get(key, 'none')).toEqual(model.pairs.has(id) ? model.pairs.get(id) : 'none');
      expect(map(cache).has(key)).toBe(model.pairs.has(id));
    }),
    onKey('kv delete', (key, id, model, cache) => expect(map(cache).delete(key)).toBe(model.pairs.delete(id))),
    fc.constant(command('size', (model, cache) => expect(map(cache).size).toBe(model.pairs.size))),
  ];
}

export const clearing: fc.Arbitrary<Command> = fc.constant(
  command('deleteAll', (model, cache) => {
    cache.deleteAll();
    model.rows.clear();
    model.pairs.clear();
  }),
);
