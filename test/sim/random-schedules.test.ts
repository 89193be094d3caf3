/**
 * Goal: whatever the schedule, and whoever is killed before whatever access, the memory is sound and every answer is
 * explained, under sequential consistency, total store order (x64) and the weak model (arm64).
 * Oracle: `oracle.ts`: `verify`, conservation of pages and slots, linearizability of each key, scan and counts.
 * `RUNS=10` runs ten times as many schedules (`support/sample.ts`). Replay: a failure shows its trace and the command;
 * `npm run test:sim -- --seed N --program NAME --mode MODE`.
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { seedOf } from '../support/random.js';
import { STEPS_TIMEOUT_MS, scaled } from '../support/sample.js';
import { loadSimulation } from './compile.js';
import type { ModeName } from './memory-model.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS, hookTimeout: STEPS_TIMEOUT_MS });

const ROOT = new URL('../..', import.meta.url).pathname;
const SCHEDULES = 200;
const first = seedOf();
let simulation: Awaited<ReturnType<typeof loadSimulation>>;

beforeAll(async () => {
  simulation = await loadSimulation(ROOT);
});

describe.each<ModeName>(['sc', 'tso', 'weak'])('%s', (mode) => {
  test('every scene', () => {
    const count = scaled(SCHEDULES);
    let steps = 0;
    for (const scene of simulation.SCENE_NAMES) {
      for (let seed = first; seed < first + count; seed++) {
        const one = { scene, mode, seed };
        if (simulation.runCase(one) !== undefined) expect.fail(simulation.replay(one));
        steps += simulation.scheduler.steps;
      }
    }
    const schedules = count * simulation.SCENE_NAMES.length;
    console.log(`${mode}: ${schedules} schedules, ${steps} steps, from seed ${first}`);
  });
});

test('a seed replays exactly', () => {
  for (const mode of ['sc', 'weak'] as const) {
    const trace = simulation.traceOf({ scene: 'chained', mode, seed: first });
    expect(trace.length).toBeGreaterThan(50);
    expect(simulation.traceOf({ scene: 'chained', mode, seed: first })).toEqual(trace);
  }
});
