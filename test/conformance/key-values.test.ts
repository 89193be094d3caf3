/**
 * Goal: a key-value behaves as a Map does, without insertion order, object keys and identity.
 * Oracle: a Map, and the reference. Replay: `npx vitest run test/conformance/key-values.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { exactDifference } from '../support/exact-equality.js';
import { builds, emptiedCache } from './subjects.js';

describe.each([1, 16])('%d partitions', (partitions) => {
  describe.each(builds)('$build', ({ exports }) => {
    const cache = emptiedCache(exports, { partitions, memory: '8mb', keyPos: 1, partitionPos: 2 });
    test('set chains, get finds, and a miss gives undefined or the fallback', () => {
      const map = cache().keyValue<string, unknown>('map');
      expect(map.set('k', 1).set('l', 2)).toBe(map);
      expect([map.get('k'), map.get('l'), map.get('m'), map.get('m', 'none')]).toEqual([1, 2, undefined, 'none']);
      expect(map.get('k', 'none')).toBe(1);
      expect(map.get('m', null)).toBeNull();
      expect([map.has('k'), map.has('m')]).toEqual([true, false]);
    });

    test('delete tells whether there was an entry, and size counts entries', () => {
      const map = cache().keyValue<number, number>('map');
      for (let i = 0; i < 1000; i++) map.set(i, i);
      for (let i = 0; i < 1000; i += 2) map.set(i, -i);
      expect(map.size).toBe(1000);
      expect([map.delete(0), map.delete(0), map.delete(5000)]).toEqual([true, false, false]);
      expect(map.size).toBe(999);
      expect([map.get(0), map.get(2), map.get(3)]).toEqual([undefined, -2, 3]);
    });

    test('falsy values are values', () => {
      const map = cache().keyValue<unknown, unknown>('map');
      for (const value of [0, -0, '', false, null, Number.NaN, 0n]) {
        map.set('k', value);
        expect(Object.is(map.get('k', 'fallback'), value), String(value)).toBe(true);
        expect(map.has('k')).toBe(true);
      }
    });

    test('one name is one data set, different names are different ones', () => {
      const one = cache().keyValue<string, number>('one');
      const two = cache().keyValue<string, number>('two');
      one.set('k', 1);
      two.set('k', 2);
      expect(cache().keyValue('one').get('k')).toBe(1);
      expect([one.size, two.size]).toEqual([1, 1]);
      expect(one.delete('k')).toBe(true);
      expect(two.get('k')).toBe(2);
    });

    test('namespaces may have any text as name', () => {
      const names = ['ns', 'n', 'ns ', 'é', 'e\u0301', '😀', '\0', '__proto__', 'constructor', 'a|b', 'x'.repeat(116)];
      for (const [i, name] of names.entries()) cache().keyValue<string, number>(name).set('k', i);
      for (const [i, name] of names.entries()) expect(cache().keyValue(name).get('k'), name).toBe(i);
    });

    test('B5: one namespace is spread over all partitions', () => {
      const map = cache().keyValue<number, number>('spread');
      for (let i = 0; i < 1600; i++) map.set(i, i);
      const counts = cache()
        .stats()
        .partitions.map(({ entries }) => entries);
      expect(counts).toHaveLength(partitions);
      expect(Math.min(...counts)).toBeGreaterThan(800 / partitions);
      expect(Math.max(...counts)).toBeLessThan(3200 / partitions);
    });
  });
});

const shared = { shared: true };
const valueSamples: readonly [string, unknown][] = [
  ['nested plain data', { a: [1, { b: 'c', d: [null, true, undefined] }], '': 1 }],
  ['numbers', [0, -0, 1.5, -1, 2 ** 31, 2 ** 53, Number.NaN, Infinity, -Infinity, 5e-324]],
  ['bigints', [0n, 1n, -1n, 2n ** 64n, -(2n ** 300n)]],
  ['texts', ['', 'a', 'é', '€', '😀', '\ud83d', '\0', '\ufeffbom', 'x'.repeat(70_000), '€'.repeat(70_000)]],
  ['bytes', [new Uint8Array([1, 2]), Buffer.from('b'), new Float64Array([1.5]), new DataView(new ArrayBuffer(3))]],
  ['a buffer', new Uint8Array([1, 2, 3]).buffer],
  [
    'maps and sets',
    new Map<unknown, unknown>([
      ['a', new Set([1, 'a'])],
      [{ k: 1 }, new Map()],
    ]),
  ],
  ['dates and patterns', [new Date(0), new Date(Number.NaN), /a\/b/giu]],
  ['errors', new RangeError('bad', { cause: new Error('inner') })],
  ['shared parts', { one: shared, two: shared }],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
  ['awkward names', JSON.parse('{"__proto__": 1, "constructor": 2, "toJSON": 3, "then": 4}')],
  ['holes', Object.assign([1, 2, 3].slice(0, 1), { 2: 3 })],
  ['boxed primitives', [Object(1), Object('a')]],
  ['empty ones', [{}, [], new Map(), new Set(), '', new Uint8Array(0)]],
];

describe.each(builds)('$build', ({ exports }) => {
  const cache = emptiedCache(exports, { memory: '16mb', partitions: 4 });
  test.each(valueSamples)('%s come back exactly', (_name, value) => {
    for (const values of ['frozen', 'copy'] as const) {
      const map = cache().keyValue<string, unknown>(values, { values });
      map.set('k', value);
      expect(exactDifference(map.get('k'), value)).toBe('');
      cache().put(['row', value]);
      expect(exactDifference(cache().get(['row'])[0][1], value)).toBe('');
      expect(exactDifference(cache().toList()[0][1], value)).toBe('');
      expect(exactDifference(cache().take('row')[0][1], value)).toBe('');
    }
  });

  test('a cycle comes back as one', () => {
    const cycle: { self?: unknown; list: unknown[] } = { list: [] };
    cycle.self = cycle;
    cycle.list.push(cycle);
    const map = cache().keyValue<string, typeof cycle>('cycle');
    map.set('k', cycle);
    expect(exactDifference(map.get('k'), cycle)).toBe('');
  });
});
