/**
 * Giving memory back: chains of replaced values, entries of cleared namespaces, expired entries, empty pages. Writers
 * do a little of it at the start of each critical section; owners do the rest; who finds the pool exhausted does all
 * of it.
 *
 * Invariants
 * 1. A retired entry keeps its chain until no hazard word names it. The critical section was entered by a
 *    compare-and-swap, a full fence, after the entry's sequence rose; so a reader whose hazard is not seen here sees
 *    the new sequence.
 * 2. Entries of a cleared generation are invisible from the moment the namespace's tag changed; sweeping only frees
 *    them. A partition is swept when `sweptEpoch` equals `clearEpoch`.
 */
import { BUCKET_SLOTS, BUCKET_WORD_SHIFT, Bucket } from '../../native-layout/bucket.js';
import { Chunk, Entry, IDENTITY_TAG_SHIFT, RetiredCell } from '../../native-layout/entry.js';
import { Partition } from '../../native-layout/partition.js';
import { Registry } from '../../native-layout/registry.js';
import { Superblock } from '../../native-layout/superblock.js';
import { cellOf, slabOf } from '../memory/address.js';
import { loadWord } from '../memory/atomics.js';
import { dropEmptyIndex, dropIndexIfEmpty } from './empty-index.js';
import { EntryHash } from './entry-hash.js';
import type { Evictor } from './evictor.js';
import { ExpirySweep } from './expiry-sweep.js';
import type { Partitions } from './partitions.js';
import { slotOfTag } from './probe.js';
import type { Remover } from './remover.js';
import type { Slot } from './slot.js';
import { END_POSITION, segmentAt } from './walk.js';

/** Chunks freed at the start of another operation's critical section. */
const RECLAIM_SLICE = 4;
/** Chunks freed in a critical section of their own. */
const UPKEEP_SLICE = 64;
/** Most retired entries looked at to find one that nobody reads. */
const RETIRED_LOOK = 8;

export class Upkeep {
  private readonly partitions: Partitions;
  private readonly slot: Slot;
  private readonly hashes: EntryHash;
  private readonly remover: Remover;
  private readonly evictor: Evictor | undefined;
  /** The sweep of expired entries that an owner goes on with from time to time. */
  readonly expiry: ExpirySweep;
  /** The one that is done at once when memory is wanted. */
  private readonly relief: ExpirySweep;

  /** `remover` works with the same slot. */
  constructor(partitions: Partitions, slot: Slot, remover: Remover, evictor: Evictor | undefined) {
    this.partitions = partitions;
    this.slot = slot;
    this.remover = remover;
    this.evictor = evictor;
    this.hashes = new EntryHash(partitions);
    this.expiry = new ExpirySweep(partitions, slot, remover, evictor);
    this.relief = new ExpirySweep(partitions, slot, remover, evictor);
  }

  /** Frees a few chunks of retired entries, inside a critical section. Constant time when there are none. */
  reclaim(header: number, partitionIndex: number): void {
    if (this.partitions.control[header + Partition.retiredHead] !== 0) {
      this.freeChains(header, partitionIndex, RECLAIM_SLICE);
    }
  }

  /** Frees up to `limit` chunks; returns how many cells it freed. */
  private freeChains(header: number, partitionIndex: number, limit: number): number {
    const { control } = this.partitions;
    let freed = 0;
    let before = 0;
    let address = control[header + Partition.retiredHead];
    for (let looked = 0; address !== 0 && freed < limit && looked < RETIRED_LOOK; looked++) {
      if (this.isRead(address)) {
        before = address;
        address = this.wordOf(address, RetiredCell.next);
        continue;
      }
      while (freed < limit && this.wordOf(address, RetiredCell.chunkHead) !== 0) {
        this.freeChunk(header, partitionIndex, address);
        freed++;
      }
      if (freed >= limit) return freed;
      const next = this.wordOf(address, RetiredCell.next);
      this.freeRetired(header, partitionIndex, before, address, next);
      freed++;
      address = next;
    }
    return freed;
  }

  private freeChunk(header: number, partitionIndex: number, retired: number): void {
    const { log, cells } = this.partitions;
    const chunk = this.wordOf(retired, RetiredCell.chunkHead);
    log.open(header);
    log.stage(slabOf(retired), cellOf(retired) + RetiredCell.chunkHead, this.wordOf(chunk, Chunk.next));
    cells.stageFree(header, chunk);
    log.commit();
    cells.settle(header, partitionIndex);
  }

  private freeRetired(header: number, partitionIndex: number, before: number, address: number, next: number): void {
    const { log, cells } = this.partitions;
    log.open(header);
    if (before === 0) log.stage(0, header + Partition.retiredHead, next);
    else log.stage(slabOf(before), cellOf(before) + RetiredCell.next, next);
    cells.stageFree(header, address);
    log.commit();
    cells.settle(header, partitionIndex);
  }

  private isRead(address: number): boolean {
    const { control, memory } = this.partitions;
    const { registryWord, threadSlots } = memory.geometry;
    for (let i = 0, at = registryWord + Registry.hazard; i < threadSlots; i++, at += Registry.sizeWords) {
      if (loadWord(control, at) === address) return true;
    }
    return false;
  }

  private wordOf(address: number, word: number): number {
    return this.partitions.slabs[slabOf(address)][cellOf(address) + word];
  }

  /** Whether the partition still holds entries of cleared generations. */
  needsSweep(header: number): boolean {
    const { control } = this.partitions;
    return control[header + Partition.sweptEpoch] !== loadWord(control, Superblock.clearEpoch);
  }

  /** Frees retired chains and sweeps one segment, in one critical section. Returns the work done, 0 for none left. */
  slice(partitionIndex: number): number {
    const partitions = this.partitions;
    const { control } = partitions;
    const outside = partitions.headerOf(partitionIndex);
    if (control[outside + Partition.retiredHead] === 0 && !this.needsSweep(outside)) return 0;
    const header = partitions.enter(partitionIndex);
    let work = this.freeChains(header, partitionIndex, UPKEEP_SLICE);
    if (this.needsSweep(header)) work += this.sweepSegment(header, partitionIndex);
    this.evictor?.compactIn(header, partitionIndex);
    partitions.leave(header);
    return work;
  }

  /** Removes the cleared entries of one segment. */
  private sweepSegment(header: number, partitionIndex: number): number {
    const partitions = this.partitions;
    const { control } = partitions;
    const position = control[header + Partition.sweepPosition] >>> 0;
    if (position === 0) control[header + Partition.sweepEpoch] = loadWord(control, Superblock.clearEpoch);
    const view = segmentAt(partitions, header, position);
    let work = 1;
    if (view !== undefined) {
      for (let i = 0; i < view.bucketCount * BUCKET_SLOTS; i++) {
        const bucket = view.segment + (Math.floor(i / BUCKET_SLOTS) << BUCKET_WORD_SHIFT);
        const address = view.words[bucket + Bucket.addresses + (i % BUCKET_SLOTS)];
        if (address !== 0 && this.removeIfCleared(header, partitionIndex, address)) work++;
      }
    }
    const end = view === undefined ? END_POSITION : view.end;
    if (end < END_POSITION) {
      control[header + Partition.sweepPosition] = end | 0;
      return work;
    }
    control[header + Partition.sweepPosition] = 0;
    control[header + Partition.sweptEpoch] = control[header + Partition.sweepEpoch];
    dropIndexIfEmpty(partitions, header, partitionIndex);
    return work;
  }

  private removeIfCleared(header: number, partitionIndex: number, address: number): boolean {
    const words = this.partitions.slabs[slabOf(address)];
    const tag = words[cellOf(address) + Entry.identity] >>> IDENTITY_TAG_SHIFT;
    if (this.slot.tagOf(slotOfTag(tag)) === tag) return false;
    this.slot.locate(header, this.hashes.of(words, cellOf(address)));
    if (this.slot.searchAddress(address)) this.remover.remove(header, partitionIndex);
    return true;
  }

  /** Sweeps every partition to the end, and frees the chains that nobody reads. */
  sweepAll(): void {
    for (let index = 0; index < this.partitions.count; index++) {
      while (this.slice(index) > 0);
    }
  }

  /**
   * For when the pool is exhausted: frees all that is not in use, in every partition, one after the other. Must be
   * called outside critical sections.
   * @returns whether a page went back to the pool, or anything was freed
   */
  relieve(): boolean {
    const partitions = this.partitions;
    const { control, cells } = partitions;
    let freed = partitions.self.liveness.sweepGone() + this.relief.sweepAll();
    for (let index = 0; index < partitions.count; index++) {
      for (let work = 1; work > 0; ) {
        work = this.slice(index);
        freed += work;
      }
      const header = partitions.enter(index);
      const isEmpty = control[header + Partition.entryCount] === 0 && control[header + Partition.root] !== 0;
      if (isEmpty) freed += dropEmptyIndex(partitions, header, index);
      freed += cells.releaseEmpty(header, index);
      partitions.leave(header);
    }
    return freed > 0;
  }
}
