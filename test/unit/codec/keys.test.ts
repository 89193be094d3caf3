/**
 * Goal: every key has exactly one stored form, which comes back as the same key and sorts as the key does.
 * Oracles: `compareValues` and `normalize` of keys-support.ts, hashBytes for the hash.
 * Replay: with the seed and path that fast-check prints, as test/support/property-runs.ts says.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeKey } from '../../../src/codec/key-decoder.js';
import { KeyEncoder } from '../../../src/codec/key-encoder.js';
import { hashBytes } from '../../../src/memory/hash.js';
import { runs } from '../../support/property-runs.js';
import * as given from './keys-support.js';

const { compareStored, load, store } = given;
const RUNS = 5000;

describe('round trip', () => {
  it('gives back every key', () => {
    fc.assert(
      fc.property(given.anyKey, (key) => {
        expect(load(store(key))).toStrictEqual(given.normalize(key));
      }),
      runs(RUNS),
    );
  });

  it('gives back every UTF-16 code unit alone, next to another and in an array', () => {
    for (let unit = 0; unit < 0x10000; unit++) {
      const c = String.fromCharCode(unit);
      for (const key of [c, `é${c}`, `${c}é`]) if (load(store(key)) !== key) expect.fail(`unit ${unit}`);
      if ((load(store([c])) as string[])[0] !== c) expect.fail(`unit ${unit} in an array`);
    }
  });

  it('keeps lone surrogates and pairs apart', () => {
    for (const key of ['\ud83d\ude00', '\ude00\ud83d', '\ud83d', '\ud83d\ud83d\ude00', 'a\ud83d', '\ude00b']) {
      expect(load(store(key))).toBe(key);
      expect(load(store([key, key]))).toEqual([key, key]);
    }
  });

  it('gives back text of every length around words and blocks', () => {
    for (let length = 0; length < 100; length++) {
      const ascii = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(3).slice(0, length);
      const stored = store(ascii);
      expect(stored.raw).toBe(true);
      expect(stored.bytes.toString('latin1')).toBe(ascii);
      expect(load(stored)).toBe(ascii);
      for (let at = 0; at <= length; at += 3) {
        const key = `${ascii.slice(0, at)}ü${ascii.slice(at)}`;
        expect(store(key).raw).toBe(false);
        expect(load(store(key))).toBe(key);
      }
    }
  });

  it('reads a key from the middle of a buffer', () => {
    for (const key of ['abc', 'äbc', 7, [1, 'x', new Uint8Array([0, 1])]]) {
      const { bytes, raw } = store(key);
      const around = Buffer.concat([Buffer.from([0x50, 0]), bytes, Buffer.from([0x50, 0])]);
      expect(decodeKey(around, 2, 2 + bytes.length, raw)).toStrictEqual(key);
    }
  });

  it('gives bytes back as a Uint8Array of their own', () => {
    const source = Buffer.from([1, 2, 3]);
    const stored = store(source);
    const back = load(stored) as Uint8Array;
    expect(back.constructor).toBe(Uint8Array);
    stored.bytes.fill(0);
    expect([...back]).toEqual([1, 2, 3]);
    const shared = new Uint8Array(new SharedArrayBuffer(4), 1);
    shared.set([9, 0, 1]);
    expect(load(store(shared))).toStrictEqual(new Uint8Array([9, 0, 1]));
    expect(load(store([shared]))).toStrictEqual([new Uint8Array([9, 0, 1])]);
  });
});

describe('equality', () => {
  it('of stored forms is equality of keys', () => {
    fc.assert(
      fc.property(given.twoKeys, ([a, b]) => {
        const [x, y] = [store(a), store(b)];
        const same = x.raw === y.raw && x.bytes.equals(y.bytes);
        expect(same).toBe(given.compareValues(a, b) === 0);
        if (same) expect(x.hash).toBe(y.hash);
      }),
      runs(RUNS),
    );
  });

  it('is as documented', () => {
    const bytes = new Uint8Array([97, 98]);
    const equal: [unknown, unknown][] = [
      [-0, 0],
      [NaN, 0 / 0],
      [[-0], [0]],
      [Buffer.from('ab'), bytes],
    ];
    for (const [a, b] of equal) expect(store(a)).toEqual(store(b));
    const keys = [
      null,
      false,
      true,
      0,
      1,
      1n,
      0n,
      '',
      '1',
      '0',
      'a',
      ['a'],
      [['a']],
      [],
      [[]],
      '[]',
      NaN,
      'NaN',
      'null',
      new Uint8Array([0x61]),
      new Uint8Array(0),
      [null],
      ['a', 'b'],
      ['a', ['b']],
      ['a\0', 'b'],
      ['a', '\0b'],
      ['a\0b'],
    ];
    const forms = new Set(
      keys.map((key) => {
        const { raw, bytes } = store(key);
        return `${raw} ${bytes.toString('hex')}`;
      }),
    );
    expect(forms.size).toBe(keys.length);
  });
});

describe('order', () => {
  it('of stored keys is the order of their values', () => {
    fc.assert(
      fc.property(given.twoKeys, ([a, b]) => {
        const order = given.compareValues(a, b);
        expect(compareStored(store(a), store(b))).toBe(order);
        expect(compareStored(store(b), store(a))).toBe(-order || 0);
      }),
      runs(4 * RUNS),
    );
  });

  it('of tagged forms is the order of their bytes', () => {
    fc.assert(
      fc.property(given.twoKeys, ([a, b]) => {
        const [x, y] = [store([a]), store([b])];
        expect(x.bytes.compare(y.bytes)).toBe(given.compareValues(a, b));
      }),
      runs(RUNS),
    );
  });

  it('holds for keys that differ far behind', () => {
    for (const start of ['a'.repeat(500), 'é'.repeat(200)]) {
      expect(compareStored(store(`${start}b`), store(`${start}c`))).toBe(-1);
      expect(compareStored(store(`${start}c`), store(start))).toBe(1);
      expect(compareStored(store(`${start}ü`), store(`${start}u`))).toBe(1);
    }
  });

  it('sorts a list of every type', () => {
    const sorted = [
      null,
      false,
      true,
      -Infinity,
      -(2n ** 2000n),
      -Number.MAX_VALUE,
      -(2 ** 31) - 1,
      -1,
      -1n,
      -0.5,
      0,
      0n,
      Number.MIN_VALUE,
      0.5,
      1,
      1n,
      1.5,
      2 ** 31,
      2n ** 31n,
      2 ** 53,
      2n ** 53n,
      2n ** 53n + 1n,
      Number.MAX_VALUE,
      2n ** 1024n,
      2n ** 1024n + 1n,
      Infinity,
      NaN,
      '',
      '\0',
      'a',
      'a\0',
      'aa',
      'é',
      '\ud800',
      '\udfff',
      '\uffff',
      '😀',
      new Uint8Array(0),
      new Uint8Array([0]),
      [],
      [null],
      [1],
      [1, 1],
      ['a'],
      ['a', 0],
      ['a\0'],
      [[]],
    ];
    for (let i = 0; i < sorted.length; i++) {
      for (let j = 0; j < sorted.length; j++) {
        const [x, y] = [store(sorted[i]), store(sorted[j])];
        expect(compareStored(x, y), `${i} and ${j}`).toBe(Math.sign(i - j));
      }
    }
  });

  it('needs no length: no element is a prefix of another', () => {
    const bodyOf = (key: unknown): Buffer => store([key]).bytes.subarray(1, -1);
    fc.assert(
      fc.property(given.twoKeys, ([a, b]) => {
        const [x, y] = [bodyOf(a), bodyOf(b)];
        if (x.length < y.length) expect(y.subarray(0, x.length).equals(x)).toBe(false);
      }),
      runs(RUNS),
    );
  });
});

describe('fields of the encoder', () => {
  it('hash is XXH32 of the bytes, and the last word is padded with 0', () => {
    const encoder = new KeyEncoder(given.SEED);
    fc.assert(
      fc.property(given.anyKey, (key) => {
        encoder.words.fill(-1);
        encoder.encode(key, 'test');
        const { words, length } = encoder;
        expect(encoder.hash).toBe(hashBytes(words, length, given.SEED));
        const padding = new Uint8Array(words.buffer).slice(length, (length + 3) & ~3);
        expect(padding.every((byte) => byte === 0)).toBe(true);
      }),
      runs(RUNS),
    );
  });

  it('hash of text is that of its bytes, at every length around words and blocks', () => {
    for (let length = 0; length < 200; length++) {
      const { bytes, hash } = store(String.fromCharCode(...Array.from({ length }, (_, i) => (i * 37 + length) & 0x7f)));
      const words = new Int32Array((length + 3) >>> 2);
      Buffer.from(words.buffer).set(bytes);
      expect(hash, `length ${length}`).toBe(hashBytes(words, length, given.SEED));
    }
  });

  it('hash depends on the seed', () => {
    expect(store('abc', new KeyEncoder(1)).hash).not.toBe(store('abc', new KeyEncoder(2)).hash);
  });

  it('words grow, keeping what is written', () => {
    const encoder = new KeyEncoder(1);
    const before = encoder.words.length;
    const long = [1, 'x'.repeat(3000), 'é'.repeat(3000), new Uint8Array(9000).fill(1), 10n ** 9000n];
    expect(load(store(long, encoder))).toStrictEqual(long);
    expect(encoder.words.length).toBeGreaterThan(before);
    expect(load(store('y'.repeat(60_000), encoder))).toBe('y'.repeat(60_000));
    // At every length around the end of fresh scratch, inside arrays whose ends come after it.
    for (let length = 250; length < 1100; length++) {
      const content = length < 500 ? '€'.repeat(length) : length & 1 ? 'x'.repeat(length) : new Uint8Array(length);
      const deep = [[[[[[[[content]]]]]]]];
      expect(load(store(deep, new KeyEncoder(1)))).toStrictEqual(deep);
    }
  });
});
