import { seededRandom } from './random.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The key of an entry; the measured loops build the same text in place, so that each call has a fresh string. */
export const keyOf = (entry: number): string => `user:${entry}:profile`;

/** A key of the same length that is never stored. */
export const absentKeyOf = (entry: number): string => `user:${entry}:missing`;

/** A key of 16 bytes. */
export const key16Of = (entry: number): string => `k${String(entry).padStart(15, '0')}`;

/** A key of 8 bytes, for fewer than 90 million entries. */
export const key8Of = (entry: number): string => `${10_000_000 + entry}`;

/** A value of 8 to 16 bytes that starts with a mark of its key, by which a mixed-up or torn value shows. */
export const smallValueOf = (entry: number, version: number): string =>
  markOf(entry) + 'abcdefghi'.slice(0, version % 9);

export const markOf = (entry: number): string => `${entry.toString(36).padStart(7, '0')}.`;

/**
 * Makes distinct values of one length: the number in front, then a window of fixed noise. Each is a flat one-byte
 * string of its own, never a slice or a rope, so that all subjects get the same kind of string.
 */
export function valueMaker(length: number): (seed: number) => string {
  const random = seededRandom(length);
  const noise = Buffer.alloc(length + 64);
  for (let i = 0; i < noise.length; i++) noise[i] = ALPHABET.charCodeAt(Math.floor(random() * 64));
  const value = Buffer.alloc(length);
  return (seed) => {
    noise.copy(value, 0, seed & 63);
    value.write(`${seed}.`, 0, 'latin1');
    return value.toString('latin1');
  };
}
