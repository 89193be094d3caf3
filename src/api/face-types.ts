/** The types of the `safe` and `promises` faces, written out; `faces.ts` derives the faces themselves at run time. */
import type { Piscina } from 'piscina';
import type { ErrorCode } from '../errors.js';
import type { CacheHandle } from '../threads/handle.js';
import type { PoolOptions } from '../threads/pool.js';
import type {
  AnyRow,
  CacheStats,
  DeepReadonly,
  Duration,
  EntryOptions,
  Inspection,
  Key,
  PartitionOption,
} from '../types.js';
import type { KeyValueOptions } from './key-value.js';

/** What the safe face returns instead of throwing. `error` is whatever the throwing face would have thrown. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: FaceError };
export type FaceError = Error & { readonly code?: ErrorCode; readonly op?: string; readonly key?: string };

export interface SafeCache<Row, Stored> {
  put(row: Row, options?: EntryOptions): Result<true>;
  lazyPut(row: Row, options?: EntryOptions): Result<void>;
  putBatch(rows: readonly Row[], options?: EntryOptions): Result<number>;
  insertNew(rowOrRows: Row | readonly Row[], options?: EntryOptions): Result<boolean>;
  get(row: AnyRow): Result<Stored[]>;
  getByKeyPartition(key: unknown, partitionValue: unknown): Result<Stored[]>;
  getSameKeyPartition(key: unknown): Result<Stored[]>;
  member(key: unknown, options?: PartitionOption): Result<boolean>;
  take(key: unknown, options?: PartitionOption): Result<Stored[]>;
  delete(row: AnyRow): Result<number>;
  deleteByKeyPartition(key: unknown, partitionValue: unknown): Result<number>;
  deleteSameKeyPartition(key: unknown): Result<number>;
  deleteAll(): Result<void>;
  scan<A>(visit: (row: Stored, accumulator: A) => A, accumulator: A, options?: PartitionOption): Result<A>;
  toList(): Result<Stored[]>;
  partitionOf(value: unknown): Result<number>;
  stats(): Result<CacheStats>;
  inspect(): Result<Inspection>;
  flush(): Promise<Result<void>>;
  stop(): Promise<Result<void>>;
  detach(): Result<void>;
  handle(): Result<CacheHandle>;
  pool(options: PoolOptions): Result<Piscina>;
  keyValue<K = Key, V = unknown>(namespace: string, options?: KeyValueOptions): SafeKeyValue<K, V>;
}

export interface PromisesCache<Row, Stored> {
  put(row: Row, options?: EntryOptions): Promise<true>;
  lazyPut(row: Row, options?: EntryOptions): Promise<void>;
  putBatch(rows: readonly Row[], options?: EntryOptions): Promise<number>;
  insertNew(rowOrRows: Row | readonly Row[], options?: EntryOptions): Promise<boolean>;
  get(row: AnyRow): Promise<Stored[]>;
  getByKeyPartition(key: unknown, partitionValue: unknown): Promise<Stored[]>;
  getSameKeyPartition(key: unknown): Promise<Stored[]>;
  member(key: unknown, options?: PartitionOption): Promise<boolean>;
  take(key: unknown, options?: PartitionOption): Promise<Stored[]>;
  delete(row: AnyRow): Promise<number>;
  deleteByKeyPartition(key: unknown, partitionValue: unknown): Promise<number>;
  deleteSameKeyPartition(key: unknown): Promise<number>;
  deleteAll(): Promise<void>;
  scan<A>(visit: (row: Stored, accumulator: A) => A, accumulator: A, options?: PartitionOption): Promise<A>;
  toList(): Promise<Stored[]>;
  partitionOf(value: unknown): Promise<number>;
  stats(): Promise<CacheStats>;
  inspect(): Promise<Inspection>;
  flush(): Promise<void>;
  stop(): Promise<void>;
  detach(): Promise<void>;
  handle(): Promise<CacheHandle>;
  pool(options: PoolOptions): Promise<Piscina>;
  keyValue<K = Key, V = unknown>(namespace: string, options?: KeyValueOptions): PromisesKeyValue<K, V>;
}

export interface SafeKeyValue<K, V> {
  get(key: K): Result<DeepReadonly<V> | undefined>;
  get<D>(key: K, fallback: D): Result<DeepReadonly<V> | D>;
  set(key: K, value: V, options?: EntryOptions): Result<unknown>;
  lazySet(key: K, value: V, options?: EntryOptions): Result<void>;
  has(key: K): Result<boolean>;
  delete(key: K): Result<boolean>;
  ttl(key: K): Result<number | undefined>;
  expire(key: K, ttl: Duration): Result<boolean>;
  persist(key: K): Result<boolean>;
}

export interface PromisesKeyValue<K, V> {
  get(key: K): Promise<DeepReadonly<V> | undefined>;
  get<D>(key: K, fallback: D): Promise<DeepReadonly<V> | D>;
  set(key: K, value: V, options?: EntryOptions): Promise<unknown>;
  lazySet(key: K, value: V, options?: EntryOptions): Promise<void>;
  has(key: K): Promise<boolean>;
  delete(key: K): Promise<boolean>;
  ttl(key: K): Promise<number | undefined>;
  expire(key: K, ttl: Duration): Promise<boolean>;
  persist(key: K): Promise<boolean>;
}
