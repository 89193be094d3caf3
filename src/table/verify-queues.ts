/** The laws of the queues of a partition that evicts; see `verify.ts`. */
import { partitionLimit, QUEUE_COUNT } from '../../native-layout/policy.js';
import { cellOf, slabOf } from '../memory/address.js';
import { EntryHash } from './entry-hash.js';
import type { Partitions } from './partitions.js';
import { Queues } from './queues.js';

/** The first law that is broken. `entries` and `queueCells` are the addresses that the walk over the pages found. */
export function queueFault(
  partitions: Partitions,
  header: number,
  partitionIndex: number,
  entries: ReadonlySet<number>,
  queueCells: ReadonlySet<number>,
): string | undefined {
  const { eviction, partitionCount } = partitions.memory.geometry;
  if (eviction === undefined) return undefined;
  const queues = new Queues(partitions);
  queues.open(header, partitionIndex);
  for (let queue = 0; queue < QUEUE_COUNT; queue++) {
    const fault = queues.astray(queue, queueCells);
    if (fault !== undefined) return fault;
  }
  const reached = queues.cells();
  if (reached.length !== queueCells.size || reached.some((cell) => !queueCells.has(cell))) {
    return `${queueCells.size} queue cells, the queues lead to ${reached.length}`;
  }
  const recorded = new Map<number, number>();
  for (let queue = 0; queue < QUEUE_COUNT; queue++) {
    queues.forEach(queue, (hash) => recorded.set(hash, (recorded.get(hash) ?? 0) + 1));
  }
  const hashes = new EntryHash(partitions);
  for (const address of entries) {
    const hash = hashes.of(partitions.slabs[slabOf(address)], cellOf(address));
    const left = recorded.get(hash) ?? 0;
    if (left === 0) return `entry ${address} has no record in a queue`;
    recorded.set(hash, left - 1);
  }
  const limit = partitionLimit(eviction.entryLimit, partitionCount, partitionIndex);
  return limit !== 0 && entries.size > limit ? `${entries.size} entries, the limit is ${limit}` : undefined;
}
