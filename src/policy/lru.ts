/**
 * Least recently used, approximated by CLOCK (Corbató, 1968): an entry that was hit since it last stood at the front
 * gets another round. Exact order would have every hit change what other threads read.
 */
import { type Policy, type Residents, rotateUsed } from './policy.js';

export const lru: Policy = {
  hits: 'first',
  arrive: () => 0,
  evict(residents: Residents): boolean {
    if (!rotateUsed(residents, 0)) return false;
    residents.evict();
    return true;
  },
};
