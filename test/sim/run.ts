/** Runs actors under a strategy until all have come to their end, or are dead. */
import type { SimulatedActor } from './actor.js';
import { scheduler } from './scheduler.js';
import type { Strategy } from './strategies.js';

/** More accesses than any program needs: beyond, somebody waits for ever. */
const MOST_STEPS = 400_000;

/** One turn of an actor that is ready: it goes on, or dies. */
function turn(actor: SimulatedActor, burst: number): void {
  if (actor.steps >= actor.killAt) {
    actor.state = 'dead';
    return;
  }
  scheduler.current = actor;
  scheduler.decideAt = scheduler.steps + Math.min(burst, actor.killAt - actor.steps);
  try {
    if (actor.body?.next().done === true) actor.state = 'done';
  } catch (error) {
    actor.error = error;
    actor.state = 'done';
  }
}

function situation(actors: readonly SimulatedActor[]): string {
  const each = actors.map(({ id, state, site, steps }) => `${id} is ${state} at ${scheduler.sites[site]} (${steps})`);
  return each.join('; ');
}

/** Throws if somebody waits for ever. */
export function runActors(actors: SimulatedActor[], strategy: Strategy): void {
  scheduler.actors = actors;
  scheduler.steps = 0;
  scheduler.solo = false;
  let last: SimulatedActor | undefined;
  try {
    for (;;) {
      const parked = actors.filter(({ state }) => state === 'parked');
      let ready = actors.filter(({ state }) => state === 'ready');
      if (parked.length > 0 && (ready.length === 0 || strategy.hurries())) {
        // If only time can help, it is up first for who waits longest: no wait is starved.
        const longest = parked.reduce((a, b) => (b.asked < a.asked ? b : a));
        const chosen = ready.length === 0 ? longest : strategy.choose(parked, undefined);
        chosen.state = 'ready';
        if (ready.length === 0) chosen.timeOuts++;
        ready = [...ready, chosen];
      }
      if (ready.length === 0) break;
      last = strategy.choose(ready, last);
      turn(last, strategy.burst());
      if (last.error !== undefined) throw last.error;
      if (scheduler.steps > MOST_STEPS) throw new Error(`no end after ${MOST_STEPS} steps: ${situation(actors)}`);
    }
  } finally {
    for (const actor of actors) while (actor.buffer.length > 0) scheduler.model.flushOne(actor);
    scheduler.solo = true;
    scheduler.soloParks = 0;
    scheduler.current = undefined;
  }
}
