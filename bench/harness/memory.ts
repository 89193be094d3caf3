import { freemem } from 'node:os';

export const MIB = 2 ** 20;

/** Bytes that a process may still take without pushing the machine or its container to the limit. */
export function freeBytes(): number {
  // availableMemory respects a container's limit; it is absent in the first releases of Node 20.
  const available = (process as { availableMemory?: () => number }).availableMemory?.() ?? Number.POSITIVE_INFINITY;
  return Math.min(freemem(), available);
}

/** Roughly what all subjects together take for `entries` entries, in bytes. */
export function bytesNeeded(entries: number, valueLength: number, subjects: number): number {
  return subjects * entries * 2 * (valueLength + 150);
}

/** Memory for a cache of so many entries, in MiB: ample, because nothing is to be evicted or refused here. */
export function cacheMemoryMb(entries: number, valueLength: number): number {
  return Math.max(64, Math.ceil((entries * 2 * (valueLength + 80)) / MIB));
}

/** A heap limit for V8 where its default would not do, otherwise undefined. */
export function heapMbFor(entries: number, valueLength: number): number | undefined {
  const mb = Math.ceil((entries * 2 * (valueLength + 150)) / MIB);
  return mb > 1500 ? mb + 1000 : undefined;
}
