/**
 * Cells: the allocation units inside the pages of one partition. Only the holder of the partition's lock may call.
 *
 * Invariants
 * 1. In every page of a class: usedCount + length of its free list = bumpCount ≤ cells of a page. Cells behind
 *    bumpCount were never handed out and need no link, so taking a page is constant work.
 * 2. Cells of a class come from its class page. Every other page of the class with room is in the class's list, and
 *    only those. A full page that gets a free cell becomes the class page if that one is full, so that overwriting in
 *    full pages, each giving back what the next one takes, moves no page in or out of the list.
 * 3. Taking and freeing stage their changes in the redo log of the running step; pages are taken and released in
 *    steps of their own, before and after it. The cell taken is the caller's only when the step commits.
 * 4. The last free cell of a class becomes its spare and nothing else; see `spares.ts`.
 */
import { FreeCell, IDENTITY_FREE } from '../../native-layout/entry.js';
import { Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { type ClassTable, classTable } from '../../native-layout/size-class.js';
import { SLAB_UNIT_MASK, UNIT_BYTE_SHIFT, UNIT_LENGTH } from '../../native-layout/units.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { RedoLog } from '../memory/redo-log.js';
import type { SharedMemory } from '../memory/slab.js';
import { PageLists } from './page-lists.js';
import { PagePool } from './page-pool.js';

/** No page became empty in this step. */
const NONE = -1;

export class Cells {
  readonly classes: ClassTable;
  readonly pool: PagePool;
  /** Page record and class of the cell that `choose` chose, and what its free list goes on with. */
  private record = 0;
  private classId = 0;
  private nextFree = 0;
  /** The cell comes from the untouched end of the page. */
  private bumped = false;
  private readonly memory: SharedMemory;
  private readonly control: Int32Array;
  private readonly log: RedoLog;
  private readonly lists: PageLists;
  private readonly pageUnitShift: number;
  private readonly firstUnits: number[];
  private readonly firstPage: readonly number[];
  private emptied = NONE;

  constructor(memory: SharedMemory, log: RedoLog) {
    this.memory = memory;
    this.control = memory.control;
    this.log = log;
    this.lists = new PageLists(memory, log);
    this.pageUnitShift = memory.geometry.pageShift - UNIT_BYTE_SHIFT;
    this.firstUnits = memory.geometry.firstPageAddress.map((address) => address / UNIT_LENGTH);
    this.firstPage = memory.geometry.firstPage;
    this.classes = classTable(memory.geometry.pageShift);
    this.pool = new PagePool(memory);
  }

  /** Index of the page that holds an address. */
  pageOf(address: number): number {
    const slab = slabOf(address);
    const unit = (address & SLAB_UNIT_MASK) - this.firstUnits[slab];
    return this.firstPage[slab] + (unit >>> this.pageUnitShift);
  }

  /** Word index of the record of a page. */
  recordOf(page: number): number {
    return this.lists.recordOf(page);
  }

  /** Class id of the cell at an address. */
  classIdOf(address: number): number {
    return this.control[this.recordOf(this.pageOf(address)) + Page.classId];
  }

  private roomOf(record: number, classId: number): number {
    return this.classes.cellCounts[classId] - this.control[record + Page.usedCount];
  }

  /** Makes sure that `choose(classId)` finds a cell. Runs steps of its own: nothing may be staged. */
  ensureRoom(header: number, partitionIndex: number, classId: number): boolean {
    const needsSpare =
      classId <= this.classes.cellClassCount && this.control[header + Partition.spares + classId] === 0;
    return this.ensure(header, partitionIndex, classId, needsSpare ? 2 : 1);
  }

  /** The same for the spare of the class, which may be its last cell. */
  ensureLastRoom(header: number, partitionIndex: number, classId: number): boolean {
    return this.ensure(header, partitionIndex, classId, 1);
  }

  private ensure(header: number, partitionIndex: number, classId: number, cells: number): boolean {
    const control = this.control;
    const page = control[header + Partition.classPages + classId] - 1;
    const room = page < 0 ? 0 : this.roomOf(this.recordOf(page), classId);
    if (room >= cells) return true;
    const listed = this.lists.first(header, classId);
    if (room > 0) return listed >= 0 || this.acquire(header, partitionIndex, classId, true);
    if (listed < 0 && !this.acquire(header, partitionIndex, classId, false)) return false;
    if (listed >= 0) this.promote(header, listed, classId);
    return this.ensure(header, partitionIndex, classId, cells);
  }

  /** Makes a listed page the class page; the former one is full. */
  private promote(header: number, page: number, classId: number): void {
    this.log.open(header);
    this.lists.stageUnlink(header, page, classId);
    this.log.stage(0, header + Partition.classPages + classId, page + 1);
    this.log.commit();
  }

  /** Takes a page from the pool: into the list of the class, or as its class page. */
  private acquire(header: number, partitionIndex: number, classId: number, listed: boolean): boolean {
    const page = this.pool.take(partitionIndex);
    if (page < 0) return false;
    const log = this.log;
    log.open(header);
    this.lists.stageNew(header, page, classId, this.pool.startOf(page));
    if (listed) this.lists.stageLink(header, page, classId);
    else log.stage(0, header + Partition.classPages + classId, page + 1);
    log.stage(0, header + Partition.pageCount, this.control[header + Partition.pageCount] + 1);
    log.stage(0, header + Partition.pageStep, 0);
    log.commit();
    return true;
  }

  /** Chooses a free cell of the class, without staging anything, after room was ensured. Returns its address. */
  choose(header: number, classId: number): number {
    const control = this.control;
    const record = this.recordOf(control[header + Partition.classPages + classId] - 1);
    const free = control[record + Page.freeHead];
    this.record = record;
    this.classId = classId;
    this.bumped = free === 0;
    if (free === 0) {
      this.nextFree = 0;
      return control[record + Page.start] + control[record + Page.bumpCount] * this.classes.cellUnits[classId];
    }
    this.nextFree = this.memory.words[slabOf(free)][cellOf(free) + FreeCell.next];
    return free;
  }

  /** Stages taking the chosen cell. */
  stageTake(header: number): void {
    this.stageKeep();
    this.stageUnits(header, this.classes.cellUnits[this.classId]);
  }

  /** Stages taking the chosen cell as a spare, which is not counted among the units in use. */
  stageKeep(): void {
    const { log, control, record } = this;
    if (this.bumped) log.stage(0, record + Page.bumpCount, control[record + Page.bumpCount] + 1);
    else log.stage(0, record + Page.freeHead, this.nextFree);
    log.stage(0, record + Page.usedCount, control[record + Page.usedCount] + 1);
  }

  /** Stages freeing a cell. At most one page can become empty per step; `settle` releases it after the commit. */
  stageFree(header: number, address: number): void {
    const classId = this.stageReturn(header, address);
    this.stageUnits(header, -this.classes.cellUnits[classId]);
  }

  /** Stages freeing a cell in the step that took one of another class. */
  stageExchange(header: number, address: number): void {
    const classId = this.stageReturn(header, address);
    this.stageUnits(header, this.classes.cellUnits[this.classId] - this.classes.cellUnits[classId]);
  }

  private isClassFull(header: number, classId: number): boolean {
    const page = this.control[header + Partition.classPages + classId] - 1;
    return page < 0 || this.roomOf(this.recordOf(page), classId) === 0;
  }

  private stageUnits(header: number, delta: number): void {
    const at = header + Partition.usedUnits;
    this.log.stage(0, at, this.control[at] + delta);
  }

  private stageFreeCell(address: number, next: number): void {
    const slab = slabOf(address);
    const cell = cellOf(address);
    // A segment or directory chunk has no identity word: what stands there is covered by its next user.
    this.log.stage(slab, cell + FreeCell.identity, IDENTITY_FREE);
    this.log.stage(slab, cell + FreeCell.next, next);
  }

  /** Stages that a cell goes back to its page; returns its class. */
  private stageReturn(header: number, address: number): number {
    const { log, control } = this;
    const page = this.pageOf(address);
    const record = this.recordOf(page);
    const classId = control[record + Page.classId];
    const used = control[record + Page.usedCount] - 1;
    this.stageFreeCell(address, control[record + Page.freeHead]);
    log.stage(0, record + Page.freeHead, address);
    log.stage(0, record + Page.usedCount, used);
    const classPage = control[header + Partition.classPages + classId];
    if (control[record + Page.linked] === 0 && classPage !== page + 1) {
      if (this.isClassFull(header, classId)) log.stage(0, header + Partition.classPages + classId, page + 1);
      else this.lists.stageLink(header, page, classId);
    }
    if (used === 0 || (used === 1 && this.holdsSpare(header, page, classId))) this.emptied = page;
    return classId;
  }

  private holdsSpare(header: number, page: number, classId: number): boolean {
    const spare = this.control[header + Partition.spares + classId];
    return spare !== 0 && this.pageOf(spare) === page;
  }

  /** Whether a page holds nothing, or nothing but the spare of its class. */
  private isEmpty(header: number, page: number): boolean {
    const record = this.recordOf(page);
    const used = this.control[record + Page.usedCount];
    return used === 0 || (used === 1 && this.holdsSpare(header, page, this.control[record + Page.classId]));
  }

  /** Whether an empty page can go: its class keeps its spare or has other room, or has no other page at all. */
  private mayRelease(header: number, page: number): boolean {
    const control = this.control;
    const classId = control[this.recordOf(page) + Page.classId];
    if (control[header + Partition.classCounts + classId] === 1) return true;
    const spare = control[header + Partition.spares + classId];
    if (spare !== 0 && this.pageOf(spare) !== page) return true;
    const classPage = control[header + Partition.classPages + classId] - 1;
    if (classPage !== page && !this.isClassFull(header, classId)) return true;
    const listed = this.lists.first(header, classId);
    return listed >= 0 && (listed !== page || control[this.recordOf(page) + Page.next] !== 0);
  }

  /**
   * After a commit: returns the page that its frees emptied to the pool, unless it is its class's page, or must stay.
   */
  settle(header: number, partitionIndex: number): void {
    const page = this.emptied;
    if (page === NONE) return;
    this.emptied = NONE;
    if (this.control[this.recordOf(page) + Page.linked] === 0) return;
    if (this.isEmpty(header, page) && this.mayRelease(header, page)) this.release(header, partitionIndex, page);
  }

  /** Forgets an emptied page of a step that was given up. */
  forget(): void {
    this.emptied = NONE;
  }

  /** Returns an empty page to the pool, in a step of its own. A spare in it is given up. */
  release(header: number, partitionIndex: number, page: number): void {
    const { control, log } = this;
    const record = this.recordOf(page);
    const classId = control[record + Page.classId];
    log.open(header);
    if (this.holdsSpare(header, page, classId)) log.stage(0, header + Partition.spares + classId, 0);
    if (control[record + Page.linked] !== 0) this.lists.stageUnlink(header, page, classId);
    if (control[header + Partition.classPages + classId] === page + 1) {
      log.stage(0, header + Partition.classPages + classId, 0);
    }
    if (classId > this.classes.cellClassCount) {
      log.stageSequence(0, header + Partition.indexEpoch, control[header + Partition.indexEpoch] + 2);
    }
    log.stage(0, header + Partition.pageCount, control[header + Partition.pageCount] - 1);
    this.lists.stageCount(header, classId, -1);
    log.stage(0, header + Partition.pageStep, page + 1);
    log.stage(0, record + Page.classId, 0);
    log.commit();
    this.pool.settleStep(header, partitionIndex);
  }

  /** Returns every empty page of the partition. For when the pool is exhausted. */
  releaseEmpty(header: number, partitionIndex: number): number {
    let released = 0;
    const releaseIfEmpty = (page: number): void => {
      if (page < 0 || !this.isEmpty(header, page) || !this.mayRelease(header, page)) return;
      this.release(header, partitionIndex, page);
      released++;
    };
    for (let classId = 1; classId <= this.classes.classCount; classId++) {
      releaseIfEmpty(this.control[header + Partition.classPages + classId] - 1);
      for (let page = this.lists.first(header, classId); page >= 0; ) {
        const next = this.control[this.recordOf(page) + Page.next] - 1;
        releaseIfEmpty(page);
        page = next;
      }
    }
    return released;
  }
}
