/**
 * Goal: wrong rows, values and arguments are refused with the right error, and a refusal changes nothing. Oracle: the
 * reference; the rows of the cache before and after. Replay: `npx vitest run test/conformance/refusals.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { builds, emptiedCache, rowOf, SUBJECT_TITLE, subjectCache, subjects, thrown } from './subjects.js';

class Point {
  x = 1;
}

const noValues: readonly [string, unknown][] = [
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['a promise', Promise.resolve()],
  ['an instance of a class', new Point()],
  ['a WeakMap', new WeakMap()],
  ['a SharedArrayBuffer', new SharedArrayBuffer(8)],
  ['a view of shared memory', new Uint8Array(new SharedArrayBuffer(8))],
  ['a function deep inside', { list: [1, { deep: () => 1 }] }],
  ['a symbol in a Map', new Map([['k', Symbol('s')]])],
  ['an instance in a Set', new Set([new Point()])],
];

describe.each(subjects)(SUBJECT_TITLE, (subject) => {
  const cache = subjectCache(subject);
  const needed = Math.max(subject.keyPos, subject.partitionPos) + 1;

  test('what is no row, or too short for its positions, is refused', () => {
    const short = Array.from({ length: needed }, (_, length) => new Array(length).fill('x'));
    const bad: unknown[] = [...short, undefined, null, 5, 'row', {}, { 0: 'k', length: 3 }, new Uint8Array(4)];
    for (const row of bad as never[]) {
      const calls: Record<string, () => unknown> = {
        put: () => cache().put(row),
        get: () => cache().get(row),
        delete: () => cache().delete(row),
        putBatch: () => cache().putBatch([row]),
      };
      if (!Array.isArray(row)) calls.insertNew = () => cache().insertNew(row);
      for (const [op, call] of Object.entries(calls)) {
        const error = thrown(call);
        expect(error, op).toBeInstanceOf(TypeError);
        expect([error.code, error.op], op).toEqual(['ERR_SUPERCACHE_BAD_ROW', op]);
      }
      expect(thrown(() => cache().partitions[0].put(row)).code).toBe('ERR_SUPERCACHE_BAD_ROW');
    }
    if (needed > 1) expect(thrown(() => cache().put(['x'])).message).toContain(`needs ${needed} at least`);
    expect(cache().toList()).toEqual([]);
  });

  test('P6: a list with something that is no row stores none of its rows', () => {
    const fine = rowOf(subject, 'k', 'k');
    for (const list of [[fine, 5], [fine, undefined], [fine, {}], 5, 'rows', { 0: fine, length: 1 }]) {
      expect(thrown(() => cache().putBatch(list as never)).code).toBe('ERR_SUPERCACHE_BAD_ROW');
    }
    const sparse = [fine];
    sparse[2] = fine;
    expect(thrown(() => cache().putBatch(sparse)).code).toBe('ERR_SUPERCACHE_BAD_ROW');
    expect(cache().toList()).toEqual([]);
  });

  test('undefined is allowed inside rows, and holes read as undefined', () => {
    const row = [...rowOf(subject, 'k', 'k'), undefined, { a: undefined }, undefined];
    cache().put(row);
    expect(cache().get(row)).toStrictEqual([row]);
    expect(cache().get(row)[0]).toHaveLength(6);
    const sparse = [...rowOf(subject, 's', 's')];
    sparse[6] = 'end';
    cache().put(sparse);
    expect(cache().get(sparse)).toStrictEqual([[...sparse]]);
    const keyless = rowOf(subject, 'k', 'k');
    delete keyless[subject.keyPos];
    expect(thrown(() => cache().put(keyless)).code).toBe('ERR_SUPERCACHE_BAD_KEY');
  });

  test.each(noValues)('%s cannot be stored in a row', (_, value) => {
    cache().put([...rowOf(subject, 'k', 'k'), 'before']);
    const row = [...rowOf(subject, 'k', 'k'), value];
    const calls: Record<string, () => unknown> = {
      put: () => cache().put(row),
      insertNew: () => cache().insertNew(row),
      putBatch: () => cache().putBatch([rowOf(subject, 'new', 'new'), row]),
    };
    for (const [op, call] of Object.entries(calls)) {
      const error = thrown(call);
      expect(error, op).toBeInstanceOf(TypeError);
      expect([error.code, error.op], op).toEqual(['ERR_SUPERCACHE_BAD_VALUE', op]);
      expect(error.message, op).toContain('row[3]');
    }
    expect(cache().toList()).toEqual([[...rowOf(subject, 'k', 'k'), 'before']]);
  });
});

describe.each(builds)('$build', ({ exports }) => {
  const cache = emptiedCache(exports, { partitions: 3, keyPos: 0, partitionPos: 1 });
  test.each(noValues)('%s cannot be a value of a key-value', (_, value) => {
    const map = cache().keyValue<string, unknown>('values');
    map.set('k', 'before');
    const error = thrown(() => map.set('k', value));
    expect(error).toBeInstanceOf(TypeError);
    expect([error.code, error.op, error.key]).toEqual(['ERR_SUPERCACHE_BAD_VALUE', 'set', '"k"']);
    expect([map.get('k'), map.size]).toEqual(['before', 1]);
  });

  test('a key-value refuses undefined and takes null', () => {
    const map = cache().keyValue<string, unknown>('values');
    const error = thrown(() => map.set('k', undefined));
    expect([error.code, error.op, error.key]).toEqual(['ERR_SUPERCACHE_BAD_VALUE', 'set', '"k"']);
    expect(map.has('k')).toBe(false);
    map.set('k', null).set('nested', { a: undefined });
    expect(map.get('k', 'fallback')).toBeNull();
    expect(map.get('nested')).toStrictEqual({ a: undefined });
  });

  test('scan wants a function', () => {
    for (const visit of [undefined, null, 5, 'f', {}]) {
      const error = thrown(() => cache().scan(visit as never, 0));
      expect([error.code, error.op]).toEqual(['ERR_SUPERCACHE_BAD_OPTION', 'scan']);
      expect(thrown(() => cache().partitions[0].scan(visit as never, 0)).code).toBe('ERR_SUPERCACHE_BAD_OPTION');
    }
  });

  test('namespaces are texts that are not empty and not too long', () => {
    for (const name of [undefined, null, 5, '', 'n'.repeat(2000), {}, Symbol('n')]) {
      const error = thrown(() => cache().keyValue(name as never));
      expect(error).toBeInstanceOf(TypeError);
      expect([error.code, error.op]).toEqual(['ERR_SUPERCACHE_BAD_OPTION', 'keyValue']);
    }
    expect(thrown(() => cache().keyValue('v', { values: 'shared' as never })).code).toBe('ERR_SUPERCACHE_BAD_OPTION');
  });

  test('options of later versions are refused, not ignored', () => {
    const calls: Record<string, () => unknown> = {
      put: () => cache().put(['k', 'p'], { tags: 5 } as never),
      set: () =>
        cache()
          .keyValue<string, number>('later')
          .set('k', 1, { tags: 5 } as never),
      keyValue: () => cache().keyValue('later', { tags: 5 } as never),
    };
    for (const [op, call] of Object.entries(calls)) {
      const error = thrown(call);
      expect([error.code, error.op]).toEqual(['ERR_SUPERCACHE_NOT_SUPPORTED', op]);
    }
    for (const wrong of [60, null, true, () => 1, ['EX']]) {
      expect(thrown(() => cache().put(['k', 'p'], wrong as never)).code).toBe('ERR_SUPERCACHE_BAD_OPTION');
      expect(
        thrown(() =>
          cache()
            .keyValue('later')
            .set('k', 1, wrong as never),
        ).code,
      ).toBe('ERR_SUPERCACHE_BAD_OPTION');
    }
    expect(cache().stats().entries).toBe(0);
    expect(cache().put(['k', 'p'], { ttl: undefined, tags: undefined } as never)).toBe(true);
  });

  test('names beyond the room for namespaces are refused, and known ones go on working', () => {
    const names: string[] = [];
    const error = thrown(() => {
      for (let i = 0; i < 5000; i++) {
        cache().keyValue<string, number>(`n${i}`).set('k', i);
        names.push(`n${i}`);
      }
    });
    expect(error.code).toBe('ERR_SUPERCACHE_FULL');
    expect(names.length).toBeGreaterThan(100);
    names.forEach((name, i) => {
      expect(cache().keyValue(name).get('k')).toBe(i);
    });
  });
});
