/** Writing an encoded value, all of it, into shared bytes. */
import type { ValueView } from './views.js';

/** What every Node Buffer has and @types/node leaves out. */
interface Latin1Target {
  latin1Write(text: string, offset: number, length: number): number;
}

/** Values up to this length are copied by a loop, in bytes. */
const LOOP_LENGTH = 24;

export function writeBytes(bytes: Buffer, at: number, value: ValueView): void {
  const { length } = value;
  if (value.latin1 !== null) {
    (bytes as unknown as Latin1Target).latin1Write(value.latin1, at, length);
  } else if (length <= LOOP_LENGTH) {
    const from = value.bytes;
    for (let i = 0; i < length; i++) bytes[at + i] = from[i];
  } else {
    value.bytes.copy(bytes, at, 0, length);
  }
}
