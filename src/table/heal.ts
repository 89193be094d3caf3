/**
 * Mending a partition whose lock holder is gone, or was thrown out of its critical section. Called by the thread that
 * took the lock over, before anything else. Constant time, but for a rebuild that was under way.
 *
 * Each part is idempotent and leaves its own record until it is done: who dies here is followed by another.
 * 1. The redo log: the committed step is completed, the uncommitted one forgotten.
 * 2. The page being taken or released goes back to the pool, unless it is in use.
 * 3. Segments being filled aside are freed.
 * 4. An index being rebuilt is rebuilt.
 * 5. A list insert with pending entries is completed or rolled back, as its registry slot says.
 */
import { Partition } from '../../native-layout/partition.js';
import { Growth } from './growth.js';
import { settlePending } from './list-insert.js';
import type { Partitions } from './partitions.js';
import { rebuild } from './rebuild.js';

export function heal(partitions: Partitions, header: number, partitionIndex: number): void {
  const { control, log, cells } = partitions;
  log.recover(header);
  cells.forget();
  cells.pool.settleStep(header, partitionIndex);
  new Growth(partitions).freeGrowing(header, partitionIndex);
  if ((control[header + Partition.indexEpoch] & 1) !== 0) rebuild(partitions, header, partitionIndex);
  settlePending(partitions, header, partitionIndex);
  control[header + Partition.healCount] += 1;
}
