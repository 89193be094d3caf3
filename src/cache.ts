/** The facade: one cache, shared by all threads of the process. */
import type { Piscina } from 'piscina';
import { clockOf } from './api/clock.js';
import type { PromisesCache, PromisesKeyValue, Result, SafeCache, SafeKeyValue } from './api/face-types.js';
import { CACHE_METHODS, deriveFace, deriveMadeFace, KEY_VALUE_METHODS, promised, safely } from './api/faces.js';
import { KeyValue, type KeyValueOptions } from './api/key-value.js';
import { Lifecycle } from './api/lifecycle.js';
import { PartitionHandle } from './api/partition.js';
import { hasPartitionValue } from './api/router.js';
import { Tuples } from './api/tuples.js';
import { mistake } from './errors.js';
import type { ResolvedOptions, StartOptions } from './options.js';
import { readInspection, readStats } from './stats/report.js';
import type { Attachment } from './threads/attachment.js';
import type { CacheHandle } from './threads/handle.js';
import type { PoolOptions } from './threads/pool.js';
import type {
  AnyRow,
  CacheStats,
  Clock,
  DeepReadonly,
  EntryOptions,
  Inspection,
  Key,
  PartitionOption,
} from './types.js';

/** Caches of this thread, by handle id. */
const caches = new Map<string, SuperCache<never>>();

/**
 * A bounded, shared, concurrent in-memory cache. `start` makes one, normally in the main thread; `attach` finds it in
 * other threads. All operations but `start`, `flush` and `stop` are synchronous and work on shared memory.
 */
export class SuperCache<Row extends AnyRow = AnyRow> {
  readonly #lifecycle: Lifecycle;
  readonly #attachment: Attachment;
  readonly #tuples: Tuples;
  #partitions: readonly PartitionHandle<Row, DeepReadonly<Row>>[] | undefined;
  #safe: SafeCache<Row, DeepReadonly<Row>> | undefined;
  #promises: PromisesCache<Row, DeepReadonly<Row>> | undefined;

  private constructor(lifecycle: Lifecycle) {
    if (!(lifecycle instanceof Lifecycle)) {
      throw mistake('BAD_OPTION', 'a cache is made by SuperCache.start() and found by SuperCache.attach()', {
        op: 'new',
      });
    }
    this.#lifecycle = lifecycle;
    this.#attachment = lifecycle.attachment;
    this.#tuples = new Tuples(lifecycle.attachment);
    const { id } = this.#attachment;
    if (this.started) caches.set(id, this as never);
    this.#attachment.onDetached = () => caches.delete(id);
  }

  /**
   * Starts a cache: reserves its memory, spawns its owner threads.
   * @throws `BAD_OPTION` (all bad options at once), `ALREADY_STARTED`, `OWNER_FAILED`
   */
  static async start<Row extends AnyRow = AnyRow>(options?: StartOptions): Promise<SuperCache<Row>> {
    return new SuperCache<Row>(await Lifecycle.start(options));
  }

  /**
   * The cache that an ancestor of this thread started: `attach(name)`, or `attach()` for the one named `'default'` or
   * the only one; `attach(handle)` anywhere else. Attaching twice gives the same object.
   * @throws `NOT_STARTED`, `STOPPED`, `LAYOUT_MISMATCH`, `TOO_MANY_THREADS`, `BAD_OPTION`
   */
  static attach<Row extends AnyRow = AnyRow>(target?: string | CacheHandle): SuperCache<Row> {
    const { handle, make } = Lifecycle.attach(target);
    const known = caches.get(handle.id);
    if (known?.started) return known as never;
    return new SuperCache<Row>(make());
  }

  /** `start` and `attach` with results instead of exceptions. */
  static readonly safe = {
    start: <Row extends AnyRow = AnyRow>(options?: StartOptions): Promise<Result<SuperCache<Row>>> =>
      safely(() => SuperCache.start<Row>(options)) as Promise<Result<SuperCache<Row>>>,
    attach: <Row extends AnyRow = AnyRow>(target?: string | CacheHandle): Result<SuperCache<Row>> =>
      safely(() => SuperCache.attach<Row>(target)) as Result<SuperCache<Row>>,
  };

  /** The options in use, defaults filled in. */
  get options(): ResolvedOptions {
    return this.#attachment.options;
  }

  get name(): string {
    return this.options.name;
  }

  /** Whether the cache runs and this thread takes part. */
  get started(): boolean {
    return !this.#attachment.detached && !this.#attachment.stopped;
  }

  /** What other threads attach with; goes through `workerData` and `postMessage`. */
  handle(): CacheHandle {
    return this.#attachment.handle('handle');
  }

  /** A Piscina pool whose workers find this cache by `SuperCache.attach()`. `stop` destroys it. */
  pool(options: PoolOptions): Piscina {
    return this.#lifecycle.pool(options);
  }

  /** Resolves when all lazy writes that any thread made before the call are visible. */
  async flush(): Promise<void> {
    this.#attachment.flush('flush');
  }

  flushSync(): void {
    this.#attachment.flush('flushSync');
  }

  /** Ends the cache for all threads; their next call throws `STOPPED`. Idempotent. */
  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  /** Releases this thread's part; later calls in it throw `NOT_STARTED`. Not for the thread that started the cache. */
  detach(): void {
    this.#lifecycle.detach();
  }

  [Symbol.dispose](): void {
    if (this.#lifecycle.isStarter) void this.stop();
    else this.detach();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lifecycle.isStarter) await this.stop();
    else this.detach();
  }

  /** Stores a row, replacing the one with its key. Throws `BAD_ROW BAD_KEY BAD_VALUE TOO_LARGE FULL`. */
  put(row: Row, options?: EntryOptions): true {
    return this.#tuples.put(row, 'put', options);
  }

  /**
   * Stores a row soon: visible after `flush`, in order with this thread's other writes. Throws `BAD_ROW BAD_KEY
   * BAD_VALUE TOO_LARGE` at once; what cannot be stored is reported, see REFERENCE.md. With a lifetime it is stored at
   * once.
   */
  lazyPut(row: Row, options?: EntryOptions): void {
    this.#tuples.lazyPut(row, options);
  }

  /** Stores rows; a bad row throws before anything is stored. Returns their number. */
  putBatch(rows: readonly Row[], options?: EntryOptions): number {
    return this.#tuples.putBatch(rows, options);
  }

  /** Stores the row, or all rows of a list, if none of their keys is present; whether it did. */
  insertNew(rowOrRows: Row | readonly Row[], options?: EntryOptions): boolean {
    return this.#tuples.insertNew(rowOrRows, options);
  }

  /** The rows with the key of `row`, in the partition of `row`; nothing else of it is read. */
  get(row: AnyRow): DeepReadonly<Row>[] {
    this.#attachment.open('get');
    const { router } = this.#tuples;
    router.checkRow(row, 'get');
    return this.#find(row[router.keyPos], row[router.partitionPos], 'get');
  }

  getByKeyPartition(key: unknown, partitionValue: unknown): DeepReadonly<Row>[] {
    return this.#find(key, partitionValue, 'getByKeyPartition');
  }

  /** As `getByKeyPartition` where the key is also the partition value. */
  getSameKeyPartition(key: unknown): DeepReadonly<Row>[] {
    return this.#find(key, key, 'getSameKeyPartition');
  }

  #find(key: unknown, partitionValue: unknown, op: string): DeepReadonly<Row>[] {
    this.#attachment.open(op);
    return this.#tuples.find(key, this.#tuples.router.encode(key, partitionValue, op), op) as DeepReadonly<Row>[];
  }

  member(key: unknown, options?: PartitionOption): boolean {
    return this.#tuples.member(key, options);
  }

  /** Removes and returns the rows with this key. */
  take(key: unknown, options?: PartitionOption): DeepReadonly<Row>[] {
    this.#attachment.open('take');
    const range = this.#tuples.router.encodeCandidates(key, options, 'take');
    return this.#tuples.take(key, range, 'take') as DeepReadonly<Row>[];
  }

  /** Removes the rows with the key of `row` from the partition of `row`; how many there were. */
  delete(row: AnyRow): number {
    this.#attachment.open('delete');
    const { router } = this.#tuples;
    router.checkRow(row, 'delete');
    return this.#remove(row[router.keyPos], row[router.partitionPos], 'delete');
  }

  deleteByKeyPartition(key: unknown, partitionValue: unknown): number {
    return this.#remove(key, partitionValue, 'deleteByKeyPartition');
  }

  deleteSameKeyPartition(key: unknown): number {
    return this.#remove(key, key, 'deleteSameKeyPartition');
  }

  #remove(key: unknown, partitionValue: unknown, op: string): number {
    this.#attachment.open(op);
    return this.#tuples.remove(this.#tuples.router.encode(key, partitionValue, op), op);
  }

  /** Removes everything in the cache, tuples or not. Gone for all threads at once; memory is free when it returns. */
  deleteAll(): void {
    this.#attachment.open('deleteAll').clearAll();
  }

  /** Folds `visit` over all rows, or those of one partition. A row present all the time is seen exactly once. */
  scan<A>(visit: (row: DeepReadonly<Row>, accumulator: A) => A, accumulator: A, options?: PartitionOption): A {
    this.#attachment.open('scan');
    let [first, end] = [0, this.options.partitions];
    if (hasPartitionValue(options, 'scan')) {
      first = this.#tuples.router.partitionOf(options.partitionValue, 'scan');
      end = first + 1;
    }
    return this.#tuples.scan(visit as never, accumulator, first, end, 'scan');
  }

  /** All rows, in the order of `scan`. */
  toList(): DeepReadonly<Row>[] {
    return this.scan((row, list: DeepReadonly<Row>[]) => {
      list.push(row);
      return list;
    }, []);
  }

  /** Index of the partition that a value at `partitionPos` leads to. */
  partitionOf(value: unknown): number {
    this.#attachment.open('partitionOf');
    return this.#tuples.router.partitionOf(value, 'partitionOf');
  }

  /** One handle per partition; its operations bypass routing. */
  get partitions(): readonly PartitionHandle<Row, DeepReadonly<Row>>[] {
    this.#attachment.open('partitions');
    this.#partitions ??= Array.from(
      { length: this.options.partitions },
      (_, index) => new PartitionHandle<Row, DeepReadonly<Row>>(this.#attachment, this.#tuples, index),
    );
    return this.#partitions;
  }

  /** The clock by which entries expire. */
  get clock(): Clock {
    return clockOf(this.#attachment);
  }

  /** A named key-value of this cache; the same name is the same data in every thread. */
  keyValue<K = Key, V = unknown>(namespace: string, options?: KeyValueOptions): KeyValue<K, V> {
    return new KeyValue<K, V>(this.#attachment, namespace, options);
  }

  /** Counts and sizes of the whole process, read without messages. */
  stats(): CacheStats {
    return readStats(this.#attachment.open('stats').memory);
  }

  /** Slabs, pages, size classes, threads, locks. Walks the page table. */
  inspect(): Inspection {
    const registry = this.#attachment.registry('inspect');
    return readInspection(this.#attachment.open('inspect').memory, (slotWord) => registry.isAlive(slotWord));
  }

  /** The same methods, returning `{ ok, value }` or `{ ok, error }`. */
  get safe(): SafeCache<Row, DeepReadonly<Row>> {
    this.#safe ??= this.#face<SafeCache<Row, DeepReadonly<Row>>, SafeKeyValue<never, never>>(safely);
    return this.#safe;
  }

  /** The same methods, returning promises. */
  get promises(): PromisesCache<Row, DeepReadonly<Row>> {
    this.#promises ??= this.#face<PromisesCache<Row, DeepReadonly<Row>>, PromisesKeyValue<never, never>>(promised);
    return this.#promises;
  }

  #face<Face, KeyValueFace>(wrap: (run: () => unknown) => unknown): Face {
    const keyValue = (namespace: string, options?: KeyValueOptions): KeyValueFace =>
      deriveMadeFace<KeyValueFace>(() => this.keyValue(namespace, options), KEY_VALUE_METHODS, wrap);
    return { ...deriveFace<object>(this, CACHE_METHODS, wrap), keyValue } as Face;
  }
}
