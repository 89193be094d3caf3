/**
 * Goal: the types that users meet say what the methods do: generics, frozen results, the two faces, disposal.
 * Oracle: the type checker; `npm run types` fails if an expectation is wrong, running this file checks nothing more.
 * Replay: `npm run types`.
 */
import type {
  CacheError,
  CacheHandle,
  CacheStats,
  DeepReadonly,
  ErrorCode,
  Key,
  KeyValue,
  PartitionHandle,
  PromisesCache,
  Result,
  SafeCache,
  SuperCache,
} from 'supercache';
import { describe, expectTypeOf, test } from 'vitest';

interface User {
  name: string;
  tags: string[];
  at: Date;
  pairs: Map<string, number[]>;
}
type UserRow = [id: number, user: User, bytes: Uint8Array];
type StoredRow = DeepReadonly<UserRow>;
type Cache = SuperCache<UserRow>;
/** Whether two types are the same to the checker. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

describe('DeepReadonly', () => {
  test('makes plain objects, arrays and tuples readonly at every depth', () => {
    expectTypeOf<DeepReadonly<{ a: { b: number[] } }>>().toEqualTypeOf<{
      readonly a: { readonly b: readonly number[] };
    }>();
    expectTypeOf<DeepReadonly<[string, { a: 1 }]>>().toEqualTypeOf<readonly [string, { readonly a: 1 }]>();
    expectTypeOf<DeepReadonly<string | null | undefined | 1n>>().toEqualTypeOf<string | null | undefined | 1n>();
  });

  test('leaves alone what comes back mutable', () => {
    expectTypeOf<DeepReadonly<Date>>().toEqualTypeOf<Date>();
    expectTypeOf<DeepReadonly<Map<string, number[]>>>().toEqualTypeOf<Map<string, number[]>>();
    expectTypeOf<DeepReadonly<Uint8Array>>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<StoredRow[1]['at']>().toEqualTypeOf<Date>();
    expectTypeOf<StoredRow[1]['tags']>().toEqualTypeOf<readonly string[]>();
  });
});

describe('tuples', () => {
  test('rows go in as declared and come back readonly', () => {
    expectTypeOf<Cache['put']>().parameter(0).toEqualTypeOf<UserRow>();
    expectTypeOf<Cache['put']>().returns.toEqualTypeOf<true>();
    expectTypeOf<Cache['putBatch']>().parameter(0).toEqualTypeOf<readonly UserRow[]>();
    expectTypeOf<Cache['putBatch']>().returns.toEqualTypeOf<number>();
    expectTypeOf<Cache['insertNew']>().parameter(0).toEqualTypeOf<UserRow | readonly UserRow[]>();
    expectTypeOf<Cache['insertNew']>().returns.toEqualTypeOf<boolean>();
    expectTypeOf<Cache['get']>().returns.toEqualTypeOf<StoredRow[]>();
    expectTypeOf<Cache['take']>().returns.toEqualTypeOf<StoredRow[]>();
    expectTypeOf<Cache['toList']>().returns.toEqualTypeOf<StoredRow[]>();
    expectTypeOf<Cache['member']>().returns.toEqualTypeOf<boolean>();
    expectTypeOf<Cache['delete']>().returns.toEqualTypeOf<number>();
    expectTypeOf<Cache['deleteAll']>().returns.toEqualTypeOf<void>();
    expectTypeOf<Cache['partitions']>().toEqualTypeOf<readonly PartitionHandle<UserRow, StoredRow>[]>();
    expectTypeOf<Cache['handle']>().returns.toEqualTypeOf<CacheHandle>();
    expectTypeOf<Cache['stats']>().returns.toEqualTypeOf<CacheStats>();
  });

  test('scan infers its accumulator', () => {
    const use = (cache: Cache) => {
      expectTypeOf(cache.scan((row, sum) => sum + row[0], 0)).toEqualTypeOf<number>();
      expectTypeOf(cache.scan((row, names: string[]) => [...names, row[1].name], [])).toEqualTypeOf<string[]>();
      // @ts-expect-error: what comes back is frozen.
      cache.get([1, {} as User, new Uint8Array()])[0][1].name = 'x';
      // @ts-expect-error: a row of another shape.
      cache.put(['1', {}]);
    };
    expectTypeOf(use).toBeFunction();
  });
});

describe('key-values', () => {
  test('get is undefined or the fallback on a miss', () => {
    const use = (map: KeyValue<string, User>) => {
      expectTypeOf(map.get('k')).toEqualTypeOf<DeepReadonly<User> | undefined>();
      expectTypeOf(map.get('k', null)).toEqualTypeOf<DeepReadonly<User> | null>();
      expectTypeOf(map.set('k', {} as User)).toEqualTypeOf<typeof map>();
      expectTypeOf(map.has('k')).toEqualTypeOf<boolean>();
      expectTypeOf(map.delete('k')).toEqualTypeOf<boolean>();
      expectTypeOf(map.size).toEqualTypeOf<number>();
      // @ts-expect-error: a key of another type.
      map.get(1);
      // @ts-expect-error: a value of another type.
      map.set('k', 5);
    };
    expectTypeOf(use).toBeFunction();
  });

  test('without type arguments keys are keys and values unknown', () => {
    const use = (cache: Cache) => cache.keyValue('any');
    expectTypeOf(use).returns.toEqualTypeOf<KeyValue<Key, unknown>>();
    const key: Key = [1, ['a', null, 1n], new Uint8Array()];
    expectTypeOf(key).toExtend<Key>();
    // @ts-expect-error: undefined is no key.
    const none: Key = undefined;
    expectTypeOf(none).toEqualTypeOf<Key>();
  });
});

describe('faces', () => {
  test('the safe face returns results', () => {
    const use = (cache: Cache) => {
      expectTypeOf(cache.safe).toEqualTypeOf<SafeCache<UserRow, StoredRow>>();
      expectTypeOf(cache.safe.put).returns.toEqualTypeOf<Result<true>>();
      expectTypeOf(cache.safe.get).returns.toEqualTypeOf<Result<StoredRow[]>>();
      expectTypeOf(cache.safe.stop).returns.toEqualTypeOf<Promise<Result<void>>>();
      expectTypeOf(cache.safe.scan((row, n) => n + row[0], 0)).toEqualTypeOf<Result<number>>();
      const map = cache.safe.keyValue<string, User>('users');
      expectTypeOf(map.get('k')).toEqualTypeOf<Result<DeepReadonly<User> | undefined>>();
      expectTypeOf(map.get('k', 0)).toEqualTypeOf<Result<DeepReadonly<User> | number>>();
      const result = cache.safe.member(1);
      // @ts-expect-error: the value is there only once `ok` was asked.
      void result.value;
      if (result.ok) expectTypeOf(result.value).toEqualTypeOf<boolean>();
      else expectTypeOf(result.error).toExtend<Error>();
    };
    expectTypeOf(use).toBeFunction();
  });

  test('the promises face returns promises', () => {
    const use = (cache: Cache) => {
      expectTypeOf(cache.promises).toEqualTypeOf<PromisesCache<UserRow, StoredRow>>();
      expectTypeOf(cache.promises.put).returns.toEqualTypeOf<Promise<true>>();
      expectTypeOf(cache.promises.take).returns.toEqualTypeOf<Promise<StoredRow[]>>();
      const map = cache.promises.keyValue<string, User>('users');
      expectTypeOf(map.get('k')).toEqualTypeOf<Promise<DeepReadonly<User> | undefined>>();
    };
    expectTypeOf(use).toBeFunction();
  });

  test('every method has its two faces, with the same arguments', () => {
    type Names = Exclude<keyof SafeCache<UserRow, StoredRow>, 'scan' | 'keyValue'>;
    expectTypeOf<keyof SafeCache<UserRow, StoredRow>>().toEqualTypeOf<keyof PromisesCache<UserRow, StoredRow>>();
    type Given<F> = F extends (...args: infer Arguments) => unknown ? Arguments[0] : never;
    type Agreement<Face> = { [N in Names]: N extends keyof Face ? Same<Given<Face[N]>, Given<Cache[N]>> : false };
    expectTypeOf<Agreement<SafeCache<UserRow, StoredRow>>>().toEqualTypeOf<Record<Names, true>>();
    expectTypeOf<Agreement<PromisesCache<UserRow, StoredRow>>>().toEqualTypeOf<Record<Names, true>>();
  });
});

describe('errors and disposal', () => {
  test('is() narrows, and codes are known', () => {
    const use = (error: unknown, is: (typeof CacheError)['is']) => {
      if (is(error)) expectTypeOf(error).toEqualTypeOf<CacheError>();
    };
    expectTypeOf(use).toBeFunction();
    expectTypeOf<CacheError['code']>().toEqualTypeOf<ErrorCode>();
    expectTypeOf<'ERR_SUPERCACHE_FULL'>().toExtend<ErrorCode>();
    expectTypeOf<'ERR_SUPERCACHE_BAD_KEY'>().toExtend<ErrorCode>();
    expectTypeOf<'ERR_SUPERCACHE_OTHER'>().not.toExtend<ErrorCode>();
  });

  test('using and await using take a cache', () => {
    const use = async (start: () => Promise<Cache>) => {
      using attached = await start();
      await using started = await start();
      return [attached.name, started.name];
    };
    expectTypeOf(use).returns.resolves.toEqualTypeOf<string[]>();
    expectTypeOf<Cache>().toExtend<Disposable & AsyncDisposable>();
  });
});
