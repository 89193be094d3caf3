/**
 * Expiry marks: how sweepers find what has expired without looking at everything. A page knows a mark that is at most
 * that of its first entry to expire, and a partition one that is at most those of its pages. Only the holder of the
 * partition's lock calls.
 *
 * Invariants
 * 1. A mark is lowered before the entry that asks for it is published, by one store; so a death in between leaves a
 *    mark that is too early, which costs a look. It is raised by one store, to what a look at all entries found.
 * 2. A sweep of a partition takes many critical sections, in which entries are written behind its back: those lower
 *    `earliestSince` too. Whoever begins a sweep raises `expirySweep` and empties `earliestSince`, and only the last
 *    who began may set the mark of the partition in the end. A sweep that is not ended leaves the mark as it is.
 */
import { Entry, Flag, NEVER } from '../../native-layout/entry.js';
import { Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { expiryOf } from './entry-times.js';
import { isEntry } from './entry-view.js';
import { earlierMark, markOf } from './lifetime.js';
import { forEachCell, forEachPage } from './page-walk.js';
import type { Partitions } from './partitions.js';

/** Makes sure that an entry at an address is found when it has expired; called before it is published. */
export function lowerMarks(partitions: Partitions, header: number, address: number, expiry: number): void {
  if (expiry === NEVER) return;
  const { cells } = partitions;
  const mark = markOf(expiry);
  lower(partitions.control, cells.recordOf(cells.pageOf(address)) + Page.earliest, mark);
  lower(partitions.control, header + Partition.earliest, mark);
  lower(partitions.control, header + Partition.earliestSince, mark);
}

function lower(control: Int32Array, word: number, mark: number): void {
  const now = control[word];
  if (now === 0 || mark < now) control[word] = mark;
}

/** Whether a cell holds an entry with expiry words. */
export function isTimed(words: Int32Array, cell: number): boolean {
  const identity = words[cell + Entry.identity];
  if (!isEntry(identity)) return false;
  return (words[cell + Entry.shape] & Flag.expires) !== 0;
}

/** The mark of the first entry of a page to expire, found by looking at all of them. 0: none does. */
export function earliestIn(partitions: Partitions, header: number, record: number): number {
  let earliest = 0;
  forEachCell(partitions, header, record, (_address, words, cell) => {
    if (!isTimed(words, cell)) return;
    const expiry = expiryOf(words, cell, words[cell + Entry.shape]);
    if (expiry !== NEVER) earliest = earlierMark(earliest, markOf(expiry));
  });
  return earliest;
}

/** Begins a sweep of a partition. Returns its number, for `endSweep`. */
export function beginSweep(control: Int32Array, header: number): number {
  const sweep = (control[header + Partition.expirySweep] + 1) | 0;
  // In this order: whoever began before must not end on what is emptied here.
  control[header + Partition.expirySweep] = sweep;
  control[header + Partition.earliestSince] = 0;
  return sweep;
}

/** Ends a sweep that found `earliest` in the pages, unless another one began meanwhile. */
export function endSweep(control: Int32Array, header: number, sweep: number, earliest: number): void {
  if (control[header + Partition.expirySweep] !== sweep) return;
  control[header + Partition.earliest] = earlierMark(earliest, control[header + Partition.earliestSince]);
}

/** Makes all marks of a partition anew. */
export function rebuildMarks(partitions: Partitions, header: number, partitionIndex: number): void {
  const { control } = partitions;
  let earliest = 0;
  forEachPage(partitions, partitionIndex, (_page, record) => {
    control[record + Page.earliest] = earliestIn(partitions, header, record);
    earliest = earlierMark(earliest, control[record + Page.earliest]);
  });
  control[header + Partition.earliest] = earliest;
  control[header + Partition.earliestSince] = earliest;
}

/** The mark that is later than it may be, in words, or undefined. */
export function brokenMark(partitions: Partitions, header: number, partitionIndex: number): string | undefined {
  const { control } = partitions;
  const said = control[header + Partition.earliest];
  let broken: string | undefined;
  forEachPage(partitions, partitionIndex, (page, record) => {
    const mark = control[record + Page.earliest];
    const found = earliestIn(partitions, header, record);
    if (earlierMark(mark, found) !== mark) broken ??= `page ${page}: an entry has mark ${found}, the page says ${mark}`;
    else if (found !== 0 && earlierMark(said, found) !== said) {
      broken ??= `page ${page}: an entry has mark ${found}, the partition says ${said}`;
    }
  });
  return broken;
}
