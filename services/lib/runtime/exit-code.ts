// What a barkeep process tells its caller by its exit code. Scripts and service managers rely on these numbers.

export const EXIT = {
  OK: 0,
  /** It was tried and did not work, e.g. `health` found a service that does not serve. */
  FAILURE: 1,
  /** The command line or the configuration is wrong: trying again changes nothing. */
  USAGE: 2,
  /** The VM, heap or other thing that was named does not exist. */
  NOT_FOUND: 3,
  /** The broker is not there, does not answer, or is shutting down: trying again later may help. */
  UNAVAILABLE: 4,
  /** The socket, the secret or the run directory belongs to somebody else. */
  FORBIDDEN: 5,
  /** It ended well, for a successor that takes a configuration which is right again: start it again, with its descriptors. */
  SUCCEEDED: 6,
  /** Whoever read the answer went away before its end: what a shell reports of every program that SIGPIPE ended (128 + 13). */
  READER_GONE: 141,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error that knows how the process should end because of it. Its message is for people, and complete without a stack trace. */
export class ExitError extends Error {
  readonly exitCode: ExitCode;
  /** The broker's reason, where it was the broker that refused. */
  readonly reason: string | null;

  constructor(
    exitCode: ExitCode,
    message: string,
    { reason = null, ...options }: ErrorOptions & { readonly reason?: string | null } = {},
  ) {
    super(message, options);
    this.name = 'ExitError';
    this.exitCode = exitCode;
    this.reason = reason;
  }
}
