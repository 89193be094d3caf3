/** Types that users meet. */

/** A row: an array whose key stands at `keyPos`. */
export type AnyRow = readonly unknown[];

type Atomic = string | number | bigint | boolean | null | undefined;
type Kept = Map<unknown, unknown> | Set<unknown> | Date | RegExp | Error | ArrayBuffer | ArrayBufferView;

/** What comes back with `values: 'frozen'`: plain objects and arrays are frozen at every depth. */
export type DeepReadonly<T> = T extends Atomic | Kept
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** What can be a key. */
export type Key = null | boolean | number | bigint | string | Uint8Array | readonly Key[];

/** Milliseconds, text with a unit (`'500ms' '30s' '5m' '2h' '7d'`), or `Infinity`: without end. */
export type Duration = number | string;

/** How long entries live: options of a write, a key-value, the cache. What is not given there comes from the next. */
export interface EntryOptions {
  /** Time after which the entry is gone. */
  ttl?: Duration | undefined;
  /** Time after the last read or write after which it is gone. */
  idleTtl?: Duration | undefined;
  /** A share j from 0 to 1: each `ttl` is drawn evenly from `ttl * (1 - j)` to `ttl`. */
  ttlJitter?: number | undefined;
}

/** The clock by which entries expire. */
export interface Clock {
  /** Milliseconds since the cache started. */
  now(): number;
  /** Moves a manual clock on by whole milliseconds, for all threads. Throws `NOT_SUPPORTED` with the system clock. */
  advance(ms: number): void;
}

/** Options of key operations where key and partition positions differ. */
export interface PartitionOption {
  /** The value at the partition position; without it reads and `take` look in all partitions. */
  partitionValue?: unknown;
}

/** What `cache.stats()` reports. */
export interface CacheStats {
  /** Entries of all namespaces; expired ones count until they are removed. */
  readonly entries: number;
  /** Bytes of cells in use: keys, values, headers, index. */
  readonly bytes: number;
  /** Bytes of all shared memory. */
  readonly memory: number;
  readonly hitCount: number;
  readonly missCount: number;
  /** hitCount / (hitCount + missCount); 0 before the first read. */
  readonly hitRate: number;
  readonly putCount: number;
  readonly removeCount: number;
  /** Writes refused with `ERR_SUPERCACHE_FULL`. */
  readonly refusedCount: number;
  /** Lazy writes that could not be stored; see `supercache:lazy-error`. */
  readonly lazyErrors: number;
  readonly loadSuccessCount: number;
  readonly loadFailureCount: number;
  /** Milliseconds. */
  readonly totalLoadTime: number;
  /** Expired entries that were removed. */
  readonly expirationCount: number;
  readonly evictionCount: number;
  /** Bytes. */
  readonly evictionWeight: number;
  /** Critical sections of dead or thrown-out threads that were mended. */
  readonly healCount: number;
  /** Attached threads, owners included. */
  readonly threads: number;
  readonly partitions: readonly PartitionStats[];
}

export interface PartitionStats {
  readonly entries: number;
  readonly bytes: number;
  /** Pages held, of `inspect().pageLength` bytes each. */
  readonly pages: number;
}

/** What `cache.inspect()` reports: a walk over the tables of pages and threads. */
export interface Inspection {
  readonly layoutVersion: number;
  /** Bytes of each slab. */
  readonly slabs: readonly number[];
  /** Bytes of the control region, part of slab 0. */
  readonly controlLength: number;
  readonly pageLength: number;
  readonly pages: { readonly total: number; readonly free: number };
  readonly sizeClasses: readonly SizeClassReport[];
  /** Used bytes of held pages / bytes of held pages; 1 when no page is held. */
  readonly fill: number;
  /** Share of held pages' bytes that is free. */
  readonly fragmentation: number;
  readonly threads: readonly ThreadReport[];
  /** Rings of lazy writes that threads have. */
  readonly rings: readonly RingReport[];
  /** Partitions whose lock is held at this moment, and by which registry slot. */
  readonly locks: readonly { readonly partition: number; readonly slot: number }[];
}

export interface SizeClassReport {
  readonly kind: 'cell' | 'segment' | 'directory';
  /** Bytes of a cell. */
  readonly cellLength: number;
  readonly pages: number;
  readonly usedCells: number;
  readonly cells: number;
}

export interface RingReport {
  /** Registry slot of the thread that writes. */
  readonly slot: number;
  /** Index of the owner that applies; 0 also if there are no owners. */
  readonly owner: number;
  /** Bytes of the ring. */
  readonly length: number;
  /** Bytes of records that wait. */
  readonly pending: number;
}

export interface ThreadReport {
  readonly slot: number;
  readonly threadId: number;
  readonly role: 'client' | 'owner';
  readonly alive: boolean;
}
