/** Types of worker-history-log.mjs, for tests. */
export const NOTHING: number;
export const FALSE: number;
export const TRUE: number;
export const FULL: number;
export const DAMAGED: number;

export class Clock {
  readonly words: Int32Array<SharedArrayBuffer>;
  tick(): number;
  awaitStart(): void;
  open(): void;
  close(): void;
}

export interface LoggedOperation {
  readonly name: 'get' | 'has' | 'put' | 'insertNew' | 'take' | 'delete' | 'clear';
  readonly key: number;
  readonly argument: number;
  readonly invoked: number;
  readonly returned: number;
  readonly result: number;
}

export class HistoryLog {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly count: number;
  static ofLength(capacity: number): HistoryLog;
  operations(): Iterable<LoggedOperation>;
}

export function textOf(value: number): string;
export function valueIn(text: string): number;
