/** What `stats()` and `inspect()` say, read from shared memory without messages and without locks. */
import { Namespace } from '../../native-layout/namespace.js';
import { Page } from '../../native-layout/page.js';
import { NamespaceCount, Partition } from '../../native-layout/partition.js';
import { PolicyState } from '../../native-layout/policy.js';
import { CLAIM_STATE_MASK, ClaimState, Registry } from '../../native-layout/registry.js';
import { classTable } from '../../native-layout/size-class.js';
import { LOCK_SLOT_MASK, Superblock } from '../../native-layout/superblock.js';
import { LAYOUT_VERSION, UNIT_LENGTH, WORD_LENGTH } from '../../native-layout/units.js';
import { loadWord } from '../memory/atomics.js';
import type { SharedMemory } from '../memory/slab.js';
import type { CacheStats, Inspection, PartitionStats, SizeClassReport, ThreadReport } from '../types.js';
import { sumCounters } from './counters.js';
import { countLazyErrors, ringReports } from './rings.js';

export function readStats(memory: SharedMemory): CacheStats {
  const counters = sumCounters(memory);
  const partitions = Array.from({ length: memory.geometry.partitionCount }, (_, i) => partitionStats(memory, i));
  const reads = counters.hit + counters.miss;
  return {
    entries: partitions.reduce((sum, { entries }) => sum + entries, 0),
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    memory: memory.length,
    hitCount: counters.hit,
    missCount: counters.miss,
    hitRate: reads === 0 ? 0 : counters.hit / reads,
    putCount: counters.put,
    removeCount: counters.remove,
    refusedCount: counters.refused,
    lazyErrors: countLazyErrors(memory),
    loadSuccessCount: 0,
    loadFailureCount: 0,
    totalLoadTime: 0,
    expirationCount: expiredEntries(memory),
    ...evictionSums(memory),
    healCount: loadWord(memory.control, Superblock.healCount),
    threads: threadReports(memory, () => true).length,
    partitions,
  };
}

function expiredEntries(memory: SharedMemory): number {
  const { control, geometry } = memory;
  let sum = 0;
  for (let index = 0; index < geometry.partitionCount; index++) {
    const header = memory.headerWord(index);
    sum += (control[header + Partition.expiredLow] >>> 0) + control[header + Partition.expiredHigh] * 2 ** 32;
  }
  return sum;
}

/** Entries evicted, and bytes of their cells. */
function evictionSums(memory: SharedMemory): { evictionCount: number; evictionWeight: number } {
  const { partitionCount, policyOffset, eviction } = memory.geometry;
  const { control } = memory;
  let evictionCount = 0;
  let units = 0;
  for (let index = 0; eviction !== undefined && index < partitionCount; index++) {
    const state = memory.headerWord(index) + policyOffset;
    evictionCount += control[state + PolicyState.evictions] >>> 0;
    const at = state + PolicyState.evictedUnits;
    units += (control[at] >>> 0) + (control[at + 1] >>> 0) * 2 ** 32;
  }
  return { evictionCount, evictionWeight: units * UNIT_LENGTH };
}

function partitionStats(memory: SharedMemory, index: number): PartitionStats {
  const { control } = memory;
  const header = memory.headerWord(index);
  return {
    entries: liveEntries(memory, header),
    bytes: (control[header + Partition.usedUnits] >>> 0) * UNIT_LENGTH,
    pages: control[header + Partition.pageCount],
  };
}

/** Entries of all namespaces in their present generation: cleared ones do not count, though they may still be there. */
function liveEntries(memory: SharedMemory, header: number): number {
  const { control } = memory;
  const { namespaceSlots, namespaceWord } = memory.geometry;
  let entries = 0;
  for (let slot = 1; slot < namespaceSlots; slot++) {
    const tag = control[namespaceWord + slot * Namespace.sizeWords + Namespace.tag];
    if (tag === 0) break;
    const at = header + Partition.sizeWords + slot * NamespaceCount.sizeWords;
    if (control[at + NamespaceCount.tag] === tag) entries += control[at + NamespaceCount.count];
  }
  return entries;
}

function threadReports(memory: SharedMemory, isAlive: (slotWord: number) => boolean): ThreadReport[] {
  const { control } = memory;
  const reports: ThreadReport[] = [];
  for (let slot = 0; slot < memory.geometry.threadSlots; slot++) {
    const at = memory.geometry.registryWord + slot * Registry.sizeWords;
    if ((loadWord(control, at + Registry.claim) & CLAIM_STATE_MASK) !== ClaimState.live) continue;
    const role = control[at + Registry.role] === 0 ? 'client' : 'owner';
    reports.push({ slot, threadId: control[at + Registry.threadId], role, alive: isAlive(at) });
  }
  return reports;
}

/**
 * Walks the page table: time in proportion to the pages. A spare is no used cell. `isAlive` looks at the slot at a word
 * index.
 */
export function readInspection(memory: SharedMemory, isAlive: (slotWord: number) => boolean): Inspection {
  const { control, geometry } = memory;
  const pageLength = 2 ** geometry.pageShift;
  const classes = classTable(geometry.pageShift);
  const pages = new Int32Array(classes.classCount + 1);
  const used = new Float64Array(classes.classCount + 1);
  let free = 0;
  let ringed = 0;
  for (let page = 0; page < geometry.pageCount; page++) {
    const record = geometry.pageTableWord + page * Page.sizeWords;
    const owner = control[geometry.ownerTableWord + page];
    if (owner === 0) free++;
    else if (owner < 0) ringed++;
    else {
      pages[control[record + Page.classId]]++;
      used[control[record + Page.classId]] += control[record + Page.usedCount];
    }
  }
  for (let partition = 0; partition < geometry.partitionCount; partition++) {
    const spares = memory.headerWord(partition) + Partition.spares;
    for (let id = 1; id <= classes.cellClassCount; id++) if (control[spares + id] !== 0) used[id]--;
  }
  const sizeClasses: SizeClassReport[] = [];
  let usedBytes = 0;
  for (let id = 1; id <= classes.classCount; id++) {
    if (pages[id] === 0) continue;
    const kind = id <= classes.cellClassCount ? 'cell' : id === classes.directoryClass ? 'directory' : 'segment';
    const cellLength = classes.cellUnits[id] * UNIT_LENGTH;
    usedBytes += used[id] * cellLength;
    sizeClasses.push({
      kind,
      cellLength,
      pages: pages[id],
      usedCells: used[id],
      cells: pages[id] * classes.cellCounts[id],
    });
  }
  const held = (geometry.pageCount - free - ringed) * pageLength;
  const fill = held === 0 ? 1 : usedBytes / held;
  return {
    layoutVersion: LAYOUT_VERSION,
    slabs: memory.buffers.map((buffer) => buffer.byteLength),
    controlLength: geometry.controlWords * WORD_LENGTH,
    pageLength,
    pages: { total: geometry.pageCount, free },
    sizeClasses,
    fill,
    fragmentation: 1 - fill,
    threads: threadReports(memory, isAlive),
    rings: ringReports(memory),
    locks: heldLocks(memory),
  };
}

function heldLocks(memory: SharedMemory): { partition: number; slot: number }[] {
  const held: { partition: number; slot: number }[] = [];
  for (let partition = 0; partition < memory.geometry.partitionCount; partition++) {
    const word = loadWord(memory.control, memory.headerWord(partition) + Partition.lock);
    if (word !== 0) held.push({ partition, slot: (word & LOCK_SLOT_MASK) - 1 });
  }
  return held;
}
