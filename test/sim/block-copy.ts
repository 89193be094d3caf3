/** Block operations on shared bytes, word by word: each word is an access of its own, as a processor may do it. */
import type { Steps } from './actor.js';
import type { scheduler } from './scheduler.js';
import type { SharedView } from './shared-view.js';

type Simulated = typeof scheduler;
type Text = Buffer & {
  latin1Write(text: string, offset: number, length: number): number;
  latin1Slice(start: number, end: number): string;
};

/** Bytes of a shared view, as the actor sees them, word by word. */
function* read(scheduler: Simulated, site: number, view: SharedView, start: number, end: number): Steps<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, end - start));
  const from = (view.$at as number) + start;
  const to = (view.$at as number) + end;
  for (let word = from >> 2; word << 2 < to; word++) {
    const [words, index] = scheduler.at(word);
    const value = (scheduler.load(site, words, index) ? yield* scheduler.finish() : scheduler.value) as number;
    for (let byte = Math.max(from, word << 2); byte < Math.min(to, (word + 1) << 2); byte++) {
      bytes[byte - from] = (value >>> ((byte & 3) << 3)) & 0xff;
    }
  }
  return bytes;
}

/** Stores bytes to a shared view, word by word. */
function* write(scheduler: Simulated, site: number, view: SharedView, start: number, bytes: Uint8Array): Steps<void> {
  const from = (view.$at as number) + start;
  const to = from + bytes.length;
  for (let word = from >> 2; word << 2 < to; word++) {
    const [words, index] = scheduler.at(word);
    const whole = word << 2 >= from && (word + 1) << 2 <= to;
    let value = 0;
    // The rest of a word belongs to the same cell, which nobody else stores to.
    if (!whole) value = (scheduler.load(site, words, index) ? yield* scheduler.finish() : scheduler.value) as number;
    for (let byte = Math.max(from, word << 2); byte < Math.min(to, (word + 1) << 2); byte++) {
      const shift = (byte & 3) << 3;
      value = (value & ~(0xff << shift)) | (bytes[byte - from] << shift);
    }
    if (scheduler.store(site, words, index, value)) yield* scheduler.finish();
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** One block operation by its name; private ones are done at once. */
export function* blockCopy(
  scheduler: Simulated,
  site: number,
  view: SharedView,
  name: string,
  args: unknown[],
): Steps<unknown> {
  const shared = (x: unknown): x is SharedView => !scheduler.solo && (x as SharedView).$at !== undefined;
  const size = view.BYTES_PER_ELEMENT;
  if (!shared(view) && !shared(args[0])) {
    return (view as unknown as Record<string, (...a: unknown[]) => unknown>)[name](...args);
  }
  const [a, b, c, d] = args as [never, number, number, number];
  if (name === 'fill') {
    const bytes = new Uint8Array((c - b) * size).fill(a);
    yield* write(scheduler, site, view, b * size, bytes);
    return view;
  }
  if (name === 'set') {
    const source = a as SharedView;
    const bytes = shared(source) ? yield* read(scheduler, site, source, 0, source.byteLength) : bytesOf(source);
    if (shared(view)) yield* write(scheduler, site, view, (b ?? 0) * size, bytes);
    else bytesOf(view).set(bytes, (b ?? 0) * size);
    return undefined;
  }
  if (name === 'copy') {
    const target = a as SharedView;
    const [from, to] = [c ?? 0, d ?? view.length];
    const bytes = shared(view) ? yield* read(scheduler, site, view, from, to) : bytesOf(view).subarray(from, to);
    if (shared(target)) yield* write(scheduler, site, target, b ?? 0, bytes);
    else bytesOf(target).set(bytes, b ?? 0);
    return to - from;
  }
  if (name === 'latin1Write') {
    yield* write(scheduler, site, view, b, Buffer.from(a as string, 'latin1').subarray(0, c));
    return c;
  }
  const [start, end] = args as [number, number];
  if (name === 'latin1Slice') {
    const bytes = yield* read(scheduler, site, view, start, end);
    return (bytes as Text).latin1Slice(0, bytes.length);
  }
  // compare(target, targetStart, targetEnd, sourceStart, sourceEnd)
  const bytes = yield* read(scheduler, site, view, args[3] as number, args[4] as number);
  return bytes.compare(a as Uint8Array, b, c);
}
