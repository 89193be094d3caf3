/**
 * Named key-values: Map-shaped, one namespace each, spread over all partitions. Safe in every thread that has the
 * cache.
 */
import { decodeValue, type ValueMode } from '../codec/value-decoder.js';
import { checkDuration } from '../durations.js';
import { mistake, show } from '../errors.js';
import { Counter } from '../stats/counters.js';
import type { Lifetime } from '../table/lifetime.js';
import { Outcome } from '../table/outcome.js';
import { partitionOfHash } from '../table/probe.js';
import type { Table } from '../table/table.js';
import type { Attachment } from '../threads/attachment.js';
import type { DeepReadonly, Duration, EntryOptions, Key } from '../types.js';
import { Lifetimes } from './entry-lifetime.js';
import { checkSize, checkTurn, optionsRecord, refuseOption, settle } from './outcome.js';

/** Options of a key-value apply to writes through this object; others have their own. */
export interface KeyValueOptions extends EntryOptions {
  /** `'frozen'` or `'copy'`; default: the option `values` of the cache. */
  values?: ValueMode;
}

export class KeyValue<K = Key, V = unknown> {
  readonly #attachment: Attachment;
  readonly #slot: number;
  readonly #mode: ValueMode;
  readonly #partitionCount: number;
  readonly #lifetimes: Lifetimes;

  /** @internal Use `cache.keyValue(namespace)`. */
  constructor(attachment: Attachment, namespace: unknown, options: KeyValueOptions | undefined) {
    const { values, ttl, idleTtl, ttlJitter, ...others } = optionsRecord(options, 'keyValue') as KeyValueOptions;
    refuseOption(others, 'keyValue');
    if (values !== undefined && values !== 'frozen' && values !== 'copy') {
      throw mistake('BAD_OPTION', `values is ${show(values)}, allowed is 'frozen' or 'copy'`, { op: 'keyValue' });
    }
    if (typeof namespace !== 'string') {
      throw mistake('BAD_OPTION', `namespace is ${show(namespace)}, allowed is a string`, { op: 'keyValue' });
    }
    this.#lifetimes = new Lifetimes(attachment.options).within({ ttl, idleTtl, ttlJitter }, 'keyValue');
    this.#attachment = attachment;
    this.#slot = attachment.open('keyValue').namespaces.slotOf(namespace, 'keyValue');
    this.#mode = values ?? attachment.options.values;
    this.#partitionCount = attachment.options.partitions;
  }

  /** The value of the key, or `fallback` if there is none. Throws `BAD_KEY`, `STOPPED`. */
  get(key: K): DeepReadonly<V> | undefined;
  get<D>(key: K, fallback: D): DeepReadonly<V> | D;
  get(key: K, fallback?: unknown): unknown {
    const attachment = this.#attachment;
    const table = attachment.open('get');
    const { keys } = attachment;
    keys.encode(key, 'get');
    if (!table.read(partitionOfHash(keys.hash, this.#partitionCount), this.#slot, keys)) {
      attachment.counters[Counter.miss] += 1;
      return fallback;
    }
    attachment.counters[Counter.hit] += 1;
    const { copy } = table;
    if (copy.text !== null) return copy.text;
    const value = decodeValue(copy.bytes, copy.start, copy.end, this.#mode);
    copy.shrink();
    return value;
  }

  /**
   * Stores the value. It is encoded now: later changes of the object do not matter, identity is not kept.
   * Throws `BAD_KEY`, `BAD_VALUE`, `TOO_LARGE`, `FULL`, `STOPPED`; then nothing was changed.
   */
  set(key: K, value: V, options?: EntryOptions): this {
    const attachment = this.#attachment;
    const table = attachment.open('set');
    const lifetime = this.#encode(table, key, value, 'set', options);
    const { keys, values } = attachment;
    const partition = partitionOfHash(keys.hash, this.#partitionCount);
    const outcome = table.put(partition, this.#slot, keys, values, false, lifetime);
    values.release();
    settle(attachment, outcome, 'set', key);
    return this;
  }

  /**
   * Stores the value soon: visible after `flush`, in order with this thread's other writes. Throws `BAD_KEY`,
   * `BAD_VALUE`, `TOO_LARGE`, `STOPPED`; what cannot be stored is reported, see REFERENCE.md. With a lifetime it is
   * stored at once.
   */
  lazySet(key: K, value: V, options?: EntryOptions): void {
    const attachment = this.#attachment;
    const table = attachment.open('lazySet');
    const lifetime = this.#encode(table, key, value, 'lazySet', options);
    const { keys, values } = attachment;
    const partition = partitionOfHash(keys.hash, this.#partitionCount);
    if (table.lazyPut(partition, this.#slot, keys, values, lifetime)) attachment.counters[Counter.put] += 1;
    values.release();
  }

  /** Checks and encodes a key and its value; returns how long the entry is to live. */
  #encode(table: Table, key: K, value: V, op: string, options: object | undefined): Lifetime | undefined {
    const attachment = this.#attachment;
    const lifetime = options === undefined ? this.#lifetimes.usual : this.#lifetimes.of(options, op);
    if (value === undefined) {
      throw mistake('BAD_VALUE', 'undefined cannot be stored, because get returns it for "not there"; null can', {
        op,
        key,
      });
    }
    const { keys, values } = attachment;
    attachment.turn = (attachment.turn + 1) | 0;
    const turn = attachment.turn;
    values.encodeValue(value, op, key);
    keys.encode(key, op);
    checkTurn(attachment, turn, op, key);
    checkSize(attachment, table, keys, values, op, key);
    return lifetime;
  }

  has(key: K): boolean {
    const attachment = this.#attachment;
    const table = attachment.open('has');
    attachment.keys.encode(key, 'has');
    return table.has(partitionOfHash(attachment.keys.hash, this.#partitionCount), this.#slot, attachment.keys);
  }

  /** Removes the key; whether it was there. */
  delete(key: K): boolean {
    const attachment = this.#attachment;
    const table = attachment.open('delete');
    attachment.keys.encode(key, 'delete');
    const partition = partitionOfHash(attachment.keys.hash, this.#partitionCount);
    const removed = table.remove(partition, this.#slot, attachment.keys);
    if (removed) attachment.counters[Counter.remove] += 1;
    return removed;
  }

  /** Milliseconds that the entry has left, `Infinity` if it has no end, undefined if there is none. No read. */
  ttl(key: K): number | undefined {
    const table = this.#attachment.open('ttl');
    return table.remaining(this.#route(key, 'ttl'), this.#slot, this.#attachment.keys);
  }

  /**
   * Lets the entry end after this time, and starts its idle time anew; whether it is there.
   * Throws `BAD_KEY`, `BAD_OPTION`, `FULL`, `STOPPED`; then nothing was changed.
   */
  expire(key: K, ttl: Duration): boolean {
    const attachment = this.#attachment;
    const table = attachment.open('expire');
    const ms = checkDuration(ttl, 'ttl', 'expire', key);
    const outcome = table.expire(this.#route(key, 'expire'), this.#slot, attachment.keys, ms);
    if (outcome === Outcome.full) settle(attachment, outcome, 'expire', key);
    return outcome === Outcome.stored;
  }

  /** Takes the end of the entry away, its idle time too; whether it is there. */
  persist(key: K): boolean {
    const table = this.#attachment.open('persist');
    return table.persist(this.#route(key, 'persist'), this.#slot, this.#attachment.keys);
  }

  #route(key: K, op: string): number {
    const { keys } = this.#attachment;
    keys.encode(key, op);
    return partitionOfHash(keys.hash, this.#partitionCount);
  }

  /**
   * Entries of the namespace, with expired ones that were not removed yet; exact when no write is under way. Time in
   * proportion to the partitions.
   */
  get size(): number {
    return this.#attachment.open('size').namespaces.size(this.#slot);
  }
}
