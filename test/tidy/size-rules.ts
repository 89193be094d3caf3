/** Small by test: the sizes of files, functions and lines. */
import ts from 'typescript';
import { lineOf, type Rule, type Source, type Violation, walk } from './sources.js';

export const MAX_FILE_LINES = 300;
export const MAX_FUNCTION_LINES = 70;
export const MAX_LINE_LENGTH = 120;

const linesOf = (source: Source) => source.text.replace(/\n$/, '').split('\n');

export const fileLength: Rule = (source) => {
  const count = linesOf(source).length;
  if (count <= MAX_FILE_LINES) return [];
  const problem = `the file has ${count} lines, at most ${MAX_FILE_LINES} are allowed`;
  const mend = 'Move one responsibility into a file of its own, named after its role';
  return [{ path: source.path, line: MAX_FILE_LINES + 1, problem, mend }];
};

export const lineLength: Rule = (source) =>
  linesOf(source).flatMap((text, index) => {
    if (text.length <= MAX_LINE_LENGTH) return [];
    const problem = `the line has ${text.length} characters, at most ${MAX_LINE_LENGTH} are allowed`;
    return [{ path: source.path, line: index + 1, problem, mend: 'Break it; `npx biome check --write` breaks code' }];
  });

/** A `describe` block groups tests: its length says nothing about the length of any one of them. */
function isDescribeBlock(node: ts.Node): boolean {
  if (!ts.isCallExpression(node.parent)) return false;
  let callee: ts.Expression = node.parent.expression;
  while (ts.isCallExpression(callee) || ts.isPropertyAccessExpression(callee)) callee = callee.expression;
  return ts.isIdentifier(callee) && callee.text === 'describe';
}

export const functionLength: Rule = (source) => {
  const violations: Violation[] = [];
  walk(source.tree, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || !node.body || isDescribeBlock(node)) return;
    const line = lineOf(source, node);
    const count = source.tree.getLineAndCharacterOfPosition(node.end).line + 2 - line;
    if (count <= MAX_FUNCTION_LINES) return;
    const name = node.name?.getText(source.tree) ?? '(anonymous)';
    const problem = `function ${name} has ${count} lines, at most ${MAX_FUNCTION_LINES} are allowed`;
    violations.push({ path: source.path, line, problem, mend: 'Give a step of it a name and a function of its own' });
  });
  return violations;
};
