/**
 * An instrumented copy of the storage engine: every store to memory and every load of it calls a hook first, so that a
 * test can end a thread, or let another one run, between any two accesses.
 *
 * How: the sources are compiled by TypeScript with a transformer into `node_modules/.cache`, and loaded from there.
 * - `x[i] = v` and `x[i] += v` become a step of kind `store`; `x[i]` elsewhere a step of kind `load`;
 * - `Atomics.…(…)` becomes a step of kind `atomic`, `Atomics.wait` one of kind `wait`;
 * - block copies (`fill set copy latin1Write latin1Slice`) become two halves, each with a step of kind `block` before
 *   it. Private arrays are instrumented too: that costs steps, not soundness. Loads outside the reading path are left
 *   alone.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INSTRUMENTED = /^src\/(memory|allocator|ring|table)\//;
/** Files whose plain loads of shared words are steps. */
const READING = new RegExp(
  '^src/(memory/seqlock|' +
    'table/(lookup|probe|entry-view|entry-times|value-copy|scan|walk|entry-hash|list-insert))\\.ts$',
);
const BLOCK_CALLS = ['fill', 'set', 'copy', 'latin1Write', 'latin1Slice'];

export type StepKind = 'store' | 'load' | 'atomic' | 'wait' | 'block';

/** What the instrumented code calls; `step` is undefined while nobody is interested. */
export interface Hooks {
  step: ((kind: StepKind, site: string) => void) | undefined;
}

export interface Engine {
  readonly hooks: Hooks;
  readonly actors: typeof import('./actors.js');
  readonly rebuild: typeof import('../../src/table/rebuild.js').rebuild;
  readonly Table: typeof import('../../src/table/table.js').Table;
  readonly ThreadRegistry: typeof import('../../src/threads/registry.js').ThreadRegistry;
}

const RUNTIME = `
export const hooks = { step: undefined };
export function store(x, i, v, site) { if (hooks.step) hooks.step('store', site); return (x[i] = v); }
export function load(x, i, site) { if (hooks.step) hooks.step('load', site); return x[i]; }
export function at(kind, site) { if (hooks.step) hooks.step(kind, site); }
const step = (site) => { if (hooks.step) hooks.step('block', site); };
const middle = (a, b) => a + ((b - a) >> 1);
export function block(x, name, args, site) {
  if (!hooks.step || !(ArrayBuffer.isView(x))) return x[name](...args);
  const [a, b, c, d] = args;
  step(site);
  if (name === 'fill') { x.fill(a, b, middle(b, c)); step(site); x.fill(a, middle(b, c), c); return x; }
  if (name === 'set') {
    const half = a.length >> 1;
    x.set(a.subarray(0, half), b ?? 0); step(site); x.set(a.subarray(half), (b ?? 0) + half);
    return undefined;
  }
  if (name === 'copy') {
    const from = c ?? 0, to = d ?? x.length, half = middle(from, to);
    x.copy(a, b, from, half); step(site); x.copy(a, b + half - from, half, to);
    return to - from;
  }
  if (name === 'latin1Write') {
    const half = c >> 1;
    x.latin1Write(a.slice(0, half), b, half); step(site); x.latin1Write(a.slice(half), b + half, c - half);
    return c;
  }
  const half = middle(a, b), first = x.latin1Slice(a, half);
  step(site);
  return first + x.latin1Slice(half, b);
}
`;

/** Sources of a folder, as paths from the root. */
function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const OPERATORS = new Map<ts.SyntaxKind, ts.BinaryOperator>([
  [ts.SyntaxKind.PlusEqualsToken, ts.SyntaxKind.PlusToken],
  [ts.SyntaxKind.MinusEqualsToken, ts.SyntaxKind.MinusToken],
  [ts.SyntaxKind.AmpersandEqualsToken, ts.SyntaxKind.AmpersandToken],
  [ts.SyntaxKind.BarEqualsToken, ts.SyntaxKind.BarToken],
]);

function instrument(path: string): ts.TransformerFactory<ts.SourceFile> {
  const loads = READING.test(path);
  return (context) => (file) => {
    const { factory: f } = context;
    const call = (name: string, ...args: ts.Expression[]): ts.Expression =>
      f.createCallExpression(f.createPropertyAccessExpression(f.createIdentifier('$hook'), name), undefined, args);
    const site = (node: ts.Node): ts.Expression => {
      const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file));
      return f.createStringLiteral(`${path}:${line + 1}:${character + 1}`);
    };
    const each = <N extends ts.Node>(node: N): N => ts.visitEachChild(node, visit, context);
    const both = (x: ts.ElementAccessExpression): [ts.Expression, ts.Expression] => [
      ts.visitNode(x.expression, visit) as ts.Expression,
      ts.visitNode(x.argumentExpression, visit) as ts.Expression,
    ];
    const visitAssignment = (node: ts.BinaryExpression, target: ts.ElementAccessExpression): ts.Expression => {
      const [x, i] = both(target);
      const value = ts.visitNode(node.right, visit) as ts.Expression;
      const { kind } = node.operatorToken;
      if (kind === ts.SyntaxKind.EqualsToken) return call('store', x, i, value, site(node));
      const operator = OPERATORS.get(kind);
      if (operator === undefined) throw new Error(`${path}: no step for ${node.getText(file)}`);
      const old = f.createElementAccessExpression(x, i);
      return call(
        'store',
        x,
        i,
        f.createBinaryExpression(old, operator, f.createParenthesizedExpression(value)),
        site(node),
      );
    };
    const visitCall = (node: ts.CallExpression, callee: ts.PropertyAccessExpression): ts.Node => {
      const name = callee.name.text;
      if (ts.isIdentifier(callee.expression) && callee.expression.text === 'Atomics') {
        const kind = f.createStringLiteral(name === 'wait' ? 'wait' : 'atomic');
        return f.createParenthesizedExpression(f.createComma(call('at', kind, site(node)), each(node)));
      }
      if (!ts.isIdentifier(callee.name) || !BLOCK_CALLS.includes(name)) return each(node);
      const list = node.arguments.map((argument) => ts.visitNode(argument, visit) as ts.Expression);
      const target = ts.visitNode(callee.expression, visit) as ts.Expression;
      return call('block', target, f.createStringLiteral(name), f.createArrayLiteralExpression(list), site(node));
    };
    const visit = (node: ts.Node): ts.Node => {
      if (ts.isBinaryExpression(node) && ts.isElementAccessExpression(node.left)) {
        const { kind } = node.operatorToken;
        const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
        if (assigns) return visitAssignment(node, node.left);
      }
      if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
        return visitCall(node, node.expression);
      }
      if (loads && ts.isElementAccessExpression(node) && !ts.isTypeNode(node)) {
        return call('load', ...both(node), site(node));
      }
      return each(node);
    };
    const hook = f.createImportDeclaration(
      undefined,
      f.createImportClause(undefined, undefined, f.createNamespaceImport(f.createIdentifier('$hook'))),
      f.createStringLiteral(`${'../'.repeat(path.split('/').length - 1)}hook-runtime.js`),
    );
    const visited = ts.visitEachChild(file, visit, context);
    return f.updateSourceFile(visited, [hook, ...visited.statements]);
  };
}

function compile(path: string, text: string): string {
  return ts.transpileModule(text, {
    fileName: path,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    transformers: INSTRUMENTED.test(path) ? { before: [instrument(path)] } : {},
  }).outputText;
}

/** Compiles the instrumented copy, unless it is there already, and loads it. */
export async function loadInstrumented(): Promise<Engine> {
  const paths = [...sourcesIn('native-layout'), ...sourcesIn('src'), 'test/support/actors.ts'];
  const texts = paths.map((path) => readFileSync(join(ROOT, path), 'utf8'));
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  for (const text of texts) hash.update(text);
  const parent = join(ROOT, 'node_modules/.cache/instrumented');
  const folder = join(parent, hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`;
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(fresh, path)), { recursive: true });
      writeFileSync(join(fresh, path), text);
    };
    write('package.json', '{ "type": "module" }');
    write('hook-runtime.js', RUNTIME);
    paths.forEach((path, i) => {
      write(path.replace(/\.ts$/, '.js'), compile(path, texts[i]));
    });
    try {
      renameSync(fresh, folder);
    } catch {
      rmSync(fresh, { recursive: true, force: true }); // Another process was faster.
    }
  }
  const load = (path: string) => import(/* @vite-ignore */ pathToFileURL(join(folder, path)).href);
  const { hooks } = (await load('hook-runtime.js')) as { hooks: Hooks };
  const actors = await load('test/support/actors.js');
  const { rebuild } = await load('src/table/rebuild.js');
  const { Table } = await load('src/table/table.js');
  const { ThreadRegistry } = await load('src/threads/registry.js');
  return { hooks, actors, rebuild, Table, ThreadRegistry };
}
