/**
 * Goal: a full cache refuses and loses nothing; what is deleted can be used again, for other sizes too; little memory
 * goes to overhead.
 * Oracle: the rows that were acknowledged. Replay: `npx vitest run test/conformance/capacity.test.ts`.
 */
import type { SuperCache } from 'supercache';
import { describe, expect, test } from 'vitest';
import { builds, type Row, startSmall, thrown } from './subjects.js';

/** A value whose text depends on the key, so that mixed-up rows show. */
function textOf(key: number, length: number): string {
  return `${key}|`.repeat(Math.ceil(length / 2)).slice(0, length);
}

/** Puts rows of growing keys until the cache refuses; how many it took. */
function fill(cache: SuperCache<Row>, length: number, first = 0): number {
  for (let key = first; ; key++) {
    const result = cache.safe.put([key, textOf(key, length)]);
    if (result.ok) continue;
    expect(result.error).toMatchObject({ code: 'ERR_SUPERCACHE_FULL', op: 'put', key: String(key) });
    return key - first;
  }
}

function expectAll(cache: SuperCache<Row>, count: number, length: number): void {
  let wrong = 0;
  for (let key = 0; key < count; key++) {
    const [row] = cache.get([key]);
    if (row?.[1] !== textOf(key, length)) wrong++;
  }
  expect(wrong).toBe(0);
  expect(cache.stats().entries).toBe(count);
}

const [esm, cjs] = builds;
const layouts = [
  { ...esm, partitions: 1, owners: 0 },
  { ...esm, partitions: 16, owners: 0 },
  { ...cjs, partitions: 4, owners: 2 },
];

describe.each(layouts)('$build, $partitions partitions, $owners owners', ({ exports, partitions, owners }) => {
  const start = () => startSmall(exports, { memory: '2mb', partitions, owners });

  test.each([10, 100, 1000, 30_000])('B19: full of %d bytes each: FULL is thrown, nothing is lost', async (length) => {
    const cache = await start();
    const count = fill(cache, length);
    expect(count * length).toBeLessThan(2 * 2 ** 20);
    expectAll(cache, count, length);
    const others = cache.safe.keyValue<number, string>('other');
    const keys = Array.from({ length: 100 }, (_, key) => key);
    const stored = keys.filter((key) => others.set(key, textOf(key, length)).ok);
    for (let key = 0; key < 100; key++) {
      const row = [`x${key}`, textOf(key, length)];
      if (cache.safe.insertNew(row).ok) cache.delete(row);
    }
    expect(cache.keyValue('other').size).toBe(stored.length);
    for (const key of stored) expect(others.get(key)).toEqual({ ok: true, value: textOf(key, length) });
    for (let key = 0; key < count; key += 7) expect(cache.get([key])).toEqual([[key, textOf(key, length)]]);
    expect(cache.stats().refusedCount).toBeGreaterThan(0);
    await cache.stop();
  });

  test.each([10, 100, 300, 900])(
    'full: overwriting %d bytes by as many works, and so does deleting',
    async (length) => {
      const cache = await start();
      const count = fill(cache, length);
      const refused = Array.from({ length: count }, (_, key) => key).filter(
        (key) => !cache.safe.put([key, textOf(key + 1, length)]).ok,
      );
      expect(refused).toEqual([]);
      let wrong = 0;
      for (let key = 0; key < count; key++) if (cache.get([key])[0][1] !== textOf(key + 1, length)) wrong++;
      expect(wrong).toBe(0);
      for (let key = 0; key < 20; key++) {
        expect(cache.delete([key])).toBe(1);
        cache.put([key, textOf(key, length)]);
      }
      expect(cache.stats().entries).toBe(count);
      await cache.stop();
    },
  );

  test('full: overwriting a value of many pieces works, or is refused and keeps the old one', async () => {
    const cache = await start();
    const count = fill(cache, 30_000);
    for (let key = 0; key < count; key++) {
      const { ok } = cache.safe.put([key, textOf(key + 1, 30_000)]);
      expect(cache.get([key])[0][1] === textOf(ok ? key + 1 : key, 30_000)).toBe(true);
    }
    expect(cache.delete([0])).toBe(1);
    cache.put([0, textOf(0, 30_000)]);
    expect(cache.stats().entries).toBe(count);
    await cache.stop();
  });

  test('deleting everything, in two ways, makes all of it usable again', async () => {
    const cache = await start();
    const count = fill(cache, 500);
    for (let round = 0; round < 2; round++) {
      for (let key = 0; key < count; key++) expect(cache.delete([key])).toBe(1);
      expect(cache.stats()).toMatchObject({ entries: 0 });
      const again = fill(cache, 500);
      expect(Math.abs(again - count)).toBeLessThanOrEqual(count * 0.01);
      expectAll(cache, again, 500);
      cache.deleteAll();
      expect(cache.toList()).toEqual([]);
      const third = fill(cache, 500);
      expect(Math.abs(third - count)).toBeLessThanOrEqual(count * 0.01);
      expectAll(cache, third, 500);
      cache.deleteAll();
      fill(cache, 500);
    }
    await cache.stop();
  });

  const emptying: Record<string, (cache: SuperCache<Row>, count: number) => void> = {
    deleteAll: (cache) => cache.deleteAll(),
    'delete of each': (cache, count) => {
      for (let key = 0; key < count; key++) cache.delete([key]);
    },
    'take of each': (cache, count) => {
      for (let key = 0; key < count; key++) cache.take(key);
    },
  };
  test.each(Object.entries(emptying))('small and large values in turn lose no capacity: %s', async (_, empty) => {
    const cache = await start();
    const most = fill(cache, 10_000);
    empty(cache, most);
    let least = most;
    for (let round = 0; round < 3; round++) {
      empty(cache, fill(cache, 100));
      const large = fill(cache, 10_000);
      expectAll(cache, large, 10_000);
      empty(cache, large);
      least = Math.min(least, large);
    }
    expect(least).toBeGreaterThanOrEqual(most * 0.99);
    await cache.stop();
  });

  test('P6: insertNew of a list that does not fit stores none of it', async () => {
    const cache = await start();
    const count = fill(cache, 900);
    for (let key = 0; key < 50; key++) cache.delete([key]);
    const list = Array.from({ length: 1000 }, (_, i) => [i < 50 ? i : -i, textOf(i, 900)]);
    const error = thrown(() => cache.insertNew(list));
    expect(error.code).toBe('ERR_SUPERCACHE_FULL');
    expect(cache.stats().entries).toBe(count - 50);
    expect(list.filter((row) => cache.member(row[0]))).toEqual([]);
    expect(cache.insertNew(list.slice(0, 10))).toBe(true);
    expect(cache.stats().entries).toBe(count - 40);
    await cache.stop();
  });
});

test.each([
  { ...esm, partitions: 1, owners: 0 },
  { ...esm, partitions: 1, owners: 8 },
  { ...cjs, partitions: 64, owners: 8 },
])(
  'at least 80 % of memory is data: $build, $partitions partitions, $owners owners',
  async ({ exports, ...layout }) => {
    const memory = 64 * 2 ** 20;
    const cache = await startSmall(exports, { memory, partitions: layout.partitions, owners: layout.owners });
    const value = 'x'.repeat(1024);
    let count = 0;
    while (cache.safe.put([count, value]).ok) count++;
    expect((count * 1024) / memory).toBeGreaterThan(0.8);
    cache.deleteAll();
    const map = cache.safe.keyValue<string, string>('kilobytes');
    let stored = 0;
    while (map.set(`key ${stored}`, value).ok) stored++;
    expect((stored * 1024) / memory).toBeGreaterThan(0.8);
    await cache.stop();
  },
);

describe.each(builds)('$build', ({ exports }) => {
  test('one hot partition, and one value, can use the memory of all owners', async () => {
    const memory = 64 * 2 ** 20;
    const cache = await startSmall(exports, {
      memory,
      partitions: 8,
      owners: 8,
      partitionPos: 1,
      maxEntrySize: '64mb',
    });
    let count = 0;
    while (cache.safe.put([count, 'hot', 'x'.repeat(1024)]).ok) count++;
    expect((count * 1024) / memory).toBeGreaterThan(0.8);
    cache.deleteAll();
    const value = 'y'.repeat(50 * 2 ** 20);
    cache.put(['one', 'hot', value]);
    expect(cache.get(['one', 'hot'])[0][2] === value).toBe(true);
    await cache.stop();
  });

  test('H3: overwriting one key for ever takes no room', async () => {
    const cache = await startSmall(exports, { memory: '1mb' });
    const map = cache.keyValue<string, unknown>('one');
    map.set('k', 'x'.repeat(90));
    const { bytes } = cache.stats();
    for (let i = 0; i < 100_000; i++) map.set('k', 'x'.repeat(80 + (i % 10)));
    map.set('k', 'x'.repeat(90));
    expect(cache.stats()).toMatchObject({ entries: 1, bytes, refusedCount: 0 });
    for (let i = 0; i < 200; i++) map.set('k', 'y'.repeat((i * 7919) % 200_000));
    map.set('k', 'x'.repeat(90));
    expect(map.size).toBe(1);
    await cache.stop();
  });

  test('nothing is refused while most of memory is free, whatever the hashes', async () => {
    const cache = await startSmall(exports, { memory: '2mb', partitions: 2 });
    const map = cache.safe.keyValue<string, number>('map');
    const refused: string[] = [];
    for (let round = 0; round < 40; round++) {
      cache.deleteAll();
      for (let i = 0; i < 15_000; i++) if (!map.set(`${round}/${i}`, i).ok) refused.push(`${round}/${i}`);
      expect(cache.inspect().pages.free).toBeGreaterThan(cache.inspect().pages.total / 3);
    }
    expect(refused).toEqual([]);
    await cache.stop();
  });
});
