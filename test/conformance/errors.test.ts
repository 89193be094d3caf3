/**
 * Goal: errors carry code, operation and shortened key, are CacheErrors or TypeErrors as documented, and are
 * recognised across the two builds.
 * Oracle: the reference. Replay: `npx vitest run test/conformance/errors.test.ts`.
 */
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { builds, startSmall, thrown } from './subjects.js';

const [esm, cjs] = builds.map(({ exports }) => exports);

describe.each([
  ['ESM', esm, cjs],
  ['CommonJS', cjs, esm],
])('%s', (_, ours, theirs) => {
  test('CacheError has code, op, key and cause', () => {
    const cause = new Error('inner');
    const error = new ours.CacheError('FULL', 'no room', { op: 'put', key: ['a', 1], cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(ours.CacheError);
    expect(error).not.toBeInstanceOf(TypeError);
    const { name, message, code, op, key } = error;
    expect({ name, message, code, op, key }).toEqual({
      name: 'CacheError',
      message: 'no room',
      code: 'ERR_SUPERCACHE_FULL',
      op: 'put',
      key: '["a", 1]',
    });
    expect(error.cause).toBe(cause);
    expect('cause' in new ours.CacheError('FULL', 'x')).toBe(false);
    expect(new ours.CacheError('FULL', 'x').key).toBeUndefined();
  });

  test('is() recognises both builds and nothing else', () => {
    expect(ours.CacheError.is(new theirs.CacheError('TIMEOUT', 'late'))).toBe(true);
    expect(ours.CacheError.is(new ours.CacheError('TIMEOUT', 'late'))).toBe(true);
    const others = [
      new Error('x'),
      { code: 'ERR_SUPERCACHE_FULL' },
      null,
      undefined,
      'FULL',
      5,
      runInNewContext('Error()'),
    ];
    for (const other of others) expect(ours.CacheError.is(other)).toBe(false);
  });

  test('what the other build throws is recognised: FULL, TOO_LARGE, STOPPED are CacheErrors', async () => {
    const cache = await startSmall(theirs, { memory: '1mb', maxEntrySize: '64kb' });
    const large = thrown(() => cache.put(['k', 'x'.repeat(65536)]));
    const full = thrown(() => {
      for (let i = 0; ; i++) cache.put([`key ${i}`, 'x'.repeat(5000)]);
    });
    await cache.stop();
    const stopped = thrown(() => cache.get(['k']));
    for (const [error, code, op] of [
      [large, 'TOO_LARGE', 'put'],
      [full, 'FULL', 'put'],
      [stopped, 'STOPPED', 'get'],
    ] as const) {
      expect(ours.CacheError.is(error)).toBe(true);
      expect(error).not.toBeInstanceOf(TypeError);
      expect([error.code, error.op]).toEqual([`ERR_SUPERCACHE_${code}`, op]);
    }
    expect(large.key).toBe('"k"');
    expect(full.key).toMatch(/^"key \d+"$/);
    expect(stopped.message).toContain(cache.name);
  });

  test('mistakes are TypeErrors with code, op and key, and no CacheErrors', async () => {
    const cache = await startSmall(ours);
    const map = cache.keyValue<unknown, unknown>('errors');
    const calls: [string, string, string | undefined, () => unknown][] = [
      ['BAD_KEY', 'put', 'undefined', () => cache.put([undefined])],
      ['BAD_ROW', 'put', undefined, () => cache.put([])],
      ['BAD_VALUE', 'put', '"k"', () => cache.put(['k', () => 1])],
      ['BAD_OPTION', 'scan', undefined, () => cache.scan(1 as never, 0)],
      ['BAD_KEY', 'get', '[object Date]', () => map.get(new Date())],
      ['BAD_VALUE', 'set', '["k", 1]', () => map.set(['k', 1], undefined)],
    ];
    for (const [code, op, key, call] of calls) {
      const error = thrown(call);
      expect(error).toBeInstanceOf(TypeError);
      expect(ours.CacheError.is(error)).toBe(false);
      expect([error.code, error.op, error.key]).toEqual([`ERR_SUPERCACHE_${code}`, op, key]);
    }
    await cache.stop();
  });

  test('keys in errors are short, and showing them runs no code of theirs', async () => {
    const cache = await startSmall(ours, { memory: '1mb', maxEntrySize: '1kb' });
    const value = 'x'.repeat(2000);
    let ran = 0;
    const keys: unknown[] = [
      'k'.repeat(900),
      Array.from({ length: 100 }, (_, i) => i),
      new Uint8Array(500),
      10n ** 200n,
    ];
    for (const key of keys) {
      const error = thrown(() => cache.put([key, value]));
      expect(error.code).toBe('ERR_SUPERCACHE_TOO_LARGE');
      expect(String(error.key).length).toBeLessThanOrEqual(90);
      expect(String(error.key)).toMatch(/…|bytes/);
    }
    const counting = { toString: () => `${ran++}`, toJSON: () => ran++, [Symbol.toPrimitive]: () => ran++ };
    const error = thrown(() => cache.put([counting, 1]));
    expect([error.code, error.key, ran]).toEqual(['ERR_SUPERCACHE_BAD_KEY', '[object Object]', 0]);
    await cache.stop();
  });

  test('P7: each failure has its own code, not one for all', async () => {
    const cache = await startSmall(ours, { memory: '1mb' });
    const codes = [
      thrown(() => cache.put([])).code,
      thrown(() => cache.put([{}])).code,
      thrown(() => cache.put(['k', () => 1])).code,
      thrown(() => cache.put(['k', 'x'.repeat(2 ** 25)])).code,
      thrown(() => cache.put(['k', 'x'.repeat(2 ** 21)])).code,
      thrown(() => cache.keyValue('')).code,
    ];
    await cache.stop();
    codes.push(thrown(() => cache.put(['k'])).code);
    expect(codes.map((code) => code?.replace('ERR_SUPERCACHE_', ''))).toEqual([
      'BAD_ROW',
      'BAD_KEY',
      'BAD_VALUE',
      'TOO_LARGE',
      'FULL',
      'BAD_OPTION',
      'STOPPED',
    ]);
  });
});
