/**
 * Goal: `LAYOUT.md` is what the declarations say, and what they say is sound: for every cache that can be started,
 * regions do not overlap, pages stay clear of the control region, addresses fit their words, and all fits in `memory`.
 * Oracle: the printed text; for geometry, intervals computed here from the word indices.
 * Replay: `npx vitest run test/layout`; a failing property prints its seed, see test/support/property-runs.ts. If only
 * the text differs, look at the change and run `npm run layout`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Geometry, geometry, slabLengthsFor } from '../../native-layout/geometry.js';
import { Namespace } from '../../native-layout/namespace.js';
import { MAX_PAGE_SHIFT, MIN_PAGE_SHIFT, Page } from '../../native-layout/page.js';
import { NamespaceCount, Partition } from '../../native-layout/partition.js';
import { renderLayout } from '../../native-layout/print.js';
import { Registry } from '../../native-layout/registry.js';
import { classLength, classOf, classTable } from '../../native-layout/size-class.js';
import { packedWords, structs } from '../../native-layout/struct.js';
import { Superblock } from '../../native-layout/superblock.js';
import {
  HOT_LINE_WORDS,
  MAX_MEMORY,
  MAX_SLAB_LENGTH,
  MAX_SLABS,
  SLAB_UNIT_MASK,
  UNIT_LENGTH,
  WORD_LENGTH,
} from '../../native-layout/units.js';
import { resolveOptions } from '../../src/options.js';
import { runs } from '../support/property-runs.js';

const GIBIBYTE = 2 ** 30;

interface Started {
  readonly memory: number;
  readonly geometry: Geometry;
}

/** Options that `start` accepts, small and large. */
const started: fc.Arbitrary<Started> = fc
  .record({
    memory: fc.oneof(
      fc.integer({ min: 2 ** 18, max: 2 ** 24 }),
      fc.integer({ min: 2 ** 24, max: 2 ** 31 }),
      fc.integer({ min: 2 ** 31, max: 60 * GIBIBYTE }),
    ),
    owners: fc.integer({ min: 0, max: 16 }),
    partitions: fc.option(fc.integer({ min: 1, max: 4096 }), { nil: undefined }),
    maxThreads: fc.integer({ min: 17, max: 4094 }),
  })
  .map((options) => {
    try {
      return { memory: options.memory, geometry: geometry(resolveOptions(options).shape) };
    } catch {
      return undefined;
    }
  })
  .filter((made) => made !== undefined);

/** Name, first word and end of each region of the control region, in order. */
function controlRegions(g: Geometry): [name: string, start: number, end: number][] {
  const { threadSlots, namespaceSlots, partitionCount, pageCount } = g;
  return [
    ['superblock', 0, Superblock.sizeWords],
    ['registry', g.registryWord, g.registryWord + threadSlots * Registry.sizeWords],
    ['namespaces', g.namespaceWord, g.namespaceWord + namespaceSlots * Namespace.sizeWords],
    ['partitions', g.partitionWord, g.partitionWord + partitionCount * g.partitionStride],
    ['owner table', g.ownerTableWord, g.ownerTableWord + pageCount],
    ['page records', g.pageTableWord, g.pageTableWord + pageCount * Page.sizeWords],
  ];
}

test('LAYOUT.md is what the declarations print', () => {
  const path = join(import.meta.dirname, '..', '..', 'native-layout', 'LAYOUT.md');
  expect(readFileSync(path, 'utf8'), 'Run `npm run layout` and look at the difference').toBe(renderLayout());
});

test('every structure and every packed word is printed once', () => {
  const headings = renderLayout().match(/^### .*$/gm) ?? [];
  expect(headings.sort()).toEqual([...structs, ...packedWords].map(({ name }) => `### ${name}`).sort());
});

test('fields follow each other and end inside their structure', () => {
  for (const { name, fields, sizeWords } of structs) {
    let end = 0;
    for (const field of fields) {
      expect(field.offsetWord, `${name}.${field.name}`).toBe(end);
      end += field.words;
    }
    expect(end, name).toBeLessThanOrEqual(sizeWords);
    expect(new Set(fields.map((field) => field.name)).size, name).toBe(fields.length);
  }
});

test('regions follow each other on hot lines, and a stride holds a header with its counts', () => {
  const property = fc.property(started, ({ geometry: g }) => {
    let last = 0;
    for (const [name, start, end] of controlRegions(g)) {
      expect(start % HOT_LINE_WORDS, `${name} begins at word ${start}`).toBe(0);
      expect(start, name).toBeGreaterThanOrEqual(last);
      last = end;
    }
    expect(last).toBeLessThanOrEqual(g.controlWords);
    const needed = Partition.sizeWords + g.namespaceSlots * NamespaceCount.sizeWords;
    expect(g.partitionStride).toBeGreaterThanOrEqual(needed);
    expect(g.partitionStride % HOT_LINE_WORDS).toBe(0);
  });
  fc.assert(property, runs(500));
});

test('pages lie behind the control region, inside their slabs, and all slabs inside memory', () => {
  const property = fc.property(started, ({ memory, geometry: g }) => {
    const pageLength = 2 ** g.pageShift;
    expect(g.slabLengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(memory);
    expect(g.firstPageAddress[0]).toBeGreaterThanOrEqual(g.controlWords * WORD_LENGTH);
    expect(g.firstPage[0]).toBe(0);
    g.slabLengths.forEach((length, slab) => {
      const inSlab = g.firstPage[slab + 1] - g.firstPage[slab];
      expect(inSlab).toBeGreaterThanOrEqual(0);
      expect(g.firstPageAddress[slab] % pageLength).toBe(0);
      if (inSlab > 0) expect(g.firstPageAddress[slab] + inSlab * pageLength).toBeLessThanOrEqual(length);
    });
    expect(g.firstPage[g.slabLengths.length]).toBe(g.pageCount);
  });
  fc.assert(property, runs(500));
});

test('every byte address is an int32, every unit fits its bits, every word index fits a view', () => {
  const property = fc.property(started, ({ geometry: g }) => {
    expect(g.slabLengths.length).toBeLessThanOrEqual(MAX_SLABS);
    for (const length of g.slabLengths) {
      expect(length).toBeLessThanOrEqual(MAX_SLAB_LENGTH);
      expect(length % WORD_LENGTH).toBe(0);
      expect(Math.ceil(length / UNIT_LENGTH) - 1).toBeLessThanOrEqual(SLAB_UNIT_MASK);
    }
    expect(g.controlWords * WORD_LENGTH).toBeLessThanOrEqual(g.slabLengths[0]);
  });
  fc.assert(property, runs(500));
});

test('no memory and number of owners needs more slabs than addresses can name', () => {
  for (let owners = 0; owners <= 64; owners++) {
    for (let memory = GIBIBYTE; memory <= MAX_MEMORY; memory += GIBIBYTE) {
      const slabs = slabLengthsFor(memory, owners);
      const what = `${memory / GIBIBYTE} GiB, ${owners} owners`;
      expect(slabs.length, what).toBeLessThanOrEqual(MAX_SLABS);
      expect(Math.max(...slabs), what).toBeLessThanOrEqual(MAX_SLAB_LENGTH);
    }
  }
});

test('a cell is the smallest that holds its content, at most 12.5 % larger, and wastes no page', () => {
  for (let shift = MIN_PAGE_SHIFT; shift <= MAX_PAGE_SHIFT; shift++) {
    const { cellUnits, cellCounts, cellClassCount, classCount, maxCellLength } = classTable(shift);
    for (let length = 1; length <= maxCellLength; length++) {
      const id = classOf(length);
      const cell = cellUnits[id] * UNIT_LENGTH;
      expect(id).toBeLessThanOrEqual(cellClassCount);
      if (cell < length || (id > 1 && classLength(id - 1) >= length)) expect.fail(`class ${id} for ${length} bytes`);
      if (length > 128 && cell > length * 1.125) expect.fail(`${cell} bytes for ${length}`);
    }
    for (let id = 1; id <= classCount; id++) {
      const rest = 2 ** shift - cellCounts[id] * cellUnits[id] * UNIT_LENGTH;
      expect(rest).toBeGreaterThanOrEqual(0);
      expect(rest).toBeLessThan(cellUnits[id] * UNIT_LENGTH);
    }
  }
});
