/** Inserting the rows of a list, all or none: what `list-insert.ts` does with each of them. */
import { Flag } from '../../native-layout/entry.js';
import { EntryShape } from './entry-shape.js';
import type { Lifetime } from './lifetime.js';
import { refusalOf } from './list-fit.js';
import { insertList, type ListItem } from './list-insert.js';
import type { Lookup } from './lookup.js';
import { Outcome } from './outcome.js';
import type { Partitions } from './partitions.js';
import type { Pressure } from './pressure.js';
import { indexHash } from './probe.js';
import type { Remover } from './remover.js';
import type { Slot } from './slot.js';
import type { Writer } from './writer.js';

export class ListWriter {
  private readonly partitions: Partitions;
  private readonly slot: Slot;
  private readonly writer: Writer;
  private readonly lookup: Lookup;
  private readonly pressure: Pressure;
  private readonly shape: EntryShape;
  private readonly remover: Remover;

  /** All of them work with the same slot. */
  constructor(
    partitions: Partitions,
    slot: Slot,
    writer: Writer,
    lookup: Lookup,
    remover: Remover,
    pressure: Pressure,
  ) {
    this.partitions = partitions;
    this.slot = slot;
    this.writer = writer;
    this.lookup = lookup;
    this.pressure = pressure;
    this.shape = new EntryShape(partitions.cells.classes.maxCellLength);
    this.remover = remover;
  }

  /** Inserts all items or none. Items are sorted by partition and have distinct keys. */
  insertAll(namespaceSlot: number, items: readonly ListItem[], lifetime: Lifetime | undefined): Outcome {
    if (this.lookup.evictor !== undefined) {
      const refusal = refusalOf(this.partitions, this.lookup, this.shape, namespaceSlot, items);
      if (refusal !== undefined) return refusal;
    }
    let outcome = this.insertAllOnce(namespaceSlot, items, lifetime);
    for (let round = 0; outcome === Outcome.full; round++) {
      if (!this.pressure.relieve(items[round % items.length].partitionIndex, round)) break;
      outcome = this.insertAllOnce(namespaceSlot, items, lifetime);
    }
    return outcome;
  }

  private insertAllOnce(namespaceSlot: number, items: readonly ListItem[], lifetime: Lifetime | undefined): Outcome {
    this.writer.abandon();
    // One generation for the whole list, read when all locks are held: a clear takes all of it or nothing.
    let tag = 0;
    const outcome = insertList(this.partitions, items, (header, { partitionIndex, key, value }) => {
      if (tag === 0) tag = this.slot.tagOf(namespaceSlot);
      this.lookup.evictor?.open(header, partitionIndex);
      const hash = indexHash(key.hash, namespaceSlot);
      if (this.slot.findIn(header, hash, tag, key)) {
        if (!this.slot.isPast(this.partitions.clock)) return Outcome.present;
        this.remover.expire(header, partitionIndex);
        this.slot.findIn(header, hash, tag, key);
      }
      return this.writer.storeInside(header, partitionIndex, key, value, Flag.pending | Flag.linked, lifetime);
    });
    if (outcome === Outcome.full) this.writer.abandon();
    return outcome;
  }
}
