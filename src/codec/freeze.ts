/**
 * Deep freeze of a decoded tree of plain objects and arrays. Graphs, which may be cyclic or deep, are frozen object
 * by object by those who hold the list of their objects.
 */

/** Freezes `value` and all that it holds. It must be a tree, without holes, as msgpackr decodes one. */
export function freezeTree(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (typeof value[i] === 'object') freezeTree(value[i]);
    }
  } else {
    const object = value as Record<string, unknown>;
    for (const key in object) {
      if (typeof object[key] === 'object') freezeTree(object[key]);
    }
  }
  Object.freeze(value);
}
