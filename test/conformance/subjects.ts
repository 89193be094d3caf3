/** The builds and shapes of cache that the conformance suite runs against. */
import { createRequire } from 'node:module';
import type { AnyRow, StartOptions, SuperCache } from 'supercache';
import * as esm from 'supercache';
import { afterAll, beforeAll, beforeEach } from 'vitest';

export type Build = typeof esm;
export type Row = unknown[];

export const builds: readonly { readonly build: string; readonly exports: Build }[] = [
  { build: 'ESM', exports: esm },
  { build: 'CommonJS', exports: createRequire(import.meta.url)('supercache') as Build },
];

/** Positions of key and partition value. */
export interface Positions {
  readonly keyPos: number;
  readonly partitionPos: number;
}

export const positions: readonly Positions[] = [
  { keyPos: 0, partitionPos: 0 },
  { keyPos: 1, partitionPos: 1 },
  { keyPos: 0, partitionPos: 1 },
  { keyPos: 2, partitionPos: 0 },
];

export interface Subject extends Positions {
  readonly build: string;
  readonly exports: Build;
  readonly partitions: number;
}

/** Every build with 1 and 16 partitions and all positions. */
export const subjects: readonly Subject[] = builds.flatMap((build) =>
  [1, 16].flatMap((partitions) => positions.map((place) => ({ ...build, ...place, partitions }))),
);

let started = 0;

/** A name that no other cache of this process has. */
export const newName = () => `conformance-${process.pid}-${started++}`;

/** Starts a small cache that keeps no thread busy and all entries. */
export function startSmall<R extends AnyRow = Row>(exports: Build, options: StartOptions = {}): Promise<SuperCache<R>> {
  return exports.SuperCache.start<R>({
    name: newName(),
    memory: '4mb',
    owners: 0,
    partitions: 1,
    eviction: 'none',
    ...options,
  });
}

/** A row of three elements with this key and partition value, where they have places of their own. */
export function rowOf(
  { keyPos, partitionPos }: Positions,
  key: unknown,
  place: unknown,
  other: unknown = 'other',
): Row {
  const row: Row = [other, other, other];
  row[partitionPos] = place;
  row[keyPos] = key;
  return row;
}

/** Title of a `describe.each` over subjects. */
export const SUBJECT_TITLE = '$build, $partitions partitions, key $keyPos, partition $partitionPos';

/** A cache for all tests of the running `describe` block, emptied before each of them. */
export function emptiedCache(exports: Build, options: StartOptions): () => SuperCache<Row> {
  let cache: SuperCache<Row>;
  beforeAll(async () => {
    cache = await startSmall(exports, options);
  });
  beforeEach(() => cache.deleteAll());
  afterAll(() => cache.stop());
  return () => cache;
}

/** The same with the positions and partitions of a subject. */
export function subjectCache({ exports, keyPos, partitionPos, partitions }: Subject): () => SuperCache<Row> {
  return emptiedCache(exports, { memory: '8mb', keyPos, partitionPos, partitions });
}

/** What `run` throws; fails if it throws nothing. */
export function thrown(run: () => unknown): Error & { code?: string; op?: string; key?: string } {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it threw nothing');
}

/** Bytes of all shared memory of a cache. */
export function sharedBytes(cache: SuperCache<Row>): number {
  return cache.handle().buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
