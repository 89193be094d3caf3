/**
 * Numbers and bigints as bytes that sort as the values do; the forms stand in native-layout/key-tags.ts.
 *
 * Invariants: an ordered double compares as unsigned bytes as the doubles do (Infinity included, NaN and -0 never
 * given). `floorToDouble` is monotonic, so a bigint sorts by its floor first and by its rest second.
 * The sign flip that makes IEEE 754 doubles sortable is folklore; it is used so in Java's Lucene and in RocksDB keys.
 */
import { MAX_KEY_LENGTH } from '../../native-layout/key-tags.js';

const double = new Float64Array(1);
/** The same 8 bytes, low word first: the machine is little-endian. */
const halves = new Int32Array(double.buffer);

const SIGN = 0x80000000 | 0;

/** Writes `value` as 8 ordered bytes at `at`. */
export function putDouble(bytes: Uint8Array, at: number, value: number): void {
  double[0] = value;
  let low = halves[0];
  let high = halves[1];
  if (high < 0) {
    low = ~low;
    high = ~high;
  } else {
    high ^= SIGN;
  }
  putInt32(bytes, at, high);
  putInt32(bytes, at + 4, low);
}

/** The reverse of `putDouble`. */
export function readDouble(bytes: Uint8Array, at: number): number {
  const high = readInt32(bytes, at);
  const low = readInt32(bytes, at + 4);
  halves[0] = high < 0 ? low : ~low;
  halves[1] = high < 0 ? high ^ SIGN : ~high;
  return double[0];
}

/** Writes 4 bytes, most significant first. */
export function putInt32(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

/** The reverse of `putInt32`. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** The greatest double not above `value`; `-Infinity` if there is no finite one. `value` is not 0. */
export function floorToDouble(value: bigint): number {
  const near = Number(value);
  if (near === Infinity) return Number.MAX_VALUE;
  if (near === -Infinity || BigInt(near) <= value) return near;
  // `Number` rounded up: the neighbour below is one unit nearer to 0 or, for a negative one, farther from it.
  double[0] = near;
  const low = halves[0];
  if (near > 0) {
    halves[0] = low - 1;
    if (low === 0) halves[1] -= 1;
  } else {
    halves[0] = low + 1;
    if (low === -1) halves[1] += 1;
  }
  return double[0];
}

/** What `value` adds to its floor, or its magnitude if the floor is `-Infinity`: never negative. */
export function restOf(value: bigint, floor: number): bigint {
  return floor === -Infinity ? -value : value - BigInt(floor);
}

/** The reverse of `restOf`. `floor` is a whole number or `-Infinity`. */
export function addRest(floor: number, rest: bigint): bigint {
  return floor === -Infinity ? -rest : BigInt(floor) + rest;
}

/** Whether `magnitude` can fit in a key at all; cheap however large it is. */
export function fitsKey(magnitude: bigint): boolean {
  return BigInt.asUintN(MAX_KEY_LENGTH * 8, magnitude) === magnitude;
}

/** The bytes of `magnitude`, most significant first, without leading zeros; none for 0. */
export function magnitudeBytes(magnitude: bigint): Buffer {
  if (magnitude === 0n) return Buffer.alloc(0);
  const digits = magnitude.toString(16);
  return Buffer.from(digits.length & 1 ? `0${digits}` : digits, 'hex');
}

/** The reverse of `magnitudeBytes`. */
export function readMagnitude(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
}
