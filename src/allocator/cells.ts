/**
 * Cells: the allocation units inside the pages of one partition. Only the holder of the partition's lock may call.
 *
 * Invariants
 * 1. In every page of a class: usedCount + length of its free list = bumpCount ≤ cells of a page. Cells behind bumpCount
 *    were never handed out and need no link, so taking a page is constant work.
 * 2. A page with room is in the list of its class, or was full when last looked at: full pages leave the list when an
 *    allocation meets them, and come back with the first cell that is freed.
 * 3. `take` and `free` stage their changes in the redo log of the running step; pages are taken and released in steps of
 *    their own, before and after it. The cell taken is the caller's only when the step commits.
 * 4. The last free cell of a class is kept for overwriting when the pool is empty: a full cache still replaces values by
 *    values of their class.
 */
import { FreeCell, IDENTITY_FREE } from '../../native-layout/entry.js';
import { Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { type ClassTable, classTable } from '../../native-layout/size-class.js';
import {
  SLAB_UNIT_MASK,
  SLAB_UNIT_SHIFT,
  UNIT_BYTE_SHIFT,
  UNIT_LENGTH,
  UNIT_WORD_SHIFT,
} from '../../native-layout/units.js';
import type { RedoLog } from '../memory/redo-log.js';
import type { SharedMemory } from '../memory/slab.js';
import { PagePool } from './page-pool.js';

/** No page became empty in this step. */
const NONE = -1;

export class Cells {
  readonly classes: ClassTable;
  readonly pool: PagePool;
  /** The link of the cell that `take` handed out last: what its free list goes on with. */
  takenNext = 0;
  readonly #memory: SharedMemory;
  readonly #control: Int32Array;
  readonly #log: RedoLog;
  readonly #pageUnitShift: number;
  readonly #firstUnits: number[];
  #emptied = NONE;

  constructor(memory: SharedMemory, log: RedoLog) {
    this.#memory = memory;
    this.#control = memory.control;
    this.#log = log;
    this.#pageUnitShift = memory.geometry.pageShift - UNIT_BYTE_SHIFT;
    this.#firstUnits = memory.geometry.firstPageAddress.map((address) => address / UNIT_LENGTH);
    this.classes = classTable(memory.geometry.pageShift);
    this.pool = new PagePool(memory);
  }

  /** Index of the page that holds an address. */
  pageOf(address: number): number {
    const slab = address >>> SLAB_UNIT_SHIFT;
    const unit = (address & SLAB_UNIT_MASK) - this.#firstUnits[slab];
    return this.#memory.geometry.firstPage[slab] + (unit >>> this.#pageUnitShift);
  }

  /** Word index of the record of a page. */
  recordOf(page: number): number {
    return this.#memory.geometry.pageTableWord + page * Page.sizeWords;
  }

  /**
   * Makes sure that `take(classId)` finds a cell. `cells` is 1 for an overwrite, which frees one afterwards, and 2 for
   * whatever stays, so that one is left. Runs steps of its own: nothing may be staged.
   */
  ensureRoom(header: number, partitionIndex: number, classId: number, cells: number): boolean {
    const control = this.#control;
    const head = header + Partition.classHeads + classId;
    for (;;) {
      const page = control[head] - 1;
      if (page < 0) return this.#acquire(header, partitionIndex, classId);
      const record = this.recordOf(page);
      const room = this.classes.cellCounts[classId] - control[record + Page.usedCount];
      if (room >= cells || (room > 0 && control[record + Page.next] !== 0)) return true;
      if (room > 0) return this.#acquire(header, partitionIndex, classId);
      this.#unlinkInStep(header, page, classId);
    }
  }

  /** Takes a page from the pool into the class, behind the head of its list. */
  #acquire(header: number, partitionIndex: number, classId: number): boolean {
    const page = this.pool.take(partitionIndex);
    if (page < 0) return false;
    const log = this.#log;
    const control = this.#control;
    const record = this.recordOf(page);
    const first = control[header + Partition.classHeads + classId];
    const behind = first === 0 ? 0 : control[this.recordOf(first - 1) + Page.next];
    log.open(header);
    log.stage(0, record + Page.classId, classId);
    log.stage(0, record + Page.freeHead, 0);
    log.stage(0, record + Page.usedCount, 0);
    log.stage(0, record + Page.bumpCount, 0);
    log.stage(0, record + Page.start, this.pool.startOf(page));
    log.stage(0, record + Page.next, behind);
    log.stage(0, record + Page.previous, first);
    log.stage(0, record + Page.linked, 1);
    if (first === 0) log.stage(0, header + Partition.classHeads + classId, page + 1);
    else log.stage(0, this.recordOf(first - 1) + Page.next, page + 1);
    if (behind !== 0) log.stage(0, this.recordOf(behind - 1) + Page.previous, page + 1);
    log.stage(0, header + Partition.pageCount, control[header + Partition.pageCount] + 1);
    log.stage(0, header + Partition.pageStep, 0);
    log.commit();
    return true;
  }

  /** Stages taking a cell of the class; `ensureRoom` has succeeded. Returns its address. */
  take(header: number, classId: number): number {
    const control = this.#control;
    const log = this.#log;
    const record = this.recordOf(control[header + Partition.classHeads + classId] - 1);
    const units = this.classes.cellUnits[classId];
    const free = control[record + Page.freeHead];
    let address = free;
    if (free !== 0) {
      const words = this.#memory.words[free >>> SLAB_UNIT_SHIFT];
      this.takenNext = words[((free & SLAB_UNIT_MASK) << UNIT_WORD_SHIFT) + FreeCell.next];
      log.stage(0, record + Page.freeHead, this.takenNext);
    } else {
      const bump = control[record + Page.bumpCount];
      address = control[record + Page.start] + bump * units;
      this.takenNext = 0;
      log.stage(0, record + Page.bumpCount, bump + 1);
    }
    log.stage(0, record + Page.usedCount, control[record + Page.usedCount] + 1);
    log.stage(0, header + Partition.usedUnits, log.read(0, header + Partition.usedUnits) + units);
    return address;
  }

  /** Stages freeing a cell. At most one page can become empty per step; `settle` releases it after the commit. */
  free(header: number, address: number): void {
    const log = this.#log;
    const page = this.pageOf(address);
    const record = this.recordOf(page);
    const classId = this.#control[record + Page.classId];
    const slab = address >>> SLAB_UNIT_SHIFT;
    const cell = (address & SLAB_UNIT_MASK) << UNIT_WORD_SHIFT;
    log.stage(slab, cell + FreeCell.zero, 0);
    log.stage(slab, cell + FreeCell.identity, IDENTITY_FREE);
    log.stage(slab, cell + FreeCell.next, log.read(0, record + Page.freeHead));
    this.#account(header, address, page, record, classId);
  }

  /** Stages freeing a cell of the index, whose first word is a sequence that must survive. */
  freeIndexCell(header: number, address: number): void {
    const log = this.#log;
    const page = this.pageOf(address);
    const record = this.recordOf(page);
    const classId = this.#control[record + Page.classId];
    const cell = (address & SLAB_UNIT_MASK) << UNIT_WORD_SHIFT;
    log.stage(address >>> SLAB_UNIT_SHIFT, cell + FreeCell.next, log.read(0, record + Page.freeHead));
    this.#account(header, address, page, record, classId);
  }

  #account(header: number, address: number, page: number, record: number, classId: number): void {
    const log = this.#log;
    const used = log.read(0, record + Page.usedCount) - 1;
    const units = this.classes.cellUnits[classId];
    log.stage(0, record + Page.freeHead, address);
    log.stage(0, record + Page.usedCount, used);
    log.stage(0, header + Partition.usedUnits, log.read(0, header + Partition.usedUnits) - units);
    if (log.read(0, record + Page.linked) === 0) this.#stageLink(header, page, record, classId);
    if (used === 0) this.#emptied = page;
  }

  /** After a commit: returns the page that its frees emptied, unless it is the only one of its class with room. */
  settle(header: number, partitionIndex: number): void {
    const page = this.#emptied;
    if (page === NONE) return;
    this.#emptied = NONE;
    const record = this.recordOf(page);
    if (this.#control[record + Page.next] === 0 && this.#control[record + Page.previous] === 0) return;
    if (this.#control[record + Page.usedCount] === 0) this.release(header, partitionIndex, page);
  }

  /** Forgets an emptied page of a step that was given up. */
  forget(): void {
    this.#emptied = NONE;
  }

  /** Returns an empty page to the pool, in a step of its own. */
  release(header: number, partitionIndex: number, page: number): void {
    const control = this.#control;
    const log = this.#log;
    const record = this.recordOf(page);
    const classId = control[record + Page.classId];
    log.open(header);
    if (control[record + Page.linked] !== 0) this.#stageUnlink(header, record, classId);
    if (classId > this.classes.cellClassCount) {
      log.stageSequence(0, header + Partition.indexEpoch, control[header + Partition.indexEpoch] + 2);
    }
    log.stage(0, header + Partition.pageCount, control[header + Partition.pageCount] - 1);
    log.stage(0, header + Partition.pageStep, page + 1);
    log.stage(0, record + Page.classId, 0);
    log.commit();
    this.pool.settleStep(header, partitionIndex);
  }

  /** Returns every empty page of the partition. For when the pool is exhausted. */
  releaseEmpty(header: number, partitionIndex: number): number {
    let released = 0;
    for (let classId = 1; classId <= this.classes.classCount; classId++) {
      let page = this.#control[header + Partition.classHeads + classId] - 1;
      while (page >= 0) {
        const record = this.recordOf(page);
        const next = this.#control[record + Page.next] - 1;
        if (this.#control[record + Page.usedCount] === 0) {
          this.release(header, partitionIndex, page);
          released++;
        }
        page = next;
      }
    }
    return released;
  }

  #unlinkInStep(header: number, page: number, classId: number): void {
    this.#log.open(header);
    this.#stageUnlink(header, this.recordOf(page), classId);
    this.#log.commit();
  }

  #stageUnlink(header: number, record: number, classId: number): void {
    const control = this.#control;
    const log = this.#log;
    const next = control[record + Page.next];
    const previous = control[record + Page.previous];
    if (previous === 0) log.stage(0, header + Partition.classHeads + classId, next);
    else log.stage(0, this.recordOf(previous - 1) + Page.next, next);
    if (next !== 0) log.stage(0, this.recordOf(next - 1) + Page.previous, previous);
    log.stage(0, record + Page.next, 0);
    log.stage(0, record + Page.previous, 0);
    log.stage(0, record + Page.linked, 0);
  }

  #stageLink(header: number, page: number, record: number, classId: number): void {
    const log = this.#log;
    const head = header + Partition.classHeads + classId;
    const first = log.read(0, head);
    log.stage(0, record + Page.next, first);
    log.stage(0, record + Page.previous, 0);
    log.stage(0, record + Page.linked, 1);
    log.stage(0, head, page + 1);
    if (first !== 0) log.stage(0, this.recordOf(first - 1) + Page.previous, page + 1);
  }
}
