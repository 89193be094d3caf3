/** The clock of a cache as users see it. */
import { NEVER } from '../../native-layout/entry.js';
import { CacheError, mistake, show } from '../errors.js';
import type { Attachment } from '../threads/attachment.js';
import type { Clock } from '../types.js';

export function clockOf(attachment: Attachment): Clock {
  return {
    now: () => attachment.open('clock').partitions.clock.now(),
    advance: (ms) => advance(attachment, ms),
  };
}

function advance(attachment: Attachment, ms: number): void {
  const op = 'advance';
  const { clock } = attachment.open(op).partitions;
  if (!clock.isManual) {
    const message = "the cache goes by the system's clock; a clock that can be advanced is the option clock: 'manual'";
    throw new CacheError('NOT_SUPPORTED', message, { op });
  }
  // Half of what the words of an entry can say is left for its lifetime.
  const most = Math.floor(NEVER / 2) - clock.now();
  if (!Number.isInteger(ms) || ms < 0 || ms > most) {
    throw mistake('BAD_OPTION', `advance was given ${show(ms)}, allowed is a whole number from 0 to ${most}`, { op });
  }
  clock.advance(ms);
  // Owners look at once whether something expired.
  attachment.registry(op).ringAll();
}
