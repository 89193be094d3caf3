/**
 * Turns a key into bytes and their hash, in scratch words that are reused: no allocation for strings, numbers and
 * arrays of them. The tagged form stands in native-layout/key-tags.ts; short ASCII strings, the common case, are
 * packed and hashed here in one pass over their characters.
 *
 * Each thread has its own encoder. Invariants after `encode` has returned, until it is called again:
 * 1. Equal keys, and only they, have equal `raw`, `length` and bytes. Uint8Array and Buffer are equal by content,
 *    arrays by content, -0 equals 0, NaN equals NaN, 1 differs from '1' and from 1n.
 * 2. Bytes from `length` to the end of its word are 0, so keys may be compared word by word.
 * 3. `hash` is XXH32 of exactly `length` bytes.
 * After a throw the fields mean nothing and the encoder may be used again.
 */
import { KEY_INT32, KIND_NUMBER, MAX_KEY_LENGTH } from '../../native-layout/key-tags.js';
import {
  finishHash,
  hashByte,
  hashBytes,
  hashLane,
  hashWord,
  mergeLanes,
  startLane,
  startShort,
} from '../memory/hash.js';
import { tooLong } from './key-refusal.js';
import { KeyWriter } from './key-writer.js';

export { MAX_KEY_LENGTH };

function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

export class KeyEncoder extends KeyWriter {
  /** Whether the key is an ASCII string stored without tag. */
  raw = false;
  hash = 0;
  private readonly seed: number;

  constructor(seed: number) {
    super();
    this.seed = seed | 0;
  }

  /** Encodes `key`; `op` is named in the error (`ERR_SUPERCACHE_BAD_KEY`) if it is no key. Linear in its length. */
  encode(key: unknown, op: string): void {
    this.turn = (this.turn + 1) | 0;
    this.length = 0;
    if (typeof key === 'string') {
      this.encodeString(key, op);
    } else if (typeof key === 'number' && (key | 0) === key) {
      this.encodeInt32(key | 0);
    } else {
      this.putValue(key, 0, key, op);
      this.finish(key, op);
    }
  }

  private encodeString(text: string, op: string): void {
    const length = text.length;
    if (length <= MAX_KEY_LENGTH) {
      if (length > this.bytes.length) this.reserve(length);
      if (this.encodeAscii(text)) {
        this.length = length;
        this.raw = true;
        return;
      }
    }
    this.putString(text, false, text, op);
    this.finish(text, op);
  }

  /** The tagged form in whole words: `putInt32` of the writer, padded. */
  private encodeInt32(value: number): void {
    const biased = swapBytes(value ^ 0x80000000);
    this.words[0] = KEY_INT32 | (biased << 8);
    this.words[1] = (biased >>> 24) | (KIND_NUMBER << 8);
    this.length = 6;
    this.raw = false;
    this.hash = hashBytes(this.words, 6, this.seed);
  }

  /** Pads, hashes and ends a tagged key. */
  private finish(key: unknown, op: string): void {
    const length = this.length;
    if (length > MAX_KEY_LENGTH) throw tooLong(length, key, op);
    const bytes = this.bytes;
    for (let at = length; (at & 3) !== 0; at++) bytes[at] = 0;
    this.raw = false;
    this.hash = hashBytes(this.words, length, this.seed);
  }

  /**
   * Packs and hashes `text`, for which there is room, in one pass if all of it is ASCII; otherwise returns false and
   * has left only garbage. The steps are those of `hashBytes`: between the characters, multiplications cost nothing.
   */
  private encodeAscii(text: string): boolean {
    const length = text.length;
    const words = this.words;
    const wordsEnd = length & ~3;
    let h = startShort(this.seed);
    let seen = 0;
    let i = 0;
    let w = 0;
    if (length > 15) {
      const blocksEnd = length & ~15;
      let p = startLane(this.seed, 0);
      let q = startLane(this.seed, 1);
      let r = startLane(this.seed, 2);
      let s = startLane(this.seed, 3);
      for (; i < blocksEnd; i += 16) {
        let a = text.charCodeAt(i);
        let b = text.charCodeAt(i + 1);
        let c = text.charCodeAt(i + 2);
        let d = text.charCodeAt(i + 3);
        seen |= a | b | c | d;
        p = hashLane(p, (words[w++] = a | (b << 8) | (c << 16) | (d << 24)));
        a = text.charCodeAt(i + 4);
        b = text.charCodeAt(i + 5);
        c = text.charCodeAt(i + 6);
        d = text.charCodeAt(i + 7);
        seen |= a | b | c | d;
        q = hashLane(q, (words[w++] = a | (b << 8) | (c << 16) | (d << 24)));
        a = text.charCodeAt(i + 8);
        b = text.charCodeAt(i + 9);
        c = text.charCodeAt(i + 10);
        d = text.charCodeAt(i + 11);
        seen |= a | b | c | d;
        r = hashLane(r, (words[w++] = a | (b << 8) | (c << 16) | (d << 24)));
        a = text.charCodeAt(i + 12);
        b = text.charCodeAt(i + 13);
        c = text.charCodeAt(i + 14);
        d = text.charCodeAt(i + 15);
        seen |= a | b | c | d;
        s = hashLane(s, (words[w++] = a | (b << 8) | (c << 16) | (d << 24)));
      }
      h = mergeLanes(p, q, r, s);
    }
    h = (h + length) | 0;
    for (; i < wordsEnd; i += 4) {
      const a = text.charCodeAt(i);
      const b = text.charCodeAt(i + 1);
      const c = text.charCodeAt(i + 2);
      const d = text.charCodeAt(i + 3);
      seen |= a | b | c | d;
      h = hashWord(h, (words[w++] = a | (b << 8) | (c << 16) | (d << 24)));
    }
    if (i < length) {
      let word = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        seen |= unit;
        word |= unit << ((i & 3) << 3);
        h = hashByte(h, unit);
      }
      words[w] = word;
    }
    this.hash = finishHash(h);
    return seen < 0x80;
  }
}
