/**
 * The counter catalogue: which events are counted, and in which place of a thread's counter block. Each thread adds
 * to the block of its slot without atomics, and the next thread of the slot goes on from there. Readers add the
 * blocks up, so a sum may lack the last few steps of a running thread.
 */
import { COUNTER_SLOTS, Registry } from '../../native-layout/registry.js';
import { WORD_LENGTH } from '../../native-layout/units.js';
import type { SharedMemory } from '../memory/slab.js';

/** Place of each counter. */
export const Counter = {
  hit: 0,
  miss: 1,
  put: 2,
  remove: 3,
  refused: 4,
} as const;

export type CounterName = keyof typeof Counter;

/** The counters of one thread, as doubles. */
export function counterBlock(memory: SharedMemory, slotWord: number): Float64Array {
  return new Float64Array(memory.buffers[0], (slotWord + Registry.counters) * WORD_LENGTH, COUNTER_SLOTS);
}

/** The sum of every counter over all threads, past and present. */
export function sumCounters(memory: SharedMemory): Record<CounterName, number> {
  const { registryWord, threadSlots } = memory.geometry;
  const sums = new Float64Array(COUNTER_SLOTS);
  for (let slot = 0; slot < threadSlots; slot++) {
    const block = counterBlock(memory, registryWord + slot * Registry.sizeWords);
    for (let i = 0; i < COUNTER_SLOTS; i++) sums[i] += block[i];
  }
  const named = Object.entries(Counter).map(([name, place]) => [name, sums[place]]);
  return Object.fromEntries(named) as Record<CounterName, number>;
}
