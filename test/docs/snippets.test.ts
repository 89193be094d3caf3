/**
 * Goal: the runnable snippets of the documentation run, and print what the documentation says.
 * Oracle: the documentation itself: the texts behind `// →` in a snippet, in order, are its whole standard output.
 * Replay: `npx vitest run test/docs`; a snippet is named by its file and line.
 *
 * Fences: `js run` is an ES module, `js run=cjs` a CommonJS module, `ts run` TypeScript, which is also type-checked;
 * `js file=NAME` is a file that the runnable snippets of the same document may use.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';

interface Snippet {
  readonly where: string;
  /** `js run=cjs` and the like. */
  readonly info: string;
  readonly text: string;
}

const DOCUMENTS = ['README.md', 'REFERENCE.md'];
const LIMIT_MS = 30_000;
const root = join(import.meta.dirname, '..', '..');
const project = realpathSync(mkdtempSync(join(tmpdir(), 'supercache-docs-')));
const run = promisify(execFile);

function snippetsOf(document: string): Snippet[] {
  const text = readFileSync(join(root, document), 'utf8');
  return Array.from(text.matchAll(/^```((?:js|ts) .*)\n([\s\S]*?)^```$/gm), (match) => ({
    where: `${document}:${text.slice(0, match.index).split('\n').length}`,
    info: match[1],
    text: match[2],
  }));
}

const snippets = DOCUMENTS.flatMap(snippetsOf);
const runnable = snippets.filter(({ info }) => info.includes(' run'));
const folderOf = ({ where }: Snippet): string => join(project, where.split(':')[0]);

function expectedOutput({ text }: Snippet): string {
  return Array.from(text.matchAll(/\/\/ → (.*)$/gm), (match) => match[1]).join('\n');
}

/** Errors of the type checker, one to a line. */
function typeErrors(path: string): string {
  const program = ts.createProgram([path], {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.Node20,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
    .join('\n');
}

/** Writes the snippet as a file that Node runs. */
function materialise(snippet: Snippet): string {
  const line = snippet.where.split(':')[1];
  if (!snippet.info.startsWith('ts')) {
    const path = join(folderOf(snippet), `line-${line}.${snippet.info.includes('run=cjs') ? 'cjs' : 'mjs'}`);
    writeFileSync(path, snippet.text);
    return path;
  }
  const source = join(folderOf(snippet), `line-${line}.mts`);
  writeFileSync(source, snippet.text);
  expect(typeErrors(source)).toBe('');
  const path = source.replace(/mts$/, 'mjs');
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
  writeFileSync(path, ts.transpileModule(snippet.text, { compilerOptions: options }).outputText);
  return path;
}

beforeAll(() => {
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(root, join(project, 'node_modules', 'supercache'), 'junction');
  for (const document of DOCUMENTS) mkdirSync(join(project, document));
  for (const snippet of snippets) {
    const name = /file=(\S+)/.exec(snippet.info)?.[1];
    if (name !== undefined) writeFileSync(join(folderOf(snippet), name), snippet.text);
  }
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('every document has runnable snippets, and each says what it prints', () => {
  for (const document of DOCUMENTS) expect(runnable.some(({ where }) => where.startsWith(document))).toBe(true);
  expect(runnable.filter((snippet) => expectedOutput(snippet) === '')).toEqual([]);
});

test.each(runnable)('$where runs and prints what it says', async (snippet) => {
  const path = materialise(snippet);
  const { stdout } = await run(process.execPath, [path], { cwd: folderOf(snippet), timeout: LIMIT_MS });
  expect(stdout.trimEnd()).toBe(expectedOutput(snippet));
});
