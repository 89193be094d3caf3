/**
 * What a cache under test offers to the measured loops. One process holds one subject only, so every call through
 * these interfaces is monomorphic and gets inlined: the interface costs the subjects nothing.
 */

export interface StoreSpec {
  /** How many entries the scenario will store. */
  readonly entries: number;
  /** Memory for subjects that reserve it up front, in MiB. */
  readonly memoryMb: number;
  /** An empty folder that is removed after the run, for subjects that live on disk. */
  readonly folder: string;
}

export interface Store {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  /** Runs many `set`s as one unit, where that is the subject's fastest way to write. */
  transact?(body: () => void): void;
  close(): Promise<void>;
}

export interface Subject {
  readonly name: string;
  open(spec: StoreSpec): Promise<Store>;
}
