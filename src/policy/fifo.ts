/** First in, first out: hits do not count. */
import type { Policy, Residents } from './policy.js';

export const fifo: Policy = {
  hits: 'none',
  arrive: () => 0,
  evict(residents: Residents): boolean {
    if (!residents.front(0)) return false;
    residents.evict();
    return true;
  },
};
