// What every verb gets: its terminal, the global options, the configuration, a client of the broker, and the exit code it leaves.
import { accessSync, constants, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AdminClient, AdminError, Pages } from '../lib/rpc/admin-client.ts';
import {
  type Config,
  type ConfigFlags,
  DEFAULT_CONFIG_PATH,
  loadConfig,
  parseConfig,
  runDirectoryOf,
} from '../lib/runtime/config.ts';
import { ConfigFile } from '../lib/runtime/config-file.ts';
import { DEFAULT_RUN_DIRECTORY } from '../lib/runtime/config-schema.ts';
import { EXIT, type ExitCode, ExitError } from '../lib/runtime/exit-code.ts';
import { runDirectoryPaths } from '../lib/runtime/run-directory.ts';
import { demoRunDirectory } from './demo-config.ts';
import { JsonPrinter, type ListPrinter, TablePrinter } from './list-printer.ts';
import { type Column, textOf } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Options that every verb takes, before or after its name. */
export type GlobalOptions = {
  readonly config?: string;
  readonly runDirectory?: string;
  readonly logLevel?: string;
  readonly json?: boolean;
};

/** Rows of a list that are laid out at once: a page of the broker's. */
const LAID_OUT_TOGETHER = 1000;

export class Context {
  readonly terminal: Terminal;
  readonly #options: () => GlobalOptions;
  /** What the process ends with, unless an error decides. */
  exitCode: ExitCode = EXIT.OK;

  constructor(terminal: Terminal, options: () => GlobalOptions) {
    this.terminal = terminal;
    this.#options = options;
  }

  get options(): GlobalOptions {
    return this.#options();
  }

  /** Prints `value` as JSON with --json, and the lines otherwise. */
  async answer(value: unknown, lines: () => readonly string[]): Promise<void> {
    await this.terminal.out(this.options.json ? `${JSON.stringify(value, null, 2)}\n` : textOf(lines()));
  }

  /** Prints a list of the broker as it comes, so that its length costs time and no memory: an array with --json, a table otherwise. */
  async answerList<Item, Row>(
    asked: string,
    columns: readonly Column<Row>[],
    pagesOf: (client: AdminClient) => Pages<Item>,
    recordOf: (item: Item) => Row,
  ): Promise<void> {
    const printer: ListPrinter<Row> = this.options.json ? new JsonPrinter() : new TablePrinter(columns);
    await this.withClient(asked, async (client) => {
      let rows: Row[] = [];
      for await (const page of pagesOf(client)) {
        for (const item of page) rows.push(recordOf(item));
        if (rows.length < LAID_OUT_TOGETHER) continue;
        await this.terminal.out(printer.more(rows));
        rows = [];
      }
      await this.terminal.out(`${printer.more(rows)}${printer.end()}`);
    });
  }

  /** The configuration file that was named, or the default one if it exists; null when there is none. */
  configPath(): string | null {
    const named = this.options.config ?? (this.terminal.environment['BARKEEP_CONFIG'] || undefined);
    if (named !== undefined) return resolve(named);
    return existsSync(DEFAULT_CONFIG_PATH) ? DEFAULT_CONFIG_PATH : null;
  }

  /**
   * Reads the configuration, with environment and options over it. Throws ConfigError.
   * Without a file: the settings' defaults, for services that need no more than where the broker is.
   */
  config(flags: { readonly listen?: string | undefined } = {}): Config {
    const path = this.configPath();
    if (path !== null) return this.configAt(path, flags);
    return parseConfig('', DEFAULT_CONFIG_PATH, this.#overrides(flags));
  }

  /** As config(), of a file that the caller knows. */
  configAt(path: string, flags: { readonly listen?: string | undefined } = {}): Config {
    return loadConfig(path, this.#overrides(flags));
  }

  /** As config(), for a service: see configFile(). `file` is null when there is none. */
  serviceConfig(flags: { readonly listen?: string | undefined } = {}): {
    readonly config: Config;
    readonly file: ConfigFile | null;
  } {
    const path = this.configPath();
    if (path === null) return { config: this.config(flags), file: null };
    const file = this.configFile(path, flags);
    return { config: file.config, file };
  }

  /** A file, or the last good configuration of the run directory when it is wrong. Throws ConfigError at a first start. */
  configFile(path: string, flags: { readonly listen?: string | undefined } = {}): ConfigFile {
    return new ConfigFile(path, this.#overrides(flags));
  }

  #overrides(flags: ConfigFlags): {
    environment: Readonly<Record<string, string | undefined>>;
    flags: ConfigFlags;
  } {
    const { runDirectory, logLevel } = this.options;
    return { environment: this.terminal.environment, flags: { runDirectory, logLevel, ...flags } };
  }

  /** The run directory to talk to: as named, as configured, the usual one where a broker has a socket in it, or that of the demo. */
  runDirectory(): string {
    const named = this.#namedRunDirectory();
    if (named !== null) return named;
    const path = this.configPath();
    // Nothing but the directory is needed: a file with a mistake elsewhere keeps nobody from looking what has become of the broker.
    if (path !== null) return runDirectoryOf(path);
    if (existsSync(runDirectoryPaths(DEFAULT_RUN_DIRECTORY).adminSocket)) return DEFAULT_RUN_DIRECTORY;
    return demoRunDirectory(this.terminal.environment);
  }

  /** Where the demo runs: as named, or in the user's own directory. */
  demoDirectory(): string {
    return this.#namedRunDirectory() ?? demoRunDirectory(this.terminal.environment);
  }

  #namedRunDirectory(): string | null {
    const named =
      this.options.runDirectory ?? (this.terminal.environment['BARKEEP_RUN_DIRECTORY'] || undefined);
    return named === undefined ? null : resolve(named);
  }

  /** The socket of the broker for a verb that only looks: that of operators where this user may use it, else that of viewers. */
  lookingSocket(directory = this.runDirectory()): string {
    const { adminSocket, viewSocket } = runDirectoryPaths(directory);
    return !mayConnect(adminSocket) && existsSync(viewSocket) ? viewSocket : adminSocket;
  }

  /** The socket of the broker for a verb that changes something. */
  changingSocket(): string {
    return runDirectoryPaths(this.runDirectory()).adminSocket;
  }

  /**
   * Runs `use` with a client of the broker. `asked` says in messages what was asked, e.g. "vm show web-1"; `socket` defaults to the one for looking.
   */
  async withClient<Result>(
    asked: string,
    use: (client: AdminClient) => Promise<Result>,
    socket = this.lookingSocket(),
  ): Promise<Result> {
    // gRPC is loaded by the verbs that need it.
    const { AdminError, createAdminClient } = await import('../lib/rpc/admin-client.ts');
    const client = createAdminClient(socket);
    try {
      return await use(client);
    } catch (error) {
      throw error instanceof AdminError ? asExitError(asked, error) : error;
    } finally {
      client.close();
    }
  }
}

/** Connecting to a socket takes the right to write (unix(7)). */
function mayConnect(socket: string): boolean {
  try {
    accessSync(socket, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** An error of the admin socket as an end of the process: what was asked, what was found, what to do. */
export function asExitError(asked: string, error: AdminError): ExitError {
  const reason = error.reason === null ? '' : ` (${error.reason})`;
  const [exitCode, advice] = ADVICE[error.failure];
  return new ExitError(exitCode, `${asked}: ${error.message}${reason}${advice}`, {
    cause: error,
    reason: error.reason,
  });
}

const ADVICE: Readonly<Record<AdminError['failure'], readonly [ExitCode, string]>> = {
  absent: [
    EXIT.UNAVAILABLE,
    '; is the broker running? Start it with `barkeep up`, or name its run directory with --run-directory',
  ],
  unavailable: [EXIT.UNAVAILABLE, '; try again, and look at the log of the broker'],
  forbidden: [
    EXIT.FORBIDDEN,
    "; run as the broker's user, or as a member of the group that the configuration names for it (groups.viewers to look, groups.operators to change)",
  ],
  'not-found': [EXIT.NOT_FOUND, ''],
  refused: [EXIT.FAILURE, ''],
};
