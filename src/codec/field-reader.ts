/**
 * Reads the fields of a value that are no objects from private bytes.
 *
 * Invariants: every length is checked against `end` before it is used, so nothing outside [at, end) is read and
 * nothing is allocated that the bytes do not fill. Whatever is wrong with them is a CacheError `CORRUPT`.
 */
import { SHORT_LATIN1_MAX, ValueTag } from '../../native-layout/value-tags.js';
import { CacheError } from '../errors.js';
import type { TextBuffer } from './buffer-text.js';

export function corrupt(what: string, cause?: unknown): CacheError {
  return new CacheError('CORRUPT', `stored value is corrupt: ${what}`, cause === undefined ? {} : { cause });
}

/** Says that a tag is none of a field without objects. */
export const NOT_SCALAR = Symbol('not a scalar');

/** Up to this length joining the characters beats the call. */
const LOOPED_LENGTH = 4;

const NO_BYTES = Buffer.alloc(0) as TextBuffer;

export class FieldReader {
  bytes: TextBuffer = NO_BYTES;
  at = 0;
  end = 0;

  /** Begins to read [start, end) of `bytes`. */
  open(bytes: Buffer, start: number, end: number): void {
    if (!(start >= 0 && start <= end && end <= bytes.length)) throw corrupt('its bounds are wrong');
    this.bytes = bytes as TextBuffer;
    this.at = start;
    this.end = end;
  }

  close(): void {
    this.bytes = NO_BYTES;
  }

  /** The position of the next `count` bytes, which are taken. */
  take(count: number): number {
    const at = this.at;
    if (count > this.end - at) throw corrupt('it ends too early');
    this.at = at + count;
    return at;
  }

  takeByte(): number {
    if (this.at >= this.end) throw corrupt('it ends too early');
    return this.bytes[this.at++];
  }

  /** An unsigned 32-bit number. */
  takeVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.takeByte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw corrupt('a length is too long');
  }

  /** How many things of at least `least` bytes each follow. */
  takeCount(least: number): number {
    const count = this.takeVarint();
    if (count * least > this.end - this.at) throw corrupt('it ends too early');
    return count;
  }

  takeFloat64(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  /** The field that begins with `tag`, which is taken already, or NOT_SCALAR. */
  takeScalar(tag: number): unknown {
    if (tag >= ValueTag.SMALL_INT) return tag - ValueTag.SMALL_INT;
    if (tag >= ValueTag.SHORT_LATIN1) return this.takeLatin1(tag & SHORT_LATIN1_MAX);
    switch (tag) {
      case ValueTag.UNDEFINED:
        return undefined;
      case ValueTag.NULL:
        return null;
      case ValueTag.FALSE:
        return false;
      case ValueTag.TRUE:
        return true;
      case ValueTag.INT8:
        return (this.takeByte() << 24) >> 24;
      case ValueTag.INT16:
        return this.bytes.readInt16LE(this.take(2));
      case ValueTag.INT32:
        return this.bytes.readInt32LE(this.take(4));
      case ValueTag.FLOAT64:
        return this.takeFloat64();
      case ValueTag.BIGINT64:
        return this.bytes.readBigInt64LE(this.take(8));
      case ValueTag.BIGINT_POSITIVE:
        return this.#takeMagnitude();
      case ValueTag.BIGINT_NEGATIVE:
        return -this.#takeMagnitude();
      case ValueTag.LATIN1:
        return this.takeLatin1(this.takeVarint());
      case ValueTag.UTF16:
        return this.#takeUtf16();
      default:
        return NOT_SCALAR;
    }
  }

  takeLatin1(count: number): string {
    const at = this.take(count);
    const bytes = this.bytes;
    if (count > LOOPED_LENGTH) return bytes.latin1Slice(at, at + count);
    switch (count) {
      case 0:
        return '';
      case 1:
        return String.fromCharCode(bytes[at]);
      case 2:
        return String.fromCharCode(bytes[at], bytes[at + 1]);
      case 3:
        return String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2]);
      default:
        return String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    }
  }

  #takeUtf16(): string {
    const size = this.takeVarint() * 2;
    const at = this.take(size);
    return this.bytes.ucs2Slice(at, at + size);
  }

  #takeMagnitude(): bigint {
    const size = this.takeVarint();
    const at = this.take(size);
    return BigInt(`0x0${this.bytes.hexSlice(at, at + size)}`);
  }
}
