/**
 * The log of one thread of a recorded history, in shared memory: it outlives its thread, wherever that is killed. An
 * operation is in the log before it is called, and has a return time once it is done.
 */

/** Words: 0 the clock of all threads, 1 whether they may begin. */
const CLOCK = 0;
const OPEN = 1;
const LINE = 32;
/** Words of a log: number of operations on a line of its own, then the records. */
const COUNT = 0;
const RECORD = 8;
const [NAME, KEY, ARGUMENT, INVOKED, RETURNED, RESULT] = [0, 1, 2, 3, 4, 5];

/** Names by code. A `clear` of everything is to each key a put of nothing. */
export const NAMES = ['get', 'has', 'put', 'insertNew', 'take', 'delete', 'clear'];

/** Results that are no number of a value. */
export const NOTHING = -1;
export const FALSE = -2;
export const TRUE = -3;
export const FULL = -4;
/** A value that is not what any write stored. */
export const DAMAGED = -5;

export class Clock {
  words;

  constructor(buffer = new SharedArrayBuffer(2 * LINE * 4)) {
    this.words = new Int32Array(buffer);
  }

  /** The next moment. No two are equal. */
  tick() {
    return Atomics.add(this.words, CLOCK * LINE, 1) + 1;
  }

  /** Blocks until the threads may begin. */
  awaitStart() {
    while (Atomics.load(this.words, OPEN * LINE) === 0) Atomics.wait(this.words, OPEN * LINE, 0, 5);
  }

  open() {
    Atomics.store(this.words, OPEN * LINE, 1);
    Atomics.notify(this.words, OPEN * LINE);
  }

  close() {
    Atomics.store(this.words, OPEN * LINE, 0);
  }
}

export class HistoryLog {
  words;

  constructor(buffer) {
    this.words = new Int32Array(buffer);
  }

  static ofLength(capacity) {
    return new HistoryLog(new SharedArrayBuffer((LINE + capacity * RECORD) * 4));
  }

  get count() {
    return Atomics.load(this.words, COUNT);
  }

  /** Whether `count` more operations fit. */
  hasRoomFor(count) {
    return LINE + (this.count + count) * RECORD <= this.words.length;
  }

  /** Writes a call down, with the moment `invoked`. */
  begin(name, key, argument, invoked) {
    const { words, count } = this;
    const at = LINE + count * RECORD;
    words[at + NAME] = NAMES.indexOf(name);
    words[at + KEY] = key;
    words[at + ARGUMENT] = argument;
    words[at + INVOKED] = invoked;
    Atomics.store(words, COUNT, count + 1);
    return at;
  }

  end(at, result, returned) {
    this.words[at + RESULT] = result;
    Atomics.store(this.words, at + RETURNED, returned);
  }

  /** All calls, as `{ name, key, argument, invoked, returned, result }`; returned is 0 where there was no return. */
  *operations() {
    const { words, count } = this;
    for (let at = LINE; at < LINE + count * RECORD; at += RECORD) {
      yield {
        name: NAMES[words[at + NAME]],
        key: words[at + KEY],
        argument: words[at + ARGUMENT],
        invoked: words[at + INVOKED],
        returned: words[at + RETURNED],
        result: words[at + RESULT],
      };
    }
  }
}

/** Long enough to be chained now and then, so that memory runs out and chunks are reused while they are read. */
const LENGTHS = [0, 5, 5, 20, 20, 20, 40, 40, 40, 40, 40, 40, 60, 60, 300, 1000, 4000, 20_000, 60_000];

/** Values below this are short enough for one cell. */
const SMALL = 14;

/** The number of the next value; with `small` of one whose text is short. */
export function valueAfter(value, small) {
  do value++;
  while (small && value % LENGTHS.length >= SMALL);
  return value;
}

/** The text of value number `value`: its length follows from it, and every part says which value it is of. */
export function textOf(value) {
  const mark = `${value}|`;
  const length = LENGTHS[value % LENGTHS.length];
  return mark + mark.repeat(Math.ceil(length / mark.length)).slice(0, length);
}

/** The number of the value whose text this is, or DAMAGED. */
export function valueIn(text) {
  const value = Number.parseInt(text, 10);
  return text === textOf(value) ? value : DAMAGED;
}
