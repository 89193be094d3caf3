import { LRUCache } from 'lru-cache';
import type { Store, StoreSpec, Subject } from './subject.js';

/** lru-cache bounded by the number of entries, large enough that nothing is evicted. Private to its thread. */
export const subject: Subject = {
  name: 'lru',
  async open(spec: StoreSpec): Promise<Store> {
    const cache = new LRUCache<string, string>({ max: spec.entries });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => {
        cache.set(key, value);
      },
      close: async () => cache.clear(),
    };
  },
};
