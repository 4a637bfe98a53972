// One datagram of a service as plain data. The words are systemd's (sd_notify(3)): assignments, one a line; unknown ones are no error.

/** A name as systemd takes it: printable ASCII without a colon (sd_pid_notify_with_fds(3), FDNAME=). */
const FD_NAME = /^[\x20-\x39\x3b-\x7e]{1,255}$/;
/** The name of what was stored without a good one, as with systemd. */
const DEFAULT_NAME = 'stored';
/** As systemd's NOTIFY_BUFFER_MAX: longer datagrams are none. */
export const LONGEST_MESSAGE = 4096;

export type NotifyMessage = {
  /** Keep the descriptors that came with it under this name. */
  readonly store: string | null;
  /** Close what is kept under this name. */
  readonly remove: string | null;
  readonly isReady: boolean;
  readonly isStopping: boolean;
  /** WATCHDOG=1: its event loop turns. */
  readonly isAlive: boolean;
  readonly status: string | null;
  /** The service's own fields, X_NAME=value, by NAME. */
  readonly fields: Readonly<Record<string, string>>;
  /** What was ignored, for the report. */
  readonly problems: readonly string[];
};

export function parseNotifyMessage(data: Buffer): NotifyMessage {
  const assignments = new Map(
    data
      .toString('utf8')
      .split('\n')
      .map((line): [string, string] => {
        const sign = line.indexOf('=');
        return sign < 0 ? [line, ''] : [line.slice(0, sign), line.slice(sign + 1)];
      }),
  );
  const problems: string[] = [];
  const isAsked = (name: string): boolean => assignments.get(name) === '1';
  const given = assignments.get('FDNAME');
  const name = given !== undefined && FD_NAME.test(given) ? given : null;
  if (given !== undefined && name === null) problems.push('FDNAME is no name');
  if (isAsked('FDSTOREREMOVE') && name === null) problems.push('FDSTOREREMOVE without a good FDNAME');
  const own = [...assignments].filter(([key]) => key.startsWith('X_'));
  return {
    store: isAsked('FDSTORE') ? (name ?? DEFAULT_NAME) : null,
    remove: isAsked('FDSTOREREMOVE') ? name : null,
    isReady: isAsked('READY'),
    isStopping: isAsked('STOPPING'),
    isAlive: isAsked('WATCHDOG'),
    status: assignments.get('STATUS') ?? null,
    fields: Object.fromEntries(own.map(([key, value]) => [key.slice(2), value])),
    problems,
  };
}
