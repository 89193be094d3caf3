/**
 * The hash of keys: XXH32, and a finaliser for single words.
 *
 * Source: xxHash by Yann Collet, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md ("XXH32"), and the
 * finaliser of MurmurHash3 by Austin Appleby. The result equals theirs, read as a signed 32-bit integer.
 * XXH32 is good in the low and the high bits. A seed is no defence against an attacker who chooses keys.
 *
 * The steps are exported for the key encoder, which takes them while it reads a string. Its primes are written out
 * wherever they are used (1: 9e3779b1, 2: 85ebca77, 3: c2b2ae3d, 4: 27d4eb2f, 5: 165667b1): V8 does not fold the
 * constants of a module into its functions when it inlines them elsewhere, and loads them each time instead.
 *
 * Words are little-endian: the first byte is the low byte of word 0. So the machine must be little-endian wherever
 * bytes and words are views of the same buffer, which is every platform Node is built for except s390x and AIX.
 */

/** The start of one of the four lanes that take the blocks of 16 bytes, a word each. */
export function startLane(seed: number, lane: 0 | 1 | 2 | 3): number {
  // Seed plus prime 1 plus prime 2, plus prime 2, as it is, minus prime 1.
  if (lane === 0) return ((seed | 0) + 0x24234428) | 0;
  if (lane === 1) return ((seed | 0) - 0x7a143589) | 0;
  if (lane === 2) return seed | 0;
  return ((seed | 0) + 0x61c8864f) | 0;
}

/** Takes a word into a lane. */
export function hashLane(lane: number, word: number): number {
  const h = (lane + Math.imul(word, 0x85ebca77)) | 0;
  return Math.imul((h << 13) | (h >>> 19), 0x9e3779b1);
}

/** The four lanes as one word. */
export function mergeLanes(a: number, b: number, c: number, d: number): number {
  const ab = ((a << 1) | (a >>> 31)) + ((b << 7) | (b >>> 25));
  return (ab + ((c << 12) | (c >>> 20)) + ((d << 18) | (d >>> 14))) | 0;
}

/** The start where there is no block of 16 bytes. */
export function startShort(seed: number): number {
  return ((seed | 0) + 0x165667b1) | 0;
}

/** Takes a word after the blocks. */
export function hashWord(h: number, word: number): number {
  h = (h + Math.imul(word, 0xc2b2ae3d)) | 0;
  return Math.imul((h << 17) | (h >>> 15), 0x27d4eb2f);
}

/** Takes a byte after the words. */
export function hashByte(h: number, byte: number): number {
  h = (h + Math.imul(byte, 0x165667b1)) | 0;
  return Math.imul((h << 11) | (h >>> 21), 0x9e3779b1);
}

/** The last step. */
export function finishHash(h: number): number {
  h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d);
  return h ^ (h >>> 16);
}

function hashBlocks(words: Int32Array, end: number, seed: number): number {
  let a = startLane(seed, 0);
  let b = startLane(seed, 1);
  let c = startLane(seed, 2);
  let d = startLane(seed, 3);
  for (let i = 0; i < end; i += 4) {
    a = hashLane(a, words[i]);
    b = hashLane(b, words[i + 1]);
    c = hashLane(c, words[i + 2]);
    d = hashLane(d, words[i + 3]);
  }
  return mergeLanes(a, b, c, d);
}

/**
 * XXH32 of the first `length` bytes of `words`, as int32. Bytes of the last word beyond `length` do not matter.
 * Time is linear in `length`.
 */
export function hashBytes(words: Int32Array, length: number, seed: number): number {
  const blocksEnd = (length >>> 4) << 2;
  const wordsEnd = length >>> 2;
  const tail = length & 3;
  let h = blocksEnd === 0 ? startShort(seed) : hashBlocks(words, blocksEnd, seed);
  h = (h + length) | 0;
  for (let i = blocksEnd; i < wordsEnd; i++) h = hashWord(h, words[i]);
  if (tail !== 0) {
    const word = words[wordsEnd];
    h = hashByte(h, word & 0xff);
    if (tail > 1) h = hashByte(h, (word >>> 8) & 0xff);
    if (tail > 2) h = hashByte(h, (word >>> 16) & 0xff);
  }
  return finishHash(h);
}

/** Spreads every bit of `h` over all bits: a bijection of the 32-bit integers with 0 as fixed point. */
export function mixWord(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
