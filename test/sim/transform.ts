/**
 * Rewrites the engine so that it can stop before every access to shared memory, and go on later. Functions that touch
 * memory, or call one that does, become generators, and calls of them are delegated to (`yield*`). An access becomes
 * `$s.load(x, i, site) ? yield* $s.finish() : $s.value`: nothing is resumed unless the scheduler wants to switch.
 *
 * Which functions these are follows from the types (`suspendable`): elements of typed arrays, block copies, the
 * functions of `memory/atomics.ts`, and calls of what is only known by its type (interfaces, callbacks), transitively.
 * Not rewritten, so that they run without a step, and what that leaves out:
 * - constructors, other than those in WITH_STEPS: they read constants of the superblock;
 * - accessors: `Partitions.stopped` and the like, which have no part in a mutation;
 * - initial values of parameters: `Namespaces.sizeIn`, statistics;
 * - async functions: the doorbell's wait, which is the event loop's business.
 * - the buffer of hits, which is private to its thread.
 * A callback that touches memory may be handed to `map` only; another native method is refused here.
 */
import { relative } from 'node:path';
import ts from 'typescript';

/** Limits of loops that only repeat what they do, smaller here: the code behind them is reached in fewer steps. */
const SCALED: Record<string, number> = { SPINS: 2, PASS_TRIES: 3, MAX_TRIES: 3, PATIENT_ROUNDS: 1, SPARE_TRIES: 3 };
const ENGINE = /^src\/(memory|allocator|policy|ring|table)\/|^src\/threads\/(registry|owner-agent)\.ts$/;
const PLAIN = /^src\/memory\/(atomics|hash|slab|views|address)\.ts$|^src\/policy\/hit-buffer\.ts$/;
const WITH_STEPS = new Set(['ThreadRegistry']);
const ATOMICS = 'src/memory/atomics.ts';
const ARRAYS = new Set(['Int32Array', 'Uint8Array', 'Buffer', 'TextBuffer', 'Latin1Target', 'BigInt64Array']);
const BLOCK_CALLS = new Set(['fill', 'set', 'copy', 'latin1Write', 'latin1Slice', 'compare']);
/** Functions of the atomics module, and the access of the scheduler that stands for each. */
const ACCESSES: Record<string, string> = {
  loadWord: 'atomicLoad',
  storeWord: 'atomicStore',
  casWord: 'swap',
  addWord: 'add',
  loadWide: 'wideLoad',
  casWide: 'wideSwap',
  peekWord: 'load',
  pokeWord: 'store',
  parkOn: 'park',
  wakeOn: 'wake',
};

type Body = ts.FunctionDeclaration | ts.MethodDeclaration | ts.ArrowFunction | ts.ConstructorDeclaration;

function isBody(node: ts.Node): node is Body {
  const has = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node);
  return (has && node.body !== undefined) || ts.isArrowFunction(node);
}

/** What a call means for the one who makes it. */
type Callee = { kind: 'access'; name: string } | { kind: 'body'; body: Body } | { kind: 'dynamic' } | { kind: 'plain' };

export class Rewriter {
  /** Where accesses stand; the number of a site is its index. */
  readonly sites: string[] = ['start'];
  readonly #root: string;
  readonly #checker: ts.TypeChecker;
  readonly #suspendable = new Set<Body>();

  constructor(root: string, program: ts.Program) {
    this.#root = root;
    this.#checker = program.getTypeChecker();
    const files = program.getSourceFiles().filter((file) => this.isEngine(file));
    for (let before = -1; before !== this.#suspendable.size; ) {
      before = this.#suspendable.size;
      for (const file of files) this.#mark(file, undefined);
    }
  }

  pathOf(node: ts.Node): string {
    return relative(this.#root, node.getSourceFile().fileName).replaceAll('\\', '/');
  }

  isEngine(node: ts.Node): boolean {
    const path = this.pathOf(node);
    return ENGINE.test(path) && !PLAIN.test(path);
  }

  isSuspendable(node: ts.Node): boolean {
    return this.#suspendable.has(node as Body);
  }

  isArray(node: ts.Expression): boolean {
    const type = this.#checker.getApparentType(this.#checker.getTypeAtLocation(node));
    return ARRAYS.has(type.getSymbol()?.name ?? '');
  }

  callee(node: ts.CallExpression): Callee {
    const declaration = this.#checker.getResolvedSignature(node)?.declaration;
    if (declaration === undefined) return { kind: 'plain' };
    const path = this.pathOf(declaration);
    if (path === ATOMICS) {
      const name = ACCESSES[(declaration as ts.FunctionDeclaration).name?.text ?? ''];
      return name === undefined ? { kind: 'plain' } : { kind: 'access', name };
    }
    if (!this.isEngine(declaration)) return { kind: 'plain' };
    return isBody(declaration) ? { kind: 'body', body: declaration } : { kind: 'dynamic' };
  }

  /** The class of `new`, if its constructor is one with steps. */
  constructorWithSteps(node: ts.NewExpression): boolean {
    return ts.isIdentifier(node.expression) && WITH_STEPS.has(node.expression.text);
  }

  /** Whether the function can be rewritten at all. */
  #mayStep(body: Body): boolean {
    if (ts.isConstructorDeclaration(body)) return WITH_STEPS.has(body.parent.name?.text ?? '');
    return body.modifiers?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword) !== true;
  }

  #mark(node: ts.Node, inside: Body | undefined): void {
    if (ts.isParameter(node) || ts.isAccessor(node)) return;
    if (inside !== undefined && this.#steps(node)) this.#suspendable.add(inside);
    const next = isBody(node) ? (this.#mayStep(node) ? node : undefined) : inside;
    ts.forEachChild(node, (child) => this.#mark(child, next));
  }

  /** Whether this very node is a step, or a call that may take some. */
  #steps(node: ts.Node): boolean {
    if (ts.isElementAccessExpression(node)) return this.isArray(node.expression);
    if (ts.isNewExpression(node)) return this.constructorWithSteps(node);
    if (!ts.isCallExpression(node)) return false;
    if (this.isBlockCall(node) || this.mapsWithSteps(node)) return true;
    const callee = this.callee(node);
    return callee.kind === 'body' ? this.isSuspendable(callee.body) : callee.kind !== 'plain';
  }

  isBlockCall(node: ts.CallExpression): boolean {
    const { expression } = node;
    if (!ts.isPropertyAccessExpression(expression) || !BLOCK_CALLS.has(expression.name.text)) return false;
    return this.isArray(expression.expression);
  }

  /** `list.map(callback)` with a callback that has steps. */
  mapsWithSteps(node: ts.CallExpression): boolean {
    if (this.callee(node).kind !== 'plain' || !node.arguments.some((x) => this.isSuspendable(x))) return false;
    const { expression } = node;
    if (ts.isPropertyAccessExpression(expression) && expression.name.text === 'map') return true;
    throw new Error(`${this.siteOf(node)}: a callback with steps is handed to ${expression.getText()}`);
  }

  siteOf(node: ts.Node): string {
    const file = node.getSourceFile();
    const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file));
    return `${this.pathOf(node)}:${line + 1}:${character + 1}`;
  }

  scaled(node: ts.Node): number | undefined {
    if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name)) return undefined;
    return node.initializer !== undefined && ts.isNumericLiteral(node.initializer) ? SCALED[node.name.text] : undefined;
  }
}
