/**
 * A stage for fault injection: one small memory that can be put back to a moment, actors that can be killed before any
 * step or interrupted by others, and the questions whose answers must be right afterwards.
 */
import { Partition } from '../../native-layout/partition.js';
import type { EvictionShape } from '../../native-layout/policy.js';
import { Registry } from '../../native-layout/registry.js';
import { Superblock } from '../../native-layout/superblock.js';
import { countRingPages } from '../../src/ring/ring-pages.js';
import { verifyRings } from '../../src/ring/verify-rings.js';
import type { Actor } from './actors.js';
import type { Engine, StepKind } from './instrument.js';

export class Killed extends Error {}
/** Thrown out of a reader that would park: it waits for a lock whose holder is paused. */
export class WouldWait extends Error {}

/** Visible entries: `namespace/key` → value. */
export type State = ReadonlyMap<string, unknown>;

export class Stage {
  readonly engine: Engine;
  readonly memory: Actor['table']['memory'];
  gone = new Set<number>();
  /** Every key that a scene uses, as namespace and key. */
  readonly universe: [namespace: number, key: string][] = [];
  /** The universe is a sample of the keys. */
  sampled = false;
  /** Entries have times: what has expired is counted until it is removed, and times belong to the state. */
  timed = false;
  #saved: Uint8Array[] = [];

  constructor(engine: Engine, memoryLength: number, partitions: number, eviction?: EvictionShape) {
    this.engine = engine;
    this.memory = engine.actors.makeMemory(memoryLength, partitions, 1, undefined, eviction);
    const actor = this.actor(0);
    actor.table.namespaces.createTuples();
    actor.table.namespaces.slotOf('second', 'test');
  }

  actor(slot: number): Actor {
    return new this.engine.actors.Actor(this.memory, slot, this.gone);
  }

  /** The memory as it is, for `restore`. */
  copy(): Uint8Array[] {
    return this.memory.buffers.map((buffer) => new Uint8Array(buffer).slice());
  }

  save(): void {
    this.#saved = this.copy();
  }

  restore(saved = this.#saved): void {
    this.#put(saved);
    this.gone = new Set();
  }

  #put(saved: Uint8Array[]): void {
    this.memory.buffers.forEach((buffer, i) => {
      new Uint8Array(buffer).set(saved[i]);
    });
  }

  /** Runs with a hook; whatever happens, the hook is off afterwards. */
  hooked<R>(step: (kind: StepKind, site: string) => void, run: () => R): R {
    const { hooks } = this.engine;
    const before = hooks.step;
    hooks.step = step;
    try {
      return run();
    } finally {
      hooks.step = before;
    }
  }

  /** Runs to the end and returns the sites of its steps; `loads` counts plain loads as steps too. */
  trace(run: () => void, loads = false): string[] {
    const sites: string[] = [];
    this.hooked((kind, site) => {
      if (kind !== 'load' || loads) sites.push(`${kind} ${site}`);
    }, run);
    return sites;
  }

  /** Runs the actor until it has done `steps` steps, then ends it. Returns false if it came to its end before. */
  kill(actor: Actor, steps: number, run: (actor: Actor) => void): boolean {
    let done = 0;
    let dead = false;
    try {
      this.hooked(
        (kind) => {
          if (kind === 'load' || (!dead && done++ < steps)) return;
          dead = true;
          throw new Killed();
        },
        () => run(actor),
      );
    } catch (error) {
      if (!dead) throw error;
    }
    if (dead) this.gone.add(actor.lockWord);
    return dead;
  }

  /** Runs `interrupt` before the step with the index `at` of `run`; the interrupt is not interrupted. */
  interrupt<R>(at: number, loads: boolean, interrupt: () => void, run: () => R): R {
    let done = 0;
    const { hooks } = this.engine;
    return this.hooked((kind) => {
      if ((kind === 'load' && !loads) || done++ !== at) return;
      const own = hooks.step;
      hooks.step = undefined;
      try {
        interrupt();
      } finally {
        hooks.step = own;
      }
    }, run);
  }

  /** Runs a reader that must not park. */
  withoutWaiting<R>(run: () => R): R {
    return this.hooked((kind) => {
      if (kind === 'wait') throw new WouldWait();
    }, run);
  }

  slotWord(slot: number): number {
    return this.memory.geometry.registryWord + slot * Registry.sizeWords;
  }

  /** What the registry does for a thread that is gone. */
  sweep(by: Actor, slot: number): void {
    const { partitions } = by.table;
    for (let index = 0; index < partitions.count; index++) partitions.leave(partitions.enter(index));
    const holder = this.memory.control[Superblock.controlLock];
    if (holder === this.actor(slot).lockWord) {
      partitions.enterControl();
      partitions.leaveControl();
    }
    this.memory.control[this.slotWord(slot) + Registry.hazard] = 0;
    by.table.freeReservationOf(this.slotWord(slot));
    if (!by.table.drain.close(slot, this.actor(slot).lockWord, false)) throw new Error('the rings cannot be closed');
    this.memory.control[this.slotWord(slot) + Registry.decision] = 0;
  }

  /** Everything that is visible, by asking for every key, compared with what a scan and the counts say. */
  state(by: Actor, withTimes = this.timed): State {
    if (!this.timed) return this.#look(by, withTimes);
    // Reads renew idle times: nobody is to see that this one looked.
    const kept = this.copy();
    const found = this.#look(by, withTimes);
    this.#put(kept);
    return found;
  }

  #look(by: Actor, withTimes: boolean): State {
    const found = new Map<string, unknown>();
    for (const [namespace, key] of this.universe) {
      const left = withTimes ? by.remaining(namespace, key) : undefined;
      const value = by.get(namespace, key);
      if (by.has(namespace, key) !== (value !== undefined)) throw new Error(`has and get differ about ${key}`);
      if (value === undefined) continue;
      const shown = withTimes ? `${left} ms: ${value}` : value;
      found.set(`${namespace}/${key}`, shown);
    }
    return found;
  }

  /** Raw keys that a scan of a namespace sees, in order, repeated ones repeated. */
  scan(by: Actor, namespace: number): string[] {
    const scan = by.table.newScan();
    const keys: string[] = [];
    const { namespaceWord } = this.memory.geometry;
    const tag = this.memory.control[namespaceWord + namespace * 32];
    for (let index = 0; index < by.table.partitions.count; index++) {
      for (let position = 0; position < 2 ** 32; ) {
        position = scan.copySegment(index, tag, position);
        for (const row of scan.rows) keys.push(scan.bytes.toString('latin1', row.keyStart, row.keyEnd));
      }
    }
    return keys;
  }

  /** The first law that does not hold while nothing is under way, in words. */
  broken(by: Actor): string | undefined {
    const law = by.verify();
    if (law !== undefined) return law;
    const { partitions } = by.table;
    let held = 0;
    for (let index = 0; index < partitions.count; index++) held += this.field(index, Partition.pageCount);
    const free = partitions.cells.pool.countFree();
    const { pageCount } = this.memory.geometry;
    const ringed = countRingPages(this.memory);
    if (held + free + ringed !== pageCount) {
      return `${held} pages held + ${free} free + ${ringed} in rings ≠ ${pageCount}`;
    }
    const torn = verifyRings(this.memory);
    if (torn !== undefined) return torn;
    const state = this.state(by);
    for (const namespace of [1, 2]) {
      const visible = [...state.keys()].filter((name) => name.startsWith(`${namespace}/`)).length;
      const seen = this.scan(by, namespace);
      if (new Set(seen).size !== seen.length) return `a scan of ${namespace} sees a row twice`;
      const size = by.table.namespaces.size(namespace);
      const agree = this.timed ? seen.length <= size : seen.length === size;
      if (!agree) return `a scan of ${namespace} sees ${seen.length} rows, ${size} are counted`;
      if (!this.sampled && seen.length !== visible) return `a scan of ${namespace} sees ${seen.length} of ${visible}`;
    }
    return undefined;
  }

  field(partitionIndex: number, word: number): number {
    return this.memory.control[this.memory.headerWord(partitionIndex) + word];
  }

  /** Deletes everything and relieves; returns what is held although nothing is there. */
  drain(by: Actor): string | undefined {
    for (const [namespace, key] of this.universe) by.remove(namespace, key);
    if (this.sampled) by.table.clearAll();
    by.table.upkeep.relieve();
    const law = this.broken(by);
    if (law !== undefined) return law;
    const { partitions } = by.table;
    for (let index = 0; index < partitions.count; index++) {
      const entries = this.field(index, Partition.entryCount);
      if (entries !== 0) return `partition ${index} still has ${entries} entries`;
      // What stays: the page of the directory and the page of the one segment of an index that never grew deeper.
      const pages = this.field(index, Partition.pageCount);
      if (pages > 2) return `partition ${index} holds ${pages} pages and no entries`;
    }
    return undefined;
  }
}

export function sameState(a: State, b: State): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

/** What differs, for messages. */
export function difference(found: State, expected: State): string {
  const names = new Set([...found.keys(), ...expected.keys()]);
  const brief = (value: unknown) => (typeof value === 'string' && value.length > 20 ? `${value.slice(0, 20)}…` : value);
  return [...names]
    .filter((name) => found.get(name) !== expected.get(name))
    .slice(0, 5)
    .map((name) => `${name}: ${brief(found.get(name))} instead of ${brief(expected.get(name))}`)
    .join('; ');
}
