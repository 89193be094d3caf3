/** Texts and tables of `LAYOUT.md`. */
export type Cell = string | number;

export const count = (value: number): string => value.toLocaleString('en-US');
export const hex = (value: number, digits: number): string => `0x${(value >>> 0).toString(16).padStart(digits, '0')}`;
const text = (cell: Cell): string => (typeof cell === 'number' ? count(cell) : cell.replaceAll('|', '\\|'));

/** A table as the formatter of the project aligns it. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = [head, ...rows].map((cells) => cells.map(text));
  const widths = head.map((_, column) => Math.max(3, ...texts.map((cells) => cells[column].length)));
  texts.splice(
    1,
    0,
    widths.map((width) => '-'.repeat(width)),
  );
  return texts.map((cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`).join('\n');
}
