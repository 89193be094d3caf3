/**
 * `npm run hit-ratio`: replays access traces through the cache and prints hit ratios. A trace is a gzip of unsigned
 * 32-bit little-endian key numbers, one per access. Each access is a get, and on a miss a set.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { type StartOptions, SuperCache } from 'supercache';
import { beladyRatio } from './belady.js';

const POLICIES = ['default', 'lru', 'lfu', 'fifo', 'sieve', 's3-fifo', 'tinylfu'] as const;
const USAGE = `Usage: npm run hit-ratio -- FILE.u32le.gz … --sizes 500,1000 [options]

  --sizes 500,1000   entries of the cache
  --policy lru,fifo  of: ${POLICIES.join(' ')}, or all (default: default)
  --json             one JSON object per line
`;

interface Command {
  readonly files: readonly string[];
  readonly sizes: readonly number[];
  readonly policies: readonly string[];
  readonly json: boolean;
}

function usageError(problem: string): never {
  process.stderr.write(`${problem}\n\n${USAGE}`);
  process.exit(2);
}

function parse(): Command {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      sizes: { type: 'string' },
      policy: { type: 'string', default: 'default' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const sizes = (values.sizes ?? '').split(',').map(Number);
  if (!sizes.every((size) => Number.isInteger(size) && size > 0)) usageError('--sizes: whole numbers of at least 1');
  if (positionals.length === 0) usageError('no trace is given');
  const policies = values.policy === 'all' ? [...POLICIES] : values.policy.split(',');
  const unknown = policies.find((name) => !POLICIES.includes(name as never));
  if (unknown !== undefined) usageError(`--policy: there is no '${unknown}'`);
  return { files: positionals, sizes, policies, json: values.json };
}

function readTrace(file: string): Uint32Array {
  const bytes = gunzipSync(readFileSync(file));
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3)));
}

async function replay(trace: Uint32Array, size: number, policy: string) {
  const options: StartOptions = { maxEntries: size };
  if (policy !== 'default') options.eviction = policy as Exclude<StartOptions['eviction'], undefined>;
  const cache = await SuperCache.start(options);
  const entries = cache.keyValue<number, number>('trace');
  let hits = 0;
  for (const key of trace) {
    if (entries.get(key) !== undefined) hits++;
    else entries.set(key, key);
  }
  const { partitions } = cache.options;
  if (entries.size > size) throw new Error(`${entries.size} entries, more than ${size}`);
  await cache.stop();
  return { hitRatio: hits / trace.length, partitions };
}

const percent = (ratio: number): string => (100 * ratio).toFixed(2).padStart(9);

const command = parse();
const sums = new Map<string, number>();
let cells = 0;
if (!command.json) {
  const heads = [...command.policies, 'belady'].map((name) => name.padStart(9)).join('');
  process.stdout.write(`${'trace'.padEnd(14)}${'size'.padStart(7)}${heads}\n`);
}
for (const file of command.files) {
  const trace = readTrace(file);
  const name = basename(file).replace(/\..*$/, '');
  for (const size of command.sizes) {
    const ratios: number[] = [];
    for (const policy of command.policies) {
      const { hitRatio, partitions } = await replay(trace, size, policy);
      ratios.push(hitRatio);
      sums.set(policy, (sums.get(policy) ?? 0) + hitRatio);
      if (command.json)
        process.stdout.write(`${JSON.stringify({ trace: name, size, policy, hitRatio, partitions })}\n`);
    }
    const best = beladyRatio(trace, size);
    sums.set('belady', (sums.get('belady') ?? 0) + best);
    cells++;
    if (command.json) {
      process.stdout.write(
        `${JSON.stringify({ trace: name, size, policy: 'belady', hitRatio: best, partitions: 1 })}\n`,
      );
    } else {
      const texts = [...ratios, best].map(percent).join('');
      process.stdout.write(`${name.padEnd(14)}${String(size).padStart(7)}${texts}\n`);
    }
  }
}
if (!command.json) {
  const means = [...command.policies, 'belady'].map((name) => percent((sums.get(name) ?? 0) / cells)).join('');
  process.stdout.write(`${'mean'.padEnd(21)}${means}\n`);
}
