/**
 * Inserting a list of entries, all or none, over several partitions.
 *
 * How: the partitions are locked in ascending order; if no key is present, each entry is stored with the pending flag
 * and linked to its partition's pending list, and the partition's transaction word names the inserting thread. One
 * store, of the decision word in that thread's registry slot, commits. Then the flags are cleared and the locks
 * released.
 *
 * Invariants
 * 1. A pending entry is in the pending list of its partition, whose transaction word names the slot that decides.
 * 2. The decision word is 0 from before the first pending entry until the commit, and keeps its value until no
 *    partition has the thread's pending entries any more: all are settled by the thread itself, or by healers, before
 *    its slot is swept.
 * 3. Readers that meet a pending entry ask the decision word: all entries become visible with one store. Writers never
 *    meet one that is not their own: its partition is locked, or being healed.
 */
import { Entry, Flag } from '../../native-layout/entry.js';
import { Partition } from '../../native-layout/partition.js';
import { Registry } from '../../native-layout/registry.js';
import { CacheError } from '../errors.js';
import { cellOf, slabOf } from '../memory/address.js';
import { loadWord, storeWord } from '../memory/atomics.js';
import type { KeyView, ValueView } from '../memory/views.js';
import { EntryHash } from './entry-hash.js';
import { pendingNextWord } from './entry-view.js';
import { Outcome } from './outcome.js';
import type { Partitions } from './partitions.js';
import { Remover } from './remover.js';
import { Slot } from './slot.js';

/** What a reader makes of a pending entry. */
export const Visibility = { hidden: 0, visible: 1, undecided: 2 } as const;

/**
 * Whether pending entries of a partition count as present. The transaction word names the thread that inserts them, its
 * registry slot says whether the list is committed; without a name they have just been settled: look again.
 */
export function pendingVisibility(partitions: Partitions, header: number): number {
  const { control, memory } = partitions;
  const transaction = loadWord(control, header + Partition.transaction);
  if (transaction === 0) return Visibility.undecided;
  const slotWord = memory.geometry.registryWord + (transaction - 1) * Registry.sizeWords;
  const committed = loadWord(control, slotWord + Registry.decision) !== 0;
  if (loadWord(control, header + Partition.transaction) !== transaction) return Visibility.undecided;
  return committed ? Visibility.visible : Visibility.hidden;
}

/** One entry of the list, encoded. */
export interface ListItem {
  readonly partitionIndex: number;
  readonly key: KeyView;
  readonly value: ValueView;
}

/** Stores one pending entry inside the critical section of its partition. */
type StorePending = (header: number, item: ListItem) => Outcome;

/**
 * @param items in ascending order of their partitions, no key twice
 * @returns what the first item that could not be stored met, or `stored`
 */
export function insertList(partitions: Partitions, items: readonly ListItem[], store: StorePending): Outcome {
  const { control, self } = partitions;
  const decision = self.slotWord + Registry.decision;
  const locked: [header: number, partitionIndex: number][] = [];
  for (const { partitionIndex } of items) {
    if (locked.length > 0 && locked[locked.length - 1][1] === partitionIndex) continue;
    const header = locked.length === 0 ? partitions.enter(partitionIndex) : partitions.enterAlso(partitionIndex);
    locked.push([header, partitionIndex]);
  }
  storeWord(control, decision, 0);
  let outcome: Outcome = Outcome.stored;
  for (const item of items) {
    outcome = store(partitions.headerOf(item.partitionIndex), item);
    if (outcome !== Outcome.stored) break;
  }
  if (outcome === Outcome.stored) storeWord(control, decision, 1);
  for (const [header, partitionIndex] of locked) settlePending(partitions, header, partitionIndex);
  storeWord(control, decision, 0);
  for (let i = locked.length - 1; i > 0; i--) partitions.leaveOne(locked[i][0]);
  if (locked.length > 0) partitions.leave(locked[0][0]);
  return outcome;
}

/** Stages that an entry is pending in a list insert of this thread. */
export function stagePending({ log, self, memory }: Partitions, header: number, address: number): void {
  const slot = (self.slotWord - memory.geometry.registryWord) / Registry.sizeWords;
  log.stage(0, header + Partition.transaction, slot + 1);
  log.stage(0, header + Partition.pendingHead, address);
}

/** Completes or rolls back the pending entries of a partition, as the decision word says. */
export function settlePending(partitions: Partitions, header: number, partitionIndex: number): void {
  const { control, memory } = partitions;
  const transaction = control[header + Partition.transaction];
  if (transaction === 0) return;
  const slotWord = memory.geometry.registryWord + (transaction - 1) * Registry.sizeWords;
  const committed = loadWord(control, slotWord + Registry.decision) !== 0;
  const slot = new Slot(partitions);
  const hashes = new EntryHash(partitions);
  const remover = new Remover(partitions, slot);
  for (;;) {
    const address = control[header + Partition.pendingHead];
    if (address === 0) break;
    const words = partitions.slabs[slabOf(address)];
    const cell = cellOf(address);
    const next = words[pendingNextWord(cell, words[cell + Entry.shape])];
    slot.locate(header, hashes.of(words, cell));
    if (!slot.searchAddress(address)) throw new CacheError('CORRUPT', 'a pending entry is not in the index');
    if (committed) clearPending(partitions, header, slot, remover, next);
    else remover.remove(header, partitionIndex, next);
  }
  storeWord(control, header + Partition.transaction, 0);
}

function clearPending(partitions: Partitions, header: number, { address }: Slot, remover: Remover, next: number): void {
  const { log, slabs } = partitions;
  const slab = slabOf(address);
  const shapeWord = cellOf(address) + Entry.shape;
  log.open(header);
  log.stage(slab, shapeWord, slabs[slab][shapeWord] & ~Flag.pending);
  remover.stageSequences();
  log.stage(0, header + Partition.pendingHead, next);
  log.commit();
}
