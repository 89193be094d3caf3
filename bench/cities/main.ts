/**
 * The main job, `npm start`: a pool of workers answers a skewed stream of CPU-heavy queries about the cities of
 * GeoNames, first with a private `lru-cache` in each worker, then with one SuperCache for all: same stream, same
 * batches, same total cache bytes, a fresh pool each. Ends with a table; 1 % of the answers are checked by brute force.
 * Exit status: 0 done, 1 failed or a wrong answer, 2 bad command line, 130 interrupted.
 */
import { Piscina } from 'piscina';
import { SuperCache } from 'supercache';
import { AnswerChecker } from './check.js';
import { loadCities } from './cities.js';
import { type JobOptions, parseOptions, USAGE, UsageError } from './options.js';
import { makeQuestions, zipfStream } from './queries.js';
import { mebibytes, ProgressLine, resultTable, seconds, whole } from './report.js';
import { drive, type RunResult, residentBytes } from './run.js';
import type { WorkerSetup } from './worker.js';

const ZIPF_EXPONENT = 0.9;
const SAMPLE_EVERY = 100;
const FAULTS_SHOWN = 5;
const INTERRUPTED = 130;

interface Job extends JobOptions {
  readonly setup: WorkerSetup;
  readonly signal: AbortSignal;
}

function prepare(options: JobOptions): WorkerSetup {
  const { table, decodeMs, packMs, skipped } = loadCities();
  console.log(
    `${whole(table.count)} cities: decoded in ${whole(decodeMs)} ms, packed into shared memory in ` +
      `${whole(packMs)} ms${skipped ? `, ${skipped} without a position left out` : ''}`,
  );
  const questions = makeQuestions(table, options.questions, options.seed);
  const stream = zipfStream(options.queries, options.questions, ZIPF_EXPONENT, options.seed + 1);
  console.log(
    `${whole(options.queries)} queries a run (Zipf ${ZIPF_EXPONENT} over ${whole(options.questions)} questions, ` +
      `seed ${options.seed}), ${options.workers} workers, ${mebibytes(options.bytes)} of cache in all\n`,
  );
  return { cities: table, questions, stream, sampleEvery: SAMPLE_EVERY };
}

async function privateRun(job: Job): Promise<RunResult> {
  const label = 'lru-cache per worker';
  const rssBefore = residentBytes();
  const pool = new Piscina(poolOptions(job, { ...job.setup, privateBytes: Math.floor(job.bytes / job.workers) }));
  const run = await driveUntilAbort(job, pool, label);
  return { ...run, label, rssGrowthBytes: run.rssAtEnd - rssBefore };
}

async function sharedRun(job: Job): Promise<RunResult> {
  const label = 'one SuperCache';
  const rssBefore = residentBytes();
  const cache = await SuperCache.start({ memory: job.bytes });
  try {
    const pool = await cache.pool(poolOptions(job, job.setup));
    const run = await driveUntilAbort(job, pool, label);
    const { bytes, entries } = cache.stats();
    return { ...run, label, rssGrowthBytes: run.rssAtEnd - rssBefore, cacheBytes: bytes, entries };
  } finally {
    await cache.stop();
  }
}

function poolOptions({ workers }: Job, workerData: WorkerSetup) {
  const filename = new URL('./worker.js', import.meta.url).href;
  return { filename, minThreads: workers, maxThreads: workers, workerData };
}

/** Drives the pool and destroys it, whatever happens; an abort destroys it at once, which rejects what is under way. */
async function driveUntilAbort({ signal, workers, queries }: Job, pool: Piscina, label: string) {
  const line = new ProgressLine(label.padEnd(20));
  // Once only: a second call of destroy() during the first makes piscina start new workers.
  let destroyed: Promise<void> | undefined;
  const destroy = () => {
    destroyed ??= pool.destroy();
    return destroyed;
  };
  signal.addEventListener('abort', destroy, { once: true });
  try {
    signal.throwIfAborted();
    const run = await drive(pool, workers, queries, line);
    return { ...run, rssAtEnd: residentBytes() };
  } finally {
    line.end();
    signal.removeEventListener('abort', destroy);
    await destroy();
  }
}

/** The number of wrong answers. */
function check({ setup }: Job, runs: readonly RunResult[]): number {
  const start = performance.now();
  const checker = new AnswerChecker(setup.cities, setup.questions);
  let checked = 0;
  let wrong = 0;
  for (const run of runs) {
    for (const sample of run.samples) {
      checked++;
      const fault = checker.fault(sample);
      if (fault !== undefined && ++wrong <= FAULTS_SHOWN) console.error(`wrong answer of ${run.label}: ${fault}`);
    }
  }
  const took = seconds(performance.now() - start);
  console.log(`\n${whole(checked)} answers (1 %) checked against all cities in ${took}: ${whole(wrong)} wrong`);
  return wrong;
}

async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const options = parseOptions(args);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const start = performance.now();
  const job: Job = { ...options, setup: prepare(options), signal };
  const left = await privateRun(job);
  const right = await sharedRun(job);
  console.log(`\n${resultTable(left, right, options.bytes, options.workers)}`);
  const wrong = check(job, [left, right]);
  console.log(`whole job: ${seconds(performance.now() - start)}`);
  if (wrong > 0) console.error(`FAILED: ${whole(wrong)} wrong answers`);
  return wrong > 0 ? 1 : 0;
}

const interrupt = new AbortController();
// Once: a second interrupt ends the process the usual way.
process.once('SIGINT', () => interrupt.abort());
try {
  process.exitCode = await main(process.argv.slice(2), interrupt.signal);
} catch (error) {
  if (interrupt.signal.aborted) {
    console.error('interrupted; pool and cache are gone');
    process.exitCode = INTERRUPTED;
  } else if (error instanceof UsageError) {
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = 2;
  } else {
    console.error(error);
    process.exitCode = 1;
  }
}
