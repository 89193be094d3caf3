/**
 * Goal: values up to maxEntrySize are stored, one byte more is refused and changes nothing; values of hundreds of
 * megabytes and memory beyond 4 GiB work.
 * Oracle: the value that was stored; for the limit, the longest one that was accepted.
 * Replay: `npx vitest run test/conformance/large-values.test.ts`.
 */
import { freemem } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { SuperCache } from 'supercache';
import { describe, expect, test } from 'vitest';
import { builds, newName, type Row, sharedBytes, startSmall } from './subjects.js';

const MB = 2 ** 20;
const GB = 2 ** 30;

/** The longest value that the cache takes under this key, by bisection. */
function longest(cache: SuperCache<Row>, limit: number, make: (length: number) => unknown): number {
  let fits = 0;
  let refused = limit + 1;
  while (refused - fits > 1) {
    const middle = (fits + refused) >> 1;
    const result = cache.safe.put(['k', make(middle)]);
    if (result.ok) fits = middle;
    else {
      expect(result.error).toMatchObject({ code: 'ERR_SUPERCACHE_TOO_LARGE', op: 'put', key: '"k"' });
      refused = middle;
    }
  }
  return fits;
}

const kinds: readonly [string, (length: number) => unknown][] = [
  ['Latin-1 text', (length) => 'x'.repeat(length)],
  ['bytes', (length) => new Uint8Array(length).fill(7)],
  ['an object', (length) => ({ text: 'x'.repeat(length) })],
];

describe.each(builds)('$build', ({ exports }) => {
  describe.each([64, 1000, 65536, 3 * MB])('maxEntrySize %d', (maxEntrySize) => {
    test.each(kinds)('%s: what fits is stored, one byte more is refused and changes nothing', async (_, make) => {
      const cache = await startSmall(exports, { memory: '8mb', maxEntrySize });
      const length = longest(cache, maxEntrySize, make);
      expect(length).toBeGreaterThanOrEqual(maxEntrySize - 80);
      expect(length).toBeLessThan(maxEntrySize);
      cache.put(['k', make(length)]);
      const before = cache.stats();
      expect(cache.safe.put(['k', make(length + 1)])).toMatchObject({ ok: false });
      expect(
        cache.safe.putBatch([
          ['other', 1],
          ['k', make(length + 1)],
        ]),
      ).toMatchObject({ ok: false });
      expect(
        cache.safe.insertNew([
          ['other', 1],
          ['k', make(length + 1)],
        ]),
      ).toMatchObject({ ok: false });
      expect(cache.safe.keyValue<string, unknown>('kv').set('k', make(length + 1))).toMatchObject({ ok: false });
      expect(isDeepStrictEqual(cache.get(['k']), [['k', make(length)]])).toBe(true);
      expect(cache.stats()).toMatchObject({ entries: 1, bytes: before.bytes, refusedCount: before.refusedCount });
      await cache.stop();
    });
  });

  test('a value that maxEntrySize allows but memory does not is refused as FULL, and nothing is lost', async () => {
    const cache = await startSmall(exports, { memory: '2mb' });
    cache.put(['small', 'kept']);
    const { bytes } = cache.stats();
    for (let i = 0; i < 20; i++) {
      expect(cache.safe.put(['k', 'x'.repeat(3 * MB)])).toMatchObject({
        ok: false,
        error: { code: 'ERR_SUPERCACHE_FULL' },
      });
    }
    expect(cache.toList()).toEqual([['small', 'kept']]);
    expect(cache.stats().bytes).toBe(bytes);
    await cache.stop();
  });

  test('values of every length around the sizes of cells and pages come back', async () => {
    const cache = await startSmall(exports, { memory: '8mb' });
    const map = cache.keyValue<string, string>('lengths');
    for (const middle of [0, 16, 64, 128, 255, 1024, 4096, 8192, 16384, 32768, 65536, 131072]) {
      for (let length = Math.max(0, middle - 40); length < middle + 8; length++) {
        const text = `${length}|`.repeat(length).slice(0, length);
        map.set('k', text);
        if (map.get('k') !== text) expect.unreachable(`length ${length}`);
        cache.put(['k', text, text]);
        if (cache.take('k')[0][2] !== text) expect.unreachable(`length ${length}`);
      }
    }
    await cache.stop();
  });
});

test('values of 100 and 256 MB', async (context) => {
  if (freemem() < 3 * GB) return context.skip('not enough free memory');
  const [{ exports }] = builds;
  const cache = await exports.SuperCache.start({
    name: newName(),
    memory: '1gb',
    eviction: 'none',
    maxEntrySize: '300mb',
    owners: 2,
  });
  const marked = (length: number) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 4093) bytes[at] = at >>> 4;
    return bytes;
  };
  for (const length of [100 * MB, 256 * MB]) {
    const value = marked(length);
    cache.put(['bytes', value]);
    expect(Buffer.compare(cache.get(['bytes'])[0][1] as Uint8Array, value)).toBe(0);
  }
  const text = 'abcdefghij'.repeat(10 * MB);
  cache.keyValue<string, string>('texts').set('text', text);
  expect(cache.keyValue('texts').get('text') === text).toBe(true);
  expect(cache.take('bytes')).toHaveLength(1);
  expect(cache.stats().entries).toBe(1);
  await cache.stop();
});

test('memory beyond 4 GiB: all slabs are used, and everything in them is found', async () => {
  const [{ exports }] = builds;
  const cache = await exports.SuperCache.start({
    name: newName(),
    memory: '5gb',
    partitions: 10,
    owners: 5,
    maxThreads: 8,
  });
  expect(sharedBytes(cache)).toBe(5 * GB);
  const { slabs, pageLength } = cache.inspect();
  expect(slabs).toHaveLength(5);
  expect(Math.max(...slabs)).toBeLessThanOrEqual(GB);
  const value = 'v'.repeat(200);
  for (let key = 0; key < 20_000; key++) cache.put([key, `${value}${key}`]);
  const large = 'w'.repeat(MB);
  for (let key = 0; key < 50; key++) cache.put([`large ${key}`, `${large}${key}`]);
  let wrong = 0;
  for (let key = 0; key < 20_000; key++) if (cache.get([key])[0]?.[1] !== `${value}${key}`) wrong++;
  for (let key = 0; key < 50; key++) if (cache.get([`large ${key}`])[0]?.[1] !== `${large}${key}`) wrong++;
  expect(wrong).toBe(0);
  for (const { entries, pages } of cache.stats().partitions) {
    expect(entries).toBeGreaterThan(1000);
    expect(pages * pageLength).toBeGreaterThan(200_000);
  }
  // The last slab begins at 4 GiB: it is in use if any of its bytes is not zero.
  for (const buffer of cache.handle().buffers) {
    const words = new Int32Array(buffer, 0, 2 ** 18);
    expect(words.some((word) => word !== 0)).toBe(true);
  }
  expect(cache.scan((_, count) => count + 1, 0)).toBe(20_050);
  cache.deleteAll();
  expect(cache.get([1])).toEqual([]);
  await cache.stop();
});
