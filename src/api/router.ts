/** From rows and keys to partitions: checks the positions a row must have, and hashes what decides its place. */
import { mistake, show } from '../errors.js';
import { partitionOfHash } from '../table/probe.js';
import type { Attachment } from '../threads/attachment.js';
import type { AnyRow, PartitionOption } from '../types.js';

/** Partitions from `first` to `end`, which is not one of them. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

export class Router {
  readonly keyPos: number;
  readonly partitionPos: number;
  /** Whether the key alone decides the partition. */
  readonly byKey: boolean;
  readonly count: number;
  readonly #attachment: Attachment;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
    this.keyPos = attachment.options.keyPos;
    this.partitionPos = attachment.options.partitionPos;
    this.byKey = this.keyPos === this.partitionPos;
    this.count = attachment.options.partitions;
  }

  /**
   * A private copy of a row, if it is an array with its key and partition positions; else throws `BAD_ROW`.
   * Everything else is read from the copy: a Proxy or a getter may give another answer each time, and would store a
   * row under a key or in a partition that is not its own.
   */
  snapshot(row: unknown, op: string): unknown[] {
    if (!Array.isArray(row)) return this.checkRow(row, op) as unknown[];
    const { length } = row;
    const copy: unknown[] = [];
    for (let i = 0; i < length; i++) copy.push(row[i]);
    return this.checkRow(copy, op) as unknown[];
  }

  /** The row, if it is an array with its key and partition positions; else throws `BAD_ROW`. */
  checkRow(row: unknown, op: string): AnyRow {
    if (!Array.isArray(row)) {
      throw mistake('BAD_ROW', `${op}: the row is ${show(row)}, allowed is an array`, { op });
    }
    const needed = Math.max(this.keyPos, this.partitionPos) + 1;
    if (row.length < needed) {
      const positions = `keyPos is ${this.keyPos} and partitionPos is ${this.partitionPos}`;
      const message = `${op}: the row has ${row.length} elements, ${positions}, so it needs ${needed} at least`;
      throw mistake('BAD_ROW', message, { op });
    }
    return row;
  }

  /** Index of the partition of a value at the partition position. */
  partitionOf(value: unknown, op: string): number {
    const { partitionValues } = this.#attachment;
    partitionValues.encode(value, op);
    return partitionOfHash(partitionValues.hash, this.count);
  }

  /** Index of the partition of the key that was encoded last; only where the key decides. */
  ofEncodedKey(): number {
    return partitionOfHash(this.#attachment.keys.hash, this.count);
  }

  /** Encodes a key, for the table, and finds the one partition that its partition value leads to. */
  encode(key: unknown, partitionValue: unknown, op: string): Range {
    if (!Object.is(key, partitionValue)) return this.encodeIn(key, this.partitionOf(partitionValue, op), op);
    // Most often they are one, which need not be encoded and hashed twice.
    this.#attachment.keys.encode(key, op);
    return only(this.ofEncodedKey());
  }

  /** Encodes a key, and finds the partitions to look in: one, or all where the partition value is not known. */
  encodeCandidates(key: unknown, options: PartitionOption | undefined, op: string): Range {
    if (hasPartitionValue(options, op)) return this.encode(key, options.partitionValue, op);
    if (this.byKey) return this.encode(key, key, op);
    this.#attachment.keys.encode(key, op);
    return { first: 0, end: this.count };
  }

  /** Encodes a key for a partition that the caller chose. */
  encodeIn(key: unknown, index: number, op: string): Range {
    this.#attachment.keys.encode(key, op);
    return only(index);
  }
}

function only(index: number): Range {
  return { first: index, end: index + 1 };
}

/** Whether options name a partition value. Throws `BAD_OPTION` for anything but an object with just that. */
export function hasPartitionValue(options: unknown, op: string): options is Required<PartitionOption> {
  if (options === undefined) return false;
  const allowed = 'allowed is an object { partitionValue }';
  if (typeof options !== 'object' || options === null) {
    throw mistake('BAD_OPTION', `${op}: the options are ${show(options)}, ${allowed}`, { op });
  }
  for (const name of Object.keys(options)) {
    if (name !== 'partitionValue')
      throw mistake('BAD_OPTION', `${op}: there is no option ${show(name)}, ${allowed}`, { op });
  }
  return 'partitionValue' in options;
}
