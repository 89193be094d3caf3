/** The entry of the compiled simulation: runs programs, and replays one of them with its trace. */
import { Random } from '../support/random.js';
import { KIND_NAMES, type TraceStep } from './access-unit.js';
import { type Bounds, explore, runScripted } from './bounded.js';
import { killAt, victimsOf } from './kill-sweep.js';
import type { ModeName } from './memory-model.js';
import { wrong } from './oracle.js';
import { randomProgram } from './random-program.js';
import { runActors } from './run.js';
import { SCENE_NAMES, sceneOf } from './scenes.js';
import { scheduler } from './scheduler.js';
import { smallPrograms } from './small-programs.js';
import { randomStrategy, type Switch } from './strategies.js';

export { killAt, SCENE_NAMES, scheduler, victimsOf };

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
    newest: random.pick([0, 0.5, 0.9]),
    capacity: random.pick([2, 8, 24, 64, 128]),
  };
  scheduler.watchRaces(random.pick([0, 0.05, 0.2, 0.5]));
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

/** Explores small programs of a scene with up to so many preemptions. Returns schedules run, or what is wrong. */
export function runBounded(name: string, bounds: Bounds): number | string {
  const scene = sceneOf(name);
  let schedules = 0;
  for (const { name: program, acts } of smallPrograms(scene)) {
    const explored = explore(scene, acts, bounds);
    schedules += explored.schedules;
    const { failure } = explored;
    if (failure === undefined) continue;
    const switches = failure.schedule.map((one) => one.join(':')).join(',');
    const which = `--program "${name}" --small "${program}" --switches ${switches} --mode ${bounds.mode}`;
    const how = `npm run test:sim -- ${which}`;
    return `${failure.message}\n\n${program}, after ${schedules} schedules; switches (step:actor) ${switches}\n${how}`;
  }
  return schedules;
}

/** One schedule of one small program, with its trace. */
function replaySmall(name: string, small: string, switches: string, mode: ModeName): string {
  const scene = sceneOf(name);
  const found = smallPrograms(scene).find((one) => one.name === small);
  if (found === undefined) throw new Error(`no program ${small} in ${name}`);
  const trace: string[] = [];
  scheduler.onStep = (step) => {
    trace.push(line(step));
  };
  const schedule = switches.split(',').map((one) => one.split(':').map(Number) as unknown as Switch);
  const message = runScripted(scene, found.acts, schedule, mode);
  scheduler.onStep = undefined;
  return [...trace, '', message ?? 'nothing is wrong'].join('\n');
}

export interface Arguments {
  readonly bounded?: string;
  readonly small?: string;
  readonly switches?: string;
  readonly seed?: string;
  readonly program?: string;
  readonly mode?: string;
  readonly schedules?: string;
}

const MODES: readonly ModeName[] = ['sc', 'tso', 'weak'];

/** The command line: one seed replays one schedule of each program and mode, more of them run from the seed on. */
export function command({ seed, program, mode, schedules, bounded, small, switches }: Arguments): boolean {
  if (small !== undefined && program !== undefined && switches !== undefined) {
    console.log(replaySmall(program, small, switches, (mode as ModeName | undefined) ?? 'sc'));
    return true;
  }
  const first = seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(seed);
  const count = Number(schedules ?? (seed === undefined ? 1000 : 1));
  const scenes = program === undefined ? SCENE_NAMES : [program];
  const modes = mode === undefined ? MODES : MODES.filter((name) => name === mode);
  for (const scene of scenes) {
    if (bounded !== undefined) {
      const startMs = performance.now();
      const bounds = { preemptions: Number(bounded), limit: Number(schedules ?? 1e9), seed: first, mode: modes[0] };
      const found = runBounded(scene, bounds);
      console.log(`${scene}: ${found} schedules, ${Math.round(performance.now() - startMs)} ms`);
      if (typeof found === 'string') return false;
      continue;
    }
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
