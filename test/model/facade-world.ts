/** A cache beside Maps of what must be in it, and the comparison of the two, in both directions. */
import type { SuperCache } from 'supercache';
import { expect } from 'vitest';
import type { Positions, Row } from '../conformance/subjects.js';
import { lawsOf } from '../support/worker-verify.mjs';

/** Names of the key-values. */
export const NAMESPACES = ['model', 'another', 'näme'];

/** A row and the partition it stands in: its own, or the one a handle put it to. */
interface Placed {
  readonly index: number;
  readonly row: Row;
}

/** Equal for equal keys only. */
export function identityOf(key: unknown): string {
  if (typeof key === 'bigint') return `${key}n`;
  if (typeof key === 'string') return JSON.stringify(key);
  if (key instanceof Uint8Array) return `bytes ${Buffer.from(key).toString('hex')}`;
  if (Array.isArray(key)) return `[${key.map(identityOf).join()}]`;
  return Object.is(key, -0) ? '0' : String(key);
}

/** Content of rows as text, without regard to their order. */
export function sorted(rows: readonly unknown[]): string[] {
  return rows
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'object' ? value : identityOf(value))))
    .sort();
}

export class FacadeWorld {
  readonly cache: SuperCache<Row>;
  readonly place: Positions;
  /** Rows by partition and key. */
  readonly rows = new Map<string, Placed>();
  /** Values by namespace, and key. */
  readonly pairs = new Map(NAMESPACES.map((name) => [name, new Map<string, [key: unknown, value: unknown]>()]));
  readonly #laws: () => string[];

  /** `laws` are those of the cache: they are the same for all worlds on it. */
  constructor(cache: SuperCache<Row>, place: Positions, laws: () => string[]) {
    this.cache = cache;
    this.place = place;
    this.#laws = laws;
  }

  static lawsOf(cache: SuperCache<Row>): () => string[] {
    return lawsOf(cache as never);
  }

  nameOf(index: number, key: unknown): string {
    return `${index}|${identityOf(key)}`;
  }

  keyOf(row: Row): unknown {
    return row[this.place.keyPos];
  }

  placeOf(row: Row): unknown {
    return row[this.place.partitionPos];
  }

  /** The partition that the row itself names. */
  indexOf(row: Row): number {
    return this.cache.partitionOf(this.placeOf(row));
  }

  store(row: Row, index = this.indexOf(row)): void {
    this.rows.set(this.nameOf(index, this.keyOf(row)), { index, row });
  }

  at(index: number, key: unknown): Row[] {
    const found = this.rows.get(this.nameOf(index, key));
    return found === undefined ? [] : [found.row];
  }

  remove(index: number, key: unknown): Row[] {
    const found = this.at(index, key);
    this.rows.delete(this.nameOf(index, key));
    return found;
  }

  /** Where a key without a partition value is looked for. */
  candidates(key: unknown): number[] {
    if (this.place.keyPos === this.place.partitionPos) return [this.cache.partitionOf(key)];
    return [...this.cache.partitions.keys()];
  }

  clear(): void {
    this.rows.clear();
    for (const pairs of this.pairs.values()) pairs.clear();
  }

  #rowsIn(index: number): Row[] {
    return [...this.rows.values()].filter((placed) => placed.index === index).map(({ row }) => row);
  }

  /** Everything the model has is there, and nothing else. */
  compare(): void {
    const { cache } = this;
    let entries = this.rows.size;
    for (const [index, handle] of cache.partitions.entries()) {
      const expected = sorted(this.#rowsIn(index));
      expect(sorted(handle.scan((row, rows: unknown[]) => [...rows, row], []))).toEqual(expected);
      expect(handle.size).toBe(expected.length);
    }
    for (const { index, row } of this.rows.values()) {
      expect(sorted(cache.partitions[index].get(this.keyOf(row)))).toEqual(sorted([row]));
    }
    for (const [name, pairs] of this.pairs) {
      const map = cache.keyValue<unknown, unknown>(name);
      for (const [key, value] of pairs.values()) expect(map.get(key)).toEqual(value);
      expect(map.size).toBe(pairs.size);
      entries += pairs.size;
    }
    expect(cache.stats().entries).toBe(entries);
    expect(this.#laws()).toEqual([]);
  }
}
