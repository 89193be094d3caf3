/** Threads without threads: several tables on one shared memory, in one thread, whose lives a test decides. */
import { geometry, namespaceSlotsFor, pageShiftFor, type Shape, slabLengthsFor } from '../../native-layout/geometry.js';
import { Partition } from '../../native-layout/partition.js';
import { type EvictionShape, type PolicyName, sketchWordsFor } from '../../native-layout/policy.js';
import { Registry } from '../../native-layout/registry.js';
import { ClockKind, LOCK_GENERATION_SHIFT } from '../../native-layout/superblock.js';
import { KeyEncoder } from '../../src/codec/key-encoder.js';
import { decodeValue } from '../../src/codec/value-decoder.js';
import { ValueEncoder } from '../../src/codec/value-encoder.js';
import { SharedMemory } from '../../src/memory/slab.js';
import type { Lifetime } from '../../src/table/lifetime.js';
import type { Outcome } from '../../src/table/outcome.js';
import { partitionOfHash } from '../../src/table/probe.js';
import { Table } from '../../src/table/table.js';
import { verify } from '../../src/table/verify.js';

export const SEED = 0x5eed;

/** How a cache evicts, with a sketch as `start` would make it. */
export function evictionShape(
  policy: PolicyName,
  memory: number,
  partitionCount: number,
  entryLimit = 0,
): EvictionShape {
  return { policy, entryLimit, sketchWords: sketchWordsFor(memory, partitionCount, entryLimit) };
}

/** A memory for tests. Its clock is the manual one: `actor.table.partitions.clock.advance`. */
export function makeMemory(
  memory: number,
  partitionCount: number,
  ownerCount = 1,
  ringLength = 16 * 1024,
  eviction?: EvictionShape,
): SharedMemory {
  const shape: Shape = {
    slabLengths: slabLengthsFor(memory, ownerCount),
    pageShift: pageShiftFor(memory, partitionCount),
    partitionCount,
    threadSlots: 8,
    namespaceSlots: namespaceSlotsFor(memory),
    ownerCount,
    ringLength,
    eviction,
  };
  geometry(shape);
  return SharedMemory.create(shape, SEED, ClockKind.manual);
}

/** One actor: a table and the encoders of its thread. */
export class Actor {
  readonly table: Table;
  readonly key = new KeyEncoder(SEED);
  readonly value = new ValueEncoder();
  /** Lock words of actors that are gone; shared by all actors of a test. */
  readonly gone: Set<number>;
  readonly lockWord: number;

  constructor(memory: SharedMemory, slot: number, gone: Set<number> = new Set()) {
    this.gone = gone;
    this.lockWord = (slot + 1) | (1 << LOCK_GENERATION_SHIFT);
    this.table = new Table(memory, {
      lockWord: this.lockWord,
      slotWord: memory.geometry.registryWord + slot * Registry.sizeWords,
      liveness: { isGone: (word) => gone.has(word), ring: () => {}, sweepGone: () => 0 },
    });
  }

  #route(key: unknown): number {
    this.key.encode(key, 'test');
    return partitionOfHash(this.key.hash, this.table.partitions.count);
  }

  put(namespaceSlot: number, key: unknown, value: unknown, ifAbsent = false, lifetime?: Lifetime): Outcome {
    this.value.encodeValue(value, 'test', key);
    const partition = this.#route(key);
    return this.table.put(partition, namespaceSlot, this.key, this.value, ifAbsent, lifetime);
  }

  lazyPut(namespaceSlot: number, key: unknown, value: unknown): boolean {
    this.value.encodeValue(value, 'test', key);
    return this.table.lazyPut(this.#route(key), namespaceSlot, this.key, this.value);
  }

  get(namespaceSlot: number, key: unknown): unknown {
    return this.table.read(this.#route(key), namespaceSlot, this.key) ? this.#decode() : undefined;
  }

  has(namespaceSlot: number, key: unknown): boolean {
    return this.table.has(this.#route(key), namespaceSlot, this.key);
  }

  remove(namespaceSlot: number, key: unknown): boolean {
    return this.table.remove(this.#route(key), namespaceSlot, this.key);
  }

  take(namespaceSlot: number, key: unknown): unknown {
    return this.table.take(this.#route(key), namespaceSlot, this.key) ? this.#decode() : undefined;
  }

  insertAll(namespaceSlot: number, entries: readonly (readonly [unknown, unknown])[], lifetime?: Lifetime): Outcome {
    const items = entries.map(([key, value]) => {
      const keyEncoder = new KeyEncoder(SEED);
      const valueEncoder = new ValueEncoder();
      keyEncoder.encode(key, 'test');
      valueEncoder.encodeValue(value, 'test', key);
      const partitionIndex = partitionOfHash(keyEncoder.hash, this.table.partitions.count);
      return { partitionIndex, key: keyEncoder, value: valueEncoder };
    });
    items.sort((a, b) => a.partitionIndex - b.partitionIndex);
    return this.table.insertAll(namespaceSlot, items, lifetime);
  }

  expire(namespaceSlot: number, key: unknown, ttl: number): Outcome {
    return this.table.expire(this.#route(key), namespaceSlot, this.key, ttl);
  }

  persist(namespaceSlot: number, key: unknown): boolean {
    return this.table.persist(this.#route(key), namespaceSlot, this.key);
  }

  remaining(namespaceSlot: number, key: unknown): number | undefined {
    return this.table.remaining(this.#route(key), namespaceSlot, this.key);
  }

  /** Moves the manual clock on. */
  advance(ms: number): void {
    this.table.partitions.clock.advance(ms);
  }

  /** Entries removed because they had expired. */
  get expired(): number {
    const { partitions } = this.table;
    const headers = Array.from({ length: partitions.count }, (_, index) => partitions.headerOf(index));
    return headers.reduce((sum, header) => sum + partitions.control[header + Partition.expiredLow], 0);
  }

  #decode(): unknown {
    const { copy } = this.table;
    return copy.text ?? decodeValue(copy.bytes, copy.start, copy.end, 'copy');
  }

  /** The first broken law of any partition. */
  verify(): string | undefined {
    for (let index = 0; index < this.table.partitions.count; index++) {
      const broken = verify(this.table.partitions, index);
      if (broken !== undefined) return broken;
    }
    return undefined;
  }
}
