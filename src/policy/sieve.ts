/**
 * SIEVE (Zhang et al., NSDI 2024): a hand goes from the oldest entry to the newest; it spares and marks as not hit what
 * was hit, and evicts what was not; spared entries keep their places. The hand stands between two queues: what it has
 * passed, and what it will meet, newest last. When it has met all, they change places.
 */
import { PolicyState } from '../../native-layout/policy.js';
import { type Policy, type Residents, turnsOf } from './policy.js';

function turned({ control, state }: Residents): number {
  return control[state + PolicyState.turned] & 1;
}

export const sieve: Policy = {
  hits: 'first',
  arrive: turned,
  evict(residents: Residents): boolean {
    for (let left = turnsOf(residents, 0, 1); left > 0; left--) {
      const ahead = turned(residents);
      if (!residents.front(ahead)) {
        residents.control[residents.state + PolicyState.turned] = ahead ^ 1;
        if (!residents.front(ahead ^ 1)) return false;
      } else if (residents.takeUsed()) {
        residents.move(ahead ^ 1);
      } else {
        residents.evict();
        return true;
      }
    }
    if (!residents.front(0) && !residents.front(1)) return false;
    residents.evict();
    return true;
  },
};
