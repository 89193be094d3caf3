/**
 * Goal: what is no key is refused by name, what is no stored key is refused as corrupt, and neither harms the encoder.
 * Oracle: the list of allowed types. Arbitrary bytes are the business of test/fuzz/keys.test.ts.
 * Replay: with the seed and path that fast-check prints, as test/support/property-runs.ts says.
 */
import { describe, expect, it } from 'vitest';
import { decodeKey } from '../../../src/codec/key-decoder.js';
import { KeyEncoder, MAX_KEY_LENGTH } from '../../../src/codec/key-encoder.js';
import { CacheError } from '../../../src/errors.js';
import { load, store } from './keys-support.js';

function refusal(key: unknown, encoder = new KeyEncoder(1)): TypeError & { code: string; op: string; key: string } {
  try {
    encoder.encode(key, 'put');
  } catch (error) {
    expect(load(store('still usable', encoder))).toBe('still usable');
    expect(load(store([1, ['é']], encoder))).toEqual([1, ['é']]);
    return error as ReturnType<typeof refusal>;
  }
  return expect.fail('was not refused');
}

function nest(depth: number): unknown {
  let key: unknown = 1;
  for (let i = 0; i < depth; i++) key = [key];
  return key;
}

const noKeys: [string, unknown, string][] = [
  ['undefined', undefined, 'key undefined'],
  ['a function', Math.max, 'key function max'],
  ['a symbol', Symbol('s'), 'key Symbol(s)'],
  ['an object', { a: 1 }, 'key [object Object]'],
  ['a date', new Date(0), 'key [object Date]'],
  ['a map', new Map(), 'key [object Map]'],
  ['a number object', Object(1), 'key [object Number]'],
  ['a DataView', new DataView(new ArrayBuffer(2)), 'key DataView(2 bytes)'],
  ['an Int8Array', new Int8Array(2), 'key Int8Array(2 bytes)'],
  ['a clamped array', new Uint8ClampedArray(2), 'key Uint8ClampedArray(2 bytes)'],
  ['a Float64Array', new Float64Array(1), 'key Float64Array(8 bytes)'],
  ['an ArrayBuffer', new ArrayBuffer(2), 'key [object ArrayBuffer]'],
  ['a false Uint8Array', Object.create(Uint8Array.prototype), 'key [object Uint8Array]'],
  ['undefined in an array', [1, undefined], 'element undefined of a key'],
  ['a hole', Object.assign(new Array(3), { 0: 1, 2: 2 }), 'element undefined of a key'],
  ['holes without end', new Array(2 ** 32 - 1), 'element undefined of a key'],
  ['an object deep inside', [1, [2, [{}]]], 'element [object Object] of a key'],
  ['an Int32Array inside', [new Int32Array(1)], 'element Int32Array(4 bytes) of a key'],
];

describe('refused as key', () => {
  for (const [name, key, start] of noKeys) {
    it(name, () => {
      const error = refusal(key);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.code).toBe('ERR_SUPERCACHE_BAD_KEY');
      expect(error.op).toBe('put');
      expect(typeof error.key).toBe('string');
      const allowed = 'null, booleans, numbers, bigints, strings, Uint8Array and arrays of these';
      expect(error.message).toBe(`${start} is not allowed: allowed are ${allowed}`);
    });
  }

  it('arrays nested deeper than 64, also by containing themselves', () => {
    expect(load(store(nest(64)))).toStrictEqual(nest(64));
    const self: unknown[] = [1];
    self.push(self);
    let tree: unknown = [];
    for (let i = 0; i < 100; i++) tree = [tree, tree, tree, tree];
    for (const key of [nest(65), nest(10_000), self, tree]) {
      const error = refusal(key);
      expect(error.code).toBe('ERR_SUPERCACHE_BAD_KEY');
      expect(error.message).toMatch(/deeper than 64 levels or contains itself/);
    }
  });

  it('more than 65535 bytes, saying how many', () => {
    const largest = [
      'x'.repeat(MAX_KEY_LENGTH),
      `${'é'.repeat(32767)}`,
      new Uint8Array(MAX_KEY_LENGTH - 1),
      ['x'.repeat(MAX_KEY_LENGTH - 4)],
      new Array(MAX_KEY_LENGTH - 2).fill(null),
    ];
    for (const key of largest) expect(load(store(key))).toStrictEqual(key);
    const tooLong: [unknown, string | number][] = [
      ['x'.repeat(MAX_KEY_LENGTH + 1), 65536],
      ['é'.repeat(32768), 65537],
      [`${'x'.repeat(70_000)}é`, 70_003],
      [`${'x'.repeat(MAX_KEY_LENGTH - 2)}é`, 65536],
      [new Uint8Array(MAX_KEY_LENGTH), 65536],
      [new Uint8Array(MAX_KEY_LENGTH + 1), 65537],
      [2n ** (8n * 65536n), 'more than 65535'],
      [['x'.repeat(MAX_KEY_LENGTH - 3)], 65536],
      [['x'.repeat(1e6)], 'more than 65535'],
      [new Array(MAX_KEY_LENGTH).fill(1), 'more than 65535'],
      [[new Uint8Array(40_000)], 'more than 65535'],
    ];
    for (const [key, size] of tooLong) {
      const error = refusal(key);
      expect(error.message).toBe(`key is ${size} bytes, allowed 65535`);
      expect(error.code).toBe('ERR_SUPERCACHE_BAD_KEY');
    }
    expect(load(store(2n ** (8n * 60_000n)))).toBe(2n ** (8n * 60_000n));
  });
});

describe('code of the user that runs while a key is read', () => {
  it('may use the same encoder, which refuses the outer key', () => {
    for (const inner of ['ascii', 'nöt ascii', 5, [1, 2], new Uint8Array(3)]) {
      const encoder = new KeyEncoder(1);
      const key = [1, 2, 3];
      Object.defineProperty(key, 1, {
        get: () => {
          expect(load(store(inner, encoder))).toStrictEqual(inner);
          return 2;
        },
      });
      const error = refusal(key, encoder);
      expect(error.code).toBe('ERR_SUPERCACHE_BAD_KEY');
      expect(error.message).toMatch(/used the cache itself/);
      const get = () => {
        store(inner, encoder);
        return 0;
      };
      const length = new Proxy([], { get });
      expect(refusal(length, encoder).message).toMatch(/used the cache itself/);
    }
  });

  it('may throw, which reaches the caller', () => {
    const encoder = new KeyEncoder(1);
    const key = Object.defineProperty([1], 0, {
      get: () => {
        throw new RangeError('mine');
      },
    });
    expect(() => encoder.encode(key, 'put')).toThrow(new RangeError('mine'));
    expect(load(store('é', encoder))).toBe('é');
  });

  it('may lie about lengths without harm', () => {
    const endless = new Proxy([1], { get: (_, name) => (name === 'length' ? Infinity : 1) });
    expect(refusal(endless).message).toBe('key is more than 65535 bytes, allowed 65535');
    const bytes = Object.defineProperty(new Uint8Array([7]), 'length', { value: 1e9 });
    expect(load(store(bytes))).toStrictEqual(new Uint8Array([7]));
    expect(load(store(new Proxy(['a', 1], {})))).toEqual(['a', 1]);
  });
});

describe('refused as stored key', () => {
  const expectCorrupt = (bytes: readonly number[], raw = false): void => {
    try {
      decodeKey(Buffer.from(bytes), 0, bytes.length, raw);
    } catch (error) {
      expect(CacheError.is(error) && error.code).toBe('ERR_SUPERCACHE_CORRUPT');
      return;
    }
    expect.fail(`decoded ${bytes}`);
  };

  it('bytes that the encoder does not write', () => {
    expectCorrupt([0x61, 0x80], true);
    for (const tail of [
      [],
      [0x61],
      [0xc0, 0x80],
      [0xc3],
      [0xe0, 0x80, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff],
      [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
      [0x80],
    ])
      expectCorrupt([0x30, ...tail]);
    expectCorrupt([]);
    expectCorrupt([0x99]);
    expectCorrupt([0x08, 0]);
    expectCorrupt([0x21, 0x80, 0, 0, 0]);
    expectCorrupt([0x21, 0x80, 0, 0, 0, 3]);
    expectCorrupt([0x50]);
    expectCorrupt([0x50, 0x30, 1, 2, 0, 0]);
    expectCorrupt([0x50, 0x40, 1, 5, 0, 0]);
    expectCorrupt([0x50, 0x30, 0xc0, 0x81, 0, 0]);
    expectCorrupt([0x50, 0x30, 0xc1, 0x81, 0, 0]);
    const { bytes } = store(2n ** 53n + 1n);
    expect([...bytes.subarray(-4)]).toEqual([1, 0, 1, 1]);
    expectCorrupt([...bytes.subarray(0, -3), 0, 2, 0, 1]);
    expectCorrupt([...bytes.subarray(0, -1), 2]);
    expectCorrupt(new Array(65).fill(0x50).concat(new Array(65).fill(0)));
  });
});
