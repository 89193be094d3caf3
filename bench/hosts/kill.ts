/** Child process: a filled cache, two threads that use it all the time, and victims that are killed as they write. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { serve } from '../harness/serve.js';
import { NAMESPACE, startCache } from '../subjects/ours.js';
import * as words from '../threads/stall-words.js';
import { key8Of, markOf } from '../workloads/text.js';

export interface KillPlan {
  readonly entries: number;
  readonly memoryMb: number;
}

/** What one survivor saw around one kill. */
export interface SurvivorReport {
  readonly role: words.SurvivorRole;
  readonly longestBeforeMs: number;
  readonly longestAfterMs: number;
  readonly operationsBefore: number;
  readonly operationsAfter: number;
  readonly wrong: number;
  readonly errors: number;
}

/** A survivor that does not come back for so long is reported as stuck. */
const STUCK_MS = 60_000;
/** Operations after which a victim is warmed up and surely in the midst of writing. */
const VICTIM_WARM_OPS = 20_000;

const survivorCount = words.SURVIVOR_ROLES.length;
const control = new Int32Array(new SharedArrayBuffer(4 * words.CONTROL_LENGTH));
const results = new Float64Array(new SharedArrayBuffer(8 * words.RESULT_LENGTH * survivorCount));
const survivors: Worker[] = [];
let cache: Awaited<ReturnType<typeof startCache>>;
let entries = 0;

function spawn(module: string, index: number, bystander = false): Worker {
  const workerData: words.StallPlan = { handle: cache.handle(), entries, control, results, index, bystander };
  const worker = new Worker(new URL(module, import.meta.url), { workerData });
  worker.on('error', (error) => process.stderr.write(`${module}: ${error}\n`));
  return worker;
}

async function until(done: () => boolean, limitMs: number, what: string): Promise<void> {
  const end = performance.now() + limitMs;
  while (!done()) {
    if (Atomics.load(control, words.FAILED) > 0) throw new Error('a survivor failed');
    if (performance.now() > end) throw new Error(`${what} took more than ${limitMs} ms`);
    await sleep(2);
  }
}

const allParked = (): boolean => Atomics.load(control, words.PARKED) === survivorCount;

function setPhase(phase: number): void {
  Atomics.store(control, words.PHASE, phase);
  Atomics.notify(control, words.PHASE);
}

function report(): SurvivorReport[] {
  return words.SURVIVOR_ROLES.map((role, index) => {
    const at = (result: number): number => results[index * words.RESULT_LENGTH + result] as number;
    return {
      role,
      longestBeforeMs: at(words.LONGEST_BEFORE),
      longestAfterMs: at(words.LONGEST_AFTER),
      operationsBefore: at(words.OPERATIONS_BEFORE),
      operationsAfter: at(words.OPERATIONS_AFTER),
      wrong: at(words.WRONG),
      errors: at(words.ERRORS),
    };
  });
}

function verify(): void {
  const values = cache.keyValue<string, string>(NAMESPACE);
  for (let entry = 0; entry < entries; entry += Math.max(1, Math.floor(entries / 10_000))) {
    const found = values.get(key8Of(entry));
    if (found?.startsWith(markOf(entry)) !== true) throw new Error(`entry ${entry} is lost or wrong: ${found}`);
  }
}

serve({
  /** Returns the seconds that filling took. */
  async open(plan: KillPlan): Promise<number> {
    entries = plan.entries;
    cache = await startCache(`bench-kill-${entries}`, plan.memoryMb);
    const began = performance.now();
    for (let index = 0; index < survivorCount; index++) survivors.push(spawn('../threads/survivor.js', index));
    await until(allParked, 600_000, 'filling');
    verify();
    return (performance.now() - began) / 1000;
  },
  /** One kill, of a writer or of a bystander, with `ms` milliseconds of work before and after. */
  async round({ ms, bystander }: { ms: number; bystander: boolean }): Promise<SurvivorReport[]> {
    results.fill(0);
    Atomics.store(control, words.VICTIM_OPS, 0);
    const victim = spawn('../threads/victim.js', -1, bystander);
    await once(victim, 'online');
    await until(() => Atomics.load(control, words.VICTIM_OPS) > VICTIM_WARM_OPS, STUCK_MS, 'the victim to start');
    setPhase(words.BEFORE);
    await sleep(ms);
    setPhase(words.AFTER);
    await victim.terminate();
    await sleep(ms);
    setPhase(words.IDLE);
    await until(allParked, STUCK_MS, 'the survivors to come to rest');
    verify();
    return report();
  },
  async close(): Promise<void> {
    setPhase(words.FINISHED);
    await Promise.all(survivors.map((survivor) => survivor.terminate()));
    await cache?.stop();
  },
});
