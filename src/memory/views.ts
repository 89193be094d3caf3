/** Encoded keys and values as the layers below the codec see them: private bytes, ready to be compared and stored. */

export interface KeyView {
  /** Encoded bytes, little-endian, zero-padded to a whole word. */
  readonly words: Int32Array;
  /** Bytes. */
  readonly length: number;
  /** The key is an ASCII string, stored without a tag. */
  readonly raw: boolean;
  /** XXH32 of the bytes under the cache's seed. */
  readonly hash: number;
}

export interface ValueView {
  /** Encoded bytes, from 0 to `length`, unless `latin1` is set. */
  readonly bytes: Buffer;
  /** The same as words, if the bytes are aligned and the rest of the last word may be read; else null. */
  readonly words: Int32Array | null;
  /** Bytes. */
  readonly length: number;
  /** The whole value, if it is one Latin-1 string: stored without a tag. */
  readonly latin1: string | null;
  /** The value is one Latin-1 string: `latin1`, or if that is null, the bytes. */
  readonly raw: boolean;
}
