/**
 * Goal: every option is checked, defaulted and reported; all bad ones are named in one error.
 * Oracle: the table of options in the reference. Replay: `npx vitest run test/conformance/options.test.ts`.
 */
import { availableParallelism } from 'node:os';
import type { StartOptions } from 'supercache';
import { describe, expect, test } from 'vitest';
import { builds, newName, sharedBytes, startSmall } from './subjects.js';

const MB = 2 ** 20;

const sizes: readonly [number | string, number][] = [
  [MB, MB],
  ['1048576', MB],
  ['1048576b', MB],
  ['512kb', 512 * 1024],
  ['512KB', 512 * 1024],
  ['1mb', MB],
  [' 2 Mb ', 2 * MB],
  ['1.5mb', 1.5 * MB],
  ['0.5gb', 512 * MB],
  ['1gb', 1024 * MB],
];

const badDurations = [
  0,
  -1,
  0.5,
  Number.NaN,
  -Infinity,
  1e300,
  '',
  '5',
  '5 weeks',
  '-5s',
  '0ms',
  '36501d',
  null,
  {},
  1n,
];

/** Values that the option refuses. */
const bad: { readonly [Name in keyof StartOptions]-?: readonly unknown[] } = {
  name: ['', 'n'.repeat(257), 5, {}, Symbol('n')],
  memory: [
    0,
    -1,
    1.5,
    Number.NaN,
    Infinity,
    '',
    '64',
    '4 gigs',
    '64 mbit',
    '-1mb',
    '1,5gb',
    'mb',
    '2tb',
    '100tb',
    null,
    {},
    1n,
  ],
  owners: [-1, 65, 1.5, Number.NaN, '2', {}],
  partitions: [0, -1, 4097, 1.5, Number.NaN, '1', {}],
  keyPos: [-1, 65536, 1.5, Number.NaN, 'zero', {}],
  partitionPos: [-1, 65536, 1.5, Number.NaN, 'zero', {}],
  tableType: ['bag', 'duplicate_bag', 'ordered_set', 'Set', 5],
  eviction: ['LRU', 'None', 'random', 5, {}],
  maxEntries: [-1, 1.5, 2e9, '5', {}],
  maxEntrySize: [0, -1, 63, '2gb', 'large', Number.NaN, null, {}],
  maxThreads: [0, -1, 4095, 1.5, '8', {}],
  values: ['shared', 'Frozen', 5, {}],
  lazy: ['1mb', 5, null, []],
  ttl: badDurations,
  idleTtl: badDurations,
  ttlJitter: [-0.1, 1.1, Number.NaN, Infinity, '0.5', {}],
  clock: ['Manual', 'date', 5, {}],
};

describe.each(builds)('$build', ({ exports }) => {
  const { SuperCache } = exports;
  /** What a start with these options rejects with. */
  const rejection = async (options: unknown): Promise<TypeError & { code?: string; op?: string }> => {
    const result = await SuperCache.safe.start(options as StartOptions);
    if (result.ok) {
      await result.value.stop();
      throw new Error(`it started with ${JSON.stringify(options)}`);
    }
    return result.error as TypeError;
  };

  test('without options every default is filled in', async () => {
    const cache = await SuperCache.start();
    const { partitions, ...others } = cache.options;
    expect(others).toEqual({
      name: 'default',
      memory: 256 * MB,
      owners: Math.min(8, availableParallelism()),
      keyPos: 0,
      partitionPos: 0,
      tableType: 'set',
      eviction: 'tinylfu',
      maxEntries: 0,
      maxEntrySize: 16 * MB,
      maxThreads: 128,
      values: 'frozen',
      lazy: { ring: MB },
      ttl: Infinity,
      idleTtl: Infinity,
      ttlJitter: 0,
      clock: 'system',
    });
    expect(partitions).toBeGreaterThanOrEqual(1);
    expect(cache.partitions).toHaveLength(partitions);
    expect([cache.name, cache.started]).toEqual(['default', true]);
    await cache.stop();
  });

  test('undefined means the default', async () => {
    const names = Object.keys(bad);
    const cache = await SuperCache.start(Object.fromEntries(names.map((name) => [name, undefined])));
    expect(cache.options.memory).toBe(256 * MB);
    await cache.stop();
  });

  test.each(sizes)('sizes may be numbers or texts: %s', async (text, bytes) => {
    const cache = await startSmall(exports, { memory: text, maxEntrySize: bytes > 512 * MB ? undefined : text });
    expect(cache.options.memory).toBe(bytes);
    if (bytes <= 512 * MB) expect(cache.options.maxEntrySize).toBe(bytes);
    expect(cache.stats().memory).toBe(bytes);
    expect(sharedBytes(cache)).toBe(bytes);
    await cache.stop();
  });

  test.each(Object.entries(bad).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    '%s: %o is refused',
    async (name, value) => {
      const error = await rejection({ name: newName(), [name]: value });
      expect(error).toBeInstanceOf(TypeError);
      expect([error.code, error.op]).toEqual(['ERR_SUPERCACHE_BAD_OPTION', 'start']);
      expect(error.message).toContain(`${name} is `);
      expect(error.message).toContain('allowed is');
    },
  );

  test('all bad options are in one error, with path, value and what is allowed', async () => {
    const later = ['nearCache', 'hash', 'onEvict', 'pressure'];
    const given = {
      ...Object.fromEntries(Object.entries(bad).map(([name, values]) => [name, values.at(0)])),
      ...Object.fromEntries(later.map((name) => [name, 77])),
      memroy: 55,
    };
    const { message, code } = await rejection(given);
    expect(code).toBe('ERR_SUPERCACHE_BAD_OPTION');
    for (const name of Object.keys(bad)) expect(message).toMatch(new RegExp(`\\b${name} is .*allowed is`));
    for (const name of later) expect(message).toContain(`${name} is 77`);
    expect(message).toContain('memroy is 55');
    expect(message).toContain('tableType is "bag"');
    expect(message).toContain("allowed is 'set'");
    expect(message).toContain("'frozen' or 'copy'");
    expect(message).toContain("such as '512kb', '64mb', '1.5gb'");
    expect(message).toContain('0 to 64');
  });

  test.each([[null], [5], ['name'], [[]], [() => 1]])('%o is no set of options', async (options) => {
    expect((await rejection(options)).code).toBe('ERR_SUPERCACHE_BAD_OPTION');
  });

  test('options that do not fit together are refused with what is needed', async () => {
    const few = await rejection({ memory: '1mb', partitions: 4096, owners: 0 });
    expect(few.message).toMatch(/memory is "1mb".* need about \d+ bytes/);
    const threads = await rejection({ owners: 4, maxThreads: 4 });
    expect(threads.message).toContain('maxThreads is 4, allowed is more than the 4 owners');
    const kept = await rejection({ eviction: 'none', maxEntries: 5 });
    expect(kept.message).toContain("maxEntries is 5, allowed is nothing with eviction 'none'");
    const spread = await rejection({ maxEntries: 5, partitions: 6, owners: 0 });
    expect(spread.message).toContain('maxEntries is 5, allowed is at least one entry for each of 6 partitions');
  });

  test('after a refusal nothing is left behind, and the name is free', async () => {
    const name = newName();
    await rejection({ name, memory: 'none', owners: 2 });
    expect(SuperCache.safe.attach(name)).toMatchObject({ ok: false, error: { code: 'ERR_SUPERCACHE_NOT_STARTED' } });
    const cache = await startSmall(exports, { name });
    await cache.stop();
  });

  test('the options of the caller are copied', async () => {
    const given: StartOptions = { name: newName(), memory: '1mb', owners: 0, partitions: 2 };
    const cache = await SuperCache.start(Object.freeze(given));
    expect(cache.options).not.toBe(given);
    expect(cache.options.partitions).toBe(2);
    await cache.stop();
  });

  test.each([1, 3, 8])('memory is the sum of all slabs, to the byte, with %d owners', async (owners) => {
    for (const memory of [32 * MB, 33 * MB + 8192]) {
      const cache = await startSmall(exports, { memory, owners });
      expect(sharedBytes(cache)).toBe(memory);
      expect(cache.inspect().slabs).toEqual(cache.handle().buffers.map(({ byteLength }) => byteLength));
      expect(cache.inspect().threads.filter(({ role }) => role === 'owner')).toHaveLength(owners);
      await cache.stop();
    }
  });

  test('memory that is no multiple of a page is never exceeded', async () => {
    for (const memory of [5_000_001, 2 ** 20 + 1, 7_654_321]) {
      for (const owners of [0, 2]) {
        const cache = await startSmall(exports, { memory, owners });
        expect(sharedBytes(cache)).toBeLessThanOrEqual(memory);
        expect(sharedBytes(cache)).toBeGreaterThan(memory - 4096);
        expect(cache.stats().memory).toBe(sharedBytes(cache));
        await cache.stop();
      }
    }
  });

  test('positions far out work', async () => {
    const cache = await startSmall(exports, { keyPos: 1000, partitionPos: 65535 });
    const row = Array.from({ length: 65536 }, (_, i) => i % 100);
    cache.put(row);
    expect(cache.get(row)).toEqual([row]);
    await cache.stop();
  });
});
