/**
 * Goal: which keys are equal, which differ, and which are refused, the same for tuples, partition values and
 * key-values. Oracle: the groups of `key-samples.ts`, written by hand from the reference. Replay: `npx vitest run
 * test/conformance/keys.test.ts`.
 */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { equalKeys, noKeys } from './key-samples.js';
import { builds, emptiedCache, rowOf, SUBJECT_TITLE, subjectCache, subjects, thrown } from './subjects.js';

describe.each(subjects)(SUBJECT_TITLE, (subject) => {
  const cache = subjectCache(subject);
  const same = subject.keyPos === subject.partitionPos;
  const row = (key: unknown, other: unknown = 'o') => rowOf(subject, key, same ? key : 'p', other);

  test('equal keys are one row, different keys are different rows', () => {
    equalKeys.forEach(([key], group) => {
      cache().put(row(key, `group ${group}`));
    });
    expect(cache().stats().entries).toBe(equalKeys.length);
    equalKeys.forEach((group, index) => {
      for (const key of group) {
        const [found] = cache().get(row(key));
        expect(found, `key ${String(key)}`).toContain(`group ${index}`);
        expect(cache().member(key)).toBe(true);
      }
    });
    equalKeys.forEach((group, index) => {
      cache().put(row(group.at(-1), `again ${index}`));
    });
    expect(cache().stats().entries).toBe(equalKeys.length);
    for (const group of equalKeys) expect(cache().take(group.at(-1))).toHaveLength(1);
    expect(cache().stats().entries).toBe(0);
  });

  test('keys come back as they were stored, -0 as 0', () => {
    const expected = equalKeys.map(([key]) => (Object.is(key, -0) ? 0 : key));
    for (const [key] of equalKeys) cache().put(row(key));
    const fromScan = cache().scan((found, list: unknown[]) => [...list, found[subject.keyPos]], []);
    const fromGet = expected.map((key) => cache().get(row(key))[0][subject.keyPos]);
    for (const found of [fromScan, fromGet]) {
      const missing = expected.filter((key) => !found.some((other) => sameKey(key, other)));
      expect(missing).toEqual([]);
      expect(found).toHaveLength(expected.length);
    }
    cache().put(row(-0));
    expect(Object.is(cache().get(row(0))[0][subject.keyPos], 0)).toBe(true);
  });

  test.each(noKeys.map((key) => [String(Object.prototype.toString.call(key)), key]))('%s is no key', (_, key) => {
    const before = cache().stats().entries;
    const calls: Record<string, () => unknown> = {
      put: () => cache().put(row(key)),
      putBatch: () => cache().putBatch([row('fine'), row(key)]),
      insertNew: () => cache().insertNew(row(key)),
      get: () => cache().get(row(key)),
      getByKeyPartition: () => cache().getByKeyPartition(key, 'p'),
      getSameKeyPartition: () => cache().getSameKeyPartition(key),
      member: () => cache().member(key),
      take: () => cache().take(key),
      delete: () => cache().delete(row(key)),
      deleteByKeyPartition: () => cache().deleteByKeyPartition(key, 'p'),
      deleteSameKeyPartition: () => cache().deleteSameKeyPartition(key),
      partitionOf: () => cache().partitionOf(key),
    };
    for (const [op, call] of Object.entries(calls)) {
      const error = thrown(call);
      expect(error, op).toBeInstanceOf(TypeError);
      expect([error.code, error.op], op).toEqual(['ERR_SUPERCACHE_BAD_KEY', op]);
      expect(error.message, op).toContain('allowed are null, booleans, numbers');
    }
    expect(cache().stats().entries).toBe(before);
  });

  if (!same) {
    test.each([[undefined], [{}], [Symbol('s')]])('a partition value obeys the rules of keys: not %o', (place) => {
      expect(thrown(() => cache().put(rowOf(subject, 'k', place))).code).toBe('ERR_SUPERCACHE_BAD_KEY');
      expect(thrown(() => cache().get(rowOf(subject, 'k', place))).code).toBe('ERR_SUPERCACHE_BAD_KEY');
      expect(thrown(() => cache().deleteByKeyPartition('k', place)).code).toBe('ERR_SUPERCACHE_BAD_KEY');
      expect(cache().toList()).toEqual([]);
    });
  }
});

/** Deep equality by the rules of keys: a Buffer that was stored comes back as bytes. */
function sameKey(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => sameKey(x, b[i]));
  return isDeepStrictEqual(a, b) || a === b;
}

describe.each(builds)('$build', ({ exports }) => {
  const cache = emptiedCache(exports, { partitions: 16 });
  describe('in a key-value', () => {
    test('equal keys are one entry, different keys are different entries', () => {
      const map = cache().keyValue<unknown, number>('keys');
      equalKeys.forEach(([key], group) => {
        map.set(key, group);
      });
      expect(map.size).toBe(equalKeys.length);
      equalKeys.forEach((group, index) => {
        for (const key of group) expect(map.get(key), `key ${String(key)}`).toBe(index);
      });
      for (const group of equalKeys) expect(map.delete(group.at(-1))).toBe(true);
      expect(map.size).toBe(0);
    });

    test.each(noKeys.map((key) => [Object.prototype.toString.call(key), key]))('%s is no key', (_, key) => {
      const map = cache().keyValue<unknown, number>('keys');
      for (const op of ['get', 'has', 'delete', 'set'] as const) {
        const error = thrown(() => (op === 'set' ? map.set(key, 1) : map[op](key)));
        expect(error).toBeInstanceOf(TypeError);
        expect([error.code, error.op]).toEqual(['ERR_SUPERCACHE_BAD_KEY', op]);
      }
      expect(map.size).toBe(0);
    });
  });

  test('a key array is copied: changing it afterwards changes nothing', () => {
    const key: unknown[] = ['a', [1]];
    const bytes = new Uint8Array([1, 2]);
    cache().put([key, 'value']);
    cache().put([bytes, 'bytes']);
    key.push('b');
    bytes[0] = 9;
    expect(cache().get([['a', [1]]])).toEqual([[['a', [1]], 'value']]);
    expect(cache().get([new Uint8Array([1, 2])])).toEqual([[new Uint8Array([1, 2]), 'bytes']]);
    expect(cache().toList()).toHaveLength(2);
  });

  test('keys that nest too deep, contain themselves or are too long are refused', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    let deep: unknown = 1;
    for (let i = 0; i < 65; i++) deep = [deep];
    for (const key of [cyclic, deep]) expect(thrown(() => cache().put([key, 1])).code).toBe('ERR_SUPERCACHE_BAD_KEY');
    const long = thrown(() => cache().put(['k'.repeat(70_000), 1]));
    expect(long.code).toBe('ERR_SUPERCACHE_BAD_KEY');
    expect(String(long.key).length).toBeLessThan(120);
    const over = thrown(() => cache().put(['k'.repeat(60_000), 1]));
    expect(over.code).toBe('ERR_SUPERCACHE_TOO_LARGE');
    expect(cache().toList()).toEqual([]);
  });
});
