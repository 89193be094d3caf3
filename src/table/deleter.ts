/**
 * Removing one entry by its key: remove and take. Any attached thread may call; each removal happens in the partition's
 * critical section, as one step of its redo log. An expired entry is removed, too, and counts as none.
 */
import type { KeyView } from '../memory/views.js';
import { dropIndexIfEmpty } from './empty-index.js';
import type { Evictor } from './evictor.js';
import type { Lookup } from './lookup.js';
import type { Partitions } from './partitions.js';
import type { Remover } from './remover.js';
import type { Slot } from './slot.js';
import type { Upkeep } from './upkeep.js';

export class Deleter {
  private readonly partitions: Partitions;
  private readonly slot: Slot;
  private readonly lookup: Lookup;
  private readonly upkeep: Upkeep;
  private readonly remover: Remover;
  private readonly evictor: Evictor | undefined;

  /** All of them work with the same slot. */
  constructor(partitions: Partitions, slot: Slot, lookup: Lookup, upkeep: Upkeep, remover: Remover) {
    this.partitions = partitions;
    this.slot = slot;
    this.lookup = lookup;
    this.upkeep = upkeep;
    this.remover = remover;
    this.evictor = lookup.evictor;
  }

  /** Removes the key. False: there was none. */
  remove(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    const header = this.partitions.enter(partitionIndex);
    this.upkeep.reclaim(header, partitionIndex);
    const found = this.slot.find(header, namespaceSlot, key);
    const past = found && this.slot.isPast(this.partitions.clock);
    if (found) this.removeFound(header, partitionIndex, past);
    this.partitions.leave(header);
    return found && !past;
  }

  /** Removes the entry that was found; with the last one of the partition its index goes, too. */
  private removeFound(header: number, partitionIndex: number, past: boolean): void {
    if (past) this.remover.expire(header, partitionIndex);
    else this.remover.remove(header, partitionIndex);
    this.evictor?.compactIn(header, partitionIndex);
    dropIndexIfEmpty(this.partitions, header, partitionIndex);
  }

  /** Removes the key and leaves its value in the lookup's copy. False: there was none. */
  take(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    const header = this.partitions.enter(partitionIndex);
    this.upkeep.reclaim(header, partitionIndex);
    if (!this.slot.find(header, namespaceSlot, key)) {
      this.partitions.leave(header);
      return false;
    }
    const past = this.slot.isPast(this.partitions.clock);
    const chain = past ? undefined : this.lookup.hold(this.slot.address);
    this.removeFound(header, partitionIndex, past);
    this.partitions.leave(header);
    this.lookup.letGo(chain);
    return !past;
  }
}
