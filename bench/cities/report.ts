/** What the user sees: progress while a run goes on, and the table at the end. */
import type { RunResult } from './run.js';

const TTY_INTERVAL_MS = 100;
const LOG_INTERVAL_MS = 2000;
const MEBIBYTE = 1024 ** 2;

/** Rewrites one line on a terminal, prints a line every two seconds elsewhere. */
export class ProgressLine {
  readonly #label: string;
  readonly #out: NodeJS.WriteStream;
  #shownAt = performance.now();
  #open = false;

  constructor(label: string, out: NodeJS.WriteStream = process.stdout) {
    this.#label = label;
    this.#out = out;
  }

  show(done: number, total: number, hits: number, elapsedMs: number): void {
    const now = performance.now();
    const due = now - this.#shownAt >= (this.#out.isTTY ? TTY_INTERVAL_MS : LOG_INTERVAL_MS);
    if (!due && done < total) return;
    this.#shownAt = now;
    const rate = whole(done / (elapsedMs / 1000));
    const text =
      `${this.#label}  ${percent(done / total, 0).padStart(5)}  ${seconds(elapsedMs)}  ${rate} queries/s  ` +
      `hit rate ${percent(hits / done)}`;
    if (this.#out.isTTY) {
      this.#out.write(`\r\x1b[2K${text}`);
      this.#open = true;
    } else {
      this.#out.write(`${text}\n`);
    }
  }

  /** Leaves the line; may be called again. */
  end(): void {
    if (this.#open) this.#out.write('\n');
    this.#open = false;
  }
}

/** Aligned columns: the figure, each run, and how the second run compares with the first. */
export function resultTable(privateRun: RunResult, sharedRun: RunResult, budgetBytes: number, privateCaches: number) {
  const hitRate = ({ hits, queries }: RunResult) => hits / queries;
  const misses = ({ hits, queries }: RunResult) => queries - hits;
  const row = (label: string, figure: (run: RunResult) => number, format: (value: number) => string) => {
    const [left, right] = [figure(privateRun), figure(sharedRun)];
    return [label, format(left), format(right), left > 0 ? `${(right / left).toFixed(2)} x` : '-'];
  };
  const rows = [
    ['', privateRun.label, sharedRun.label, 'ratio'],
    row('time', (run) => run.elapsedMs, seconds),
    row('processor time', (run) => run.cpuMs, seconds),
    row('queries per second', (run) => run.queries / (run.elapsedMs / 1000), whole),
    row('hit rate', hitRate, (rate) => percent(rate)),
    row('searches computed', misses, whole),
    row('answers refused, cache full', (run) => run.refused, whole),
    ['cache budget', `${privateCaches} x ${mebibytes(budgetBytes / privateCaches)}`, mebibytes(budgetBytes), '1.00 x'],
    row('cache bytes used', (run) => run.cacheBytes, mebibytes),
    row('entries', (run) => run.entries, whole),
    row('process memory grew by', (run) => run.rssGrowthBytes, mebibytes),
  ];
  return alignColumns(rows);
}

export function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MB`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function percent(share: number, decimals = 1): string {
  return `${(share * 100).toFixed(decimals)} %`;
}

function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  const lines = rows.map((row) => row.map(pad).join('   ').trimEnd());
  return [lines[0], '-'.repeat(Math.max(...lines.map((line) => line.length))), ...lines.slice(1)].join('\n');
}
