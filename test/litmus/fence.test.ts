/**
 * Goal: store, then load of another word: two threads that do so must not both miss each other. x86 lets a plain store
 * wait behind a later load, so an atomic store or a compare-and-swap has to stand between them.
 *
 * | program            | threads                                                          | both 0    |
 * |--------------------|------------------------------------------------------------------|-----------|
 * | all plain          | x = 1; r = y ‖ y = 1; s = x                                      | allowed   |
 * | atomic             | the same with atomic store and load                              | forbidden |
 * | plain unlock       | cas lock; x = 1; lock = 0; r = y ‖ …                             | allowed   |
 * | release            | `acquire`; x = 1; `release` of `lock.ts`; r = y ‖ …              | forbidden |
 * | hazard             | hazard =a 1; r = sequence ‖ sequence = 1; cas; s = hazard        | forbidden |
 * | cache: set, get    | set(a, n); get(b) ‖ set(b, n); get(a)                            | forbidden |
 * | cache: delete, has | delete(a); has(b) ‖ delete(b); has(a)                            | forbidden |
 *
 * Rules that depend on it: single-key operations are linearizable; `release` is an atomic store; who frees a chain sees
 * the hazard of a reader that did not see the new sequence (upkeep.ts); the waiters flag of `lock.ts`.
 * Oracle: the tables below. Replay: not by interleaving; more rounds by ROUNDS, see `harness.ts`.
 */
import { SuperCache } from 'supercache';
import { describe, expect, test } from 'vitest';
import { CACHE, type Context, LOCK, lockstep, type Step } from './harness.js';

const SOME = { '0 1': 'second saw first', '1 0': 'first saw second', '1 1': 'both' };
const NONE = { '0 0': 'both missed each other' };

/** Both threads do the same: store to their own word, then load that of the other. */
interface Buffering {
  readonly modules?: readonly string[];
  readonly both: 'allowed' | 'forbidden';
  readonly body: (context: Context) => Step;
}

const programs: Record<string, Buffering> = {
  'all plain': {
    both: 'allowed',
    body: ({ words, role }) =>
      role === 0
        ? (x, y) => {
            words[x] = 1;
            return words[y];
          }
        : (x, y) => {
            words[y] = 1;
            return words[x];
          },
  },
  atomic: {
    both: 'forbidden',
    body:
      ({ words, role }) =>
      (x, y) => {
        Atomics.store(words, role === 0 ? x : y, 1);
        return Atomics.load(words, role === 0 ? y : x);
      },
  },
  'plain unlock': {
    both: 'allowed',
    body:
      ({ words, role }) =>
      (x, y) => {
        const mine = role === 0 ? x : y;
        Atomics.compareExchange(words, mine + 1, 0, 1);
        words[mine] = 1;
        words[mine + 1] = 0;
        return words[role === 0 ? y : x];
      },
  },
  'release of lock.ts': {
    modules: [LOCK],
    both: 'forbidden',
    body: ({ words, role, product: { acquire, release } }) => {
      const self = { lockWord: 1 + role, liveness: { isGone: () => false, ring() {}, sweepGone: () => 0 } };
      return (x, y) => {
        const mine = role === 0 ? x : y;
        acquire(words, mine + 1, mine + 2, self);
        words[mine] = 1;
        release(words, mine + 1, mine + 2);
        return words[role === 0 ? y : x];
      };
    },
  },
};

test.each(Object.entries(programs))('%s', async (name, { body, both, modules = [] }) => {
  const seen = await lockstep({
    name: `store buffering, ${name}`,
    modules,
    threads: [body, body],
    allowed: both === 'allowed' ? { ...SOME, ...NONE } : SOME,
    forbidden: both === 'allowed' ? {} : NONE,
  });
  expect(Object.keys(seen).length).toBeGreaterThan(0);
});

test('hazard words: the reader sees the new sequence, or who frees sees the hazard', async () => {
  await lockstep({
    name: 'hazard (reader: 1 sees the sequence raised; other: 1 sees the hazard)',
    threads: [
      ({ words }) =>
        (x, y) => {
          Atomics.store(words, x, 1);
          return Atomics.load(words, y);
        },
      ({ words }) =>
        (x, y, z) => {
          words[y] = 1;
          Atomics.compareExchange(words, z, 0, 1);
          return Atomics.load(words, x);
        },
    ],
    allowed: SOME,
    forbidden: NONE,
  });
});

describe('on a cache', () => {
  const bodies = {
    'set, get': ({ role, product, data }: Context) => {
      const values = product.SuperCache.attach(data as never).keyValue<string, number>('litmus');
      const [mine, other] = role === 0 ? ['a', 'b'] : ['b', 'a'];
      let round = 0;
      return () => {
        values.set(mine, ++round);
        return (values.get(other) ?? 0) >= round ? 1 : 0;
      };
    },
    'delete, has': ({ role, product, data }: Context) => {
      const values = product.SuperCache.attach(data as never).keyValue<string, number>('litmus');
      const [mine, other] = role === 0 ? ['c', 'd'] : ['d', 'c'];
      // Keys are there more rounds ahead than one thread can be before the other.
      let round = 0;
      for (let ahead = 0; ahead < 32; ahead++) values.set(mine + ahead, 1);
      return () => {
        values.set(mine + (round + 32), 1);
        values.delete(mine + round);
        const gone = values.has(other + round++) ? 0 : 1;
        return gone;
      };
    },
  };

  test.each(Object.entries(bodies))('%s: one sees the other', async (name, body) => {
    const cache = await SuperCache.start({ name: 'litmus', memory: '4mb', owners: 0 });
    try {
      await lockstep<unknown>({
        name: `cache: ${name}`,
        modules: [CACHE],
        data: cache.handle(),
        threads: [body, body],
        allowed: SOME,
        forbidden: NONE,
      });
    } finally {
      await cache.stop();
    }
  });
});
