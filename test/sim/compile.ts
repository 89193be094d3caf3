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

/** What is compiled in the place of a source; it must give the same each time. */
export type Edit = (path: string, text: string) => string;

/** Puts a fault into its source. Throws if the text to replace does not stand there exactly once. */
export function planting({ path, from, to }: Fault): Edit {
  return (edited, text) => {
    if (edited !== path) return text;
    if (text.split(from).length !== 2) throw new Error(`${path} does not say once: ${from}`);
    return text.replace(from, () => to);
  };
}

function hostWith(root: string, options: ts.CompilerOptions, edit: Edit): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  host.readFile = (name) => {
    const text = read(name);
    const path = relative(root, name).replaceAll('\\', '/');
    return text === undefined || !path.startsWith('src/') ? text : edit(path, text);
  };
  return host;
}

function compile(root: string, folder: string, edit: Edit): void {
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
  const program = ts.createProgram(roots, options, hostWith(root, options, edit));
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

/** The compiled simulation, made anew if any source, or what `edit` makes of it, changed. */
export async function loadSimulation(
  root: string,
  edit: Edit = (_path, text) => text,
): Promise<typeof import('./simulation.js')> {
  const hash = createHash('sha256').update(ts.version);
  const folders = ['native-layout', 'src', 'test/sim', 'test/support'];
  for (const path of folders.flatMap((folder) => sourcesIn(root, folder))) {
    hash.update(path).update(edit(path, readFileSync(join(root, path), 'utf8')));
  }
  const folder = join(root, 'node_modules/.cache/simulation', hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`;
    compile(root, fresh, edit);
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
