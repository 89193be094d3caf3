/**
 * Belady's optimum: evict what is used again latest. No policy that must store what it missed does better. The entry to
 * evict is found in a heap of next uses, where outdated items are skipped.
 */

/** A max-heap of positions: the next use of an entry stands for the entry, as no two entries are used at once. */
class Heap {
  readonly #items: number[] = [];

  push(value: number): void {
    const items = this.#items;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent] >= value) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = value;
  }

  pop(): number {
    const items = this.#items;
    const top = items[0];
    const last = items.pop() as number;
    if (items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1] > items[child]) child++;
      if (items[child] <= last) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return top;
  }
}

/** Hit ratio of the optimum with `size` entries. */
export function beladyRatio(trace: Uint32Array, size: number): number {
  const { length } = trace;
  // Position of the next access to the same key; keys that are not used again get positions of their own behind all.
  const next = new Float64Array(length);
  const seen = new Map<number, number>();
  for (let i = length - 1; i >= 0; i--) {
    next[i] = seen.get(trace[i]) ?? length + i;
    seen.set(trace[i], i);
  }
  /** Next use of each entry in the cache, by key; and the key by next use. */
  const uses = new Map<number, number>();
  const keys = new Map<number, number>();
  const heap = new Heap();
  let hits = 0;
  for (let i = 0; i < length; i++) {
    const key = trace[i];
    const use = uses.get(key);
    if (use !== undefined) {
      hits++;
      keys.delete(use);
    } else if (uses.size >= size) {
      let victim: number | undefined;
      while (victim === undefined) {
        const latest = heap.pop();
        victim = keys.get(latest);
        if (victim !== undefined) keys.delete(latest);
      }
      uses.delete(victim);
    }
    uses.set(key, next[i]);
    keys.set(next[i], key);
    heap.push(next[i]);
  }
  return hits / length;
}
