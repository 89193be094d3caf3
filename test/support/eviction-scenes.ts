/** Scenes of a cache that evicts, for fault injection: writes that must evict, and what turns the queues round. */
import type { PolicyName } from '../../native-layout/policy.js';
import type { Actor } from './actors.js';
import { Stage } from './fault-stage.js';
import type { Engine } from './instrument.js';

export interface EvictionScene {
  readonly name: string;
  readonly stage: Stage;
  readonly act: (actor: Actor) => void;
}

const MEMORY = 512 * 1024;
const KEYS = 80;

function textOf(i: number, length: number): string {
  return `${i}|`.repeat(Math.ceil(length / 2)).slice(0, length);
}

/** A stage that has evicted for a while: some entries were hit, some deleted, so the queues hold all there is. */
function churned(engine: Engine, policy: PolicyName, limit: number): Stage {
  const eviction = engine.actors.evictionShape(policy, MEMORY, 1, limit);
  const stage = new Stage(engine, MEMORY, 1, eviction);
  const actor = stage.actor(0);
  for (let i = 0; i < KEYS * 5; i++) {
    const n = i % KEYS;
    actor.put(1, `key:${n}`, textOf(i, n % 9 === 0 ? 700 : 24));
    if (n % 3 === 0) actor.get(1, `key:${n - 3}`);
    if (n % 17 === 0) actor.remove(1, `key:${n - 1}`);
  }
  for (let n = 0; n < KEYS; n++) stage.universe.push([1, `key:${n}`]);
  for (let n = 0; n < 8; n++) stage.universe.push([1, `new:${n}`]);
  stage.save();
  return stage;
}

/** A stage whose memory is full. */
function crammed(engine: Engine, policy: PolicyName): Stage {
  const memory = MEMORY / 2;
  const stage = new Stage(engine, memory, 1, engine.actors.evictionShape(policy, memory, 1));
  const actor = stage.actor(0);
  for (let i = 0; i < 400; i++) {
    const key = `key:${i % 300}`;
    if (i < 300) stage.universe.push([1, key]);
    actor.put(1, key, textOf(i, 900));
  }
  for (let n = 0; n < 8; n++) stage.universe.push([1, `new:${n}`]);
  stage.save();
  return stage;
}

/** The key that the next insert of its length evicts from a crammed stage. */
function nextVictim(stage: Stage): string {
  const actor = stage.actor(0);
  actor.put(1, 'new:0', textOf(0, 900));
  const present = new Set(stage.state(actor).keys());
  stage.restore();
  const before = [...stage.state(stage.actor(0)).keys()];
  stage.restore();
  const gone = before.find((name) => !present.has(name));
  if (gone === undefined) throw new Error('the stage is not crammed');
  return gone.slice('1/'.length);
}

export function evictionScenes(engine: Engine, policy: PolicyName): EvictionScene[] {
  const scene = (name: string, stage: Stage, act: (actor: Actor) => void) => ({
    name: `${policy}: ${name}`,
    stage,
    act,
  });
  const hitAll = (a: Actor): void => {
    for (let n = 0; n < 40; n++) a.get(1, `key:${n}`);
  };
  const limited = churned(engine, policy, 50);
  const full = crammed(engine, policy);
  const victim = nextVictim(full);
  const many: [string, string][] = [0, 1, 2, 3].map((n) => [`new:${n}`, 'fresh']);
  return [
    scene('insert over the limit', limited, (a) => a.put(1, 'new:0', 'fresh')),
    scene('insert over the limit after hits', limited, (a) => {
      hitAll(a);
      a.put(1, 'new:0', 'fresh');
    }),
    scene('list over the limit', limited, (a) => a.insertAll(1, many)),
    scene('records outnumber entries', churned(engine, policy, 50), (a) => {
      for (let n = 0; n < 330; n++) a.put(1, 'new:1', 'x') && a.remove(1, 'new:1');
    }),
    scene('insert into full memory', full, (a) => a.put(1, 'new:0', 'y'.repeat(900))),
    scene('insert of another class into full memory', full, (a) => a.put(1, 'new:0', 'short')),
    scene('overwrite of the next victim by another class', full, (a) => a.put(1, victim, 'over')),
    scene('overwrite of the next victim by a chain', full, (a) => a.put(1, victim, 'over'.repeat(900))),
    scene('chained into full memory', full, (a) => a.put(1, 'new:0', 'long.'.repeat(900))),
  ];
}
