/**
 * Goal: what is stored comes back exactly, and shares no memory with the bytes it was read from.
 * Oracle: exactDifference (prototypes, -0, holes, order, identity); the bytes are overwritten before it looks.
 * Replay: with the seed and path that fast-check prints, as test/support/property-runs.ts says.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ValueTag } from '../../../native-layout/value-tags.js';
import { exactDifference } from '../../support/exact-equality.js';
import { runs } from '../../support/property-runs.js';
import { byteValues, everydayValues, scalars, storableValues, texts } from '../../support/storable-values.js';
import { encodeField, roundTrip, roundTripRow } from '../../support/value-round-trip.js';

describe('any value comes back exactly', () => {
  test.each(Object.entries({ storableValues, everydayValues, byteValues, scalars, texts }))('%s', (_, values) => {
    fc.assert(
      fc.property(values as fc.Arbitrary<unknown>, (value) => {
        expect(exactDifference(roundTrip(value), value)).toBe('');
      }),
      runs(3000),
    );
  });

  test('a second time as well: encoding leaves no state', () => {
    fc.assert(
      fc.property(storableValues, everydayValues, (odd, plain) => {
        const first = encodeField([plain]);
        encodeField([odd]);
        expect(encodeField([plain])).toEqual(first);
      }),
      runs(300),
    );
  });
});

test('any row comes back exactly, undefined included', () => {
  const rows = fc.array(fc.oneof(scalars, everydayValues, storableValues), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(rows, fc.nat(), fc.oneof(fc.integer(), fc.string()), (positions, at, key) => {
      const row = [...positions];
      const keyPos = at % row.length;
      row[keyPos] = key;
      const back = roundTripRow(row, keyPos);
      expect(back.length).toBe(row.length);
      // Positions are fields of their own: what two of them share comes back twice.
      for (const [i, value] of row.entries()) expect(exactDifference(back[i], value)).toBe('');
    }),
    runs(3000),
  );
});

const shared = { name: 'shared' };
const cyclic: Record<string, unknown> = { list: [] };
(cyclic.list as unknown[]).push(cyclic, shared, shared);
const holed = (length: number, filled: object) => Object.assign(new Array<unknown>(length), filled);
const cause = new RangeError('inner');
const failure = Object.assign(new TypeError('outer', { cause }), { code: 'E_OUT', detail: { at: 1 } });
const matched = /b(c)/d.exec('abcd');
const longText = 'ä'.repeat(100_000);

const examples: Record<string, unknown> = {
  'negative zero inside': { a: -0, b: [-0] },
  'lone surrogate in a value': { a: 'x\ud800y' },
  'lone surrogate in a key': { '\udfff': 1 },
  'byte order mark before a long text': { a: `\ufeff${'x'.repeat(100)}` },
  'byte order mark before a long key': { [`\ufeff${'x'.repeat(100)}`]: 1 },
  'key __proto__': JSON.parse('{"__proto__": {"polluted": true}, "a": 1}'),
  'key __proto__ without prototype': Object.assign(Object.create(null), JSON.parse('{"a": {"__proto__": 1}}')),
  'keys constructor and toJSON': { constructor: 'x', toJSON: 1, a: { toJSON: null } },
  'integer keys': { b: 1, 2: 'two', 10: 'ten', 1: 'one', '-1': 'minus', '01': 'padded', 4294967295: 'big' },
  holes: holed(5, { 1: 1, 3: 2 }),
  'holes and undefined': holed(3, { 0: undefined, 2: undefined }),
  'hole made up for by a name': holed(3, { 0: 1, 2: 3, extra: 1 }),
  'array far longer than filled': holed(4294967295, { 4294967294: 'last' }),
  'array of no elements but a length': holed(4294967295, {}),
  'result of a match': matched,
  'shared and cyclic': { cyclic, again: shared },
  'shared empty arrays': ((empty) => [empty, empty, {}])([]),
  'Map that is its own key and value': ((map) => map.set(map, map))(new Map<unknown, unknown>()),
  'Set in itself': ((set) => set.add(set))(new Set<unknown>()),
  'bigints around 64 bits': [2n ** 63n, -(2n ** 63n), 2n ** 64n, -(2n ** 64n), 123n ** 400n],
  'doubles that are no float32': [0.1, 16777217, 1e300, Number.MIN_VALUE, 2 ** 53],
  'error with cause and fields': failure,
  'error among its own fields': Object.assign(new Error('me'), { self: { failure } }),
  'aggregate error': new AggregateError([cause, failure, 3], 'all'),
  'error without message': new Error(),
  'error with odd fields': Object.assign(new Error('x'), { name: 5, message: { not: 'text' } }),
  'regular expression in the middle': Object.assign(/a/g, { lastIndex: 7 }),
  'bytes in objects': { buffer: Buffer.from('abc'), view: new DataView(new ArrayBuffer(3)), big: new BigInt64Array(2) },
  'empty bytes': [new Uint8Array(0), Buffer.alloc(0), new ArrayBuffer(0), new Float64Array(0)],
  boxed: [Object(1), Object('ab\u20ac'), Object(true), Object(10n), Object(-0)],
  dates: [new Date(0), new Date(NaN), new Date(8.64e15), new Date(-1)],
  'data that looks like MessagePack extensions': ['\xd4\x72\x40', Buffer.from([0xc7, 1, 0x69]), { '\xc1': '\xd6p' }],
  'many keys': Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])),
  'large plain value': { list: Array.from({ length: 30_000 }, (_, i) => ({ id: i, text: `item ${i}` })) },
  'large text': longText,
  'large text inside': { longText },
  'large bytes': new Uint8Array(3_000_000).fill(7),
};

test.each(Object.entries(examples))('%s', (_, value) => {
  expect(exactDifference(roundTrip(value), value)).toBe('');
});

test('views on one buffer come back with one each, of their own range', () => {
  const { buffer } = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const [first, second] = roundTrip([new Uint8Array(buffer, 1, 2), new Uint16Array(buffer, 4, 1)]) as Uint8Array[];
  expect([...first]).toEqual([2, 3]);
  expect(first.buffer.byteLength).toBe(2);
  expect(second.buffer).not.toBe(first.buffer);
});

test('an instance of an error class comes back as its nearest built-in class with its name', () => {
  class HttpError extends TypeError {
    override readonly name = 'HttpError';
    constructor(readonly status: number) {
      super(`status ${status}`);
    }
  }
  class Quiet extends RangeError {}
  Quiet.prototype.name = 'Quiet';
  const original = new HttpError(404);
  const error = roundTrip(original) as HttpError;
  expect(Object.getPrototypeOf(error)).toBe(TypeError.prototype);
  expect({ ...error }).toEqual({ name: 'HttpError', status: 404 });
  expect([error.message, error.stack]).toEqual([original.message, original.stack]);
  expect(String(roundTrip(new Quiet('hush')))).toBe('Quiet: hush');
});

test('properties that are not enumerable are left out, as structuredClone does', () => {
  const hidden = Object.defineProperty({ a: 1 }, 'b', { value: () => 1 });
  const unlisted = Object.defineProperty({ a: 1 }, Symbol('b'), { value: 1 });
  expect(exactDifference(roundTrip([hidden, unlisted]), [{ a: 1 }, { a: 1 }])).toBe('');
});

test('most values take the compact path', () => {
  const tagOf = (value: unknown) => encodeField(value)?.[0];
  expect(tagOf({ a: [1, 'x', null, { b: 2n }], c: undefined })).toBe(ValueTag.MSGPACK);
  expect(tagOf({ a: -0 })).toBe(ValueTag.GRAPH);
  // Beyond about half a megabyte, since msgpackr keeps its buffer.
  expect(tagOf({ text: 'x'.repeat(600_000) })).toBe(ValueTag.GRAPH);
  expect(tagOf(new Array(70_000).fill(1))).toBe(ValueTag.GRAPH);
  expect(tagOf(Buffer.from('x'))).toBe(ValueTag.BUFFER);
  expect(encodeField([5, 'abc'])?.length).toBeLessThan(9);
});
