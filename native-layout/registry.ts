/** One slot per attached thread: who it is, how to see that it lives, what it holds. */
import { packed, struct } from './struct.js';

export const Registry = struct(
  'registry slot',
  'one attached thread',
  [
    { name: 'claim', meaning: 'state and generation', mode: 'atomic', writers: 'attacher, sweeper', readers: 'all' },
    { name: 'descriptor', meaning: 'fd of its unlinked liveness file, plus 1', writers: 'attacher', readers: 'all' },
    { name: 'inode', meaning: 'inode of that file, low 32 bits', writers: 'attacher', readers: 'all' },
    {
      name: 'mark',
      meaning: 'random number of that file, its time of modification',
      writers: 'attacher',
      readers: 'all',
    },
    { name: 'threadId', meaning: 'worker_threads.threadId, for people', writers: 'attacher', readers: 'inspect' },
    { name: 'role', meaning: '0 client, owner index + 1', writers: 'attacher', readers: 'inspect' },
    {
      name: 'doorbell',
      meaning: 'raised to wake the thread: someone waits for its lock, or the cache stops',
      mode: 'atomic',
      writers: 'all',
      readers: 'its thread',
    },
    {
      name: 'sweeper',
      meaning: 'lock word of the thread that sweeps this slot',
      mode: 'atomic',
      writers: 'sweeper',
      readers: 'all',
    },
    {
      name: 'hazard',
      meaning: 'address of the large entry being read without lock; nobody frees it meanwhile',
      mode: 'atomic',
      writers: 'its thread, sweeper',
      readers: 'who frees large entries',
    },
    {
      name: 'reservationPartition',
      meaning: 'partition of the cells reserved for a value being written, plus 1',
      writers: 'its thread, sweeper',
      guard: 'the lock of that partition',
    },
    {
      name: 'reservationHead',
      meaning: 'first cell of the reserved chain',
      writers: 'its thread, sweeper',
      guard: 'the lock of that partition',
    },
    {
      name: 'decision',
      meaning: 'outcome of the running list insert: 0 undecided (roll back), 1 committed (complete)',
      mode: 'atomic',
      writers: 'its thread, sweeper',
      readers: 'all who meet a pending entry',
    },
    { name: 'padding', words: 20, meaning: 'the counters have lines of their own' },
    {
      name: 'counters',
      words: 32,
      meaning: '16 doubles, see the counter catalogue; they outlive the thread',
      writers: 'its thread',
      readers: 'all',
      guard: 'none: a reader may see a step late',
    },
  ],
  64,
);

export const ClaimState = { free: 0, claiming: 1, live: 2, sweeping: 3 } as const;
packed('registry claim', 'state and generation of a slot', [
  { name: 'state', shift: 0, bits: 2, meaning: 'free, claiming, live, sweeping' },
  { name: 'generation', shift: 2, bits: 19, meaning: 'raised when the slot is freed' },
]);
export const CLAIM_STATE_MASK = 3;
export const CLAIM_GENERATION_SHIFT = 2;
/** Doubles in a counter block. */
export const COUNTER_SLOTS = 16;
