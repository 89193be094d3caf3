/**
 * Goal: the safe face never throws, the promises face never throws synchronously, and both do what the methods do.
 * Oracle: the throwing methods of the same cache. Replay: `npx vitest run test/conformance/faces.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { builds, rowOf, SUBJECT_TITLE, startSmall, subjectCache, subjects } from './subjects.js';

describe.each(subjects)(SUBJECT_TITLE, (subject) => {
  const cache = subjectCache(subject);
  const row = rowOf(subject, 'k', 'k', 1);
  const other = rowOf(subject, 'l', 'l', 2);
  const ok = <T>(value: T) => ({ ok: true, value });

  test('the safe face wraps results', () => {
    const { safe } = cache();
    expect(safe).toBe(cache().safe);
    expect(safe.put(row)).toEqual(ok(true));
    expect(safe.putBatch([row, other])).toEqual(ok(2));
    expect(safe.insertNew(row)).toEqual(ok(false));
    expect(safe.get(row)).toEqual(ok([row]));
    expect(safe.getByKeyPartition('k', 'k')).toEqual(ok([row]));
    expect(safe.getSameKeyPartition('l')).toEqual(ok([other]));
    expect(safe.member('k')).toEqual(ok(true));
    expect(safe.member('k', { partitionValue: 'k' })).toEqual(ok(true));
    expect(safe.take('l')).toEqual(ok([other]));
    expect(safe.toList()).toEqual(ok([row]));
    expect(safe.scan((_, count) => count + 1, 0)).toEqual(ok(1));
    expect(safe.partitionOf('k')).toEqual(ok(cache().partitionOf('k')));
    expect(safe.delete(row)).toEqual(ok(1));
    expect(safe.deleteByKeyPartition('k', 'k')).toEqual(ok(0));
    expect(safe.deleteSameKeyPartition('k')).toEqual(ok(0));
    expect(safe.deleteAll()).toEqual(ok(undefined));
    expect(safe.stats()).toMatchObject({ ok: true, value: { entries: 0 } });
    expect(safe.inspect()).toMatchObject({ ok: true, value: { threads: [{ role: 'client' }] } });
    const map = safe.keyValue<string, number>('safe');
    expect(map.set('k', 1).ok).toBe(true);
    expect([map.get('k'), map.get('m'), map.get('m', 'd')]).toEqual([ok(1), ok(undefined), ok('d')]);
    expect([map.has('k'), map.delete('k'), map.delete('k')]).toEqual([ok(true), ok(true), ok(false)]);
  });

  test('the safe face returns what the methods would throw', () => {
    const { safe } = cache();
    const failures: [string, string, { ok: boolean }][] = [
      ['BAD_ROW', 'put', safe.put([])],
      ['BAD_ROW', 'put', safe.put(5 as never)],
      ['BAD_KEY', 'get', safe.get(rowOf(subject, {}, {}))],
      ['BAD_ROW', 'putBatch', safe.putBatch([row, 5 as never])],
      ['BAD_KEY', 'member', safe.member(undefined)],
      ['BAD_VALUE', 'insertNew', safe.insertNew(rowOf(subject, 'k', 'k').concat([() => 1]))],
      ['BAD_OPTION', 'scan', safe.scan(5 as never, 0)],
      ['BAD_OPTION', 'keyValue', safe.keyValue(5 as never).get('k' as never)],
      ['BAD_VALUE', 'set', safe.keyValue<string, unknown>('safe').set('k', undefined)],
    ];
    for (const [code, op, result] of failures) {
      expect(result).toMatchObject({ ok: false, error: { code: `ERR_SUPERCACHE_${code}`, op } });
    }
    expect(cache().stats().entries).toBe(0);
  });

  test('B30: whatever user code throws stays in the result, errors or not', () => {
    cache().put(row);
    const mine = new RangeError('mine');
    for (const thing of [mine, 'a text', undefined, null, 5, Symbol('s')]) {
      const result = cache().safe.scan(() => {
        throw thing;
      }, 0);
      expect(result.ok).toBe(false);
      if (!result.ok) {
        expect(result.error).toBeInstanceOf(Error);
        if (thing === mine) expect(result.error).toBe(mine);
        else expect(result.error.cause).toBe(thing);
      }
    }
  });

  test('the promises face resolves and rejects as the methods return and throw', async () => {
    const { promises } = cache();
    expect(promises).toBe(cache().promises);
    const put = promises.put(row);
    expect(put).toBeInstanceOf(Promise);
    expect(cache().get(row)).toEqual([row]);
    expect(await put).toBe(true);
    expect(await promises.putBatch([row, other])).toBe(2);
    expect(await promises.insertNew(other)).toBe(false);
    expect(await promises.get(other)).toEqual([other]);
    expect(await promises.getByKeyPartition('k', 'k')).toEqual([row]);
    expect(await promises.getSameKeyPartition('k')).toEqual([row]);
    expect(await promises.member('k', { partitionValue: 'k' })).toBe(true);
    expect(await promises.scan((_, count) => count + 1, 0)).toBe(2);
    expect(await promises.toList()).toHaveLength(2);
    expect(await promises.partitionOf('k')).toBe(cache().partitionOf('k'));
    expect(await promises.take('l')).toEqual([other]);
    expect(await promises.delete(row)).toBe(1);
    expect(await promises.deleteByKeyPartition('k', 'k')).toBe(0);
    expect(await promises.deleteSameKeyPartition('k')).toBe(0);
    expect(await promises.deleteAll()).toBeUndefined();
    expect(await promises.flush()).toBeUndefined();
    expect(await promises.stats()).toMatchObject({ entries: 0 });
    expect(await promises.inspect()).toMatchObject({ locks: [] });
    const map = promises.keyValue<string, number>('promises');
    await map.set('k', 1);
    expect(await Promise.all([map.get('k'), map.get('m', 2), map.has('k'), map.delete('k')])).toEqual([
      1,
      2,
      true,
      true,
    ]);
    await expect(promises.put([])).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_BAD_ROW' });
    await expect(promises.keyValue('').get('k')).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_BAD_OPTION' });
    await expect(map.set('k', undefined as never)).rejects.toBeInstanceOf(TypeError);
  });

  test('faces have methods only', () => {
    for (const face of [cache().safe, cache().promises] as object[]) {
      const names = Object.keys(face);
      expect(names.filter((name) => typeof Reflect.get(face, name) !== 'function')).toEqual([]);
      expect(names.filter((name) => name.endsWith('Sync'))).toEqual([]);
      expect(names).not.toContain('options');
      expect(names).not.toContain('partitions');
    }
  });
});

describe.each(builds)('$build', ({ exports }) => {
  test('safe forms of asynchronous methods resolve to results', async () => {
    const bad = await exports.SuperCache.safe.start({ memory: 'much' });
    expect(bad).toMatchObject({ ok: false, error: { code: 'ERR_SUPERCACHE_BAD_OPTION' } });
    const cache = await startSmall(exports);
    const again = await exports.SuperCache.safe.start({ name: cache.name });
    expect(again).toMatchObject({ ok: false, error: { code: 'ERR_SUPERCACHE_ALREADY_STARTED' } });
    expect(exports.SuperCache.safe.attach(cache.name)).toEqual({ ok: true, value: cache });
    expect(exports.SuperCache.safe.attach('nobody')).toMatchObject({
      ok: false,
      error: { code: 'ERR_SUPERCACHE_NOT_STARTED' },
    });
    expect(await cache.safe.flush()).toEqual({ ok: true, value: undefined });
    expect(await cache.safe.stop()).toEqual({ ok: true, value: undefined });
    expect(await cache.safe.flush()).toMatchObject({ ok: false, error: { code: 'ERR_SUPERCACHE_STOPPED' } });
    await expect(cache.promises.flush()).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_STOPPED' });
    const good = await exports.SuperCache.safe.start({ name: cache.name, memory: '1mb', owners: 0 });
    expect(good).toMatchObject({ ok: true });
    if (good.ok) await good.value.stop();
  });

  test('a safe key-value of a stopped cache tells so at each call', async () => {
    const cache = await startSmall(exports);
    const map = cache.safe.keyValue<string, number>('before');
    map.set('k', 1);
    await cache.stop();
    const stopped = { ok: false, error: { code: 'ERR_SUPERCACHE_STOPPED' } };
    expect(map.get('k')).toMatchObject(stopped);
    expect(cache.safe.keyValue('after').has('k')).toMatchObject(stopped);
    expect(cache.safe.put(['k'])).toMatchObject(stopped);
    await expect(cache.promises.put(['k'])).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_STOPPED' });
  });
});
