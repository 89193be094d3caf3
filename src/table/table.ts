/**
 * The table of one cache, as one thread uses it: the operations on encoded keys and values, by partition and namespace.
 * Encoding, routing and errors for people are the business of the layers above.
 */
import type { SharedMemory } from '../memory/slab.js';
import type { KeyView, ValueView } from '../memory/views.js';
import { freeReservation } from './chunks.js';
import { Deleter } from './deleter.js';
import { Drain } from './drain.js';
import { maxKeyLengthFor } from './entry-shape.js';
import { Evictor } from './evictor.js';
import { LazyWrites } from './lazy-writes.js';
import { Lifespans } from './lifespans.js';
import type { Lifetime } from './lifetime.js';
import type { ListItem } from './list-insert.js';
import { ListWriter } from './list-writer.js';
import { Lookup } from './lookup.js';
import { Namespaces } from './namespaces.js';
import type { Outcome } from './outcome.js';
import { type Participant, Partitions } from './partitions.js';
import { Pressure } from './pressure.js';
import { Remover } from './remover.js';
import { Scan } from './scan.js';
import { Slot } from './slot.js';
import { Upkeep } from './upkeep.js';
import type { ValueCopy } from './value-copy.js';
import { Writer } from './writer.js';

export class Table {
  readonly memory: SharedMemory;
  readonly partitions: Partitions;
  readonly namespaces: Namespaces;
  readonly upkeep: Upkeep;
  readonly lazy: LazyWrites;
  readonly drain: Drain;
  /** What the last `read` or `take` found. */
  readonly copy: ValueCopy;
  /** Longest encoded key, in bytes. */
  readonly maxKeyLength: number;
  /** Undefined: the cache does not evict. */
  readonly evictor: Evictor | undefined;
  private readonly lookup: Lookup;
  private readonly writer: Writer;
  private readonly deleter: Deleter;
  private readonly listWriter: ListWriter;
  private readonly lifespans: Lifespans;

  constructor(memory: SharedMemory, self: Participant) {
    this.memory = memory;
    this.partitions = new Partitions(memory, self);
    const slot = new Slot(this.partitions);
    const { eviction } = memory.geometry;
    this.evictor = eviction === undefined ? undefined : new Evictor(this.partitions, eviction);
    this.lookup = new Lookup(this.partitions, slot, this.evictor);
    const remover = new Remover(this.partitions, slot);
    this.upkeep = new Upkeep(this.partitions, slot, remover, this.evictor);
    const pressure = new Pressure(this.partitions, this.upkeep, this.evictor);
    this.writer = new Writer(this.partitions, slot, this.upkeep, remover, this.evictor, pressure);
    this.deleter = new Deleter(this.partitions, slot, this.lookup, this.upkeep, remover);
    this.drain = new Drain(this.partitions, this.writer);
    this.lazy = new LazyWrites(this.partitions, this.writer, this.drain);
    this.listWriter = new ListWriter(this.partitions, slot, this.writer, this.lookup, remover, pressure);
    this.lifespans = new Lifespans(this.partitions, slot, this.lookup, this.writer, this.upkeep);
    this.namespaces = new Namespaces(this.partitions, this.upkeep);
    this.copy = this.lookup.copy;
    this.maxKeyLength = maxKeyLengthFor(this.partitions.cells.classes.maxCellLength);
  }

  has(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    return this.lookup.has(partitionIndex, namespaceSlot, key);
  }

  /** Copies the value of a key into `copy`. False: there is none. */
  read(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    return this.lookup.read(partitionIndex, namespaceSlot, key);
  }

  /** Stores an entry; without a lifetime it stays. */
  put(
    partitionIndex: number,
    namespaceSlot: number,
    key: KeyView,
    value: ValueView,
    ifAbsent: boolean,
    lifetime?: Lifetime,
  ): Outcome {
    try {
      if (this.drain.used) this.lazy.settle(partitionIndex);
      return this.writer.put(partitionIndex, namespaceSlot, key, value, ifAbsent, lifetime);
    } catch (error) {
      throw this.mended(error);
    }
  }

  /** Stores the entry soon; `flush` makes it visible. Returns whether it was stored at once. */
  lazyPut(partitionIndex: number, namespaceSlot: number, key: KeyView, value: ValueView, lifetime?: Lifetime): boolean {
    try {
      return this.lazy.put(partitionIndex, namespaceSlot, key, value, lifetime);
    } catch (error) {
      throw this.mended(error);
    }
  }

  /** Applies what all threads have written lazily before. */
  flush(): void {
    try {
      this.lazy.flush();
    } catch (error) {
      throw this.mended(error);
    }
  }

  /** Inserts all items or none. Items are sorted by partition and have distinct keys. */
  insertAll(namespaceSlot: number, items: readonly ListItem[], lifetime?: Lifetime): Outcome {
    try {
      if (this.drain.used) this.lazy.settleAll();
      return this.listWriter.insertAll(namespaceSlot, items, lifetime);
    } catch (error) {
      throw this.mended(error);
    }
  }

  remove(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    try {
      if (this.drain.used) this.lazy.settle(partitionIndex);
      return this.deleter.remove(partitionIndex, namespaceSlot, key);
    } catch (error) {
      throw this.mended(error);
    }
  }

  /** Removes a key and copies its value into `copy`. False: there was none. */
  take(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    try {
      if (this.drain.used) this.lazy.settle(partitionIndex);
      return this.deleter.take(partitionIndex, namespaceSlot, key);
    } catch (error) {
      throw this.mended(error);
    }
  }

  /** Milliseconds that an entry has left, `Infinity` if it has no end, undefined if there is none. */
  remaining(partitionIndex: number, namespaceSlot: number, key: KeyView): number | undefined {
    return this.lifespans.remaining(partitionIndex, namespaceSlot, key);
  }

  /** Lets an entry end after `ttl` milliseconds. `stored`: done; `present`: there is none; `full`: no memory. */
  expire(partitionIndex: number, namespaceSlot: number, key: KeyView, ttl: number): Outcome {
    try {
      if (this.drain.used) this.lazy.settle(partitionIndex);
      return this.lifespans.expire(partitionIndex, namespaceSlot, key, ttl);
    } catch (error) {
      throw this.mended(error);
    }
  }

  /** Takes the end of an entry away. False: there is none. */
  persist(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    try {
      if (this.drain.used) this.lazy.settle(partitionIndex);
      return this.lifespans.persist(partitionIndex, namespaceSlot, key);
    } catch (error) {
      throw this.mended(error);
    }
  }

  clearAll(): void {
    try {
      if (this.drain.used) this.lazy.settleAll();
      this.namespaces.clearAll();
    } catch (error) {
      throw this.mended(error);
    }
  }

  newScan(): Scan {
    return new Scan(this.partitions);
  }

  /** Frees what a thread that is gone, or goes, had reserved. */
  freeReservationOf(slotWord: number): void {
    freeReservation(this.partitions, slotWord);
  }

  /** A stack overflow can throw out of a critical section: it is healed before the error goes on. */
  private mended(error: unknown): unknown {
    if (this.partitions.abandoned) this.partitions.mendOwn();
    return error;
  }
}
