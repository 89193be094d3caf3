/** Two reading threads against one: of one shared cache, and of a private Map per thread as the yardstick. */
import { Child } from '../harness/child.js';
import { cacheMemoryMb, heapMbFor } from '../harness/memory.js';
import { showCount, showRatio, showSummary, type Table } from '../harness/report.js';
import { type Contestant, interleave, type Series } from '../harness/rounds.js';
import { ratioPerRound, summarise } from '../harness/statistics.js';
import type { ScalingPlan } from '../hosts/scaling.js';
import type { Context, Scenario } from './scenario.js';

const VALUE_LENGTH = 100;
const KINDS = ['ours', 'map'] as const;

function contestantsOf(kind: string, child: Child, ms: number): Contestant[] {
  return [1, 2].map((threads) => ({
    name: `${kind} ×${threads}`,
    round: (round) => child.call<number>('round', { ms, threads, turn: round + 1 }),
  }));
}

async function runSize(entries: number, kinds: readonly ('ours' | 'map')[], context: Context): Promise<Series> {
  const children: Child[] = [];
  try {
    const contestants: Contestant[] = [];
    for (const subject of kinds) {
      const heapMb = heapMbFor(entries, VALUE_LENGTH);
      const child = Child.start(`${subject} threads`, new URL('../hosts/scaling.js', import.meta.url), heapMb);
      children.push(child);
      context.progress(`scaling ${showCount(entries)}: filling ${subject}`);
      const memoryMb = cacheMemoryMb(entries, VALUE_LENGTH);
      const plan: ScalingPlan = { subject, entries, valueLength: VALUE_LENGTH, memoryMb };
      await child.call('open', plan);
      await child.call('warm', { ms: 3 * context.options.timeMs });
      contestants.push(...contestantsOf(subject, child, context.options.timeMs));
    }
    const progress = (line: string): void => context.progress(`scaling ${showCount(entries)} ${line} Mops`);
    return await interleave(contestants, context.options.rounds, progress);
  } finally {
    for (const child of children) await child.stop();
  }
}

function row(entries: number, series: Series, kinds: readonly string[]): string[] {
  const of = (name: string): number[] => series.get(name) ?? [];
  const rates = kinds.flatMap((kind) => [1, 2].map((threads) => showSummary(summarise(of(`${kind} ×${threads}`)))));
  const factors = kinds.map((kind) => ratioPerRound(of(`${kind} ×2`), of(`${kind} ×1`)));
  const against = factors.length === 2 ? [ratioPerRound(factors[0] ?? [], factors[1] ?? [])] : [];
  return [showCount(entries), ...rates, ...[...factors, ...against].map((ratios) => showRatio(summarise(ratios)))];
}

export const scaling: Scenario = {
  name: 'scaling',
  async run(context: Context): Promise<Table> {
    const { subjects, sizes, rounds, timeMs } = context.options;
    const kinds = KINDS.filter((kind) => subjects.includes(kind));
    const rows: string[][] = [];
    const figures: unknown[] = [];
    for (const entries of kinds.length > 0 ? sizes : []) {
      const series = await runSize(entries, kinds, context);
      rows.push(row(entries, series, kinds));
      figures.push({ entries, mops: Object.fromEntries(series) });
    }
    const rates = kinds.flatMap((kind) => [`${kind} 1 thread`, `${kind} 2 threads`]);
    const factors = kinds.map((kind) => `${kind} 2/1`);
    const columns = ['entries', ...rates, ...factors, ...(kinds.length === 2 ? ['ours 2/1 ÷ map 2/1'] : [])];
    const notes = [
      `million reads per second of all threads: median (min–max) of ${rounds} interleaved rounds of ${timeMs} ms;` +
        ' factors: median per round (quartiles). `ours` is one shared cache, `map` a private Map in each thread',
    ];
    return { title: 'scaling: reads of 100-byte strings by one and two worker threads', columns, rows, notes, figures };
  },
};
