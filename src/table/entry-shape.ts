/** The form an entry will take: its size class and header words, decided before the critical section. */

import {
  Entry,
  Flag,
  MAX_HEADER_LENGTH,
  NEVER,
  WIDE_KEY_LENGTH,
  WIDE_VALUE_LENGTH,
} from '../../native-layout/entry.js';
import { classOf } from '../../native-layout/size-class.js';
import type { TextBuffer } from '../codec/buffer-text.js';
import { writeBytes } from '../memory/value-bytes.js';
import type { KeyView, ValueView } from '../memory/views.js';
import { writeTimes } from './entry-times.js';
import { ANY_OPTIONAL, headerWords, isChained, keyLengthOf, valueLengthOf } from './entry-view.js';
import { EntryTimes } from './lifetime.js';

/** Values up to this length are copied by a loop over words, if they are aligned. */
const LOOP_LENGTH = 256;

/** Longest key in bytes that fits one cell with the largest header. */
export function maxKeyLengthFor(maxCellLength: number): number {
  return maxCellLength - MAX_HEADER_LENGTH;
}

/** Size class of the cell of an entry; 0 if its value is in a chain, and so more than its cell is given back. */
export function classIdOf(words: Int32Array, cell: number): number {
  const shape = words[cell + Entry.shape];
  // Most entries have the short form, without optional words.
  if ((shape & ANY_OPTIONAL) === 0) return classOf((Entry.sizeWords << 2) + ((shape >>> 8) & 0xff) + (shape >>> 16));
  if (isChained(shape)) return 0;
  return classOf((headerWords(shape) << 2) + keyLengthOf(shape) + valueLengthOf(words, cell, shape));
}

export class EntryShape {
  classId = 0;
  /** The value does not fit the cell and goes into chunks. */
  chained = false;
  /** What the time words will say, if the entry has any: `flags` of `measure` told so, or its value is chained. */
  readonly times = new EntryTimes();
  /** Third header word. */
  private word = 0;
  private headerWords = 0;
  private readonly maxCellLength: number;

  constructor(maxCellLength: number) {
    this.maxCellLength = maxCellLength;
  }

  /** Decides. `flags` are those the caller needs; a linked entry keeps room for its pendingNext word. */
  measure(key: KeyView, value: ValueView, flags: number): void {
    let all = flags | (key.raw ? Flag.keyRaw : 0) | (value.raw ? Flag.valueRaw : 0);
    const needsWide = key.length >= WIDE_KEY_LENGTH || value.length >= WIDE_VALUE_LENGTH;
    if (needsWide || (flags & Flag.linked) !== 0) all |= Flag.wide;
    let length = (headerWords(all) << 2) + key.length + value.length;
    this.chained = length > this.maxCellLength;
    if (this.chained) {
      // Always with a time, so that it can get one without being written anew.
      if ((all & Flag.expires) === 0) this.times.clear();
      all |= Flag.wide | Flag.chained | Flag.expires;
      length = (headerWords(all) << 2) + key.length;
    }
    this.classId = classOf(length);
    this.headerWords = headerWords(all);
    this.word = (all & Flag.wide) !== 0 ? all | (key.length << 16) : all | (key.length << 8) | (value.length << 16);
  }

  /** Writes everything but the identity and the version into a cell. */
  write(
    words: Int32Array,
    bytes: Buffer,
    cell: number,
    key: KeyView,
    value: ValueView,
    chunkHead: number,
    pendingNext: number,
  ): void {
    const shape = this.word;
    words[cell + Entry.shape] = shape;
    if ((shape & ANY_OPTIONAL) !== 0) this.writeOptional(words, cell, value, chunkHead, pendingNext);
    const keyAt = cell + this.headerWords;
    const keyWords = key.words;
    const count = (key.length + 3) >> 2;
    for (let i = 0; i < count; i++) words[keyAt + i] = keyWords[i];
    if (this.chained) return;
    if (value.words !== null && value.length <= LOOP_LENGTH) {
      writeWords(words, keyAt + (key.length >> 2), (key.length & 3) << 3, value.words, value.length);
    } else {
      writeBytes(bytes, (keyAt << 2) + key.length, value);
    }
  }

  private writeOptional(words: Int32Array, cell: number, value: ValueView, head: number, pendingNext: number): void {
    const shape = this.word;
    let at = cell + Entry.sizeWords;
    if ((shape & Flag.wide) !== 0) {
      words[at++] = value.length;
      if ((shape & Flag.chained) !== 0) words[at++] = head;
      if ((shape & Flag.linked) !== 0) words[at++] = pendingNext;
    }
    if ((shape & Flag.expires) !== 0) writeTimes(words, at, shape, this.times);
  }

  /** Whether the entry has a time at which it is gone. */
  get expires(): boolean {
    return (this.word & Flag.expires) !== 0 && this.times.expiry !== NEVER;
  }
}

/**
 * Writes the words of a value from the bit `shift` of word `at` on: below it stands the end of the key, above it zeros.
 * Behind the value, up to the end of its last word, follows anything: cells end with whole words.
 */
function writeWords(words: Int32Array, at: number, shift: number, value: Int32Array, length: number): void {
  const count = (length + 3) >> 2;
  if (shift === 0) {
    for (let i = 0; i < count; i++) words[at + i] = value[i];
    return;
  }
  let carry = words[at];
  for (let i = 0; i < count; i++) {
    words[at + i] = carry | (value[i] << shift);
    carry = value[i] >>> (32 - shift);
  }
  // The last word of the value may end in the word behind, if any of its bytes do.
  if ((length & 3) === 0 || (length & 3) + (shift >> 3) > 4) words[at + count] = carry;
}

/** Writes a part of a value into shared bytes. */
export function writePart(bytes: Buffer, at: number, value: ValueView, start: number, end: number): void {
  if (value.latin1 === null) value.bytes.copy(bytes, at, start, end);
  else (bytes as TextBuffer).latin1Write(value.latin1.slice(start, end), at, end - start);
}
