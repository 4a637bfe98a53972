// The keeper's own log: lines as the services' logs have them, without the library that writes those.
import type { LogLevel } from '../lib/runtime/config.ts';
import { writeLogLine } from '../lib/runtime/log-line.ts';

/** As of pino, in which the other services write. */
const RANKS: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

export type KeeperLog = {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
};

/** JSON lines, one object each; an Error as `err` becomes its message. */
export function createKeeperLog(
  service: string,
  level: LogLevel,
  write: (line: string) => void = writeLogLine,
): KeeperLog {
  const at =
    (own: LogLevel) =>
    (data: object, message: string): void => {
      if (RANKS[own] < RANKS[level]) return;
      const line = { level: own, time: new Date().toISOString(), service, pid: process.pid, ...data };
      const withMessage = { ...line, msg: message };
      write(
        `${JSON.stringify(withMessage, (_, value) => (value instanceof Error ? { type: value.name, message: value.message } : value))}\n`,
      );
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
