/**
 * Turns the stored bytes of a key back into its value, and compares stored keys; the forms stand in
 * native-layout/key-tags.ts.
 *
 * The bytes must be a private copy: they are read more than once.
 * Invariant: decoding is strict. Bytes that the encoder does not write are refused with `ERR_SUPERCACHE_CORRUPT`, so
 * whatever decodes encodes to the same bytes again. Bytes come back as Uint8Array, whatever subclass was given.
 */
import * as tags from '../../native-layout/key-tags.js';
import { CacheError } from '../errors.js';
import * as numbers from './key-numbers.js';
import { readText, textRead } from './key-text.js';

const TWO_31 = 2 ** 31;
/** Keys with a longer common part than this compare faster through the native call. */
const LOOP_LENGTH = 64;
// biome-ignore lint/suspicious/noControlCharactersInRegex: code units below 0x80 are what is tested
const NOT_ASCII = /[^\x00-\x7f]/;

function corrupt(what: string): CacheError {
  return new CacheError('CORRUPT', `stored key is corrupt: ${what}`);
}

class KeyReader {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly end: number,
  ) {}

  /** The only value from here to the end. */
  key(): unknown {
    const value = this.value(0);
    if (this.at !== this.end) throw corrupt('bytes after the end');
    return value;
  }

  /** Position of the next `count` bytes, which are thereby read. */
  private take(count: number): number {
    const at = this.at;
    if (at + count > this.end) throw corrupt('cut off');
    this.at = at + count;
    return at;
  }

  private value(depth: number): unknown {
    const tag = this.bytes[this.take(1)];
    switch (tag) {
      case tags.KEY_NULL:
        return null;
      case tags.KEY_FALSE:
        return false;
      case tags.KEY_TRUE:
        return true;
      case tags.KEY_INT32:
        return this.inInt32Range();
      case tags.KEY_BELOW:
      case tags.KEY_ABOVE:
        return this.beyond(tag);
      case tags.KEY_NAN:
        return NaN;
      case tags.KEY_STRING:
        return this.text(depth > 0);
      case tags.KEY_BYTES:
        return depth > 0 ? this.nestedBytes() : this.allBytes();
      case tags.KEY_ARRAY:
        return this.array(depth + 1);
      default:
        throw corrupt(`tag ${tag}`);
    }
  }

  private inInt32Range(): number | bigint {
    const floor = numbers.readInt32(this.bytes, this.take(4)) ^ 0x80000000;
    const kind = this.bytes[this.take(1)];
    if (kind === tags.KIND_NUMBER) return floor;
    if (kind === tags.KIND_BIGINT) return BigInt(floor);
    if (kind !== tags.KIND_FRACTION) throw corrupt(`kind ${kind}`);
    const value = numbers.readDouble(this.bytes, this.take(8));
    if (Math.floor(value) !== floor || value === floor) throw corrupt('fraction');
    return value;
  }

  private beyond(tag: number): number | bigint {
    const floor = numbers.readDouble(this.bytes, this.take(8));
    if (tag === tags.KEY_ABOVE ? !(floor >= TWO_31) : !(floor < -TWO_31)) throw corrupt('number out of range');
    const kind = this.bytes[this.take(1)];
    if (kind === tags.KIND_NUMBER) return floor;
    if (kind !== tags.KIND_BIGINT) throw corrupt(`kind ${kind}`);
    if (floor === Infinity || (floor !== -Infinity && !Number.isInteger(floor))) throw corrupt('bigint');
    const flip = floor === -Infinity ? 0xff : 0;
    const at = this.take(2);
    const length = ((this.bytes[at] ^ flip) << 8) | (this.bytes[at + 1] ^ flip);
    const start = this.take(length);
    const rest = Buffer.from(this.bytes.subarray(start, start + length));
    for (let i = 0; flip !== 0 && i < length; i++) rest[i] ^= flip;
    const value = numbers.addRest(floor, numbers.readMagnitude(rest));
    if (rest[0] === 0 || numbers.floorToDouble(value) !== floor) throw corrupt('bigint');
    return value;
  }

  private text(nested: boolean): string {
    if (!readText(this.bytes, this.at, this.end, nested)) throw corrupt('text');
    if (!nested && textRead.ascii) throw corrupt('ASCII text with a tag');
    this.at = textRead.at;
    return textRead.text;
  }

  private allBytes(): Uint8Array {
    const start = this.take(this.end - this.at);
    return new Uint8Array(this.bytes.subarray(start, this.end));
  }

  private nestedBytes(): Uint8Array {
    const found = new Uint8Array(this.end - this.at);
    let count = 0;
    for (;;) {
      let byte = this.bytes[this.take(1)];
      if (byte === tags.KEY_END) return found.slice(0, count);
      if (byte === tags.KEY_ESCAPE) {
        byte = this.bytes[this.take(1)];
        if (byte > tags.KEY_ESCAPE) throw corrupt('escape');
      }
      found[count++] = byte;
    }
  }

  private array(depth: number): unknown[] {
    if (depth > tags.MAX_KEY_DEPTH) throw corrupt('nested too deep');
    const found: unknown[] = [];
    while (this.bytes[this.take(1)] !== tags.KEY_END) {
      this.at--;
      found.push(this.value(depth));
    }
    return found;
  }
}

/**
 * The key in `bytes` from `start` to `end`, stored raw or tagged. Bytes are copied. Linear in the length.
 * Throws `ERR_SUPERCACHE_CORRUPT` for anything that the encoder does not write.
 */
export function decodeKey(bytes: Buffer, start: number, end: number, raw: boolean): unknown {
  if (!raw) return new KeyReader(bytes, start, end).key();
  const text = bytes.toString('latin1', start, end);
  if (NOT_ASCII.test(text)) throw corrupt('raw text is not ASCII');
  return text;
}

function compareBytes(a: Buffer, aStart: number, aEnd: number, b: Buffer, bStart: number, bEnd: number): number {
  const aLength = aEnd - aStart;
  const bLength = bEnd - bStart;
  const common = Math.min(aLength, bLength);
  if (common > LOOP_LENGTH) return a.compare(b, bStart, bEnd, aStart, aEnd);
  for (let i = 0; i < common; i++) {
    const difference = a[aStart + i] - b[bStart + i];
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** A raw key against a tagged one: as if the raw one had the tag of strings. */
function compareRaw(a: Buffer, aStart: number, aEnd: number, b: Buffer, bStart: number, bEnd: number): number {
  const difference = tags.KEY_STRING - b[bStart];
  return difference !== 0 ? difference : compareBytes(a, aStart, aEnd, b, bStart + 1, bEnd);
}

/**
 * Negative, 0 or positive as the key in `a` sorts before, with or after the one in `b`: null, false, true, numbers and
 * bigints by value (a number before an equal bigint, NaN last), strings by code point, bytes, arrays by elements.
 */
export function compareKeys(
  a: Buffer,
  aStart: number,
  aEnd: number,
  aRaw: boolean,
  b: Buffer,
  bStart: number,
  bEnd: number,
  bRaw: boolean,
): number {
  if (aRaw === bRaw) return compareBytes(a, aStart, aEnd, b, bStart, bEnd);
  if (aRaw) return compareRaw(a, aStart, aEnd, b, bStart, bEnd);
  return -compareRaw(b, bStart, bEnd, a, aStart, aEnd);
}
