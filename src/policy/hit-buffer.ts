/**
 * Hits of one thread that its policy has not heard of. Private to the thread, so a read writes to no line that others
 * use; a full buffer is handed over if the partition's lock is free, else forgotten. A thread that ends takes its last
 * hits with it: they are hints.
 */

/** Hits kept per partition. */
const LENGTH = 16;
const SHIFT = 4;

export class HitBuffer {
  private readonly hashes: Int32Array;
  /** Where each entry was read: if it is still there, it is the same. */
  private readonly addresses: Int32Array;
  private readonly counts: Uint8Array;

  constructor(partitionCount: number) {
    this.hashes = new Int32Array(partitionCount * LENGTH);
    this.addresses = new Int32Array(partitionCount * LENGTH);
    this.counts = new Uint8Array(partitionCount);
  }

  /** Keeps a hit; whether the buffer of the partition is full now. */
  keep(partitionIndex: number, hash: number, address: number): boolean {
    const count = this.counts[partitionIndex];
    this.hashes[(partitionIndex << SHIFT) + count] = hash;
    this.addresses[(partitionIndex << SHIFT) + count] = address;
    this.counts[partitionIndex] = count + 1;
    return count + 1 === LENGTH;
  }

  count(partitionIndex: number): number {
    return this.counts[partitionIndex];
  }

  hash(partitionIndex: number, index: number): number {
    return this.hashes[(partitionIndex << SHIFT) + index];
  }

  address(partitionIndex: number, index: number): number {
    return this.addresses[(partitionIndex << SHIFT) + index];
  }

  clear(partitionIndex: number): void {
    this.counts[partitionIndex] = 0;
  }
}
