/** Loads TypeScript modules of the tests in plain Node: compiles them, one by one, into `node_modules/.cache`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The exports of all of them together. They and what they import of each other stand in `names`, from `test/` on. */
export async function loadSources(names) {
  const cache = join(root, `node_modules/.cache/test-sources`);
  for (const name of names) {
    const text = readFileSync(join(root, `test/${name}.ts`), 'utf8');
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
    const path = join(cache, `${name}.js`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, ts.transpileModule(text, { compilerOptions: options }).outputText);
  }
  writeFileSync(join(cache, 'package.json'), '{ "type": "module" }');
  const load = (name) => import(pathToFileURL(join(cache, `${name}.js`)).href);
  return Object.assign({}, ...(await Promise.all(names.map(load))));
}

/** The modules that compile the simulation and plant faults in it. */
export const SIMULATION = [
  'sim/transform',
  'sim/rewrite-file',
  'sim/compile',
  'sim/reading-faults',
  'sim/writing-faults',
  'sim/planted-faults',
  'sim/find-faults',
];
