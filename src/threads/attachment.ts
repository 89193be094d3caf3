/**
 * One thread's part in one cache: its registry slot, its table, its encoders and counters, and the doorbell by which
 * other threads reach it. A thread has at most one attachment per cache.
 */
import { Registry } from '../../native-layout/registry.js';
import { Superblock } from '../../native-layout/superblock.js';
import { KeyEncoder } from '../codec/key-encoder.js';
import { ValueEncoder } from '../codec/value-encoder.js';
import { CacheError, show } from '../errors.js';
import { loadWord, parkAsyncOn } from '../memory/atomics.js';
import type { SharedMemory } from '../memory/slab.js';
import type { ResolvedOptions } from '../options.js';
import { counterBlock } from '../stats/counters.js';
import { Table } from '../table/table.js';
import { type CacheHandle, isStopped } from './handle.js';
import { ThreadRegistry } from './registry.js';

export class Attachment {
  readonly handle: CacheHandle;
  readonly options: ResolvedOptions;
  readonly memory: SharedMemory;
  readonly registry: ThreadRegistry;
  /** Raised by every operation that encodes: tells it whether user code used the cache meanwhile. */
  turn = 0;
  readonly keys: KeyEncoder;
  /** Encodes partition values where they differ from keys. */
  readonly partitionValues: KeyEncoder;
  readonly values: ValueEncoder;
  readonly counters: Float64Array;
  /** Called once when the cache stops. */
  onStopped: () => void = () => {};
  private table: Table | undefined;

  constructor(handle: CacheHandle, memory: SharedMemory, role: number) {
    this.handle = handle;
    this.options = handle.options;
    this.memory = memory;
    this.registry = new ThreadRegistry(memory, role);
    this.table = new Table(memory, this.registry);
    const seed = memory.control[Superblock.hashSeed];
    this.keys = new KeyEncoder(seed);
    this.partitionValues = new KeyEncoder(seed);
    this.values = new ValueEncoder();
    this.counters = counterBlock(memory, this.registry.slotWord);
    this.answerDoorbell();
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

  get stopped(): boolean {
    return isStopped(this.handle);
  }

  get detached(): boolean {
    return this.table === undefined;
  }

  /**
   * Waits for the doorbell as long as the thread is attached. Rung by who waits for a lock of this thread: if an
   * exception left one held, it is mended here, between two turns of the event loop. Rung by `stop`. The wait does
   * not keep the event loop alive.
   */
  private async answerDoorbell(): Promise<void> {
    const { control } = this.memory;
    const doorbell = this.registry.slotWord + Registry.doorbell;
    let rung = loadWord(control, doorbell);
    while (!this.detached && !this.stopped) {
      await parkAsyncOn(control, doorbell, rung);
      rung = loadWord(control, doorbell);
      if (this.table?.partitions.abandoned) this.table.partitions.mendOwn();
    }
    if (!this.detached) this.onStopped();
  }

  /** Gives the slot back and lets go of the table. Idempotent. */
  detach(): void {
    const table = this.table;
    if (table === undefined) return;
    if (table.partitions.abandoned) table.partitions.mendOwn();
    table.freeReservationOf(this.registry.slotWord);
    this.table = undefined;
    this.registry.detach();
  }
}
