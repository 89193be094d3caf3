/** From outcomes of the table to errors for people. */
import { MAX_HEADER_LENGTH } from '../../native-layout/entry.js';
import { CacheError, mistake, show } from '../errors.js';
import type { KeyView, ValueView } from '../memory/views.js';
import { Counter } from '../stats/counters.js';
import { Outcome } from '../table/outcome.js';
import type { Table } from '../table/table.js';
import type { Attachment } from '../threads/attachment.js';

/** Throws `ERR_SUPERCACHE_TOO_LARGE` before anything is changed. `key` is the key as given, for the message. */
export function checkSize(
  attachment: Attachment,
  table: Table,
  encoded: KeyView,
  value: ValueView,
  op: string,
  key: unknown,
): void {
  if (encoded.length > table.maxKeyLength) {
    const allowed = `allowed are ${table.maxKeyLength} with this memory and partitions`;
    const message = `the key takes ${encoded.length} bytes, ${allowed}`;
    throw new CacheError('TOO_LARGE', message, { op, key });
  }
  const { maxEntrySize } = attachment.options;
  const length = encoded.length + value.length + MAX_HEADER_LENGTH;
  if (length > maxEntrySize) {
    const message = `the entry takes ${length} bytes, maxEntrySize is ${maxEntrySize}`;
    throw new CacheError('TOO_LARGE', message, { op, key });
  }
}

/** Throws `ERR_SUPERCACHE_FULL` if the write was refused; else tells whether it was stored. */
export function settle(
  attachment: Attachment,
  outcome: Outcome,
  op: string,
  key: unknown,
  consequence = 'Nothing was changed',
): boolean {
  if (outcome === Outcome.full) {
    attachment.counters[Counter.refused] += 1;
    const { memory, eviction } = attachment.options;
    const message =
      `the cache is full: no room in its ${memory} bytes of memory, and eviction is '${eviction}'. ` +
      `${consequence}; delete entries or start the cache with more memory`;
    throw new CacheError('FULL', message, { op, key });
  }
  if (outcome === Outcome.stored) attachment.counters[Counter.put] += 1;
  return outcome === Outcome.stored;
}

/** Refuses what user code did while its key or value was read: it used this cache. */
export function checkTurn(attachment: Attachment, turn: number, op: string, key: unknown): void {
  if (attachment.turn === turn) return;
  const message = 'reading the key or value ran code that used the same cache; such values cannot be stored';
  throw mistake('BAD_VALUE', message, { op, key });
}

/** Options as a record. Throws `BAD_OPTION` if they are no object. */
export function optionsRecord(options: unknown, op: string): object {
  if (options === undefined) return {};
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options;
  throw mistake('BAD_OPTION', `${op}: the options are ${show(options)}, allowed is an object`, { op });
}

/** Options of later versions are refused rather than ignored. */
export function refuseOption(others: object, op: string): void {
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined) continue;
    throw new CacheError('NOT_SUPPORTED', `${op}: the option ${name} does not exist in this version`, { op });
  }
}
