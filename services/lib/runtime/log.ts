// The log of a process: on stderr, so that stdout stays free for what a command answers. JSON lines, one object each; text on a terminal.
import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from './config.ts';
import { writeLogLine } from './log-line.ts';

export type Logger = PinoLogger;

export type LogOptions = {
  /** "broker", "frontend", "metrics", "up": becomes the field `service`. */
  readonly service: string;
  readonly level: LogLevel | 'silent';
  /** Further fields of every line, e.g. { vm: 'web-1' }. */
  readonly fields?: Readonly<Record<string, string>>;
};

/** Writes are synchronous: a log whose last lines are lost with its process is of no use. Quiet services log little enough. */
export function createLogger({ service, level, fields = {} }: LogOptions): Logger {
  return pino(
    {
      level,
      base: { service, pid: process.pid, ...fields },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: writeLogLine },
  );
}
