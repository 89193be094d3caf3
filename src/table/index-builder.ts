/**
 * Entering existing entries into an index that is being rebuilt. Nobody reads that index, and a death starts the
 * rebuild again, so its words are written plainly. Only `rebuild` calls.
 */
import { Bucket } from '../../native-layout/bucket.js';
import { Entry, IDENTITY_TAG_SHIFT, VERSION_HIGH_MASK } from '../../native-layout/entry.js';
import { NamespaceCount, Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import { EntryHash } from './entry-hash.js';
import { Growth } from './growth.js';
import type { Partitions } from './partitions.js';
import { slotOfTag, spillCountOf, spillDistanceOf, tagWordOf, withSpill, withTag } from './probe.js';
import { Slot } from './slot.js';

export class IndexBuilder {
  private readonly partitions: Partitions;
  private readonly slot: Slot;
  private readonly growth: Growth;
  private readonly hashes: EntryHash;

  constructor(partitions: Partitions) {
    this.partitions = partitions;
    this.slot = new Slot(partitions);
    this.growth = new Growth(partitions);
    this.hashes = new EntryHash(partitions);
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
    const at = slot.words;
    at[slot.bucket + Bucket.addresses + slot.slot] = address;
    const tagWord = tagWordOf(slot.bucket, slot.slot);
    at[tagWord] = withTag(at[tagWord], slot.slot, slot.hash);
    if (slot.distance > 0) {
      const meta = slot.homeBucket + Bucket.meta;
      const farthest = Math.max(slot.distance, spillDistanceOf(at[meta]));
      at[meta] = withSpill(at[meta], spillCountOf(at[meta]) + 1, farthest);
    }
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
    const at = this.partitions.countWord(header, slotOfTag(tag));
    log.open(header);
    log.stage(0, header + Partition.entryCount, control[header + Partition.entryCount] - 1);
    if (control[at + NamespaceCount.tag] === tag) {
      log.stage(0, at + NamespaceCount.count, control[at + NamespaceCount.count] - 1);
    }
    cells.stageFree(header, address);
    log.commit();
    cells.settle(header, partitionIndex);
  }
}
