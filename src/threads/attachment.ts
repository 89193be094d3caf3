/**
 * One thread's part in one cache: its registry slot, its table, its encoders and counters, and the doorbell by which
 * other threads reach it. A thread has at most one attachment per cache. When it ends, every reference to the shared
 * memory is dropped, so that the memory is free once all threads have left.
 */
import { COUNTER_SLOTS, Registry } from '../../native-layout/registry.js';
import { CacheState, Superblock } from '../../native-layout/superblock.js';
import { KeyEncoder } from '../codec/key-encoder.js';
import { ValueEncoder } from '../codec/value-encoder.js';
import { CacheError, show } from '../errors.js';
import { loadWord, parkAsyncOn, parkOn, storeWord } from '../memory/atomics.js';
import type { SharedMemory } from '../memory/slab.js';
import type { ResolvedOptions } from '../options.js';
import { Counter, counterBlock } from '../stats/counters.js';
import { Table } from '../table/table.js';
import { type CacheHandle, withdrawHandle } from './handle.js';
import { LazyErrors } from './lazy-errors.js';
import { ThreadRegistry } from './registry.js';

export class Attachment {
  readonly id: string;
  readonly options: ResolvedOptions;
  /** Raised by every operation that encodes: tells it whether user code used the cache meanwhile. */
  turn = 0;
  readonly keys: KeyEncoder;
  /** Encodes partition values where they differ from keys. */
  readonly partitionValues: KeyEncoder;
  readonly values: ValueEncoder;
  counters: Float64Array;
  /** Called once when another thread stops the cache. */
  onStopped: () => void = () => this.detach();
  /** Called once when this thread has left the cache. */
  onDetached: () => void = () => {};
  private table: Table | undefined;
  private handleInUse: CacheHandle | undefined;
  private registryInUse: ThreadRegistry | undefined;
  private lazyErrors: LazyErrors | undefined;
  private drainIsDue = false;
  /** Whether the cache had been stopped when this thread left it. */
  private wasStopped = false;

  /** `role` is 0 for a client, owner index + 1 for an owner. */
  constructor(handle: CacheHandle, memory: SharedMemory, role: number) {
    this.id = handle.id;
    this.options = handle.options;
    this.handleInUse = handle;
    const registry = claimSlot(memory, role);
    this.registryInUse = registry;
    this.table = new Table(memory, registry);
    registry.sweepInto(this.table);
    registry.sweepGone();
    const seed = memory.control[Superblock.hashSeed];
    this.keys = new KeyEncoder(seed);
    this.partitionValues = new KeyEncoder(seed);
    this.values = new ValueEncoder();
    this.counters = counterBlock(memory, registry.slotWord);
    this.lazyErrors = new LazyErrors(this.options.name, this.table);
    this.table.drain.onStored = (count) => {
      this.counters[Counter.put] += count;
    };
    this.table.drain.onFailed = () => registry.ringAll();
    this.table.lazy.onBuffered = () => this.drainSoon();
    void this.answerDoorbell(memory.control, registry.slotWord + Registry.doorbell);
  }

  /** The table, for the operation `op`. Throws if the cache was stopped or this thread has left it. */
  open(op: string): Table {
    const table = this.table;
    if (table === undefined || table.partitions.stopped) throw this.closed(op);
    return table;
  }

  private closed(op: string): CacheError {
    const name = show(this.options.name);
    if (this.stopped) return new CacheError('STOPPED', `cache ${name} was stopped`, { op });
    return new CacheError('NOT_STARTED', `this thread has detached from cache ${name}`, { op });
  }

  handle(op: string): CacheHandle {
    this.open(op);
    return this.handleInUse as CacheHandle;
  }

  registry(op: string): ThreadRegistry {
    this.open(op);
    return this.registryInUse as ThreadRegistry;
  }

  get stopped(): boolean {
    return this.table === undefined ? this.wasStopped : this.table.partitions.stopped;
  }

  get detached(): boolean {
    return this.table === undefined;
  }

  /**
   * Waits for the doorbell as long as the thread is attached. Rung by who waits for a lock of this thread: if an
   * exception left one held, it is mended here, between two turns of the event loop. Rung by `stop`, and by `detach`.
   * The wait does not keep the event loop alive.
   */
  private async answerDoorbell(control: Int32Array, doorbell: number): Promise<void> {
    let rung = loadWord(control, doorbell);
    while (this.table !== undefined && !this.stopped) {
      await parkAsyncOn(control, doorbell, rung);
      rung = loadWord(control, doorbell);
      this.letGo();
      this.lazyErrors?.publish();
    }
    if (!this.detached) this.onStopped();
  }

  /** Without owners a thread applies its lazy writes itself, when it has come to the end of what it does. */
  private drainSoon(): void {
    if (this.drainIsDue) return;
    this.drainIsDue = true;
    setImmediate(() => {
      this.drainIsDue = false;
      if (this.table !== undefined && !this.stopped) this.table.lazy.settleAll();
    });
  }

  /** Applies what all threads have written lazily before. */
  flush(op: string): void {
    this.open(op).flush();
  }

  /** Lets go of what an exception thrown out of an operation left: locks, a reservation, a hazard. */
  private letGo(): void {
    const { table, registryInUse } = this;
    if (table === undefined || registryInUse === undefined) return;
    if (table.partitions.abandoned) table.partitions.mendOwn();
    table.drain.letGo();
    table.freeReservationOf(registryInUse.slotWord);
    storeWord(table.memory.control, registryInUse.slotWord + Registry.hazard, 0);
  }

  /** Applies what was written lazily, marks the cache as stopped for all threads, and wakes them. */
  stop(): void {
    const { table, registryInUse } = this;
    if (table === undefined) return;
    try {
      if (!this.stopped) table.flush();
    } finally {
      storeWord(table.memory.control, Superblock.state, CacheState.stopped);
      registryInUse?.ringAll();
    }
  }

  /** Gives the slot back and lets go of the memory. Idempotent. */
  detach(): void {
    const { table, registryInUse, handleInUse } = this;
    if (table === undefined || registryInUse === undefined) return;
    this.letGo();
    this.wasStopped = table.partitions.stopped;
    if (!this.wasStopped) table.lazy.close();
    this.lazyErrors?.publish();
    this.lazyErrors = undefined;
    if (this.wasStopped && handleInUse !== undefined) withdrawHandle(handleInUse);
    this.table = undefined;
    this.registryInUse = undefined;
    this.handleInUse = undefined;
    this.counters = new Float64Array(COUNTER_SLOTS);
    registryInUse.detach();
    this.onDetached();
  }
}

/** Claims a slot; if all are taken, sweeps up after threads that are gone and tries again. */
function claimSlot(memory: SharedMemory, role: number): ThreadRegistry {
  try {
    return new ThreadRegistry(memory, role);
  } catch (error) {
    if (!isTooMany(error)) throw error;
    for (let tries = 0; ; tries++) {
      if (sweepBySpare(memory)) return new ThreadRegistry(memory, role);
      // Another thread has the spare slot: for the time of a sweep.
      if (tries === SPARE_TRIES) throw error;
      parkOn(nobodyWakes, 0, 0, 1);
    }
  }
}

/** Times a thread waits a millisecond for the spare slot. */
const SPARE_TRIES = 200;
const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

function sweepBySpare(memory: SharedMemory): boolean {
  let registry: ThreadRegistry;
  try {
    registry = new ThreadRegistry(memory, 0, 'spare');
  } catch (error) {
    if (!isTooMany(error)) throw error;
    return false;
  }
  try {
    registry.sweepInto(new Table(memory, registry));
    registry.sweepGone();
  } finally {
    registry.detach();
  }
  return true;
}

function isTooMany(error: unknown): boolean {
  return CacheError.is(error) && error.code === 'ERR_SUPERCACHE_TOO_MANY_THREADS';
}
