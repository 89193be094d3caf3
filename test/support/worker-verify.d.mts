/** Types of worker-verify.mjs, for tests. */
import type { SuperCache } from 'supercache';

export function lawsOf(cache: SuperCache): () => string[];
export function brokenLaws(cache: SuperCache): string[];
export function leftAfterDeleteAll(cache: SuperCache): string[];
export function freeSlots(cache: SuperCache): number;
export function capacityOf(cache: SuperCache, length: number): number;
export function until(holds: () => boolean): Promise<boolean>;
