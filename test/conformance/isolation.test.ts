/**
 * Goal: nobody changes what is stored but by writing: neither through what reading returned, nor through what was put.
 * Oracle: a second read. Modules are strict code, so writing to what is frozen throws.
 * Replay: `npx vitest run test/conformance/isolation.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { builds, emptiedCache } from './subjects.js';

type Loose = Record<string, never> & { list: { n: number }[]; inner: { a: number } };
const sample = () => ({ list: [{ n: 1 }, { n: 2 }], inner: { a: 1 } });
const withBytes = () => ({
  list: [{ n: 1 }],
  inner: { a: 1 },
  bytes: new Uint8Array([1, 2]),
  map: new Map([['k', [1]]]),
});

function mutations(value: Loose): Record<string, () => unknown> {
  return {
    'a field': () => {
      value.inner.a = 9;
    },
    'a new field': () => Object.assign(value, { added: 1 }),
    'a deleted field': () => Reflect.deleteProperty(value, 'inner') || thrownTypeError(),
    'an element': () => {
      value.list[0].n = 9;
    },
    'a push': () => value.list.push({ n: 3 }),
    'a sort': () => value.list.reverse(),
    'a length': () => {
      value.list.length = 0;
    },
    'a prototype': () => Object.setPrototypeOf(value, Array.prototype),
  };
}

function thrownTypeError(): never {
  throw new TypeError('refused');
}

describe.each(builds)('$build', ({ exports }) => {
  const cache = emptiedCache(exports, { partitions: 4, values: 'frozen' });
  test('frozen: rows and what they hold cannot be changed', () => {
    cache().put(['k', sample(), ['x']]);
    const reads: Record<string, () => readonly unknown[]> = {
      get: () => cache().get(['k'])[0],
      getByKeyPartition: () => cache().getByKeyPartition('k', 'k')[0],
      getSameKeyPartition: () => cache().getSameKeyPartition('k')[0],
      toList: () => cache().toList()[0],
      scan: () => cache().scan((row) => row, [] as readonly unknown[]),
      partition: () => cache().partitions[cache().partitionOf('k')].get('k')[0],
    };
    for (const [op, read] of Object.entries(reads)) {
      const row = read() as unknown[];
      for (const [what, change] of Object.entries(mutations(row[1] as Loose))) {
        expect(change, `${op}: ${what}`).toThrow(TypeError);
      }
      expect(() => row.push(1), op).toThrow(TypeError);
      expect(() => {
        row[0] = 'other';
      }, op).toThrow(TypeError);
      expect(read(), op).toEqual(['k', sample(), ['x']]);
    }
  });

  test('frozen: key arrays in rows are frozen too', () => {
    cache().put([['a', ['b']], 1]);
    const [[key]] = cache().toList() as unknown[][][];
    expect(() => key.push('c')).toThrow(TypeError);
    expect(() => (key[1] as string[]).push('c')).toThrow(TypeError);
    expect(cache().member(['a', ['b']])).toBe(true);
  });

  test('frozen: values of a key-value cannot be changed', () => {
    const map = cache().keyValue<string, object>('frozen');
    map.set('k', sample());
    for (const [what, change] of Object.entries(mutations(map.get('k') as Loose))) {
      expect(change, what).toThrow(TypeError);
    }
    expect(map.get('k')).toEqual(sample());
  });

  test('frozen: values with bytes, maps, dates come back mutable, and afresh each time', () => {
    const map = cache().keyValue<string, object>('bytes');
    map.set('k', withBytes());
    cache().put(['k', withBytes()]);
    const reads = [() => map.get('k') as Loose, () => cache().get(['k'])[0][1] as Loose];
    for (const read of reads) {
      const value = read() as unknown as ReturnType<typeof withBytes>;
      value.bytes[0] = 9;
      value.map.set('new', []);
      value.map.get('k')?.push(2);
      value.inner.a = 9;
      value.list.push({ n: 3 });
      expect(read()).toEqual(withBytes());
      expect(read()).not.toBe(read());
    }
  });
});

describe.each(['cache', 'namespace'])('copy, chosen for the %s', (where) => {
  describe.each(builds)('$build', ({ exports }) => {
    const cache = emptiedCache(exports, { partitions: 4, values: where === 'cache' ? 'copy' : 'frozen' });
    test('what is read is mutable and its changes reach nobody', () => {
      const map = cache().keyValue<string, object>(where, where === 'cache' ? undefined : { values: 'copy' });
      map.set('k', sample());
      for (const what of Object.keys(mutations(sample() as never))) {
        mutations(map.get('k') as Loose)[what]();
        expect(map.get('k'), what).toEqual(sample());
      }
      if (where === 'namespace') return;
      cache().put(['k', sample()]);
      for (const what of Object.keys(mutations(sample() as never))) {
        const [row] = cache().get(['k']) as unknown[][];
        mutations(row[1] as Loose)[what]();
        row.length = 0;
        for (const scanned of cache().toList() as unknown[][]) scanned.length = 0;
        expect(cache().get(['k']), what).toEqual([['k', sample()]]);
      }
    });
  });
});

describe.each(builds)('$build', ({ exports }) => {
  const cache = emptiedCache(exports, { partitions: 4 });
  test('a copy namespace and a frozen one may share a name', () => {
    cache().keyValue<string, object>('both').set('k', sample());
    expect(Object.isFrozen(cache().keyValue('both', { values: 'frozen' }).get('k'))).toBe(true);
    expect(Object.isFrozen(cache().keyValue('both', { values: 'copy' }).get('k'))).toBe(false);
  });

  test('what was put may be changed afterwards', () => {
    const value = withBytes();
    const row: unknown[] = ['k', value, [1]];
    const map = cache().keyValue<string, object>('after');
    map.set('k', value);
    cache().put(row);
    cache().putBatch([['batch', value]]);
    cache().insertNew(['new', value]);
    value.inner.a = 9;
    value.list.length = 0;
    value.bytes.fill(9);
    value.map.clear();
    row.length = 1;
    expect(map.get('k')).toEqual(withBytes());
    expect(cache().get(['k'])).toEqual([['k', withBytes(), [1]]]);
    expect(cache().get(['batch'])[0][1]).toEqual(withBytes());
    expect(cache().get(['new'])[0][1]).toEqual(withBytes());
    expect(Object.isFrozen(value)).toBe(false);
  });

  test('what take returned belongs to the taker', () => {
    cache().put(['k', sample()]);
    const taken = cache().take('k');
    cache().put(['k', { other: 'x'.repeat(50) }]);
    expect(taken).toEqual([['k', sample()]]);
  });
});
