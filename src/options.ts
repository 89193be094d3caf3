/**
 * The options of `SuperCache.start`: their checks and defaults, and the shape of memory that follows from them. All bad
 * options are reported in one error, each with its path, the value given and what is allowed.
 */
import { availableParallelism } from 'node:os';
import { geometry, namespaceSlotsFor, pageShiftFor, type Shape, slabLengthsFor } from '../native-layout/geometry.js';
import { type EvictionShape, PolicyId, type PolicyName, sketchWordsFor } from '../native-layout/policy.js';
import { DEFAULT_RING_LENGTH } from '../native-layout/ring.js';
import { MAX_THREADS } from '../native-layout/superblock.js';
import { MAX_MEMORY } from '../native-layout/units.js';
import { MAX_VALUE_LENGTH } from '../native-layout/value-tags.js';
import { DURATIONS, parseDuration } from './durations.js';
import { mistake, show } from './errors.js';
import type { Duration } from './types.js';

/** Options of `SuperCache.start`, all optional. */
export interface StartOptions {
  /** Names the cache for `attach(name)`; unique along a thread and its ancestors. Default `'default'`. */
  name?: string | undefined;
  /** Bytes of all shared memory: a number, or text such as `'512kb'`, `'64mb'`, `'1.5gb'`. Default `'256mb'`. */
  memory?: number | string | undefined;
  /** Owner threads, 0 to 64. With 0, callers do all upkeep. Default: available cores, at most 8. */
  owners?: number | undefined;
  /** Number of partitions, 1 to 4096. Default: chosen from owners and memory. */
  partitions?: number | undefined;
  /** Position of the key in a row, from 0. Default 0. */
  keyPos?: number | undefined;
  /** Position of the value that chooses the partition, from 0. Default 0. */
  partitionPos?: number | undefined;
  /** Only `'set'` in this version. */
  tableType?: 'set' | undefined;
  /** Which entries leave a full cache. Default `'tinylfu'`; with `'none'` a full cache refuses. */
  eviction?: PolicyName | undefined;
  /** Most entries of the cache, 1 to 1e9; 0, the default: as many as fit in memory. */
  maxEntries?: number | undefined;
  /** Longest entry, key and value and header, in bytes or as text. Default `'16mb'`, at most `'1gb'`. */
  maxEntrySize?: number | string | undefined;
  /** Most threads attached at once, 1 to 4094, owners included. Default 128. */
  maxThreads?: number | undefined;
  /**
   * `'frozen'` (default): plain objects and arrays come back deeply frozen. `'copy'`: everything comes back mutable.
   */
  values?: 'frozen' | 'copy' | undefined;
  /**
   * `ring`: bytes of a buffer of lazy writes, one per thread and owner, `'8kb'` to `'16mb'`. Default `'1mb'`; less if
   * all together would take more than 1/8 of the memory.
   */
  lazy?: { ring?: number | string | undefined } | undefined;
  /** Time after which entries are gone. Default `Infinity`. */
  ttl?: Duration | undefined;
  /** Time without a read or write after which they are gone. Default `Infinity`. */
  idleTtl?: Duration | undefined;
  /** A share j from 0 to 1: each `ttl` is drawn evenly from `ttl * (1 - j)` to `ttl`. Default 0. */
  ttlJitter?: number | undefined;
  /** `'manual'`: time stands still but for `cache.clock.advance(ms)`. Default `'system'`. */
  clock?: 'system' | 'manual' | undefined;
}

/** The options in use: every default filled in. */
export type ResolvedOptions = Readonly<{ [Name in keyof Required<StartOptions>]: Resolved<Name> }>;
type Resolved<Name extends keyof StartOptions> = Name extends 'memory' | 'maxEntrySize' | 'ttl' | 'idleTtl'
  ? number
  : Name extends 'lazy'
    ? Readonly<{ ring: number }>
    : Exclude<Required<StartOptions>[Name], undefined>;

const UNITS: Readonly<Record<string, number>> = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30, tb: 2 ** 40 };
const MIN_MEMORY = 256 * 1024;
const MAX_OWNERS = 64;
const MIN_RING = 8 * 2 ** 10;
const MAX_RING = 16 * 2 ** 20;
const MAX_PARTITIONS = 4096;
/** A partition is not given less memory than this by default, in bytes. */
const LEAST_PARTITION_MEMORY = 2 ** 20;
const PARTITIONS_PER_OWNER = 8;
/** Nor fewer entries of `maxEntries`: a policy that knows only a part of the cache chooses worse. */
const LEAST_PARTITION_ENTRIES = 1024;
const MAX_ENTRIES = 1e9;
const POLICY_NAMES = Object.keys(PolicyId) as PolicyName[];
const MAX_POSITION = 65535;
/** Options of the interface that are not built yet: named, so that nobody believes they work. */
const LATER = ['nearCache', 'hash', 'pressure', 'onEvict', 'sessionTtl', 'idle', 'grace'];

/** Bytes from a number or text, or undefined if it is neither. */
export function parseBytes(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?b)?\s*$/i.exec(value);
  return match === null ? undefined : Math.floor(Number(match[1]) * UNITS[(match[2] ?? 'b').toLowerCase()]);
}

class Checker {
  readonly problems: string[] = [];
  readonly #given: Record<string, unknown>;

  constructor(given: Record<string, unknown>) {
    this.#given = given;
  }

  reject(name: string, allowed: string): void {
    this.problems.push(`${name} is ${show(this.#given[name])}, allowed is ${allowed}`);
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const value = this.#given[name] === undefined ? fallback : this.#given[name];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    this.reject(name, `a whole number from ${least} to ${most}`);
    return fallback;
  }

  bytes(name: string, fallback: number, least: number, most: number): number {
    const given = this.#given[name];
    const value = given === undefined ? fallback : parseBytes(given);
    if (value !== undefined && value >= least && value <= most) return value;
    this.reject(name, `bytes from ${least} to ${most}, as a number or as text such as '512kb', '64mb', '1.5gb'`);
    return fallback;
  }

  duration(name: string): number {
    const given = this.#given[name];
    const value = given === undefined ? Number.POSITIVE_INFINITY : parseDuration(given);
    if (value === undefined) this.reject(name, DURATIONS);
    return value ?? Number.POSITIVE_INFINITY;
  }

  share(name: string): number {
    const value = this.#given[name] === undefined ? 0 : this.#given[name];
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    this.reject(name, 'a number from 0 to 1');
    return 0;
  }

  oneOf<T extends string>(name: string, fallback: T, allowed: readonly T[], note = ''): T {
    const value = this.#given[name] === undefined ? fallback : this.#given[name];
    if (allowed.includes(value as T)) return value as T;
    this.reject(name, allowed.map((text) => `'${text}'`).join(' or ') + note);
    return fallback;
  }

  text(name: string, fallback: string): string {
    const value = this.#given[name] === undefined ? fallback : this.#given[name];
    if (typeof value === 'string' && value.length > 0 && value.length <= 256) return value;
    this.reject(name, 'a text of 1 to 256 characters');
    return fallback;
  }

  /** The option `lazy`, an object of its own. */
  lazy(): { ring: number } {
    const given = this.#given.lazy;
    const fallback = { ring: DEFAULT_RING_LENGTH };
    if (given === undefined) return fallback;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      this.reject('lazy', "an object such as { ring: '1mb' }");
      return fallback;
    }
    const inner = new Checker(given as Record<string, unknown>);
    inner.unknown(['ring']);
    const ring = inner.bytes('ring', DEFAULT_RING_LENGTH, MIN_RING, MAX_RING);
    this.problems.push(...inner.problems.map((problem) => `lazy.${problem}`));
    return { ring };
  }

  unknown(known: readonly string[]): void {
    for (const name of Object.keys(this.#given)) {
      if (known.includes(name) || this.#given[name] === undefined) continue;
      const later = LATER.includes(name);
      this.reject(name, later ? 'nothing: this version does not have the option yet' : `one of ${known.join(', ')}`);
    }
  }
}

const KNOWN: readonly (keyof StartOptions)[] = [
  'name',
  'memory',
  'owners',
  'partitions',
  'keyPos',
  'partitionPos',
  'tableType',
  'eviction',
  'maxEntries',
  'maxEntrySize',
  'maxThreads',
  'values',
  'lazy',
  'ttl',
  'idleTtl',
  'ttlJitter',
  'clock',
];

/** Checks the options and fills in defaults. Throws one `ERR_SUPERCACHE_BAD_OPTION` for all that is wrong. */
export function resolveOptions(given: unknown): { options: ResolvedOptions; shape: Shape } {
  if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
    throw mistake('BAD_OPTION', `options is ${show(given)}, allowed is an object`, { op: 'start' });
  }
  const record = { ...given } as Record<string, unknown>;
  const check = new Checker(record);
  check.unknown(KNOWN);
  const inThisVersion = ' in this version';
  const memory = check.bytes('memory', 256 * 2 ** 20, MIN_MEMORY, MAX_MEMORY);
  const owners = check.integer('owners', Math.min(8, availableParallelism()), 0, MAX_OWNERS);
  const maxThreads = check.integer('maxThreads', 128, 1, MAX_THREADS);
  const maxEntries = check.integer('maxEntries', 0, 0, MAX_ENTRIES);
  const options: ResolvedOptions = {
    name: check.text('name', 'default'),
    memory,
    owners,
    partitions: check.integer('partitions', defaultPartitions(memory, owners, maxEntries), 1, MAX_PARTITIONS),
    keyPos: check.integer('keyPos', 0, 0, MAX_POSITION),
    partitionPos: check.integer('partitionPos', 0, 0, MAX_POSITION),
    tableType: check.oneOf('tableType', 'set', ['set'], inThisVersion),
    eviction: check.oneOf('eviction', 'tinylfu', POLICY_NAMES),
    maxEntries,
    maxEntrySize: check.bytes('maxEntrySize', 16 * 2 ** 20, 64, MAX_VALUE_LENGTH),
    maxThreads,
    values: check.oneOf('values', 'frozen', ['frozen', 'copy']),
    lazy: check.lazy(),
    ttl: check.duration('ttl'),
    idleTtl: check.duration('idleTtl'),
    ttlJitter: check.share('ttlJitter'),
    clock: check.oneOf('clock', 'system', ['system', 'manual']),
  };
  if (owners >= maxThreads) check.reject('maxThreads', `more than the ${owners} owners, which count as threads`);
  checkLimit(check, options);
  const shape = shapeOf(options);
  const { pageCount, controlWords } = geometry(shape);
  // Each class in use takes a page, and an index two: with fewer pages hardly anything could be stored.
  const needed = options.partitions * 8;
  const tooSmall = pageCount < needed || controlWords * 4 > shape.slabLengths[0];
  if (check.problems.length === 0 && tooSmall) {
    const least = controlWords * 4 * shape.slabLengths.length + needed * 2 ** shape.pageShift;
    const what = `${options.partitions} partitions and ${maxThreads} threads`;
    check.problems.push(`memory is ${show(record.memory ?? memory)}, ${what} need about ${least} bytes at least`);
  }
  if (check.problems.length > 0) {
    throw mistake('BAD_OPTION', `bad options: ${check.problems.join('; ')}`, { op: 'start' });
  }
  return { options, shape };
}

function checkLimit(check: Checker, { eviction, maxEntries, partitions }: ResolvedOptions): void {
  if (maxEntries === 0) return;
  if (eviction === 'none') check.reject('maxEntries', "nothing with eviction 'none', which keeps all entries");
  else if (maxEntries < partitions)
    check.reject('maxEntries', `at least one entry for each of ${partitions} partitions`);
}

function defaultPartitions(memory: number, owners: number, maxEntries: number): number {
  const wanted = Math.max(1, owners) * PARTITIONS_PER_OWNER;
  const byEntries = maxEntries === 0 ? wanted : Math.floor(maxEntries / LEAST_PARTITION_ENTRIES);
  return Math.max(1, Math.min(wanted, byEntries, Math.floor(memory / LEAST_PARTITION_MEMORY)));
}

function evictionOf({ eviction, maxEntries, memory, partitions }: ResolvedOptions): EvictionShape | undefined {
  if (eviction === 'none') return undefined;
  const sketchWords = sketchWordsFor(memory, partitions, maxEntries);
  return { policy: eviction, entryLimit: maxEntries, sketchWords };
}

function shapeOf(options: ResolvedOptions): Shape {
  const { memory, owners, partitions } = options;
  return {
    slabLengths: slabLengthsFor(memory, owners),
    pageShift: pageShiftFor(memory, partitions),
    partitionCount: partitions,
    // One more, which is spare: see threads/registry.ts.
    threadSlots: options.maxThreads + 1,
    namespaceSlots: namespaceSlotsFor(memory),
    ownerCount: owners,
    ringLength: options.lazy.ring,
    eviction: evictionOf(options),
  };
}
