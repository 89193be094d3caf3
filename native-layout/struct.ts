/**
 * The declaration language of the binary format. A structure is declared once, as a list of fields; its word
 * offsets, the checks beside it and the printed picture (`LAYOUT.md`) all come from that list.
 */

/** How threads touch a shared field. `plain` fields are guarded by something else, named in `guard`. */
export type AccessMode = 'constant' | 'plain' | 'atomic';

export interface FieldSpec<Name extends string = string> {
  readonly name: Name;
  /** Length in 32-bit words. */
  readonly words?: number;
  readonly meaning: string;
  readonly writers?: string;
  readonly readers?: string;
  readonly mode?: AccessMode;
  readonly guard?: string;
}

export interface PlacedField extends Required<Omit<FieldSpec, 'guard'>> {
  readonly offsetWord: number;
  readonly guard: string;
}

export interface StructInfo {
  readonly name: string;
  readonly meaning: string;
  readonly sizeWords: number;
  readonly fields: readonly PlacedField[];
}

/** Bit ranges inside one word, for the picture and the masks. */
export interface BitField {
  readonly name: string;
  readonly shift: number;
  readonly bits: number;
  readonly meaning: string;
}

export interface WordInfo {
  readonly name: string;
  readonly meaning: string;
  readonly fields: readonly BitField[];
}

/** Every declared structure, in the order of declaration; read by `print.ts` only. */
export const structs: StructInfo[] = [];
/** Every word that is divided into bit fields. */
export const packedWords: WordInfo[] = [];

export type Offsets<Names extends string> = { readonly [N in Names]: number } & { readonly sizeWords: number };

/**
 * Places fields one after the other. Returns each field's word offset by name, and `sizeWords`.
 * @param sizeWords the total, when the structure is padded (to a cache line, for instance)
 */
export function struct<const Names extends string>(
  name: string,
  meaning: string,
  fields: readonly FieldSpec<Names>[],
  sizeWords?: number,
): Offsets<Names> {
  const offsets: Record<string, number> = {};
  const placed: PlacedField[] = [];
  let next = 0;
  for (const field of fields) {
    const words = field.words ?? 1;
    offsets[field.name] = next;
    const { writers = 'lock holder', readers = 'lock holder', mode = 'plain', guard = '' } = field;
    placed.push({ name: field.name, meaning: field.meaning, words, writers, readers, mode, guard, offsetWord: next });
    next += words;
  }
  const total = sizeWords ?? next;
  check(next <= total, `${name}: its fields take ${next} words, more than its declared size of ${total}`);
  structs.push({ name, meaning, sizeWords: total, fields: placed });
  return Object.freeze({ ...offsets, sizeWords: total }) as Offsets<Names>;
}

/** Declares the bit fields of one word and checks that they neither overlap nor leave the word. */
export function packed(name: string, meaning: string, fields: readonly BitField[], wordBits = 32): void {
  let end = 0;
  for (const field of fields) {
    check(field.shift >= end, `${name}.${field.name} overlaps the field before it`);
    end = field.shift + field.bits;
  }
  check(end <= wordBits, `${name} has ${end} bits, its word has ${wordBits}`);
  packedWords.push({ name, meaning, fields });
}

/** A geometry assertion: stands beside the geometry, with its reason. */
export function check(condition: boolean, reason: string): void {
  if (!condition) throw new Error(`layout: ${reason}`);
}
