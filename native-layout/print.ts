/**
 * Prints the binary format from its declarations: the text of `LAYOUT.md`. `npm run layout` writes the file, and
 * `test/layout` compares it. As a program: `node dist/esm/native-layout/print.js [file]`, standard output without one.
 */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { BUCKET_SLOTS, MAX_DEPTH, ROOT_CHUNKS } from './bucket.js';
import * as entry from './entry.js';
import { geometry, namespaceSlotsFor, pageShiftFor, ringColumns, slabLengthsFor } from './geometry.js';
import * as keyTags from './key-tags.js';
import { MAX_NAMESPACE_NAME_LENGTH, MAX_NAMESPACE_SLOTS, Namespace, NamespaceKind } from './namespace.js';
import { MAX_PAGE_SHIFT, MIN_PAGE_SHIFT, Page } from './page.js';
import { LOG_STEPS, LogAction, LogState, NamespaceCount, Partition, SEQUENCE_STEP } from './partition.js';
import { type Cell, count, hex, table } from './print-text.js';
import { ClaimState, Registry } from './registry.js';
import * as ring from './ring.js';
import { classTable } from './size-class.js';
import { type PlacedField, packedWords, type StructInfo, structs, type WordInfo } from './struct.js';
import { CacheState, MAX_THREADS, Superblock } from './superblock.js';
import * as units from './units.js';
import { ERROR_NAMES, MAX_VALUE_LENGTH, ValueTag } from './value-tags.js';

/** From the first byte of slab 0 inwards; what is not named here comes last, by name. */
const ORDER = ['superblock', 'registry slot', 'namespace slot', 'partition header', 'namespace count', 'page record'];

/** Columns of a word diagram: one unit of address to a line. A longer field has a line of its own. */
const COLUMNS = units.UNIT_WORDS;
const CELL_WIDTH = 21;

/** The example: what a machine with two cores gets by default. */
const EXAMPLE = { memory: 256 * 2 ** 20, ownerCount: 2, partitionCount: 16, threadSlots: 128 };

function isPadding({ name }: PlacedField): boolean {
  return /^(padding\d*|reserved)$/.test(name);
}

function rangeOf(offset: number, words: number): string {
  return words === 1 ? `${offset}` : `${offset} – ${offset + words - 1}`;
}

/** A line of a diagram; `wide`: its one cell spans it. */
interface Line {
  readonly word: number;
  readonly cells: string[];
  readonly wide: boolean;
}

function diagramLines({ fields, sizeWords }: StructInfo): Line[] {
  const lines: Line[] = [];
  const used = fields.reduce((end, { words }) => end + words, 0);
  const tail = { name: 'padding', words: sizeWords - used, offsetWord: used };
  for (const { name, words, offsetWord } of tail.words > 0 ? [...fields, tail] : fields) {
    if (words > COLUMNS || offsetWord === used) {
      lines.push({ word: offsetWord, cells: [`${name}: words ${rangeOf(offsetWord, words)}`], wide: true });
      continue;
    }
    for (let i = 0; i < words; i++) {
      const last = lines.at(-1);
      const cell = words === 1 ? name : `${name} ${i}`;
      if (last !== undefined && !last.wide && last.cells.length < COLUMNS) last.cells.push(cell);
      else lines.push({ word: offsetWord + i, cells: [cell], wide: false });
    }
  }
  return lines;
}

function diagram(info: StructInfo): string {
  const bar = `       +${`${'-'.repeat(CELL_WIDTH + 1)}+`.repeat(COLUMNS)}`;
  const whole = (CELL_WIDTH + 2) * COLUMNS - 2;
  const drawn = diagramLines(info).map(({ word, cells, wide }) => {
    const parts = wide ? [cells[0].padEnd(whole)] : cells.map((cell) => cell.padEnd(CELL_WIDTH));
    return `${String(word).padStart(6)} | ${parts.join('| ')}|`;
  });
  return ['```', bar, ...drawn.flatMap((line) => [line, bar]), '```'].join('\n');
}

function renderStruct(info: StructInfo): string {
  const rows = info.fields.map((field) => {
    const { name, words, meaning, writers, readers, mode, guard, offsetWord } = field;
    const who = isPadding(field) ? ['', '', ''] : [writers, readers, mode];
    return [rangeOf(offsetWord, words), `\`${name}\``, words, meaning, ...who, guard];
  });
  const size = `${count(info.sizeWords)} words, ${count(info.sizeWords * units.WORD_LENGTH)} bytes.`;
  const head = ['word', 'field', 'words', 'meaning', 'writers', 'readers', 'access', 'guard'];
  return `### ${info.name}\n\n${info.meaning}. ${size}\n\n${diagram(info)}\n\n${table(head, rows)}`;
}

function renderWord({ name, meaning, fields }: WordInfo): string {
  const rows = fields.map((field) => {
    const bits = rangeOf(field.shift, field.bits);
    return [bits, `\`${field.name}\``, field.bits, hex((2 ** field.bits - 1) * 2 ** field.shift, 8), field.meaning];
  });
  return `### ${name}\n\n${meaning}.\n\n${table(['bits', 'field', 'width', 'mask', 'meaning'], rows)}`;
}

/** In an order of their own: that of declaration depends on which file was imported first. */
function inOrder<Info extends { readonly name: string }>(infos: readonly Info[]): Info[] {
  const rank = ({ name }: Info): string => `${(ORDER.indexOf(name) + 100) % 100}`.padStart(2, '0') + name;
  return [...infos].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function renderUnits(): string {
  const rows: Cell[][] = [
    ['word', units.WORD_LENGTH, 'an element of the `Int32Array` over a slab; little-endian'],
    ['unit', units.UNIT_LENGTH, 'what addresses count'],
    ['hot line', units.HOT_LINE_WORDS * units.WORD_LENGTH, 'words of different threads are kept this far apart'],
    ['page', `${count(2 ** MIN_PAGE_SHIFT)} to ${count(2 ** MAX_PAGE_SHIFT)}`, 'one length per cache, a power of two'],
    ['slab', `at most ${count(units.MAX_SLAB_LENGTH)}`, 'one SharedArrayBuffer'],
  ];
  return `${table(['unit', 'bytes', 'is'], rows)}\n\nAn **address** is one word: the low bits count units in a slab, \
bits ${units.SLAB_UNIT_SHIFT} to 31 name the slab. Address 0 is the superblock, so 0 also says "none".`;
}

function renderMap(): string {
  const { memory, ...rest } = EXAMPLE;
  const pageShift = pageShiftFor(memory, rest.partitionCount);
  const namespaceSlots = namespaceSlotsFor(memory);
  const g = geometry({ ...rest, slabLengths: slabLengthsFor(memory, rest.ownerCount), pageShift, namespaceSlots });
  const pageLength = 2 ** pageShift;
  const mostPages = g.slabLengths.reduce((sum, length) => sum + Math.floor(length / pageLength), 0);
  const region = (name: string, word: number, items: number, words: number): Cell[] => {
    const length = items * words * units.WORD_LENGTH;
    return [name, word, word * units.WORD_LENGTH, items, words, length];
  };
  const pageWords = pageLength / units.WORD_LENGTH;
  const pages = g.slabLengths.map((_, slab) => {
    const inSlab = g.firstPage[slab + 1] - g.firstPage[slab];
    return region(`pages of slab ${slab}`, g.firstPageAddress[slab] / units.WORD_LENGTH, inSlab, pageWords);
  });
  const rows = [
    region('superblock', 0, 1, Superblock.sizeWords),
    region('registry: a slot per thread', g.registryWord, g.threadSlots, Registry.sizeWords),
    region('namespace table', g.namespaceWord, namespaceSlots, Namespace.sizeWords),
    region('partitions: header, namespace counts, policy state', g.partitionWord, g.partitionCount, g.partitionStride),
    region(
      'owner table: a word per page, 0 free, partition + 1, or −1 − slot of a ring',
      g.ownerTableWord,
      mostPages,
      1,
    ),
    region('page records', g.pageTableWord, mostPages, Page.sizeWords),
    region('owner desks', g.ownerDeskWord, ringColumns(g), ring.OwnerDesk.sizeWords),
    region('ring slots: by owner, then by thread', g.ringWord, ringColumns(g) * g.threadSlots, ring.RingSlot.sizeWords),
    region('error log: its notes', g.errorLogWord, ring.ERROR_LOG_LENGTH, ring.ErrorNote.sizeWords),
    ...pages,
  ];
  const counts = `${count(Partition.sizeWords)} words of header and ${namespaceSlots} × ${NamespaceCount.sizeWords}`;
  return `Slab 0 begins with the **control region**; behind it, and in the other slabs from the start, are the pages. \
Every region begins on a hot line, the pages of slab 0 at the next multiple of the page length. The sum of all slabs \
is the option \`memory\`, so what lies in the control region is not there for entries.

Example: ${memory / 2 ** 20} MiB, ${rest.ownerCount} owners, ${rest.partitionCount} partitions, \
${rest.threadSlots} thread slots, pages of ${count(pageLength)} bytes, ${g.slabLengths.length} slabs of \
${count(g.slabLengths[0])} bytes. The control region takes ${count(g.controlWords * units.WORD_LENGTH)} bytes; of \
${count(mostPages)} page records ${count(g.pageCount)} are used. A partition is ${counts} words of counts, rounded up \
to a hot line.

${table(['region', 'first word', 'first byte', 'items', 'words each', 'bytes'], rows)}`;
}

function renderCells(): string {
  const optional = entry.OPTIONAL_WORDS.map(([flag, name, ...rest]) => [`\`${flag}\``, `\`${name}\``, ...rest]);
  const flags = Object.entries(entry.Flag).map(([name, bit]) => [`\`${name}\``, hex(bit, 3)]);
  const marks = [
    ...Object.entries(entry.CELL_MARKS).map(([name, [word, what]]) => [`\`IDENTITY_${name}\``, hex(word, 8), what]),
    ['anything else', '', 'entry: namespace tag and high bits of its version'],
  ];
  return `The identity word of a cell tells what it holds.

${table(['mark', 'value', 'the cell is a'], marks)}

Flags of an entry. The wide form of the shape word is used from keys of ${entry.WIDE_KEY_LENGTH} bytes or values of \
${count(entry.WIDE_VALUE_LENGTH)} bytes on, and by entries that are chained or linked.

Bits from 0x100 on exist in the wide form only.

${table(['flag', 'bit'], flags)}

Optional words of an entry follow its three header words in this order, each if its flag is set; then the key, then \
the value directly behind the last byte of the key.

${table(['flag', 'word', 'words', 'meaning'], optional)}`;
}

function renderStates(): string {
  const rowsOf = (what: string, states: Readonly<Record<string, number>>): Cell[][] =>
    Object.entries(states).map(([name, value]) => [what, `\`${name}\``, String(value)]);
  return table(
    ['word', 'name', 'value'],
    [
      ...rowsOf('superblock `state`', CacheState),
      ...rowsOf('registry claim `state`', ClaimState),
      ...rowsOf('namespace `kind`', NamespaceKind),
      ...rowsOf('partition `logState`', LogState),
      ...rowsOf('ring record `kind`', ring.RecordKind),
      ...rowsOf('error note `reason`', ring.LazyFailure),
      ...rowsOf('first word of a log step, instead of a slab; `fillDirectory` less a depth', LogAction),
      ['first word of a log step: slab of a sequence word', 'slab + `SEQUENCE_STEP`', `slab + ${SEQUENCE_STEP}`],
    ],
  );
}

type IndexClass = 'segmentClass' | 'grownSegmentClass' | 'directoryClass';

function renderSizeClasses(): string {
  const tables = Array.from({ length: MAX_PAGE_SHIFT - MIN_PAGE_SHIFT + 1 }, (_, i) => classTable(MIN_PAGE_SHIFT + i));
  const longest = tables[MAX_PAGE_SHIFT - MIN_PAGE_SHIFT];
  const head = ['class', 'bytes of a cell', ...tables.map((_, i) => `in ${count(2 ** (MIN_PAGE_SHIFT + i))}`)];
  const rows: Cell[][] = [];
  for (let id = 1; id <= longest.cellClassCount; id++) {
    const cells = tables.map((one) => (id <= one.cellClassCount ? one.cellCounts[id] : ''));
    rows.push([id, longest.cellUnits[id] * units.UNIT_LENGTH, ...cells]);
  }
  const index = { segment: 'segmentClass', 'segment grown by half': 'grownSegmentClass', directory: 'directoryClass' };
  const indexRows = Object.entries(index as Record<string, IndexClass>).map(([name, property]) => [
    name,
    ...tables.map((one) => `${one[property]}: ${count(one.cellUnits[one[property]] * units.UNIT_LENGTH)} bytes`),
  ]);
  return `Cells in a page, by the length of the page. A cell is at most 1/8 of a page; a longer value is chained.

${table(head, rows)}

Behind the cell classes come those of the index, here with the number of the class.

${table(['cell of the index', ...head.slice(2)], indexRows)}`;
}

function renderTags(): string {
  const bytes = (tags: Readonly<Record<string, number>>): Cell[][] =>
    Object.entries(tags)
      .sort(([, a], [, b]) => a - b)
      .map(([name, value]) => [hex(value, 2), `\`${name}\``]);
  const pick = (prefix: string): Record<string, number> =>
    Object.fromEntries(Object.entries(keyTags).filter(([name]) => name.startsWith(prefix)));
  return `First bytes of tagged keys, in the order of keys; \`key-tags.ts\` describes the forms.

${table(['byte', 'tag'], bytes(pick('KEY_')))}

Kinds of numbers inside keys.

${table(['byte', 'kind'], bytes(pick('KIND_')))}

First bytes of the fields of values; \`value-tags.ts\` describes the payloads. Error classes are stored as an index: \
${ERROR_NAMES.map((name, index) => `${index} ${name}`).join(', ')}.

${table(['byte', 'tag'], bytes(ValueTag))}`;
}

function renderLimits(): string {
  const rows: Cell[][] = [
    ['threads of a cache', MAX_THREADS],
    ['bytes of memory', units.MAX_MEMORY],
    ['bytes of an encoded key; and it must fit one cell', keyTags.MAX_KEY_LENGTH],
    ['bytes of an encoded value', MAX_VALUE_LENGTH],
    ['namespace slots', MAX_NAMESPACE_SLOTS],
    ['bytes of a namespace name', MAX_NAMESPACE_NAME_LENGTH],
    ['slots of a bucket', BUCKET_SLOTS],
    ['log2 of the directory of a partition', MAX_DEPTH],
    ['directory chunks of a partition', ROOT_CHUNKS],
    ['steps of a redo log', LOG_STEPS],
    ['pages of a ring', ring.MAX_RING_PAGES],
    ['part of all pages in rings', `1/${2 ** ring.RING_PART_SHIFT}`],
  ];
  return table(['at most', 'value'], rows);
}

/** The whole of `LAYOUT.md`. */
export function renderLayout(): string {
  const parts = [
    `# Layout, version ${units.LAYOUT_VERSION}`,
    'Printed from the declarations in this folder by `npm run layout`; a test compares. Not to be edited by hand. \
`README.md` says how the parts work together.',
    `## Units\n\n${renderUnits()}`,
    `## Memory map\n\n${renderMap()}`,
    '## Structures\n\nOffsets are in words. Access is constant (written before any other thread has the memory), \
atomic, or plain: then the guard makes it sound, and where none is named, the lock of the partition. "Lock holder" \
is the thread that holds that lock, "all" are all attached threads.',
    ...inOrder(structs).map(renderStruct),
    '## Packed words\n\nWords that are divided into bit fields.',
    ...inOrder(packedWords).map(renderWord),
    `## Cells\n\n${renderCells()}`,
    `## States and actions\n\n${renderStates()}`,
    `## Size classes\n\n${renderSizeClasses()}`,
    `## Tags\n\n${renderTags()}`,
    `## Limits\n\n${renderLimits()}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

if (/^print\.[cm]?js$/.test(basename(process.argv[1] ?? ''))) {
  const file = process.argv[2];
  if (file === undefined) process.stdout.write(renderLayout());
  else writeFileSync(file, renderLayout());
}
