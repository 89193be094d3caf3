/**
 * Making room when a write found none, though its critical section evicted a few entries already: outside critical
 * sections, round after round, each a bounded section that evicts at least one entry, until the write fits or nothing
 * is left to evict.
 *
 * Entries of other size classes give room only as whole pages. So every other round empties the least filled page of
 * the partition, whatever the policy says of its entries; the rounds between evict by policy. A partition that has
 * nothing to give takes from the others, through the pool.
 */
import { Entry, Flag, IDENTITY_FREE } from '../../native-layout/entry.js';
import { Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { isEntry } from './entry-view.js';
import type { Evictor } from './evictor.js';
import { forEachCell, forEachPage } from './page-walk.js';
import type { Partitions } from './partitions.js';
import type { Upkeep } from './upkeep.js';

/** Entries evicted by policy in one round. */
const SLICE = 32;
/** Pages looked at, least filled first, for one that can be emptied. */
const PAGE_LOOK = 16;

export class Pressure {
  private readonly partitions: Partitions;
  private readonly upkeep: Upkeep;
  private readonly evictor: Evictor | undefined;
  /** Chunks that the round under way freed, and whether the one before evicted nothing. */
  private freed = 0;
  private freedOnly = false;
  /** All memory that entries can have: a value that is longer evicts nothing. */
  readonly pageBytes: number;

  constructor(partitions: Partitions, upkeep: Upkeep, evictor: Evictor | undefined) {
    this.partitions = partitions;
    this.upkeep = upkeep;
    this.evictor = evictor;
    this.pageBytes = partitions.memory.geometry.pageCount * 2 ** partitions.memory.geometry.pageShift;
  }

  /** One round for a write to this partition, from 0. False: nothing is left to gain. */
  relieve(partitionIndex: number, round: number): boolean {
    if (round === 0) this.freedOnly = false;
    if (round === 0 && this.upkeep.relieve()) return true;
    if (this.evictor === undefined) return false;
    const { count } = this.partitions;
    this.freed = 0;
    let evicted = 0;
    for (let i = 0; i < count && evicted + this.freed === 0; i++) {
      evicted = this.evictFrom(this.evictor, (partitionIndex + i) % count, round % 2 === 0);
    }
    // Freed chains may be those of the very list that did not fit: worth another try, but not for ever.
    const again = evicted > 0 || (this.freed > 0 && !this.freedOnly);
    this.freedOnly = evicted === 0;
    return again;
  }

  /** Evicts a page, or a slice by policy, and frees chains. Returns how many entries it evicted. */
  private evictFrom(evictor: Evictor, partitionIndex: number, byPolicy: boolean): number {
    const { partitions } = this;
    const header = partitions.enter(partitionIndex);
    evictor.open(header, partitionIndex);
    let evicted = byPolicy ? 0 : this.emptyPage(evictor, header, partitionIndex);
    if (evicted === 0) while (evicted < SLICE && evictor.evictOne()) evicted++;
    evictor.compact();
    partitions.leave(header);
    // What was evicted gives no room before its chain is freed.
    for (let work = 1; work > 0 && partitions.control[header + Partition.retiredHead] !== 0; this.freed += work) {
      work = this.upkeep.slice(partitionIndex);
    }
    const again = partitions.enter(partitionIndex);
    partitions.cells.releaseEmpty(again, partitionIndex);
    partitions.leave(again);
    return evicted;
  }

  /** Evicts all entries of the least filled page that holds nothing else. */
  private emptyPage(evictor: Evictor, header: number, partitionIndex: number): number {
    const { control, cells } = this.partitions;
    const pages: [fill: number, record: number][] = [];
    forEachPage(this.partitions, partitionIndex, (_page, record) => {
      const classId = control[record + Page.classId];
      if (classId === 0 || classId > cells.classes.cellClassCount) return;
      pages.push([control[record + Page.usedCount] * cells.classes.cellUnits[classId], record]);
    });
    pages.sort((a, b) => a[0] - b[0]);
    for (const [, record] of pages.slice(0, PAGE_LOOK)) {
      const entries = this.entriesOf(header, record);
      if (entries === undefined || entries.length === 0) continue;
      let evicted = 0;
      for (const address of entries) if (evictor.evictAt(address)) evicted++;
      return evicted;
    }
    return 0;
  }

  /** The entries of a page; undefined if it holds anything else, or an entry that must stay. */
  private entriesOf(header: number, record: number): number[] | undefined {
    let found: number[] | undefined = [];
    forEachCell(this.partitions, header, record, (address, words, cell) => {
      const identity = words[cell + Entry.identity];
      if (identity === IDENTITY_FREE) return;
      const stays = !isEntry(identity) || (words[cell + Entry.shape] & (Flag.pending | Flag.pinned)) !== 0;
      if (stays) found = undefined;
      else found?.push(address);
    });
    return found;
  }
}
