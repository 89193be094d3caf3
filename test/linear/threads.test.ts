/**
 * Goal: operations on single keys are linearizable for real threads, some of which are killed in the middle of one, or
 * thrown out of it.
 * Threads of the built package use a few hot keys in little memory, as tuples and as pairs, with values from nothing
 * to chained ones, so that cells are reused at once and memory runs out; each call and return takes a number from one
 * shared counter. Oracle: the checker (`support/linearizability.ts`), texts that prove themselves, and the laws of
 * `verify`; what each key holds at the end is one more read, and the start of the next round.
 * Replay: `SEED=n RUNS=10 npx vitest run test/linear/threads.test.ts`: the seed gives the operations, not their timing.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type StartOptions, SuperCache } from 'supercache';
import { expect, onTestFinished, test } from 'vitest';
import { nonLinearizable, type Operation } from '../support/linearizability.js';
import { Random, seedOf } from '../support/random.js';
import { scaled } from '../support/sample.js';
import {
  Clock,
  DAMAGED,
  FALSE,
  FULL,
  HistoryLog,
  type LoggedOperation,
  NOTHING,
  TRUE,
  valueIn,
} from '../support/worker-history-log.mjs';
import { brokenLaws } from '../support/worker-verify.mjs';

const seed = seedOf();
const THREADS = 4;
const TUPLES = 5;
const PAIRS = 3;
const KEYS = [...Array(TUPLES + PAIRS).keys()];
/** Latest moment at which a thread is killed; most are done by then. */
const LATEST_DEATH_MS = 250;
const ROUNDS = scaled(6);

interface Manner {
  /** One thread clears everything now and then. */
  readonly clears: boolean;
  /** All values are short: the operations are short, and more of them race. */
  readonly small: boolean;
  /** One thread is thrown out of its operations by `vm` time-outs, and goes on. */
  readonly timeouts: boolean;
  /** Per thread. */
  readonly operations: number;
}

const mixed: Manner = { clears: false, small: false, timeouts: false, operations: 10_000 };
const cases: readonly [string, StartOptions, Manner][] = [
  ['one partition', { memory: '400kb', partitions: 1, owners: 1 }, mixed],
  ['two partitions, cleared now and then', { memory: '512kb', partitions: 2, owners: 1 }, { ...mixed, clears: true }],
  ['without owners', { memory: '1mb', partitions: 3, owners: 0 }, mixed],
  ['thrown out by time-outs', { memory: '400kb', partitions: 2, owners: 0 }, { ...mixed, timeouts: true }],
  ['short values', { memory: '300kb', partitions: 1, owners: 0 }, { ...mixed, small: true, operations: 40_000 }],
];

/** Results as the checker wants them. */
function resultOf({ name, result }: LoggedOperation): unknown {
  if (result === FULL) return 'full';
  if (result === TRUE || result === FALSE) return result === TRUE;
  return name === 'put' || result === NOTHING ? undefined : String(result);
}

function operationsOf(actor: number, log: HistoryLog): Operation[] {
  return [...log.operations()].flatMap((logged): Operation[] => {
    const { invoked } = logged;
    const returned = logged.returned === 0 ? Number.POSITIVE_INFINITY : logged.returned;
    if (logged.name === 'clear') {
      return KEYS.map((key) => ({ actor, name: 'put', key: String(key), invoked, returned }));
    }
    const argument = logged.argument === NOTHING ? undefined : String(logged.argument);
    return [
      { actor, name: logged.name, key: String(logged.key), argument, result: resultOf(logged), invoked, returned },
    ];
  });
}

/** What a key holds, as the number of the value. */
function finalValue(cache: SuperCache, key: number): number {
  const found = key < TUPLES ? cache.get([key])[0]?.at(-1) : cache.keyValue<number, string>('pairs').get(key);
  return found === undefined ? NOTHING : valueIn((found as string).replace('\u0436', ''));
}

interface Total {
  operations: number;
  killed: number;
  /** Operations without return. */
  open: number;
  fulls: number;
}

/** Starts the threads, kills the later half at random moments; the others stop when their logs are full. */
async function record(round: number, manner: Manner, clock: Clock, random: Random, total: Total): Promise<Operation[]> {
  clock.close();
  const logs = Array.from({ length: THREADS }, () => HistoryLog.ofLength(manner.operations));
  const first = round * THREADS;
  const workers = logs.map((log, i) => {
    const shared = { clockBuffer: clock.words.buffer, logBuffer: log.words.buffer, tuples: TUPLES, pairs: PAIRS };
    const own = {
      actor: first + i,
      seed: random.below(2 ** 31),
      small: manner.small,
      clears: manner.clears && i === 0,
      timeouts: manner.timeouts && i === 1,
    };
    return new Worker(new URL('../support/worker-history.mjs', import.meta.url), { workerData: { ...shared, ...own } });
  });
  const ended = workers.map((worker) => once(worker, 'exit'));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  clock.open();
  const timers = workers.slice(THREADS / 2).map((worker) => {
    return setTimeout(() => void worker.terminate(), random.below(LATEST_DEATH_MS));
  });
  for (const [i, end] of ended.entries()) {
    const [code] = await end;
    if (i < THREADS / 2) expect(code, `thread ${first + i}`).toBe(0);
    if (code !== 0) total.killed++;
  }
  for (const timer of timers) clearTimeout(timer);
  const history = logs.flatMap((log, i) => operationsOf(first + i, log));
  total.operations += history.length;
  total.open += history.filter(({ returned }) => returned === Number.POSITIVE_INFINITY).length;
  total.fulls += history.filter(({ result }) => result === 'full').length;
  return history;
}

test.each(cases)('%s', { timeout: 60_000 + 10_000 * ROUNDS }, async (name, options, manner) => {
  const random = new Random(seed);
  const cache = await SuperCache.start({ ...options, maxThreads: 3 * THREADS, eviction: 'none' });
  onTestFinished(() => cache.stop());
  const clock = new Clock();
  const total: Total = { operations: 0, killed: 0, open: 0, fulls: 0 };
  let initial = new Map<string, string>();
  for (let round = 0; round < ROUNDS; round++) {
    const history = await record(round, manner, clock, random, total);
    const before = initial;
    initial = new Map();
    for (const key of KEYS) {
      const [invoked, value, returned] = [clock.tick(), finalValue(cache, key), clock.tick()];
      const result = value === NOTHING ? undefined : String(value);
      history.push({ actor: -1, name: 'get', key: String(key), result, invoked, returned });
      if (result !== undefined) initial.set(String(key), result);
    }
    const damaged = history.find(({ result }) => result === String(DAMAGED));
    expect(damaged, `seed ${seed}, round ${round}: a value that nobody wrote`).toBeUndefined();
    expect(nonLinearizable(history, before), `seed ${seed}, round ${round}`).toBeUndefined();
    expect(brokenLaws(cache), `seed ${seed}, round ${round}`).toEqual([]);
  }
  console.log(`${name}, seed ${seed}: ${JSON.stringify(total)}, ${cache.stats().healCount} healed`);
  expect(total.operations).toBeGreaterThan(1000 * ROUNDS);
});
