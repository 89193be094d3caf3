/**
 * Rows that prove themselves: one that is cut, mixed with another or stale in part is recognised by its own content.
 */

/** The generator "mulberry32" by Tommy Ettinger: the same seed gives the same run. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed | 0;
  }

  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit) {
    return Math.floor(this.next() * limit);
  }
}

/** Mostly small, now and then so long that the value is chained: 20 KB to 1 MB. */
export function lengthFor(random, largest) {
  const roll = random.below(100);
  if (roll < 55) return 10 + random.below(500);
  if (roll < 82) return 500 + random.below(8000);
  if (roll < 97) return Math.min(largest, 20_000 + random.below(130_000));
  return Math.min(largest, 2 ** 20);
}

function textOf(key, sequence, length) {
  const mark = `${key}/${sequence}/${length}|`;
  return mark.repeat(Math.ceil(length / mark.length)).slice(0, length);
}

/** The row that write number `sequence` to a key stores: by turns plain text, fields, two-byte text and bytes. */
export function rowOf(key, sequence, length) {
  const text = textOf(key, sequence, length);
  if (sequence % 4 === 0) return [key, `${sequence}/${length}|${text}`];
  if (sequence % 4 === 1) return [key, sequence, length, text];
  if (sequence % 4 === 2) return [key, sequence, length, `${text}\u0436`];
  return [key, sequence, length, new Uint8Array(Buffer.from(text, 'latin1'))];
}

/** The number of the write that stored the row. */
export function sequenceOf(row) {
  return row.length === 2 ? Number.parseInt(row[1], 10) : row[1];
}

function lengthOf(row) {
  return row.length === 2 ? Number.parseInt(row[1].slice(row[1].indexOf('/') + 1), 10) : row[2];
}

/** What is wrong with a row that was read under a key, or undefined. */
export function faultOf(key, row) {
  const shown = () => JSON.stringify(row).slice(0, 120);
  if (row[0] !== key) return `key ${key}: the row is that of ${shown()}`;
  const expected = rowOf(key, sequenceOf(row), lengthOf(row));
  const last = row.length - 1;
  if (row.length !== expected.length) return `key ${key}: ${row.length} positions: ${shown()}`;
  const same =
    typeof expected[last] === 'string'
      ? row[last] === expected[last]
      : Buffer.compare(Buffer.from(row[last]), Buffer.from(expected[last])) === 0;
  return same ? undefined : `key ${key}: the content of write ${sequenceOf(row)} is damaged: ${shown()}`;
}

/** Throws if the row is damaged. Returns its sequence, or 0 if there is no row. */
export function checkedSequence(key, rows) {
  if (rows.length === 0) return 0;
  const fault = faultOf(key, rows[0]);
  if (fault !== undefined) throw new Error(fault);
  return sequenceOf(rows[0]);
}

/** Whether write number `sequence` to a key is a delete. */
export function isDelete(sequence) {
  return sequence % 5 === 4;
}

/** What a read of the key gives after write number `sequence`, as `checkedSequence` puts it. */
export function stateAfter(sequence) {
  return sequence === 0 || isDelete(sequence) ? 0 : sequence;
}
