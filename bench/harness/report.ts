import type { Summary } from './statistics.js';

/** What a scenario found: rows for people, and the figures behind them for `--json`. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
  readonly figures: unknown;
}

export function markdown(table: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = `|${table.columns.map((_, i) => (i === 0 ? '---|' : '---:|')).join('')}`;
  const notes = table.notes.map((note) => `- ${note}`);
  const parts = [`### ${table.title}`, '', line(table.columns), rule, ...table.rows.map(line), ''];
  return [...parts, ...notes, ...(notes.length > 0 ? [''] : [])].join('\n');
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** `median (min–max)`. */
export function showSummary(s: Summary): string {
  return `${digits(s.median)} (${digits(s.min)}–${digits(s.max)})`;
}

/** `median× (lower quartile–upper quartile)`. */
export function showRatio(s: Summary): string {
  return `${s.median.toFixed(2)}× (${s.lower.toFixed(2)}–${s.upper.toFixed(2)})`;
}

export function showCount(count: number): string {
  if (count >= 1e6 && count % 1e5 === 0) return `${count / 1e6}M`;
  if (count >= 1e3 && count % 100 === 0) return `${count / 1e3}k`;
  return String(count);
}
