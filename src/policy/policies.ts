/** The policies by their names. */
import type { PolicyName } from '../../native-layout/policy.js';
import { fifo } from './fifo.js';
import { lfu } from './lfu.js';
import { lru } from './lru.js';
import type { Policy } from './policy.js';
import { s3Fifo } from './s3-fifo.js';
import { sieve } from './sieve.js';
import { tinylfu } from './tinylfu.js';

export const POLICIES: Readonly<Record<Exclude<PolicyName, 'none'>, Policy>> = {
  lru,
  lfu,
  fifo,
  sieve,
  's3-fifo': s3Fifo,
  tinylfu,
};
