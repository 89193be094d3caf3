import type { Store, Subject } from './subject.js';

/** A plain `Map`: private to its thread, unbounded, no expiry. The least a cache can cost. */
export const subject: Subject = {
  name: 'map',
  async open(): Promise<Store> {
    const map = new Map<string, string>();
    return {
      get: (key) => map.get(key),
      set: (key, value) => {
        map.set(key, value);
      },
      close: async () => map.clear(),
    };
  },
};
