/** Child process: fills a cache of a given size until it is full, and counts. */
import { serve } from '../harness/serve.js';
import { isFull, NAMESPACE, startCache } from '../subjects/ours.js';
import { key16Of, valueMaker } from '../workloads/text.js';

export interface OverheadReport {
  /** Entries stored when the first write was refused. */
  readonly entriesAtFirstRefusal: number;
  /** Entries stored when so many writes in a row were refused: one full partition no longer decides. */
  readonly entriesAtLast: number;
  /** What `stats()` counts, for comparison. */
  readonly statsEntries: number;
  readonly statsBytes: number;
}

/** Refusals in a row after which the cache counts as full everywhere. */
const LAST_REFUSALS = 1000;

interface Filling {
  set(key: string, value: string): unknown;
  get(key: string): string | undefined;
}

function fillUp(values: Filling, valueLength: number) {
  const valueFor = valueMaker(valueLength);
  let entriesAtFirstRefusal = -1;
  let stored = 0;
  let refused = 0;
  for (let entry = 0; refused < LAST_REFUSALS; entry++) {
    try {
      values.set(key16Of(entry), valueFor(entry));
      stored++;
      refused = 0;
    } catch (error) {
      if (!isFull(error)) throw error;
      if (entriesAtFirstRefusal < 0) entriesAtFirstRefusal = stored;
      refused++;
    }
  }
  return { entriesAtFirstRefusal, entriesAtLast: stored };
}

/** What was stored before the first refusal must all be there, byte for byte. */
function verify(values: Filling, valueLength: number, entries: number): void {
  const valueFor = valueMaker(valueLength);
  for (let entry = 0; entry < entries; entry++) {
    if (values.get(key16Of(entry)) !== valueFor(entry)) throw new Error(`entry ${entry} is lost or wrong`);
  }
}

serve({
  async fill({ memoryMb, valueLength }: { memoryMb: number; valueLength: number }): Promise<OverheadReport> {
    const cache = await startCache(`bench-overhead-${valueLength}`, memoryMb);
    const values = cache.keyValue<string, string>(NAMESPACE);
    const filled = fillUp(values, valueLength);
    verify(values, valueLength, filled.entriesAtFirstRefusal);
    const stats = cache.stats();
    await cache.stop();
    return { ...filled, statsEntries: stats.entries, statsBytes: stats.bytes };
  },
  close: () => {},
});
