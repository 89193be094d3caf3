/** The sources under the style rules, and the form in which a rule reports what it found. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface Source {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly problem: string;
  readonly mend: string;
}

export type Rule = (source: Source) => Violation[];

const FOLDERS = ['src', 'workers', 'native-layout', 'test', 'bench'];
const root = join(import.meta.dirname, '..', '..');

/** A source from text: rules are tested with fixtures made here. */
export function sourceOf(path: string, text: string): Source {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
}

export function readSources(): Source[] {
  const paths = FOLDERS.filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, String(name))))
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.[cm]?[jt]s$/.test(path) && !path.includes('node_modules/'));
  return ['build.mjs', 'vitest.config.ts', ...paths.sort()].map((path) =>
    sourceOf(path, readFileSync(join(root, path), 'utf8')),
  );
}

/** Calls `visit` for every node of the tree, parents before children. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** 1-based line on which a node begins, leading comments excluded. */
export function lineOf(source: Source, node: ts.Node): number {
  return source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1;
}

export function describeViolation({ path, line, problem, mend }: Violation): string {
  return `${path}:${line}: ${problem}. ${mend}.`;
}
