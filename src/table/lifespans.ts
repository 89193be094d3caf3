/**
 * Changing how long a stored entry lives: `expire` and `persist` set its end or take it away. Any attached thread may
 * call.
 *
 * Invariant: the time words of an entry change in place, as one step of the redo log; see `entry-times.ts`. An entry
 * without them, which is never a chained one, is written anew with them.
 */
import { NEVER } from '../../native-layout/entry.js';
import type { KeyView, ValueView } from '../memory/views.js';
import { changeInPlace, timesOf } from './idle-renewal.js';
import { timeAfter } from './lifetime.js';
import type { Lookup } from './lookup.js';
import { Outcome } from './outcome.js';
import type { Partitions } from './partitions.js';
import type { Slot } from './slot.js';
import type { Upkeep } from './upkeep.js';
import type { Writer } from './writer.js';

export class Lifespans {
  private readonly partitions: Partitions;
  private readonly slot: Slot;
  private readonly lookup: Lookup;
  private readonly writer: Writer;
  private readonly upkeep: Upkeep;

  /** All of them work with the same slot. */
  constructor(partitions: Partitions, slot: Slot, lookup: Lookup, writer: Writer, upkeep: Upkeep) {
    this.partitions = partitions;
    this.slot = slot;
    this.lookup = lookup;
    this.writer = writer;
    this.upkeep = upkeep;
  }

  /** Milliseconds that the entry has left, `Infinity` if it has no end, undefined if there is none. */
  remaining(partitionIndex: number, namespaceSlot: number, key: KeyView): number | undefined {
    const expiry = this.lookup.expiryOf(partitionIndex, namespaceSlot, key);
    if (expiry === undefined || expiry === NEVER) return expiry === undefined ? undefined : Number.POSITIVE_INFINITY;
    const left = expiry - this.partitions.clock.now();
    return left > 0 ? left : undefined;
  }

  /** Lets the entry end after `ttl` milliseconds. `stored`: done; `present`: there is no entry; `full`: no memory. */
  expire(partitionIndex: number, namespaceSlot: number, key: KeyView, ttl: number): Outcome {
    const outcome = this.expireOnce(partitionIndex, namespaceSlot, key, ttl);
    if (outcome !== Outcome.full) return outcome;
    this.writer.abandon();
    if (!this.upkeep.relieve()) return outcome;
    const again = this.expireOnce(partitionIndex, namespaceSlot, key, ttl);
    if (again === Outcome.full) this.writer.abandon();
    return again;
  }

  private expireOnce(partitionIndex: number, namespaceSlot: number, key: KeyView, ttl: number): Outcome {
    const { partitions, slot } = this;
    const header = partitions.enter(partitionIndex);
    let outcome: Outcome = Outcome.present;
    if (slot.find(header, namespaceSlot, key) && !slot.isPast(partitions.clock)) {
      outcome = Outcome.stored;
      const times = timesOf(partitions, slot);
      if (times !== undefined) {
        const now = partitions.clock.now();
        times.limit = timeAfter(now, ttl);
        times.renew(now);
        changeInPlace(partitions, slot, header, times);
      } else if (ttl !== Number.POSITIVE_INFINITY) {
        outcome = this.writeAnew(header, partitionIndex, key, ttl);
      }
    }
    partitions.leave(header);
    return outcome;
  }

  /** Writes the entry that was found with time words: it has none, so its value is in its cell. */
  private writeAnew(header: number, partitionIndex: number, key: KeyView, ttl: number): Outcome {
    this.lookup.hold(this.slot.address);
    const { text, bytes, start, end } = this.lookup.copy;
    const value: ValueView =
      text === null
        ? { bytes: bytes.subarray(start, end), words: null, length: end - start, latin1: null, raw: false }
        : { bytes, words: null, length: text.length, latin1: text, raw: true };
    const lifetime = { ttl, idleTtl: Number.POSITIVE_INFINITY, jitter: 0 };
    return this.writer.storeInside(header, partitionIndex, key, value, 0, lifetime);
  }

  /** Takes the end of the entry away. False: there is no entry. */
  persist(partitionIndex: number, namespaceSlot: number, key: KeyView): boolean {
    const { partitions, slot } = this;
    const header = partitions.enter(partitionIndex);
    const found = slot.find(header, namespaceSlot, key) && !slot.isPast(partitions.clock);
    const times = found ? timesOf(partitions, slot) : undefined;
    if (times !== undefined && times.expiry !== NEVER) {
      times.clear();
      changeInPlace(partitions, slot, header, times);
    }
    partitions.leave(header);
    return found;
  }
}
