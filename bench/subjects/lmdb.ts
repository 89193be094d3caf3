import { rmSync } from 'node:fs';
import { open } from 'lmdb';
import type { Store, StoreSpec, Subject } from './subject.js';

/**
 * lmdb, shared by processes through a memory-mapped file. Set up for speed over durability, as a cache would: never
 * synced, written through the map, strings as they are; writes are grouped in one synchronous transaction per batch.
 */
export const subject: Subject = {
  name: 'lmdb',
  async open(spec: StoreSpec): Promise<Store> {
    // The parent process removes the folder as well; this is for the case that the parent was killed.
    process.on('exit', () => rmSync(spec.folder, { recursive: true, force: true }));
    const database = open<string, string>({ path: spec.folder, encoding: 'string', noSync: true, useWritemap: true });
    return {
      get: (key) => database.get(key),
      set: (key, value) => {
        database.put(key, value);
      },
      transact: (body) => {
        database.transactionSync(body);
      },
      close: () => database.close(),
    };
  },
};
