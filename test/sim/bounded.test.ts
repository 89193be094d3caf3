/**
 * Goal: small programs are right under every schedule of a few preemptions, placed wherever they can matter.
 * Oracle: `oracle.ts`; and of two threads none is ever woken by time only, so that no wake-up is lost.
 * One preemption: a sample of at most so many schedules for each program; two: a smaller one. `RUNS` scales both.
 * Replay: a failure names the program and its switches, and the command that shows them.
 */
import { beforeAll, expect, test, vi } from 'vitest';
import { seedOf } from '../support/random.js';
import { STEPS_TIMEOUT_MS, scaled } from '../support/sample.js';
import { loadSimulation } from './compile.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS, hookTimeout: STEPS_TIMEOUT_MS });

const ROOT = new URL('../..', import.meta.url).pathname;
const SCHEDULES = 12;
const seed = seedOf();
let simulation: Awaited<ReturnType<typeof loadSimulation>>;

beforeAll(async () => {
  simulation = await loadSimulation(ROOT);
});

test.each(['sc', 'tso'] as const)('every small program, %s', (mode) => {
  let schedules = 0;
  for (const scene of simulation.SCENE_NAMES) {
    const found = simulation.runBounded(scene, { mode, preemptions: 2, limit: scaled(SCHEDULES), seed });
    if (typeof found === 'string') expect.fail(`seed ${seed}, ${scene}: ${found}`);
    schedules += found;
  }
  console.log(`${schedules} schedules of up to two preemptions, ${mode}, seed ${seed}`);
});
