/**
 * Goal: arbitrary bytes and damaged keys decode to a key or are refused as corrupt; nothing crashes or hangs, and no
 * byte outside the key is looked at. Oracle: whatever decodes encodes to the same bytes; equal outcomes whatever
 * surrounds the bytes; the kind of error. Replay: with the seed and path that fast-check prints.
 */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { decodeKey } from '../../src/codec/key-decoder.js';
import { CacheError } from '../../src/errors.js';
import { runs } from '../support/property-runs.js';
import { STEPS_TIMEOUT_MS } from '../support/sample.js';
import { anyKey, store } from '../unit/codec/keys-support.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const CORRUPT = Symbol('corrupt');

function decoded(bytes: Buffer, start: number, end: number, raw: boolean): unknown {
  try {
    return decodeKey(bytes, start, end, raw);
  } catch (error) {
    expect(CacheError.is(error) && error.code).toBe('ERR_SUPERCACHE_CORRUPT');
    return CORRUPT;
  }
}

function check(bytes: Uint8Array, raw: boolean): void {
  const found = [0xff, 0x00, 0x30].map((filling) => {
    const around = Buffer.alloc(bytes.length + 24, filling);
    around.set(bytes, 8);
    return decoded(around, 8, 8 + bytes.length, raw);
  });
  expect(found[1]).toEqual(found[0]);
  expect(found[2]).toEqual(found[0]);
  if (found[0] === CORRUPT) return;
  const again = store(found[0]);
  expect(again.raw).toBe(raw);
  expect(again.bytes.equals(bytes)).toBe(true);
}

test('arbitrary bytes behind every tag', () => {
  const tag = fc.oneof(
    fc.constantFrom(0, 1, 8, 0x10, 0x11, 0x20, 0x21, 0x22, 0x23, 0x30, 0x40, 0x50),
    fc.nat({ max: 255 }),
  );
  const bytes = fc
    .tuple(fc.array(tag, { minLength: 1, maxLength: 8 }), fc.uint8Array({ maxLength: 30 }))
    .map(([first, rest]) => Uint8Array.of(...first, ...rest));
  fc.assert(fc.property(bytes, fc.boolean(), check), runs(20_000));
});

test('damaged keys', () => {
  const damaged = fc
    .tuple(anyKey, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(1))
    .map(([key, at, flip, cut]) => {
      const { bytes } = store(key);
      if (bytes.length > 0) bytes[at % bytes.length] ^= flip;
      return bytes.subarray(0, bytes.length - cut);
    });
  fc.assert(fc.property(damaged, fc.boolean(), check), runs(20_000));
});

test('nesting without end', () => {
  for (const tag of [0x50, 0x40, 0x30]) check(new Uint8Array(60_000).fill(tag), false);
});
