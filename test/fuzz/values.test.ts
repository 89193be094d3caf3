/**
 * Goal: wrong bytes either decode to something or throw CORRUPT; they never crash, hang, allocate without bound or
 * show what lies outside their range.
 * Oracle: the kind of error; equal outcomes whatever surrounds the bytes; equal round trips of good values afterwards;
 * memory after inputs that claim to be large.
 * Replay: with the seed and path that fast-check prints, as test/support/property-runs.ts says.
 */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { MAX_VALUE_DEPTH, ValueTag } from '../../native-layout/value-tags.js';
import { decodeRow, decodeValue } from '../../src/codec/value-decoder.js';
import { CacheError } from '../../src/errors.js';
import { exactDifference } from '../support/exact-equality.js';
import { runs } from '../support/property-runs.js';
import { STEPS_TIMEOUT_MS } from '../support/sample.js';
import { everydayValues, storableValues } from '../support/storable-values.js';
import { decodeField, encodeField, roundTrip, surrounded } from '../support/value-round-trip.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

type Outcome = { value: unknown } | { error: string };

function outcomeOf(decode: () => unknown): Outcome {
  try {
    return { value: decode() };
  } catch (error) {
    if (!(error instanceof CacheError) || error.code !== 'ERR_SUPERCACHE_CORRUPT') throw error;
    return { error: 'corrupt' };
  }
}

/** Decodes the bytes amid two kinds of garbage, in both modes; the outcomes must agree. */
function decodeAmidGarbage(content: Uint8Array): void {
  for (const mode of ['copy', 'frozen'] as const) {
    const first = outcomeOf(() => decodeField(content, mode, 0xff));
    const second = outcomeOf(() => decodeField(content, mode, 0x01));
    if ('error' in first || 'error' in second) expect(second).toEqual(first);
    else expect(exactDifference(second.value, first.value)).toBe('');
  }
  outcomeOf(() => {
    const { bytes, start, end } = surrounded(content, 0x2b);
    return decodeRow(bytes, start, end, 'key', 1, 'frozen');
  });
}

type Damage = { kind: 'flip' | 'cut' | 'insert' | 'drop' | 'set'; at: number; byte: number };

const damages: fc.Arbitrary<Damage[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'cut', 'insert', 'drop', 'set'),
    at: fc.nat(),
    byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Object.values(ValueTag), 0xc7, 0xd4, 0xd6, 0xdd, 0xdf)),
  }),
  { minLength: 1, maxLength: 4 },
);

function damaged(content: Buffer, list: readonly Damage[]): Buffer {
  let bytes = Buffer.from(content);
  for (const { kind, at, byte } of list) {
    const place = bytes.length === 0 ? 0 : at % bytes.length;
    if (kind === 'flip') bytes[place] ^= 1 << (byte & 7);
    else if (kind === 'set') bytes[place] = byte;
    else if (kind === 'cut') bytes = bytes.subarray(0, place);
    else {
      const middle = kind === 'insert' ? Buffer.of(byte) : Buffer.alloc(0);
      bytes = Buffer.concat([bytes.subarray(0, place), middle, bytes.subarray(kind === 'drop' ? place + 1 : place)]);
    }
  }
  return bytes;
}

describe('random damage', () => {
  test.each(Object.entries({ storableValues, everydayValues }))('to %s', (_, values) => {
    const witness = { id: 1, name: 'witness', list: ['a', 'b'], records: [{ id: 2, name: 'x' }] };
    fc.assert(
      fc.property(values, damages, (value, list) => {
        const content = encodeField([value]);
        if (content === null) return;
        decodeAmidGarbage(damaged(content, list));
        expect(exactDifference(roundTrip(witness), witness)).toBe('');
      }),
      runs(2500),
    );
  });

  test('random bytes behind every tag', () => {
    const tags = fc.constantFrom(...Object.values(ValueTag));
    const graphTags = fc.array(fc.oneof(tags, fc.nat({ max: 255 })), { maxLength: 40 });
    fc.assert(
      fc.property(tags, fc.oneof(graphTags, fc.array(fc.nat({ max: 255 }), { maxLength: 40 })), (tag, rest) => {
        decodeAmidGarbage(Buffer.from([tag, ...rest]));
        const size = rest.length;
        decodeAmidGarbage(Buffer.from([ValueTag.GRAPH, size, 0, 0, 0, ...rest]));
        decodeAmidGarbage(Buffer.from([ValueTag.MSGPACK, size, ...rest]));
      }),
      runs(2500),
    );
  });
});

test('every cut of a value is corrupt', () => {
  const values = [300, 1.5, 2n ** 90n, 'long '.repeat(30), '€'.repeat(5), Buffer.alloc(200), { a: [1, { b: 'c' }] }];
  for (const value of [...values, new Map([[1, { a: -0 }]]), new Error('x'), /a/g]) {
    const content = encodeField(typeof value === 'string' ? [value] : value)!;
    for (let length = 0; length < content.length; length++) {
      expect(outcomeOf(() => decodeField(content.subarray(0, length)))).toEqual({ error: 'corrupt' });
    }
    expect(outcomeOf(() => decodeField(Buffer.concat([content, Buffer.of(0)])))).toEqual({ error: 'corrupt' });
  }
});

const graph = (...content: number[]) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return Buffer.from([ValueTag.GRAPH, ...length, ...content]);
};
const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
const corruptExamples: Record<string, Buffer> = {
  'a Latin-1 string': Buffer.from([ValueTag.LATIN1, ...huge]),
  'a UTF-16 string': Buffer.from([ValueTag.UTF16, ...huge]),
  'a bigint': Buffer.from([ValueTag.BIGINT_POSITIVE, ...huge]),
  'a Buffer': Buffer.from([ValueTag.BUFFER, ...huge]),
  'a typed array': Buffer.from([ValueTag.FLOAT64_ARRAY, ...huge]),
  'a length without end': Buffer.from([ValueTag.LATIN1, ...new Array(20).fill(0xff)]),
  'a graph': Buffer.from([ValueTag.GRAPH, 0xff, 0xff, 0xff, 0xff]),
  'an object': graph(ValueTag.OBJECT, ...huge),
  'an array': graph(ValueTag.ARRAY, ...huge),
  'a Map': graph(ValueTag.MAP, ...huge),
  'a Set': graph(ValueTag.SET, ...huge),
  'properties of an array': graph(ValueTag.SPARSE_ARRAY, 1, ...huge),
  'an array of MessagePack': Buffer.from([ValueTag.MSGPACK, 5, 0xdd, 0xff, 0xff, 0xff, 0xff]),
  'a map of MessagePack': Buffer.from([ValueTag.MSGPACK, 5, 0xdf, 0xff, 0xff, 0xff, 0xff]),
};

describe('a claim to be large is not believed', () => {
  test.each(Object.entries(corruptExamples))('of %s', (_, content) => {
    const before = process.memoryUsage();
    expect(outcomeOf(() => decodeField(content))).toEqual({ error: 'corrupt' });
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 20);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(2 ** 23);
  });

  test('of arrays in arrays', () => {
    const content = Array.from({ length: 9000 }, () => [ValueTag.ARRAY, 0x80, 0x80, 1]).flat();
    const before = process.memoryUsage().heapUsed;
    expect(outcomeOf(() => decodeField(graph(...content)))).toEqual({ error: 'corrupt' });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 26);
  });

  test('of a length of holes: it takes no memory', () => {
    const before = process.memoryUsage().heapUsed;
    const array = decodeField(graph(ValueTag.SPARSE_ARRAY, 0x80, 0x80, 0x80, 0x0f, 0)) as unknown[];
    expect(array.length).toBe(0x0f << 21);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 20);
  });
});

test.each(
  Object.entries({
    'a reference to nothing': [ValueTag.REFERENCE, 0],
    'a reference to what comes later': [ValueTag.ARRAY, 2, ValueTag.REFERENCE, 1, ValueTag.ARRAY, 0],
    'an error of no class': [ValueTag.ERROR, 8, 0],
    'a key that is no string': [ValueTag.OBJECT, 1, ValueTag.NULL, ValueTag.NULL],
    'a negative key': [ValueTag.OBJECT, 1, ValueTag.INT8, 0xff, ValueTag.NULL],
    'a regular expression of numbers': [ValueTag.REGEXP, 0x80, 0x80, 0x80],
    'a regular expression that is none': [ValueTag.REGEXP, 0x41, 0x28, 0x40, 0x80],
    'null as an object': [ValueTag.BOXED, ValueTag.NULL],
    'an object as a boxed primitive': [ValueTag.BOXED, ValueTag.SET, 0],
    'a blob in a graph': [ValueTag.MSGPACK, 1, 0xc0],
    'a typed array of half an element': [ValueTag.INT16_ARRAY, 1, 0],
    'an unknown tag': [0x3f],
    'more than one node': [ValueTag.NULL, ValueTag.NULL],
    'no node': [],
  }),
)('%s in a graph is corrupt', (_, content) => {
  expect(outcomeOf(() => decodeField(graph(...content)))).toEqual({ error: 'corrupt' });
});

test('a graph in a row has the length it says', () => {
  const row = (content: Buffer) => outcomeOf(() => decodeRow(content, 0, content.length, 'key', 0, 'copy'));
  expect(row(graph(ValueTag.ARRAY, 1, ValueTag.NULL))).toEqual({ value: ['key', [null]] });
  expect(row(graph(ValueTag.NULL, ValueTag.NULL))).toEqual({ error: 'corrupt' });
  expect(row(Buffer.concat([graph(ValueTag.ARRAY, 1), Buffer.of(ValueTag.NULL)]))).toEqual({ error: 'corrupt' });
});

test('nesting beyond what the encoder writes is corrupt, and no stack overflows', () => {
  const opened = (depth: number) => Array.from({ length: depth }, () => [ValueTag.ARRAY, 1]).flat();
  const at = (depth: number) => outcomeOf(() => decodeField(graph(...opened(depth), ValueTag.NULL)));
  expect(at(MAX_VALUE_DEPTH)).toHaveProperty('value');
  expect(at(MAX_VALUE_DEPTH + 1)).toEqual({ error: 'corrupt' });
  const tree = Buffer.concat([Buffer.from([ValueTag.MSGPACK, 0xa0, 0x8d, 6]), Buffer.alloc(100_000, 0x91)]);
  expect(outcomeOf(() => decodeField(tree))).toEqual({ error: 'corrupt' });
});

test('bounds that are none are corrupt', () => {
  const bytes = Buffer.alloc(8);
  const bounds = [
    [4, 2],
    [0, 9],
    [-1, 3],
    [NaN, 3],
    [0, 0],
  ];
  for (const [start, end] of bounds) {
    expect(outcomeOf(() => decodeValue(bytes, start, end, 'copy'))).toEqual({ error: 'corrupt' });
  }
  expect(outcomeOf(() => decodeRow(bytes, 0, 2, 'key', 3, 'copy'))).toEqual({ error: 'corrupt' });
});
