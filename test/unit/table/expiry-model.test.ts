/**
 * Goal: entries with lifetimes do what a Map with deadlines does, for any sequence of operations and any steps of the
 * clock: nothing expired is ever seen, nothing dies early, the memory of what expired comes back, in little memory and
 * with values of all sizes. Oracle: a Map with times per namespace, and the laws of `verify`, expiry marks among them.
 * Replay: the seed is printed, set SEED.
 */
import { expect, test } from 'vitest';
import type { Lifetime } from '../../../src/table/lifetime.js';
import { Outcome } from '../../../src/table/outcome.js';
import { Actor, makeMemory } from '../../support/actors.js';
import { Random, seedOf } from '../../support/random.js';
import { scaled } from '../../support/sample.js';

const TIMES = [1, 2, 7, 63, 64, 65, 500, 4000, 60_000, 86_400_000, 2 ** 32, 2 ** 40, Infinity];
const STEPS = TIMES.filter((time) => time <= 4000);
const LONG_STEPS = TIMES.filter((time) => time <= 2 ** 32);
/** Longer than any time that ends. */
const FAR = 2 ** 42;

interface Held {
  readonly value: string;
  limit: number;
  idle: number;
  /** The entry may be gone from `least` on, and is gone from `most` on: reads renew idle times by leave, see below. */
  least: number;
  most: number;
}

/** Ttl and idle time, or neither. */
function lifetimeFrom(random: Random): Lifetime | undefined {
  const roll = random.below(4);
  if (roll === 0) return undefined;
  return {
    ttl: roll === 2 ? Infinity : random.pick(TIMES),
    idleTtl: roll === 1 ? Infinity : random.pick(TIMES),
    jitter: 0,
  };
}

class Model {
  readonly held = new Map<string, Held>();
  now = 0;

  put(key: string, value: string, lifetime: Lifetime | undefined): void {
    const { ttl, idleTtl } = lifetime ?? { ttl: Infinity, idleTtl: Infinity };
    const end = this.now + Math.min(ttl, idleTtl);
    this.held.set(key, { value, limit: this.now + ttl, idle: idleTtl, least: end, most: end });
  }

  /** The entry, unless it is gone; `found` says what the table saw where both are right. */
  look(key: string): Held | undefined {
    const held = this.held.get(key);
    return held !== undefined && held.most > this.now ? held : undefined;
  }

  /** A read: nobody contends here, so it lives for seven eighths of its idle time at least, and all of it at most. */
  read(held: Held): void {
    if (held.idle === Infinity) return;
    held.least = Math.max(held.least, Math.min(held.limit, this.now + Math.ceil((held.idle * 7) / 8)));
    held.most = Math.max(held.most, Math.min(held.limit, this.now + held.idle));
  }
}

/** What a step is about: the key, what the model knows of it, and whether the table has it. */
interface Turn {
  readonly actor: Actor;
  readonly model: Model;
  readonly random: Random;
  readonly key: string;
  readonly held: Held | undefined;
  readonly present: boolean;
  readonly context: string;
}

/** `expire`, `persist` or `ttl`; whether there was memory for it. */
function changeTime({ actor, model, random, key, held, present, context }: Turn, roll: number): boolean {
  if (roll < 6) {
    const ttl = random.pick(TIMES);
    const outcome = actor.expire(1, key, ttl);
    if (outcome === Outcome.full) return false;
    expect(outcome, context).toBe(present ? Outcome.stored : Outcome.present);
    if (held === undefined) return true;
    held.limit = model.now + ttl;
    held.least = Math.min(held.limit, model.now + held.idle);
    held.most = held.least;
  } else if (roll < 10) {
    expect(actor.persist(1, key), context).toBe(present);
    if (held !== undefined) Object.assign(held, { limit: Infinity, idle: Infinity, least: Infinity, most: Infinity });
  } else {
    const left = actor.remaining(1, key);
    expect(left !== undefined, context).toBe(present);
    if (held === undefined || left === undefined) return true;
    expect(left, context).toBeGreaterThanOrEqual(held.least - model.now);
    expect(left, context).toBeLessThanOrEqual(held.most - model.now);
  }
  return true;
}

function run(memoryLength: number, partitions: number, steps: number, keys: number, maxLength: number): void {
  const seed = seedOf();
  const random = new Random(seed);
  const actor = new Actor(makeMemory(memoryLength, partitions), 0);
  actor.table.namespaces.createTuples();
  const model = new Model();
  let [fulls, past] = [0, 0];
  for (let step = 0; step < steps; step++) {
    const key = `key:${random.below(keys)}`;
    const context = `seed ${seed} step ${step} key ${key} at ${model.now}`;
    const held = model.look(key);
    const maybeGone = held !== undefined && held.least <= model.now;
    if (held === undefined && model.held.has(key)) past++;
    const present = held === undefined ? false : !maybeGone || actor.has(1, key);
    expect(actor.has(1, key), context).toBe(present);
    if (!present) model.held.delete(key);
    const roll = random.below(100);
    if (roll < 45) {
      const value = random.text(random.lengthUpTo(maxLength));
      const lifetime = lifetimeFrom(random);
      const ifAbsent = roll < 15;
      const outcome = actor.put(1, key, value, ifAbsent, lifetime);
      if (outcome === Outcome.stored) {
        expect(ifAbsent && present, context).toBe(false);
        model.put(key, value, lifetime);
      } else if (outcome === Outcome.present) expect(ifAbsent && present, context).toBe(true);
      else fulls++;
    } else if (roll < 60) {
      expect(actor.get(1, key), context).toBe(present ? held?.value : undefined);
      if (held !== undefined && present) model.read(held);
    } else if (roll < 66) {
      expect(actor.remove(1, key), context).toBe(present);
      model.held.delete(key);
    } else if (roll < 72) {
      expect(actor.take(1, key), context).toBe(present ? held?.value : undefined);
      model.held.delete(key);
    } else if (roll < 88) {
      if (!changeTime({ actor, model, random, key, held, present, context }, roll - 72)) fulls++;
    } else if (roll < 96) {
      const ms = Math.floor(random.pick(random.below(8) === 0 ? LONG_STEPS : STEPS) / 2 ** random.below(3));
      actor.advance(ms);
      model.now += ms;
    } else if (roll < 98) {
      actor.table.upkeep.expiry.sweepAll();
      for (let index = 0; index < partitions; index++) while (actor.table.upkeep.slice(index) > 0);
      const most = [...model.held.keys()].filter((name) => model.look(name) !== undefined).length;
      expect(actor.table.namespaces.size(1), context).toBeLessThanOrEqual(most);
    }
    if (step % 97 === 0) expect(actor.verify(), context).toBeUndefined();
  }
  expect(actor.verify(), `seed ${seed}`).toBeUndefined();
  // Whatever is not for good can be waited for: then all memory but theirs is free again.
  actor.advance(FAR);
  model.now += FAR;
  actor.table.upkeep.expiry.sweepAll();
  const forGood = [...model.held.keys()].filter((name) => (model.look(name)?.least ?? 0) === Infinity);
  expect(actor.table.namespaces.size(1), `seed ${seed}`).toBe(forGood.length);
  for (const name of forGood) expect(actor.get(1, name), `seed ${seed} ${name}`).toBe(model.look(name)?.value);
  expect(actor.verify(), `seed ${seed}`).toBeUndefined();
  console.log(`seed ${seed}: ${fulls} refused, ${past} times a key had expired, ${actor.expired} entries reclaimed`);
}

test('many entries, growing index', () => run(8 * 2 ** 20, 2, scaled(20_000), 4_000, 60));
test('little memory, often full', () => run(320 * 1024, 1, scaled(20_000), 3_000, 2_000));
test('values of all sizes, chained ones too', () => run(6 * 2 ** 20, 3, scaled(4_000), 200, 200_000));
