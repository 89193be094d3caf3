/**
 * Stands in for `src/threads/liveness-token.ts`: a token is open as long as its actor lives. A death is seen only when
 * everything that the dead actor had stored is visible.
 */
import type { LivenessToken } from '../../src/threads/liveness-token.js';
import type { SimulatedActor } from './actor.js';
import { scheduler } from './scheduler.js';

const holders = new Map<number, SimulatedActor | undefined>();
let nextDescriptor = 3;

export function forgetTokens(): void {
  holders.clear();
  nextDescriptor = 3;
}

export function openToken(): LivenessToken {
  const descriptor = nextDescriptor++;
  holders.set(descriptor, scheduler.current);
  return { descriptor, mark: descriptor };
}

export function isTokenOpen({ descriptor }: LivenessToken): boolean {
  if (!holders.has(descriptor)) return false;
  const holder = holders.get(descriptor);
  if (holder?.state !== 'dead') return true;
  if (holder.buffer.length > 0) {
    scheduler.model.flushOne(holder);
    return true;
  }
  if (scheduler.current !== undefined) scheduler.model.acquire(scheduler.current);
  return false;
}

export function closeToken({ descriptor }: LivenessToken): void {
  holders.delete(descriptor);
}
