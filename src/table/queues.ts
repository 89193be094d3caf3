/**
 * The queues of a partition that evicts: index hashes in order of arrival, in chains of cells. Only the holder of the
 * partition's lock may call.
 *
 * Invariants
 * 1. Every entry has a record in some queue, pushed in the step that makes it visible; so it can be evicted. Records
 *    may outlive their entries.
 * 2. Cells join and leave a chain as a step of the redo log, together with `headEnd` or `tailStart`. A record counts
 *    from the store of `pushed` on, and no more from the store of `popped` on: each is right before and after. Who
 *    moves a record pushes first, so a death leaves it twice, not never.
 */
import { IDENTITY_QUEUE } from '../../native-layout/entry.js';
import {
  PolicyState,
  QUEUE_CELL_LENGTH,
  QUEUE_COUNT,
  QUEUE_RECORDS,
  Queue,
  QueueCell,
} from '../../native-layout/policy.js';
import { classOf } from '../../native-layout/size-class.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { Partitions } from './partitions.js';

export class Queues {
  private readonly partitions: Partitions;
  private readonly control: Int32Array;
  private readonly classId = classOf(QUEUE_CELL_LENGTH);
  private header = 0;
  private partitionIndex = 0;
  private first = 0;

  constructor(partitions: Partitions) {
    this.partitions = partitions;
    this.control = partitions.control;
  }

  open(header: number, partitionIndex: number): void {
    this.header = header;
    this.partitionIndex = partitionIndex;
    this.first = header + this.partitions.memory.geometry.policyOffset + PolicyState.queues;
  }

  private rootOf(queue: number): number {
    return this.first + queue * Queue.sizeWords;
  }

  /** Records of a queue. */
  length(queue: number): number {
    const root = this.rootOf(queue);
    return (this.control[root + Queue.pushed] - this.control[root + Queue.popped]) | 0;
  }

  /** Records of all queues. */
  total(): number {
    let sum = 0;
    for (let queue = 0; queue < QUEUE_COUNT; queue++) sum += this.length(queue);
    return sum;
  }

  /** Makes sure that a queue takes another record. Runs steps of its own. False: there is no memory. */
  ensure(queue: number): boolean {
    const { control, header, partitionIndex, classId } = this;
    const root = this.rootOf(queue);
    if (control[root + Queue.head] !== 0 && control[root + Queue.pushed] !== control[root + Queue.headEnd]) return true;
    this.dropTail(queue);
    const { cells, log } = this.partitions;
    if (!cells.ensureRoom(header, partitionIndex, classId)) return false;
    log.open(header);
    const cell = cells.choose(header, classId);
    const head = control[root + Queue.head];
    log.stage(slabOf(cell), cellOf(cell) + QueueCell.next, 0);
    log.stage(slabOf(cell), cellOf(cell) + QueueCell.identity, IDENTITY_QUEUE);
    if (head === 0) {
      log.stage(0, root + Queue.tail, cell);
      log.stage(0, root + Queue.tailStart, control[root + Queue.pushed]);
      log.stage(0, root + Queue.popped, control[root + Queue.pushed]);
    } else {
      log.stage(slabOf(head), cellOf(head) + QueueCell.next, cell);
    }
    log.stage(0, root + Queue.head, cell);
    log.stage(0, root + Queue.headEnd, (control[root + Queue.pushed] + QUEUE_RECORDS) | 0);
    cells.stageTake(header);
    log.commit();
    return true;
  }

  /** Frees the oldest cell if no record in it counts any more. */
  private dropTail(queue: number): void {
    const { control, header } = this;
    const root = this.rootOf(queue);
    const tail = control[root + Queue.tail];
    const start = control[root + Queue.tailStart];
    if (tail === 0 || ((control[root + Queue.popped] - start) | 0) < QUEUE_RECORDS) return;
    const { cells, log, slabs } = this.partitions;
    const next = slabs[slabOf(tail)][cellOf(tail) + QueueCell.next];
    log.open(header);
    log.stage(0, root + Queue.tail, next);
    log.stage(0, root + Queue.tailStart, (start + QUEUE_RECORDS) | 0);
    if (next === 0) log.stage(0, root + Queue.head, 0);
    cells.stageFree(header, tail);
    log.commit();
    cells.settle(header, this.partitionIndex);
  }

  /** Stages a record, in the step that makes its entry visible; `ensure` has succeeded. */
  stagePush(queue: number, hash: number): void {
    const { control } = this;
    const { log } = this.partitions;
    const root = this.rootOf(queue);
    const [slab, word] = this.placeOfNext(root);
    log.stage(slab, word, hash);
    log.stage(0, root + Queue.pushed, (control[root + Queue.pushed] + 1) | 0);
  }

  /** Adds a record at once. False: there is no memory. */
  push(queue: number, hash: number): boolean {
    if (!this.ensure(queue)) return false;
    const root = this.rootOf(queue);
    const [slab, word] = this.placeOfNext(root);
    this.partitions.slabs[slab][word] = hash;
    this.control[root + Queue.pushed] = (this.control[root + Queue.pushed] + 1) | 0;
    return true;
  }

  private placeOfNext(root: number): [slab: number, word: number] {
    const { control } = this;
    const head = control[root + Queue.head];
    const index = (control[root + Queue.pushed] - control[root + Queue.headEnd] + QUEUE_RECORDS) | 0;
    return [slabOf(head), cellOf(head) + QueueCell.sizeWords + index];
  }

  /** The oldest record of a queue that is not empty. */
  peek(queue: number): number {
    this.dropTail(queue);
    const root = this.rootOf(queue);
    const tail = this.control[root + Queue.tail];
    const index = (this.control[root + Queue.popped] - this.control[root + Queue.tailStart]) | 0;
    return this.partitions.slabs[slabOf(tail)][cellOf(tail) + QueueCell.sizeWords + index];
  }

  /** Drops the oldest record of a queue that is not empty. */
  pop(queue: number): void {
    const at = this.rootOf(queue) + Queue.popped;
    this.control[at] = (this.control[at] + 1) | 0;
    this.dropTail(queue);
  }

  /** Visits every record, oldest first. */
  forEach(queue: number, visit: (hash: number) => void): void {
    const { control } = this;
    const root = this.rootOf(queue);
    let cell = control[root + Queue.tail];
    let start = control[root + Queue.tailStart];
    for (let at = control[root + Queue.popped]; at !== control[root + Queue.pushed]; at = (at + 1) | 0) {
      while (((at - start) | 0) >= QUEUE_RECORDS) {
        cell = this.partitions.slabs[slabOf(cell)][cellOf(cell) + QueueCell.next];
        start = (start + QUEUE_RECORDS) | 0;
      }
      visit(this.partitions.slabs[slabOf(cell)][cellOf(cell) + QueueCell.sizeWords + ((at - start) | 0)]);
    }
  }

  /** The cells of all queues. */
  cells(): number[] {
    const found: number[] = [];
    for (let queue = 0; queue < QUEUE_COUNT; queue++) {
      for (let cell = this.control[this.rootOf(queue) + Queue.tail]; cell !== 0; ) {
        found.push(cell);
        cell = this.partitions.slabs[slabOf(cell)][cellOf(cell) + QueueCell.next];
      }
    }
    return found;
  }

  /** What leads a walk over a queue astray, in words: cells that are not in `known`, or records outside the cells. */
  astray(queue: number, known: ReadonlySet<number>): string | undefined {
    const { control } = this;
    const root = this.rootOf(queue);
    let count = 0;
    for (let cell = control[root + Queue.tail]; cell !== 0; count++) {
      if (!known.has(cell) || count === known.size) return `queue ${queue} leads to ${cell}`;
      cell = this.partitions.slabs[slabOf(cell)][cellOf(cell) + QueueCell.next];
    }
    const passed = (control[root + Queue.popped] - control[root + Queue.tailStart]) | 0;
    const length = this.length(queue);
    if (length === 0 && count === 0) return undefined;
    const inside = passed >= 0 && length >= 0 && passed + length <= count * QUEUE_RECORDS;
    return inside ? undefined : `queue ${queue} has ${length} records behind ${passed}, in ${count} cells`;
  }

  /** Forgets all queues, whose cells the caller frees: for a partition that is being rebuilt. */
  forget(): void {
    this.control.fill(0, this.first, this.first + QUEUE_COUNT * Queue.sizeWords);
  }
}
