// Runs one service as this process: its log, its signals, and its end when the `up` that started it ends.
import type { Config } from '../lib/runtime/config.ts';
import { Lifecycle, type ProcessPort } from '../lib/runtime/lifecycle.ts';
import { followLifeline, LIFELINE_VARIABLE, type Ready } from '../lib/runtime/lifeline.ts';
import { createLogger, type Logger } from '../lib/runtime/log.ts';
import type { Context } from './context.ts';

export type ServiceOptions = {
  /** "broker", "frontend", …: `service` of every line of the log. */
  readonly name: string;
  readonly config: Config;
  readonly fields?: Readonly<Record<string, string>>;
  readonly stopLimit?: number;
  readonly port?: ProcessPort;
};

/**
 * Starts a service, waits for its end, stops it, and leaves the exit code in the context. `start` returns what `up` shows of it.
 * Errors of the start are thrown.
 */
export async function runService(
  context: Context,
  { name, config, fields = {}, ...options }: ServiceOptions,
  start: (lifecycle: Lifecycle, log: Logger) => Promise<Ready>,
): Promise<void> {
  const log = createLogger({ service: name, level: config.logLevel, fields });
  const { environment } = context.terminal;
  const isInterruptIgnored = environment[LIFELINE_VARIABLE] !== undefined;
  const lifecycle = new Lifecycle({ log, isInterruptIgnored, ...options });
  const lifeline = followLifeline(environment, () => lifecycle.stop('the parent process is gone'));
  context.exitCode = await lifecycle.run(async () => {
    const ready = await start(lifecycle, log);
    lifeline?.ready(ready);
  });
}
