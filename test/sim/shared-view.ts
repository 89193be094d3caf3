/**
 * Views on shared memory, numbered: word `i` of a view stands at location `$at / 4 + i` of one address space that spans
 * all slabs. Views without the mark are private, and accesses of them are no steps.
 */
export type SharedView = (Int32Array | Uint8Array) & { $at?: number };

/** Marks a view: `at` is the location of its first byte. */
export function mark<V extends ArrayBufferView>(view: V, at: number): V {
  Object.defineProperty(view, '$at', { value: at, writable: true, configurable: true });
  return view;
}
