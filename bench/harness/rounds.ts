/** One of several things measured side by side. */
export interface Contestant {
  readonly name: string;
  /** Runs once and returns one figure. */
  round(round: number): Promise<number>;
}

export type Series = ReadonlyMap<string, number[]>;

/**
 * Runs all contestants once per round, one after the other and never at the same time, in an order that is rotated
 * from round to round so that nobody always follows the same neighbour. Round −1 is a rehearsal and is not recorded.
 */
export async function interleave(
  contestants: readonly Contestant[],
  rounds: number,
  progress: (line: string) => void,
): Promise<Series> {
  const series = new Map<string, number[]>(contestants.map((contestant) => [contestant.name, []]));
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(round + 1 + turn) % contestants.length] as Contestant;
      const figure = await contestant.round(round);
      if (round < 0) continue;
      series.get(contestant.name)?.push(figure);
      progress(`round ${round + 1}/${rounds} ${contestant.name}: ${figure.toPrecision(4)}`);
    }
  }
  return series;
}
