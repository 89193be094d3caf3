/**
 * Imports point one way: native-layout ← memory ← {allocator, codec, ring, policy} ← table ← threads ← api ← cache.
 * A layer may import itself and what its line lists; type imports count too.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { lineOf, type Rule, type Violation, walk } from './sources.js';

const SHARED = ['src/errors', 'src/types'];
const MEMORY = ['native-layout', 'src/memory'];
const MIDDLE = [...MEMORY, 'src/allocator', 'src/codec', 'src/ring', 'src/policy'];
const TABLE = [...MIDDLE, 'src/table', 'src/stats'];
const THREADS = [...TABLE, 'src/threads', 'src/options', 'src/durations'];
const API = [...THREADS, 'src/api'];

/** Layer → the other layers it may import. Folders first, then the single files of `src`. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'native-layout': [],
  'src/memory': [...MEMORY, ...SHARED],
  'src/allocator': [...MEMORY, ...SHARED],
  'src/codec': [...MEMORY, ...SHARED],
  'src/ring': [...MEMORY, ...SHARED],
  'src/policy': [...MEMORY, ...SHARED],
  'src/table': [...MIDDLE, ...SHARED],
  'src/stats': [...MEMORY, 'src/allocator', ...SHARED],
  'src/threads': [...THREADS, ...SHARED],
  'src/api': [...API, ...SHARED],
  'src/errors': [],
  'src/types': ['native-layout', 'src/errors'],
  'src/durations': ['src/errors'],
  'src/options': [...MEMORY, ...SHARED, 'src/durations'],
  'src/cache': [...API, ...SHARED],
  'src/index': [...API, 'src/cache', ...SHARED],
  workers: [...API, ...SHARED],
  bench: [],
};

/** `src/table/find.ts` is in layer `src/table`, `src/cache.ts` in `src/cache`, `workers/owner.ts` in `workers`. */
export function layerOf(path: string): string {
  const [top, second] = path.replace(/\.[cm]?[jt]s$/, '').split('/');
  return top === 'src' ? `src/${second}` : String(top);
}

/** The text of what a node imports, if it is an import of any form. */
function specifierOf(node: ts.Node): string | undefined {
  let target: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) target = node.moduleSpecifier;
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) target = node.argument.literal;
  else if (ts.isCallExpression(node)) {
    const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
    if (isRequire || node.expression.kind === ts.SyntaxKind.ImportKeyword) target = node.arguments[0];
  }
  return target && ts.isStringLiteralLike(target) ? target.text : undefined;
}

function judge(from: string, path: string, specifier: string): Pick<Violation, 'problem' | 'mend'> | undefined {
  const allowed = ALLOWED[from];
  if (!allowed) {
    const problem = `${from} is in no layer`;
    return { problem, mend: 'Give it a line in ALLOWED of test/tidy/import-rules.ts, or move the file' };
  }
  if (!specifier.startsWith('.')) {
    if (from !== 'native-layout' || specifier.startsWith('node:')) return undefined;
    return { problem: `native-layout imports ${specifier}`, mend: 'The format depends on nothing: move the code up' };
  }
  const to = layerOf(posix.join(posix.dirname(path), specifier));
  if (to === from || allowed.includes(to)) return undefined;
  const choices = [from, ...allowed].join(', ');
  return {
    problem: `${from} imports ${to}`,
    mend: `It may import only ${choices}: move the code down, or pass it in from above`,
  };
}

export const importDirection: Rule = (source) => {
  const from = layerOf(source.path);
  if (!/^(src|workers|native-layout|bench)\//.test(source.path)) return [];
  const violations: Violation[] = [];
  walk(source.tree, (node) => {
    const specifier = specifierOf(node);
    const fault = specifier === undefined ? undefined : judge(from, source.path, specifier);
    if (fault) violations.push({ path: source.path, line: lineOf(source, node), ...fault });
  });
  return violations;
};
