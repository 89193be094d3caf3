import { parseArgs } from 'node:util';

export interface Options {
  readonly scenarios: readonly string[];
  readonly subjects: readonly string[];
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** Length of one round of one subject, in milliseconds. */
  readonly timeMs: number;
  /** Entries of the large cache in the `kill` scenario. */
  readonly killEntries: number;
  readonly quick: boolean;
  readonly json: boolean;
}

/** A mistake on the command line; the caller prints it with the usage and exits with 2. */
export class UsageError extends Error {}

const FLAGS = {
  sizes: { type: 'string' },
  rounds: { type: 'string' },
  time: { type: 'string' },
  subjects: { type: 'string' },
  'kill-entries': { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export function usage(scenarios: readonly string[], subjects: readonly string[]): string {
  return `Usage: npm run bench -- [scenario …] [options]

Scenarios (all, if none is named): ${scenarios.join(' ')}

  --sizes 10000,100000     entries, also as 10k or 1m (default 10k,100k,1m; quick 10k)
  --rounds 7               interleaved rounds, at least 1 (default 7; quick 3)
  --time 300               ms per subject and round (default 300; quick 60)
  --subjects ours,lru      of: ${subjects.join(' ')} (default all)
  --kill-entries 20m       entries of the large cache of \`kill\` (default 20m; quick 500k)
  --quick                  small and short: shows that everything runs, not how fast
  --json                   one JSON document on standard output instead of tables
  --help
`;
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A whole number of at least 1, with an optional k or m behind it. */
function count(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(text.trim());
  const unit = { k: 1e3, m: 1e6 }[match?.[2]?.toLowerCase() ?? ''] ?? 1;
  const value = match === null ? Number.NaN : Math.round(Number(match[1]) * unit);
  if (!(value >= 1)) throw new UsageError(`--${flag}: '${text}' is not a whole number of at least 1`);
  return value;
}

function choices(what: string, chosen: readonly string[], known: readonly string[]): string[] {
  for (const name of chosen) {
    if (!known.includes(name)) throw new UsageError(`unknown ${what} '${name}'; there are: ${known.join(' ')}`);
  }
  return known.filter((name) => chosen.length === 0 || chosen.includes(name));
}

/** Parses the command line; `undefined` means that help was asked for. */
export function parseOptions(
  args: readonly string[],
  scenarios: readonly string[],
  subjects: readonly string[],
): Options | undefined {
  const { values, positionals } = parseFlags(args);
  if (values.help) return undefined;
  const quick = values.quick;
  const list = (text: string): string[] => text.split(',').map((part) => part.trim());
  const sizes = list(values.sizes ?? (quick ? '10k' : '10k,100k,1m')).map((text) => count('sizes', text));
  return {
    scenarios: choices('scenario', positionals, scenarios),
    subjects: choices('subject', values.subjects === undefined ? [] : list(values.subjects), subjects),
    sizes,
    rounds: count('rounds', values.rounds ?? (quick ? '3' : '7')),
    timeMs: count('time', values.time ?? (quick ? '60' : '300')),
    killEntries: count('kill-entries', values['kill-entries'] ?? (quick ? '500k' : '20m')),
    quick,
    json: values.json,
  };
}
