/** What became of a write. */
export const Outcome = { stored: 1, present: 2, full: 3 } as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];
