/**
 * Goal: lifetimes per entry, key-value and cache, in every operation: what expired is never returned, what has not is,
 * to the millisecond of the manual clock. Oracle: the reference.
 * Replay: `npx vitest run test/conformance/expiry.test.ts`.
 */
import type { EntryOptions, StartOptions, SuperCache } from 'supercache';
import { afterEach, describe, expect, test } from 'vitest';
import { builds, type Row, startSmall, thrown } from './subjects.js';

const DAY = 86_400_000;
const durations: readonly [number | string, number][] = [
  [1, 1],
  ['1ms', 1],
  [1.5, 2],
  ['500ms', 500],
  ['30s', 30_000],
  [' 1.5 s ', 1500],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['7d', 7 * DAY],
  ['3650d', 3650 * DAY],
  [4294967295, 4294967295],
  [4294967296, 4294967296],
];

describe.each(builds)('$build', ({ exports }) => {
  let running: SuperCache<Row> | undefined;
  const start = async (options: StartOptions = {}): Promise<SuperCache<Row>> => {
    running = await startSmall<Row>(exports, { clock: 'manual', partitions: 3, ...options });
    return running;
  };
  afterEach(() => running?.stop());

  test.each(durations)('ttl %s: there until the last millisecond, gone from then on', async (ttl, ms) => {
    const cache = await start();
    const map = cache.keyValue<string, unknown>('map');
    cache.put(['tuple', 1], { ttl });
    map.set('k', 'v', { ttl }).set('idle', 'v', { idleTtl: ttl }).set('long', 'x'.repeat(100_000), { ttl });
    cache.clock.advance(ms - 1);
    expect([cache.get(['tuple']), map.get('k'), map.has('idle')]).toEqual([[['tuple', 1]], 'v', true]);
    expect([map.ttl('k'), map.ttl('idle'), map.ttl('long')]).toEqual([1, 1, 1]);
    cache.clock.advance(1);
    expect([cache.get(['tuple']), cache.member('tuple'), cache.take('tuple'), cache.toList()]).toEqual([
      [],
      false,
      [],
      [],
    ]);
    expect([map.get('k'), map.has('k'), map.get('idle'), map.get('long', 'none')]).toEqual([
      undefined,
      false,
      undefined,
      'none',
    ]);
    expect([map.ttl('k'), map.expire('k', 5), map.persist('k'), map.delete('k')]).toEqual([
      undefined,
      false,
      false,
      false,
    ]);
  });

  test('insertNew takes the place of what expired, alone and in lists', async () => {
    const cache = await start();
    for (const key of ['a', 'b', 'c']) cache.put([key, 'old'], { ttl: 10 });
    expect(cache.insertNew(['a', 'new'])).toBe(false);
    cache.clock.advance(10);
    expect(cache.insertNew(['a', 'new'])).toBe(true);
    expect(
      cache.insertNew(
        [
          ['b', 'new'],
          ['c', 'new'],
          ['d', 'new'],
        ],
        { ttl: 5 },
      ),
    ).toBe(true);
    expect(
      cache.insertNew([
        ['c', 'late'],
        ['e', 'late'],
      ]),
    ).toBe(false);
    expect(
      cache
        .toList()
        .map(([key, value]) => `${key}:${value}`)
        .sort(),
    ).toEqual(['a:new', 'b:new', 'c:new', 'd:new']);
    expect(cache.stats().expirationCount).toBe(2);
    cache.clock.advance(5);
    expect(cache.toList()).toEqual([['a', 'new']]);
  });

  test('overwriting renews the lifetime; without options there is none', async () => {
    const cache = await start();
    const map = cache.keyValue<string, number>('map');
    map.set('k', 1, { ttl: 10 });
    cache.clock.advance(9);
    map.set('k', 2, { ttl: 10 });
    cache.clock.advance(9);
    expect([map.get('k'), map.ttl('k')]).toEqual([2, 1]);
    map.set('k', 3);
    expect(map.ttl('k')).toBe(Infinity);
    cache.clock.advance(1000 * DAY);
    expect(map.get('k')).toBe(3);
  });

  test('an entry overrules its key-value, which overrules the cache', async () => {
    const cache = await start({ ttl: 100, idleTtl: '50ms' });
    const left = (options: EntryOptions | undefined, own: EntryOptions | undefined): number | undefined =>
      cache.keyValue<string, number>('map', own).set('k', 1, options).ttl('k');
    expect(left(undefined, undefined)).toBe(50);
    expect(left({ idleTtl: Infinity }, undefined)).toBe(100);
    expect(left({ ttl: Infinity, idleTtl: Infinity }, undefined)).toBe(Infinity);
    expect(left(undefined, { idleTtl: '1s' })).toBe(100);
    expect(left(undefined, { ttl: '30ms' })).toBe(30);
    expect(left({ ttl: 20 }, { ttl: 30 })).toBe(20);
    cache.put(['row', 1]);
    cache.putBatch([['batch', 1]], { ttl: 20 });
    cache.partitions[0].put(['own', 1], { ttl: 10 });
    cache.clock.advance(19);
    expect([cache.member('row'), cache.member('batch'), cache.partitions[0].get('own')]).toEqual([true, true, []]);
    cache.clock.advance(1);
    expect([cache.member('row'), cache.member('batch')]).toEqual([true, false]);
    cache.clock.advance(30);
    expect(cache.member('row')).toBe(false);
  });

  test('reads renew an idle time, has and ttl do not, and a ttl ends it all the same', async () => {
    const cache = await start();
    const map = cache.keyValue<string, unknown>('map');
    map.set('read', 1, { idleTtl: 100 }).set('asked', 1, { idleTtl: 100 }).set('both', 1, { idleTtl: 100, ttl: 250 });
    const long = 'y'.repeat(50_000);
    map.set('long', long, { idleTtl: 100 });
    for (let i = 0; i < 4; i++) {
      cache.clock.advance(60);
      expect([map.get('read'), map.get('both'), map.get('long') === long], String(i)).toEqual([1, 1, true]);
      map.has('asked');
      map.ttl('asked');
    }
    expect([map.has('asked'), map.ttl('both'), map.ttl('read')]).toEqual([false, 10, 100]);
    cache.clock.advance(10);
    expect([map.has('both'), map.has('read')]).toEqual([false, true]);
    cache.clock.advance(90);
    expect([map.has('read'), map.has('long')]).toEqual([false, false]);
  });

  test('expire and persist, for short, long and idle entries', async () => {
    const cache = await start();
    const map = cache.keyValue<string, unknown>('map');
    const values: Record<string, unknown> = { short: 1, text: 'täxt', long: 'z'.repeat(200_000), list: [1, { a: 2 }] };
    for (const [key, value] of Object.entries(values)) {
      map.set(key, value);
      expect([map.expire(key, '1s'), map.ttl(key), map.get(key)], key).toEqual([true, 1000, value]);
      expect([map.expire(key, 2000), map.ttl(key)], key).toEqual([true, 2000]);
      expect([map.persist(key), map.ttl(key), map.get(key)], key).toEqual([true, Infinity, value]);
      expect([map.expire(key, 5), map.expire(key, Infinity), map.ttl(key)], key).toEqual([true, true, Infinity]);
      map.set(key, value, { idleTtl: 100 });
      expect([map.expire(key, 50), map.ttl(key)], key).toEqual([true, 50]);
      expect([map.persist(key), map.ttl(key), map.get(key)], key).toEqual([true, Infinity, value]);
      map.expire(key, 10);
    }
    cache.clock.advance(10);
    for (const key of Object.keys(values)) expect([map.get(key), map.ttl(key)], key).toEqual([undefined, undefined]);
    for (const face of [map.expire('none', 5), map.persist('none')]) expect(face).toBe(false);
    expect(cache.safe.keyValue('map').expire('none', 0)).toMatchObject({ ok: false });
    await expect(cache.promises.keyValue('map').ttl('none')).resolves.toBeUndefined();
  });

  test('jitter takes a share of the ttl away, evenly', async () => {
    const cache = await start({ ttl: '1000s', ttlJitter: 0.25 });
    const map = cache.keyValue<number, number>('map');
    const left = Array.from({ length: 2000 }, (_, i) => map.set(i, i).ttl(i) as number);
    expect(Math.min(...left)).toBeGreaterThanOrEqual(750_000);
    expect(Math.max(...left)).toBeLessThanOrEqual(1_000_000);
    expect(Math.max(...left) - Math.min(...left)).toBeGreaterThan(200_000);
    expect(map.set(1, 1, { ttlJitter: 0 }).ttl(1)).toBe(1_000_000);
  });

  test('H6: a full cache frees what expired rather than refusing', async () => {
    // One partition: what refuses one entry refuses all of its length.
    const cache = await start({ memory: '1mb', partitions: 1 });
    const fill = (prefix: string, options?: EntryOptions): number => {
      for (let i = 0; ; i++) if (!cache.safe.put([`${prefix}${i}`, 'x'.repeat(500)], options).ok) return i;
    };
    const count = fill('a', { ttl: 1000 });
    expect(count).toBeGreaterThan(1000);
    cache.clock.advance(999);
    expect(cache.safe.put(['late0', 'x'.repeat(500)], { ttl: 1000 }).ok).toBe(false);
    cache.clock.advance(1);
    expect(fill('b')).toBeGreaterThan(count * 0.9);
    expect(cache.stats().expirationCount).toBeGreaterThan(count * 0.9);
  });

  test('bad times are refused with what is allowed, and change nothing', async () => {
    const cache = await start();
    const map = cache.keyValue<string, number>('map');
    for (const ttl of [0, -1, 0.5, Number.NaN, -Infinity, '5', '5 weeks', '', null, {}, 1n, '40000d'] as never[]) {
      const calls: Record<string, () => unknown> = {
        put: () => cache.put(['k'], { ttl }),
        putBatch: () => cache.putBatch([['k']], { idleTtl: ttl }),
        insertNew: () => cache.insertNew(['k'], { ttl }),
        set: () => map.set('k', 1, { idleTtl: ttl }),
        keyValue: () => cache.keyValue('map', { ttl }),
        expire: () => map.expire('k', ttl),
      };
      for (const [op, call] of Object.entries(calls)) {
        const error = thrown(call);
        expect([error.code, error.op], op).toEqual(['ERR_SUPERCACHE_BAD_OPTION', op]);
        expect(error.message, op).toMatch(/tl is .*allowed is 1 ms to/i);
      }
    }
    for (const ttlJitter of [-0.1, 1.5, Number.NaN, '1', null] as never[]) {
      expect(thrown(() => cache.put(['k'], { ttl: 5, ttlJitter })).code).toBe('ERR_SUPERCACHE_BAD_OPTION');
    }
    expect(cache.stats().entries).toBe(0);
  });

  test('the manual clock goes forward only, and the system clock cannot be moved', async () => {
    const cache = await start();
    expect(cache.clock.now()).toBe(0);
    for (const ms of [-1, 0.5, Number.NaN, Infinity, '5', 2 ** 52] as never[]) {
      expect(thrown(() => cache.clock.advance(ms)).code).toBe('ERR_SUPERCACHE_BAD_OPTION');
    }
    cache.clock.advance(0);
    cache.clock.advance(2 ** 40);
    expect(cache.clock.now()).toBe(2 ** 40);
    await cache.stop();
    const other = await start({ clock: 'system' });
    expect(thrown(() => other.clock.advance(5)).code).toBe('ERR_SUPERCACHE_NOT_SUPPORTED');
    const first = other.clock.now();
    expect(other.clock.now()).toBeGreaterThanOrEqual(first);
  });
});
