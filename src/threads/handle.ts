/**
 * The handle of a cache: what another thread needs to attach. It is structured-cloneable, so it goes through
 * `workerData` and `postMessage`; through environment data it reaches every worker that the thread spawns later, at
 * any depth.
 */
import { isDeepStrictEqual } from 'node:util';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { Shape } from '../../native-layout/geometry.js';
import { CacheState, Superblock } from '../../native-layout/superblock.js';
import { CacheError, mistake, show } from '../errors.js';
import { loadWord } from '../memory/atomics.js';
import { SharedMemory } from '../memory/slab.js';
import { type ResolvedOptions, resolveOptions } from '../options.js';
import { POOL_VARIABLE } from './pool.js';

/** Opaque to users; `cache.handle()` makes it, `SuperCache.attach(handle)` takes it. */
export interface CacheHandle {
  readonly kind: 'supercache';
  /** Tells caches apart, whatever their names. */
  readonly id: string;
  readonly options: ResolvedOptions;
  readonly shape: Shape;
  readonly buffers: readonly SharedArrayBuffer[];
}

const ENVIRONMENT_KEY = 'supercache.handles';

/** Handles by name; a Map, as a cache may be called `toString`. */
function inherited(): ReadonlyMap<string, CacheHandle> {
  return (getEnvironmentData(ENVIRONMENT_KEY) as ReadonlyMap<string, CacheHandle> | undefined) ?? new Map();
}

function store(handles: ReadonlyMap<string, CacheHandle>): void {
  setEnvironmentData(ENVIRONMENT_KEY, handles as never);
}

export function isStopped(handle: CacheHandle): boolean {
  return loadWord(new Int32Array(handle.buffers[0], 0, Superblock.sizeWords), Superblock.state) !== CacheState.running;
}

/** Lets workers that this thread spawns from now on find the cache by its name. */
export function publishHandle(handle: CacheHandle): void {
  store(new Map(inherited()).set(handle.options.name, handle));
}

export function withdrawHandle(handle: CacheHandle): void {
  const { name } = handle.options;
  if (inherited().get(name)?.id !== handle.id) return;
  const others = new Map(inherited());
  others.delete(name);
  store(others);
}

/** The running cache of this name that this thread can see, or undefined. */
export function visibleHandle(name: string): CacheHandle | undefined {
  const handle = inherited().get(name);
  return handle === undefined || isStopped(handle) ? undefined : handle;
}

/** The handle that `attach` means: given, by name, or the only cache there is. */
export function resolveHandle(target: unknown): CacheHandle {
  if (typeof target === 'object' && target !== null) return checkHandle(target);
  if (target !== undefined && typeof target !== 'string') {
    throw mistake('BAD_OPTION', `attach was given ${show(target)}, allowed is a name, a handle or nothing`, {
      op: 'attach',
    });
  }
  const running = [...inherited().values()].filter((handle) => !isStopped(handle));
  const named = visibleHandle(target ?? process.env[POOL_VARIABLE] ?? 'default');
  if (named !== undefined) return named;
  if (target === undefined && running.length === 1) return running[0];
  const wanted = target === undefined ? "no cache named 'default'" : `no running cache named ${show(target)}`;
  const others = running.length === 0 ? 'none' : running.map((handle) => show(handle.options.name)).join(', ');
  const hint =
    'A worker that was spawned before the start, or by another thread than the one that started the cache or its ' +
    'descendants, needs the handle: pass cache.handle() by workerData or postMessage, and call ' +
    'SuperCache.attach(handle).';
  throw new CacheError('NOT_STARTED', `${wanted} is visible in this thread; visible are: ${others}. ${hint}`, {
    op: 'attach',
  });
}

function checkHandle(target: object): CacheHandle {
  const handle = target as Partial<CacheHandle>;
  const isHandle = handle.kind === 'supercache' && Array.isArray(handle.buffers) && handle.shape !== undefined;
  if (!isHandle || !handle.buffers?.every((buffer) => buffer instanceof SharedArrayBuffer)) {
    throw mistake('BAD_OPTION', `attach was given ${show(target)}, which is no handle; cache.handle() makes one`, {
      op: 'attach',
    });
  }
  return target as CacheHandle;
}

/** A handle goes through the hands of users: whether its options are good, and made this shape and these slabs. */
function contradiction({ options, shape, buffers }: CacheHandle): string | undefined {
  if (!isDeepStrictEqual(resolveOptions(options), { options, shape })) return 'its options are those of another shape';
  const fits = isDeepStrictEqual(
    shape.slabLengths,
    Array.from(buffers, ({ byteLength }) => byteLength),
  );
  return fits ? undefined : 'its slabs have other lengths';
}

/** Opens the memory of a handle, after checking that this build can use it. */
export function openMemory(handle: CacheHandle): SharedMemory {
  let reason: string | undefined;
  let memory: SharedMemory | undefined;
  try {
    memory = new SharedMemory(handle.buffers, handle.shape);
    reason = memory.mismatch() ?? contradiction(handle);
  } catch (error) {
    reason = String(error);
  }
  if (reason === undefined && memory !== undefined) return memory;
  const message = `the cache was made by a build with another memory layout: ${reason}`;
  throw new CacheError('LAYOUT_MISMATCH', message, { op: 'attach' });
}
