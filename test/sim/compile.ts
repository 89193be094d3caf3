/**
 * Compiles the rewritten engine and the simulation itself into `node_modules/.cache`, as one tree in which the
 * simulation imports the engine as any other code would, and loads it from there. The key of the cache is the text of
 * everything that takes part.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import type { Fault } from './planted-faults.js';
import { rewriting } from './rewrite-file.js';
import { Rewriter } from './transform.js';

/** Modules of the engine that the simulation replaces, and by what. */
const REPLACED = new Map([['src/threads/liveness-token.ts', 'test/sim/simulated-liveness.js']]);

function sourcesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /(?<!\.d|\.test)\.ts$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** A host whose sources have the fault in them. */
function hostWith(root: string, options: ts.CompilerOptions, fault: Fault | undefined): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  if (fault === undefined) return host;
  const read = host.readFile.bind(host);
  const path = join(root, fault.path);
  host.readFile = (name) => {
    const text = read(name);
    if (text === undefined || relative(path, name) !== '') return text;
    if (text.split(fault.from).length !== 2) throw new Error(`${fault.path} does not say once: ${fault.from}`);
    return text.replace(fault.from, () => fault.to);
  };
  return host;
}

function compile(root: string, folder: string, fault: Fault | undefined): void {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.es2024.sharedmemory.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ['node'],
    strict: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    rootDir: root,
    outDir: folder,
  };
  const roots = [...sourcesIn(root, 'test/sim'), 'src/threads/owner-agent.ts'].map((path) => join(root, path));
  const program = ts.createProgram(roots, options, hostWith(root, options, fault));
  const rewriter = new Rewriter(root, program);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  program.emit(undefined, write, undefined, false, { before: [rewriting(rewriter)] });
  for (const [path, by] of REPLACED) {
    const from = '../'.repeat(path.split('/').length - 1);
    write(join(folder, path.replace(/ts$/, 'js')), `export * from '${from}${by}';\n`);
  }
  write(join(folder, 'sites.js'), `export const sites = ${JSON.stringify(rewriter.sites)};\n`);
  write(join(folder, 'package.json'), '{ "type": "module" }');
}

/** The compiled simulation, made anew if any source changed; with a fault, if one is to be planted. */
export async function loadSimulation(root: string, fault?: Fault): Promise<typeof import('./simulation.js')> {
  const hash = createHash('sha256')
    .update(ts.version)
    .update(JSON.stringify(fault ?? 'none'));
  const folders = ['native-layout', 'src', 'test/sim', 'test/support'];
  for (const path of folders.flatMap((folder) => sourcesIn(root, folder))) {
    hash.update(path).update(readFileSync(join(root, path)));
  }
  const folder = join(root, 'node_modules/.cache/simulation', hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`;
    compile(root, fresh, fault);
    try {
      renameSync(fresh, folder);
    } catch {
      rmSync(fresh, { recursive: true, force: true }); // Another process was faster.
    }
  }
  const load = (path: string) => import(/* @vite-ignore */ pathToFileURL(join(folder, path)).href);
  const { sites } = (await load('sites.js')) as { sites: string[] };
  const simulation = (await load('test/sim/simulation.js')) as typeof import('./simulation.js');
  simulation.scheduler.sites = sites;
  return simulation;
}
