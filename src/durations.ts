/** Durations as people give them: milliseconds, or text with a unit. */
import { mistake, show } from './errors.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A hundred years, in milliseconds. */
const LONGEST = 36_500 * 86_400_000;

/** What is allowed, for messages. */
export const DURATIONS =
  "1 ms to '36500d', as milliseconds or as text such as '500ms', '30s', '5m', '2h', '7d', or Infinity";

/** Milliseconds of a duration, `Infinity` for one without end; undefined if it is none, or too short or too long. */
export function parseDuration(value: unknown): number | undefined {
  if (value === Number.POSITIVE_INFINITY) return value;
  let ms = Number.NaN;
  if (typeof value === 'number') ms = value;
  const match = typeof value === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/.exec(value) : null;
  if (match !== null) ms = Number(match[1]) * UNITS[match[2]];
  return ms >= 1 && ms <= LONGEST ? ms : undefined;
}

/** The same. Throws `BAD_OPTION` if it is none. */
export function checkDuration(value: unknown, name: string, op: string, key?: unknown): number {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  throw mistake('BAD_OPTION', `${op}: ${name} is ${show(value)}, allowed is ${DURATIONS}`, { op, key });
}

/** A share from 0 to 1. Throws `BAD_OPTION` if it is none. */
export function checkJitter(value: unknown, op: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw mistake('BAD_OPTION', `${op}: ttlJitter is ${show(value)}, allowed is a number from 0 to 1`, { op });
}
