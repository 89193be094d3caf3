/**
 * Goal: a thread dies before any access of any mutation, with others in flight; another heals, and may die of it, too.
 * Oracle: `oracle.ts`; the operation that was broken off has happened or not.
 * A run takes a sample of the steps, `EXHAUSTIVE=1` all of them; `RUNS` scales (`support/sample.ts`).
 * Replay: a failure names seed, scene, mutation, step and mode: set SEED.
 */
import { beforeAll, expect, test, vi } from 'vitest';
import { Random, seedOf } from '../support/random.js';
import { STEPS_TIMEOUT_MS, stepsOf } from '../support/sample.js';
import { loadSimulation } from './compile.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS, hookTimeout: STEPS_TIMEOUT_MS });

const ROOT = new URL('../..', import.meta.url).pathname;
/** One step out of so many is tried. */
const WINDOW = 40;
const MODES = ['sc', 'tso', 'weak'] as const;
const seed = seedOf();
let simulation: Awaited<ReturnType<typeof loadSimulation>>;

beforeAll(async () => {
  simulation = await loadSimulation(ROOT);
});

test('a thread dies at every step of every mutation', () => {
  const random = new Random(seed);
  let kills = 0;
  let all = 0;
  for (const victim of simulation.SCENE_NAMES.flatMap((scene) => simulation.victimsOf(scene))) {
    all += victim.length;
    for (const step of stepsOf(random, victim.length, WINDOW)) {
      const mode = random.pick(MODES);
      const message = simulation.killAt(victim, step + 1, mode, seed);
      kills++;
      if (message === undefined) continue;
      const { scene, mutation } = victim;
      expect.fail(`seed ${seed}, ${scene}, ${mutation} killed at ${step + 1} of ${victim.length}, ${mode}: ${message}`);
    }
  }
  console.log(`killed at ${kills} of ${all} steps, seed ${seed}`);
});
