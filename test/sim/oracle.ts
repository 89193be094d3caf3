/** What must hold when a program has run: the laws of the memory, and an explanation of every answer. */
import { Namespace } from '../../native-layout/namespace.js';
import { Partition } from '../../native-layout/partition.js';
import { ClaimState, Registry, unpackClaim } from '../../native-layout/registry.js';
import { verify } from '../../src/table/verify.js';
import { nonLinearizable, type Operation } from '../support/linearizability.js';
import { LIST_KEYS, type Scene } from './scenes.js';
import { CLEARED, type SimulatedThread, steps } from './thread.js';
import { alone, type World } from './world.js';

/** The first law of the memory that is broken once everybody is gone but `survivor`, in words. */
export function brokenLaw({ memory }: World, survivor: SimulatedThread): string | undefined {
  const { partitions } = survivor.table;
  let held = 0;
  for (let index = 0; index < partitions.count; index++) {
    const law = alone(steps(verify(partitions, index)));
    if (law !== undefined) return law;
    held += memory.control[memory.headerWord(index) + Partition.pageCount];
  }
  const free = alone(steps(partitions.cells.pool.countFree()));
  const { pageCount, registryWord, threadSlots } = memory.geometry;
  if (held + free !== pageCount) return `${held} pages held + ${free} free ≠ ${pageCount}`;
  const claims = new BigInt64Array(memory.buffers[0]);
  for (let slot = 0; slot < threadSlots; slot++) {
    const word = registryWord + slot * Registry.sizeWords;
    if (word === survivor.registry.slotWord) continue;
    const { state } = unpackClaim(claims[word / 2]);
    if (state !== ClaimState.free) return `slot ${slot} of a thread that is gone is in state ${state}`;
    for (const name of ['hazard', 'reservationPartition', 'reservationHead', 'decision', 'sweeper'] as const) {
      const left = memory.control[word + Registry[name]];
      if (left !== 0) return `slot ${slot} is free, and its ${name} is ${left}`;
    }
  }
  return undefined;
}

/** Keys that a scan of namespace 1 sees. */
function scanned({ table, memory }: SimulatedThread): string[] {
  const scan = table.newScan();
  const tag = memory.control[memory.geometry.namespaceWord + Namespace.sizeWords + Namespace.tag];
  const keys: string[] = [];
  for (let index = 0; index < table.partitions.count; index++) {
    for (let position = 0; position < 2 ** 32; ) {
      position = alone(steps(scan.copySegment(index, tag, position)));
      for (const row of scan.rows) keys.push(scan.bytes.toString('latin1', row.keyStart, row.keyEnd));
    }
  }
  return keys;
}

/** Scan, size and reads tell the same. */
function disagreement(scene: Scene, survivor: SimulatedThread): string | undefined {
  const keys = scanned(survivor);
  const set = new Set(keys);
  if (set.size !== keys.length) return 'a scan sees a row twice';
  const size = alone(steps(survivor.table.namespaces.size(1)));
  if (keys.length !== size) return `a scan sees ${keys.length} rows, ${size} are counted`;
  for (const key of scene.keys) {
    if (alone(survivor.has(1, key)) !== set.has(key)) return `a scan and a read disagree about ${key}`;
  }
  return undefined;
}

/** Deletes everything and gives back what is not needed: nothing may be left but the first pages of an index. */
function leftover(scene: Scene, survivor: SimulatedThread): string | undefined {
  for (const key of scanned(survivor)) alone(survivor.remove(1, key));
  alone(survivor.relieve());
  const { control } = scene.world.memory;
  for (let index = 0; index < survivor.table.partitions.count; index++) {
    const pages = control[scene.world.memory.headerWord(index) + Partition.pageCount];
    if (pages > 2) return `partition ${index} holds ${pages} pages and no entries`;
  }
  return brokenLaw(scene.world, survivor);
}

/** What is wrong, in words. `drained` also looks whether everything can be given back. */
export function wrong(scene: Scene, threads: readonly SimulatedThread[], drained: boolean): string | undefined {
  for (const thread of threads) if (thread.actor.state !== 'dead' && !thread.left) alone(thread.detach());
  const survivor = scene.world.attach(98);
  alone(survivor.sweep());
  const law = brokenLaw(scene.world, survivor);
  if (law !== undefined) return law;
  for (const key of scene.keys) alone(survivor.get(1, key));
  if (scene.weights.list !== undefined) for (const key of LIST_KEYS) alone(survivor.hasOfList(1, 'list', key));
  let history: Operation[] = [...threads, survivor].flatMap((thread) => thread.history);
  let initial = scene.initial;
  if (scene.weights.clear !== undefined) {
    history = history.map((o) => (o.name === 'get' ? { ...o, result: o.result ?? CLEARED } : o));
    initial = new Map(scene.keys.map((key) => [`1/${key}`, initial.get(`1/${key}`) ?? CLEARED]));
  }
  const unexplained = nonLinearizable(history, initial) ?? disagreement(scene, survivor);
  return unexplained ?? (drained ? leftover(scene, survivor) : undefined);
}
