/**
 * Goal: what is frozen in mode 'frozen', the raw path for one-byte strings, sizes of small values, and the scratch.
 * Oracle: Object.isFrozen on every object reached; tables.
 * Replay: with the seed and path that fast-check prints, as test/support/property-runs.ts says.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ValueEncoder } from '../../../src/codec/value-encoder.js';
import { exactDifference } from '../../support/exact-equality.js';
import { runs } from '../../support/property-runs.js';
import { everydayValues, storableValues } from '../../support/storable-values.js';
import { encodeField, roundTrip, roundTripRow } from '../../support/value-round-trip.js';

/** All objects in `root`, and whether all are plain objects and arrays. */
function survey(root: unknown): { objects: object[]; plain: boolean } {
  const objects = new Set<object>();
  let plain = true;
  const pending = [root];
  for (let value = pending.pop(); objects.size < 1e6; value = pending.pop()) {
    if (typeof value === 'object' && value !== null && !objects.has(value)) {
      objects.add(value);
      const prototype = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) plain = false;
      if (value instanceof Map || value instanceof Set) pending.push(...[...value].flat());
      if (!ArrayBuffer.isView(value)) pending.push(...Object.values(value));
      if (value instanceof Error) pending.push(value.cause, (value as AggregateError).errors);
    }
    if (pending.length === 0) break;
  }
  return { objects: [...objects], plain };
}

const all = (objects: readonly object[], frozen: boolean) =>
  objects.every((object) => Object.isFrozen(object) === frozen || Object.values(object).length === 0);

describe('mode frozen', () => {
  test.each(Object.entries({ storableValues, everydayValues }))('freezes plain values only: %s', (_, values) => {
    fc.assert(
      fc.property(values, fc.boolean(), (value, inRow) => {
        const back = inRow ? roundTripRow([1, value, 'x'], 0, 'frozen') : roundTrip(value, 'frozen');
        const { objects, plain } = survey(back);
        expect(all(objects, plain)).toBe(true);
        if (plain) expect(objects.every(Object.isFrozen)).toBe(true);
        expect(exactDifference(inRow ? (back as unknown[])[1] : back, value)).toBe('');
      }),
      runs(2000),
    );
  });

  test('ends with cycles, of arrays, objects and objects without prototype', () => {
    const root: Record<string, unknown> = { list: [], bare: Object.create(null) };
    (root.list as unknown[]).push(root, root.list);
    (root.bare as Record<string, unknown>).root = root;
    const back = roundTrip(root, 'frozen') as { list: unknown[]; bare: { root: unknown } };
    expect([back, back.list, back.bare].map(Object.isFrozen)).toEqual([true, true, true]);
    expect(back.bare.root).toBe(back);
  });

  test('copes with depth and with arrays of holes', () => {
    let deep: unknown = {};
    for (let i = 0; i < 9000; i++) deep = { deep };
    const holes: unknown[] = new Array(4294967295);
    holes[7] = [{}];
    const back = roundTrip([deep, holes], 'frozen') as [object, unknown[][]];
    expect([back, back[0], back[1], back[1][7], back[1][7][0]].every(Object.isFrozen)).toBe(true);
  });

  test.each([Buffer.from('x'), new Map(), new Set(), new Date(), /a/, new Error('x'), Object(1), new ArrayBuffer(1)])(
    '%s leaves its value and its row unfrozen',
    (odd) => {
      const inValue = roundTrip({ plain: {}, list: [odd] }, 'frozen') as Record<string, object>;
      const inRow = roundTripRow(['key', { plain: [1] }, odd, [-0, {}]], 0, 'frozen');
      expect([inValue, inValue.plain, inRow, inRow[1], inRow[3]].some(Object.isFrozen)).toBe(false);
    },
  );

  test('freezes keys that are arrays with the row; keys of bytes leave it unfrozen', () => {
    const key = [1, ['a']];
    expect(Object.isFrozen(roundTripRow([key, 1, 2], 0, 'frozen'))).toBe(true);
    expect([key, key[1]].every(Object.isFrozen)).toBe(true);
    expect(Object.isFrozen(roundTripRow([[Buffer.from('k')], 1, 2], 0, 'frozen'))).toBe(false);
  });

  test('mode copy freezes nothing', () => {
    expect([roundTrip({ a: 1 }), roundTrip({ a: -0 }), roundTripRow([1, 2, 3], 1)].some(Object.isFrozen)).toBe(false);
  });
});

describe('the raw path', () => {
  const encoder = new ValueEncoder();

  test('takes a value that is one one-byte string', () => {
    for (const text of ['', 'abc', 'ÿ'.repeat(5000)]) {
      encoder.encodeValue(text, 'set', 1);
      expect([encoder.latin1, encoder.length]).toEqual([text, text.length]);
    }
    for (const other of ['€', 5, ['abc'], Object('abc'), null]) {
      encoder.encodeValue(other, 'set', 1);
      expect(encoder.latin1).toBe(null);
    }
  });

  test('takes a row of two with such a string beside the key', () => {
    const rawOf = (row: unknown[], keyPos: number) => {
      encoder.encodeRow(row, keyPos, 'put');
      return encoder.latin1;
    };
    expect(rawOf([1, 'one'], 0)).toBe('one');
    expect(rawOf(['one', 1], 1)).toBe('one');
    expect(encoder.length).toBe(3);
    expect(rawOf(['key', 1], 0)).toBe(null);
    expect(rawOf([1, '€'], 0)).toBe(null);
    expect(rawOf([1, 'one', 2], 0)).toBe(null);
    expect(rawOf([1], 0)).toBe(null);
    expect(encoder.length).toBe(0);
  });
});

test.each([
  [1, [null, undefined, true, false, 0, 127]],
  [2, [-1, -128]],
  [3, [128, 32767, -32768, -129]],
  [5, [32768, 2 ** 31 - 1, -(2 ** 31)]],
  [9, [2 ** 31, 0.5, -0, NaN, 5n, -(2n ** 63n)]],
])('%i bytes suffice for small values', (length, values) => {
  for (const value of values) expect(encodeField(value)?.length).toBe(length);
});

test('a row of small numbers and a short text has one byte of overhead for each', () => {
  const encoder = new ValueEncoder();
  encoder.encodeRow([1, 2, 'x'.repeat(63)], 0, 'put');
  expect(encoder.length).toBe(1 + 1 + 63);
  encoder.encodeRow(['key', undefined, 3], 0, 'put');
  expect(encoder.length).toBe(2);
});

test('the scratch is aligned, grows for large values and is given back', () => {
  const encoder = new ValueEncoder();
  const large = [Buffer.alloc(3_000_000, 1), 'x'.repeat(2_000_000), new Map([['k', '€'.repeat(1_000_000)]])];
  encoder.encodeValue(large, 'set', 1);
  expect(encoder.length).toBeGreaterThan(7_000_000);
  expect([encoder.bytes.byteOffset, encoder.bytes.buffer instanceof ArrayBuffer]).toEqual([0, true]);
  expect(encoder.bytes.buffer.byteLength).toBe(encoder.bytes.length);
  encoder.release();
  expect(encoder.bytes.length).toBeLessThanOrEqual(2 ** 20);
  encoder.encodeValue({ a: 1 }, 'set', 1);
  const { bytes } = encoder;
  encoder.release();
  expect(encoder.bytes).toBe(bytes);
  expect(encoder.length).toBeGreaterThan(1);
});

test('a value that no slab can hold is too large', () => {
  const encoder = new ValueEncoder();
  const tooLarge = expect.objectContaining({ code: 'ERR_SUPERCACHE_TOO_LARGE' });
  expect(() => encoder.reserve(2 ** 30 + 1)).toThrow(tooLarge);
  expect(encoder.bytes.length).toBeLessThan(2 ** 20);
});
