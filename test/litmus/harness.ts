/**
 * Runs tiny programs on real threads and counts what came out. A program lists its outcomes: an allowed one may never
 * be seen, a forbidden one must not be, and neither must one that is not listed.
 *
 * Bodies are sent to the threads as source text, so they see only their parameter. Three ways to run them:
 * - `lockstep`: one step per thread and round, on variables x, y, z that start at 0 and have a cache line each. The
 *   threads meet at a barrier every 16 rounds, and a random delay stands before each step. The outcome is what they
 *   returned.
 * - `race`: each body runs once, freely, and returns how often it saw what. When one returns, `stopped()` is true for
 *   all.
 * - `spawn`: one thread, for tests of threads that end, wait or load.
 *
 * ROUNDS=10000000 npx vitest run test/litmus      more rounds, and no limit on time
 */
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { afterAll, expect, vi } from 'vitest';

/** What the bodies may ask for from the built library, by path in `modules`. */
export type Product = typeof import('../../src/memory/lock.js') &
  typeof import('../../src/memory/seqlock.js') &
  typeof import('../../src/threads/liveness-token.js') &
  typeof import('../../src/index.js');

export const LOCK = 'src/memory/lock.js';
export const SEQLOCK = 'src/memory/seqlock.js';
export const TOKEN = 'src/threads/liveness-token.js';
export const CACHE = 'src/index.js';

export interface Context<Data = unknown> {
  readonly words: Int32Array;
  /** Number of this thread, from 0. */
  readonly role: number;
  readonly threads: number;
  readonly rounds: number;
  readonly data: Data;
  readonly product: Product;
}

export type Counts = Record<string, number>;
// biome-ignore lint/suspicious/noConfusingVoidType: a step may return nothing
export type Step = (x: number, y: number, z: number) => number | void;
type LockstepBody<Data> = (context: Context<Data>) => Step;
type RaceBody<Data> = (context: Context<Data> & { readonly stopped: () => boolean }) => Counts;
type SpawnBody<Data> = (context: {
  readonly data: Data;
  readonly product: Product;
  readonly require: NodeJS.Require;
}) => unknown;

/** Outcome → what it means. */
export type Outcomes = Readonly<Record<string, string>>;

interface Program<Body, Data> {
  readonly name: string;
  readonly threads: readonly Body[];
  readonly modules?: readonly string[];
  readonly data?: Data;
  readonly allowed: Outcomes;
  readonly forbidden: Outcomes;
}

const given = process.env.ROUNDS;
/** Rounds of a lockstep program; others scale with it. */
export const ROUNDS = Number(given ?? 400_000);
const LOCKSTEP_LIMIT_MS = given === undefined ? 300 : Number.POSITIVE_INFINITY;
const RACE_LIMIT_MS = 250;
if (given !== undefined) vi.setConfig({ testTimeout: 86_400_000 });

/** The same share of ROUNDS for programs whose rounds are dearer: at least one. */
export const roundsPer = (cost: number): number => Math.max(1, Math.ceil(ROUNDS / cost));

const LINE_WORDS = 32;
const CONTROL_WORDS = 3 * LINE_WORDS;
const INSTANCES = 256;
const VARIABLES = 3;

const shared = (words: number) => new Int32Array(new SharedArrayBuffer(4 * words));
/** Tables by name; counts under the same name add up. */
const tables = new Map<string, { seen: Counts; known: Outcomes; allowed: Outcomes }>();
afterAll(() => {
  if (tables.size > 0) console.log([...tables.keys()].map(show).join('\n'));
});

function add(sum: Counts, seen: Counts): void {
  for (const [outcome, count] of Object.entries(seen)) sum[outcome] = (sum[outcome] ?? 0) + count;
}

function show(name: string): string {
  const { seen, known, allowed } = tables.get(name)!;
  const line = (outcome: string) => {
    const verdict = outcome in allowed ? 'allowed' : 'FORBIDDEN';
    const count = String(seen[outcome] ?? 0).padStart(10);
    return `  ${count}  ${outcome.padEnd(11)} ${verdict.padEnd(9)} ${known[outcome] ?? 'not listed'}`;
  };
  const outcomes = new Set([...Object.keys(known), ...Object.keys(seen)]);
  return [name, ...[...outcomes].map(line)].join('\n');
}

function start(workerData: object, resourceLimits?: ResourceLimits): Worker {
  const url = new URL('thread.mjs', import.meta.url);
  return new Worker(url, { workerData, execArgv: [], ...(resourceLimits && { resourceLimits }) });
}

/** The counts that the thread sends at its end; before them, a racing one says that it has begun. */
function resultOf(worker: Worker, onUp?: () => void): Promise<Counts> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: Counts | 'up') => (message === 'up' ? onUp?.() : resolve(message)));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread ended with code ${code} and without a result`)));
  });
}

/** Judges and records a table of outcomes. */
export function judge(name: string, seen: Counts, allowed: Outcomes, forbidden: Outcomes): void {
  const table = tables.get(name) ?? { seen: {}, known: { ...allowed, ...forbidden }, allowed };
  tables.set(name, table);
  add(table.seen, seen);
  const bad = Object.keys(seen).filter((outcome) => seen[outcome] !== 0 && !(outcome in allowed));
  expect(bad, show(name)).toEqual([]);
}

export async function lockstep<Data = undefined>(program: Program<LockstepBody<Data>, Data>): Promise<Counts> {
  const { threads, modules = [], data } = program;
  const control = shared(CONTROL_WORDS);
  const words = shared(INSTANCES * VARIABLES * LINE_WORDS);
  const registers = shared(INSTANCES * threads.length);
  const plan = { instances: INSTANCES, variables: VARIABLES, registers, limitMs: LOCKSTEP_LIMIT_MS };
  const workers = threads.map((body, role) => {
    const context = { words, role, threads: threads.length, rounds: ROUNDS, data };
    return start({ source: String(body), modules, control, context, lockstep: plan });
  });
  try {
    const [tally] = await Promise.all(workers.map((worker) => resultOf(worker)));
    judge(program.name, tally as Counts, program.allowed, program.forbidden);
    return tally as Counts;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Returns the counts of all threads added up, and the shared words as they were left. */
export async function race<Data = undefined>(
  program: Program<RaceBody<Data>, Data> & { readonly words: number; readonly rounds: number },
): Promise<{ counts: Counts; words: Int32Array }> {
  const { threads, modules = [], rounds, data } = program;
  const control = shared(CONTROL_WORDS);
  const words = shared(program.words);
  const workers = threads.map((body, role) => {
    const context = { words, role, threads: threads.length, rounds, data };
    return start({ source: String(body), modules, control, context });
  });
  const stop = () => Atomics.store(control, 2 * LINE_WORDS, 1);
  let timer: NodeJS.Timeout | undefined;
  const limit = () => {
    if (given === undefined) timer ??= setTimeout(stop, RACE_LIMIT_MS);
  };
  try {
    const counts: Counts = {};
    for (const seen of await Promise.all(workers.map((worker) => resultOf(worker, limit)))) add(counts, seen);
    judge(program.name, counts, program.allowed, program.forbidden);
    return { counts, words };
  } finally {
    clearTimeout(timer);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** A thread that runs one body. Errors of threads that are meant to fail are not errors of the test. */
export function spawn<Data>(
  body: SpawnBody<Data>,
  data: Data,
  modules: readonly string[] = [],
  resourceLimits?: ResourceLimits,
): Worker {
  const worker = start({ source: String(body), modules, context: { data } }, resourceLimits);
  worker.on('error', () => {});
  return worker;
}

/** Resolves when the thread has ended. */
export function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
  });
}
