// How a connection ends, as it is told to the device and to the log.
import { WireError } from '../wire/vhost-user.ts';
import type { ConnectionEnd } from './device.ts';
import { messageOf, VhostUserError } from './errors.ts';
import type { Log } from './log.ts';

/** Of a connection that an error ends. `what` was being done. */
export function endBecause(error: unknown, what: string): ConnectionEnd {
  if (error instanceof VhostUserError) return { kind: 'protocol', message: error.message, error };
  if (error instanceof WireError) {
    const malformed = new VhostUserError('MALFORMED', 'drop', error.message);
    return { kind: 'protocol', message: error.message, error: malformed };
  }
  return { kind: 'failed', message: `${what}: ${messageOf(error)}`, error };
}

export function logEnd(log: Log, { kind, message }: ConnectionEnd): void {
  if (kind === 'protocol' || kind === 'failed') {
    log.error({ end: kind, problem: message }, 'the connection to the VMM was ended because of an error');
  } else {
    log.info({ end: kind, reason: message }, 'the connection to the VMM ended');
  }
}
