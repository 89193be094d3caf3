/**
 * Looking for a run of the simulation that breaks a law: first random schedules of the scenes that reach the mutant,
 * then a death at steps of their mutations, then their small programs under every schedule of a few preemptions, then
 * random ones again. All of it follows from the seed.
 */
import type { ModeName } from '../sim/memory-model.js';

type Simulation = typeof import('../sim/simulation.js');

export interface Verdict {
  /** The law that was broken, in words; undefined: none was. */
  readonly law?: string;
  /** How an actor crashed, or did not come to an end, where no law was broken: that is no kill. */
  readonly crash?: string;
  /** Runs of the simulation. */
  readonly runs: number;
}

/** Most of the faults show without weak memory, and sooner. */
const MODES: readonly ModeName[] = ['sc', 'weak', 'sc', 'tso', 'sc'];
/** Runs per scene that show which mutants it reaches. */
const LOOK = 60;
const FIRST_RANDOM = 800;
const SCENES = 4;
const KILLS = 1500;
const BOUNDED_LIMIT = 60;

/** Whether the oracle says so, and not an exception out of the engine. */
function isLaw(message: string): boolean {
  return !/^[A-Za-z]*Error\b|^no end after/.test(message);
}

export class Hunter {
  readonly #simulation: Simulation;
  /** How often each scene reaches a mutant. */
  readonly #reached = new Map<number, Map<string, number>>();
  #mutant = 0;
  #runs = 0;
  #crash: string | undefined;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** Runs the engine as it is, and learns what reaches what. Returns what is wrong with it. */
  look(seed: number): string | undefined {
    for (const scene of this.#simulation.SCENE_NAMES) {
      this.#plant((id) => {
        const times = this.#reached.get(id) ?? new Map<string, number>();
        this.#reached.set(id, times.set(scene, (times.get(scene) ?? 0) + 1));
        return true;
      });
      for (let i = 0; i < LOOK; i++) {
        const wrong = this.#simulation.runCase({ scene, mode: MODES[i % MODES.length], seed: seed + i });
        if (wrong !== undefined) return `${scene}: ${wrong}`;
      }
    }
    return undefined;
  }

  /** What the mutated sources ask (`generate.ts`). */
  #plant(without: (id: number) => boolean): void {
    Object.assign(globalThis, { $without: without });
  }

  hunt(mutant: number, seed: number, limit: number): Verdict {
    const times = [...(this.#reached.get(mutant) ?? [])].sort((a, b) => b[1] - a[1]);
    const scenes = times.length === 0 ? [...this.#simulation.SCENE_NAMES] : times.map(([scene]) => scene);
    this.#mutant = mutant;
    this.#runs = 0;
    this.#crash = undefined;
    this.#plant((id) => id !== this.#mutant);
    const law =
      this.#random(scenes, seed, FIRST_RANDOM) ??
      this.#kills(scenes.slice(0, SCENES), seed) ??
      this.#bounded(scenes.slice(0, SCENES), seed) ??
      this.#random(scenes, seed + FIRST_RANDOM, limit);
    this.#mutant = 0;
    return { runs: this.#runs, ...(law === undefined ? { crash: this.#crash } : { law }) };
  }

  /** The law that a run broke, if it did. */
  #judge(message: string | undefined): string | undefined {
    this.#runs++;
    if (message === undefined) return undefined;
    const [first] = message.split('\n');
    if (isLaw(message)) return first;
    this.#crash ??= first;
    return undefined;
  }

  #random(scenes: readonly string[], seed: number, count: number): string | undefined {
    for (let i = 0; i < count; i++) {
      const mode = MODES[Math.floor(i / scenes.length) % MODES.length];
      const law = this.#judge(this.#simulation.runCase({ scene: scenes[i % scenes.length], mode, seed: seed + i }));
      if (law !== undefined) return law;
    }
    return undefined;
  }

  #kills(scenes: readonly string[], seed: number): string | undefined {
    const mutant = this.#mutant;
    // The victims' lengths are those of the engine as it is.
    this.#mutant = 0;
    const victims = scenes.flatMap((scene) => this.#simulation.victimsOf(scene));
    this.#mutant = mutant;
    const share = Math.max(1, Math.floor(KILLS / victims.length));
    for (let i = 0; i < share; i++) {
      for (const victim of victims) {
        const step = 1 + (Math.floor(((i + 0.5) * victim.length) / share) % victim.length);
        const law = this.#judge(this.#simulation.killAt(victim, step, MODES[i % MODES.length], seed));
        if (law !== undefined) return law;
      }
    }
    return undefined;
  }

  #bounded(scenes: readonly string[], seed: number): string | undefined {
    for (const mode of ['sc', 'tso'] as const) {
      for (const scene of scenes) {
        for (const preemptions of [1, 2]) {
          const found = this.#simulation.runBounded(scene, { mode, limit: BOUNDED_LIMIT, seed, preemptions });
          const law = this.#judge(typeof found === 'number' ? undefined : found);
          if (law !== undefined) return law;
        }
      }
    }
    return undefined;
  }
}
