/** Removing the entry that a slot stands at, as one step of the redo log. Only the lock holder may call. */
import { Bucket } from '../../native-layout/bucket.js';
import {
  Entry,
  IDENTITY_RETIRED,
  IDENTITY_TAG_SHIFT,
  RetiredCell,
  VERSION_HIGH_MASK,
} from '../../native-layout/entry.js';
import { NamespaceCount, Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import { chunkHeadWord, isChained } from './entry-view.js';
import type { Partitions } from './partitions.js';
import { slotOfTag, spillCountOf, spillDistanceOf, withSpill } from './probe.js';
import type { Slot } from './slot.js';

export class Remover {
  private readonly partitions: Partitions;
  private readonly slot: Slot;

  constructor(partitions: Partitions, slot: Slot) {
    this.partitions = partitions;
    this.slot = slot;
  }

  /** Removes the entry. `pendingHead`, if given, becomes the head of the pending list in the same step. */
  remove(header: number, partitionIndex: number, pendingHead?: number): void {
    this.partitions.log.open(header);
    this.stageRemoval(header, pendingHead);
    this.partitions.log.commit();
    this.partitions.cells.settle(header, partitionIndex);
  }

  /** Removes the entry, and counts it as expired. */
  expire(header: number, partitionIndex: number): void {
    const { log, cells, control } = this.partitions;
    const low = (control[header + Partition.expiredLow] + 1) | 0;
    log.open(header);
    log.stage(0, header + Partition.expiredLow, low);
    if (low === 0) log.stage(0, header + Partition.expiredHigh, control[header + Partition.expiredHigh] + 1);
    this.stageRemoval(header);
    log.commit();
    cells.settle(header, partitionIndex);
  }

  private stageRemoval(header: number, pendingHead?: number): void {
    const { log, control, slabs } = this.partitions;
    const { slab, bucket, slot, address } = this.slot;
    const words = slabs[slabOf(address)];
    const identity = words[cellOf(address) + Entry.identity];
    this.stageVersion(header);
    log.stage(0, header + Partition.entryCount, control[header + Partition.entryCount] - 1);
    this.stageCount(header, identity >>> IDENTITY_TAG_SHIFT, -1);
    if (pendingHead !== undefined) log.stage(0, header + Partition.pendingHead, pendingHead);
    log.stage(slab, bucket + Bucket.addresses + slot, 0);
    this.stageDeparture();
    this.stageSequences();
    this.stageDiscard(header, address);
  }

  /** Overflow state of the home bucket after its entry left. */
  private stageDeparture(): void {
    const { slab, words, homeBucket, distance } = this.slot;
    if (distance === 0) return;
    const meta = words[homeBucket + Bucket.meta];
    const left = spillCountOf(meta) - 1;
    const farthest = left === 0 ? 0 : spillDistanceOf(meta);
    this.partitions.log.stage(slab, homeBucket + Bucket.meta, withSpill(meta, left, farthest));
  }

  /** Stages the next version of the partition; the low word is returned, the high word follows from it. */
  stageVersion(header: number): number {
    const { log, control } = this.partitions;
    const low = (control[header + Partition.versionLow] + 1) | 0;
    log.stage(0, header + Partition.versionLow, low);
    if (low === 0) {
      const high = (control[header + Partition.versionHigh] + 1) & VERSION_HIGH_MASK;
      log.stage(0, header + Partition.versionHigh, high);
    }
    return low;
  }

  /** Stages a change of a namespace's count. Entries of older generations are not counted any more. */
  stageCount(header: number, tag: number, delta: number): void {
    const { log, control } = this.partitions;
    const at = this.partitions.countWord(header, slotOfTag(tag));
    const counted = control[at + NamespaceCount.tag] === tag;
    if (!counted && delta < 0) return;
    if (!counted) log.stage(0, at + NamespaceCount.tag, tag);
    log.stage(0, at + NamespaceCount.count, (counted ? control[at + NamespaceCount.count] : 0) + delta);
  }

  stageSequences(): void {
    const { log } = this.partitions;
    const { slab, words, bucket, homeBucket } = this.slot;
    log.stageSequence(slab, bucket, (words[bucket] + 2) | 0);
    if (homeBucket !== bucket) log.stageSequence(slab, homeBucket, (words[homeBucket] + 2) | 0);
  }

  /** Stages the end of an entry that no slot names any more. */
  stageDiscard(header: number, address: number): void {
    if (this.isChained(address)) this.stageRetire(header, address);
    else this.partitions.cells.stageFree(header, address);
  }

  /** Stages the end of an entry that the chosen cell replaced, which is of another class. */
  stageReplaced(header: number, address: number): void {
    if (this.isChained(address)) this.stageRetire(header, address);
    else this.partitions.cells.stageExchange(header, address);
  }

  private isChained(address: number): boolean {
    const words = this.partitions.slabs[slabOf(address)];
    return isChained(words[cellOf(address) + Entry.shape]);
  }

  /** Stages that a chained entry goes to the list of those whose chains are freed piece by piece. */
  private stageRetire(header: number, address: number): void {
    const { log, control, slabs } = this.partitions;
    const slab = slabOf(address);
    const cell = cellOf(address);
    log.stage(slab, cell + RetiredCell.next, control[header + Partition.retiredHead]);
    log.stage(slab, cell + RetiredCell.identity, IDENTITY_RETIRED);
    log.stage(slab, cell + RetiredCell.chunkHead, slabs[slab][chunkHeadWord(cell)]);
    log.stage(0, header + Partition.retiredHead, address);
  }
}
