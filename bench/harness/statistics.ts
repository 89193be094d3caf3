/** Order statistics of the rounds of one run. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Quartiles: half of the rounds lie between them. */
  readonly lower: number;
  readonly upper: number;
}

/** The value at `fraction` of the sorted sample, interpolated. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}

export function summarise(values: readonly number[]): Summary {
  return {
    median: quantile(values, 0.5),
    min: quantile(values, 0),
    max: quantile(values, 1),
    lower: quantile(values, 0.25),
    upper: quantile(values, 0.75),
  };
}

/**
 * Divides round by round, so that what slowed the whole machine for a while cancels out. The summary is over the
 * ratios; it is not the ratio of the medians.
 */
export function ratioPerRound(dividend: readonly number[], divisor: readonly number[]): number[] {
  return dividend.map((value, round) => value / (divisor[round] ?? Number.NaN));
}
