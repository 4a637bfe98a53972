// Runs one service as this process: its log, its signals, and its end when the `up` that started it ends.
import type { Config } from '../lib/runtime/config.ts';
import type { ConfigFile } from '../lib/runtime/config-file.ts';
import { EXIT } from '../lib/runtime/exit-code.ts';
import { FdStore } from '../lib/runtime/fd-store.ts';
import { Lifecycle, type LifecycleLog, type ProcessPort } from '../lib/runtime/lifecycle.ts';
import { followLifeline, LIFELINE_VARIABLE, type Ready } from '../lib/runtime/lifeline.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { startPulse } from '../lib/runtime/pulse.ts';
import type { Context } from './context.ts';

/** Why a process stops whose parent is gone: lifecycle.signal.reason. */
export const PARENT_GONE = 'the parent process is gone';
/** Another one: whoever holds this process' descriptors starts a successor, which takes the configuration file as it is now. */
export const SUCCEEDED = 'a successor takes the configuration file';

export type ServiceOptions = {
  /** "broker", "frontend", …: `service` of every line of the log. */
  readonly name: string;
  readonly config: Config;
  /** Where it comes from; null: there is no file. */
  readonly file: ConfigFile | null;
  /** Say what becomes of the configuration file as long as the service runs, and not only when it is wrong at the start. Default: no. */
  readonly isWatching?: boolean;
  readonly fields?: Readonly<Record<string, string>>;
  /** What it does until it serves, for `systemctl status`. Default: that it starts. */
  readonly starting?: string;
};

/** A service that serves. */
export type Started = {
  /** What `up` shows of it. Default: nothing. */
  readonly ready?: Ready;
  /** One line for `systemctl status`: what it does at this moment. Default: that it serves. */
  readonly status?: () => string;
};

export type ProcessOptions = Pick<ServiceOptions, 'starting'> & {
  readonly log: LifecycleLog;
  readonly stopLimit?: number;
  readonly port?: ProcessPort;
};

/**
 * Starts a service, waits for its end, stops it, and leaves the exit code in the context. Errors of the start are thrown. `giveWay` ends the
 * service for a successor, where there is a holder. SIGHUP has the service look at its configuration file, and take it when it is right.
 */
export async function runService(
  context: Context,
  { name, config, file, isWatching = false, fields = {}, starting = 'starting' }: ServiceOptions,
  start: (lifecycle: Lifecycle, log: Logger, store: FdStore, giveWay: () => void) => Promise<Started>,
): Promise<void> {
  // Not for `up`, which has a smaller log and stays as small as it can.
  const { createLogger } = await import('../lib/runtime/log.ts');
  const log = createLogger({ service: name, level: config.logLevel, fields });
  let isSucceeded = false;
  await runProcess(context, { log, starting }, async (lifecycle, store) => {
    const take = (): void => {
      if (store.active) {
        isSucceeded = true;
        lifecycle.stop(SUCCEEDED);
      } else
        log.warn('the configuration file is right and not in force: start this service again to take it');
    };
    const hangUp = (): void => file?.look(log, take, true);
    process.on('SIGHUP', hangUp);
    lifecycle.onStop('configuration file', () => {
      process.off('SIGHUP', hangUp);
      file?.close();
    });
    file?.watch(log, take, isWatching);
    return start(lifecycle, log, store, take);
  });
  if (isSucceeded && context.exitCode === EXIT.OK) context.exitCode = EXIT.SUCCEEDED;
}

/** As runService(), with a log that the caller made. */
export async function runProcess(
  context: Context,
  options: ProcessOptions,
  start: (lifecycle: Lifecycle, store: FdStore) => Promise<Started>,
): Promise<void> {
  const { environment } = context.terminal;
  const isInterruptIgnored = environment[LIFELINE_VARIABLE] !== undefined;
  const store = FdStore.open(environment);
  if (store.problem !== null) options.log.warn({ problem: store.problem }, 'no fd store can be reached');
  const lifecycle = new Lifecycle({ isInterruptIgnored, ...options });
  let status = (): string => options.starting ?? 'starting';
  const beat = startPulse(store, () => (lifecycle.signal.aborted ? 'stopping' : status()));
  lifecycle.signal.addEventListener(
    'abort',
    () => {
      store.stopping();
      beat();
    },
    { once: true },
  );
  const lifeline = followLifeline(environment, () => {
    const lost = store.active ? 'what it held is lost, and this process ends' : 'this process ends';
    options.log.warn({ store: store.active }, `${PARENT_GONE}: ${lost}`);
    lifecycle.stop(PARENT_GONE);
  });
  context.exitCode = await lifecycle.run(async () => {
    const { ready = {}, status: own = () => 'serving' } = await start(lifecycle, store);
    status = own;
    beat();
    lifeline?.ready(ready);
    store.ready(Object.fromEntries(Object.entries(ready).map(([key, value]) => [key.toUpperCase(), value])));
  });
}
