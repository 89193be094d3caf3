/** Words that have one home or none: atomics, decoding of live bytes, vague file names, timed assertions. */
import { posix } from 'node:path';
import ts from 'typescript';
import { lineOf, type Rule, type Source, type Violation, walk } from './sources.js';

const ATOMICS_HOME = 'src/memory/atomics.ts';
const MODULE_URL_HOME = 'src/threads/location.ts';
const isProduct = (path: string) => /^(src|workers|native-layout)\//.test(path);

/** One violation for each node that `matches`; comments are no nodes. */
function findNodes(
  source: Source,
  matches: (node: ts.Node) => boolean,
  fault: (node: ts.Node) => Pick<Violation, 'problem' | 'mend'>,
): Violation[] {
  const violations: Violation[] = [];
  walk(source.tree, (node) => {
    if (matches(node)) violations.push({ path: source.path, line: lineOf(source, node), ...fault(node) });
  });
  return violations;
}

/** An identifier, or the same word in quotes: `buffer['utf8Slice']` decodes as well. */
const isWord = (node: ts.Node, words: readonly string[]) =>
  (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) && words.includes(node.text);

export const atomicsHome: Rule = (source) => {
  if (!isProduct(source.path) || source.path === ATOMICS_HOME) return [];
  return findNodes(
    source,
    (node) => isWord(node, ['Atomics']),
    () => ({
      problem: `only ${ATOMICS_HOME} may say Atomics`,
      mend: 'Call loadWord, storeWord, casWord, addWord, parkOn or wakeOn from there',
    }),
  );
};

export const decodingOfCopies: Rule = (source) => {
  if (!isProduct(source.path)) return [];
  return findNodes(
    source,
    (node) => isWord(node, ['utf8Slice', 'utf8Write', 'TextDecoder']),
    (node) => ({
      problem: `${node.getText(source.tree)} crashes the process when shared bytes change under it`,
      mend: 'Store strings as Latin-1 or UTF-16 and decode with latin1Slice or ucs2Slice',
    }),
  );
};

/** The CommonJS build substitutes the one file that names its own URL, see build.mjs. */
export const moduleUrlHome: Rule = (source) => {
  if (!isProduct(source.path) || source.path === MODULE_URL_HOME) return [];
  return findNodes(
    source,
    (node) => ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword,
    () => ({
      problem: 'import.meta does not exist in the CommonJS build',
      mend: `Use moduleUrl of ${MODULE_URL_HOME}`,
    }),
  );
};

export const fileName: Rule = (source) => {
  const vague = /manager|helper|util/i.exec(posix.basename(source.path));
  if (!vague) return [];
  const problem = `the file name says "${vague[0]}", which says nothing of its role`;
  return [
    { path: source.path, line: 1, problem, mend: 'Name the role and the cardinality, for instance SnapshotWriter' },
  ];
};

const isWallClock = (node: ts.Node) =>
  ts.isPropertyAccessExpression(node) && node.name.text === 'now' && node.expression.getText() === 'Date';

function contains(node: ts.Node, matches: (node: ts.Node) => boolean): boolean {
  return matches(node) || (ts.forEachChild(node, (child) => contains(child, matches)) ?? false);
}

/** Names of variables whose value comes from the wall clock. */
function wallClockNames(source: Source): string[] {
  const names: string[] = [];
  walk(source.tree, (node) => {
    if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || !node.initializer) return;
    if (contains(node.initializer, isWallClock)) names.push(node.name.text);
  });
  return names;
}

export const timedAssertion: Rule = (source) => {
  if (!source.path.startsWith('test/')) return [];
  const names = wallClockNames(source);
  const isTimed = (node: ts.Node) => isWallClock(node) || (ts.isIdentifier(node) && names.includes(node.text));
  return findNodes(
    source,
    (node) =>
      ts.isCallExpression(node) &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === 'expect' &&
      node.arguments.some((argument) => contains(argument, isTimed)),
    () => ({
      problem: 'an assertion depends on the wall clock, which other programs and corrections move',
      mend: "Use the cache's manual clock; where a duration itself is promised, performance.now",
    }),
  );
};

export const statedGoal: Rule = (source) => {
  if (!/^test\/.*\.test\.ts$/.test(source.path) || source.text.startsWith('/**')) return [];
  const problem = 'the test file does not say what it is for';
  return [
    { path: source.path, line: 1, problem, mend: 'Open it with a comment: its goal, its oracle, how to replay it' },
  ];
};
