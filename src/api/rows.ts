/** Rows in and out of one partition: encoding, decoding, and scanning. */

import { TUPLE_NAMESPACE } from '../../native-layout/namespace.js';
import type { TextBuffer } from '../codec/buffer-text.js';
import { decodeKey } from '../codec/key-decoder.js';
import { decodeRow, rowOfText, type ValueMode } from '../codec/value-decoder.js';
import type { Scan, ScanRow } from '../table/scan.js';
import type { Table } from '../table/table.js';
import { END_POSITION } from '../table/walk.js';
import type { Attachment } from '../threads/attachment.js';

/** The key as it comes back in rows: what its encoding says, so that `-0` is `0` and nobody's array is shared. */
function storedKey(attachment: Attachment, key: unknown): unknown {
  if (typeof key === 'string' || typeof key === 'boolean' || key === null) return key;
  const { words, length, raw } = attachment.keys;
  return decodeKey(Buffer.from(words.buffer, words.byteOffset, length), 0, length, raw);
}

export class Rows {
  readonly #attachment: Attachment;
  readonly #keyPos: number;
  readonly #mode: ValueMode;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
    this.#keyPos = attachment.options.keyPos;
    this.#mode = attachment.options.values;
  }

  /** Reads the row of the key that was encoded last, from one partition. */
  read(table: Table, partitionIndex: number, key: unknown): unknown[] | undefined {
    const found = table.read(partitionIndex, TUPLE_NAMESPACE, this.#attachment.keys);
    return found ? this.#decodeCopy(table, key) : undefined;
  }

  /** Removes and returns the row of the key that was encoded last. */
  take(table: Table, partitionIndex: number, key: unknown): unknown[] | undefined {
    const found = table.take(partitionIndex, TUPLE_NAMESPACE, this.#attachment.keys);
    return found ? this.#decodeCopy(table, key) : undefined;
  }

  #decodeCopy(table: Table, key: unknown): unknown[] {
    const { copy } = table;
    const stored = storedKey(this.#attachment, key);
    if (copy.text !== null) return rowOfText(copy.text, stored, this.#keyPos, this.#mode);
    const row = decodeRow(copy.bytes, copy.start, copy.end, stored, this.#keyPos, this.#mode);
    copy.shrink();
    return row;
  }

  /** Visits the rows of one partition. `visit` may use the cache, also change it. */
  scan(partitionIndex: number, op: string, visit: (row: unknown[]) => void): void {
    const attachment = this.#attachment;
    const scan = attachment.open(op).newScan();
    for (let position = 0; position < END_POSITION; ) {
      const table = attachment.open(op);
      position = scan.copySegment(partitionIndex, table.namespaces.tagOf(TUPLE_NAMESPACE), position);
      for (const row of this.#decodeAll(scan, table, partitionIndex, op)) visit(row);
    }
  }

  /** Decodes all rows of a copied segment first: `visit` may start a scan of its own. */
  #decodeAll(scan: Scan, table: Table, partitionIndex: number, op: string): unknown[][] {
    const decoded: unknown[][] = [];
    for (const copied of scan.rows) {
      const row = this.#decodeScanned(scan, copied, table, partitionIndex, op);
      if (row !== undefined) decoded.push(row);
    }
    return decoded;
  }

  #decodeScanned(
    scan: Scan,
    { keyStart, keyEnd, keyRaw, valueEnd, valueRaw, chained }: ScanRow,
    table: Table,
    partitionIndex: number,
    op: string,
  ): unknown[] | undefined {
    const { bytes } = scan;
    const key = decodeKey(bytes, keyStart, keyEnd, keyRaw);
    if (chained) {
      this.#attachment.keys.encode(key, op);
      return this.read(table, partitionIndex, key);
    }
    if (valueRaw) {
      const text = (bytes as TextBuffer).latin1Slice(keyEnd, valueEnd);
      return rowOfText(text, key, this.#keyPos, this.#mode);
    }
    return decodeRow(bytes, keyEnd, valueEnd, key, this.#keyPos, this.#mode);
  }
}
