/**
 * Goal: user code that runs while a row, key or value is read (getters of array elements, proxies) may use the cache:
 * then the outer call is refused or right, and the cache is never corrupted.
 * Oracle: after every attempt all rows can be read, scanned and deleted, and rows that nobody touched are unchanged.
 * Replay: `npx vitest run test/conformance/reentrance.test.ts`.
 */
import type { SuperCache } from 'supercache';
import { describe, expect, test } from 'vitest';
import { type Row, rowOf, SUBJECT_TITLE, type Subject, subjectCache, subjects } from './subjects.js';

/** An array whose element at `position` runs `code` when it is read. */
function trapped(elements: readonly unknown[], position: number, code: () => void): unknown[] {
  const array = [...elements];
  const value = array[position];
  Object.defineProperty(array, position, {
    enumerable: true,
    configurable: true,
    get() {
      code();
      return value;
    },
  });
  return array;
}

/** The same array behind a proxy that runs `code` at every read. */
function proxied(elements: readonly unknown[], code: () => void): unknown[] {
  return new Proxy([...elements], {
    get(target, name, receiver) {
      code();
      return Reflect.get(target, name, receiver);
    },
    getOwnPropertyDescriptor(target, name) {
      code();
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
  });
}

/** What user code may do meanwhile. */
function intrusions(subject: Subject, cache: SuperCache<Row>): Record<string, () => unknown> {
  const row = (key: unknown, value: unknown) => rowOf(subject, key, 'p', value);
  const map = cache.keyValue<unknown, unknown>('intrusion');
  return {
    put: () => cache.put(row('inner', { list: [1, 2, 'inner '.repeat(100)] })),
    'put of the same key': () => cache.put(row('k', 'inner')),
    'caught put': () => cache.safe.put(row(['inner', 1], [undefined, { a: 'x'.repeat(500) }])),
    putBatch: () => cache.putBatch([row('one', [1]), row(['two'], [2])]),
    insertNew: () => cache.insertNew([row(['three'], 3), row(['four', ['five']], 4)]),
    get: () => cache.get(row(['untouched'], 0)),
    'caught get': () => cache.safe.get(row(['a', ['b', 'c'.repeat(300)]], 0)),
    take: () => cache.take(['inner', 1]),
    delete: () => cache.delete(row('inner', 0)),
    scan: () => cache.toList(),
    deleteByKeyPartition: () => cache.deleteByKeyPartition(['x', 'y'], ['z']),
    set: () => map.set(['k', 'k'], { value: 'v'.repeat(1000) }),
    'get of a key-value': () => map.get(['k', 'k']),
    partitionOf: () => cache.partitionOf(['p', ['q']]),
  };
}

/** All rows can be read in every way, and those that nobody touched are as they were. */
function expectSound(subject: Subject, cache: SuperCache<Row>, context: string): void {
  const rows = cache.toList();
  expect(cache.stats().entries - cache.keyValue('intrusion').size, context).toBe(rows.length);
  for (const row of rows) {
    expect(row.length, context).toBeGreaterThan(subject.keyPos);
    expect(cache.get(row as Row), context).toEqual([row]);
  }
  for (const key of ['untouched', ['untouched']]) {
    expect(cache.get(rowOf(subject, key, placeOf(subject, key))), context).toEqual([untouched(subject, key)]);
  }
  expect(cache.inspect().locks, context).toEqual([]);
}

const placeOf = ({ keyPos, partitionPos }: Subject, key: unknown) => (keyPos === partitionPos ? key : 'p');
const untouched = (subject: Subject, key: unknown) => rowOf(subject, key, placeOf(subject, key), { deep: ['kept'] });

/** Calls whose arguments run `code`. */
function calls(subject: Subject, cache: SuperCache<Row>, code: () => void): Record<string, () => unknown> {
  const map = cache.keyValue<unknown, unknown>('intrusion');
  const value = trapped(['a', 'b', { c: 'd'.repeat(200) }], 1, code);
  const key = () => trapped(['k', 'l', ['m']], 1, code);
  const whole = rowOf(subject, 'k', 'p', { value: 1 });
  const attempts: Record<string, () => unknown> = {
    'put: value': () => cache.put([...rowOf(subject, 'k', 'p'), value, 'end']),
    'put: proxied value': () => cache.put([...rowOf(subject, 'k', 'p'), proxied([1, { a: 2 }], code)]),
    'put: key': () => cache.put(rowOf(subject, key(), 'p', [1, 2])),
    'put: key and partition value': () => cache.put(rowOf(subject, key(), key(), [1, 2])),
    'put: proxied row': () => cache.put(proxied(whole, code)),
    'putBatch: value': () => cache.putBatch([rowOf(subject, 'before', 'p'), [...whole, value]]),
    'putBatch: key': () => cache.putBatch([rowOf(subject, key(), 'p'), rowOf(subject, key(), key())]),
    'putBatch: proxied list': () => cache.putBatch(proxied([whole, rowOf(subject, 'l', 'p')], code) as Row[]),
    'insertNew: value': () => cache.insertNew([rowOf(subject, 'new', 'p'), [...whole, value]]),
    'get: key': () => cache.get(rowOf(subject, key(), 'p')),
    'take: key': () => cache.take(key()),
    'member: key': () => cache.member(key()),
    'delete: key': () => cache.delete(rowOf(subject, key(), 'p')),
    'key-value: value': () => map.set('k', value),
    'key-value: key': () => map.set(key(), { v: 1 }),
    'key-value: get': () => map.get(key()),
    partitionOf: () => cache.partitionOf(key()),
  };
  whole.forEach((_, position) => {
    attempts[`put: element ${position} of the row`] = () => cache.put(trapped(whole, position, code));
  });
  return attempts;
}

describe.each(subjects)(SUBJECT_TITLE, (subject) => {
  const cache = subjectCache(subject);
  const prepare = (): void => {
    cache().deleteAll();
    for (const key of ['untouched', ['untouched']]) cache().put(untouched(subject, key));
  };
  const names = Object.keys(calls(subject, { keyValue: () => ({}) } as never, () => {}));

  describe.each(names)('%s', (name) => {
    test('runs code that uses the cache', () => {
      for (const [what, intrude] of Object.entries(intrusions(subject, cache()))) {
        for (const only of [1, 2, Number.POSITIVE_INFINITY]) {
          prepare();
          let left = only;
          let busy = false;
          const code = (): void => {
            if (busy || left-- <= 0) return;
            busy = true;
            try {
              intrude();
            } finally {
              busy = false;
            }
          };
          const attempt = calls(subject, cache(), code)[name];
          let refusal: unknown;
          try {
            attempt();
          } catch (error) {
            refusal = error;
          }
          if (refusal !== undefined) {
            expect(refusal, `${name}, ${what}`).toMatchObject({ code: expect.stringMatching(/BAD_(KEY|VALUE|ROW)$/) });
          }
          expectSound(subject, cache(), `${name}, ${what}`);
        }
      }
    });

    test('runs code that throws', () => {
      prepare();
      const mine = new RangeError('mine');
      const attempt = calls(subject, cache(), () => {
        throw mine;
      })[name];
      expect(attempt).toThrow(mine);
      expectSound(subject, cache(), name);
      expect(cache().toList()).toHaveLength(2);
    });
  });

  const shifting: Record<string, (row: Row) => Row> = {
    'whose length shrinks': (row) => {
      let reads = 0;
      return new Proxy(row, {
        get: (target, name, receiver) =>
          name === 'length' && reads++ > 0 ? 1 : (Reflect.get(target, name, receiver) as unknown),
      });
    },
    'whose length grows': (row) => {
      let reads = 0;
      return new Proxy(row, {
        get: (target, name, receiver) =>
          name === 'length' && reads++ > 0 ? 9 : (Reflect.get(target, name, receiver) as unknown),
      });
    },
    'whose elements are others at each read': (row) => {
      let reads = 0;
      return new Proxy(row, {
        get: (target, name, receiver) =>
          /^\d+$/.test(String(name)) ? `${String(name)} ${reads++}` : (Reflect.get(target, name, receiver) as unknown),
      });
    },
    'whose getter cuts it off': (row) => {
      const cut = trapped(row, 0, () => {
        cut.length = 1;
      });
      return cut;
    },
  };
  test.each(Object.entries(shifting))('a row %s is refused or stored as one that can be found', (_, shift) => {
    const row = () => shift(rowOf(subject, 'k', 'p', 'v'));
    const attempts = [
      () => cache().safe.put(row()),
      () => cache().safe.putBatch([row()]),
      () => cache().safe.insertNew(row()),
      () => cache().safe.insertNew([row(), rowOf(subject, 'l', 'p')]),
    ];
    for (const attempt of attempts) {
      prepare();
      const result = attempt();
      if (!result.ok) expect(result.error).toBeInstanceOf(TypeError);
      expectSound(subject, cache(), 'shifting');
    }
  });
});
