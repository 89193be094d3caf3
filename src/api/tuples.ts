/**
 * The tuple operations: rows are arrays, the key is `row[keyPos]`, the value at `partitionPos` chooses the partition.
 * Each row is stored as one entry: its key, and the other positions as value.
 */
import { TUPLE_NAMESPACE } from '../../native-layout/namespace.js';
import { mistake, show } from '../errors.js';
import type { KeyView, ValueView } from '../memory/views.js';
import { Counter } from '../stats/counters.js';
import type { Lifetime } from '../table/lifetime.js';
import type { ListItem } from '../table/list-insert.js';
import type { Table } from '../table/table.js';
import type { Attachment } from '../threads/attachment.js';
import type { AnyRow, PartitionOption } from '../types.js';
import { Lifetimes } from './entry-lifetime.js';
import { checkSize, checkTurn, settle } from './outcome.js';
import { type Range, Router } from './router.js';
import { Rows } from './rows.js';

export class Tuples {
  readonly router: Router;
  readonly rows: Rows;
  readonly #attachment: Attachment;
  /** Partition of the row that was encoded last, and how long its entry is to live. */
  #partition = 0;
  #lifetime: Lifetime | undefined;
  readonly #lifetimes: Lifetimes;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
    this.#lifetimes = new Lifetimes(attachment.options);
    this.router = new Router(attachment);
    this.rows = new Rows(attachment);
  }

  /** Stores a row. `partitionIndex` bypasses routing. */
  put(given: AnyRow, op: string, options?: object, partitionIndex = -1): true {
    const attachment = this.#attachment;
    const table = attachment.open(op);
    const { keys, values } = attachment;
    const key = this.#encode(table, given, op, options, partitionIndex);
    const outcome = table.put(this.#partition, TUPLE_NAMESPACE, keys, values, false, this.#lifetime);
    values.release();
    settle(attachment, outcome, op, key);
    return true;
  }

  /** Stores a row soon. */
  lazyPut(given: AnyRow, options?: object): void {
    const op = 'lazyPut';
    const attachment = this.#attachment;
    const table = attachment.open(op);
    const { keys, values } = attachment;
    this.#encode(table, given, op, options, -1);
    const stored = table.lazyPut(this.#partition, TUPLE_NAMESPACE, keys, values, this.#lifetime);
    if (stored) attachment.counters[Counter.put] += 1;
    values.release();
  }

  /** Checks and encodes one row, and finds its partition, unless that is given. Returns the key. */
  #encode(table: Table, given: AnyRow, op: string, options: object | undefined, partitionIndex: number): unknown {
    const attachment = this.#attachment;
    const lifetime = options === undefined ? this.#lifetimes.usual : this.#lifetimes.of(options, op);
    const { keyPos, partitionPos, byKey } = this.router;
    const { keys, values } = attachment;
    attachment.turn = (attachment.turn + 1) | 0;
    const turn = attachment.turn;
    const row = this.router.snapshot(given, op);
    let partition = partitionIndex;
    if (partition < 0 && !byKey) partition = this.router.partitionOf(row[partitionPos], op);
    values.encodeRow(row, keyPos, op);
    const key = row[keyPos];
    keys.encode(key, op);
    checkTurn(attachment, turn, op, key);
    checkSize(attachment, table, keys, values, op, key);
    this.#partition = partition < 0 ? this.router.ofEncodedKey() : partition;
    this.#lifetime = lifetime;
    return key;
  }

  /** Checks and encodes every row before the first is stored. */
  putBatch(rows: unknown, options?: object): number {
    const op = 'putBatch';
    const lifetime = this.#lifetimes.of(options, op);
    const items = this.#encodeList(rows, op);
    const attachment = this.#attachment;
    const table = attachment.open(op);
    items.sort((a, b) => a.partitionIndex - b.partitionIndex);
    let stored = 0;
    for (const { partitionIndex, key, value, userKey } of items) {
      const outcome = table.put(partitionIndex, TUPLE_NAMESPACE, key, value, false, lifetime);
      settle(attachment, outcome, op, userKey, `${stored} of ${items.length} rows were stored, the others were not`);
      stored++;
    }
    return items.length;
  }

  /** Stores the row, or all rows of a list, if none of their keys is present. */
  insertNew(rowOrRows: unknown, options?: object): boolean {
    const op = 'insertNew';
    const lifetime = this.#lifetimes.of(options, op);
    const isList = Array.isArray(rowOrRows) && rowOrRows.every((row) => Array.isArray(row));
    const encoded = this.#encodeList(isList ? rowOrRows : [rowOrRows], op);
    if (encoded.length === 0) return true;
    // As in ETS, of several rows with one key the last one counts.
    const items = Array.from(new Map(encoded.map((item) => [identityOf(item), item])).values());
    items.sort((a, b) => a.partitionIndex - b.partitionIndex);
    const attachment = this.#attachment;
    const table = attachment.open(op);
    const [{ partitionIndex, key, value, userKey }] = items;
    const outcome =
      items.length === 1
        ? table.put(partitionIndex, TUPLE_NAMESPACE, key, value, true, lifetime)
        : table.insertAll(TUPLE_NAMESPACE, items, lifetime);
    const stored = settle(attachment, outcome, op, userKey);
    if (stored) attachment.counters[Counter.put] += items.length - 1;
    return stored;
  }

  /** Copies of all rows in encoded form. */
  #encodeList(rows: unknown, op: string): EncodedRow[] {
    if (!Array.isArray(rows)) {
      throw mistake('BAD_ROW', `${op}: rows is ${show(rows)}, allowed is an array of rows`, { op });
    }
    const attachment = this.#attachment;
    const table = attachment.open(op);
    const { keys, values } = attachment;
    const { keyPos, partitionPos } = this.router;
    return Array.from(rows, (given: unknown) => {
      attachment.turn = (attachment.turn + 1) | 0;
      const turn = attachment.turn;
      const row = this.router.snapshot(given, op);
      const partitionIndex = this.router.partitionOf(row[partitionPos], op);
      values.encodeRow(row, keyPos, op);
      const userKey = row[keyPos];
      keys.encode(userKey, op);
      checkTurn(attachment, turn, op, userKey);
      checkSize(attachment, table, keys, values, op, userKey);
      return { partitionIndex, key: copyKey(keys), value: copyValue(values), userKey };
    });
  }

  /** Rows of the key that was encoded last, in some partitions. */
  find(key: unknown, { first, end }: Range, op: string): unknown[][] {
    const attachment = this.#attachment;
    const table = attachment.open(op);
    const found: unknown[][] = [];
    for (let partition = first; partition < end; partition++) {
      const row = this.rows.read(table, partition, key);
      if (row !== undefined) found.push(row);
    }
    attachment.counters[found.length === 0 ? Counter.miss : Counter.hit] += 1;
    return found;
  }

  member(key: unknown, options?: PartitionOption): boolean {
    const attachment = this.#attachment;
    const table = attachment.open('member');
    const { first, end } = this.router.encodeCandidates(key, options, 'member');
    for (let partition = first; partition < end; partition++) {
      if (table.has(partition, TUPLE_NAMESPACE, attachment.keys)) return true;
    }
    return false;
  }

  /** Removes and returns the rows of the key that was encoded last. */
  take(key: unknown, { first, end }: Range, op: string): unknown[][] {
    const attachment = this.#attachment;
    const table = attachment.open(op);
    const taken: unknown[][] = [];
    for (let partition = first; partition < end; partition++) {
      const row = this.rows.take(table, partition, key);
      if (row !== undefined) taken.push(row);
    }
    attachment.counters[Counter.remove] += taken.length;
    return taken;
  }

  /** Removes the row of the key that was encoded last from one partition; how many there were. */
  remove({ first }: Range, op: string): number {
    const attachment = this.#attachment;
    if (!attachment.open(op).remove(first, TUPLE_NAMESPACE, attachment.keys)) return 0;
    attachment.counters[Counter.remove] += 1;
    return 1;
  }

  /** Folds over the rows of the partitions `first` to `end`. */
  scan<A>(visit: (row: never, accumulator: A) => A, accumulator: A, first: number, end: number, op: string): A {
    if (typeof visit !== 'function') {
      throw mistake('BAD_OPTION', `${op}: the first argument is ${show(visit)}, allowed is a function`, { op });
    }
    this.#attachment.open(op);
    let result = accumulator;
    for (let partition = first; partition < end; partition++) {
      this.rows.scan(partition, op, (row) => {
        result = visit(row as never, result);
      });
    }
    return result;
  }
}

interface EncodedRow extends ListItem {
  /** The key as the user gave it, for messages. */
  readonly userKey: unknown;
}

function copyKey({ words, length, raw, hash }: KeyView): KeyView {
  return { words: words.slice(0, (length + 3) >> 2), length, raw, hash };
}

function copyValue({ bytes, length, latin1, raw }: ValueView): ValueView {
  const copy = latin1 === null ? Buffer.from(bytes.subarray(0, length)) : NO_BYTES;
  return { bytes: copy, words: null, length, latin1, raw };
}

const NO_BYTES = Buffer.alloc(0);

/** Text that is equal for items of the same key and partition only. */
function identityOf({ partitionIndex, key }: ListItem): string {
  const bytes = Buffer.from(key.words.buffer, key.words.byteOffset, key.length).toString('latin1');
  return `${partitionIndex}|${key.raw}|${bytes}`;
}
