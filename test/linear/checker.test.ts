/**
 * Goal: the checker of linearizability accepts what is linearizable and nothing else, and is fast enough for thousands
 * of operations on one key. Oracle: histories known to be good and bad; for tiny histories a brute-force search over
 * all orders; histories made from a run in sequence, which are good, and the same with one result changed to that of
 * no moment. Replay: SEED=…, printed by a failure.
 */
import { describe, expect, test, vi } from 'vitest';
import { nonLinearizable, type Operation } from '../support/linearizability.js';
import { Random, seedOf } from '../support/random.js';
import { STEPS_TIMEOUT_MS, scaled } from '../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const seed = seedOf();
const NEVER = Number.POSITIVE_INFINITY;

/** An operation on key k: `invoked`, `returned`, name, argument of a write, result. */
type Short = [invoked: number, returned: number, name: Operation['name'], argument?: string, result?: unknown];
const historyOf = (...all: Short[]): Operation[] =>
  all.map(([invoked, returned, name, argument, result], actor) => ({
    actor,
    name,
    key: 'k',
    argument,
    result,
    invoked,
    returned,
  }));

const good: Record<string, Short[]> = {
  nothing: [],
  'a read during a write sees the old value': [
    [0, 5, 'put', 'a'],
    [1, 2, 'get', undefined, undefined],
  ],
  'a read during a write sees the new value': [
    [0, 5, 'put', 'a'],
    [1, 2, 'get', undefined, 'a'],
  ],
  'overlapping writes in the order that a read shows': [
    [0, 5, 'put', 'a'],
    [1, 6, 'put', 'b'],
    [7, 8, 'get', undefined, 'a'],
  ],
  'two takes, one of them too late': [
    [0, 1, 'put', 'a'],
    [2, 5, 'take', undefined, 'a'],
    [3, 4, 'take', undefined, undefined],
  ],
  'two inserts, one wins': [
    [0, 3, 'insertNew', 'a', true],
    [1, 2, 'insertNew', 'b', false],
  ],
  'a refused write has no effect': [
    [0, 1, 'put', 'a', 'full'],
    [2, 3, 'get', undefined, undefined],
  ],
  'a write that never returned is seen': [
    [0, NEVER, 'put', 'a'],
    [1, 2, 'get', undefined, 'a'],
  ],
  'a write that never returned is not seen': [
    [0, NEVER, 'put', 'a'],
    [1, 2, 'get', undefined, undefined],
  ],
  'a write that never returned is seen late': [
    [0, NEVER, 'put', 'a'],
    [1, 2, 'put', 'b'],
    [3, 4, 'get', undefined, 'b'],
    [5, 6, 'get', undefined, 'a'],
  ],
  'a take that never returned has taken': [
    [0, 1, 'put', 'a'],
    [2, NEVER, 'take'],
    [3, 4, 'get', undefined, 'a'],
    [5, 6, 'delete', undefined, false],
  ],
  'an insert that never returned lets another fail': [
    [0, NEVER, 'insertNew', 'a'],
    [1, 2, 'insertNew', 'b', false],
    [3, 4, 'take', undefined, 'a'],
  ],
  'a delete between two reads of the same value, written twice': [
    [0, 1, 'put', 'a'],
    [2, 9, 'delete', undefined, true],
    [3, 4, 'get', undefined, 'a'],
    [5, 8, 'put', 'a'],
    [10, 11, 'get', undefined, 'a'],
  ],
};

const bad: Record<string, Short[]> = {
  'a stale read': [
    [0, 1, 'put', 'a'],
    [2, 3, 'put', 'b'],
    [4, 5, 'get', undefined, 'a'],
  ],
  'a value from nowhere': [
    [0, 1, 'put', 'a'],
    [2, 3, 'get', undefined, 'b'],
  ],
  'a lost write': [
    [0, 1, 'put', 'a'],
    [2, 3, 'get', undefined, undefined],
  ],
  'a value from the future': [
    [0, 1, 'get', undefined, 'a'],
    [2, 3, 'put', 'a'],
  ],
  'two takes of one value': [
    [0, 1, 'put', 'a'],
    [2, 5, 'take', undefined, 'a'],
    [3, 4, 'take', undefined, 'a'],
  ],
  'two inserts that both won': [
    [0, 3, 'insertNew', 'a', true],
    [1, 2, 'insertNew', 'b', true],
  ],
  'an insert that failed where nothing was': [[0, 1, 'insertNew', 'a', false]],
  'a delete that found what was taken': [
    [0, 1, 'put', 'a'],
    [2, 3, 'take', undefined, 'a'],
    [4, 5, 'delete', undefined, true],
  ],
  'new, then old, while the write goes on': [
    [0, 9, 'put', 'a'],
    [1, 2, 'get', undefined, 'a'],
    [3, 4, 'get', undefined, undefined],
  ],
  'two readers that see two writes in different orders': [
    [0, 20, 'put', 'a'],
    [1, 19, 'put', 'b'],
    [2, 3, 'get', undefined, 'a'],
    [4, 5, 'get', undefined, 'b'],
    [6, 7, 'get', undefined, 'a'],
  ],
  'a write that vanished after it was seen, never acknowledged': [
    [0, NEVER, 'put', 'a'],
    [1, 2, 'get', undefined, 'a'],
    [3, 4, 'get', undefined, undefined],
  ],
  'a write that never returned, seen before its call': [
    [0, 1, 'get', undefined, 'a'],
    [2, NEVER, 'put', 'a'],
  ],
  'a write that never returned, and took effect twice': [
    [0, NEVER, 'put', 'a'],
    [1, 2, 'take', undefined, 'a'],
    [3, 4, 'take', undefined, 'a'],
  ],
  'has and get that differ': [
    [0, 1, 'put', 'a'],
    [2, 3, 'has', undefined, false],
  ],
  'a refused write that was seen': [
    [0, 1, 'put', 'a', 'full'],
    [2, 3, 'get', undefined, 'a'],
  ],
};

describe('known histories', () => {
  test.each(Object.entries(good))('%s: linearizable', (_, all) => {
    expect(nonLinearizable(historyOf(...all))).toBeUndefined();
  });
  test.each(Object.entries(bad))('%s: not linearizable', (_, all) => {
    expect(nonLinearizable(historyOf(...all))).toMatch(/^key "k" is not linearizable.*fits nowhere/s);
  });
  test('keys are independent, and begin as they are said to', () => {
    const read = (key: string, result: string): Operation => ({
      actor: 0,
      name: 'get',
      key,
      result,
      invoked: 0,
      returned: 1,
    });
    const initial = new Map([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(nonLinearizable([read('a', '1'), read('b', '2')], initial)).toBeUndefined();
    expect(nonLinearizable([read('a', '1'), read('b', '1')], initial)).toContain('key "b"');
  });
  test('an operation that returns before its call is no history', () => {
    expect(() => nonLinearizable(historyOf([2, 1, 'put', 'a']))).toThrow(RangeError);
  });
});

const names = ['get', 'has', 'put', 'insertNew', 'take', 'delete'] as const;

/** What a map does. */
function apply(map: Map<string, string>, name: Operation['name'], key: string, argument?: string): unknown {
  const before = map.get(key);
  if (name === 'put' || (name === 'insertNew' && before === undefined)) map.set(key, argument as string);
  if (name === 'take' || name === 'delete') map.delete(key);
  if (name === 'put') return undefined;
  if (name === 'insertNew') return before === undefined;
  return name === 'get' || name === 'take' ? before : before !== undefined;
}

/**
 * A history made from a run in sequence: each operation takes effect at a moment of its own, and its interval lies
 * around that moment. `width` is how far it reaches, in operations; every `dies`-th never returns, of which half
 * have no effect.
 */
function generated(random: Random, count: number, keys: number, width: number, dies: number): Operation[] {
  const map = new Map<string, string>();
  const history: Operation[] = [];
  for (let i = 0; i < count; i++) {
    const name = random.pick(names);
    const key = `k${random.below(keys)}`;
    const argument = name === 'put' || name === 'insertNew' ? `v${i}` : undefined;
    const dead = random.below(dies) === 0;
    const result = dead && random.below(2) === 0 ? undefined : apply(map, name, key, argument);
    const reach = () => random.next() * (random.below(50) === 0 ? 5 : 1) * width;
    const [invoked, returned] = [i - reach(), dead ? NEVER : i + reach()];
    history.push({ actor: i, name, key, argument, result: dead ? undefined : result, invoked, returned });
  }
  return history;
}

/** Whether any order of any choice of the operations without return explains the history. */
function bruteForce(left: readonly Operation[], value: string | undefined): boolean {
  if (left.every(({ returned }) => returned === NEVER)) return true;
  const firstReturn = Math.min(...left.map(({ returned }) => returned));
  return left.some((operation) => {
    if (operation.invoked > firstReturn) return false;
    const map = new Map(value === undefined ? [] : [['k0', value]]);
    const result = apply(map, operation.name, 'k0', operation.argument);
    if (operation.returned !== NEVER && result !== operation.result) return false;
    return bruteForce(
      left.filter((one) => one !== operation),
      map.get('k0'),
    );
  });
}

test('histories around a run in sequence are accepted', () => {
  const random = new Random(seed);
  for (let run = 0; run < scaled(300); run++) {
    const history = generated(random, 1 + random.below(200), 1 + random.below(3), random.next() * 4, 20);
    expect(nonLinearizable(history), `seed ${seed}, run ${run}`).toBeUndefined();
  }
});

test('tiny histories are judged as a search over all orders judges them', () => {
  const random = new Random(seed);
  const verdicts = { good: 0, bad: 0 };
  for (let run = 0; run < scaled(6000); run++) {
    const history = generated(random, 2 + random.below(6), 1, random.next() * 4, 2 + random.below(5)).map(
      (operation) => {
        const { name } = operation;
        if (random.below(6) !== 0 || name === 'put') return operation;
        const written = random.pick([undefined, 'v0', 'v1', 'v2', 'v3']);
        return { ...operation, result: name === 'get' || name === 'take' ? written : random.below(2) === 0 };
      },
    );
    const expected = bruteForce(history, undefined);
    verdicts[expected ? 'good' : 'bad']++;
    const found = nonLinearizable(history) === undefined;
    if (found !== expected) expect.fail(`seed ${seed}, run ${run}: ${expected} for ${JSON.stringify(history)}`);
  }
  expect(Math.min(verdicts.good, verdicts.bad)).toBeGreaterThan(scaled(6000) / 10);
});

test('many operations without return on one key cost little', () => {
  const random = new Random(seed);
  for (let run = 0; run < scaled(20); run++) {
    const history = generated(random, 1500, 1, 2, 40);
    expect(nonLinearizable(history), `seed ${seed}, run ${run}`).toBeUndefined();
  }
});

test('one wrong result among thousands of operations on a key is found', () => {
  const random = new Random(seed);
  for (let run = 0; run < scaled(10); run++) {
    const history = generated(random, 5000, 1, 2, 1500);
    expect(nonLinearizable(history), `seed ${seed}, run ${run}`).toBeUndefined();
    const reads = history.flatMap(({ name, returned }, i) => (name === 'get' && returned !== NEVER ? [i] : []));
    const at = random.pick(reads);
    // Of another time: its write is followed by 20 others, with reads between them.
    const stale = history.findLast(({ name }, i) => name === 'put' && i < at - 60);
    const wrong = { ...history[at], result: stale?.argument ?? 'from nowhere' };
    const report = nonLinearizable(history.with(at, wrong));
    expect(report, `seed ${seed}, run ${run}`).toContain('fits nowhere');
  }
});
