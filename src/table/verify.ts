/**
 * The conservation laws of a partition, walked. Takes the partition's lock for as long as the walk lasts, so it is for
 * tests and for repair.
 *
 * 0. Every address and count leads to where something can stand (`bounds.ts`): the walk ends, whatever it finds.
 * 1. Page: used cells + free cells = cells handed out ≤ cells of the class, a spare being a used one; a page with room
 *    is the page of its class or in the list of its class, and no other page is; lists are linked both ways.
 * 2. Every live entry stands in the index exactly once, at a bucket its home leads to; the index names nothing else.
 * 3. Counts: entries, units, entries per namespace generation.
 * 4. Every entry has a version of its own, and none is above that of the partition.
 * 5. Every chunk is led to exactly once: by an entry, a retired entry or a reservation.
 * 6. Expiry marks: none of a page or a partition is later than those of its entries.
 * 7. In a cache that evicts: the cells of queues are those that the queues lead to, and every entry has a record.
 * 8. Nothing is under way: log idle, no page step, no growing segment, no pending entry, no odd sequence.
 */
import { BUCKET_SLOTS, BUCKET_WORD_SHIFT, Bucket } from '../../native-layout/bucket.js';
import {
  Chunk,
  Entry,
  Flag,
  FreeCell,
  IDENTITY_CHUNK,
  IDENTITY_FREE,
  IDENTITY_QUEUE,
  IDENTITY_RETIRED,
  IDENTITY_TAG_SHIFT,
  RetiredCell,
} from '../../native-layout/entry.js';
import { Page } from '../../native-layout/page.js';
import { NamespaceCount, Partition } from '../../native-layout/partition.js';
import { Registry } from '../../native-layout/registry.js';
import { cellOf, slabOf } from '../memory/address.js';
import { outOfBounds } from './bounds.js';
import { EntryHash } from './entry-hash.js';
import { chunkHeadWord, isChained, valueLengthOf } from './entry-view.js';
import { brokenMark } from './expiry-marks.js';
import { forEachCell, forEachPage } from './page-walk.js';
import type { Partitions } from './partitions.js';
import { Slot } from './slot.js';
import { queueFault } from './verify-queues.js';
import { versionFault } from './verify-versions.js';
import { END_POSITION, segmentAt } from './walk.js';

/** The first law that is broken, in words, or undefined. */
export function verify(partitions: Partitions, partitionIndex: number): string | undefined {
  const header = partitions.enter(partitionIndex);
  const broken = new Walker(partitions, header, partitionIndex).broken();
  partitions.leave(header);
  return broken === undefined ? undefined : `partition ${partitionIndex}: ${broken}`;
}

class Walker {
  readonly #partitions: Partitions;
  readonly #header: number;
  readonly #index: number;
  readonly #entries = new Set<number>();
  readonly #chunks = new Set<number>();
  readonly #retired = new Set<number>();
  readonly #queueCells = new Set<number>();

  constructor(partitions: Partitions, header: number, partitionIndex: number) {
    this.#partitions = partitions;
    this.#header = header;
    this.#index = partitionIndex;
  }

  broken(): string | undefined {
    return (
      this.#idle() ??
      this.#bounds() ??
      this.#pages() ??
      this.#indexed() ??
      this.#counts() ??
      versionFault(this.#partitions, this.#header, this.#entries) ??
      this.#chains() ??
      brokenMark(this.#partitions, this.#header, this.#index) ??
      queueFault(this.#partitions, this.#header, this.#index, this.#entries, this.#queueCells)
    );
  }

  #field(word: number): number {
    return this.#partitions.control[this.#header + word];
  }

  #idle(): string | undefined {
    const underWay = [
      ['log state', Partition.logState],
      ['page step', Partition.pageStep],
      ['growing segment', Partition.growing],
      ['second growing segment', Partition.growing + 1],
      ['transaction', Partition.transaction],
      ['pending list', Partition.pendingHead],
    ] as const;
    for (const [name, word] of underWay) {
      if (this.#field(word) !== 0) return `${name} is ${this.#field(word)} while nothing is under way`;
    }
    return undefined;
  }

  #bounds(): string | undefined {
    return outOfBounds(this.#partitions, this.#header, this.#index);
  }

  #pages(): string | undefined {
    const { control, cells } = this.#partitions;
    let broken: string | undefined;
    let pages = 0;
    let units = 0;
    const byClass = new Map<number, number>();
    forEachPage(this.#partitions, this.#index, (page, record) => {
      pages++;
      const classId = control[record + Page.classId];
      byClass.set(classId, (byClass.get(classId) ?? 0) + 1);
      const used = control[record + Page.usedCount];
      const bump = control[record + Page.bumpCount];
      const inUse = used - (this.#holdsSpare(page, record) ? 1 : 0);
      units += inUse * cells.classes.cellUnits[classId];
      const free = this.#freeLength(record, bump);
      if (used + free !== bump) broken ??= `page ${page}: ${used} used + ${free} free ≠ ${bump} handed out`;
      else broken ??= this.#place(page, record, classId, used < cells.classes.cellCounts[classId]);
      broken ??= this.#cells(page, record, used);
    });
    for (let classId = 1; classId <= cells.classes.classCount; classId++) {
      const said = this.#field(Partition.classCounts + classId);
      if (said !== (byClass.get(classId) ?? 0))
        broken ??= `class ${classId} has ${byClass.get(classId)} pages, not ${said}`;
    }
    if (pages !== this.#field(Partition.pageCount))
      broken ??= `${pages} pages, header says ${this.#field(Partition.pageCount)}`;
    if (units !== this.#field(Partition.usedUnits))
      broken ??= `${units} units, header says ${this.#field(Partition.usedUnits)}`;
    return broken ?? this.#lists();
  }

  #place(page: number, record: number, classId: number, hasRoom: boolean): string | undefined {
    const linked = this.#partitions.control[record + Page.linked] !== 0;
    const isClassPage = this.#field(Partition.classPages + classId) === page + 1;
    if (linked && isClassPage) return `page ${page} is the class page and in the list`;
    if (linked && !hasRoom) return `page ${page} is full and in the list`;
    return hasRoom && !linked && !isClassPage ? `page ${page} has room and is in no list` : undefined;
  }

  #freeLength(record: number, limit: number): number {
    const { control, slabs } = this.#partitions;
    let length = 0;
    let address = control[record + Page.freeHead];
    while (address !== 0 && length <= limit) {
      length++;
      address = slabs[slabOf(address)][cellOf(address) + FreeCell.next];
    }
    return length;
  }

  #cells(page: number, record: number, used: number): string | undefined {
    let live = this.#holdsSpare(page, record) ? 1 : 0;
    let counted = false;
    forEachCell(this.#partitions, this.#header, record, (address, words, cell) => {
      counted = true;
      const identity = words[cell + Entry.identity];
      if (identity === IDENTITY_FREE) return;
      live++;
      if (identity === IDENTITY_CHUNK) this.#chunks.add(address);
      else if (identity === IDENTITY_RETIRED) this.#retired.add(address);
      else if (identity === IDENTITY_QUEUE) this.#queueCells.add(address);
      else this.#entries.add(address);
    });
    return counted && live !== used ? `page ${page}: ${live} cells hold something, ${used} are in use` : undefined;
  }

  #holdsSpare(page: number, record: number): boolean {
    const spare = this.#field(Partition.spares + this.#partitions.control[record + Page.classId]);
    return spare !== 0 && this.#partitions.cells.pageOf(spare) === page;
  }

  #lists(): string | undefined {
    const { control, cells } = this.#partitions;
    for (let classId = 1; classId <= cells.classes.classCount; classId++) {
      const classPage = this.#field(Partition.classPages + classId);
      if (classPage !== 0 && control[cells.recordOf(classPage - 1) + Page.classId] !== classId) {
        return `page ${classPage - 1} is the page of class ${classId}, and is not of that class`;
      }
      let previous = 0;
      for (let page = this.#field(Partition.classHeads + classId); page !== 0; ) {
        const record = cells.recordOf(page - 1);
        if (control[record + Page.classId] !== classId) return `page ${page - 1} is in the list of class ${classId}`;
        if (control[record + Page.previous] !== previous) return `page ${page - 1} does not link back`;
        previous = page;
        page = control[record + Page.next];
      }
    }
    return undefined;
  }

  #indexed(): string | undefined {
    const seen = new Set<number>();
    const slot = new Slot(this.#partitions);
    const hashes = new EntryHash(this.#partitions);
    for (let position = 0; position < END_POSITION; ) {
      const view = segmentAt(this.#partitions, this.#header, position);
      if (view === undefined) break;
      for (let i = 0; i < view.bucketCount * BUCKET_SLOTS; i++) {
        const bucket = view.segment + (Math.floor(i / BUCKET_SLOTS) << BUCKET_WORD_SHIFT);
        const address = view.words[bucket + Bucket.addresses + (i % BUCKET_SLOTS)];
        if ((view.words[bucket] & 1) !== 0) return `the sequence of bucket ${bucket} is odd`;
        if (address === 0) continue;
        if (seen.has(address)) return `entry ${address} stands in the index twice`;
        seen.add(address);
        if (!this.#entries.has(address)) return `the index names ${address}, which is no entry`;
        const words = this.#partitions.slabs[slabOf(address)];
        slot.locate(this.#header, hashes.of(words, cellOf(address)));
        slot.tag = words[cellOf(address) + Entry.identity] >>> IDENTITY_TAG_SHIFT;
        if (!slot.search(hashes) || slot.address !== address) return `entry ${address} is not found by its key`;
      }
      position = view.end;
    }
    return seen.size === this.#entries.size ? undefined : `${this.#entries.size} entries, ${seen.size} in the index`;
  }

  #counts(): string | undefined {
    const { control, slabs, memory } = this.#partitions;
    const said = this.#field(Partition.entryCount);
    if (said !== this.#entries.size) return `${this.#entries.size} entries, header says ${said}`;
    const byTag = new Map<number, number>();
    for (const address of this.#entries) {
      const words = slabs[slabOf(address)];
      if ((words[cellOf(address) + Entry.shape] & Flag.pending) !== 0) return `entry ${address} is still pending`;
      const tag = words[cellOf(address) + Entry.identity] >>> IDENTITY_TAG_SHIFT;
      byTag.set(tag, (byTag.get(tag) ?? 0) + 1);
    }
    for (let namespace = 1; namespace < memory.geometry.namespaceSlots; namespace++) {
      const at = this.#partitions.countWord(this.#header, namespace);
      const tag = control[at + NamespaceCount.tag];
      const count = control[at + NamespaceCount.count];
      const found = byTag.get(tag) ?? 0;
      if (count !== found) return `namespace ${namespace}: ${found} entries, the count says ${count}`;
    }
    return undefined;
  }

  #chains(): string | undefined {
    const { control, slabs, memory } = this.#partitions;
    const reached = new Set<number>();
    let retired = 0;
    for (let at = this.#field(Partition.retiredHead); at !== 0; retired++) {
      if (!this.#retired.has(at)) return `the list of retired entries names ${at}, which is none`;
      if (retired === this.#retired.size) return 'the list of retired entries leads in a circle';
      const words = slabs[slabOf(at)];
      this.#follow(words[cellOf(at) + RetiredCell.chunkHead], reached);
      at = words[cellOf(at) + RetiredCell.next];
    }
    if (retired !== this.#retired.size) return `${this.#retired.size} retired entries, ${retired} in their list`;
    for (const address of this.#entries) {
      const words = slabs[slabOf(address)];
      const cell = cellOf(address);
      const shape = words[cell + Entry.shape];
      if (!isChained(shape)) continue;
      const length = this.#follow(words[chunkHeadWord(cell)], reached);
      const said = valueLengthOf(words, cell, shape);
      if (length !== said) return `entry ${address}: its chunks hold ${length} bytes, its header says ${said}`;
    }
    const { registryWord, threadSlots } = memory.geometry;
    for (let i = 0, at = registryWord; i < threadSlots; i++, at += Registry.sizeWords) {
      if (control[at + Registry.reservationPartition] !== this.#index + 1) continue;
      this.#follow(control[at + Registry.reservationHead], reached);
    }
    return reached.size === this.#chunks.size
      ? undefined
      : `${this.#chunks.size} chunks, ${reached.size} of them belong to something`;
  }

  /** Marks the chunks of a chain, up to what is no chunk; returns their bytes. */
  #follow(head: number, reached: Set<number>): number {
    let length = 0;
    for (let chunk = head; this.#chunks.has(chunk) && !reached.has(chunk); ) {
      reached.add(chunk);
      const words = this.#partitions.slabs[slabOf(chunk)];
      length += words[cellOf(chunk) + Chunk.length];
      chunk = words[cellOf(chunk) + Chunk.next];
    }
    return length;
  }
}
