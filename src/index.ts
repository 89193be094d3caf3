/** What the package exports. */
export type {
  FaceError,
  PromisesCache,
  PromisesKeyValue,
  Result,
  SafeCache,
  SafeKeyValue,
} from './api/face-types.js';
export type { KeyValue, KeyValueOptions } from './api/key-value.js';
export type { PartitionHandle } from './api/partition.js';
export { SuperCache } from './cache.js';
export { CacheError, type ErrorCode, type MistakeError } from './errors.js';
export type { ResolvedOptions, StartOptions } from './options.js';
export type { CacheHandle } from './threads/handle.js';
export type { LazyErrorMessage } from './threads/lazy-errors.js';
export type { PoolOptions } from './threads/pool.js';
export type {
  AnyRow,
  CacheStats,
  Clock,
  DeepReadonly,
  Duration,
  EntryOptions,
  Inspection,
  Key,
  PartitionOption,
  PartitionStats,
  RingReport,
  SizeClassReport,
  ThreadReport,
} from './types.js';
