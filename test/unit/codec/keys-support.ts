/**
 * For the tests of keys: what any key looks like, and an order and equality of keys written from the documentation
 * alone, with none of the encoding in it.
 */
import fc from 'fast-check';
import { compareKeys, decodeKey } from '../../../src/codec/key-decoder.js';
import { KeyEncoder } from '../../../src/codec/key-encoder.js';

export const SEED = 0x51ab;

export interface StoredKey {
  readonly bytes: Buffer;
  readonly raw: boolean;
  readonly hash: number;
}

const encoder = new KeyEncoder(SEED);

/** Encodes with one encoder for all tests, so that leftovers of a longer key would show. */
export function store(key: unknown, by: KeyEncoder = encoder): StoredKey {
  by.encode(key, 'test');
  return { bytes: Buffer.from(new Uint8Array(by.words.buffer).slice(0, by.length)), raw: by.raw, hash: by.hash };
}

export function load(stored: StoredKey): unknown {
  return decodeKey(stored.bytes, 0, stored.bytes.length, stored.raw);
}

export function compareStored(a: StoredKey, b: StoredKey): number {
  return Math.sign(compareKeys(a.bytes, 0, a.bytes.length, a.raw, b.bytes, 0, b.bytes.length, b.raw));
}

const edges = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 31 + 0.5,
  -(2 ** 31),
  -(2 ** 31) - 0.5,
  -(2 ** 31) - 1,
  -(2 ** 31) + 0.5,
  2 ** 32,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 53),
  1e308,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Infinity,
  -Infinity,
  NaN,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
];

const maxValue = BigInt(Number.MAX_VALUE);
const bigEdges = [
  0n,
  1n,
  -1n,
  2n ** 31n,
  2n ** 31n - 1n,
  -(2n ** 31n),
  -(2n ** 31n) - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 64n,
  2n ** 64n - 1n,
  maxValue,
  maxValue + 1n,
  -maxValue,
  -maxValue - 1n,
  2n ** 1024n,
  2n ** 2048n,
  -(2n ** 1024n),
  -(2n ** 2048n),
  2n ** 1024n - 2n ** 970n,
  -(2n ** 1024n) + 2n ** 970n,
];

export const number = fc.oneof(fc.constantFrom(...edges), fc.integer(), fc.maxSafeInteger(), fc.double());

export const bigint = fc.oneof(
  fc.constantFrom(...bigEdges),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.bigInt({ min: -(2n ** 1100n), max: 2n ** 1100n }),
  // Next to a double, where numbers and bigints have to be told apart.
  fc
    .tuple(fc.constantFrom(...edges.filter(Number.isInteger)), fc.bigInt({ min: -3n, max: 3n }))
    .map(([near, difference]) => BigInt(near) + difference),
);

const unitEdges = [0, 1, 2, 0x61, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff];

/** Any sequence of code units, lone surrogates and NUL often. */
export const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 80, size: 'max' }),
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...unitEdges), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
);

export const bytes = fc.oneof(fc.uint8Array({ maxLength: 24 }), fc.uint8Array({ maxLength: 8, max: 2 }));

export const atom = fc.oneof(fc.constantFrom(null, false, true), number, bigint, text, bytes);

export const anyKey: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  key: fc.oneof({ depthSize: 'small', withCrossShrink: true }, atom, fc.array(tie('key'), { maxLength: 4 })),
})).key;

/** A key and one that differs from it little or not at all. */
export const twoKeys = fc.oneof(
  fc.tuple(anyKey, anyKey),
  fc.tuple(text, text),
  fc.tuple(number, bigint),
  fc.tuple(bigint, bigint),
  fc.tuple(fc.array(anyKey, { maxLength: 3 }), anyKey).map(([array, last]) => [array, [...array, last]]),
  fc.tuple(fc.array(atom, { maxLength: 3 }), atom, atom).map(([array, a, b]) => [
    [...array, a],
    [...array, b],
  ]),
  fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }).map((n) => [Number(n), n]),
) as fc.Arbitrary<[unknown, unknown]>;

function rank(key: unknown): number {
  if (key === null) return 0;
  if (key === false) return 1;
  if (key === true) return 2;
  if (typeof key === 'number' || typeof key === 'bigint') return 3;
  if (typeof key === 'string') return 4;
  return key instanceof Uint8Array ? 5 : 6;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  // The language compares numbers with bigints by mathematical value.
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(typeof a === 'bigint') - Number(typeof b === 'bigint');
}

function compareLists<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

/** The documented order: negative, 0 or positive. */
export function compareValues(a: unknown, b: unknown): number {
  const order = Math.sign(rank(a) - rank(b));
  if (order !== 0) return order;
  if (rank(a) === 3) return compareNumbers(a as number, b as number);
  const byNumber = (x: number, y: number): number => Math.sign(x - y);
  if (typeof a === 'string') {
    const points = (s: string): number[] => Array.from(s, (c) => c.codePointAt(0)!);
    return compareLists(points(a), points(b as string), byNumber);
  }
  if (a instanceof Uint8Array) return compareLists([...a], [...(b as Uint8Array)], byNumber);
  return Array.isArray(a) ? compareLists(a, b as unknown[], compareValues) : 0;
}

/** What decoding gives back: the key itself but for the sign of zero and the subclass of bytes. */
export function normalize(key: unknown): unknown {
  if (key === 0) return 0;
  if (key instanceof Uint8Array) return new Uint8Array(key);
  return Array.isArray(key) ? key.map(normalize) : key;
}
