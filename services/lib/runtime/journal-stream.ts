// systemd's journal as the reader of stderr: a line that begins with "<N>" has the priority N there (sd-daemon(3), SyslogLevelPrefix= of
// systemd.exec(5)); without it all lines have one.
import { fstatSync } from 'node:fs';
import type { LogLevel } from './config.ts';

/** syslog(3). */
const PRIORITIES: Readonly<Record<LogLevel, number>> = {
  trace: 7,
  debug: 7,
  info: 6,
  warn: 4,
  error: 3,
  fatal: 2,
};

/** Whether the journal reads what is written to `fd`: a process inherits the variable also where its output goes elsewhere. */
export function isJournalStream(
  fd: number,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const { JOURNAL_STREAM: stream } = environment;
  if (stream === undefined || stream === '') return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** `text` with the priority of `level` at the beginning of each line. */
export function withPriority(level: LogLevel, text: string): string {
  return text.replace(/^(?=.)/gm, `<${PRIORITIES[level]}>`);
}
