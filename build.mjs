/**
 * Brings a checkout up to date, with nothing but Node: installs the dependencies if they differ from
 * package-lock.json, then compiles the library (ES modules and CommonJS) and the benchmarks if a source changed.
 * npm runs it before `start`, `test`, `bench`, `layout` and `pack`. Progress goes to standard error.
 *
 *   node build.mjs           everything that is out of date
 *   node build.mjs library   not the benchmarks
 *   node build.mjs install   only the dependencies
 *   node build.mjs --force   compile even if nothing changed
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

process.chdir(import.meta.dirname);

const LIBRARY = ['src', 'native-layout', 'workers'];
const FOLD = 'fold-constants.mjs';
const CONFIGS = ['tsconfig.json', 'tsconfig.build.json', 'tsconfig.bench.json', 'package-lock.json', 'build.mjs', FOLD];
const TSC = join('node_modules', 'typescript', 'lib', 'tsc.js');
const LOCK = join('dist', '.lock');
const STAGE = join('dist', '.stage');

// CommonJS has no import.meta, so this file stands in for the source of the same name.
const COMMONJS_LOCATION = `import { pathToFileURL } from 'node:url';
/** URL of this module, from which worker files are found. */
export const moduleUrl: string = pathToFileURL(__filename).href;
`;

const say = (text) => process.stderr.write(`supercache: ${text}\n`);
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function isInstalled() {
  const record = join('node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readJson(record).packages;
  // Optional packages may be absent: most are for other platforms.
  return Object.entries(readJson('package-lock.json').packages).every(
    ([path, wanted]) => path === '' || (installed[path] ? installed[path].version === wanted.version : wanted.optional),
  );
}

function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true });
  return names
    .filter((name) => /\.[cm]?ts$/.test(name))
    .map((name) => join(folder, name))
    .sort();
}

function fingerprint(folders) {
  const hash = createHash('sha256');
  for (const path of [...CONFIGS, ...folders.flatMap(sourcesIn)]) {
    hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

const targets = [
  { name: 'library', outputs: ['esm', 'cjs'], sources: LIBRARY, compile: compileLibrary },
  { name: 'benchmarks', outputs: ['bench'], sources: [...LIBRARY, 'bench'], compile: compileBenchmarks },
];

const stampOf = (target) => join('dist', `.${target.name}.stamp`);

function isFresh(target) {
  if (!existsSync(stampOf(target)) || !target.outputs.every((name) => existsSync(join('dist', name)))) return false;
  return readFileSync(stampOf(target), 'utf8') === fingerprint(target.sources);
}

/** Runs a Node script; rejects with its output if it fails. */
function runNode(args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(output.trim()))));
  });
}

function runNpm(args) {
  const script = process.env.npm_execpath;
  const child = script
    ? spawn(process.execPath, [script, ...args], { stdio: ['ignore', 2, 2] })
    : spawn(`npm ${args.join(' ')}`, { shell: true, stdio: ['ignore', 2, 2] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`npm ${args[0]} failed`))));
  });
}

async function compileLibrary() {
  const copy = join(STAGE, 'commonjs-sources');
  for (const folder of LIBRARY) if (existsSync(folder)) cpSync(folder, join(copy, folder), { recursive: true });
  for (const config of ['tsconfig.json', 'tsconfig.build.json']) cpSync(config, join(copy, config));
  writeFileSync(join(copy, 'package.json'), '{"type":"commonjs"}\n');
  writeFileSync(join(copy, 'src', 'threads', 'location.ts'), COMMONJS_LOCATION);

  const [esm, cjs] = ['esm', 'cjs'].map((name) => join(STAGE, name));
  const [first, second] = await Promise.allSettled([
    runNode([TSC, '-p', 'tsconfig.build.json', '--outDir', esm]),
    runNode([TSC, '-p', join(copy, 'tsconfig.build.json'), '--outDir', cjs, '--verbatimModuleSyntax', 'false']),
  ]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  writeFileSync(join(cjs, 'package.json'), '{"type":"commonjs"}\n');
  const { foldConstants } = await import('./fold-constants.mjs');
  for (const output of [esm, cjs]) await foldConstants(join(import.meta.dirname, output));
}

async function compileBenchmarks() {
  const output = join(STAGE, 'bench');
  mkdirSync(output, { recursive: true });
  if (sourcesIn('bench').length > 0) await runNode([TSC, '-p', 'tsconfig.bench.json', '--outDir', output]);
}

async function build(target) {
  const start = performance.now();
  const stamp = fingerprint(target.sources);
  rmSync(STAGE, { recursive: true, force: true });
  mkdirSync(STAGE);
  await target.compile();
  rmSync(stampOf(target), { force: true });
  for (const name of target.outputs) {
    const output = join('dist', name);
    if (existsSync(output)) renameSync(output, join(STAGE, `${name}.old`));
    renameSync(join(STAGE, name), output);
  }
  rmSync(STAGE, { recursive: true, force: true });
  writeFileSync(stampOf(target), stamp);
  say(`compiled the ${target.name} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** One process at a time installs and compiles; the lock of one that was killed is taken over. */
async function acquireLock() {
  mkdirSync('dist', { recursive: true });
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!waited) say('waiting for another build');
    await sleep(100);
    const holder = existsSync(LOCK) ? Number(readFileSync(LOCK, 'utf8')) : 0;
    if (holder > 0 && !isAlive(holder)) rmSync(LOCK, { force: true });
  }
  process.on('exit', () => rmSync(LOCK, { force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
}

async function main(goal, force) {
  const wanted = targets.filter(({ name }) => goal === 'all' || goal === name);
  if (!force && isInstalled() && wanted.every(isFresh)) return;
  await acquireLock();
  if (!isInstalled()) {
    say('installing dependencies');
    await runNpm(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund']);
  }
  for (const target of wanted) if (force || !isFresh(target)) await build(target);
}

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { force: { type: 'boolean' } } });
  const goal = positionals[0] ?? 'all';
  if (!['all', 'library', 'install'].includes(goal)) throw new Error(`unknown goal ${goal}`);
  await main(goal, values.force);
} catch (error) {
  say(error.message);
  process.exit(1);
}
