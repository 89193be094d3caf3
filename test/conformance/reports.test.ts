/**
 * Goal: stats and inspect tell the truth.
 * Oracle: the operations that were made. Replay: `npx vitest run test/conformance/reports.test.ts`.
 */
import { threadId } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { builds, startSmall } from './subjects.js';

describe.each(builds)('$build', ({ exports }) => {
  test('B17: puts, hits, misses, removals and refusals are counted', async () => {
    const cache = await startSmall(exports, { memory: '1mb', partitions: 2 });
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, hitCount: 0, missCount: 0, hitRate: 0, putCount: 0 });
    const map = cache.keyValue<string, string>('map');
    cache.put(['a']);
    cache.put(['a', 'again']);
    cache.putBatch([['b'], ['c'], ['d']]);
    cache.insertNew(['e']);
    cache.insertNew(['e']);
    map.set('k', 'v');
    expect(cache.stats()).toMatchObject({ entries: 6, putCount: 7, removeCount: 0, refusedCount: 0 });
    cache.get(['a']);
    cache.getSameKeyPartition('b');
    map.get('k');
    cache.get(['none']);
    map.get('none');
    const { hitCount, missCount, hitRate } = cache.stats();
    expect([hitCount, missCount, hitRate]).toEqual([3, 2, 0.6]);
    cache.delete(['a']);
    cache.delete(['none']);
    cache.take('b');
    cache.take('none');
    map.delete('k');
    map.delete('k');
    expect(cache.stats()).toMatchObject({ entries: 3, removeCount: 3 });
    for (let i = 0; i < 3; i++) expect(cache.safe.put(['big', 'x'.repeat(2 ** 21)]).ok).toBe(false);
    expect(cache.stats()).toMatchObject({ entries: 3, refusedCount: 3, putCount: 7 });
    await cache.stop();
  });

  test('B17: a list that insertNew stores counts as so many puts', async () => {
    const cache = await startSmall(exports);
    cache.insertNew([['a'], ['b'], ['c']]);
    expect(cache.stats()).toMatchObject({ entries: 3, putCount: 3 });
    await cache.stop();
  });

  test('B18: partitions report their own entries and bytes, which add up', async () => {
    const cache = await startSmall(exports, { partitions: 8 });
    for (let i = 0; i < 800; i++) cache.put([i, 'x'.repeat(i % 300)]);
    cache.keyValue<number, number>('map').set(1, 1);
    const { entries, bytes, partitions, memory } = cache.stats();
    expect(memory).toBe(4 * 2 ** 20);
    expect(partitions).toHaveLength(8);
    expect(partitions.reduce((sum, part) => sum + part.entries, 0)).toBe(entries);
    expect(partitions.reduce((sum, part) => sum + part.bytes, 0)).toBe(bytes);
    expect(entries).toBe(801);
    expect(bytes).toBeGreaterThan(800 * 150);
    for (const [i, handle] of cache.partitions.entries()) {
      expect(partitions[i].entries - handle.size).toBe(i === cache.partitionOf(1) ? 1 : 0);
    }
    await cache.stop();
  });

  test('inspect agrees with stats, with the handle and with itself', async () => {
    const cache = await startSmall(exports, { partitions: 4, owners: 2, memory: '8mb' });
    for (let i = 0; i < 5000; i++) cache.put([i, 'x'.repeat(i % 500)]);
    const report = cache.inspect();
    const stats = cache.stats();
    const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
    expect(sum(report.slabs)).toBe(stats.memory);
    expect(report.slabs).toEqual(cache.handle().buffers.map(({ byteLength }) => byteLength));
    expect(report.controlLength + report.pages.total * report.pageLength).toBeLessThanOrEqual(stats.memory);
    expect(sum(report.sizeClasses.map(({ pages }) => pages))).toBe(report.pages.total - report.pages.free);
    expect(sum(stats.partitions.map(({ pages }) => pages))).toBe(report.pages.total - report.pages.free);
    expect(sum(report.sizeClasses.map(({ usedCells, cellLength }) => usedCells * cellLength))).toBe(stats.bytes);
    for (const { usedCells, cells } of report.sizeClasses) expect(usedCells).toBeLessThanOrEqual(cells);
    expect(report.fill + report.fragmentation).toBeCloseTo(1);
    expect(report.fill).toBeGreaterThan(0.5);
    expect(report.locks).toEqual([]);
    expect(report.threads).toHaveLength(3);
    expect(report.threads.filter(({ role, alive }) => role === 'owner' && alive)).toHaveLength(2);
    expect(report.threads.find(({ role }) => role === 'client')).toMatchObject({ threadId, alive: true });
    await cache.stop();
  });

  test('deleting everything brings entries to 0, and most bytes back', async () => {
    const cache = await startSmall(exports, { memory: '8mb' });
    for (let i = 0; i < 3000; i++) cache.put([i, 'x'.repeat(1000)]);
    const { bytes } = cache.stats();
    cache.deleteAll();
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
    for (let i = 0; i < 3000; i++) cache.put([i, 'x'.repeat(1000)]);
    expect(Math.abs(cache.stats().bytes - bytes)).toBeLessThan(bytes / 100);
    await cache.stop();
  });
});
