/** The two parts of an address: which slab, and which word of it. */
import { SLAB_UNIT_MASK, SLAB_UNIT_SHIFT, UNIT_WORD_SHIFT } from '../../native-layout/units.js';

/** Index of the slab. */
export function slabOf(address: number): number {
  return address >>> SLAB_UNIT_SHIFT;
}

/** Word index in the slab. */
export function cellOf(address: number): number {
  return (address & SLAB_UNIT_MASK) << UNIT_WORD_SHIFT;
}
