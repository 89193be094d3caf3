/** The two caches as a worker sees them: a private `lru-cache`, or the one SuperCache that all workers share. */
import { LRUCache } from 'lru-cache';
import { CacheError, SuperCache } from 'supercache';

export const NAMESPACE = 'nearest';

export interface AnswerCache {
  get(key: string): string | undefined;
  /** False if the cache had no room and kept nothing. */
  set(key: string, value: string): boolean;
  /** What this worker alone holds. */
  privateUse(): { entries: number; bytes: number };
}

/**
 * Counts payload only, one byte a character, which is the least a string can cost: the headers, the map and the lists
 * of `lru-cache` are free, so its share of the bytes holds more entries than it would if they were counted.
 */
export function privateAnswers(bytes: number): AnswerCache {
  const lru = new LRUCache<string, string>({
    maxSize: bytes,
    sizeCalculation: (value, key) => key.length + value.length,
  });
  return {
    get: (key) => lru.get(key),
    set(key, value) {
      lru.set(key, value);
      return true;
    },
    privateUse: () => ({ entries: lru.size, bytes: lru.calculatedSize }),
  };
}

/** A full cache is expected: the answer is then computed again the next time. */
export function sharedAnswers(): AnswerCache {
  const answers = SuperCache.attach().keyValue<string, string>(NAMESPACE);
  return {
    get: (key) => answers.get(key),
    set(key, value) {
      try {
        answers.set(key, value);
        return true;
      } catch (error) {
        if (CacheError.is(error) && error.code === 'ERR_SUPERCACHE_FULL') return false;
        throw error;
      }
    },
    privateUse: () => ({ entries: 0, bytes: 0 }),
  };
}
