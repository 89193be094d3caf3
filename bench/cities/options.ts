/** The command line of the main job. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export interface JobOptions {
  readonly queries: number;
  readonly questions: number;
  readonly workers: number;
  readonly bytes: number;
  readonly seed: number;
}

const MAX_DEFAULT_WORKERS = 8;
const DEFAULTS = { queries: 800_000, questions: 100_000, bytes: '24mb', seed: 1 };
const UNITS: Readonly<Record<string, number>> = { '': 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

export const USAGE = `usage: npm start -- [options]
  --queries N     queries in each of the two runs (default ${DEFAULTS.queries})
  --questions N   different questions in the stream (default ${DEFAULTS.questions})
  --workers N     worker threads (default: one per core, at least 2, at most ${MAX_DEFAULT_WORKERS})
  --bytes N       bytes of cache, split among the private caches or given to the one shared cache,
                  such as 512kb, 16mb, 1.5gb (default ${DEFAULTS.bytes})
  --seed N        seed of the questions and the stream (default ${DEFAULTS.seed})
  --help          this text`;

/** A command line that cannot be obeyed. */
export class UsageError extends Error {}

/** The options, or `undefined` if help was asked for. */
export function parseOptions(args: readonly string[]): JobOptions | undefined {
  const values = parseFlags(args);
  if (values.help) return undefined;
  return {
    queries: parseCount('--queries', values.queries, DEFAULTS.queries, 1, 100_000_000),
    questions: parseCount('--questions', values.questions, DEFAULTS.questions, 1, 5_000_000),
    workers: parseCount('--workers', values.workers, defaultWorkers(), 1, 64),
    bytes: parseBytes('--bytes', values.bytes ?? DEFAULTS.bytes),
    seed: parseCount('--seed', values.seed, DEFAULTS.seed, 0, 2 ** 32 - 1),
  };
}

function parseFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        queries: { type: 'string' },
        questions: { type: 'string' },
        workers: { type: 'string' },
        bytes: { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function defaultWorkers(): number {
  return Math.min(MAX_DEFAULT_WORKERS, Math.max(2, availableParallelism()));
}

function parseCount(flag: string, given: string | undefined, otherwise: number, min: number, max: number): number {
  if (given === undefined) return otherwise;
  const value = /^\d[\d_]*$/.test(given) ? Number(given.replaceAll('_', '')) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag} must be a whole number from ${min} to ${max}, not '${given}'`);
}

function parseBytes(flag: string, given: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([kmg]b)?$/i.exec(given) ?? [];
  const value = Math.floor(Number(digits) * UNITS[(unit ?? '').toLowerCase()]);
  if (value >= 1024 ** 2 && value <= 64 * 1024 ** 3) return value;
  throw new UsageError(`${flag} must be from 1mb to 64gb, such as 512000kb, 16mb or 1.5gb, not '${given}'`);
}
