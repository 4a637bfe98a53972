// What can go wrong between a VMM and this back-end. Every error says what was asked, what was found, and what happens to the connection.

/**
 * MALFORMED       bytes that are no message; descriptors missing, too many, or lost on the way
 * UNSUPPORTED     a request, a bit or a mode that this back-end does not offer
 * NOT_NEGOTIATED  a request whose protocol feature was not acknowledged before
 * MISSING_FEATURE the VMM lacks a feature without which no memory can be shown to the guest
 * OUT_OF_RANGE    an index, a size or an address that does not exist
 * NO_SUCH_QUEUE   the same of a queue: the VMM gives the device more of them than it has
 * OUT_OF_REACH    a ring in memory that the VMM does not share
 * WRONG_STATE     a request that may not be sent now, for example a new size for a running ring
 * BAD_MEMORY      a memory region that cannot be mapped or located
 * BAD_DESCRIPTOR  a file descriptor that is not what it has to be
 */
export type VhostUserErrorCode =
  | 'MALFORMED'
  | 'UNSUPPORTED'
  | 'NOT_NEGOTIATED'
  | 'MISSING_FEATURE'
  | 'OUT_OF_RANGE'
  | 'NO_SUCH_QUEUE'
  | 'OUT_OF_REACH'
  | 'WRONG_STATE'
  | 'BAD_MEMORY'
  | 'BAD_DESCRIPTOR';

/**
 * 'refuse': both ends still agree on the state, so a request with NEED_REPLY is answered with failure and the connection goes on
 *           (without NEED_REPLY the VMM could not learn of it, so the connection ends).
 * 'drop':   the stream or the state of the two ends can no longer be trusted, or there is nothing to go on with: the connection ends.
 */
export type VhostUserErrorPolicy = 'refuse' | 'drop';

export class VhostUserError extends Error {
  readonly code: VhostUserErrorCode;
  readonly policy: VhostUserErrorPolicy;

  constructor(code: VhostUserErrorCode, policy: VhostUserErrorPolicy, message: string) {
    super(message);
    this.name = 'VhostUserError';
    this.code = code;
    this.policy = policy;
  }
}

/**
 * Why a back-end channel request came to nothing.
 * REFUSED  the VMM answered with failure: nothing is mapped, the channel goes on
 * TIMEOUT  no answer in time; should the VMM still map it, it is asked to take that mapping away at once
 * CLOSED   the channel ended before an answer came, as it does when the VMM ends
 * BROKEN   the VMM broke the channel's protocol, which ended it, or never opened one
 */
export type ChannelErrorCode = 'REFUSED' | 'TIMEOUT' | 'CLOSED' | 'BROKEN';

export class ChannelError extends Error {
  readonly code: ChannelErrorCode;

  constructor(code: ChannelErrorCode, message: string) {
    super(message);
    this.name = 'ChannelError';
    this.code = code;
  }
}

/** How a log tells of it: that a VMM ends with requests on their way is ordinary, everything else is not. */
export function channelFailureLevel({ code }: ChannelError): 'info' | 'error' {
  return code === 'CLOSED' ? 'info' : 'error';
}

/**
 * Why what a predecessor left cannot be gone on with.
 * VERSION  it was written by another version of this program
 * DAMAGED  it is no state of ours, or contradicts itself
 * MISSING  a descriptor that it speaks of did not come back from the store
 * WRONG    a descriptor came back that is not what it has to be
 */
export type RecoveryErrorCode = 'VERSION' | 'DAMAGED' | 'MISSING' | 'WRONG';

/** Nothing was taken over and nothing was changed: the store still holds what it held. */
export class RecoveryError extends Error {
  readonly code: RecoveryErrorCode;

  constructor(code: RecoveryErrorCode, message: string) {
    super(message);
    this.name = 'RecoveryError';
    this.code = code;
  }
}

/** The words of an unknown thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
