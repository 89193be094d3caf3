/**
 * Goal: `hashBytes` is XXH32, and both it and `mixWord` spread keys as evenly as chance would.
 * Oracles: the vectors of xxHash's own tests (cli/xsum_sanity_check.c) and the native xxhash-addon; for evenness the
 * expectation for random words.
 * Replay: the inputs come from a fixed generator; a failure names seed and length.
 */
import { describe, expect, it } from 'vitest';
import { XXHash32 } from 'xxhash-addon';
import { KeyEncoder } from '../../../src/codec/key-encoder.js';
import { hashBytes, mixWord } from '../../../src/memory/hash.js';

const PRIME_32 = 0x9e3779b1;

function wordsOf(bytes: Uint8Array): Int32Array {
  const words = new Int32Array((bytes.length + 7) >>> 2);
  // Dirt behind the end must not matter.
  words.fill(-1);
  new Uint8Array(words.buffer).set(bytes);
  return words;
}

function oracle(bytes: Uint8Array, seed: number): number {
  const seedBytes = Buffer.alloc(4);
  seedBytes.writeInt32BE(seed | 0);
  const hasher = new XXHash32(seedBytes);
  hasher.update(Buffer.from(bytes));
  return hasher.digest().readInt32BE();
}

/** A multiplicative generator: the low bits of Lehmer's are good enough for contents. */
function randomBytes(length: number, seed: number): Uint8Array {
  let state = (seed % 0x7ffffffe) + 1;
  return Uint8Array.from({ length }, () => {
    state = (state * 48271) % 0x7fffffff;
    return state >>> 8;
  });
}

describe('hashBytes', () => {
  it('gives the published results', () => {
    const sanity = new Uint8Array(222);
    let state = BigInt(PRIME_32);
    for (let i = 0; i < sanity.length; i++) {
      sanity[i] = Number(state >> 56n);
      state = BigInt.asUintN(64, state * 11400714785074694797n);
    }
    const vectors = [
      [0, 0, 0x02cc5d05],
      [0, PRIME_32, 0x36b78ae7],
      [1, 0, 0xcf65b03e],
      [1, PRIME_32, 0xb4545aa4],
      [14, 0, 0x1208e7e2],
      [14, PRIME_32, 0x6af1d1fe],
      [222, 0, 0x5bd11dbd],
      [222, PRIME_32, 0x58803c5f],
    ];
    for (const [length, seed, expected] of vectors) {
      const hash = hashBytes(wordsOf(sanity.subarray(0, length)), length, seed);
      expect(hash >>> 0, `length ${length}, seed ${seed}`).toBe(expected);
      expect(hash | 0).toBe(hash);
    }
    expect(hashBytes(wordsOf(Buffer.from('abc')), 3, 0) >>> 0).toBe(0x32d153ff);
  });

  it('agrees with the native addon for all lengths to 200 and some long ones', () => {
    const lengths = [...Array(201).keys(), 255, 256, 257, 1023, 1024, 4099, 65535];
    for (const length of lengths) {
      for (const seed of [0, 1, -1, 12345, 0x7fffffff, -0x80000000, PRIME_32]) {
        const bytes = randomBytes(length, length * 31 + seed);
        const hash = hashBytes(wordsOf(bytes), length, seed);
        expect(hash, `length ${length}, seed ${seed}`).toBe(oracle(bytes, seed));
      }
    }
  });
});

describe('mixWord', () => {
  it('gives the results of fmix32 of MurmurHash3', () => {
    // fmix32 written out in 64-bit arithmetic.
    const reference = (value: number): number => {
      let h = BigInt(value >>> 0);
      h = BigInt.asUintN(32, (h ^ (h >> 16n)) * 0x85ebca6bn);
      h = BigInt.asUintN(32, (h ^ (h >> 13n)) * 0xc2b2ae35n);
      return Number(BigInt.asIntN(32, h ^ (h >> 16n)));
    };
    expect(mixWord(0)).toBe(0);
    expect(mixWord(1)).toBe(0x514e28b7);
    for (let i = 0; i < 2000; i++) expect(mixWord(i * 2654435)).toBe(reference(i * 2654435));
  });

  it('changes about half of the bits for every changed bit', () => {
    const flips = new Float64Array(32 * 32);
    const samples = 4000;
    for (let n = 0; n < samples; n++) {
      const word = Math.imul(n, 0x9e3779b1);
      for (let bit = 0; bit < 32; bit++) {
        const changed = mixWord(word) ^ mixWord(word ^ (1 << bit));
        for (let out = 0; out < 32; out++) flips[bit * 32 + out] += (changed >>> out) & 1;
      }
    }
    for (const count of flips) expect(Math.abs(count / samples - 0.5)).toBeLessThan(0.1);
  });
});

const COUNT = 200_000;

const keySets: Record<string, (i: number) => unknown> = {
  decimal: (i) => String(i),
  'zero-padded': (i) => String(i).padStart(12, '0'),
  hex: (i) => i.toString(16),
  'padded hex': (i) => i.toString(16).padStart(16, '0'),
  'padded hex of 20': (i) => i.toString(16).padStart(20, '0'),
  'stride of 4096 in decimal': (i) => String(i * 4096),
  'stride of 65536 in padded hex': (i) => (i * 65536).toString(16).padStart(16, '0'),
  'user profiles': (i) => `user:${i}:profile`,
  'long common prefix': (i) => `${'session:'.repeat(8)}${i}`,
  integers: (i) => i,
  'integers in strides': (i) => i * 10_000,
  'time stamps': (i) => 1_700_000_000_000 + i * 1000,
  pairs: (i) => [i >>> 9, `row${i & 511}`],
};

/** Chi-square of the counts over its degrees of freedom: 1 for random words. */
function unevenness(hashes: Int32Array, shift: number): number {
  const counts = new Float64Array(256);
  for (const hash of hashes) counts[(hash >>> shift) & 255]++;
  const expected = hashes.length / 256;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0) / 255;
}

describe('hashes of keys', () => {
  for (const [name, keyOf] of Object.entries(keySets)) {
    it(`are spread evenly: ${name}`, () => {
      for (const seed of [0, 0x5eed1234]) {
        const encoder = new KeyEncoder(seed);
        const hashes = Int32Array.from({ length: COUNT }, (_, i) => {
          encoder.encode(keyOf(i), 'test');
          return encoder.hash;
        });
        // Random words: n^2 / 2^33 = 4.7 expected, and more than 20 once in some ten million.
        expect(COUNT - new Set(hashes).size, `collisions, seed ${seed}`).toBeLessThan(20);
        // 1.5 is more than 5 standard deviations above 1. Evener than chance is welcome.
        for (const shift of [0, 8, 12, 16, 24]) {
          expect(unevenness(hashes, shift), `bits from ${shift}, seed ${seed}`).toBeLessThan(1.5);
        }
      }
    });
  }
});
