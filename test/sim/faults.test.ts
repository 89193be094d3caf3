/**
 * Goal: the simulation can fail: faults that are planted in the engine are found.
 * Oracle: each of these is found within a number of schedules far above what it took. All others, and how each is
 * found: `npm run test:sim -- --faults`. Replay: the seed is fixed.
 */
import { expect, test, vi } from 'vitest';
import { STEPS_TIMEOUT_MS } from '../support/sample.js';
import { findFault } from './find-faults.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const ROOT = new URL('../..', import.meta.url).pathname;
const SCHEDULES = 20_000;

test.each(['the second load is skipped', 'the commit is no fence', 'healing does not redo the log'])(
  '%s',
  async (name) => {
    expect(await findFault(ROOT, name, 1, SCHEDULES)).toBeDefined();
  },
);
