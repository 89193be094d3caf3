/**
 * Entering existing entries into an index that is being rebuilt. Nobody reads that index, and a death starts the
 * rebuild again, so its words are written plainly. Only `rebuild` calls.
 */
import { Bucket } from '../../native-layout/bucket.js';
import { Entry, IDENTITY_TAG_SHIFT, VERSION_HIGH_MASK } from '../../native-layout/entry.js';
import { Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import { EntryHash } from './entry-hash.js';
import { Growth } from './growth.js';
import type { Partitions } from './partitions.js';
import { placeEntry } from './place-entry.js';
import { Remover } from './remover.js';
import { Slot } from './slot.js';

export class IndexBuilder {
  private readonly partitions: Partitions;
  private readonly slot: Slot;
  private readonly growth: Growth;
  private readonly hashes: EntryHash;
  private readonly remover: Remover;

  constructor(partitions: Partitions) {
    this.partitions = partitions;
    this.slot = new Slot(partitions);
    this.growth = new Growth(partitions);
    this.hashes = new EntryHash(partitions);
    this.remover = new Remover(partitions, this.slot);
  }

  /** Enters an entry; of two with the same key the higher version stays. False: there is no memory for the index. */
  add(header: number, partitionIndex: number, address: number): boolean {
    const { slabs } = this.partitions;
    const slot = this.slot;
    const words = slabs[slabOf(address)];
    const cell = cellOf(address);
    slot.tag = words[cell + Entry.identity] >>> IDENTITY_TAG_SHIFT;
    if (slot.locate(header, this.hashes.of(words, cell)) && slot.search(this.hashes)) {
      const other = slot.address;
      const newer = this.isNewer(address, other);
      if (newer) slot.words[slot.bucket + Bucket.addresses + slot.slot] = address;
      this.discard(header, partitionIndex, newer ? other : address, slot.tag);
      return true;
    }
    if (!this.growth.makeRoom(header, partitionIndex, slot)) return false;
    placeEntry(slot.words, slot.bucket, slot.slot, slot.homeBucket, slot.distance, slot.hash, address);
    return true;
  }

  private isNewer(address: number, other: number): boolean {
    const highs = [address, other].map((a) => this.word(a, Entry.identity) & VERSION_HIGH_MASK);
    if (highs[0] !== highs[1]) return highs[0] > highs[1];
    return this.word(address, Entry.versionLow) >>> 0 > this.word(other, Entry.versionLow) >>> 0;
  }

  private word(address: number, word: number): number {
    return this.partitions.slabs[slabOf(address)][cellOf(address) + word];
  }

  private discard(header: number, partitionIndex: number, address: number, tag: number): void {
    const { control, log, cells } = this.partitions;
    log.open(header);
    log.stage(0, header + Partition.entryCount, control[header + Partition.entryCount] - 1);
    this.remover.stageCount(header, tag, -1);
    this.remover.stageDiscard(header, address);
    log.commit();
    cells.settle(header, partitionIndex);
  }
}
