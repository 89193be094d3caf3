/**
 * Goal: threads that are killed at any instruction leave a cache that all others go on using, with every acknowledged
 * write in it, whole lists or none, all memory accounted for; the main thread's being blocked does not matter. They
 * are terminated within 500 ms, or end by process.exit, an uncaught error, a time-out of `vm` or running out of heap;
 * owners are killed, too: extra ones in every round, and now and then one of the cache, which replaces it.
 * Oracle: rows that prove themselves, words that outlive the dead and say what was acknowledged, the conservation
 * laws of `verify`. Longest waits are printed and bounded by 5 s: the machine may be busy with other things. Replay:
 * `SEED=n npx vitest run test/crash/storm.test.ts`, or the command that a failure prints; `RUNS=10` for more rounds.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seedOf } from '../support/random.js';
import { scaled } from '../support/sample.js';
import { runNode } from '../support/worker-process.js';

const ROUNDS = scaled(60);
const script = join(import.meta.dirname, '..', 'support', 'worker-storm.mjs');
const seed = seedOf();
const MS_PER_ROUND = 5000;
const LONGEST_WAIT_MS = 5000;

interface Report {
  readonly faults: string[];
  readonly deaths: Record<string, number>;
  readonly healCount: number;
  readonly longestCheckMs: number;
  readonly survivors: { operations: number; longestMs: number; slow: number; fulls: number }[];
}

const large = { memory: '64mb', partitions: 4, owners: 1 };
/** Name, share of the rounds, options of the storm, flags of Node. */
const cases = [
  ['with values up to 1 MB', 0.4, large, []],
  ['in little memory, with one partition', 0.3, { memory: '12mb', partitions: 1, owners: 1, largest: 300_000 }, []],
  ['without owners', 0.2, { memory: '64mb', partitions: 2, owners: 0 }, []],
  ['without optimising compilers', 0.1, large, ['--no-opt']],
] as const;

test.each(cases)('kill storm %s', { timeout: 60_000 + ROUNDS * MS_PER_ROUND }, async (name, share, options, flags) => {
  const rounds = Math.max(5, Math.round(ROUNDS * share));
  const args = [...flags, script, JSON.stringify({ rounds, seed, ...options })];
  const ended = await runNode(args, 60_000 + rounds * MS_PER_ROUND);
  const replay = `replay: node ${args.map((arg) => `'${arg}'`).join(' ')}`;
  expect(ended, replay).toMatchObject({ code: 0, signal: null, errors: '' });
  const { faults, deaths, healCount, longestCheckMs, survivors } = JSON.parse(ended.output) as Report;
  const waits = survivors.map(({ longestMs, slow }) => `${longestMs.toFixed(1)} ms (${slow} above 100 ms)`).join(', ');
  const died = Object.entries(deaths).map(([kind, count]) => `${count} ${kind}`);
  console.log(`${name}, seed ${seed}: ${died.join(', ')}; ${healCount} healed; longest waits ${waits}`);
  expect(faults, replay).toEqual([]);
  expect(survivors).toHaveLength(2);
  for (const { longestMs, operations } of survivors) {
    expect(operations).toBeGreaterThan(0);
    expect(longestMs).toBeLessThan(LONGEST_WAIT_MS);
  }
  expect(longestCheckMs).toBeLessThan(LONGEST_WAIT_MS);
});
