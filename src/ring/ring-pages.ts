/**
 * The pages of rings: taken from the pool for a registry slot, all given back together.
 *
 * Invariants
 * 1. The owner word of a page names the slot; it changes from 0 by compare-and-swap, and by a store to 0. `ringed` of
 *    the slot is set before the first page is taken. So whoever sweeps the slot finds every page, whatever the thread
 *    was doing when it died.
 * 2. Pages are taken under the control lock, which counts those that rings have: never more than their part.
 * 3. A ring's address is cleared before its pages go, under the role of its consumer; see `table/drain.ts` for why no
 *    redo log names them any more.
 */
import { PAGE_FREE } from '../../native-layout/page.js';
import { Registry } from '../../native-layout/registry.js';
import { MAX_RING_PAGES, RING_PART_SHIFT, RingHeader, ringHeaderWords, ringOwnerOf } from '../../native-layout/ring.js';
import { Superblock } from '../../native-layout/superblock.js';
import { SLAB_UNIT_MASK, SLAB_UNIT_SHIFT, UNIT_BYTE_SHIFT, UNIT_LENGTH } from '../../native-layout/units.js';
import { cellOf, slabOf } from '../memory/address.js';
import { addWord, casWord, loadWord, storeWord } from '../memory/atomics.js';
import type { SharedMemory } from '../memory/slab.js';

/** Pages that rings have, over all threads. Walks the owner table. */
export function countRingPages({ control, geometry }: SharedMemory): number {
  let count = 0;
  for (let page = 0; page < geometry.pageCount; page++) if (control[geometry.ownerTableWord + page] < 0) count++;
  return count;
}

/** The largest power of two of pages that the slot may have for one more ring; 0: none. */
function allowance(memory: SharedMemory): number {
  const { pageCount, pageShift } = memory.geometry;
  const left = (pageCount >> RING_PART_SHIFT) - countRingPages(memory);
  if (left < 1) return 0;
  const wanted = memory.control[Superblock.ringLength] / 2 ** pageShift;
  // Half of what is left, so that there is something for the threads that come later.
  const most = Math.max(1, Math.min(MAX_RING_PAGES, wanted, left / 2));
  return 2 ** Math.floor(Math.log2(most));
}

/**
 * Takes pages for a ring of the slot and fills in its header. The caller holds the control lock and is the thread of
 * the slot. Returns the address of the header, 0 if there is no room.
 */
export function takeRing(memory: SharedMemory, slot: number): number {
  const { control, geometry } = memory;
  const wanted = allowance(memory);
  if (wanted === 0) return 0;
  storeWord(control, geometry.registryWord + slot * Registry.sizeWords + Registry.ringed, 1);
  const pages: number[] = [];
  // From the end: partitions take from the start of their slabs.
  for (let page = geometry.pageCount - 1; page >= 0 && pages.length < wanted; page--) {
    const at = geometry.ownerTableWord + page;
    if (control[at] === PAGE_FREE && casWord(control, at, PAGE_FREE, ringOwnerOf(slot)) === PAGE_FREE) pages.push(page);
  }
  const kept = pages.length === 0 ? 0 : 2 ** Math.floor(Math.log2(pages.length));
  for (const page of pages.slice(kept)) storeWord(control, geometry.ownerTableWord + page, PAGE_FREE);
  if (kept === 0) return 0;
  const addresses = pages.slice(0, kept).map((page) => addressOfPage(memory, page));
  const words = memory.words[slabOf(addresses[0])];
  const head = cellOf(addresses[0]);
  const first = ringHeaderWords(kept);
  words[head + RingHeader.applied] = first;
  words[head + RingHeader.produced] = first;
  words[head + RingHeader.pageCount] = kept;
  for (let i = 0; i < kept; i++) words[head + RingHeader.sizeWords + i] = addresses[i];
  return addresses[0];
}

/** Gives back every page of the slot's rings. None of them has an address any more. */
export function freeRingPages(memory: SharedMemory, slot: number): void {
  const { control, geometry } = memory;
  const ringed = geometry.registryWord + slot * Registry.sizeWords + Registry.ringed;
  if (loadWord(control, ringed) === 0) return;
  const owner = ringOwnerOf(slot);
  for (let page = 0; page < geometry.pageCount; page++) {
    const at = geometry.ownerTableWord + page;
    if (control[at] === owner) storeWord(control, at, PAGE_FREE);
  }
  addWord(control, Superblock.releasedPages, 1);
  storeWord(control, ringed, 0);
}

/** Index of the page that starts at an address. */
export function pageOfAddress({ geometry }: SharedMemory, address: number): number {
  const slab = slabOf(address);
  const bytes = (address & SLAB_UNIT_MASK) * UNIT_LENGTH - geometry.firstPageAddress[slab];
  return geometry.firstPage[slab] + bytes / 2 ** geometry.pageShift;
}

function addressOfPage({ geometry }: SharedMemory, page: number): number {
  let slab = 0;
  while (page >= geometry.firstPage[slab + 1]) slab++;
  const bytes = geometry.firstPageAddress[slab] + (page - geometry.firstPage[slab]) * 2 ** geometry.pageShift;
  return (slab << SLAB_UNIT_SHIFT) | (bytes >>> UNIT_BYTE_SHIFT);
}
