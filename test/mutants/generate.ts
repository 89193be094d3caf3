/**
 * Generated mutants: each store to shared memory dropped, each pair of neighbouring stores exchanged, each validation
 * removed. All of them are written into one copy of the sources, each behind a question for its number, so that one
 * compilation serves all.
 */
import ts from 'typescript';

export type Kind = 'dropped' | 'exchanged' | 'not checked';

export interface Mutant {
  readonly id: number;
  readonly kind: Kind;
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** Sources whose stores and checks are the protocol; `verify` and its part `bounds` are an oracle. */
const MUTATED =
  /^src\/(memory\/(lock|redo-log|seqlock)|allocator\/[a-z-]+|table\/(?!verify|bounds|table)\S+|threads\/registry)\.ts$/;
/** Files in which every early return of a reader or waiter is a validation. */
const CHECKED = 'lookup|probe|entry-view|value-copy|list-insert|scan|walk|chunks|heal';
const CHECKING = new RegExp(`^src/(memory/lock|allocator/page-pool|threads/registry|table/(${CHECKED}))\\.ts$`);
const SHARED = /(^|\.)(words|control)$/;
const STORING = /^(storeWord|storeOrdered|addWord|wakeOn|pokeWord|stage[A-Z]\w*|stage)$/;

function nameOf(call: ts.CallExpression): string {
  const { expression } = call;
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}

function isStore(node: ts.Node): node is ts.ExpressionStatement {
  if (!ts.isExpressionStatement(node)) return false;
  const { expression } = node;
  if (ts.isCallExpression(expression)) return STORING.test(nameOf(expression));
  if (!ts.isBinaryExpression(expression) || !ts.isElementAccessExpression(expression.left)) return false;
  const { kind } = expression.operatorToken;
  const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
  return assigns && SHARED.test(expression.left.expression.getText());
}

function isValidation(node: ts.Node): node is ts.IfStatement {
  if (!ts.isIfStatement(node) || node.elseStatement !== undefined) return false;
  return ts.isReturnStatement(node.thenStatement) || ts.isContinueStatement(node.thenStatement);
}

interface Edit {
  readonly at: number;
  readonly text: string;
}

/** Finds the mutants of one source and writes them into its text. */
export class Mutator {
  readonly mutants: Mutant[] = [];
  /** Sources that have been mutated: the same text each time. */
  readonly #done = new Map<string, string>();

  mutate(path: string, source: string): string {
    if (!MUTATED.test(path)) return source;
    const known = this.#done.get(path) ?? this.#rewrite(path, source);
    this.#done.set(path, known);
    return known;
  }

  #rewrite(path: string, source: string): string {
    const file = ts.createSourceFile(path, source, ts.ScriptTarget.ES2022, true);
    const edits: Edit[] = [];
    const add = (kind: Kind, node: ts.Node, other?: ts.Node): number => {
      const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
      const text = [node, ...(other === undefined ? [] : [other])].map((one) => one.getText(file).split('\n')[0]);
      this.mutants.push({ id: this.mutants.length + 1, kind, path, line, text: text.join(' ⇄ ') });
      return this.mutants.length;
    };
    const visitStores = (statements: readonly ts.Statement[]): void => {
      let exchanged = 0;
      statements.forEach((statement, i) => {
        if (!isStore(statement)) {
          exchanged = 0;
          return;
        }
        const start = statement.getStart(file);
        const dropped = add('dropped', statement);
        const own = `if (${running(dropped)}${exchanged === 0 ? '' : ` && ${running(exchanged)}`}) `;
        const next = statements[i + 1];
        exchanged = next !== undefined && isStore(next) ? add('exchanged', statement, next) : 0;
        const first = exchanged === 0 ? '' : `if (!(${running(exchanged)})) { ${next.getText(file)} }\n`;
        edits.push({ at: start, text: first + own });
      });
    };
    const visit = (node: ts.Node): void => {
      if (ts.isBlock(node) || ts.isSourceFile(node)) visitStores(node.statements);
      else if (ts.isStatement(node) && isStore(node) && !ts.isBlock(node.parent) && !ts.isSourceFile(node.parent)) {
        // In braces: an else behind it belongs to another if.
        edits.push({ at: node.getStart(file), text: `{ if (${running(add('dropped', node))}) ` });
        edits.push({ at: node.getEnd(), text: ' }' });
      }
      if (CHECKING.test(path) && isValidation(node)) {
        edits.push({ at: node.expression.getStart(file), text: `${running(add('not checked', node))} && (` });
        edits.push({ at: node.expression.getEnd(), text: ')' });
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    edits.sort((a, b) => b.at - a.at);
    return edits.reduce((text, { at, text: inserted }) => text.slice(0, at) + inserted + text.slice(at), source);
  }
}

/** The mutant with this number does not run; a global function, so that the engine needs no import. */
function running(id: number): string {
  return `(globalThis as unknown as { $without(id: number): boolean }).$without(${id})`;
}
