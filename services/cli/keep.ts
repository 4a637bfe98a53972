// barkeep keep: the keeper of one command, as this process. It is what stays when everything else is replaced, so it loads nothing but
// services/keeper: no gRPC, no commander, no pino, no configuration.
//
// Resident size (Node 20, x86-64): 48 MiB, and 58 MiB after it has handed 1,500 descriptors over. 38 MiB of it are Node's program, shared by
// every process of the host that runs it; 10 and 15 MiB are its own, of which an empty Node has 6. `up`, which also reads the configuration:
// 57 MiB, 19 of its own.
import { constants } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_STORE_LIMIT, type Ended, Keeper, type KeeperOptions } from '../keeper/keeper.ts';
import { createKeeperLog } from '../keeper/log.ts';
import { reapAsInit } from '../keeper/orphans.ts';
import { EXIT } from '../lib/runtime/exit-code.ts';
import { parseDuration } from '../lib/runtime/units.ts';
import type { Terminal } from './terminal.ts';

export const KEEP_DESCRIPTION = 'run a command, hold its descriptors, and start it again when it dies';

const HELP = `Usage: barkeep keep [options] -- COMMAND [ARGUMENT...]

Runs COMMAND, holds the file descriptors that it stores, and starts it again when it
dies, with them. It speaks systemd's protocol: FDSTORE=1, FDSTOREREMOVE=1, FDNAME,
READY=1, STATUS, WATCHDOG=1, BARRIER=1 on $NOTIFY_SOCKET; LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID.
Under systemd it is not needed: give the unit a FileDescriptorStoreMax= instead.

COMMAND is started again at once when it had said READY=1, up to ten times in 10 s.
Beyond that, or when it was not ready: at once, then after 100 ms, doubling up to 5 s,
until it has lived for 10 s. It is not started again after exit code 2 (wrong
configuration) if it was never ready before, after exit code 0 (see --restart), or when
the keeper was asked to stop.

SIGTERM and SIGINT stop COMMAND (see --stop-signal) and the keeper; SIGHUP, SIGUSR1 and
SIGUSR2 are passed on. What is held ends with the keeper; then COMMAND reads the end of
descriptor $BARKEEP_LIFELINE_FD, and Barkeep's own services end.

Options:
  --restart <when>          on-failure: exit code 0 is an end (default); always: then too,
                            so that COMMAND is replaced by ending it
  --restart-delay <time>    pause after the second failure in a row (default: 100ms)
  --store-max <number>      how many descriptors are held at most (default: ${DEFAULT_STORE_LIMIT})
  --notify-access <who>     main: only COMMAND itself is heard (default); all: every
                            process of this user that knows the socket, and root
  --stop-signal <signal>    SIGTERM (default), SIGINT or SIGQUIT. A frontend takes SIGTERM for
                            an upgrade and leaves its VM to the grace; SIGQUIT gives it up
  --stop-timeout <time>     how long COMMAND may take to stop (default: 8s)
  --watchdog <time>         kill COMMAND when it has been silent for so long: it has to say
                            WATCHDOG=1, as Barkeep's services do (default: no watchdog)
  -l, --log-level <level>   debug, info, warn or error (default: info)
  -h, --help                print this

Exit code: COMMAND's own; 128 and the signal's number when one ended it.

Examples:
  barkeep keep -- barkeep broker
  barkeep keep --restart always --stop-signal SIGQUIT -- barkeep frontend --vm web-1
`;

/** For the whole process: it ends when COMMAND does. Returns the exit code. */
export async function runKeep(argv: readonly string[], terminal: Terminal): Promise<number> {
  let asked: Asked | null;
  try {
    asked = readArguments(argv);
  } catch (error) {
    terminal.error(`barkeep: keep: ${(error as Error).message}\nTry the same with --help.\n`);
    return EXIT.USAGE;
  }
  if (asked === null) {
    await terminal.out(HELP);
    return EXIT.OK;
  }
  const { command, logLevel, stopSignal, ...options } = asked;
  const log = createKeeperLog('keep', logLevel);
  const { environment } = terminal;
  const keeper = new Keeper({ name: basename(command[0] ?? ''), command, environment }, { ...options, log });
  reapAsInit([keeper]);
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)
    process.on(signal, () => keeper.signal(signal));
  let isStopped = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      isStopped = true;
      void keeper.stop(stopSignal);
    });
  }
  keeper.start();
  const ended = await keeper.ended;
  // Asked to end, it ended: by which signal is no news.
  return isStopped && ended.signal === stopSignal ? EXIT.OK : exitCodeOf(ended);
}

/** Signals that ask a process to end. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

type LogLevel = 'debug' | 'info' | 'warn' | 'error';
type Asked = Omit<KeeperOptions, 'log'> & {
  readonly command: readonly string[];
  readonly logLevel: LogLevel;
  readonly stopSignal: (typeof STOP_SIGNALS)[number];
};

/** Null when only help is wanted. Throws Error with what is wrong. */
function readArguments(argv: readonly string[]): Asked | null {
  const end = argv.indexOf('--');
  const { values } = parseArgs({
    args: argv.slice(0, end < 0 ? argv.length : end),
    options: {
      restart: { type: 'string', default: 'on-failure' },
      'restart-delay': { type: 'string', default: '100ms' },
      'store-max': { type: 'string', default: String(DEFAULT_STORE_LIMIT) },
      'notify-access': { type: 'string', default: 'main' },
      'stop-signal': { type: 'string', default: 'SIGTERM' },
      'stop-timeout': { type: 'string', default: '8s' },
      watchdog: { type: 'string' },
      'log-level': { type: 'string', short: 'l', default: 'info' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  if (end < 0 || end + 1 === argv.length) throw new Error('no command; give it after "--"');
  return {
    command: argv.slice(end + 1),
    always: oneOf('restart', values.restart, ['on-failure', 'always']) === 'always',
    firstPause: duration('restart-delay', values['restart-delay']),
    storeLimit: count('store-max', values['store-max']),
    listensToAll: oneOf('notify-access', values['notify-access'], ['main', 'all']) === 'all',
    stopSignal: oneOf('stop-signal', values['stop-signal'], STOP_SIGNALS),
    stopLimit: duration('stop-timeout', values['stop-timeout']),
    ...(values.watchdog === undefined ? {} : { silenceLimit: duration('watchdog', values.watchdog, 1) }),
    logLevel: oneOf('log-level', values['log-level'], ['debug', 'info', 'warn', 'error']),
  };
}

function oneOf<Word extends string>(option: string, value: string, words: readonly Word[]): Word {
  const word = words.find((known) => known === value);
  if (word === undefined) throw new Error(`--${option} ${value}: expected ${words.join(' or ')}`);
  return word;
}

function duration(option: string, value: string, least = 0): number {
  const milliseconds = parseDuration(value);
  if (milliseconds === null || milliseconds < least)
    throw new Error(`--${option} ${value}: expected a duration such as 100ms`);
  return milliseconds;
}

function count(option: string, value: string): number {
  if (!/^[0-9]{1,7}$/.test(value)) throw new Error(`--${option} ${value}: expected a number`);
  return Number(value);
}

function exitCodeOf({ code, signal }: Ended): number {
  return signal === null ? (code ?? EXIT.FAILURE) : 128 + constants.signals[signal];
}
