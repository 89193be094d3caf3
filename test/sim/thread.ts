/** A simulated thread as user code drives it: the operations of a table, each with its place in the history. */
import { Superblock } from '../../native-layout/superblock.js';
import { KeyEncoder } from '../../src/codec/key-encoder.js';
import { decodeValue } from '../../src/codec/value-decoder.js';
import { ValueEncoder } from '../../src/codec/value-encoder.js';
import type { SharedMemory } from '../../src/memory/slab.js';
import { Outcome } from '../../src/table/outcome.js';
import { partitionOfHash } from '../../src/table/probe.js';
import { rebuild } from '../../src/table/rebuild.js';
import { Table } from '../../src/table/table.js';
import { ThreadRegistry } from '../../src/threads/registry.js';
import type { Operation } from '../support/linearizability.js';
import { SimulatedActor, type Steps } from './actor.js';
import { Mode } from './memory-model.js';
import { scheduler } from './scheduler.js';

/** What the types do not say: a function of the rewritten engine returns its steps. */
export const steps = <T>(result: T): Steps<T> => result as unknown as Steps<T>;

interface Creating {
  $create(memory: SharedMemory, role: number): Steps<ThreadRegistry>;
}

type Pending = { -readonly [K in keyof Operation]: Operation[K] };

export class SimulatedThread {
  readonly actor: SimulatedActor;
  readonly memory: SharedMemory;
  readonly history: Operation[] = [];
  registry!: ThreadRegistry;
  table!: Table;
  readonly #keys: KeyEncoder;
  readonly #values = new ValueEncoder();

  /** Whether the thread has given its slot back. */
  left = false;

  constructor(memory: SharedMemory, id: number, actor = new SimulatedActor(id)) {
    this.memory = memory;
    this.actor = actor;
    this.#keys = new KeyEncoder(memory.control[Superblock.hashSeed]);
  }

  *attach(): Steps<void> {
    this.registry = yield* (ThreadRegistry as unknown as Creating).$create(this.memory, 0);
    this.table = new Table(this.memory, this.registry);
    this.registry.sweepInto(this.table);
  }

  /** Records the operations until they return; of a list, one for each key. */
  #invoke(name: Operation['name'], keys: readonly string[], argument?: string): Pending[] {
    this.actor.floor = Math.max(this.actor.floor, scheduler.synchronised);
    const invoked = ++scheduler.clock;
    const { id } = this.actor;
    const pending = keys.map((key) => {
      const operation: Pending = { actor: id, name, key, invoked, returned: Number.POSITIVE_INFINITY };
      if (argument !== undefined) operation.argument = argument;
      return operation;
    });
    this.history.push(...pending);
    return pending;
  }

  /**
   * Answers. In the weak mode threads can compare the order of their operations only by telling each other, which makes
   * all that was stored before visible; so an answer waits until it is, and later questions see it. On x64 (tso) it
   * must be visible of itself: the last store of every mutation is a full fence.
   */
  *#respond(pending: readonly Pending[], result: unknown): Steps<void> {
    if (scheduler.model.mode === Mode.weak && !scheduler.solo) yield* scheduler.drain();
    const returned = ++scheduler.clock;
    scheduler.synchronised = scheduler.model.moment;
    for (const operation of pending) Object.assign(operation, { returned, result });
  }

  /** Operations that turned out to have no effect and nothing to say. */
  #withdraw(pending: readonly Pending[]): void {
    this.history.splice(this.history.indexOf(pending[0]), pending.length);
  }

  #route(key: string): number {
    this.#keys.encode(key, 'simulation');
    return partitionOfHash(this.#keys.hash, this.table.partitions.count);
  }

  #decoded(): unknown {
    const { copy } = this.table;
    return copy.text ?? decodeValue(copy.bytes, copy.start, copy.end, 'copy');
  }

  *put(namespace: number, key: string, value: string, ifAbsent = false): Steps<Outcome> {
    const pending = this.#invoke(ifAbsent ? 'insertNew' : 'put', [`${namespace}/${key}`], value);
    this.#values.encodeValue(value, 'simulation', key);
    const outcome = yield* steps(this.table.put(this.#route(key), namespace, this.#keys, this.#values, ifAbsent));
    if (outcome === Outcome.full) this.#withdraw(pending);
    yield* this.#respond(pending, ifAbsent ? outcome === Outcome.stored : undefined);
    return outcome;
  }

  *get(namespace: number, key: string): Steps<unknown> {
    const pending = this.#invoke('get', [`${namespace}/${key}`]);
    const found = yield* steps(this.table.read(this.#route(key), namespace, this.#keys));
    const result = found ? this.#decoded() : undefined;
    yield* this.#respond(pending, result);
    return result;
  }

  *has(namespace: number, key: string): Steps<boolean> {
    const pending = this.#invoke('has', [`${namespace}/${key}`]);
    const result = yield* steps(this.table.has(this.#route(key), namespace, this.#keys));
    yield* this.#respond(pending, result);
    return result;
  }

  *remove(namespace: number, key: string): Steps<boolean> {
    const pending = this.#invoke('delete', [`${namespace}/${key}`]);
    const result = yield* steps(this.table.remove(this.#route(key), namespace, this.#keys));
    yield* this.#respond(pending, result);
    return result;
  }

  *take(namespace: number, key: string): Steps<unknown> {
    const pending = this.#invoke('take', [`${namespace}/${key}`]);
    const found = yield* steps(this.table.take(this.#route(key), namespace, this.#keys));
    const result = found ? this.#decoded() : undefined;
    yield* this.#respond(pending, result);
    return result;
  }

  /**
   * Inserts a list, all or none. Its keys are used by lists and reads only, so the list is one key of the history,
   * `list`: what a reader learns of one key it learns of all.
   */
  *insertAll(namespace: number, list: string, entries: readonly (readonly [string, string])[]): Steps<Outcome> {
    const pending = this.#invoke('insertNew', [list], 'there');
    const items = entries.map(([key, value]) => {
      const keys = new KeyEncoder(this.memory.control[Superblock.hashSeed]);
      const values = new ValueEncoder();
      keys.encode(key, 'simulation');
      values.encodeValue(value, 'simulation', key);
      return { partitionIndex: partitionOfHash(keys.hash, this.table.partitions.count), key: keys, value: values };
    });
    items.sort((a, b) => a.partitionIndex - b.partitionIndex);
    const outcome = yield* steps(this.table.insertAll(namespace, items));
    if (outcome === Outcome.full) this.#withdraw(pending);
    yield* this.#respond(pending, outcome === Outcome.stored);
    return outcome;
  }

  /** Asks for one key of a list. */
  *hasOfList(namespace: number, list: string, key: string): Steps<boolean> {
    const pending = this.#invoke('has', [list]);
    const result = yield* steps(this.table.has(this.#route(key), namespace, this.#keys));
    yield* this.#respond(pending, result);
    return result;
  }

  /** Clears everything. To the history it is a removal of each key, with an answer nobody saw. */
  *clear(keys: readonly string[]): Steps<void> {
    const pending = this.#invoke('put', keys, CLEARED);
    yield* steps(this.table.clearAll());
    yield* this.#respond(pending, undefined);
  }

  /** Work of an owner: nothing that the history could tell. */
  *upkeep(partitionIndex: number): Steps<void> {
    yield* steps(this.table.upkeep.slice(partitionIndex));
  }

  *relieve(): Steps<void> {
    yield* steps(this.table.upkeep.relieve());
  }

  /** Rebuilds a partition, as healing may. */
  *rebuild(partitionIndex: number): Steps<void> {
    const { partitions } = this.table;
    const header = yield* steps(partitions.enter(partitionIndex));
    yield* steps(rebuild(partitions, header, partitionIndex));
    yield* steps(partitions.leave(header));
  }

  /** Inserts that are no part of any history: they make the index grow. */
  *crowd(namespace: number, count: number): Steps<void> {
    for (let i = 0; i < count; i++) {
      this.#values.encodeValue('crowd', 'simulation', i);
      yield* steps(this.table.put(this.#route(`crowd${i}`), namespace, this.#keys, this.#values, false));
    }
  }

  *sweep(): Steps<void> {
    yield* steps(this.registry.sweepGone());
  }

  *detach(): Steps<void> {
    yield* steps(this.table.freeReservationOf(this.registry.slotWord));
    this.left = true;
    yield* steps(this.registry.detach());
  }

  /** Makes the namespaces that programs use; the first thread does. */
  *namespaces(): Steps<void> {
    yield* steps(this.table.namespaces.createTuples());
  }

  *namespace(name: string): Steps<number> {
    return yield* steps(this.table.namespaces.slotOf(name, 'simulation'));
  }
}

/** What a key holds after a clear, in histories where `absent` is a value like any other. */
export const CLEARED = '(nothing)';
