/**
 * Spare cells: of each size class a partition keeps one cell aside, the one that its next entry fills. An overwrite by
 * a value of the same class fills the spare and leaves the old cell as the next one, so that no page and no free list
 * changes. Only the holder of the partition's lock may call.
 *
 * Invariants
 * 1. A spare counts as a used cell of its page and stands in no free list. What is in it means nothing: the lock holder
 *    may have died while filling it, or it still holds the entry that was replaced. So whoever walks the cells of a
 *    page asks `holds`.
 * 2. As long as a class has entries, it has a spare or a free cell: a full cache still replaces values by values of
 *    their class.
 *
 * What a racing reader may see: the old cell being overwritten by the next entry; the sequence rose before.
 */
import { Partition } from '../../native-layout/partition.js';
import type { RedoLog } from '../memory/redo-log.js';
import type { SharedMemory } from '../memory/slab.js';
import type { Cells } from './cells.js';

export class Spares {
  private readonly control: Int32Array;
  private readonly log: RedoLog;
  private readonly cells: Cells;

  constructor(memory: SharedMemory, log: RedoLog, cells: Cells) {
    this.control = memory.control;
    this.log = log;
    this.cells = cells;
  }

  /** The spare of a class, which gets one if it has none. 0: there is no memory. Nothing may be staged. */
  ensure(header: number, partitionIndex: number, classId: number): number {
    const spare = this.control[header + Partition.spares + classId];
    return spare === 0 ? this.reserve(header, partitionIndex, classId) : spare;
  }

  private reserve(header: number, partitionIndex: number, classId: number): number {
    if (!this.cells.ensureLastRoom(header, partitionIndex, classId)) return 0;
    this.log.open(header);
    const spare = this.cells.choose(header, classId);
    this.log.stage(0, header + Partition.spares + classId, spare);
    this.cells.stageKeep();
    this.log.commit();
    return spare;
  }

  /** Stages that the spare is in use and a cell of its class follows; `ensureRoom` has succeeded. */
  stageNext(header: number, classId: number): void {
    this.log.stage(0, header + Partition.spares + classId, this.cells.choose(header, classId));
    this.cells.stageTake(header);
  }

  /** Stages that the spare is in use and the cell of the same class that it replaces follows. */
  stageSwap(header: number, classId: number, replaced: number): void {
    this.log.stage(0, header + Partition.spares + classId, replaced);
  }
}
