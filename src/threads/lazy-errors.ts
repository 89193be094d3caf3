/**
 * Tells the subscribers of this thread which lazy writes could not be stored: a message on the diagnostics channel
 * `supercache:lazy-error` for each, between two turns of the event loop. Nothing is made when nobody subscribed.
 */
import { channel } from 'node:diagnostics_channel';
import { LazyFailure } from '../../native-layout/ring.js';
import { decodeKey } from '../codec/key-decoder.js';
import { type Note, NoteReader } from '../ring/error-log.js';
import type { Table } from '../table/table.js';

/** A message on `supercache:lazy-error`. */
export interface LazyErrorMessage {
  /** Name of the cache. */
  readonly cache: string;
  /** `'full'`: there was no room. `'corrupt'`: the record was damaged. `'missed'`: see `count`. */
  readonly reason: 'full' | 'corrupt' | 'missed';
  /** The key. Undefined if the reason has none, or if it was too long to be noted and is no string. */
  readonly key: unknown;
  /** Of a string that was too long to be noted, `key` is the beginning. */
  readonly keyCut: boolean;
  /** Name of the key-value; undefined for tuples. */
  readonly namespace: string | undefined;
  /** Failed writes that this message stands for; more than 1 only if there were too many to note each. */
  readonly count: number;
}

const failures = channel('supercache:lazy-error');
const REASONS: Readonly<Record<number, 'full' | 'corrupt'>> = {
  [LazyFailure.full]: 'full',
  [LazyFailure.corrupt]: 'corrupt',
};

export class LazyErrors {
  readonly #cache: string;
  readonly #table: Table;
  readonly #notes: NoteReader;

  constructor(cache: string, table: Table) {
    this.#cache = cache;
    this.#table = table;
    this.#notes = new NoteReader(table.memory);
  }

  /** Publishes what came since the last call. */
  publish(): void {
    if (!failures.hasSubscribers) {
      this.#notes.skip();
      return;
    }
    this.#notes.read(
      (note) => this.#publish(note),
      (count) => this.#send({ reason: 'missed', key: undefined, keyCut: false, namespace: undefined, count }),
    );
  }

  #publish({ reason, namespaceSlot, key, keyRaw, keyLength }: Note): void {
    const keyCut = key.length < keyLength;
    const known = reason !== LazyFailure.corrupt && (!keyCut || keyRaw);
    this.#send({
      reason: REASONS[reason] ?? 'corrupt',
      key: known ? decodeKey(key, 0, key.length, keyRaw) : undefined,
      keyCut,
      namespace: known ? this.#table.namespaces.nameOf(namespaceSlot) : undefined,
      count: 1,
    });
  }

  #send(message: Omit<LazyErrorMessage, 'cache'>): void {
    failures.publish({ cache: this.#cache, ...message } satisfies LazyErrorMessage);
  }
}
