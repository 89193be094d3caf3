/**
 * Pages: fixed pieces of a slab, each cut into cells of one size class, or free. The owner words are an array of
 * their own (searched for free pages); the rest of what is known of a page stands in its page record.
 */
import { struct } from './struct.js';
import { WORD_BYTE_SHIFT } from './units.js';

/** One word per page in the owner table: 0 free, else partition + 1. Changed by compare-and-swap only. */
export const PAGE_FREE = 0;

export const Page = struct(
  'page record',
  'what the owning partition knows of one page; guarded by the lock of that partition',
  [
    { name: 'classId', meaning: 'size class of its cells; 0: held, but not in use yet or no more' },
    { name: 'freeHead', meaning: 'address of the first freed cell; their links run through the cells' },
    { name: 'usedCount', meaning: 'cells in use' },
    { name: 'bumpCount', meaning: 'cells handed out at least once: those behind were never touched' },
    { name: 'next', meaning: 'next page in the list of its class, page index + 1' },
    { name: 'previous', meaning: 'previous page in the list of its class, page index + 1' },
    { name: 'linked', meaning: '1 while in the list of its class: it has room and is not the class page' },
    { name: 'start', meaning: 'address of its first cell; set when the page is taken, then constant' },
    {
      name: 'earliest',
      meaning: 'expiry mark, at most that of the first entry of the page to expire; 0: none does',
      readers: 'lock holder; sweepers, as a hint',
    },
  ],
);

/** Expiry marks are 1 + expiry / 64 ms, and no more than the largest positive word. */
export const EXPIRY_MARK_SHIFT = 6;
export const MAX_EXPIRY_MARK = 2 ** 31 - 1;

export const MIN_PAGE_SHIFT = 13;
export const MAX_PAGE_SHIFT = 16;
/** A cell is at most this part of a page, so that the remainder at a page's end stays below 1/8. */
export const MAX_CELL_PART_SHIFT = 3;
/** Index segments and directory chunks take this part of a page. */
export const SEGMENT_PART_SHIFT = 4;

/** log2 of the directory entries in one chunk. */
export function directoryChunkShift(pageShift: number): number {
  return pageShift - SEGMENT_PART_SHIFT - WORD_BYTE_SHIFT;
}
