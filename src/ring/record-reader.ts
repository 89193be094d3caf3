/**
 * Reading records of a ring into private memory, so that they can be stored like any other write. Only the consumer of
 * the ring may use it. A record is checked before it is believed: kind, position, lengths.
 */
import {
  RECORD_KEY_RAW,
  RECORD_KEY_SHIFT,
  RECORD_KIND_MASK,
  RECORD_NAMESPACE_SHIFT,
  RECORD_PADDING,
  RECORD_PARTITION_MASK,
  RECORD_STAMP,
  RECORD_VALUE_RAW,
  RecordKind,
  RingRecord,
} from '../../native-layout/ring.js';
import { WORD_LENGTH } from '../../native-layout/units.js';
import type { SharedMemory } from '../memory/slab.js';
import { type Ring, recordWords } from './ring.js';

/** The key of the record that was read last; a `KeyView`. */
class RecordKey {
  words = new Int32Array(0);
  length = 0;
  raw = false;
  hash = 0;
}

/** The value of the record that was read last; a `ValueView`. */
class RecordValue {
  bytes: Buffer = Buffer.alloc(0);
  words: Int32Array | null = null;
  length = 0;
  readonly latin1 = null;
  raw = false;
}

export class RecordReader {
  readonly key = new RecordKey();
  readonly value = new RecordValue();
  partitionIndex = 0;
  namespaceSlot = 0;
  /** Position behind the record. */
  end = 0;
  private readonly partitionCount: number;
  private readonly namespaceSlots: number;
  /** The same memory as `value.bytes`. */
  private readonly valueWords: Int32Array;

  constructor(memory: SharedMemory) {
    const { pageShift, partitionCount, namespaceSlots } = memory.geometry;
    const pageLength = 2 ** pageShift;
    this.partitionCount = partitionCount;
    this.namespaceSlots = namespaceSlots;
    this.key.words = new Int32Array(pageLength / WORD_LENGTH);
    this.valueWords = new Int32Array(pageLength / WORD_LENGTH);
    this.value.bytes = Buffer.from(this.valueWords.buffer);
    this.value.words = this.valueWords;
  }

  /** Reads the record at `from`, of those up to `until`. False: there is no valid one. */
  read(ring: Ring, from: number, until: number): boolean {
    let position = ring.start(from);
    ring.locate(position);
    if (ring.words[ring.at] === RECORD_PADDING) {
      position = ring.nextPage(position);
      ring.locate(position);
    }
    const { words, at } = ring;
    const size = words[at + RingRecord.length];
    if (size < RingRecord.sizeWords || size > ring.leftOnPage(position)) return false;
    if (((until - position) | 0) < size) return false;
    const shape = words[at + RingRecord.shape];
    const keyLength = shape >>> RECORD_KEY_SHIFT;
    const valueLength = words[at + RingRecord.valueLength];
    if (valueLength < 0 || recordWords(keyLength, valueLength) !== size) return false;
    if (words[at + RingRecord.stamp] !== (position ^ RECORD_STAMP)) return false;
    if ((shape & RECORD_KIND_MASK) !== RecordKind.put) return false;
    const target = words[at + RingRecord.target];
    this.partitionIndex = target & RECORD_PARTITION_MASK;
    this.namespaceSlot = target >>> RECORD_NAMESPACE_SHIFT;
    if (this.partitionIndex >= this.partitionCount || this.namespaceSlot >= this.namespaceSlots) return false;
    this.end = (position + size) | 0;
    this.copy(words, at, shape, keyLength, valueLength);
    return true;
  }

  private copy(words: Int32Array, at: number, shape: number, keyLength: number, valueLength: number): void {
    const { key, value, valueWords } = this;
    key.length = keyLength;
    key.raw = (shape & RECORD_KEY_RAW) !== 0;
    key.hash = words[at + RingRecord.hash];
    value.length = valueLength;
    value.raw = (shape & RECORD_VALUE_RAW) !== 0;
    const keyAt = at + RingRecord.sizeWords;
    const keyWords = key.words;
    const keyCount = (keyLength + 3) >> 2;
    for (let i = 0; i < keyCount; i++) keyWords[i] = words[keyAt + i];
    const valueAt = keyAt + keyCount;
    const valueCount = (valueLength + 3) >> 2;
    if (valueCount > LOOP_WORDS) valueWords.set(words.subarray(valueAt, valueAt + valueCount));
    else for (let i = 0; i < valueCount; i++) valueWords[i] = words[valueAt + i];
  }
}

/** Values up to this length are copied by a loop, in words. */
const LOOP_WORDS = 64;
