// The log of a process: on stderr, so that stdout stays free for what a command answers. JSON lines, one object each; text on a terminal.
import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from './config.ts';
import { LineLimit } from './line-limit.ts';
import { writeLogLine } from './log-line.ts';

export type Logger = PinoLogger;

export type LogOptions = {
  /** "broker", "frontend", "metrics", "up": becomes the field `service`. */
  readonly service: string;
  readonly level: LogLevel | 'silent';
  /** Further fields of every line, e.g. { vm: 'web-1' }. */
  readonly fields?: Readonly<Record<string, string>>;
};

/** Lines below this are written for whoever asked for them, all of them. */
const LIMITED_FROM = pino.levels.values['info'] ?? 0;

/**
 * Writes are synchronous: a log whose last lines are lost with its process is of no use. Quiet services log little enough, and so do those whom a
 * guest, a VMM or another process wants to log more: lines of the same message about the same VM are limited.
 */
export function createLogger({ service, level, fields = {} }: LogOptions): Logger {
  const limit = new LineLimit({
    report: (kind, leftOut) =>
      log.warn({ kind, leftOut }, 'lines were left out of this log: too many of a kind'),
  });
  process.once('exit', () => limit.flush());
  const log = pino(
    {
      level,
      hooks: {
        logMethod(args, method, at) {
          if (at < LIMITED_FROM || limit.admits(kindOf(args, this.bindings()))) method.apply(this, args);
        },
      },
      base: { service, pid: process.pid, ...fields },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: writeLogLine },
  );
  return log;
}

/** The message, and the VM that it is about. */
function kindOf([first, second]: readonly unknown[], { vm: own }: { readonly vm?: string }): string {
  const data = typeof first === 'object' && first !== null ? first : {};
  const message = typeof first === 'object' && first !== null ? second : first;
  const vm = 'vm' in data ? data.vm : own;
  return vm === undefined ? String(message) : `${vm}: ${message}`;
}
