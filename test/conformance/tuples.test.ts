/**
 * Goal: every tuple operation does what the reference says, with both builds, one and many partitions, and the key and
 * the partition value at the same or at different positions.
 * Oracle: the reference, spelled out case by case. Replay: `npx vitest run test/conformance/tuples.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { rowOf, SUBJECT_TITLE, subjectCache, subjects } from './subjects.js';

describe.each(subjects)(SUBJECT_TITLE, (subject) => {
  const cache = subjectCache(subject);
  const same = subject.keyPos === subject.partitionPos;
  /** The row of a key; where the partition value is separate, it is `place`. */
  const row = (key: unknown, place: unknown = 'p', other: unknown = 'other') =>
    rowOf(subject, key, same ? key : place, other);
  const placeOf = (key: unknown, place: unknown = 'p') => (same ? key : place);

  test('put stores a row, answers true, and replaces the row with the same key', () => {
    expect(cache().put(row('k', 'p', 1))).toBe(true);
    expect(cache().get(row('k'))).toEqual([row('k', 'p', 1)]);
    expect(cache().put(row('k', 'p', { two: 2 }))).toBe(true);
    expect(cache().get(row('k'))).toEqual([row('k', 'p', { two: 2 })]);
    expect(cache().toList()).toHaveLength(1);
  });

  test('rows of other lengths keep their length', () => {
    const needed = Math.max(subject.keyPos, subject.partitionPos) + 1;
    for (const length of [needed, needed + 1, 7, 300]) {
      const given = [...row(`k${length}`), ...Array.from({ length: 297 }, (_, i) => i)].slice(0, length);
      cache().put(given);
      expect(cache().get(given)).toEqual([given]);
    }
    expect(cache().toList()).toHaveLength(new Set([needed, needed + 1, 7, 300]).size);
  });

  test('get reads only the key and partition positions, and answers [] on a miss', () => {
    const stored = row('k', 'p', ['anything']);
    cache().put(stored);
    const probe: unknown[] = [];
    probe[subject.partitionPos] = placeOf('k');
    probe[subject.keyPos] = 'k';
    expect(cache().get(probe)).toEqual([stored]);
    expect(cache().get(row('absent'))).toEqual([]);
  });

  test('getByKeyPartition, getSameKeyPartition and member find what put stored', () => {
    cache().put(row('k', 'p'));
    cache().put(row('self', 'self'));
    expect(cache().getByKeyPartition('k', placeOf('k'))).toEqual([row('k', 'p')]);
    expect(cache().getByKeyPartition('none', placeOf('none'))).toEqual([]);
    expect(cache().getSameKeyPartition('self')).toEqual([row('self', 'self')]);
    expect(cache().getSameKeyPartition('none')).toEqual([]);
    expect(cache().member('k')).toBe(true);
    expect(cache().member('k', { partitionValue: placeOf('k') })).toBe(true);
    expect(cache().member('none')).toBe(false);
    expect(cache().member('none', { partitionValue: 'p' })).toBe(false);
  });

  test('take removes and returns, once', () => {
    cache().put(row('k', 'p', [1]));
    cache().put(row('l', 'p', [2]));
    expect(cache().take('k')).toEqual([row('k', 'p', [1])]);
    expect(cache().take('k')).toEqual([]);
    expect(cache().take('l', { partitionValue: placeOf('l') })).toEqual([row('l', 'p', [2])]);
    expect(cache().take('l', { partitionValue: placeOf('l') })).toEqual([]);
    expect(cache().toList()).toEqual([]);
  });

  test('the deletes tell how many rows they removed and leave the others', () => {
    const names = ['a', 'b', 'c', 'd'];
    cache().putBatch(names.map((name) => row(name, name)));
    expect(cache().delete(row('a', 'a', 'another'))).toBe(1);
    expect(cache().delete(row('a', 'a'))).toBe(0);
    expect(cache().deleteByKeyPartition('b', 'b')).toBe(1);
    expect(cache().deleteByKeyPartition('b', 'b')).toBe(0);
    expect(cache().deleteSameKeyPartition('c')).toBe(1);
    expect(cache().deleteSameKeyPartition('c')).toBe(0);
    expect(cache().toList()).toEqual([row('d', 'd')]);
    expect(cache().deleteAll()).toBeUndefined();
    expect(cache().toList()).toEqual([]);
    expect(cache().stats().entries).toBe(0);
  });

  test('putBatch stores rows of all partitions, the last of equal keys counts, and answers their number', () => {
    const rows = Array.from({ length: 500 }, (_, i) => row(i, i % 40, `row ${i}`));
    expect(cache().putBatch(rows)).toBe(500);
    for (const one of rows) expect(cache().get(one)).toEqual([one]);
    expect(cache().putBatch([])).toBe(0);
    expect(cache().putBatch([row('x', 'p', 1), row('y', 'p', 1), row('x', 'p', 2)])).toBe(3);
    expect(cache().get(row('x'))).toEqual([row('x', 'p', 2)]);
    expect(cache().toList()).toHaveLength(502);
  });

  test('putBatch with a bad row stores none', () => {
    const bad: unknown[] = [[], 'row', undefined, row(undefined), row('k', 'p', () => 1)];
    for (const one of bad) {
      expect(() => cache().putBatch([row('a'), one as never, row('b')])).toThrow(TypeError);
    }
    expect(cache().toList()).toEqual([]);
  });

  test('insertNew stores a row only if its key is absent', () => {
    expect(cache().insertNew(row('k', 'p', 1))).toBe(true);
    expect(cache().insertNew(row('k', 'p', 2))).toBe(false);
    expect(cache().get(row('k'))).toEqual([row('k', 'p', 1)]);
  });

  test('P6: insertNew of a list is all or nothing', () => {
    const list = Array.from({ length: 60 }, (_, i) => row(i, i, `new ${i}`));
    expect(cache().insertNew(list.slice(0, 30))).toBe(true);
    expect(cache().insertNew(list.slice(29))).toBe(false);
    expect(cache().toList()).toHaveLength(30);
    for (const one of list.slice(30)) expect(cache().get(one)).toEqual([]);
    expect(cache().insertNew(list.slice(30))).toBe(true);
    for (const one of list) expect(cache().get(one)).toEqual([one]);
    expect(cache().insertNew([])).toBe(true);
    expect(() => cache().insertNew([row('new'), [] as never])).toThrow(TypeError);
    expect(cache().member('new')).toBe(false);
  });

  test('scan and toList see every row once, of all partitions or of one', () => {
    const rows = Array.from({ length: 1000 }, (_, i) => row(i, i % 50));
    cache().putBatch(rows);
    const keys = cache().scan((one, list: unknown[]) => [...list, one[subject.keyPos]], []);
    expect(keys.toSorted((a, b) => Number(a) - Number(b))).toEqual(rows.map((_, i) => i));
    expect(cache().toList()).toHaveLength(1000);
    const index = cache().partitionOf(7);
    const there = cache().scan((_, count: number) => count + 1, 0, { partitionValue: 7 });
    expect(there).toBe(rows.filter((one) => cache().partitionOf(one[subject.partitionPos]) === index).length);
  });

  test('scan of an empty cache returns the accumulator', () => {
    const start = {};
    expect(cache().scan(() => ({}), start)).toBe(start);
    expect(cache().toList()).toEqual([]);
  });

  describe('partitions', () => {
    test('partitionOf gives the place of a value, the same for equal values', () => {
      const { length } = cache().partitions;
      expect(length).toBe(subject.partitions);
      for (const value of [0, 'a', 1n, null, ['a', 1], new Uint8Array(3), Number.NaN]) {
        const index = cache().partitionOf(value);
        expect(index).toBeGreaterThanOrEqual(0);
        expect(index).toBeLessThan(length);
        expect(cache().partitionOf(value)).toBe(index);
      }
      expect(cache().partitionOf(-0)).toBe(cache().partitionOf(0));
      expect(cache().partitionOf(Buffer.from('ab'))).toBe(cache().partitionOf(new Uint8Array([97, 98])));
    });

    test('handles know their index, and agree with routed operations', () => {
      const one = row('k', 'q', 1);
      const handle = cache().partitions[cache().partitionOf(one[subject.partitionPos])];
      cache().put(one);
      expect(handle.get('k')).toEqual([one]);
      expect(handle.size).toBe(1);
      expect(handle.put(row('k', 'q', 2))).toBe(true);
      expect(cache().get(one)).toEqual([row('k', 'q', 2)]);
      expect(handle.scan((found, list: unknown[]) => [...list, found], [])).toEqual([row('k', 'q', 2)]);
      expect(handle.take('k')).toEqual([row('k', 'q', 2)]);
      expect(handle.take('k')).toEqual([]);
      expect(handle.delete('k')).toBe(0);
      expect(handle.size).toBe(0);
      expect(cache().partitions.map(({ index }) => index)).toEqual(cache().partitions.map((_, i) => i));
    });

    test('handles bypass routing', () => {
      for (const handle of cache().partitions) handle.put(row('same', 'q', handle.index));
      expect(cache().toList()).toHaveLength(subject.partitions);
      for (const handle of cache().partitions) {
        expect(handle.get('same')).toEqual([row('same', 'q', handle.index)]);
        expect(handle.delete('same')).toBe(1);
        expect(handle.get('same')).toEqual([]);
      }
      expect(cache().toList()).toEqual([]);
    });
  });

  if (!same)
    test('equal keys in different partitions are different rows', () => {
      const places = Array.from({ length: 100 }, (_, i) => `place ${i}`);
      const firsts = new Map(places.map((place) => [cache().partitionOf(place), place]));
      for (const place of firsts.values()) cache().put(row('k', place));
      expect(cache().toList()).toHaveLength(firsts.size);
      for (const place of firsts.values()) expect(cache().getByKeyPartition('k', place)).toEqual([row('k', place)]);
      const [first] = firsts.values();
      expect(cache().take('k', { partitionValue: first })).toEqual([row('k', first)]);
      expect(cache().member('k', { partitionValue: first })).toBe(false);
      expect(cache().member('k')).toBe(firsts.size > 1);
      expect(cache().take('k')).toHaveLength(firsts.size - 1);
      expect(cache().member('k')).toBe(false);
    });

  test('B6: key-values work whatever the positions of tuples are, and the two do not see each other', () => {
    const map = cache().keyValue<string, number>('numbers');
    map.set('k', 1).set('l', 2);
    cache().put(row('k', 'p', 'tuple'));
    expect(map.get('k')).toBe(1);
    expect(map.size).toBe(2);
    expect(cache().toList()).toEqual([row('k', 'p', 'tuple')]);
    expect(cache().take('l')).toEqual([]);
    expect(map.delete('k')).toBe(true);
    expect(cache().get(row('k'))).toEqual([row('k', 'p', 'tuple')]);
    cache().deleteAll();
    expect([map.size, map.get('l')]).toEqual([0, undefined]);
  });
});
