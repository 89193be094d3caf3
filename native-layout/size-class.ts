/**
 * Size classes of cells: every 16 bytes up to 128, then eight steps per doubling, so a cell is at most 12.5 % larger
 * than what it holds (jemalloc's spacing). Class ids start at 1; behind the cell classes come the index classes.
 */
import { Bucket } from './bucket.js';
import { MAX_CELL_PART_SHIFT, SEGMENT_PART_SHIFT } from './page.js';
import { check } from './struct.js';
import { UNIT_LENGTH, WORD_LENGTH } from './units.js';

const FINE_LIMIT = 128;
const FINE_CLASSES = FINE_LIMIT / UNIT_LENGTH;
const STEPS_SHIFT = 3;

export interface ClassTable {
  /** Units of a cell, by class id. */
  readonly cellUnits: Int32Array;
  /** Cells in a page, by class id. */
  readonly cellCounts: Int32Array;
  /** Number of cell classes; ids 1 … cellClassCount. */
  readonly cellClassCount: number;
  /** Class id of a new segment, and of one that has grown by half. */
  readonly segmentClass: number;
  readonly grownSegmentClass: number;
  readonly directoryClass: number;
  readonly classCount: number;
  /** Longest cell in bytes. */
  readonly maxCellLength: number;
}

/** Class id of the smallest cell that holds `length` bytes; `length` is at most the longest cell. */
export function classOf(length: number): number {
  if (length <= FINE_LIMIT) return (length + UNIT_LENGTH - 1) >>> 4;
  // floor(log2(length - 1)) names the doubling, the next three bits the step.
  const last = length - 1;
  const doubling = 31 - Math.clz32(last);
  const step = (last >>> (doubling - STEPS_SHIFT)) & 7;
  return FINE_CLASSES + ((doubling - 7) << STEPS_SHIFT) + step + 1;
}

/** Length in bytes of the cells of class `id`. */
export function classLength(id: number): number {
  if (id <= FINE_CLASSES) return id * UNIT_LENGTH;
  const index = id - FINE_CLASSES - 1;
  const doubling = 7 + (index >>> STEPS_SHIFT);
  return 2 ** doubling + ((index & 7) + 1) * 2 ** (doubling - STEPS_SHIFT);
}

/** Longest cell, in bytes, with pages of this length. */
export function maxCellLengthFor(pageShift: number): number {
  return 2 ** (pageShift - MAX_CELL_PART_SHIFT);
}

export function classTable(pageShift: number): ClassTable {
  const pageLength = 2 ** pageShift;
  const maxCellLength = maxCellLengthFor(pageShift);
  const cellClassCount = classOf(maxCellLength);
  const lengths = [0];
  for (let id = 1; id <= cellClassCount; id++) lengths.push(classLength(id));
  const segmentLength = 2 ** (pageShift - SEGMENT_PART_SHIFT);
  lengths.push(segmentLength, segmentLength + segmentLength / 2, segmentLength);
  return {
    cellUnits: Int32Array.from(lengths, (length) => length / UNIT_LENGTH),
    cellCounts: Int32Array.from(lengths, (length) => (length === 0 ? 0 : Math.floor(pageLength / length))),
    cellClassCount,
    segmentClass: cellClassCount + 1,
    grownSegmentClass: cellClassCount + 2,
    directoryClass: cellClassCount + 3,
    classCount: cellClassCount + 3,
    maxCellLength,
  };
}

/** Upper bound of class ids over all page lengths: the list heads in the partition header. */
export const MAX_CLASS_ID = classTable(16).classCount;

check(classOf(128) === 8 && classOf(129) === 9 && classLength(9) === 144, 'the coarse classes continue the fine ones');
check(classLength(classOf(8192)) === 8192, 'the longest cell is itself a class, so nothing is lost in it');
check(512 % (Bucket.sizeWords * WORD_LENGTH) === 0, 'the shortest segment is a whole number of buckets');
