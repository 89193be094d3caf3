import { SuperCache } from 'supercache';
import type { Store, StoreSpec, Subject } from './subject.js';

/** The namespace that every scenario uses. */
export const NAMESPACE = 'bench';

/** Starts the cache in this thread; nothing is evicted, so that all subjects hold the same entries. */
export function startCache(name: string, memoryMb: number) {
  return SuperCache.start({ name, memory: `${memoryMb}mb`, eviction: 'none' });
}

/** Attaches this thread to the cache behind a handle that came through `workerData`. */
export function attachCache(handle: unknown) {
  return SuperCache.attach(handle as never);
}

/** Whether the cache refused a write because its memory is used up. */
export function isFull(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_SUPERCACHE_FULL';
}

/** supercache with its defaults, started in the main thread of the process. */
export const subject: Subject = {
  name: 'ours',
  async open(spec: StoreSpec): Promise<Store> {
    const cache = await startCache('bench', spec.memoryMb);
    const values = cache.keyValue<string, string>(NAMESPACE);
    return {
      get: (key) => values.get(key),
      set: (key, value) => {
        values.set(key, value);
      },
      close: () => cache.stop(),
    };
  },
};
