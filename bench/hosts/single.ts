/** Child process: one subject, one workload, one thread. */
import { measureRound, warmUp } from '../harness/measure.js';
import { serve } from '../harness/serve.js';
import { loadSubject } from '../subjects/index.js';
import type { Store } from '../subjects/subject.js';
import { BATCH_LENGTH, type Loop, makeLoop, VALUE_POOL_LENGTH, type WorkloadName } from '../workloads/loops.js';
import { absentKeyOf, keyOf, valueMaker } from '../workloads/text.js';
import { zipfSequence } from '../workloads/zipf.js';

export interface SinglePlan {
  readonly subject: string;
  readonly workload: WorkloadName;
  readonly entries: number;
  readonly valueLength: number;
  readonly memoryMb: number;
  readonly folder: string;
}

/** Entries that are compared with what was stored, before and after the measurement. */
const SAMPLE_LENGTH = 1000;

let plan: SinglePlan;
let store: Store;
let loop: Loop;
let pool: string[];

function fill(): void {
  const valueFor = valueMaker(plan.valueLength);
  for (let from = 0; from < plan.entries; from += BATCH_LENGTH) {
    const body = (): void => {
      const to = Math.min(from + BATCH_LENGTH, plan.entries);
      for (let entry = from; entry < to; entry++) store.set(keyOf(entry), valueFor(entry));
    };
    if (store.transact === undefined) body();
    else store.transact(body);
  }
}

/** Reads a sample back. After a run of `set`, a value of the pool is right as well. */
function verify(): void {
  const valueFor = valueMaker(plan.valueLength);
  const written = new Set(pool);
  const step = Math.max(1, Math.floor(plan.entries / SAMPLE_LENGTH));
  for (let entry = 0; entry < plan.entries; entry += step) {
    const found = store.get(keyOf(entry));
    const right = found === valueFor(entry) || (plan.workload === 'set' && found !== undefined && written.has(found));
    if (!right) throw new Error(`wrong value of ${keyOf(entry)}: ${JSON.stringify(found)?.slice(0, 80)}`);
    if (store.get(absentKeyOf(entry)) !== undefined) throw new Error(`${absentKeyOf(entry)} was found`);
  }
}

serve({
  async open(params: SinglePlan): Promise<void> {
    plan = params;
    const subject = await loadSubject(plan.subject);
    store = await subject.open(plan);
    const makeValue = valueMaker(plan.valueLength);
    pool = Array.from({ length: VALUE_POOL_LENGTH }, (_, i) => makeValue(plan.entries + i));
    loop = makeLoop(plan.workload, store, zipfSequence(plan.entries, 1), plan.valueLength, pool);
    fill();
    verify();
    // Let the filled heap settle: what the fill allocated is moved to the old generation now, not in a round.
    globalThis.gc?.();
    globalThis.gc?.();
  },
  warm: ({ ms }: { ms: number }) => warmUp(loop, ms),
  round: ({ ms }: { ms: number }) => measureRound(loop, ms),
  async close(): Promise<void> {
    if (store === undefined) return;
    if (loop !== undefined) verify();
    await store.close();
  },
});
