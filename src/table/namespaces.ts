/**
 * The namespace table: from names to slots, and the generations that make clearing immediate. Any attached thread may
 * call.
 *
 * Invariants
 * 1. A slot is published by the store of its tag, after kind and name; it keeps its name for good.
 * 2. Registration happens under the control lock. A death before the tag is stored leaves the slot free.
 * 3. A clear changes tags and then raises clearEpoch, under the control lock. If its thread dies between, whoever takes
 *    the lock over sees the word `clearing` and raises it, so that what was cleared is swept.
 * 4. Generations wrap after 64. Before so many clears are unswept, the next one sweeps first; so no entry outlives its
 *    generation by 64.
 */
import {
  MAX_NAMESPACE_NAME_LENGTH,
  Namespace,
  NamespaceKind,
  TAG_GENERATION_MASK,
  TAG_SLOT_SHIFT,
  TUPLE_NAMESPACE,
} from '../../native-layout/namespace.js';
import { NamespaceCount, Partition } from '../../native-layout/partition.js';
import { Superblock } from '../../native-layout/superblock.js';
import { CacheError, mistake, show } from '../errors.js';
import { loadWord, storeWord } from '../memory/atomics.js';
import type { Partitions } from './partitions.js';
import type { Upkeep } from './upkeep.js';

/** Unswept clears from which a clear sweeps first. */
const MOST_UNSWEPT = 30;

export class Namespaces {
  private readonly partitions: Partitions;
  private readonly upkeep: Upkeep;
  private readonly known = new Map<string, number>();

  constructor(partitions: Partitions, upkeep: Upkeep) {
    this.partitions = partitions;
    this.upkeep = upkeep;
  }

  private tagWord(slot: number): number {
    return this.partitions.memory.geometry.namespaceWord + slot * Namespace.sizeWords + Namespace.tag;
  }

  /** The tag of a namespace in its present generation. */
  tagOf(slot: number): number {
    return loadWord(this.partitions.control, this.tagWord(slot));
  }

  /** Makes the slot of the tuples; the starter calls once. */
  createTuples(): void {
    this.publish(TUPLE_NAMESPACE, NamespaceKind.tuples, Buffer.alloc(0));
  }

  /** The slot of a named key-value, registered if it is new. */
  slotOf(name: string, op: string): number {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const bytes = Buffer.from(name);
    if (bytes.length === 0 || bytes.length > MAX_NAMESPACE_NAME_LENGTH) {
      const allowed = `a non-empty string of at most ${MAX_NAMESPACE_NAME_LENGTH} bytes of UTF-8`;
      throw mistake('BAD_OPTION', `namespace is ${show(name)}, allowed is ${allowed}`, { op });
    }
    this.partitions.enterControl();
    const slot = this.find(bytes);
    if (slot.isNew) this.publish(slot.index, NamespaceKind.keyValue, bytes);
    this.partitions.leaveControl();
    if (slot.index === 0) {
      const count = this.partitions.memory.geometry.namespaceSlots - 2;
      throw new CacheError('FULL', `all ${count} namespaces are in use; ${show(name)} is one too many`, { op });
    }
    this.known.set(name, slot.index);
    return slot.index;
  }

  /** The name of a key-value; undefined for the tuples. */
  nameOf(slot: number): string | undefined {
    const { control, memory } = this.partitions;
    const at = this.tagWord(slot);
    if (control[at + Namespace.kind] !== NamespaceKind.keyValue) return undefined;
    const start = (at + Namespace.name) << 2;
    return Buffer.from(memory.bytes[0].subarray(start, start + control[at + Namespace.nameLength])).toString();
  }

  /** The slot with this name, or the first free one; index 0: neither. */
  private find(name: Buffer): { index: number; isNew: boolean } {
    const { control, memory } = this.partitions;
    for (let index = TUPLE_NAMESPACE + 1; index < memory.geometry.namespaceSlots; index++) {
      const at = this.tagWord(index);
      if (loadWord(control, at) === 0) return { index, isNew: true };
      if (control[at + Namespace.nameLength] !== name.length) continue;
      const start = (at + Namespace.name) << 2;
      if (memory.bytes[0].compare(name, 0, name.length, start, start + name.length) === 0) {
        return { index, isNew: false };
      }
    }
    return { index: 0, isNew: false };
  }

  private publish(index: number, kind: number, name: Buffer): void {
    const { control, memory } = this.partitions;
    const at = this.tagWord(index);
    control[at + Namespace.kind] = kind;
    control[at + Namespace.nameLength] = name.length;
    name.copy(memory.bytes[0], (at + Namespace.name) << 2);
    storeWord(control, at, index << TAG_SLOT_SHIFT);
  }

  /** Entries of a namespace. Exact when no write is under way; time in proportion to the partitions. */
  size(slot: number): number {
    const { control, count } = this.partitions;
    const tag = loadWord(control, this.tagWord(slot));
    let size = 0;
    for (let index = 0; index < count; index++) size += this.sizeIn(index, slot, tag);
    return size;
  }

  sizeIn(partitionIndex: number, slot: number, tag = loadWord(this.partitions.control, this.tagWord(slot))): number {
    const { control } = this.partitions;
    const at = this.partitions.countWord(this.partitions.headerOf(partitionIndex), slot);
    return control[at + NamespaceCount.tag] === tag ? control[at + NamespaceCount.count] : 0;
  }

  /** Clears every namespace. Entries are gone for all threads when this has changed the tags; then frees them. */
  clearAll(): void {
    const { control, memory } = this.partitions;
    for (;;) {
      if (this.unswept() > MOST_UNSWEPT) this.upkeep.sweepAll();
      this.partitions.enterControl();
      if (this.unswept() <= MOST_UNSWEPT) break;
      this.partitions.leaveControl();
    }
    storeWord(control, Superblock.clearing, 1);
    for (let slot = TUPLE_NAMESPACE; slot < memory.geometry.namespaceSlots; slot++) {
      const at = this.tagWord(slot);
      const tag = loadWord(control, at);
      if (tag === 0) break;
      storeWord(control, at, (tag & ~TAG_GENERATION_MASK) | ((tag + 1) & TAG_GENERATION_MASK));
    }
    this.partitions.finishClear();
    this.partitions.leaveControl();
    this.partitions.self.liveness.sweepGone();
    this.upkeep.sweepAll();
  }

  private unswept(): number {
    const { control, count } = this.partitions;
    const epoch = loadWord(control, Superblock.clearEpoch);
    let most = 0;
    for (let index = 0; index < count; index++) {
      const header = this.partitions.headerOf(index);
      most = Math.max(most, (epoch - control[header + Partition.sweptEpoch]) | 0);
    }
    return most;
  }
}
