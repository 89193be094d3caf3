/**
 * Writes values in the tagged key encoding; the forms stand in native-layout/key-tags.ts.
 *
 * Invariants
 * 1. `words` and `bytes` are views of the same buffer; `length` bytes of it are written.
 * 2. Scratch stays below 4 times MAX_KEY_LENGTH: what may grow a key is checked before it is written, and an array
 *    is checked after every element.
 * 3. Code of the user runs only where an element or the length of an array is read (getters, proxies). It may use
 *    this same writer; `turn` then differs and the outer key is refused, the inner one is right.
 * 4. Shared bytes (a Uint8Array over a SharedArrayBuffer) are read once each, so a key never disagrees with itself.
 */
import { isUint8Array } from 'node:util/types';
import * as tags from '../../native-layout/key-tags.js';
import * as numbers from './key-numbers.js';
import { badType, tooDeep, tooLong, usedMeanwhile } from './key-refusal.js';
import { putText, TEXT_BYTES_PER_UNIT } from './key-text.js';

const INITIAL_WORDS = 256;
/** Room for any element of fixed size and for the end mark of its array. */
const FIXED_ROOM = 24;
const TWO_31 = 2 ** 31;
const TWO_31_BIG = 2n ** 31n;

// The accessor of the engine: an own property of a user's array could say another length.
const lengthOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')!.get as (
  this: Uint8Array,
) => number;

/** Bytes of `text` as a key of its own: raw if it is ASCII. */
function storedLength(text: string): number {
  const length = Buffer.byteLength(text);
  return length === text.length ? length : length + 1;
}

export class KeyWriter {
  words: Int32Array = new Int32Array(INITIAL_WORDS);
  protected bytes: Uint8Array = new Uint8Array(this.words.buffer);
  length = 0;
  /** Changes with every use. */
  protected turn = 0;

  /** Makes room for `count` more bytes and their padding to a whole word; keeps what is written. */
  protected reserve(count: number): void {
    const needed = this.length + count + 3;
    if (needed > this.bytes.length) this.grow(needed);
  }

  private grow(needed: number): void {
    const words = new Int32Array(Math.max(this.words.length * 2, needed >>> 2));
    words.set(this.words);
    this.words = words;
    this.bytes = new Uint8Array(words.buffer);
  }

  private putByte(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  private putInt32(value: number, kind: number): void {
    const at = this.length;
    this.bytes[at] = tags.KEY_INT32;
    numbers.putInt32(this.bytes, at + 1, value ^ 0x80000000);
    this.bytes[at + 5] = kind;
    this.length = at + 6;
  }

  private putDouble(tag: number, value: number, kind: number): void {
    const at = this.length;
    this.bytes[at] = tag;
    numbers.putDouble(this.bytes, at + 1, value);
    this.bytes[at + 9] = kind;
    this.length = at + 10;
  }

  protected putNumber(value: number): void {
    const whole = value | 0;
    if (whole === value) {
      this.putInt32(whole, tags.KIND_NUMBER);
    } else if (value >= TWO_31) {
      this.putDouble(tags.KEY_ABOVE, value, tags.KIND_NUMBER);
    } else if (value < -TWO_31) {
      this.putDouble(tags.KEY_BELOW, value, tags.KIND_NUMBER);
    } else if (value === value) {
      this.putInt32(Math.floor(value), tags.KIND_FRACTION);
      numbers.putDouble(this.bytes, this.length, value);
      this.length += 8;
    } else {
      this.putByte(tags.KEY_NAN);
    }
  }

  private putBigint(value: bigint, key: unknown, op: string): void {
    if (BigInt.asIntN(32, value) === value) {
      this.putInt32(Number(value), tags.KIND_BIGINT);
      return;
    }
    if (!numbers.fitsKey(value < 0n ? -value : value)) throw tooLong(undefined, key, op);
    const floor = numbers.floorToDouble(value);
    const rest = numbers.magnitudeBytes(numbers.restOf(value, floor));
    const flip = floor === -Infinity ? 0xff : 0;
    this.reserve(rest.length + FIXED_ROOM);
    this.putDouble(value >= TWO_31_BIG ? tags.KEY_ABOVE : tags.KEY_BELOW, floor, tags.KIND_BIGINT);
    this.putByte((rest.length >>> 8) ^ flip);
    this.putByte((rest.length & 0xff) ^ flip);
    for (let i = 0; i < rest.length; i++) this.putByte(rest[i] ^ flip);
  }

  /** A string with a code unit above 0x7f alone; any string if `nested`. */
  protected putString(text: string, nested: boolean, key: unknown, op: string): void {
    if (text.length > tags.MAX_KEY_LENGTH) throw tooLong(nested ? undefined : storedLength(text), key, op);
    this.reserve(text.length * TEXT_BYTES_PER_UNIT + 2);
    this.putByte(tags.KEY_STRING);
    this.length = putText(this.bytes, this.length, text, nested);
    if (nested) this.putByte(tags.KEY_END);
  }

  private putBytes(content: Uint8Array, nested: boolean, key: unknown, op: string): void {
    const count = lengthOf.call(content);
    if (count > tags.MAX_KEY_LENGTH) throw tooLong(nested ? undefined : count + 1, key, op);
    this.reserve(count * 2 + 2);
    const bytes = this.bytes;
    let at = this.length;
    bytes[at++] = tags.KEY_BYTES;
    for (let i = 0; i < count; i++) {
      const byte = content[i];
      if (nested && byte <= tags.KEY_ESCAPE) bytes[at++] = tags.KEY_ESCAPE;
      bytes[at++] = byte;
    }
    if (nested) bytes[at++] = tags.KEY_END;
    this.length = at;
  }

  private putArray(array: readonly unknown[], depth: number, key: unknown, op: string): void {
    if (depth > tags.MAX_KEY_DEPTH) throw tooDeep(key, op);
    const turn = this.turn;
    this.putByte(tags.KEY_ARRAY);
    const count = array.length;
    for (let i = 0; i < count; i++) {
      const element = array[i];
      if (this.turn !== turn) throw usedMeanwhile(key, op);
      this.reserve(FIXED_ROOM);
      this.putValue(element, depth, key, op);
      if (this.length > tags.MAX_KEY_LENGTH) throw tooLong(undefined, key, op);
    }
    // The length may have been a trap too, and with no elements nothing else would notice.
    if (this.turn !== turn) throw usedMeanwhile(key, op);
    this.reserve(1);
    this.putByte(tags.KEY_END);
  }

  /** Any value but a top-level string; `depth` is the number of arrays around it. There is FIXED_ROOM. */
  protected putValue(value: unknown, depth: number, key: unknown, op: string): void {
    switch (typeof value) {
      case 'number':
        this.putNumber(value);
        return;
      case 'string':
        this.putString(value, true, key, op);
        return;
      case 'boolean':
        this.putByte(value ? tags.KEY_TRUE : tags.KEY_FALSE);
        return;
      case 'bigint':
        this.putBigint(value, key, op);
        return;
      case 'object':
        if (value === null) this.putByte(tags.KEY_NULL);
        else if (Array.isArray(value)) this.putArray(value, depth + 1, key, op);
        else if (isUint8Array(value)) this.putBytes(value, depth > 0, key, op);
        else throw badType(value, key, op);
        return;
      default:
        throw badType(value, key, op);
    }
  }
}
