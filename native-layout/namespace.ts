/** The namespace table: names of key-values (and later of queues, stacks, structs). Slots are never reused. */
import { packed, struct } from './struct.js';

export const Namespace = struct(
  'namespace slot',
  'one named space of keys; slot 0 is never used, slot 1 holds the tuples',
  [
    {
      name: 'tag',
      meaning: 'slot and generation, as entries carry it; 0: free',
      mode: 'atomic',
      writers: 'registrar and who clears, under the control lock',
      readers: 'all, at every operation',
    },
    { name: 'kind', meaning: 'see NamespaceKind', writers: 'registrar', readers: 'all', guard: 'published by tag' },
    { name: 'nameLength', meaning: 'bytes of UTF-8', writers: 'registrar', readers: 'all', guard: 'published by tag' },
    { name: 'name', words: 29, meaning: 'UTF-8', writers: 'registrar', readers: 'all', guard: 'published by tag' },
  ],
  32,
);

export const NamespaceKind = { tuples: 1, keyValue: 2 } as const;
export const MAX_NAMESPACE_NAME_LENGTH = 29 * 4;
export const TUPLE_NAMESPACE = 1;

packed('namespace tag', 'names a namespace in one of its generations; 16 bits', [
  { name: 'generation', shift: 0, bits: 6, meaning: 'raised by clear, so that older entries are gone at once' },
  { name: 'slot', shift: 6, bits: 10, meaning: 'index in the namespace table' },
]);
export const TAG_SLOT_SHIFT = 6;
export const TAG_GENERATION_MASK = 63;
/** The tags of the highest slot are the marks of cells that are no entries. */
export const MAX_NAMESPACE_SLOTS = 1023;
