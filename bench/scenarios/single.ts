/** What the single-threaded scenarios share: all subjects side by side, each in a process of its own. */
import { Child } from '../harness/child.js';
import { bytesNeeded, cacheMemoryMb, freeBytes, heapMbFor } from '../harness/memory.js';
import { showCount, showRatio, showSummary, type Table } from '../harness/report.js';
import { interleave, type Series } from '../harness/rounds.js';
import { ratioPerRound, summarise } from '../harness/statistics.js';
import { temporaryFolder } from '../harness/temporary.js';
import type { SinglePlan } from '../hosts/single.js';
import type { WorkloadName } from '../workloads/loops.js';
import type { Context, Scenario } from './scenario.js';

export interface SingleSpec {
  readonly name: string;
  readonly title: string;
  readonly workload: WorkloadName;
  readonly valueLength: number;
}

/** Unmeasured work per subject before the rounds, in multiples of a round. */
const WARM_UP_ROUNDS = 3;

async function openAll(spec: SingleSpec, entries: number, context: Context, children: Map<string, Child>) {
  for (const subject of context.options.subjects) {
    const child = Child.start(
      subject,
      new URL('../hosts/single.js', import.meta.url),
      heapMbFor(entries, spec.valueLength),
    );
    children.set(subject, child);
    const { workload, valueLength } = spec;
    const memoryMb = cacheMemoryMb(entries, valueLength);
    const plan: SinglePlan = { subject, workload, entries, valueLength, memoryMb, folder: temporaryFolder(subject) };
    context.progress(`${spec.name} ${showCount(entries)}: filling ${subject}`);
    await child.call('open', plan);
    await child.call('warm', { ms: WARM_UP_ROUNDS * context.options.timeMs });
  }
}

async function runSize(spec: SingleSpec, entries: number, context: Context): Promise<Series> {
  const children = new Map<string, Child>();
  try {
    await openAll(spec, entries, context, children);
    const contestants = [...children].map(([name, child]) => ({
      name,
      round: () => child.call<number>('round', { ms: context.options.timeMs }),
    }));
    const progress = (line: string): void => context.progress(`${spec.name} ${showCount(entries)} ${line} ns`);
    return await interleave(contestants, context.options.rounds, progress);
  } finally {
    for (const child of children.values()) await child.stop();
  }
}

function row(entries: number, series: Series, subjects: readonly string[]): string[] {
  const of = (subject: string | undefined): number[] => series.get(subject ?? '') ?? [];
  const [reference, ...peers] = subjects;
  const costs = subjects.map((subject) => showSummary(summarise(of(subject))));
  const ratios = peers.map((peer) => showRatio(summarise(ratioPerRound(of(peer), of(reference)))));
  return [showCount(entries), ...costs, ...ratios];
}

export function singleScenario(spec: SingleSpec): Scenario {
  return {
    name: spec.name,
    async run(context: Context): Promise<Table> {
      const { subjects, sizes, rounds, timeMs } = context.options;
      const rows: string[][] = [];
      const figures: unknown[] = [];
      const notes = [
        `ns per operation: median (min–max) of ${rounds} interleaved rounds of ${timeMs} ms;` +
          ' a ratio above 1 means that the first is faster: median of the ratios per round (quartiles)',
      ];
      for (const entries of sizes) {
        const needed = bytesNeeded(entries, spec.valueLength, subjects.length);
        if (needed > freeBytes()) {
          notes.push(`${showCount(entries)} entries left out: they need about ${(needed / 2 ** 30).toFixed(1)} GB`);
          continue;
        }
        const series = await runSize(spec, entries, context);
        rows.push(row(entries, series, subjects));
        figures.push({ entries, nsPerOp: Object.fromEntries(series) });
      }
      const ratioColumns = subjects.slice(1).map((peer) => `${subjects[0]} vs ${peer}`);
      return { title: spec.title, columns: ['entries', ...subjects, ...ratioColumns], rows, notes, figures };
    },
  };
}
