/** Programs made from a seed: a few actors, each with a few operations of the scene, some of them killed. */
import { CacheError } from '../../src/errors.js';
import type { Random } from '../support/random.js';
import type { Steps } from './actor.js';
import { LIST_KEYS, type Scene, textOf } from './scenes.js';
import { SimulatedThread } from './thread.js';
import type { World } from './world.js';

export interface Program {
  readonly threads: SimulatedThread[];
  /** Threads that programs attach while they run. */
  readonly attached: SimulatedThread[];
}

/** Ids of threads that are attached on the way. */
const FIRST_ATTACHED = 20;

class Maker {
  readonly #scene: Scene;
  readonly #random: Random;
  readonly #world: World;
  readonly attached: SimulatedThread[] = [];
  /** Keys of this program: often one only, where all meet. */
  readonly #keys: readonly string[];
  readonly #lengths: readonly number[];
  readonly #weights: readonly (readonly [name: string, weight: number])[];
  #marks = 0;

  constructor(scene: Scene, random: Random) {
    this.#scene = scene;
    this.#random = random;
    this.#world = scene.world;
    const all = Object.entries(scene.weights);
    // Often only two kinds of operation and a read: what needs the same thing several times is rare otherwise.
    const theme = [random.pick(all), random.pick(all), all[0]];
    this.#weights = random.below(2) === 0 ? all : theme;
    this.#lengths = random.below(2) === 0 ? scene.lengths : [random.pick(scene.lengths)];
    const few = random.pick([1, 1, 2, scene.keys.length]);
    this.#keys = Array.from({ length: few }, () => random.pick(scene.keys));
  }

  #value(): string {
    return textOf(`v${++this.#marks}`, this.#random.pick(this.#lengths));
  }

  /** One operation, decided now and done later. */
  operation(): (thread: SimulatedThread) => Steps<unknown> {
    const random = this.#random;
    const weights = this.#weights;
    let at = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
    const name = (weights.find(([, weight]) => (at -= weight) < 0) ?? weights[0])[0];
    const key = random.pick(this.#keys);
    const partition = random.below(this.#world.memory.geometry.partitionCount);
    const value = this.#value();
    switch (name) {
      case 'get':
        return (t) => t.get(1, key);
      case 'has':
        return (t) => t.has(1, key);
      case 'put':
        return (t) => t.put(1, key, value);
      case 'insertNew':
        return (t) => t.put(1, key, value, true);
      case 'delete':
        return (t) => t.remove(1, key);
      case 'take':
        return (t) => t.take(1, key);
      case 'rebuild':
        return (t) => t.rebuild(partition);
      case 'crowd':
        return (t) => t.crowd(1, 50);
      case 'upkeep':
        return (t) => t.upkeep(partition);
      case 'relieve':
        return (t) => t.relieve();
      case 'sweep':
        return (t) => t.sweep();
      case 'list': {
        const entries = LIST_KEYS.map((listed) => [listed, this.#value()] as const);
        return (t) => t.insertAll(1, 'list', entries);
      }
      case 'ofList': {
        const listed = random.pick(LIST_KEYS);
        return (t) => t.hasOfList(1, 'list', listed);
      }
      case 'clear':
        return (t) => t.clear(this.#scene.keys.map((cleared) => `1/${cleared}`));
      case 'namespace': {
        const text = random.pick(['second', 'third']);
        return (t) => t.namespace(text);
      }
      default:
        return (t) => this.#attachAndLeave(t, key, value);
    }
  }

  /** A new thread on the same actor: attaches, writes, reads and leaves. */
  *#attachAndLeave(by: SimulatedThread, key: string, value: string): Steps<void> {
    const thread = new SimulatedThread(this.#world.memory, FIRST_ATTACHED + this.attached.length, by.actor);
    try {
      yield* thread.attach();
    } catch (error) {
      if (CacheError.is(error) && error.code === 'ERR_SUPERCACHE_TOO_MANY_THREADS') return;
      throw error;
    }
    this.attached.push(thread);
    yield* thread.put(1, key, value);
    yield* thread.get(1, key);
    yield* thread.detach();
  }
}

function* inTurn(thread: SimulatedThread, operations: ((t: SimulatedThread) => Steps<unknown>)[]): Steps<void> {
  for (const operation of operations) yield* operation(thread);
}

/** Makes the actors of a program, attached and ready. */
export function randomProgram(scene: Scene, random: Random): Program {
  const maker = new Maker(scene, random);
  const threads: SimulatedThread[] = [];
  const count = 2 + random.below(random.pick([1, 2, 3]));
  for (let id = 0; id < count; id++) {
    const thread = scene.world.attach(id);
    const operations = Array.from({ length: 1 + random.below(4) }, () => maker.operation());
    thread.actor.body = inTurn(thread, operations);
    threads.push(thread);
  }
  for (let kills = random.pick([0, 0, 1, 1, 2]); kills > 0; kills--) {
    random.pick(threads).actor.killAt = 1 + Math.floor(2 ** (random.next() * 11));
  }
  return { threads, attached: maker.attached };
}
