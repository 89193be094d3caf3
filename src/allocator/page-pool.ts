/**
 * The page pool: all pages of all slabs, lent to partitions. Any thread may take a page for a partition whose lock it
 * holds; the pool itself has no lock, so a death here stops nobody.
 *
 * Invariants
 * 1. The owner word of a page is the truth: 0 is free, else partition + 1. It changes by compare-and-swap from 0, and
 *    by a store to 0 by the partition that holds it.
 * 2. Before the owner word changes, the partition's pageStep names the page. A page that is held but has no class is
 *    not in use, and only pageStep leads to it: healing returns it to the pool.
 * 3. `releasedPages` rises after a page was released. A search that found nothing remembers the count it began with,
 *    and until the count differs there is nothing to find.
 */
import { PAGE_FREE, Page } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { Superblock } from '../../native-layout/superblock.js';
import { SLAB_UNIT_SHIFT, UNIT_LENGTH } from '../../native-layout/units.js';
import { addWord, casWord, loadWord, storeWord } from '../memory/atomics.js';
import type { SharedMemory } from '../memory/slab.js';

export class PagePool {
  private readonly memory: SharedMemory;
  private readonly control: Int32Array;
  /** Where the last search ended, per slab: pages before are most likely taken. */
  private readonly hints: Int32Array;
  private exhaustedAt = -1;

  constructor(memory: SharedMemory) {
    this.memory = memory;
    this.control = memory.control;
    this.hints = Int32Array.from(memory.geometry.firstPage.slice(0, memory.slabCount));
  }

  /** Takes a free page for the partition, from its owner's slabs first. Returns its index, or -1 if there is none. */
  take(partitionIndex: number): number {
    const control = this.control;
    const released = loadWord(control, Superblock.releasedPages);
    if (released === this.exhaustedAt) return -1;
    const { ownerCount, partitionCount, partitionWord, partitionStride } = this.memory.geometry;
    const { slabCount } = this.memory;
    const header = partitionWord + partitionIndex * partitionStride;
    const owners = Math.max(1, Math.min(ownerCount, slabCount));
    const home = Math.floor((partitionIndex * owners) / partitionCount);
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < slabCount; i++) {
        const slab = (home + i) % slabCount;
        if ((slab % owners === home) !== (pass === 0)) continue;
        const page = this.takeFrom(slab, header, partitionIndex + 1);
        if (page >= 0) return page;
      }
    }
    this.exhaustedAt = released;
    return -1;
  }

  private takeFrom(slab: number, header: number, owner: number): number {
    const control = this.control;
    const { firstPage, ownerTableWord } = this.memory.geometry;
    const first = firstPage[slab];
    const count = firstPage[slab + 1] - first;
    let page = this.hints[slab];
    for (let tried = 0; tried < count; tried++, page++) {
      if (page === first + count) page = first;
      if (control[ownerTableWord + page] !== PAGE_FREE) continue;
      control[header + Partition.pageStep] = page + 1;
      if (casWord(control, ownerTableWord + page, PAGE_FREE, owner) === PAGE_FREE) {
        this.hints[slab] = page;
        return page;
      }
    }
    control[header + Partition.pageStep] = 0;
    return -1;
  }

  /** Finishes a release or undoes a taking: the page named by pageStep, if it is held without being in use. */
  settleStep(header: number, partitionIndex: number): void {
    const control = this.control;
    const { ownerTableWord, pageTableWord, firstPage } = this.memory.geometry;
    const page = control[header + Partition.pageStep] - 1;
    if (page < 0) return;
    const record = pageTableWord + page * Page.sizeWords;
    const mine = loadWord(control, ownerTableWord + page) === partitionIndex + 1;
    if (mine && control[record + Page.classId] === 0) storeWord(control, ownerTableWord + page, PAGE_FREE);
    addWord(control, Superblock.releasedPages, 1);
    const slab = firstPage.findIndex((first, i) => page >= first && page < firstPage[i + 1]);
    this.hints[slab] = page;
    storeWord(control, header + Partition.pageStep, 0);
  }

  /** Address of the first cell of a page. */
  startOf(page: number): number {
    const { firstPage, firstPageAddress, pageShift } = this.memory.geometry;
    let slab = 0;
    while (page >= firstPage[slab + 1]) slab++;
    return addressOf(slab, firstPageAddress[slab] + (page - firstPage[slab]) * 2 ** pageShift);
  }

  /** Pages no partition holds. Walks the owner table: for statistics and verification. */
  countFree(): number {
    const { ownerTableWord, pageCount } = this.memory.geometry;
    let free = 0;
    for (let page = 0; page < pageCount; page++) if (this.control[ownerTableWord + page] === PAGE_FREE) free++;
    return free;
  }
}

function addressOf(slab: number, byteAddress: number): number {
  return (slab << SLAB_UNIT_SHIFT) | (byteAddress / UNIT_LENGTH);
}
