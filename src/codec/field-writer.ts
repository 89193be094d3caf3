/**
 * Writes the fields of a value that are no objects into a growing private scratch.
 *
 * Invariants: `bytes` has an ArrayBuffer of its own and is never handed to user code; `length` bytes of it are
 * written; `reserve` comes before every write, so nothing is written past its end.
 */
import { MAX_VALUE_LENGTH, SHORT_LATIN1_MAX, SMALL_INT_MAX, ValueTag } from '../../native-layout/value-tags.js';
import { CacheError } from '../errors.js';
import { isLatin1, privateBuffer, type TextBuffer } from './buffer-text.js';

const FIRST_LENGTH = 4096;
/** A scratch longer than this is not kept. */
export const KEPT_LENGTH = 2 ** 20;
/** Longest varint, tag included. */
const HEADER_LENGTH = 6;
/** Up to this length a loop over the characters beats the call. */
const LOOPED_LENGTH = 12;

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

export class FieldWriter {
  bytes: TextBuffer = privateBuffer(FIRST_LENGTH);
  length = 0;

  /** Makes room for `count` bytes more. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(this.length + count);
  }

  #grow(needed: number): void {
    if (needed > MAX_VALUE_LENGTH) {
      throw new CacheError('TOO_LARGE', `value is longer than ${MAX_VALUE_LENGTH} bytes`);
    }
    const grown = privateBuffer(Math.max(needed, Math.min(this.bytes.length * 2, MAX_VALUE_LENGTH)));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** Drops a scratch that a large value has left. */
  release(): void {
    if (this.bytes.length <= KEPT_LENGTH) return;
    this.bytes = privateBuffer(FIRST_LENGTH);
    this.length = 0;
  }

  putByte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  /** An unsigned 32-bit number. */
  putVarint(value: number): void {
    this.reserve(HEADER_LENGTH);
    const bytes = this.bytes;
    let at = this.length;
    while (value > 0x7f) {
      bytes[at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    bytes[at++] = value;
    this.length = at;
  }

  putFloat64(value: number): void {
    this.reserve(8);
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  /** A field of any value that is no object, function or symbol. */
  putScalar(value: unknown): void {
    switch (typeof value) {
      case 'number':
        return this.putNumber(value);
      case 'string':
        return this.putString(value);
      case 'boolean':
        return this.putByte(value ? ValueTag.TRUE : ValueTag.FALSE);
      case 'bigint':
        return this.putBigInt(value);
      default:
        return this.putByte(value === null ? ValueTag.NULL : ValueTag.UNDEFINED);
    }
  }

  putNumber(value: number): void {
    this.reserve(9);
    const bytes = this.bytes;
    const at = this.length;
    if ((value | 0) !== value || (value === 0 && 1 / value < 0)) {
      bytes[at] = ValueTag.FLOAT64;
      this.length = bytes.writeDoubleLE(value, at + 1);
    } else if (value >= 0 && value <= SMALL_INT_MAX) {
      bytes[at] = ValueTag.SMALL_INT + value;
      this.length = at + 1;
    } else if ((value << 24) >> 24 === value) {
      bytes[at] = ValueTag.INT8;
      bytes[at + 1] = value;
      this.length = at + 2;
    } else if ((value << 16) >> 16 === value) {
      bytes[at] = ValueTag.INT16;
      bytes[at + 1] = value;
      bytes[at + 2] = value >> 8;
      this.length = at + 3;
    } else {
      bytes[at] = ValueTag.INT32;
      bytes[at + 1] = value;
      bytes[at + 2] = value >> 8;
      bytes[at + 3] = value >> 16;
      bytes[at + 4] = value >> 24;
      this.length = at + 5;
    }
  }

  putString(text: string): void {
    const count = text.length;
    if (!isLatin1(text)) return this.#putUtf16(text);
    this.reserve(HEADER_LENGTH + count);
    if (count <= SHORT_LATIN1_MAX) this.bytes[this.length++] = ValueTag.SHORT_LATIN1 + count;
    else {
      this.bytes[this.length++] = ValueTag.LATIN1;
      this.putVarint(count);
    }
    const bytes = this.bytes;
    const at = this.length;
    if (count <= LOOPED_LENGTH) for (let i = 0; i < count; i++) bytes[at + i] = text.charCodeAt(i);
    else bytes.latin1Write(text, at, count);
    this.length = at + count;
  }

  #putUtf16(text: string): void {
    const size = text.length * 2;
    this.putByte(ValueTag.UTF16);
    this.putVarint(text.length);
    this.reserve(size);
    this.bytes.ucs2Write(text, this.length, size);
    this.length += size;
  }

  putBigInt(value: bigint): void {
    if (value >= INT64_MIN && value <= INT64_MAX) {
      this.reserve(9);
      this.bytes[this.length] = ValueTag.BIGINT64;
      this.length = this.bytes.writeBigInt64LE(value, this.length + 1);
      return;
    }
    const digits = (value < 0n ? -value : value).toString(16);
    const text = digits.length % 2 === 0 ? digits : `0${digits}`;
    const size = text.length / 2;
    this.putByte(value < 0n ? ValueTag.BIGINT_NEGATIVE : ValueTag.BIGINT_POSITIVE);
    this.putVarint(size);
    this.reserve(size);
    this.bytes.hexWrite(text, this.length, size);
    this.length += size;
  }

  /** Length and content. */
  putSized(content: Uint8Array): void {
    const size = content.length;
    this.putVarint(size);
    this.reserve(size);
    this.bytes.set(content, this.length);
    this.length += size;
  }
}
