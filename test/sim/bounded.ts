/**
 * All schedules of a small program with at most so many preemptions, by running it again from its start. A preemption is
 * placed only before an access that another actor's access conflicts with: moving it elsewhere changes no answer under
 * sequential consistency. Which accesses conflict is learned from all runs so far (after Musuvathi & Qadeer, "Iterative
 * context bounding for systematic testing of multithreaded programs", PLDI 2007).
 */
import { Random } from '../support/random.js';
import { Kind, type TraceStep } from './access-unit.js';
import { wrong } from './oracle.js';
import { runActors } from './run.js';
import type { Scene } from './scenes.js';
import { scheduler } from './scheduler.js';
import type { Act } from './small-programs.js';
import { Scripted, type Switch } from './strategies.js';
import type { SimulatedThread } from './thread.js';

export interface Explored {
  readonly schedules: number;
  /** What is wrong, with the schedule that shows it. */
  readonly failure?: { readonly message: string; readonly schedule: readonly Switch[] };
}

/** Runs the program under one schedule. */
export function runScripted(scene: Scene, acts: readonly Act[], schedule: readonly Switch[]): string | undefined {
  scene.world.restore('sc');
  scheduler.watchRaces(0);
  const threads: SimulatedThread[] = [];
  try {
    acts.forEach((act, id) => {
      const thread = scene.world.attach(id);
      thread.actor.body = act(thread);
      threads.push(thread);
    });
    runActors(
      threads.map(({ actor }) => actor),
      new Scripted(schedule),
    );
    const late = threads.find(({ actor }) => actor.timeOuts > 0);
    if (late !== undefined && acts.length === 2) return `actor ${late.actor.id} was woken by time only`;
    return wrong(scene, threads, false);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

const WRITES = new Set<number>([Kind.store, Kind.atomicStore, Kind.swap, Kind.add, Kind.wideSwap]);

/** Who touches which location, over all runs. */
class Conflicts {
  readonly #readers = new Map<number, number>();
  readonly #writers = new Map<number, number>();

  note({ actor, kind, location }: TraceStep): void {
    const bits = WRITES.has(kind) ? this.#writers : this.#readers;
    bits.set(location, (bits.get(location) ?? 0) | (1 << actor));
  }

  has({ actor, kind, location }: TraceStep): boolean {
    const writers = this.#writers.get(location) ?? 0;
    const touching = WRITES.has(kind) ? writers | (this.#readers.get(location) ?? 0) : writers;
    return (touching & ~(1 << actor)) !== 0;
  }
}

interface Run {
  readonly schedule: readonly Switch[];
  readonly trace: readonly TraceStep[];
}

/** Places of one more preemption, behind the last one. */
function extensions({ schedule, trace }: Run, conflicts: Conflicts, actors: number): Switch[][] {
  const last = schedule.length === 0 ? 0 : schedule[schedule.length - 1][0];
  const endOf = Array.from({ length: actors }, (_, id) => trace.findLastIndex((step) => step.actor === id));
  const found: Switch[][] = [];
  trace.forEach((step, i) => {
    if (step.step <= last || !conflicts.has(step)) return;
    for (let id = 0; id < actors; id++) {
      if (id !== step.actor && endOf[id] > i) found.push([...schedule, [step.step, id]]);
    }
  });
  return found;
}

/**
 * Explores up to `preemptions`, and no more than `limit` schedules of each number of them: a sample that the seed
 * decides, if there are more.
 */
export function explore(
  scene: Scene,
  acts: readonly Act[],
  preemptions: number,
  limit: number,
  seed: number,
): Explored {
  const random = new Random(seed);
  const conflicts = new Conflicts();
  let schedules = 0;
  let trace: TraceStep[] = [];
  scheduler.onStep = (step) => {
    trace.push(step);
    conflicts.note(step);
  };
  try {
    let level: Switch[][] = acts.map((_, id) => [[0, id]]);
    for (let count = 0; ; count++) {
      const runs: Run[] = [];
      for (const schedule of level) {
        trace = [];
        const message = runScripted(scene, acts, schedule);
        schedules++;
        if (message !== undefined) return { schedules, failure: { message, schedule } };
        runs.push({ schedule, trace });
      }
      if (count === preemptions) return { schedules };
      level = runs.flatMap((run) => extensions(run, conflicts, acts.length));
      for (let i = level.length - 1; i > 0 && level.length > limit; i--) {
        const j = random.below(i + 1);
        [level[i], level[j]] = [level[j], level[i]];
      }
      level.length = Math.min(level.length, limit);
    }
  } finally {
    scheduler.onStep = undefined;
  }
}
