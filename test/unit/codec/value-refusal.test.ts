/**
 * Goal: what cannot be stored is refused as ERR_SUPERCACHE_BAD_VALUE with the path to it, and a refusal leaves no
 * trace in the encoder.
 * Oracle: a table of values with their exact messages; the bytes of a value before and after a refusal.
 * Replay: nothing is random.
 */
import { createContext, runInContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ValueEncoder } from '../../../src/codec/value-encoder.js';
import { exactDifference } from '../../support/exact-equality.js';
import { roundTrip, roundTripRow } from '../../support/value-round-trip.js';

function cb() {}
class Foo {}
class MyMap extends Map {}
const Impostor = Object.defineProperty(class extends Map {}, 'name', { value: 'Map' });
class Bytes extends Uint8Array {}
class List extends Array {}

const detached = new ArrayBuffer(8);
const view = new Uint8Array(detached);
structuredClone(detached, { transfer: [detached] });
const sharedMemory = new SharedArrayBuffer(8);

const functionFault = 'is a function (function cb); functions cannot be stored';
const accessorFault = 'is a getter or setter; only data can be stored';
const classFault = (name: string) =>
  `is an instance of class ${name}; only plain objects, arrays and built-in types can be stored`;
const sharedFault = 'a SharedArrayBuffer; shared memory cannot be stored, copy it';
const detachedFault = 'a detached ArrayBuffer; its content has been transferred';

const refused: [path: string, fault: string, value: unknown][] = [
  ['value', functionFault, cb],
  ['value', 'is a function (function Foo); functions cannot be stored', Foo],
  ['value', 'is a symbol (Symbol(a)); symbols cannot be stored', Symbol('a')],
  ['value.user.callback', functionFault, { a: 1, user: { b: {}, callback: cb } }],
  ['value[1][0].x', functionFault, [0, [{ x: cb }]]],
  ['value["two words"]', functionFault, { 'two words': cb }],
  ['value[7]', functionFault, { 7: cb }],
  ['value.toJSON', functionFault, { toJSON: cb }],
  ['value.a', 'is a symbol (Symbol(b)); symbols cannot be stored', { a: Symbol('b') }],
  ['value.m.get("k").x', functionFault, { m: new Map([['k', { x: cb }]]) }],
  ['value.get(1)', functionFault, new Map([[1, cb]])],
  [
    'value.keys()[1].x',
    functionFault,
    new Map([
      [{}, 1],
      [{ x: cb }, 2],
    ]),
  ],
  ['value.values()[0].x', functionFault, new Map([[{}, { x: cb }]])],
  ['value.values()[2]', functionFault, new Set([1, 2, cb])],
  ['value.cause.x', functionFault, new Error('a', { cause: { x: cb } })],
  ['value.extra', functionFault, Object.assign([1], { extra: cb })],
  ['value.p', 'is a Promise; promises cannot be stored, await it', { p: Promise.resolve() }],
  ['value', 'is a WeakMap; weak references cannot be stored', new WeakMap()],
  ['value.w', 'is a WeakSet; weak references cannot be stored', { w: new WeakSet() }],
  ['value', 'is a WeakRef; weak references cannot be stored', new WeakRef({})],
  ['value', `is ${sharedFault}`, sharedMemory],
  ['value', `is a Uint8Array on ${sharedFault}`, new Uint8Array(sharedMemory)],
  ['value', `is a Uint8Array on ${sharedFault}`, Buffer.from(sharedMemory)],
  ['value.a', `is a DataView on ${sharedFault}`, { a: new DataView(sharedMemory) }],
  ['value', `is ${detachedFault}`, detached],
  ['value[0]', `is a Uint8Array on ${detachedFault}`, [view]],
  ['value.f', classFault('Foo'), { f: new Foo() }],
  ['value', classFault('MyMap'), new MyMap()],
  ['value', classFault('Map'), new Impostor()],
  ['value', classFault('Bytes'), new Bytes(2)],
  ['value', classFault('List'), new List()],
  ['value', classFault('URL'), new URL('http://a.b')],
  ['value', classFault('(anonymous)'), Object.create({ a: 1 })],
  ['value', classFault('(anonymous)'), Object.create(Object.create(null))],
  ['value.a', 'has the key Symbol(s); symbol keys cannot be stored', { a: { [Symbol('s')]: 1 } }],
  ['value', 'has the key Symbol(s); symbol keys cannot be stored', Object.assign([1], { [Symbol('s')]: 1 })],
  ['value.a.g', accessorFault, { a: Object.defineProperty({}, 'g', { get: cb, enumerable: true }) }],
  ['value.a.s', accessorFault, { a: Object.defineProperty({}, 's', { set: cb, enumerable: true }) }],
  ['value.g', accessorFault, Object.defineProperty(new Error(), 'g', { get: cb, enumerable: true })],
  ['value.x', 'is a property of a built-in object; those are not stored', Object.assign(new Map(), { x: 1 })],
  ['value.d.x', 'is a property of a built-in object; those are not stored', { d: Object.assign(new Date(), { x: 1 }) }],
  ['value.x', 'is a property of a built-in object; those are not stored', Object.assign(Object('ab'), { x: 1 })],
  ['value', 'is a Symbol object; symbols cannot be stored', Object(Symbol('s'))],
  ['value', 'is a RegExp whose lastIndex is no number', Object.assign(/a/, { lastIndex: 'x' })],
];

const encoder = new ValueEncoder();

function thrownBy(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test.each(refused)('%s %s', (path, fault, value) => {
  const error = thrownBy(() => encoder.encodeValue(value, 'set', 'the key'));
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({
    code: 'ERR_SUPERCACHE_BAD_VALUE',
    message: `${path} ${fault}`,
    op: 'set',
    key: '"the key"',
  });
  expect([encoder.length, encoder.latin1]).toEqual([0, null]);
});

test('in a row the path begins with the position', () => {
  const inRow = (row: unknown[], keyPos: number) => thrownBy(() => encoder.encodeRow(row, keyPos, 'put'));
  const fault = { code: 'ERR_SUPERCACHE_BAD_VALUE', op: 'put', key: '1' };
  expect(inRow([1, 'text', { a: cb }], 0)).toMatchObject({ ...fault, message: `row[2].a ${functionFault}` });
  expect(inRow([cb, 1], 1)).toMatchObject({ ...fault, message: `row[0] ${functionFault}` });
  expect(inRow([1, new Foo()], 0)).toMatchObject({ ...fault, message: `row[1] ${classFault('Foo')}` });
});

test('no getter runs', () => {
  let runs = 0;
  const value = {
    list: [{}, 1],
    get a() {
      return ++runs;
    },
  };
  expect(() => encoder.encodeValue(value, 'set', 1)).toThrow('value.a is a getter');
  expect(runs).toBe(0);
});

test('a refusal leaves no trace', () => {
  const good = { a: [1, { b: 'c' }], m: new Map([[1, 2]]) };
  encoder.encodeValue(good, 'set', 1);
  const before = Buffer.from(encoder.bytes.subarray(0, encoder.length));
  for (const [, , value] of refused) {
    expect(() => encoder.encodeValue([good, value], 'set', 1)).toThrow(TypeError);
    encoder.encodeValue(good, 'set', 1);
    expect(encoder.bytes.subarray(0, encoder.length).equals(before)).toBe(true);
  }
});

describe('code of the value that runs while it is encoded', () => {
  const nosy = (run: () => void) =>
    new Proxy(
      { a: { b: 1 } },
      {
        getOwnPropertyDescriptor(target, key) {
          run();
          return Reflect.getOwnPropertyDescriptor(target, key);
        },
      },
    );

  test('cannot use the same encoder', () => {
    const message = 'reading the value used the cache itself: give plain data';
    const inner = () => encoder.encodeValue('other', 'set', 2);
    expect(() => encoder.encodeValue(nosy(inner), 'set', 1)).toThrow(message);
    expect(() => encoder.encodeRow([1, nosy(inner)], 0, 'put')).toThrow(message);
    encoder.encodeValue(5, 'set', 1);
    expect(encoder.length).toBe(1);
  });

  test('can use another one, to no effect on the first', () => {
    const other = new ValueEncoder();
    const inner = () => other.encodeValue({ c: [{}, { d: new Map([[1, -0]]) }] }, 'set', 2);
    encoder.encodeValue([{ z: 1 }, nosy(inner), { y: -0 }], 'set', 1);
    const first = Buffer.from(encoder.bytes.subarray(0, encoder.length));
    encoder.encodeValue([{ z: 1 }, { a: { b: 1 } }, { y: -0 }], 'set', 1);
    expect(encoder.bytes.subarray(0, encoder.length).equals(first)).toBe(true);
  });

  test('whatever it throws passes through, and the encoder goes on', () => {
    const boom = new Error('boom');
    expect(
      thrownBy(() =>
        encoder.encodeValue(
          [
            nosy(() => {
              throw boom;
            }),
          ],
          'set',
          1,
        ),
      ),
    ).toBe(boom);
    encoder.encodeValue({ a: 1 }, 'set', 1);
    expect(encoder.length).toBeGreaterThan(1);
  });
});

describe('depth', () => {
  const nested = (depth: number, wrap: (inner: unknown) => unknown) => {
    let value: unknown = 'bottom';
    for (let i = 0; i < depth; i++) value = wrap(value);
    return value;
  };
  const shapes: Record<string, (inner: unknown) => unknown> = {
    objects: (next) => ({ next }),
    arrays: (next) => [next],
    maps: (next) => new Map([[next, 1]]),
    sets: (next) => new Set([next]),
    errors: (cause) => Object.assign(new Error(), { cause }),
  };

  test.each(Object.entries(shapes))('%s are stored 10000 deep and refused deeper', (_, wrap) => {
    let value: unknown = roundTrip(nested(10_000, wrap));
    let depth = 0;
    while (typeof value === 'object') {
      const parent = value as { next?: unknown; cause?: unknown };
      if (value instanceof Set || value instanceof Map) [value] = value.keys();
      else value = Array.isArray(value) ? value[0] : (parent.next ?? parent.cause);
      depth++;
    }
    expect([value, depth]).toEqual(['bottom', 10_000]);
    const error = thrownBy(() => encoder.encodeValue(nested(10_001, wrap), 'set', 1)) as Error;
    expect(error).toMatchObject({ code: 'ERR_SUPERCACHE_BAD_VALUE' });
    expect(error.message).toMatch(/ is nested deeper than 10000 levels$/);
    expect(error.message.length).toBeLessThan(300);
  });

  test('a list of 100000 links is refused, not crashed on', () => {
    expect(() =>
      encoder.encodeValue(
        nested(100_000, (next) => ({ next })),
        'set',
        1,
      ),
    ).toThrow(`value${'.next'.repeat(8)}…${'.next'.repeat(8)} is nested deeper than 10000 levels`);
  });

  test.each([60, 63, 64, 65, 66, 200])('trees of %i levels come back', (depth) => {
    const value = nested(depth, (next) => ({ next: [next] }));
    expect(exactDifference(roundTrip(value), value)).toBe('');
    expect(exactDifference(roundTripRow([1, value, 2], 0)[1], value)).toBe('');
  });
});

test('objects of another realm are stored and come back as ours', () => {
  const context = createContext({});
  const foreign = runInContext(
    `({ plain: { a: 1 }, list: [1], map: new Map([[1, new Set([2])]]), date: new Date(5), bytes: new Uint8Array(2),
       range: new RangeError('far'), regexp: /a/g, boxed: [new Number(3), new String('ab')] })`,
    context,
  );
  const back = roundTrip(foreign) as Record<string, unknown>;
  const ours = {
    plain: { a: 1 },
    list: [1],
    map: new Map([[1, new Set([2])]]),
    date: new Date(5),
    bytes: new Uint8Array(2),
    range: Object.assign(new RangeError('far'), { stack: (foreign.range as Error).stack }),
    regexp: /a/g,
    boxed: [Object(3), Object('ab')],
  };
  expect(exactDifference(back, ours)).toBe('');
  expect(() => roundTrip(runInContext('new (class Foo { x = 1 })()', context))).toThrow(classFault('Foo'));
});
