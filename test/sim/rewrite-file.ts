/** The rewriting of one source file; `transform.ts` says what becomes of what. */
import ts from 'typescript';
import type { Rewriter } from './transform.js';

const OPERATORS = new Map<ts.SyntaxKind, ts.BinaryOperator>([
  [ts.SyntaxKind.PlusEqualsToken, ts.SyntaxKind.PlusToken],
  [ts.SyntaxKind.MinusEqualsToken, ts.SyntaxKind.MinusToken],
  [ts.SyntaxKind.AmpersandEqualsToken, ts.SyntaxKind.AmpersandToken],
  [ts.SyntaxKind.BarEqualsToken, ts.SyntaxKind.BarToken],
  [ts.SyntaxKind.GreaterThanGreaterThanEqualsToken, ts.SyntaxKind.GreaterThanGreaterThanToken],
]);

/** The name under which rewritten code knows the scheduler. */
const SCHEDULER = '$s';

class FileRewriter {
  readonly #rewriter: Rewriter;
  readonly #context: ts.TransformationContext;
  readonly #f: ts.NodeFactory;
  /** Whether the code being visited is in a generator. */
  #stepping = false;

  constructor(rewriter: Rewriter, context: ts.TransformationContext) {
    this.#rewriter = rewriter;
    this.#context = context;
    this.#f = context.factory;
  }

  #each<N extends ts.Node>(node: N): N {
    return ts.visitEachChild(node, this.visit, this.#context);
  }

  #expression(node: ts.Expression): ts.Expression {
    return ts.visitNode(node, this.visit) as ts.Expression;
  }

  #scheduler(name: string, args: readonly ts.Expression[]): ts.Expression {
    const f = this.#f;
    const member = f.createPropertyAccessExpression(f.createIdentifier(SCHEDULER), name);
    return f.createCallExpression(member, undefined, args);
  }

  #site(node: ts.Node): ts.Expression {
    const { sites } = this.#rewriter;
    sites.push(this.#rewriter.siteOf(node));
    return this.#f.createNumericLiteral(sites.length - 1);
  }

  #delegate(expression: ts.Expression): ts.Expression {
    const f = this.#f;
    return f.createParenthesizedExpression(
      f.createYieldExpression(f.createToken(ts.SyntaxKind.AsteriskToken), expression),
    );
  }

  /** An access of the scheduler, by its name and what it needs. */
  #access(name: string, node: ts.Node, args: readonly ts.Expression[]): ts.Expression {
    const f = this.#f;
    const value = f.createPropertyAccessExpression(f.createIdentifier(SCHEDULER), 'value');
    return f.createParenthesizedExpression(
      f.createConditionalExpression(
        this.#scheduler(name, [this.#site(node), ...args]),
        undefined,
        this.#delegate(this.#scheduler('finish', [])),
        undefined,
        value,
      ),
    );
  }

  #assignment(node: ts.BinaryExpression, target: ts.ElementAccessExpression): ts.Expression {
    const f = this.#f;
    const array = this.#expression(target.expression);
    const index = this.#expression(target.argumentExpression);
    const { kind } = node.operatorToken;
    if (kind === ts.SyntaxKind.EqualsToken)
      return this.#access('store', node, [array, index, this.#expression(node.right)]);
    const operator = OPERATORS.get(kind);
    if (operator === undefined) throw new Error(`${this.#rewriter.siteOf(node)}: no access for this operator`);
    const [x, i] = [f.createTempVariable(undefined), f.createTempVariable(undefined)];
    this.#context.hoistVariableDeclaration(x);
    this.#context.hoistVariableDeclaration(i);
    const old = this.#access('load', node, [x, i]);
    const right = f.createParenthesizedExpression(this.#expression(node.right));
    const store = this.#access('store', node, [x, i, f.createBinaryExpression(old, operator, right)]);
    const [setX, setI] = [f.createAssignment(x, array), f.createAssignment(i, index)];
    return f.createParenthesizedExpression(f.createComma(f.createComma(setX, setI), store));
  }

  #call(node: ts.CallExpression): ts.Node {
    const f = this.#f;
    const rewriter = this.#rewriter;
    const args = () => node.arguments.map((argument) => this.#expression(argument));
    const { expression } = node;
    const member = ts.isPropertyAccessExpression(expression) ? expression : undefined;
    if (member?.name.text === 'subarray' && rewriter.isArray(member.expression)) {
      return this.#scheduler('subarray', [this.#expression(member.expression), ...args()]);
    }
    if (member !== undefined && rewriter.isBlockCall(node)) {
      const name = f.createStringLiteral(member.name.text);
      const list = f.createArrayLiteralExpression(args());
      return this.#delegate(
        this.#scheduler('block', [this.#site(node), this.#expression(member.expression), name, list]),
      );
    }
    if (member !== undefined && rewriter.mapsWithSteps(node)) {
      return this.#delegate(this.#scheduler('map', [this.#expression(member.expression), ...args()]));
    }
    const callee = rewriter.callee(node);
    if (callee.kind === 'access') return this.#access(callee.name, node, args());
    // `a?.b()`: there may be no `a`.
    const isOptional = callee.kind === 'body' && rewriter.isSuspendable(callee.body) && ts.isOptionalChain(node);
    if (callee.kind === 'dynamic' || isOptional) return this.#delegate(this.#scheduler('dynamic', [this.#each(node)]));
    return callee.kind === 'body' && rewriter.isSuspendable(callee.body)
      ? this.#delegate(this.#each(node))
      : this.#each(node);
  }

  #new(node: ts.NewExpression): ts.Expression {
    const f = this.#f;
    const create = f.createPropertyAccessExpression(node.expression, '$create');
    const args = (node.arguments ?? []).map((argument) => this.#expression(argument));
    return this.#delegate(f.createCallExpression(create, undefined, args));
  }

  #stepped<N extends ts.Node>(stepping: boolean, visit: () => N): N {
    const before = this.#stepping;
    this.#stepping = stepping;
    const visited = visit();
    this.#stepping = before;
    return visited;
  }

  /** An arrow function with steps: a generator function, bound to what `this` is here. */
  #arrow(node: ts.ArrowFunction): ts.Node {
    const f = this.#f;
    const visited = this.#stepped(true, () => this.#each(node));
    const body = ts.isBlock(visited.body) ? visited.body : f.createBlock([f.createReturnStatement(visited.body)]);
    const star = f.createToken(ts.SyntaxKind.AsteriskToken);
    const generator = f.createFunctionExpression(
      undefined,
      star,
      undefined,
      undefined,
      node.parameters,
      undefined,
      body,
    );
    const bind = f.createPropertyAccessExpression(f.createParenthesizedExpression(generator), 'bind');
    return f.createCallExpression(bind, undefined, [f.createThis()]);
  }

  #method(node: ts.MethodDeclaration): ts.Node {
    const v = this.#stepped(true, () => this.#each(node));
    const f = this.#f;
    const star = f.createToken(ts.SyntaxKind.AsteriskToken);
    return f.updateMethodDeclaration(
      v,
      v.modifiers,
      star,
      v.name,
      v.questionToken,
      v.typeParameters,
      node.parameters,
      v.type,
      v.body,
    );
  }

  #function(node: ts.FunctionDeclaration): ts.Node {
    const v = this.#stepped(true, () => this.#each(node));
    const f = this.#f;
    const star = f.createToken(ts.SyntaxKind.AsteriskToken);
    return f.updateFunctionDeclaration(v, v.modifiers, star, v.name, v.typeParameters, node.parameters, v.type, v.body);
  }

  /** A constructor with steps: `static *$create(…) { const made = new C(); yield* made.$init(…); return made; }`. */
  #creation(node: ts.ConstructorDeclaration): ts.Node[] {
    const f = this.#f;
    const v = this.#stepped(true, () => this.#each(node));
    const star = f.createToken(ts.SyntaxKind.AsteriskToken);
    const method = (modifiers: ts.Modifier[], name: string, body: ts.Block | undefined) =>
      f.createMethodDeclaration(modifiers, star, name, undefined, undefined, node.parameters, undefined, body);
    const made = f.createIdentifier('$made');
    const names = node.parameters.map((parameter) => parameter.name as ts.Identifier);
    const init = f.createCallExpression(f.createPropertyAccessExpression(made, '$init'), undefined, names);
    const fresh = f.createNewExpression(node.parent.name as ts.Identifier, undefined, []);
    const declared = f.createVariableDeclarationList(
      [f.createVariableDeclaration(made, undefined, undefined, fresh)],
      ts.NodeFlags.Const,
    );
    const body = f.createBlock([
      f.createVariableStatement(undefined, declared),
      f.createExpressionStatement(this.#delegate(init)),
      f.createReturnStatement(made),
    ]);
    return [method([f.createToken(ts.SyntaxKind.StaticKeyword)], '$create', body), method([], '$init', v.body)];
  }

  visit = (node: ts.Node): ts.VisitResult<ts.Node> => {
    const rewriter = this.#rewriter;
    const f = this.#f;
    if (ts.isTypeNode(node) || ts.isParameter(node) || ts.isInterfaceDeclaration(node)) return node;
    if (rewriter.scaled(node) !== undefined) {
      const { name } = node as ts.VariableDeclaration;
      return f.createVariableDeclaration(
        name,
        undefined,
        undefined,
        f.createNumericLiteral(rewriter.scaled(node) ?? 0),
      );
    }
    if (rewriter.isSuspendable(node)) {
      if (ts.isArrowFunction(node)) return this.#arrow(node);
      if (ts.isMethodDeclaration(node)) return this.#method(node);
      if (ts.isFunctionDeclaration(node)) return this.#function(node);
      return this.#creation(node as ts.ConstructorDeclaration);
    }
    if (ts.isFunctionLike(node)) return this.#stepped(false, () => this.#each(node));
    if (ts.isIdentifier(node) && node.text === 'strong' && !ts.isVariableDeclaration(node.parent)) {
      return f.createPropertyAccessExpression(f.createIdentifier(SCHEDULER), 'strong');
    }
    if (!this.#stepping) return this.#each(node);
    if (ts.isBinaryExpression(node) && ts.isElementAccessExpression(node.left)) {
      const { kind } = node.operatorToken;
      const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
      if (assigns && rewriter.isArray(node.left.expression)) return this.#assignment(node, node.left);
    }
    if (ts.isNewExpression(node) && rewriter.constructorWithSteps(node)) return this.#new(node);
    if (ts.isCallExpression(node)) return this.#call(node);
    if (ts.isElementAccessExpression(node) && rewriter.isArray(node.expression)) {
      return this.#access('load', node, [this.#expression(node.expression), this.#expression(node.argumentExpression)]);
    }
    return this.#each(node);
  };

  /** The import by which the file knows the scheduler. */
  header(path: string): ts.Statement {
    const f = this.#f;
    const name = f.createImportSpecifier(false, f.createIdentifier('scheduler'), f.createIdentifier(SCHEDULER));
    const up = '../'.repeat(path.split('/').length - 1);
    const clause = f.createImportClause(undefined, undefined, f.createNamedImports([name]));
    return f.createImportDeclaration(undefined, clause, f.createStringLiteral(`${up}test/sim/scheduler.js`));
  }
}

/** The transformer for `Program.emit`: files of the engine are rewritten, others are left as they are. */
export function rewriting(rewriter: Rewriter): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => {
    if (!rewriter.isEngine(file)) return file;
    const visitor = new FileRewriter(rewriter, context);
    const visited = ts.visitEachChild(file, visitor.visit, context);
    return context.factory.updateSourceFile(visited, [visitor.header(rewriter.pathOf(file)), ...visited.statements]);
  };
}
