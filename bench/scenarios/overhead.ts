/** How many entries fit into a cache of a given size, and what each costs beyond its key and value. */
import { Child } from '../harness/child.js';
import { MIB } from '../harness/memory.js';
import type { Table } from '../harness/report.js';
import type { OverheadReport } from '../hosts/overhead.js';
import type { Context, Scenario } from './scenario.js';

const KEY_LENGTH = 16;
const VALUE_LENGTHS = [100, 1024];

const COLUMNS = [
  'value bytes',
  'memory',
  'entries at the first refusal',
  'entries when full everywhere',
  'bytes per entry over key and value',
  'share of memory that is keys and values',
  '`stats()` entries',
  '`stats()` bytes / memory',
];

function row(valueLength: number, memory: number, report: OverheadReport): string[] {
  const userBytes = KEY_LENGTH + valueLength;
  const over = memory / report.entriesAtFirstRefusal - userBytes;
  const share = (report.entriesAtFirstRefusal * userBytes) / memory;
  return [
    String(valueLength),
    `${memory / MIB} MiB`,
    String(report.entriesAtFirstRefusal),
    String(report.entriesAtLast),
    over.toFixed(1),
    `${(100 * share).toFixed(1)} %`,
    String(report.statsEntries),
    `${((100 * report.statsBytes) / memory).toFixed(1)} %`,
  ];
}

export const overhead: Scenario = {
  name: 'overhead',
  async run(context: Context): Promise<Table> {
    const title = 'overhead: a cache filled with 16-byte keys until it refuses';
    const rows: string[][] = [];
    const figures: unknown[] = [];
    if (!context.options.subjects.includes('ours')) {
      return { title, columns: COLUMNS, rows, notes: ['left out: `ours` is not among the subjects'], figures };
    }
    const memoryMb = context.options.quick ? 32 : 256;
    for (const valueLength of VALUE_LENGTHS) {
      const child = Child.start('overhead', new URL('../hosts/overhead.js', import.meta.url));
      try {
        context.progress(`overhead: filling ${memoryMb} MiB with values of ${valueLength} bytes`);
        const report = await child.call<OverheadReport>('fill', { memoryMb, valueLength });
        rows.push(row(valueLength, memoryMb * MIB, report));
        figures.push({ valueLength, memoryMb, ...report });
      } finally {
        await child.stop();
      }
    }
    const notes = [
      'overhead and share count the whole memory (unused rest, index, partly filled pages) at the first refusal;' +
        ' every stored entry was read back and compared',
    ];
    return { title, columns: COLUMNS, rows, notes, figures };
  },
};
