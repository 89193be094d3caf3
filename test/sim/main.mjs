/**
 * `npm run test:sim -- [--seed N] [--program NAME] [--mode sc|tso|weak] [--schedules M]`: runs schedules from a seed
 * on, and shows the trace of the first that fails. `--fault NAME` plants a fault before, `--faults` looks for each of
 * them (`planted-faults.ts`).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules/.cache/simulation-compiler');

/** Its modules. */
const COMPILER = [
  'transform',
  'rewrite-file',
  'compile',
  'reading-faults',
  'writing-faults',
  'planted-faults',
  'find-faults',
];

/** The compiler of the simulation is written in TypeScript, too. */
async function loadCompiler() {
  for (const name of COMPILER) {
    const text = readFileSync(join(root, `test/sim/${name}.ts`), 'utf8');
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
    const path = join(cache, `${name}.js`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, ts.transpileModule(text, { compilerOptions: options }).outputText);
  }
  writeFileSync(join(cache, 'package.json'), '{ "type": "module" }');
  const load = (name) => import(pathToFileURL(join(cache, `${name}.js`)).href);
  return { ...(await load('compile')), ...(await load('planted-faults')), ...(await load('find-faults')) };
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    program: { type: 'string' },
    mode: { type: 'string' },
    schedules: { type: 'string' },
    bounded: { type: 'string' },
    small: { type: 'string' },
    switches: { type: 'string' },
    fault: { type: 'string' },
    faults: { type: 'boolean' },
  },
});
const { loadSimulation, FAULTS, findFault } = await loadCompiler();
if (values.faults) {
  for (const name of Object.keys(FAULTS).filter((one) => one.includes(values.fault ?? ''))) {
    const found = await findFault(root, name, Number(values.seed ?? 1), Number(values.schedules ?? 20_000));
    console.log(`${found === undefined ? 'NOT FOUND' : `found (${found.schedules})`}: ${name}`);
    if (found === undefined && FAULTS[name].open === undefined) process.exitCode = 1;
    if (found === undefined) console.log(`    ${FAULTS[name].open ?? 'it was found before'}`);
    else console.log(`    ${found.message}`);
  }
} else {
  const fault = values.fault === undefined ? undefined : FAULTS[values.fault];
  if (values.fault !== undefined && fault === undefined) throw new Error(`no fault ${values.fault}`);
  const simulation = await loadSimulation(root, fault);
  process.exitCode = simulation.command(values) ? 0 : 1;
}
