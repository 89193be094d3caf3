/** Walking what a partition holds, page by page and cell by cell. Only the holder of the partition's lock may call. */
import { Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { Partitions } from './partitions.js';

/** Visits the pages that a partition holds. */
export function forEachPage(
  partitions: Partitions,
  partitionIndex: number,
  visit: (page: number, record: number) => void,
): void {
  const { control, memory, cells } = partitions;
  const { ownerTableWord, pageCount } = memory.geometry;
  for (let page = 0; page < pageCount; page++) {
    if (control[ownerTableWord + page] === partitionIndex + 1) visit(page, cells.recordOf(page));
  }
}

/** Visits the cells of a page that were handed out at least once, free ones too, but not the spare. */
export function forEachCell(
  partitions: Partitions,
  header: number,
  record: number,
  visit: (address: number, words: Int32Array, cell: number) => void,
): void {
  const { control, slabs, cells } = partitions;
  const classId = control[record + Page.classId];
  if (classId > cells.classes.cellClassCount) return;
  const units = cells.classes.cellUnits[classId];
  const start = control[record + Page.start];
  const spare = control[header + Partition.spares + classId];
  for (let i = 0; i < control[record + Page.bumpCount]; i++) {
    const address = start + i * units;
    if (address !== spare) visit(address, slabs[slabOf(address)], cellOf(address));
  }
}
