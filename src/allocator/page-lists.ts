/**
 * The lists of a partition's pages with room, one per size class, linked both ways through the page records. Everything
 * is staged in the redo log of the running step; at most one page is linked or unlinked per step and class.
 */
import { Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import type { RedoLog } from '../memory/redo-log.js';
import type { SharedMemory } from '../memory/slab.js';

export class PageLists {
  private readonly control: Int32Array;
  private readonly log: RedoLog;
  private readonly pageTableWord: number;

  constructor(memory: SharedMemory, log: RedoLog) {
    this.control = memory.control;
    this.log = log;
    this.pageTableWord = memory.geometry.pageTableWord;
  }

  /** Word index of the record of a page. */
  recordOf(page: number): number {
    return this.pageTableWord + page * Page.sizeWords;
  }

  /** First page of the list, or -1. */
  first(header: number, classId: number): number {
    return this.control[header + Partition.classHeads + classId] - 1;
  }

  /** Stages the record of a page that joins a class, not linked yet. */
  stageNew(header: number, page: number, classId: number, start: number): void {
    const { log } = this;
    const record = this.recordOf(page);
    log.stage(0, record + Page.classId, classId);
    log.stage(0, record + Page.freeHead, 0);
    log.stage(0, record + Page.usedCount, 0);
    log.stage(0, record + Page.bumpCount, 0);
    log.stage(0, record + Page.start, start);
    log.stage(0, record + Page.next, 0);
    log.stage(0, record + Page.previous, 0);
    log.stage(0, record + Page.linked, 0);
    log.stage(0, record + Page.earliest, 0);
    this.stageCount(header, classId, 1);
  }

  /** Stages a change of the number of pages of a class. */
  stageCount(header: number, classId: number, delta: number): void {
    const at = header + Partition.classCounts + classId;
    this.log.stage(0, at, this.control[at] + delta);
  }

  stageUnlink(header: number, page: number, classId: number): void {
    const { control, log } = this;
    const record = this.recordOf(page);
    const next = control[record + Page.next];
    const previous = control[record + Page.previous];
    if (previous === 0) log.stage(0, header + Partition.classHeads + classId, next);
    else log.stage(0, this.recordOf(previous - 1) + Page.next, next);
    if (next !== 0) log.stage(0, this.recordOf(next - 1) + Page.previous, previous);
    log.stage(0, record + Page.next, 0);
    log.stage(0, record + Page.previous, 0);
    log.stage(0, record + Page.linked, 0);
  }

  stageLink(header: number, page: number, classId: number): void {
    const log = this.log;
    const record = this.recordOf(page);
    const head = header + Partition.classHeads + classId;
    const first = this.control[head];
    log.stage(0, record + Page.next, first);
    log.stage(0, record + Page.previous, 0);
    log.stage(0, record + Page.linked, 1);
    log.stage(0, head, page + 1);
    if (first !== 0) log.stage(0, this.recordOf(first - 1) + Page.previous, page + 1);
  }
}
