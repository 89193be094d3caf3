/**
 * Giving the memory of expired entries back. Entries are gone for readers and writers the moment they expire; this only
 * frees them. A sweep walks the table of pages once, looks at no page whose mark says that nothing in it has expired,
 * and so costs next to nothing where nothing has. Entries of one age lie together in pages, so a page that is looked at
 * most often has a lot to give.
 *
 * Invariants
 * 1. One critical section removes at most REMOVALS_PER_SECTION entries of one page and looks at the cells of one page.
 * 2. Each removal is a step of the redo log, which also counts it. A sweep that breaks off anywhere is begun anew by
 *    the next one: the mark of the partition stays until a sweep of it is complete; see `expiry-marks.ts`.
 * 3. An entry is judged and removed in the same critical section, by its address: a fresh value under an expired key is
 *    another entry.
 */
import { Entry, NEVER } from '../../native-layout/entry.js';
import { Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import { parkOn } from '../memory/atomics.js';
import { dropIndexIfEmpty } from './empty-index.js';
import { EntryHash } from './entry-hash.js';
import { expiryOf } from './entry-times.js';
import type { Evictor } from './evictor.js';
import { beginSweep, earliestIn, endSweep, isTimed } from './expiry-marks.js';
import { earlierMark, isDue, markOf } from './lifetime.js';
import type { Partitions } from './partitions.js';
import type { Remover } from './remover.js';
import type { Slot } from './slot.js';

/** Entries removed in one critical section: far less than a millisecond. */
export const REMOVALS_PER_SECTION = 64;
/** Pages passed over in one step. */
const PAGES_PER_STEP = 4096;
/** Time for who waits for the lock that was just released, in milliseconds. */
const COURTESY_MS = 0.1;
const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

/** One partition of the running sweep. */
interface Swept {
  readonly header: number;
  readonly sweep: number;
  /** Earliest mark of the pages that were passed. */
  earliest: number;
}

export class ExpirySweep {
  private readonly partitions: Partitions;
  private readonly slot: Slot;
  private readonly remover: Remover;
  private readonly evictor: Evictor | undefined;
  private readonly hashes: EntryHash;
  private readonly swept = new Map<number, Swept>();
  private lateness = 0;
  /** Where the walk stands: a page, and a cell of it. */
  private page = 0;
  private cell = 0;

  /** `remover` works with the same slot. */
  constructor(partitions: Partitions, slot: Slot, remover: Remover, evictor: Evictor | undefined) {
    this.partitions = partitions;
    this.slot = slot;
    this.remover = remover;
    this.evictor = evictor;
    this.hashes = new EntryHash(partitions);
  }

  /** Whether a sweep was begun and is not at its end. */
  get isRunning(): boolean {
    return this.swept.size > 0;
  }

  /**
   * Begins a sweep of those partitions from `first` to `end` in which something expired `lateness` milliseconds ago, if
   * there are any. Pages are held to the same: so none is looked at more than once in that time.
   */
  begin(first: number, end: number, lateness: number): boolean {
    const { partitions } = this;
    const { control } = partitions;
    this.swept.clear();
    this.lateness = lateness;
    this.page = 0;
    this.cell = 0;
    let now = -1;
    for (let index = first; index < end; index++) {
      const mark = control[partitions.headerOf(index) + Partition.earliest];
      if (mark === 0) continue;
      if (now < 0) now = partitions.clock.now();
      if (!isDue(mark, now, lateness)) continue;
      const header = partitions.enter(index);
      this.swept.set(index, { header, sweep: beginSweep(control, header), earliest: 0 });
      partitions.leave(header);
    }
    return this.isRunning;
  }

  /** Goes on with at most one critical section. Returns the entries it removed; `isRunning`: there is more to do. */
  step(): number {
    const { control, memory, cells, clock } = this.partitions;
    const { ownerTableWord, pageCount } = memory.geometry;
    const now = clock.now();
    const stop = Math.min(pageCount, this.page + PAGES_PER_STEP);
    for (; this.page < stop; this.page++) {
      const index = control[ownerTableWord + this.page] - 1;
      const swept = index < 0 ? undefined : this.swept.get(index);
      if (swept === undefined) continue;
      const mark = control[cells.recordOf(this.page) + Page.earliest];
      if (isDue(mark, now, this.lateness)) return this.sweepPage(index, swept);
      swept.earliest = earlierMark(swept.earliest, mark);
    }
    if (this.page === pageCount) this.end();
    return 0;
  }

  private end(): void {
    for (const [index, { sweep, earliest }] of this.swept) {
      const header = this.partitions.enter(index);
      endSweep(this.partitions.control, header, sweep, earliest);
      this.partitions.leave(header);
    }
    this.swept.clear();
  }

  /** Sweeps every partition to the end, whatever expired. Returns the entries it removed. */
  sweepAll(): number {
    let removed = 0;
    if (!this.begin(0, this.partitions.count, 0)) return 0;
    while (this.isRunning) removed += this.step();
    return removed;
  }

  private sweepPage(index: number, swept: Swept): number {
    const { partitions, page } = this;
    const { control, cells } = partitions;
    const header = partitions.enter(index);
    const record = cells.recordOf(page);
    let removed = 0;
    if (this.holds(index, page)) {
      const before = this.cell;
      removed = this.removeExpired(header, index, page);
      if (this.cell === 0 && this.holds(index, page)) {
        // What was passed in earlier sections counts as well.
        if (before > 0) this.earliest = earliestIn(partitions, header, record);
        control[record + Page.earliest] = this.earliest;
        swept.earliest = earlierMark(swept.earliest, this.earliest);
      }
    } else {
      this.cell = 0;
    }
    if (this.cell === 0) this.page++;
    dropIndexIfEmpty(partitions, header, index);
    const isWanted = control[header + Partition.waiters] !== 0;
    this.evictor?.compactIn(header, index);
    partitions.leave(header);
    if (isWanted) parkOn(nobodyWakes, 0, 0, COURTESY_MS);
    return removed;
  }

  private earliest = 0;

  /** Whether the page still holds entries of the partition. */
  private holds(index: number, page: number): boolean {
    const { control, memory, cells } = this.partitions;
    const classId = control[cells.recordOf(page) + Page.classId];
    const mine = control[memory.geometry.ownerTableWord + page] === index + 1;
    return mine && classId > 0 && classId <= cells.classes.cellClassCount;
  }

  /** Removes expired entries from `cell` on. Leaves in `cell` where to go on, 0: the page is done. */
  private removeExpired(header: number, index: number, page: number): number {
    const { control, slabs, cells, clock } = this.partitions;
    const record = cells.recordOf(page);
    const classId = control[record + Page.classId];
    const units = cells.classes.cellUnits[classId];
    const start = control[record + Page.start];
    const spare = control[header + Partition.spares + classId];
    const count = control[record + Page.bumpCount];
    const now = clock.now();
    let removed = 0;
    this.earliest = 0;
    for (let i = this.cell; i < count; i++) {
      const address = start + i * units;
      const words = slabs[slabOf(address)];
      const cell = cellOf(address);
      if (address === spare || !isTimed(words, cell)) continue;
      const expiry = expiryOf(words, cell, words[cell + Entry.shape]);
      if (expiry > now) {
        if (expiry !== NEVER) this.earliest = earlierMark(this.earliest, markOf(expiry));
        continue;
      }
      if (removed === REMOVALS_PER_SECTION) {
        this.cell = i;
        return removed;
      }
      this.slot.locate(header, this.hashes.of(words, cell));
      if (this.slot.searchAddress(address)) this.remover.expire(header, index);
      removed++;
      // With its last entry the page may go back to the pool.
      if (!this.holds(index, page)) break;
    }
    this.cell = 0;
    return removed;
  }
}
