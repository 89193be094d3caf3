/** Mutants that no run can tell from the engine as it is, each with its proof. */
import type { Mutant } from './generate.js';

export interface Named extends Mutant {
  readonly name: string;
}

interface Equivalent {
  readonly path: string;
  readonly kind: Mutant['kind'];
  /** Matches the first lines of the two statements, or of the one. */
  readonly text: RegExp;
  readonly proof: string;
}

/** Words that only the holder of the lock reads. */
const COUNTS = 'versionLow|versionHigh|entryCount|usedUnits|pageCount|classCounts|retiredHead|pendingHead|growing';

const EQUIVALENT: readonly Equivalent[] = [
  {
    path: 'src/memory/redo-log.ts',
    kind: 'exchanged',
    text: /^control\[(at( \+ \d)?|record \+ Swap\.\w+)\] = .*⇄ control\[(at( \+ \d)?|record \+ Swap\.\w+)\] =/,
    proof: 'nobody reads the log before logState says that it is complete, and that is stored behind both',
  },
  {
    path: 'src/memory/redo-log.ts',
    kind: 'exchanged',
    text: new RegExp(
      `^control\\[header \\+ Partition\\.(${COUNTS})\\].*⇄ control\\[(header \\+ Partition\\.(${COUNTS})|spareWord)\\]`,
    ),
    proof:
      'only the holder of the lock reads these words; who dies between the two stores is followed by a redo of both',
  },
];

function nameOf({ path, kind, text }: Mutant): string {
  return `${path} ${kind}: ${text}`;
}

/** The mutants that must be killed. Throws if an entry of the list fits none: its proof is about other code. */
export function sift(mutants: readonly Mutant[]): Named[] {
  const fits = (one: Equivalent, { path, kind, text }: Mutant): boolean =>
    path === one.path && kind === one.kind && one.text.test(text);
  for (const one of EQUIVALENT) {
    if (!mutants.some((mutant) => fits(one, mutant)))
      throw new Error(`no mutant is ${one.path} ${one.kind}: ${one.text}`);
  }
  return mutants
    .filter((mutant) => !EQUIVALENT.some((one) => fits(one, mutant)))
    .map((mutant) => ({ ...mutant, name: nameOf(mutant) }));
}
