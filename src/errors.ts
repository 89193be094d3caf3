/**
 * The errors a user can meet. Each carries a stable `code`, the operation and, where there is one, a shortened
 * key. Expected outcomes (a miss, an absent row) are return values, never errors.
 */

/** Codes of operational failures: the call was right, the cache could not do it. */
export type OperationalCode =
  | 'FULL'
  | 'TOO_LARGE'
  | 'STOPPED'
  | 'ALREADY_STARTED'
  | 'NOT_STARTED'
  | 'TOO_MANY_THREADS'
  | 'LAYOUT_MISMATCH'
  | 'SCHEMA_MISMATCH'
  | 'TIMEOUT'
  | 'NOT_FOUND'
  | 'WOULD_DEADLOCK'
  | 'NOT_SUPPORTED'
  | 'CORRUPT'
  | 'OWNER_FAILED';

/** Codes of programmer's mistakes: thrown as `TypeError`. */
export type MistakeCode = 'BAD_KEY' | 'BAD_ROW' | 'BAD_VALUE' | 'BAD_OPTION' | 'NOT_A_NUMBER';

export type ErrorCode = `ERR_SUPERCACHE_${OperationalCode | MistakeCode}`;

export interface ErrorContext {
  /** The public operation that failed, for instance `put`. */
  readonly op?: string;
  /** The key concerned; kept in shortened form. */
  readonly key?: unknown;
  readonly cause?: unknown;
}

/** Longest text of a value shown in a message, in characters. */
const SHOWN_LENGTH = 80;

// Symbol.for, so that instances of the ESM and the CommonJS build recognise each other.
const brand = Symbol.for('supercache.error');

function quote(text: string): string {
  const cut = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return JSON.stringify(cut);
}

/** The outermost level only, read without running getters: elements may be cyclic, shared or huge. */
function showArray(value: readonly unknown[]): string {
  const parts = Array.from({ length: Math.min(4, value.length) }, (_, i) => {
    const element: unknown = Object.getOwnPropertyDescriptor(value, i)?.value;
    return Array.isArray(element) ? '[…]' : show(element);
  });
  if (value.length > 4) parts.push('…');
  return `[${parts.join(', ')}]`;
}

/** A short one-line text of any value, for messages. */
export function show(value: unknown): string {
  let text: string;
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'bigint') text = `${value}n`;
  else if (typeof value === 'function') text = `function ${value.name || '(anonymous)'}`;
  else if (typeof value === 'symbol') text = value.toString();
  else if (Object.is(value, -0)) text = '-0';
  else if (Array.isArray(value)) text = showArray(value);
  else if (ArrayBuffer.isView(value)) text = `${value.constructor.name}(${value.byteLength} bytes)`;
  else if (typeof value === 'object' && value !== null) {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    text = typeof name === 'string' ? `[object ${name}]` : '[object]';
  } else text = String(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

/** An operational failure. `code` is stable; `message` is for people. */
export class CacheError extends Error {
  readonly code: ErrorCode;
  readonly op: string | undefined;
  readonly key: string | undefined;

  constructor(code: OperationalCode, message: string, context: ErrorContext = {}) {
    super(message, 'cause' in context ? { cause: context.cause } : undefined);
    this.name = 'CacheError';
    this.code = `ERR_SUPERCACHE_${code}`;
    this.op = context.op;
    this.key = 'key' in context ? show(context.key) : undefined;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `error` is a CacheError of this or of another build or version of the package. */
  static is(error: unknown): error is CacheError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
  }
}

/** A programmer's mistake: a `TypeError` that carries `code`, `op` and `key`. */
export interface MistakeError extends TypeError {
  readonly code: ErrorCode;
  readonly op: string | undefined;
  readonly key: string | undefined;
}

export function mistake(code: MistakeCode, message: string, context: ErrorContext = {}): MistakeError {
  const error = new TypeError(message, 'cause' in context ? { cause: context.cause } : undefined);
  return Object.assign(error, {
    code: `ERR_SUPERCACHE_${code}` as ErrorCode,
    op: context.op,
    key: 'key' in context ? show(context.key) : undefined,
  });
}
