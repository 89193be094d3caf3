/**
 * Goal: what users are promised of eviction, in both builds: limits hold, what is hit stays, the counts are right; and
 * the faults of the seed systems' eviction do not happen here.
 * Oracle: the reference. Replay: `npx vitest run test/conformance/eviction.test.ts`.
 */
import type { StartOptions } from 'supercache';
import { describe, expect, test } from 'vitest';
import { builds, newName } from './subjects.js';

const POLICIES = ['tinylfu', 'lru', 'lfu', 'fifo', 'sieve', 's3-fifo'] as const;

describe.each(builds)('$build', ({ exports }) => {
  const start = (options: StartOptions) =>
    exports.SuperCache.start({ name: newName(), memory: '4mb', owners: 0, partitions: 1, ...options });

  test.each(POLICIES)('%s: never more than maxEntries, at any moment, and all room is used', async (eviction) => {
    const cache = await start({ eviction, maxEntries: 101, partitions: 3 });
    const entries = cache.keyValue<number, number>('entries');
    for (let n = 0; n < 3000; n++) {
      entries.set(n, n);
      if (n % 5 === 0) cache.put([n, 'row']);
      expect(cache.stats().entries).toBeLessThanOrEqual(101);
    }
    const { entries: count, evictionCount, evictionWeight } = cache.stats();
    expect(count).toBe(101);
    expect(evictionCount).toBe(3600 - 101);
    expect(evictionWeight).toBeGreaterThanOrEqual(evictionCount * 16);
    await cache.stop();
  });

  test.each(POLICIES.filter((name) => name !== 'fifo'))('%s: what is read all the time stays', async (eviction) => {
    const cache = await start({ eviction, maxEntries: 100 });
    const entries = cache.keyValue<string, number>('entries');
    let lost = 0;
    for (let n = 0; n < 5000; n++) {
      if (entries.get('favourite') === undefined) {
        lost++;
        entries.set('favourite', 1);
      }
      entries.set(`once:${n}`, n);
    }
    expect(lost).toBeLessThanOrEqual(2);
    await cache.stop();
  });

  test.each([0, 1])('lazy writes and lifetimes in a full cache, with %i owners', async (owners) => {
    const cache = await start({ maxEntries: 200, partitions: 2, owners, clock: 'manual' });
    const entries = cache.keyValue<number, string>('entries');
    for (let n = 0; n < 5000; n++) {
      if (n % 3 === 0) entries.set(n, `timed ${n}`, { ttl: 1000 });
      else entries.lazySet(n, `lazy ${n}`);
      expect(cache.stats().entries).toBeLessThanOrEqual(200);
    }
    await cache.flush();
    const there = Array.from({ length: 5000 }, (_, n) => n).filter((n) => entries.has(n));
    expect(there.length).toBe(entries.size);
    for (const n of there) expect(entries.get(n)).toBe(n % 3 === 0 ? `timed ${n}` : `lazy ${n}`);
    expect(cache.stats()).toMatchObject({ lazyErrors: 0, refusedCount: 0, entries: 200 });
    cache.clock.advance(1000);
    expect(there.filter((n) => n % 3 === 0 && entries.has(n))).toEqual([]);
    for (let n = 0; n < 200; n++) entries.lazySet(-1 - n, 'after');
    await cache.flush();
    expect(cache.stats()).toMatchObject({ lazyErrors: 0, entries: 200 });
    await cache.stop();
  });

  test('H5: an access costs the same with many entries as with few: no queue is searched', async () => {
    const cache = await start({ memory: '64mb', maxEntries: 40_000 });
    const entries = cache.keyValue<number, number>('entries');
    for (let n = 0; n < 40_000; n++) entries.set(n, n);
    // Reads, overwrites and deletes leave the queues of 40,000 entries as they are: by time this would be 16e8 steps.
    for (let n = 0; n < 40_000; n++) {
      expect(entries.get(n)).toBe(n);
      entries.set(n, n + 1);
    }
    for (let n = 0; n < 40_000; n++) expect(entries.delete(n)).toBe(true);
    expect(entries.size).toBe(0);
    expect(cache.stats().evictionCount).toBe(0);
    await cache.stop();
  });

  test.each(POLICIES)(
    'H6: %s: with memory full a write evicts, it does not fail, whatever its size',
    async (eviction) => {
      const cache = await start({ memory: '1mb', eviction });
      const entries = cache.keyValue<number, string>('entries');
      const lengths = [10, 100, 1000, 5000, 40_000];
      for (let n = 0; n < 6000; n++) {
        const text = `${n}:`.padEnd(lengths[Math.floor(n / 1200)], 'x');
        entries.set(n, text);
        expect(entries.get(n)).toBe(text);
      }
      const { refusedCount, evictionCount, bytes, memory } = cache.stats();
      expect(refusedCount).toBe(0);
      expect(evictionCount).toBeGreaterThan(1000);
      expect(bytes).toBeLessThanOrEqual(memory);
      await cache.stop();
    },
  );

  test('H18: an eviction never removes a value that was stored after its victim', async () => {
    const cache = await start({ maxEntries: 64 });
    const entries = cache.keyValue<number, number>('entries');
    // Records of deleted entries are in the queues when the key comes back; they stand for the fresh entry then.
    for (let n = 0; n < 20_000; n++) {
      const key = n % 200;
      entries.set(key, n);
      expect(entries.get(key)).toBe(n);
      if (n % 3 === 0) {
        entries.delete(key);
        entries.set(key, n + 1);
        expect(entries.get(key)).toBe(n + 1);
      }
    }
    expect(entries.size).toBe(64);
    await cache.stop();
  });

  test('a value longer than all memory is refused and evicts nothing', async () => {
    const cache = await start({ memory: '1mb' });
    cache.put(['kept', 1]);
    expect(() => cache.put(['large', 'x'.repeat(2 ** 21)])).toThrow(/memory|room|full/i);
    expect(cache.get(['kept'])).toEqual([['kept', 1]]);
    expect(cache.stats().evictionCount).toBe(0);
    await cache.stop();
  });

  test('a partition that has nothing to give takes from the others', async () => {
    const cache = await start({ memory: '1mb', partitions: 2 });
    const [first, second] = cache.partitions;
    for (let n = 0; n < 5000; n++) first.put([n, 'x'.repeat(500)]);
    for (let n = 0; n < 200; n++) {
      second.put([n, 'y'.repeat(500)]);
      expect(second.get(n)).toEqual([[n, 'y'.repeat(500)]]);
    }
    expect(cache.stats().refusedCount).toBe(0);
    await cache.stop();
  });
});
