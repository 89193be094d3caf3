/**
 * Goal: what `npm pack` makes works for its users: imported, required and type-checked in both module formats.
 * Oracle: a small project that has the unpacked package and its dependencies in node_modules, and nothing else of ours.
 * Replay: `npx vitest run test/package`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const project = realpathSync(mkdtempSync(join(tmpdir(), 'supercache-package-')));
const installed = join(project, 'node_modules', 'supercache');
const dependencies = ['comlink', 'msgpackr', 'piscina', 'xxhash-addon', '@types/node', 'undici-types'];

beforeAll(() => {
  const shell = process.platform === 'win32';
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', project], { cwd: root, shell });
  const [archive] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', String(archive), '-C', installed, '--strip-components=1'], { cwd: project });
  for (const name of dependencies) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link, 'junction');
  }
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Writes a file of the project and returns what Node prints when it runs it. */
function run(name: string, text: string): string {
  writeFileSync(join(project, name), text);
  return execFileSync(process.execPath, [join(project, name)], { cwd: project, encoding: 'utf8' }).trim();
}

test('contains the two builds and nothing of the workshop', () => {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(installed.length + 1)
        .replaceAll(sep, '/'),
    );
  const documents = 'README\\.md|REFERENCE\\.md|CHANGELOG\\.md|bench/README\\.md|native-layout/(README|LAYOUT)\\.md';
  const builds = 'dist/cjs/package\\.json|dist/(esm|cjs)/.*(\\.js|\\.d\\.ts)';
  const expected = new RegExp(`^(package\\.json|LICENSE|${documents}|${builds})$`);
  expect(files.filter((file) => !expected.test(file))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'dist/esm/src/index.d.ts', 'dist/cjs/src/index.d.ts']));
});

test('is imported by an ES module', () => {
  expect(run('use.mjs', "import { CacheError } from 'supercache'; console.log(CacheError.name);")).toBe('CacheError');
});

test('is required by a CommonJS module', () => {
  expect(run('use.cjs', "console.log(require('supercache').CacheError.name);")).toBe('CacheError');
});

test('offers the same names in both builds, whose errors recognise each other', () => {
  const text = `
    import { createRequire } from 'node:module';
    import * as esm from 'supercache';
    const cjs = createRequire(import.meta.url)('supercache');
    const names = (exports) => Object.keys(exports).sort().join();
    const error = new cjs.CacheError('FULL', 'full');
    console.log(names(esm) === names(cjs), error instanceof esm.CacheError, esm.CacheError.is(error));`;
  expect(run('both.mjs', text)).toBe('true false true');
});

test.each(['esm', 'cjs'])('the %s build knows where it lies', (format) => {
  const path = join(installed, 'dist', format, 'src', 'threads', 'location.js');
  const text = `import(${JSON.stringify(pathToFileURL(path))}).then((location) => console.log(location.moduleUrl));`;
  expect(run(`locate-${format}.cjs`, text)).toBe(pathToFileURL(path).href);
});

test('is type-checked in both formats, its own declarations included', () => {
  const use = `
    const error: Error = new CacheError('FULL', 'full');
    export const isOurs: boolean = CacheError.is(error);
    // @ts-expect-error: an unknown code is refused, so the types are not any.
    new CacheError('NONSENSE', 'none');`;
  const files = ['consumer.mts', 'consumer.cts'].map((name) => join(project, name));
  for (const file of files) writeFileSync(file, `import { CacheError } from 'supercache';${use}`);

  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.Node20,
    types: ['node'],
    typeRoots: [join(project, 'node_modules', '@types')],
    strict: true,
    noEmit: true,
  });
  // Declarations of dependencies are theirs to mend.
  const ours = ts.getPreEmitDiagnostics(program).filter(({ file }) => !file || file.fileName.startsWith(project));
  const format = (diagnostic: ts.Diagnostic) => ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  expect(ours.map((diagnostic) => `${diagnostic.file?.fileName}: ${format(diagnostic)}`)).toEqual([]);

  const resolved = program.getSourceFiles().map((file) => file.fileName.slice(installed.length + 1));
  expect(resolved).toEqual(expect.arrayContaining(['dist/esm/src/index.d.ts', 'dist/cjs/src/index.d.ts']));
});
