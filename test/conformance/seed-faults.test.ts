/**
 * Goal: faults of the systems that this one descends from do not come back. Each title names one by its number there
 * (B: tuple cache, P: partitioned tables, H: cache server); others stand beside what they concern, see `B`, `P`, `H`
 * in the titles of this folder.
 * Oracle: what each of those systems should have done. Replay: `npx vitest run test/conformance/seed-faults.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { builds, emptiedCache, startSmall, thrown } from './subjects.js';

describe.each(builds)('$build', ({ exports }) => {
  const cache = emptiedCache(exports, { partitions: 8, memory: '16mb' });
  test('A1: positions far beyond a row are accepted at the start and checked per operation', async () => {
    const far = await startSmall(exports, { keyPos: 100, partitionPos: 100 });
    expect(thrown(() => far.put(['short'])).code).toBe('ERR_SUPERCACHE_BAD_ROW');
    await far.stop();
  });

  test('A3: rows of one element work, and a miss is an empty list', () => {
    cache().put(['only']);
    expect(cache().get(['only'])).toEqual([['only']]);
    expect(cache().get(['none'])).toEqual([]);
    expect(cache().putBatch([])).toBe(0);
  });

  test.each([0, 2])('B3: lazy writes of one key keep their order, %i owners', async (owners) => {
    const lazy = await startSmall(exports, { memory: '16mb', partitions: 8, owners });
    const map = lazy.keyValue<number, number>('map');
    for (let key = 0; key < 2000; key++) {
      for (let value = 1; value <= 5; value++) {
        lazy.lazyPut([key, value]);
        map.lazySet(key, value);
      }
    }
    await lazy.flush();
    const keys = Array.from({ length: 2000 }, (_, key) => key);
    expect(keys.filter((key) => lazy.get([key])[0]?.[1] !== 5)).toEqual([]);
    expect(keys.filter((key) => map.get(key) !== 5)).toEqual([]);
    await lazy.stop();
  });

  test('B4: the first lazy write may come right after the start, and a stop leaves nothing behind', async () => {
    for (let round = 0; round < 5; round++) {
      const lazy = await startSmall(exports, { memory: '4mb', partitions: 4, owners: 1 });
      for (let i = 0; i < 500; i++) lazy.lazyPut([i, round]);
      if (round % 2 === 0) {
        lazy.flushSync();
        expect(lazy.toList()).toHaveLength(500);
      }
      await lazy.stop();
      expect(thrown(() => lazy.lazyPut([1, 1])).code).toBe('ERR_SUPERCACHE_STOPPED');
    }
  });

  test('B8: a write is visible to the next read, always', () => {
    const map = cache().keyValue<string, number>('sum');
    map.set('n', 0);
    for (let i = 0; i < 10_000; i++) map.set('n', (map.get('n') ?? 0) + 1);
    expect(map.get('n')).toBe(10_000);
  });

  test('B15: a partition that holds nothing answers with misses, not errors', () => {
    for (const handle of cache().partitions) {
      expect([handle.get('k'), handle.take('k'), handle.delete('k'), handle.size]).toEqual([[], [], 0, 0]);
      expect(handle.scan(() => 1, 0)).toBe(0);
    }
  });

  test('B19: a refused write throws, it does not answer true', async () => {
    const small = await startSmall(exports, { memory: '512kb' });
    const written: string[] = [];
    const error = thrown(() => {
      for (let i = 0; ; i++) {
        expect(small.put([`k${i}`, 'x'.repeat(1000)])).toBe(true);
        written.push(`k${i}`);
      }
    });
    expect(error.code).toBe('ERR_SUPERCACHE_FULL');
    expect(written.filter((key) => !small.member(key))).toEqual([]);
    await small.stop();
  });

  test('B25: what a batch stores is found by key, in every partition', () => {
    const rows = Array.from({ length: 1000 }, (_, i) => [`k${i}`, i]);
    expect(cache().putBatch(rows)).toBe(1000);
    expect(rows.filter(([key]) => cache().getSameKeyPartition(key).length !== 1)).toEqual([]);
  });

  test('B26: a stopped cache is gone for those who know its handle', async () => {
    const gone = await startSmall(exports);
    const handle = structuredClone(gone.handle());
    await gone.stop();
    const again = await startSmall(exports, { name: gone.name });
    again.put(['k', 'new']);
    expect(['ERR_SUPERCACHE_STOPPED', 'ERR_SUPERCACHE_NOT_STARTED']).toContain(
      thrown(() => exports.SuperCache.attach(handle).get(['k'])).code,
    );
    expect(exports.SuperCache.attach(gone.name)).toBe(again);
    await again.stop();
  });

  test('B29: memory is bounded', async () => {
    const bounded = await startSmall(exports, { memory: '1mb' });
    const map = bounded.safe.keyValue<number, string>('map');
    for (let i = 0; i < 5000; i++) map.set(i, 'x'.repeat(500));
    const { bytes, memory } = bounded.stats();
    expect(memory).toBe(2 ** 20);
    expect(bytes).toBeLessThanOrEqual(memory);
    await bounded.stop();
  });

  test('P6: a batch with a row that is none is refused as a whole, not silently shortened', () => {
    expect(thrown(() => cache().putBatch([['a'], 'b' as never, ['c']])).code).toBe('ERR_SUPERCACHE_BAD_ROW');
    expect(cache().toList()).toEqual([]);
  });

  test('P9: one partition with a hundred thousand rows works', () => {
    const [handle] = cache().partitions;
    for (let i = 0; i < 100_000; i++) handle.put([i]);
    expect(handle.size).toBe(100_000);
    for (let i = 0; i < 100_000; i += 997) expect(handle.get(i)).toEqual([[i]]);
  });

  test('H1: empty values and empty keys can be stored', () => {
    const map = cache().keyValue<string, unknown>('empty');
    for (const value of ['', new Uint8Array(0), [], {}, new Map()]) {
      map.set('', value);
      expect(map.get('', 'none')).toEqual(value);
    }
    cache().put(['', '']);
    expect(cache().get([''])).toEqual([['', '']]);
  });

  test('H4: every acknowledged write is there', () => {
    const map = cache().keyValue<number, number>('acknowledged');
    for (let i = 0; i < 50_000; i++) map.set(i, -i);
    let missing = 0;
    for (let i = 0; i < 50_000; i++) if (map.get(i) !== -i) missing++;
    expect([missing, map.size]).toEqual([0, 50_000]);
  });

  test('H7: separators and line ends in keys and values, and types, are kept', () => {
    const map = cache().keyValue<unknown, unknown>('odd');
    const odd = ['a|b', 'a\nb', '\r\n', '\0', '|', 'x|1|y\n', '"', '\\', '\u2028'];
    for (const text of odd) map.set(text, text);
    for (const text of odd) expect(map.get(text)).toBe(text);
    for (const value of [1, '1', 1n, true, 'true', null, 'null', 1.5]) {
      map.set('typed', value);
      expect(map.get('typed')).toBe(value);
    }
    map.set('large', 'x'.repeat(70_000));
    expect(map.get('large')).toHaveLength(70_000);
  });

  test('H10: deleteAll empties every namespace and all tuples', () => {
    const names = ['one', 'two', 'three'];
    for (const name of names) cache().keyValue<string, number>(name).set('k', 1);
    cache().put(['k']);
    cache().deleteAll();
    for (const name of names)
      expect([cache().keyValue(name).has('k'), cache().keyValue(name).size]).toEqual([false, 0]);
    expect(cache().toList()).toEqual([]);
    expect(cache().stats().entries).toBe(0);
  });

  test('H10: entries deleted by deleteAll never come back, however often it is called', () => {
    const map = cache().keyValue<string, number>('generations');
    map.set('old', 1);
    for (let i = 0; i < 200; i++) {
      cache().deleteAll();
      expect(map.has('old')).toBe(false);
      map.set(`new ${i}`, i);
      expect(map.size).toBe(1);
    }
  });

  test('C3: sizes are read whatever their case, and refused when they are none', async () => {
    const sized = await startSmall(exports, { memory: '1.5Mb', maxEntrySize: '64KB' });
    expect([sized.options.memory, sized.options.maxEntrySize]).toEqual([1.5 * 2 ** 20, 65536]);
    await sized.stop();
    for (const memory of ['4gigs', '4 g b', '1.5.1gb', 'gb']) {
      expect(await exports.SuperCache.safe.start({ memory })).toMatchObject({ ok: false });
    }
  });
});
