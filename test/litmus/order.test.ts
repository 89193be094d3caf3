/**
 * Goal: the orders between plain and atomic accesses of two and three threads that `seqlock.ts`, `redo-log.ts` and the
 * registry rely on. x, y, z start at 0; `=` is a plain access, `=a` an atomic one.
 *
 * | program                 | threads                                           | forbidden                           |
 * |-------------------------|---------------------------------------------------|-------------------------------------|
 * | message, atomic flag    | x = 1; y =a 1 ‖ r = y (atomic); s = x             | r = 1, s = 0                        |
 * | message, all plain      | x = 1; y = 1 ‖ r = y; s = x                       | r = 1, s = 0, on x64 only           |
 * | coherence               | x = 1; x = 2 ‖ r = x; s = x                       | s older than r                      |
 * | load before release     | r = x; y =a 1 ‖ wait for y; x = 1                 | r = 1                               |
 * | message over a third    | x = 1; y =a 1 ‖ if y: z =a 1 ‖ if z: r = x        | r = 0                               |
 * | write read by a second  | x = 1 ‖ if x: y =a 1 ‖ if y: r = x                | r = 0                               |
 * | two words               | x, x+1 = 1, 1 ‖ r, s = x, x+1                     | none: 1 0 (x64) and 0 1 are allowed |
 * | one word of 8 bytes     | x..x+1 as one BigInt or double                    | half of it, on x64 only             |
 *
 * Rules that depend on it: an entry is published by one address store, then the sequence rises, both plain on x64
 * (`seqlock.ts`, `redo-log.ts`); one aligned word may change in place, two may not; counters are plain doubles
 * (`counters.ts`); a hazard word is cleared after the copy (`lookup.ts`); what a healer or a successor publishes for
 * another thread is whole for a third one. Oracle: the tables below. Replay: the interleaving cannot be replayed; more
 * rounds by ROUNDS, see `harness.ts`.
 */
import { expect, test } from 'vitest';
import { type Context, lockstep, type Outcomes, type Step } from './harness.js';

const strong = process.arch === 'x64' || process.arch === 'ia32';
const onWeakOnly = (outcomes: Outcomes) => ({ allowed: strong ? {} : outcomes, forbidden: strong ? outcomes : {} });
const ORDERED = { '0 0': 'neither seen', '0 1': 'data seen before the flag', '0 11': 'both seen' };

const publish =
  ({ words }: Context): Step =>
  (x, y) => {
    words[x] = 1;
    Atomics.store(words, y, 1);
  };

test('message passing: plain store, atomic store; atomic load, plain load', async () => {
  await lockstep({
    name: 'message passing, atomic flag (reader: 10 flag + data)',
    threads: [
      publish,
      ({ words }) =>
        (x, y) => {
          const flag = Atomics.load(words, y);
          return flag * 10 + words[x];
        },
    ],
    allowed: ORDERED,
    forbidden: { '0 10': 'the flag without its data' },
  });
});

test('message passing with plain accesses keeps its order on x64', async () => {
  const weak = onWeakOnly({ '0 10': 'the flag without its data' });
  await lockstep({
    name: 'message passing, all plain (reader: 10 flag + data)',
    threads: [
      ({ words }) =>
        (x, y) => {
          words[x] = 1;
          words[y] = 1;
        },
      ({ words }) =>
        (x, y) => {
          const flag = words[y];
          return flag * 10 + words[x];
        },
    ],
    allowed: { ...ORDERED, ...weak.allowed },
    forbidden: weak.forbidden,
  });
});

test('coherence: a word never goes back', async () => {
  await lockstep({
    name: 'coherence (reader: 10 first + second)',
    threads: [
      ({ words }) =>
        (x) => {
          words[x] = 1;
          words[x] = 2;
        },
      ({ words }) =>
        (x) => {
          const first = words[x];
          return first * 10 + Atomics.load(words, x);
        },
    ],
    allowed: { '0 0': 'old old', '0 1': 'old 1', '0 2': 'old 2', '0 11': '1 1', '0 12': '1 2', '0 22': '2 2' },
    forbidden: { '0 10': '1, then old', '0 20': '2, then old', '0 21': '2, then 1' },
  });
});

test('a plain load does not sink below a later atomic store', async () => {
  await lockstep({
    name: 'load before release (reader; other: 1 if it saw the release)',
    threads: [
      ({ words }) =>
        (x, y) => {
          const copy = words[x];
          Atomics.store(words, y, 1);
          return copy;
        },
      ({ words }) =>
        (x, y) => {
          for (let turn = 0; turn < 100; turn++) {
            if (Atomics.load(words, y) === 0) continue;
            words[x] = 1;
            return 1;
          }
          return 0;
        },
    ],
    allowed: { '0 0': 'not released in time', '0 1': 'reused after the copy' },
    forbidden: { '1 1': 'the copy holds what was stored after its release', '1 0': 'a value out of thin air' },
  });
});

test('what one thread passes on, a third one sees whole', async () => {
  await lockstep({
    name: 'message passing over a third thread (second: 1 passed on; third: 10 got it + data)',
    threads: [
      publish,
      ({ words }) =>
        (_x, y, z) => {
          if (Atomics.load(words, y) === 0) return 0;
          Atomics.store(words, z, 1);
          return 1;
        },
      ({ words }) =>
        (x, _y, z) => {
          const flag = Atomics.load(words, z);
          return flag * 10 + words[x];
        },
    ],
    allowed: {
      '0 0 0': 'nothing seen',
      '0 0 1': 'data seen',
      '0 1 0': 'passed on, not seen by the third',
      '0 1 1': 'passed on, data seen before',
      '0 1 11': 'passed on, all seen',
    },
    forbidden: { '0 1 10': 'the flag of the second without the data of the first' },
  });
});

test('a write that a second thread read is there for a third one', async () => {
  await lockstep({
    name: 'write read by a second thread (second: 1 read it; third: 10 told + data)',
    threads: [
      ({ words }) =>
        (x) => {
          Atomics.store(words, x, 1);
        },
      ({ words }) =>
        (x, y) => {
          if (Atomics.load(words, x) === 0) return 0;
          Atomics.store(words, y, 1);
          return 1;
        },
      ({ words }) =>
        (x, y) => {
          const told = Atomics.load(words, y);
          return told * 10 + words[x];
        },
    ],
    allowed: {
      '0 0 0': 'nothing seen',
      '0 0 1': 'data seen',
      '0 1 0': 'read by the second, not by the third',
      '0 1 1': 'read by both',
      '0 1 11': 'read by both, told',
    },
    forbidden: { '0 1 10': 'told, but not there' },
  });
});

test('two words of 4 bytes are not one', async () => {
  const seen = await lockstep({
    name: 'two words, written x then x+1 (reader: 10 x + (x+1))',
    threads: [
      ({ words }) =>
        (x) => {
          words[x] = 1;
          words[x + 1] = 1;
        },
      ({ words }) =>
        (x) =>
          words[x] * 10 + words[x + 1],
    ],
    allowed: { '0 0': 'old', '0 1': 'torn: second only', '0 10': 'torn: first only', '0 11': 'new' },
    forbidden: {},
  });
  expect(Object.keys(seen).length).toBeGreaterThan(0);
});

test.each(['BigInt64Array', 'Float64Array'] as const)(
  'one aligned word of 8 bytes is whole on x64: %s',
  async (kind) => {
    const weak = onWeakOnly({ '0 2': 'torn' });
    await lockstep({
      name: `one word of 8 bytes of ${kind} (reader: 0 old, 1 new, 2 torn)`,
      data: kind,
      threads: [
        ({ words, data }) => {
          const isLong = data === 'BigInt64Array';
          const longs = new BigInt64Array(words.buffer);
          const doubles = new Float64Array(words.buffer);
          const storeLong = (x: number) => {
            longs[x >> 1] = 0x5555555555555555n;
          };
          const storeDouble = (x: number) => {
            doubles[x >> 1] = 0.1;
          };
          return isLong ? storeLong : storeDouble;
        },
        ({ words, data }) => {
          const isLong = data === 'BigInt64Array';
          const longs = new BigInt64Array(words.buffer);
          const doubles = new Float64Array(words.buffer);
          const loadLong = (x: number) => {
            const long = longs[x >> 1];
            return long === 0n ? 0 : long === 0x5555555555555555n ? 1 : 2;
          };
          const loadDouble = (x: number) => {
            const double = doubles[x >> 1];
            return double === 0 ? 0 : double === 0.1 ? 1 : 2;
          };
          return isLong ? loadLong : loadDouble;
        },
      ],
      allowed: { '0 0': 'old', '0 1': 'new', ...weak.allowed },
      forbidden: weak.forbidden,
    });
  },
);
