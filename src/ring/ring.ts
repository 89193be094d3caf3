/**
 * A ring of lazy writes, as its producer or its consumer sees it. Its producer is one thread. Its consumer is whoever
 * holds the lock of the ring slot: an owner, the producer itself, a thread that flushes, or the sweeper of its slot.
 *
 * Invariants
 * 1. `applied` ≤ `produced` ≤ `applied` + length of the ring. From the one to the other stand complete records, one
 *    behind the other; the free rest belongs to the producer.
 * 2. `produced` is stored when the records before it are complete: of a producer that dies, those count, and a record
 *    that it was writing was never there.
 * 3. `applied` changes only as a step of a redo log, together with what the last record changed. The thread that takes
 *    over from a consumer that died first passes through the partitions of the owner, so that a step that was
 *    committed is done: then `applied` says exactly what was applied.
 * 4. Every record carries its position and its lengths. What does not agree with them is not applied.
 *
 * Order of publication: record → produced; change of the partition → applied → the producer writes there again.
 */
import {
  RECORD_KEY_RAW,
  RECORD_KEY_SHIFT,
  RECORD_NAMESPACE_SHIFT,
  RECORD_PADDING,
  RECORD_STAMP,
  RECORD_VALUE_RAW,
  RecordKind,
  RingHeader,
  RingRecord,
  ringHeaderWords,
} from '../../native-layout/ring.js';
import { WORD_BYTE_SHIFT } from '../../native-layout/units.js';
import { cellOf, slabOf } from '../memory/address.js';
import { loadWord, storeWord } from '../memory/atomics.js';
import type { SharedMemory } from '../memory/slab.js';
import { writeBytes } from '../memory/value-bytes.js';
import type { KeyView, ValueView } from '../memory/views.js';

/** Words of a record. */
export function recordWords(keyLength: number, valueLength: number): number {
  return RingRecord.sizeWords + ((keyLength + 3) >> 2) + ((valueLength + 3) >> 2);
}

export class Ring {
  /** Longest record, in words: it fits an empty ring wherever the positions are. */
  maxRecordWords = 0;
  /** The page of the position that was located: its slab, and the word that the position is. */
  slab = 0;
  words: Int32Array;
  at = 0;
  private readonly memory: SharedMemory;
  private readonly pageWords: number;
  private readonly pageWordShift: number;
  private head: Int32Array;
  private headSlab = 0;
  private headWord = 0;
  private headerWords = 0;
  /** Words of the whole ring. */
  length = 0;
  /** The producer may write up to here without looking at `applied` again. */
  private limit = 0;

  constructor(memory: SharedMemory) {
    this.memory = memory;
    this.pageWordShift = memory.geometry.pageShift - WORD_BYTE_SHIFT;
    this.pageWords = 1 << this.pageWordShift;
    this.words = memory.control;
    this.head = memory.control;
  }

  /** Looks at the ring whose header stands at the address. */
  open(address: number): void {
    this.headSlab = slabOf(address);
    this.head = this.memory.words[this.headSlab];
    this.headWord = cellOf(address);
    const pageCount = this.head[this.headWord + RingHeader.pageCount];
    this.headerWords = ringHeaderWords(pageCount);
    this.length = pageCount * this.pageWords;
    const room = this.pageWords - this.headerWords;
    this.maxRecordWords = pageCount === 1 ? room >> 1 : room;
    this.limit = this.applied;
  }

  get applied(): number {
    return loadWord(this.head, this.headWord + RingHeader.applied);
  }

  get produced(): number {
    return loadWord(this.head, this.headWord + RingHeader.produced);
  }

  /** Where `applied` stands, for the step that changes it. */
  get appliedSlab(): number {
    return this.headSlab;
  }

  get appliedWord(): number {
    return this.headWord + RingHeader.applied;
  }

  /** Words that wait. */
  get pendingWords(): number {
    return (this.produced - this.applied) | 0;
  }

  /** Whether nothing waits. The producer asks. */
  get isEmpty(): boolean {
    return this.head[this.headWord + RingHeader.produced] === this.applied;
  }

  /** The position itself, or the first behind the header if it is on it. */
  start(position: number): number {
    const offset = position & (this.length - 1);
    return offset < this.headerWords ? (position + this.headerWords - offset) | 0 : position;
  }

  /** The first position of the next page. */
  nextPage(position: number): number {
    return this.start(((position | (this.pageWords - 1)) + 1) | 0);
  }

  /** Words from a position to the end of its page. */
  leftOnPage(position: number): number {
    return this.pageWords - (position & (this.pageWords - 1));
  }

  /** Finds the page of a position. */
  locate(position: number): void {
    const offset = position & (this.length - 1);
    const page = this.head[this.headWord + RingHeader.sizeWords + (offset >>> this.pageWordShift)];
    this.slab = slabOf(page);
    this.words = this.memory.words[this.slab];
    this.at = cellOf(page) + (offset & (this.pageWords - 1));
  }

  /** Appends a record, at most `maxRecordWords` long. False: there is no room. Only the producer may call. */
  append(partitionIndex: number, namespaceSlot: number, key: KeyView, value: ValueView): boolean {
    const size = recordWords(key.length, value.length);
    const from = this.start(this.head[this.headWord + RingHeader.produced]);
    const fits = size <= this.leftOnPage(from);
    const start = fits ? from : this.nextPage(from);
    const end = (start + size) | 0;
    if (((this.limit - end) | 0) < 0) {
      this.limit = (this.applied + this.length) | 0;
      if (((this.limit - end) | 0) < 0) return false;
    }
    if (!fits) {
      this.locate(from);
      this.words[this.at] = RECORD_PADDING;
    }
    this.write(start, size, partitionIndex, namespaceSlot, key, value);
    storeWord(this.head, this.headWord + RingHeader.produced, end);
    return true;
  }

  private write(
    start: number,
    size: number,
    partitionIndex: number,
    namespaceSlot: number,
    key: KeyView,
    value: ValueView,
  ): void {
    this.locate(start);
    const { words, at } = this;
    const forms = RecordKind.put | (key.raw ? RECORD_KEY_RAW : 0) | (value.raw ? RECORD_VALUE_RAW : 0);
    words[at + RingRecord.length] = size;
    words[at + RingRecord.stamp] = start ^ RECORD_STAMP;
    words[at + RingRecord.target] = partitionIndex | (namespaceSlot << RECORD_NAMESPACE_SHIFT);
    words[at + RingRecord.hash] = key.hash;
    words[at + RingRecord.shape] = forms | (key.length << RECORD_KEY_SHIFT);
    words[at + RingRecord.valueLength] = value.length;
    const keyAt = at + RingRecord.sizeWords;
    const keyWords = key.words;
    const count = (key.length + 3) >> 2;
    for (let i = 0; i < count; i++) words[keyAt + i] = keyWords[i];
    writeBytes(this.memory.bytes[this.slab], (keyAt + count) << WORD_BYTE_SHIFT, value);
  }
}
