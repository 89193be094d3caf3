/**
 * Build step: writes numbers where the compiled library names constants. V8 does not fold a property of a frozen
 * object or a constant of another module into optimised code, and the hot paths are made of such names: folding them
 * takes a fifth off reads and writes (bench/README.md). Sources keep the names, which are declared once.
 *
 * What is folded: exported constants of `native-layout` and of the library whose value is a number, members of exported
 * objects whose value is a number (all are `as const` or frozen), and constants at the top of a file that are computed
 * from those. Calls of the two functions of `src/memory/address.ts` are written out: they stand in every hot function, and
 * V8 inlines only so much into one.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

/** Files whose exports are looked at; importing them has no effect. */
const CONSTANT_FOLDERS = ['native-layout'];
const CONSTANT_FILES = [
  'src/stats/counters.js',
  'src/table/walk.js',
  'src/table/outcome.js',
  'src/table/list-insert.js',
];

function filesUnder(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return filesUnder(path);
    return name.endsWith('.js') ? [path] : [];
  });
}

/** Numbers by dotted name, from the exports of a module: `Partition.lock`, `SLAB_UNIT_MASK`. */
function numbersOf(exports) {
  const numbers = new Map();
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === 'number') numbers.set(name, value);
    else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
      for (const [member, number] of Object.entries(value)) {
        if (typeof number === 'number') numbers.set(`${name}.${member}`, number);
      }
    }
  }
  return numbers;
}

/** The number that an expression of known names and literals has, or undefined. */
function evaluate(node, lookUp) {
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isParenthesizedExpression(node)) return evaluate(node.expression, lookUp);
  if (ts.isPrefixUnaryExpression(node)) {
    const operand = evaluate(node.operand, lookUp);
    if (operand === undefined) return undefined;
    if (node.operator === ts.SyntaxKind.MinusToken) return -operand;
    return node.operator === ts.SyntaxKind.TildeToken ? ~operand : undefined;
  }
  if (!ts.isBinaryExpression(node)) return lookUp(node);
  const left = evaluate(node.left, lookUp);
  const right = evaluate(node.right, lookUp);
  if (left === undefined || right === undefined) return undefined;
  const compute = OPERATORS[node.operatorToken.getText()];
  return compute?.(left, right);
}

/** Filled in when the constants are known. */
const ADDRESS_FORMS = {};

const OPERATORS = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '**': (a, b) => a ** b,
  '|': (a, b) => a | b,
  '&': (a, b) => a & b,
  '<<': (a, b) => a << b,
  '>>>': (a, b) => a >>> b,
};

/** `a.b.c` as a list of names, or undefined. */
function dotted(node) {
  if (ts.isIdentifier(node)) return [node.text];
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const left = dotted(node.expression);
  return left && [...left, node.name.text];
}

function foldFile(path, numbersByFile) {
  const text = readFileSync(path, 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  /** Numbers by the name they have in this file. */
  const known = new Map();
  const resolve = (specifier) => numbersByFile.get(join(path, '..', specifier));
  const learn = (prefix, numbers) => {
    for (const [name, number] of numbers ?? []) known.set(prefix + name, number);
  };
  for (const statement of source.statements) learnFrom(statement, resolve, learn, known);
  const edits = [];
  const writesOutAddresses = text.includes("/address.js'") || text.includes('/address.js"');
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    const form = writesOutAddresses && ts.isCallExpression(node) ? addressForm(node) : undefined;
    if (form !== undefined) {
      const [argument] = node.arguments;
      edits.push([node.getStart(source), argument.getStart(source), '(((']);
      visit(argument);
      edits.push([argument.getEnd(), node.getEnd(), `)${form})`]);
      return;
    }
    const isName = ts.isPropertyAccessExpression(node) || ts.isIdentifier(node);
    const number = isName && isUse(node) ? known.get(dotted(node)?.join('.')) : undefined;
    if (ts.isIdentifier(node) && known.has(node.text) && isInnerDeclaration(node, source)) {
      throw new Error(`${path}: ${node.text} hides a constant of the same name; rename it`);
    }
    if (number !== undefined)
      edits.push([node.getStart(source), node.getEnd(), number < 0 ? `(${number})` : `${number}`]);
    else ts.forEachChild(node, visit);
  };
  visit(source);
  let folded = text;
  for (const [start, end, literal] of edits.reverse()) folded = folded.slice(0, start) + literal + folded.slice(end);
  if (edits.length > 0) writeFileSync(path, folded);
  return edits.length;
}

/** What stands behind the argument of a call of `src/memory/address.ts` when it is written out, or undefined. */
function addressForm(call) {
  const name = /^(?:\(0, \w+\.)?(slabOf|cellOf)\)?$/.exec(call.expression.getText())?.[1];
  return name === undefined ? undefined : ADDRESS_FORMS[name];
}

/** Whether a name is declared here, elsewhere than at the top of the file. */
function isInnerDeclaration(node, source) {
  const { parent } = node;
  if (parent.name !== node || ts.isMethodDeclaration(parent) || ts.isAccessor(parent)) return false;
  const isTop = ts.isVariableDeclaration(parent) && parent.parent.parent.parent === source;
  if (isTop && ts.isVariableStatement(parent.parent.parent)) return false;
  const declares = ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent);
  return declares || ts.isFunctionLike(parent) || ts.isClassLike(parent);
}

/** Whether a name is read here: not declared, assigned, or the name of a member. */
function isUse(node) {
  const { parent } = node;
  if (ts.isIdentifier(node)) {
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
    if (ts.isBindingElement(parent) || ts.isShorthandPropertyAssignment(parent)) return false;
    const names =
      ts.isVariableDeclaration(parent) ||
      ts.isParameter(parent) ||
      ts.isPropertyAssignment(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isFunctionLike(parent) ||
      ts.isClassLike(parent);
    if (names && parent.name === node) return false;
  }
  const assigns = ts.isBinaryExpression(parent) && parent.left === node;
  return !(assigns && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken);
}

/** Imports of a file and its own constants. */
function learnFrom(statement, resolve, learn, known) {
  if (ts.isImportDeclaration(statement)) {
    const numbers = resolve(statement.moduleSpecifier.text);
    const bindings = statement.importClause?.namedBindings;
    if (numbers === undefined || bindings === undefined || !ts.isNamedImports(bindings)) return;
    for (const { name, propertyName } of bindings.elements) {
      const original = (propertyName ?? name).text;
      for (const [dottedName, number] of numbers) {
        if (dottedName === original) known.set(name.text, number);
        if (dottedName.startsWith(`${original}.`)) known.set(name.text + dottedName.slice(original.length), number);
      }
    }
    return;
  }
  if (!ts.isVariableStatement(statement)) return;
  const isConstant = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
  for (const { name, initializer } of statement.declarationList.declarations) {
    if (!isConstant || initializer === undefined || !ts.isIdentifier(name)) continue;
    const call = ts.isCallExpression(initializer) && initializer.expression.getText() === 'require';
    if (call) learn(`${name.text}.`, resolve(initializer.arguments[0].text));
    const lookUp = (node) => known.get(dotted(node)?.join('.'));
    const number = evaluate(initializer, lookUp);
    if (number !== undefined) known.set(name.text, number);
  }
}

/** Folds the constants of a compiled library, ES modules or CommonJS. Returns how many uses were replaced. */
export async function foldConstants(root) {
  const constantFiles = [
    ...CONSTANT_FOLDERS.flatMap((folder) => filesUnder(join(root, folder))),
    ...CONSTANT_FILES.map((file) => join(root, file)),
  ].filter((path) => !path.endsWith('print.js'));
  const numbersByFile = new Map();
  for (const path of constantFiles) {
    const { default: commonJs, ...named } = await import(pathToFileURL(path).href);
    numbersByFile.set(path, numbersOf(commonJs ?? named));
  }
  const units = numbersByFile.get(join(root, 'native-layout', 'units.js'));
  ADDRESS_FORMS.slabOf = ` >>> ${units.get('SLAB_UNIT_SHIFT')})`;
  ADDRESS_FORMS.cellOf = ` & ${units.get('SLAB_UNIT_MASK')}) << ${units.get('UNIT_WORD_SHIFT')}`;
  let count = 0;
  for (const folder of ['src', 'workers']) {
    for (const path of filesUnder(join(root, folder))) count += foldFile(path, numbersByFile);
  }
  return count;
}
