/** The entry of the compiled simulation: runs programs, and replays one of them with its trace. */
import { Random } from '../support/random.js';
import { KIND_NAMES, type TraceStep } from './access-unit.js';
import type { ModeName } from './memory-model.js';
import { wrong } from './oracle.js';
import { randomProgram } from './random-program.js';
import { runActors } from './run.js';
import { SCENE_NAMES, sceneOf } from './scenes.js';
import { scheduler } from './scheduler.js';
import { randomStrategy } from './strategies.js';

export { SCENE_NAMES, scheduler };

/** Last steps that a failure shows. */
const SHOWN_STEPS = 80;

export interface Case {
  readonly scene: string;
  readonly mode: ModeName;
  readonly seed: number;
}

/** Runs one case. Returns what is wrong, or undefined. */
export function runCase({ scene: name, mode, seed }: Case): string | undefined {
  const random = new Random(seed);
  const scene = sceneOf(name);
  scene.world.restore(mode);
  const { model } = scheduler;
  model.random = () => random.next();
  model.weakness = {
    flush: random.pick([0.02, 0.1, 0.3, 0.8]),
    stale: random.pick([0, 0.05, 0.2, 0.5]),
    capacity: random.pick([2, 8, 24, 64]),
  };
  try {
    const program = randomProgram(scene, random);
    runActors(
      program.threads.map(({ actor }) => actor),
      randomStrategy(random),
    );
    return wrong(scene, [...program.threads, ...program.attached], random.below(8) === 0);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

function line({ actor, step, kind, site, location, value }: TraceStep): string {
  return `${step}: actor ${actor} ${KIND_NAMES[kind]} [${location}] ${value} ${scheduler.sites[site]}`;
}

/** All accesses of a case, in their order. */
export function traceOf(one: Case): string[] {
  const trace: string[] = [];
  scheduler.onStep = (step) => {
    trace.push(line(step));
  };
  runCase(one);
  scheduler.onStep = undefined;
  return trace;
}

/** Runs the case again, with the last steps of its trace. */
export function replay(failed: Case): string {
  const trace: TraceStep[] = [];
  scheduler.onStep = (step) => {
    trace.push(step);
    if (trace.length > 2 * SHOWN_STEPS) trace.splice(0, SHOWN_STEPS);
  };
  try {
    const message = runCase(failed);
    const { scene, mode, seed } = failed;
    const how = `npm run test:sim -- --seed ${seed} --program "${scene}" --mode ${mode}`;
    return [...trace.slice(-SHOWN_STEPS).map(line), '', message ?? 'nothing is wrong', '', how].join('\n');
  } finally {
    scheduler.onStep = undefined;
  }
}

export interface Arguments {
  readonly seed?: string;
  readonly program?: string;
  readonly mode?: string;
  readonly schedules?: string;
}

const MODES: readonly ModeName[] = ['sc', 'tso', 'weak'];

/** The command line: one seed replays one schedule of each program and mode, more of them run from the seed on. */
export function command({ seed, program, mode, schedules }: Arguments): boolean {
  const first = seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(seed);
  const count = Number(schedules ?? (seed === undefined ? 1000 : 1));
  const scenes = program === undefined ? SCENE_NAMES : [program];
  const modes = mode === undefined ? MODES : MODES.filter((name) => name === mode);
  for (const scene of scenes) {
    for (const name of modes) {
      const startMs = performance.now();
      let steps = 0;
      for (let i = 0; i < count; i++) {
        const one = { scene, mode: name, seed: first + i };
        if (runCase(one) !== undefined) {
          console.log(replay(one));
          return false;
        }
        steps += scheduler.steps;
      }
      const seconds = (performance.now() - startMs) / 1000;
      const rate = `${Math.round(steps / seconds / 1000)} thousand steps a second`;
      console.log(`${scene}, ${name}: ${count} schedules from seed ${first}, ${steps} steps, ${rate}`);
    }
  }
  return true;
}
