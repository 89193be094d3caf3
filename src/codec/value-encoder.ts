/**
 * Encodes a value, or a row without its key, into a private scratch that the caller copies from.
 *
 * Invariants: after a throw the encoder is as good as new; a getter or proxy trap that runs during an encode and
 * uses the same encoder is refused, so the outer encode is never disturbed. Each field is a snapshot of its own:
 * an object in two positions of a row comes back as two.
 */
import { ValueTag } from '../../native-layout/value-tags.js';
import { isLatin1 } from './buffer-text.js';
import { isByteTag, putBytes } from './byte-kinds.js';
import { FieldWriter } from './field-writer.js';
import { GraphWriter } from './graph-writer.js';
import { classify } from './object-class.js';
import { PlainTreeCheck, putPlainTree } from './plain-tree.js';
import { badPrimitive, badValue, type Subject, usedMeanwhile } from './value-refusal.js';

/** Bytes of the length before a graph. */
const GRAPH_LENGTH_BYTES = 4;

export class ValueEncoder extends FieldWriter {
  /**
   * The value itself if it is one string of code units below 0x100: then `length` is its length, `bytes` holds
   * nothing, and the caller stores it raw.
   */
  latin1: string | null = null;
  readonly words = null;

  get raw(): boolean {
    return this.latin1 !== null;
  }

  readonly #check = new PlainTreeCheck();
  /**
   * Changes with every call: a call that finds it changed at its end was entered again by code that it ran, a Proxy
   * or a getter, and refuses. Nothing has to be reset, so an exception that runs no handlers (a `vm` time-out) does
   * no harm.
   */
  #turn = 0;

  /** One field. `op` and `key` go into the error if the value cannot be stored. */
  encodeValue(value: unknown, op: string, key: unknown): void {
    const turn = this.#begin();
    if (typeof value === 'string' && isLatin1(value)) {
      this.latin1 = value;
      this.length = value.length;
      return;
    }
    if (typeof value !== 'object' && typeof value !== 'function') {
      if (typeof value === 'symbol') this.#refuse(value, op, key, -1);
      return this.putScalar(value);
    }
    try {
      this.#putField(value, op, key, -1);
    } catch (error) {
      throw this.#given(error, turn, op, key);
    }
    this.#end(turn, op, key);
  }

  /** The fields of all positions but `keyPos`. A hole is written as undefined. */
  encodeRow(row: readonly unknown[], keyPos: number, op: string): void {
    const turn = this.#begin();
    const key = row[keyPos];
    try {
      this.#putRow(row, keyPos, op, key);
    } catch (error) {
      throw this.#given(error, turn, op, key);
    }
    this.#end(turn, op, key);
  }

  #putRow(row: readonly unknown[], keyPos: number, op: string, key: unknown): void {
    const count = row.length;
    if (count === 2) {
      const other = row[1 - keyPos];
      if (typeof other === 'string' && isLatin1(other)) {
        this.latin1 = other;
        this.length = other.length;
      } else this.#putField(other, op, key, 1 - keyPos);
      return;
    }
    for (let position = 0; position < count; position++) {
      if (position !== keyPos) this.#putField(row[position], op, key, position);
    }
  }

  #begin(): number {
    this.length = 0;
    this.latin1 = null;
    this.#turn = (this.#turn + 1) | 0;
    return this.#turn;
  }

  #end(turn: number, op: string, key: unknown): void {
    if (this.#turn !== turn) throw this.#given(undefined, turn, op, key);
  }

  /** Gives the call up: the error to throw, in place of `error` if that followed from being entered again. */
  #given(error: unknown, turn: number, op: string, key: unknown): unknown {
    this.length = 0;
    this.latin1 = null;
    return this.#turn === turn ? error : usedMeanwhile(op, key);
  }

  #putField(value: unknown, op: string, key: unknown, position: number): void {
    if (typeof value === 'number') this.putNumber(value);
    else if (typeof value === 'string') this.putString(value);
    else if (typeof value === 'function' || typeof value === 'symbol') this.#refuse(value, op, key, position);
    else if (typeof value !== 'object' || value === null) this.putScalar(value);
    else this.#putObject(value, op, key, position);
  }

  #putObject(value: object, op: string, key: unknown, position: number): void {
    if (this.#check.fits(value)) {
      this.putByte(ValueTag.MSGPACK);
      return putPlainTree(this, value);
    }
    const tag = ArrayBuffer.isView(value) ? classify(value) : ValueTag.GRAPH;
    if (typeof tag === 'number' && isByteTag(tag)) return putBytes(this, tag, value as ArrayBufferView);
    this.putByte(ValueTag.GRAPH);
    this.reserve(GRAPH_LENGTH_BYTES);
    const start = this.length + GRAPH_LENGTH_BYTES;
    this.length = start;
    new GraphWriter(this, subjectOf(op, key, position)).put(value);
    this.bytes.writeUInt32LE(this.length - start, start - GRAPH_LENGTH_BYTES);
  }

  #refuse(value: unknown, op: string, key: unknown, position: number): never {
    const subject = subjectOf(op, key, position);
    throw badValue(subject, subject.name, badPrimitive(value));
  }
}

function subjectOf(op: string, key: unknown, position: number): Subject {
  return { name: position < 0 ? 'value' : `row[${position}]`, op, key };
}
