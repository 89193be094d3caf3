/** Checks the rings of a cache while nobody uses them. For tests and repair: walks the owner table and all records. */
import { ringColumns } from '../../native-layout/geometry.js';
import { PAGE_FREE } from '../../native-layout/page.js';
import { Registry } from '../../native-layout/registry.js';
import { RING_PART_SHIFT, RingHeader, RingSlot, ringOwnerOf } from '../../native-layout/ring.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { SharedMemory } from '../memory/slab.js';
import { RecordReader } from './record-reader.js';
import { Ring } from './ring.js';
import { countRingPages, pageOfAddress } from './ring-pages.js';

/**
 * The first law that does not hold, in words.
 * 1. Every page of a ring is owned by its slot, and in one ring only; every page that a slot owns is in a ring of it.
 * 2. From `applied` to `produced`, no further apart than the ring is long, stand valid records.
 * 3. Rings have no more than their part of the pages; a slot that has some says so.
 */
export function verifyRings(memory: SharedMemory): string | undefined {
  const { geometry } = memory;
  const seen = new Set<number>();
  const broken = eachRing(
    memory,
    (address, slot) => pagesOf(memory, address, slot, seen) ?? recordsOf(memory, address),
  );
  if (broken !== undefined) return broken;
  const owned = countRingPages(memory);
  if (owned !== seen.size) return `rings own ${owned} pages and use ${seen.size}`;
  const most = geometry.pageCount >> RING_PART_SHIFT;
  return owned > most ? `rings have ${owned} pages, allowed are ${most}` : undefined;
}

/** The part of it that holds at every moment: what has the address of a ring has its pages. */
export function ringsWithoutPages(memory: SharedMemory): string | undefined {
  const seen = new Set<number>();
  return eachRing(memory, (address, slot) => pagesOf(memory, address, slot, seen));
}

function eachRing(
  { control, geometry }: SharedMemory,
  check: (address: number, slot: number) => string | undefined,
): string | undefined {
  for (let i = 0; i < ringColumns(geometry) * geometry.threadSlots; i++) {
    const address = control[geometry.ringWord + i * RingSlot.sizeWords + RingSlot.address];
    if (address === 0) continue;
    const slot = i % geometry.threadSlots;
    const name = `ring of slot ${slot} for owner ${Math.floor(i / geometry.threadSlots)}`;
    const broken = check(address, slot);
    if (broken !== undefined) return `${name}: ${broken}`;
  }
  return undefined;
}

function pagesOf(memory: SharedMemory, address: number, slot: number, seen: Set<number>): string | undefined {
  const { control, geometry, words } = memory;
  const head = words[slabOf(address)];
  const at = cellOf(address);
  const count = head[at + RingHeader.pageCount];
  if (count < 1 || (count & (count - 1)) !== 0) return `it has ${count} pages`;
  if (control[geometry.registryWord + slot * Registry.sizeWords + Registry.ringed] === 0) return 'its slot has no mark';
  for (let i = 0; i < count; i++) {
    const page = pageOfAddress(memory, head[at + RingHeader.sizeWords + i]);
    if (seen.has(page)) return `page ${page} is in it and in another`;
    seen.add(page);
    const owner = control[geometry.ownerTableWord + page];
    if (owner !== ringOwnerOf(slot)) return `page ${page} is ${owner === PAGE_FREE ? 'free' : `owned by ${owner}`}`;
  }
  return undefined;
}

function recordsOf(memory: SharedMemory, address: number): string | undefined {
  const ring = new Ring(memory);
  ring.open(address);
  const reader = new RecordReader(memory);
  if (ring.pendingWords < 0 || ring.pendingWords > ring.length) return `${ring.pendingWords} words wait`;
  const until = ring.produced;
  for (let position = ring.applied; position !== until; position = reader.end) {
    if (!reader.read(ring, position, until)) return `at position ${position} stands no record`;
  }
  return undefined;
}
