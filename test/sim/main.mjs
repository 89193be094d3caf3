/**
 * `npm run test:sim -- [--seed N] [--program NAME] [--mode sc|tso|weak] [--schedules M]`: runs schedules from a seed
 * on, and shows the trace of the first that fails.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules/.cache/simulation-compiler');

/** The compiler of the simulation is written in TypeScript, too. */
async function loadCompiler() {
  for (const name of ['transform', 'rewrite-file', 'compile']) {
    const text = readFileSync(join(root, `test/sim/${name}.ts`), 'utf8');
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
    const path = join(cache, `${name}.js`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, ts.transpileModule(text, { compilerOptions: options }).outputText);
  }
  writeFileSync(join(cache, 'package.json'), '{ "type": "module" }');
  return import(pathToFileURL(join(cache, 'compile.js')).href);
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    program: { type: 'string' },
    mode: { type: 'string' },
    schedules: { type: 'string' },
  },
});
const { loadSimulation } = await loadCompiler();
const simulation = await loadSimulation(root);
process.exitCode = simulation.command(values) ? 0 : 1;
