/** One slot per attached thread: who it is, how to see that it lives, what it holds. */
import { check, packed, struct } from './struct.js';

export const Registry = struct(
  'registry slot',
  'one attached thread',
  [
    {
      name: 'claim',
      words: 2,
      meaning: 'state, generation and liveness token, changed as one 64-bit word',
      mode: 'atomic',
      writers: 'attacher, sweeper',
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
    {
      name: 'ringed',
      meaning: '1: pages may belong to rings of this slot',
      mode: 'atomic',
      writers: 'its thread, sweeper',
      readers: 'sweeper',
    },
    { name: 'padding', words: 21, meaning: 'the counters have lines of their own' },
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

export const ClaimState = { free: 0, live: 1, sweeping: 2 } as const;
packed(
  'registry claim',
  'who holds a slot; 64 bits',
  [
    { name: 'state', shift: 0, bits: 2, meaning: 'free, live, sweeping' },
    { name: 'generation', shift: 2, bits: 14, meaning: 'raised when the slot is freed' },
    { name: 'descriptor', shift: 16, bits: 20, meaning: 'fd of the unlinked liveness file' },
    { name: 'mark', shift: 36, bits: 28, meaning: 'random number of that file, its time of modification' },
  ],
  64,
);
export const CLAIM_STATE_MASK = 3;
export const CLAIM_GENERATION_MASK = 0x3fff;
/** Limits of what a claim can hold. */
export const MAX_DESCRIPTOR = 2 ** 20 - 1;
export const MARK_LIMIT = 2 ** 28;

export interface Claim {
  readonly state: number;
  readonly generation: number;
  readonly descriptor: number;
  readonly mark: number;
}

export function packClaim({ state, generation, descriptor, mark }: Claim): bigint {
  const high = BigInt(mark) << 36n;
  return BigInt.asIntN(64, high | (BigInt(descriptor) << 16n) | BigInt((generation << 2) | state));
}

export function unpackClaim(claim: bigint): Claim {
  const low = Number(claim & 0xffffn);
  return {
    state: low & CLAIM_STATE_MASK,
    generation: low >>> 2,
    descriptor: Number((claim >> 16n) & BigInt(MAX_DESCRIPTOR)),
    mark: Number((claim >> 36n) & BigInt(MARK_LIMIT - 1)),
  };
}

/** Doubles in a counter block. */
export const COUNTER_SLOTS = 16;

check(Registry.claim % 2 === 0 && Registry.sizeWords % 2 === 0, 'the claim is aligned to its 64 bits');
check(Registry.counters % 2 === 0, 'the counters are aligned doubles');
