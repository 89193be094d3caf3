/**
 * Doubling the directory of a partition's index. Only the holder of the partition's lock may call.
 *
 * Order of publication: chunks, then the upper half, which nobody reads yet, then the depth. A reader that still has
 * the old depth finds the segments it found before; one that read the depth before and an entry after compares the
 * depth again before it believes a miss.
 */
import { MAX_DEPTH, ROOT_CHUNKS } from '../../native-layout/bucket.js';
import { directoryChunkShift } from '../../native-layout/page.js';
import { Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import { storeWord } from '../memory/atomics.js';
import type { Partitions } from './partitions.js';

/** False: the directory is as deep as it can be, or there is no memory. */
export function doubleDirectory(partitions: Partitions, header: number, partitionIndex: number): boolean {
  const { control, cells, log, memory } = partitions;
  const chunkShift = directoryChunkShift(memory.geometry.pageShift);
  const depth = control[header + Partition.depth];
  const length = 1 << depth;
  if (depth === MAX_DEPTH || (2 * length) >>> chunkShift > ROOT_CHUNKS) return false;
  const { directoryClass } = cells.classes;
  for (let chunk = 0; chunk <= (2 * length - 1) >>> chunkShift; chunk++) {
    if (control[header + Partition.root + chunk] !== 0) continue;
    if (!cells.ensureRoom(header, partitionIndex, directoryClass)) return false;
    log.open(header);
    log.stage(0, header + Partition.root + chunk, cells.choose(header, directoryClass));
    cells.stageTake(header);
    log.commit();
  }
  const chunkLength = 1 << chunkShift;
  for (let from = 0; from < length; from += chunkLength) {
    const source = viewOf(partitions, header, from, Math.min(length, chunkLength));
    viewOf(partitions, header, from + length, source.length).set(source);
  }
  storeWord(control, header + Partition.depth, depth + 1);
  return true;
}

/** Directory entries from `index` on, inside one chunk. */
function viewOf(partitions: Partitions, header: number, index: number, count: number): Int32Array {
  const { control, slabs, memory } = partitions;
  const chunkShift = directoryChunkShift(memory.geometry.pageShift);
  const chunk = control[header + Partition.root + (index >>> chunkShift)];
  const start = cellOf(chunk) + (index & ((1 << chunkShift) - 1));
  return slabs[slabOf(chunk)].subarray(start, start + count);
}
