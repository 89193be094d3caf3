/**
 * Runs the tests that a seed decides again and again, each time with a fresh one and more cases than usual, and prints
 * every seed. Ends after the time given, or at the first failure, with the command that replays it.
 *
 *   npm run soak -- --minutes 60
 *   npm run soak -- --minutes 10 --only model,linear --factor 2 --seed 7
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const VITEST = join('node_modules', 'vitest', 'vitest.mjs');
/** Folder → how many times more than usual it does in one turn, so that every turn takes about a minute. */
const FOLDERS = {
  sim: { runs: 4 },
  model: { runs: 3 },
  linear: { runs: 4 },
  crash: { runs: 1 },
  fuzz: { runs: 4 },
  litmus: { runs: 1, rounds: 2_000_000 },
  'unit/table': { runs: 2 },
};
const LARGEST_SEED = 2 ** 31 - 1;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    only: { type: 'string' },
    factor: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const factor = Number(values.factor);
if (!(minutes > 0) || !(factor > 0)) throw new RangeError('--minutes and --factor are numbers above 0');
const wanted = values.only?.split(',') ?? Object.keys(FOLDERS);
for (const name of wanted) {
  if (!(name in FOLDERS)) throw new RangeError(`--only ${name}: there are ${Object.keys(FOLDERS).join(', ')}`);
}
// A folder that is not there yet is left out.
const folders = wanted.filter((name) => existsSync(join(ROOT, 'test', name)));
if (folders.length === 0) throw new Error('none of these folders is there');

/** The next seed: fresh, or counted up from the one given. */
let given = values.seed === undefined ? undefined : Number(values.seed);
function nextSeed() {
  return given === undefined ? randomInt(LARGEST_SEED) : given++ % LARGEST_SEED;
}

/** Runs a folder. Resolves with its exit code and what it printed; shows it only where it failed. */
function run(folder, environment) {
  const args = [VITEST, 'run', `test/${folder}/`, '--reporter=dot', '--silent=false'];
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...environment } });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

const totals = Object.fromEntries(folders.map((name) => [name, { turns: 0, ms: 0 }]));

function conclude(verdict) {
  console.log(`\n${verdict}`);
  for (const [name, { turns, ms }] of Object.entries(totals)) {
    console.log(
      `${name.padEnd(12)} ${String(turns).padStart(5)} turns ${(ms / MINUTE_MS).toFixed(1).padStart(8)} minutes`,
    );
  }
}

const startMs = performance.now();
const isTimeUp = () => performance.now() - startMs >= minutes * MINUTE_MS;
while (!isTimeUp()) {
  for (const folder of folders) {
    if (isTimeUp()) break;
    const { runs, rounds } = FOLDERS[folder];
    const environment = { SEED: String(nextSeed()), RUNS: String(runs * factor) };
    if (rounds !== undefined) environment.ROUNDS = String(Math.ceil(rounds * factor));
    const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const beganMs = performance.now();
    const { code, output } = await run(folder, environment);
    const tookMs = performance.now() - beganMs;
    totals[folder].turns++;
    totals[folder].ms += tookMs;
    const verdict = code === 0 ? 'passed' : 'FAILED';
    console.log(`${folder.padEnd(12)} ${settings.join(' ')}  ${verdict} after ${(tookMs / 1000).toFixed(0)} s`);
    if (code === 0) continue;
    console.log(output);
    conclude(`Replay: ${settings.join(' ')} npx vitest run test/${folder}/`);
    process.exit(1);
  }
}
conclude(`All passed, ${((performance.now() - startMs) / MINUTE_MS).toFixed(1)} minutes.`);
