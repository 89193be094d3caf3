/**
 * How to find one's way inside an entry. Pure functions of header words: on live memory without the lock their results
 * are as good as the words were, so callers bound every length before they use it.
 */
import {
  Entry,
  EXPIRY_WORDS,
  Flag,
  IDENTITY_CHUNK,
  IDENTITY_FREE,
  IDENTITY_QUEUE,
  IDENTITY_RETIRED,
  IDENTITY_TAG_SHIFT,
  IDLE_WORDS,
} from '../../native-layout/entry.js';
import type { KeyView } from '../memory/views.js';

/** Flags of the words that may stand between header and key. */
export const ANY_OPTIONAL = Flag.wide | Flag.expires | Flag.idles | Flag.sequenced;

/** Words before the key. */
export function headerWords(shape: number): number {
  if ((shape & ANY_OPTIONAL) === 0) return Entry.sizeWords;
  let words = Entry.sizeWords;
  if ((shape & Flag.wide) !== 0) {
    words += 1;
    if ((shape & Flag.chained) !== 0) words += 1;
    if ((shape & Flag.linked) !== 0) words += 1;
  }
  if ((shape & Flag.expires) !== 0) words += EXPIRY_WORDS;
  if ((shape & Flag.idles) !== 0) words += IDLE_WORDS;
  if ((shape & Flag.sequenced) !== 0) words += 2;
  return words;
}

/** Whether a cell with this identity word holds an entry: it is not free, and nothing else is in it. */
export function isEntry(identity: number): boolean {
  return (
    identity !== IDENTITY_FREE &&
    identity !== IDENTITY_CHUNK &&
    identity !== IDENTITY_RETIRED &&
    identity !== IDENTITY_QUEUE
  );
}

/** Whether the wide form of the shape word, and so the flags of its second byte, are in use. */
export function isChained(shape: number): boolean {
  return (shape & Flag.wide) !== 0 && (shape & Flag.chained) !== 0;
}

export function keyLengthOf(shape: number): number {
  return (shape & Flag.wide) !== 0 ? shape >>> 16 : (shape >>> 8) & 0xff;
}

export function valueLengthOf(words: Int32Array, cell: number, shape: number): number {
  return (shape & Flag.wide) !== 0 ? words[cell + Entry.sizeWords] : shape >>> 16;
}

/** Word index of the chunkHead word of a chained entry. */
export function chunkHeadWord(cell: number): number {
  return cell + Entry.sizeWords + 1;
}

/** Word index of the pendingNext word of a linked entry. */
export function pendingNextWord(cell: number, shape: number): number {
  return cell + Entry.sizeWords + ((shape & Flag.chained) !== 0 ? 2 : 1);
}

/** Whether the entry at word `cell` has this namespace tag and this key. */
export function matches(words: Int32Array, cell: number, tag: number, key: KeyView): boolean {
  if (words[cell + Entry.identity] >>> IDENTITY_TAG_SHIFT !== tag) return false;
  const shape = words[cell + Entry.shape];
  const length = key.length;
  if (keyLengthOf(shape) !== length) return false;
  if (((shape & Flag.keyRaw) !== 0) !== key.raw) return false;
  const at = cell + headerWords(shape);
  const keyWords = key.words;
  const whole = length >> 2;
  for (let i = 0; i < whole; i++) if (words[at + i] !== keyWords[i]) return false;
  const rest = length & 3;
  return rest === 0 || ((words[at + whole] ^ keyWords[whole]) & ((1 << (rest << 3)) - 1)) === 0;
}
