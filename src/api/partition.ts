/** Handles on single partitions: the tuple operations without routing. */
import { TUPLE_NAMESPACE } from '../../native-layout/namespace.js';
import type { Attachment } from '../threads/attachment.js';
import type { AnyRow, EntryOptions } from '../types.js';
import type { Range } from './router.js';
import type { Tuples } from './tuples.js';

/** One partition of the tuples. A row put here is found here only, whatever its partition value says. */
export class PartitionHandle<Row = AnyRow, Stored = Row> {
  /** From 0. */
  readonly index: number;
  readonly #attachment: Attachment;
  readonly #tuples: Tuples;

  /** @internal Use `cache.partitions`. */
  constructor(attachment: Attachment, tuples: Tuples, index: number) {
    this.#attachment = attachment;
    this.#tuples = tuples;
    this.index = index;
  }

  put(row: Row, options?: EntryOptions): true {
    return this.#tuples.put(row as AnyRow, 'put', options, this.index);
  }

  /** The rows with this key: one or none in a `set`. */
  get(key: unknown): Stored[] {
    return this.#tuples.find(key, this.#encode(key, 'get'), 'get') as Stored[];
  }

  /** Removes the key's rows; how many there were. */
  delete(key: unknown): number {
    return this.#tuples.remove(this.#encode(key, 'delete'), 'delete');
  }

  take(key: unknown): Stored[] {
    return this.#tuples.take(key, this.#encode(key, 'take'), 'take') as Stored[];
  }

  #encode(key: unknown, op: string): Range {
    this.#attachment.open(op);
    return this.#tuples.router.encodeIn(key, this.index, op);
  }

  scan<A>(visit: (row: Stored, accumulator: A) => A, accumulator: A): A {
    return this.#tuples.scan(visit as never, accumulator, this.index, this.index + 1, 'scan');
  }

  /** Rows in the partition, with expired ones that were not removed yet; exact when no write is under way. */
  get size(): number {
    return this.#attachment.open('size').namespaces.sizeIn(this.index, TUPLE_NAMESPACE);
  }
}
