/**
 * The only file that says `Atomics`. The access mode is in the name: `load`, `store`, `cas`, `add` are atomic and
 * sequentially consistent; `peek` and `poke` are plain. Words that another thread may change at the same time are
 * touched through this module, in a loop that a sequence validates, or where a value that is late does no harm.
 */

/** Atomic load. About 5 ns on x64: V8 does not inline it. */
export function loadWord(words: Int32Array, index: number): number {
  return Atomics.load(words, index);
}

/** Atomic store: on x64 also a full fence. */
export function storeWord(words: Int32Array, index: number, value: number): void {
  Atomics.store(words, index, value);
}

/** Compare and swap; returns the word as it was, so success is `result === expected`. */
export function casWord(words: Int32Array, index: number, expected: number, value: number): number {
  return Atomics.compareExchange(words, index, expected, value);
}

/** Atomic addition; returns the word as it was. */
export function addWord(words: Int32Array, index: number, delta: number): number {
  return Atomics.add(words, index, delta);
}

/** Atomic load of a 64-bit word. */
export function loadWide(words: BigInt64Array, index: number): bigint {
  return Atomics.load(words, index);
}

/** Atomic addition to a 64-bit word; returns the word as it was. */
export function addWide(words: BigInt64Array, index: number, delta: bigint): bigint {
  return Atomics.add(words, index, delta);
}

/** Compare and swap of a 64-bit word; whether it was as expected, and is the new value now. */
export function casWide(words: BigInt64Array, index: number, expected: bigint, value: bigint): boolean {
  return Atomics.compareExchange(words, index, expected, value) === expected;
}

/** Plain load. */
export function peekWord(words: Int32Array, index: number): number {
  return words[index];
}

/** Plain store. */
export function pokeWord(words: Int32Array, index: number, value: number): void {
  words[index] = value;
}

/** Blocks the thread while the word has the value, at most `timeoutMs`. Returns at once if it has another. */
export function parkOn(words: Int32Array, index: number, value: number, timeoutMs: number): void {
  Atomics.wait(words, index, value, timeoutMs);
}

interface AsyncWait {
  readonly async: boolean;
  readonly value: Promise<string> | string;
}
type WaitAsync = (words: Int32Array, index: number, value: number, timeoutMs?: number) => AsyncWait;
// Missing from the ES2023 types, present in every supported Node.
const waitAsync = (Atomics as unknown as { waitAsync: WaitAsync }).waitAsync;

/** Resolves when the word is woken or changes or time is up. Does not keep the event loop alive. */
export async function parkAsyncOn(words: Int32Array, index: number, value: number, timeoutMs?: number): Promise<void> {
  await waitAsync(words, index, value, timeoutMs).value;
}

/** Wakes up to `count` threads parked on the word. */
export function wakeOn(words: Int32Array, index: number, count: number = Number.POSITIVE_INFINITY): void {
  Atomics.notify(words, index, count);
}
