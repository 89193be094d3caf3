/** One run: deals the stream in batches to a pool of workers and adds up what they report. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Piscina } from 'piscina';
import type { Sample } from './check.js';
import type { ProgressLine } from './report.js';
import type { BatchResult, Task } from './worker.js';

const BATCH_QUERIES = 500;
const WARM_UP_SEARCHES = 1000;
/** Attempts at giving every worker a warm-up; a slow starter may miss a round. */
const WARM_UP_ROUNDS = 100;

export interface RunResult {
  readonly label: string;
  readonly queries: number;
  readonly elapsedMs: number;
  /** Processor time of the whole process, which a busy machine disturbs less than the clock. */
  readonly cpuMs: number;
  readonly hits: number;
  readonly refused: number;
  /** What the cache or the caches hold at the end, by their own count. */
  readonly cacheBytes: number;
  readonly entries: number;
  /** Growth of the process from before the pool and the cache to the end of the run. */
  readonly rssGrowthBytes: number;
  readonly samples: readonly Sample[];
}

type PoolRun = Omit<RunResult, 'label' | 'rssGrowthBytes'>;

/** Runs the batches in stream order; a batch goes to whichever worker is free. */
export async function drive(pool: Piscina, workers: number, queries: number, line: ProgressLine): Promise<PoolRun> {
  await warmUp(pool, workers);
  const privateUse = new Map<number, { entries: number; bytes: number }>();
  const samples: Sample[] = [];
  let next = 0;
  let answered = 0;
  let hits = 0;
  let refused = 0;
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const lane = async () => {
    while (next < queries) {
      const from = next;
      const to = Math.min(queries, from + BATCH_QUERIES);
      next = to;
      const batch = await runTask(pool, { from, to });
      answered += to - from;
      hits += batch.hits;
      refused += batch.refused;
      samples.push(...batch.samples);
      privateUse.set(batch.thread, { entries: batch.privateEntries, bytes: batch.privateBytes });
      line.show(answered, queries, hits, performance.now() - start);
    }
  };
  // Two batches a worker, so that none waits for the main thread to deal the next.
  await Promise.all(Array.from({ length: workers * 2 }, lane));
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  line.end();
  const used = [...privateUse.values()];
  return {
    queries,
    elapsedMs,
    cpuMs: (user + system) / 1000,
    hits,
    refused,
    samples,
    cacheBytes: used.reduce((sum, { bytes }) => sum + bytes, 0),
    entries: used.reduce((sum, { entries }) => sum + entries, 0),
  };
}

/** Resident bytes of the process without the main thread's garbage, which would hide what a run adds. */
export function residentBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage.rss();
}

/** Starts and compiles every worker before the clock does, alike in both runs. */
async function warmUp(pool: Piscina, workers: number): Promise<void> {
  const warm = new Set<number>();
  for (let round = 0; warm.size < workers; round++) {
    if (round === WARM_UP_ROUNDS) throw new Error(`only ${warm.size} of ${workers} workers took part in the warm-up`);
    const tasks = Array.from({ length: workers }, () => runTask(pool, { warmUp: WARM_UP_SEARCHES }));
    for (const { thread } of await Promise.all(tasks)) warm.add(thread);
  }
}

function runTask(pool: Piscina, task: Task): Promise<BatchResult> {
  return pool.run(task) as Promise<BatchResult>;
}
