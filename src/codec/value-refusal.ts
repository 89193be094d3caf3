/**
 * Refusals of the value encoder: `ERR_SUPERCACHE_BAD_VALUE` with the path to what cannot be stored.
 *
 * Invariant: the path has bounded length and runs no code of the value.
 */
import { ValueTag } from '../../native-layout/value-tags.js';
import { type MistakeError, mistake, show } from '../errors.js';

/** An object being written, and how far. */
export interface Frame {
  readonly tag: number;
  readonly target: object;
  /** Its property names; empty if `items` counts. */
  readonly keys: readonly string[];
  /** Its elements, or of a Map its keys and values in turn. */
  readonly items: readonly unknown[];
  readonly count: number;
  /** Index of the key or item to write next. */
  next: number;
}

/** Which value is written, for messages. */
export interface Subject {
  /** `value`, or `row[2]`. */
  readonly name: string;
  readonly op: string;
  readonly key: unknown;
}

/** Segments shown at each end of a long path. */
const SHOWN_SEGMENTS = 8;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** `.name`, or `["a name"]` where dots would not do. */
export function propertySegment(key: string): string {
  if (IDENTIFIER.test(key)) return `.${key}`;
  return /^(0|[1-9]\d*)$/.test(key) ? `[${key}]` : `[${show(key)}]`;
}

function mapSegment(frame: Frame, index: number): string {
  if (index % 2 === 0) return `.keys()[${index / 2}]`;
  const key = frame.items[index - 1];
  return typeof key === 'object' || typeof key === 'function' ? `.values()[${(index - 1) / 2}]` : `.get(${show(key)})`;
}

/** The segment of the part of `frame` that was written last. */
function segment(frame: Frame): string {
  const index = frame.next - 1;
  if (frame.tag === ValueTag.MAP) return mapSegment(frame, index);
  if (frame.tag === ValueTag.SET) return `.values()[${index}]`;
  return frame.keys.length > 0 ? propertySegment(frame.keys[index]) : `[${index}]`;
}

/** The path to the value that the innermost frame is at; `null` entries of Map read as such. */
export function pathOf(subject: Subject, frames: readonly Frame[]): string {
  const limit = 2 * SHOWN_SEGMENTS;
  if (frames.length <= limit) return subject.name + frames.map(segment).join('');
  const first = frames.slice(0, SHOWN_SEGMENTS).map(segment).join('');
  const last = frames.slice(-SHOWN_SEGMENTS).map(segment).join('');
  return `${subject.name}${first}…${last}`;
}

/** `problem` reads on from the path: `value.a` + `is a function`. */
export function badValue(subject: Subject, path: string, problem: string): MistakeError {
  return mistake('BAD_VALUE', `${path} ${problem}`, { op: subject.op, key: subject.key });
}

/** Why a function or symbol cannot be stored. */
export function badPrimitive(value: unknown): string {
  const kind = typeof value === 'function' ? 'function' : 'symbol';
  return `is a ${kind} (${show(value)}); ${kind}s cannot be stored`;
}

/** Reading the value ran a getter or proxy that used the same encoder. */
export function usedMeanwhile(op: string, key: unknown): MistakeError {
  return mistake('BAD_VALUE', 'reading the value used the cache itself: give plain data', { op, key });
}
