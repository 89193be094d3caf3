/**
 * A private copy of what was found: the encoded value of one entry, taken in one pass from shared memory. Readers
 * copy first, validate the sequence, and only then let the codec look at the bytes. One instance per thread, reused.
 *
 * What a racing reader may see here: any lengths and addresses. `take` bounds every one of them and answers false if
 * one leads outside; garbage bytes inside the bounds are harmless, since they are never decoded.
 */

import { Chunk, Entry, Flag, IDENTITY_CHUNK } from '../../native-layout/entry.js';
import { maxCellLengthFor } from '../../native-layout/size-class.js';
import type { TextBuffer } from '../codec/buffer-text.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { SharedMemory } from '../memory/slab.js';
import { chunkHeadWord, headerWords, keyLengthOf, valueLengthOf } from './entry-view.js';

const FIRST_LENGTH = 4096;
/** Copies up to this many bytes by a loop over words, longer ones as a block. */
const LOOP_LENGTH = 320;
/** Scratch longer than this is dropped after use, in bytes. */
const KEPT_LENGTH = 2 ** 20;

/** The chunks of a value, as its entry describes them. */
export interface Chain {
  readonly chunkHead: number;
  /** Bytes of the whole value. */
  readonly length: number;
  readonly raw: boolean;
}

export class ValueCopy {
  /** The whole value if it was stored as Latin-1 text, else null. */
  text: string | null = null;
  /** Private bytes; the value stands from `start` to `end`. */
  bytes: Buffer;
  start = 0;
  end = 0;
  private words: Int32Array;
  private readonly memory: SharedMemory;
  private readonly slabs: Int32Array[];
  private readonly maxCellLength: number;
  private readonly bytesOf: Buffer[];

  constructor(memory: SharedMemory) {
    this.memory = memory;
    this.slabs = memory.words;
    this.maxCellLength = maxCellLengthFor(memory.geometry.pageShift);
    this.bytesOf = memory.bytes;
    this.bytes = Buffer.from(new ArrayBuffer(FIRST_LENGTH));
    this.words = new Int32Array(this.bytes.buffer as ArrayBuffer);
  }

  /** Copies the value of an entry that is in one cell. False: the header was garbage. */
  take(slab: number, cell: number, shape: number): boolean {
    const words = this.slabs[slab];
    const length = valueLengthOf(words, cell, shape);
    const start = ((cell + headerWords(shape)) << 2) + keyLengthOf(shape);
    const end = start + length;
    if (length < 0 || end - (cell << 2) > this.maxCellLength || end > words.length << 2) return false;
    if ((shape & Flag.valueRaw) !== 0) {
      this.text = (this.bytesOf[slab] as TextBuffer).latin1Slice(start, end);
      return true;
    }
    this.text = null;
    if (length > LOOP_LENGTH) {
      this.reserve(length);
      this.bytes.set(this.bytesOf[slab].subarray(start, end), 0);
      this.start = 0;
      this.end = length;
      return true;
    }
    const first = start >> 2;
    const count = ((end + 3) >> 2) - first;
    const copy = this.words;
    for (let i = 0; i < count; i++) copy[i] = words[first + i];
    this.start = start & 3;
    this.end = (start & 3) + length;
    return true;
  }

  /**
   * Copies the value of a chained entry. The caller holds it by its hazard word, or holds the lock.
   * @returns false if the chain is not the one that the entry describes: it was garbage
   */
  takeChain({ chunkHead, length, raw }: Chain): boolean {
    if (length < 0 || length > this.memory.length) return false;
    this.reserve(length);
    const limit = this.memory.slabCount;
    let at = 0;
    let chunk = chunkHead;
    while (at < length) {
      const slab = slabOf(chunk);
      if (chunk === 0 || slab >= limit) return false;
      const words = this.memory.words[slab];
      const cell = cellOf(chunk);
      const piece = words[cell + Chunk.length];
      const start = (cell + Chunk.sizeWords) << 2;
      const wrong = words[cell + Chunk.identity] !== IDENTITY_CHUNK || piece <= 0 || piece > length - at;
      if (wrong || start + piece > words.length << 2) return false;
      this.bytes.set(this.memory.bytes[slab].subarray(start, start + piece), at);
      at += piece;
      chunk = words[cell + Chunk.next];
    }
    this.start = 0;
    this.end = length;
    this.text = raw ? (this.bytes as TextBuffer).latin1Slice(0, length) : null;
    return true;
  }

  /** What `takeChain` needs, read from a chained entry. */
  chainOf(slab: number, cell: number): Chain {
    const words = this.slabs[slab];
    const shape = words[cell + Entry.shape];
    return {
      chunkHead: words[chunkHeadWord(cell)],
      length: valueLengthOf(words, cell, shape),
      raw: (shape & Flag.valueRaw) !== 0,
    };
  }

  /** Drops oversized scratch; call when the value is decoded. */
  shrink(): void {
    if (this.bytes.length > KEPT_LENGTH) this.replace(FIRST_LENGTH);
  }

  private reserve(length: number): void {
    if (length + 4 > this.bytes.length) this.replace(Math.ceil((length + 4) / 4096) * 4096);
  }

  private replace(length: number): void {
    this.bytes = Buffer.from(new ArrayBuffer(length));
    this.words = new Int32Array(this.bytes.buffer as ArrayBuffer);
  }
}
