// The configuration file of a service over its lives: a mistake in it must not end what runs.
//
// Only a first start fails for it. The broker keeps the configuration that it goes by in the run directory; a service that starts again while
// the file is wrong goes on with that one, says so, and looks at the file every two seconds until it is right. When it then says what is in
// force already there is nothing to do; otherwise the service gives way to a successor that takes it (see cli/service.ts).
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import {
  type Config,
  type ConfigFlags,
  type ConfigOptions,
  type ReadConfig,
  readConfig,
  readConfigText,
  runDirectoryOf,
} from './config.ts';
import { ConfigError } from './config-error.ts';
import { DEFAULT_RUN_DIRECTORY } from './config-schema.ts';
import { runDirectoryPaths } from './run-directory.ts';

/** How often a file that is watched is looked at: one stat(2), which works for renamed files, links and network file systems alike. */
const LOOK_INTERVAL_MS = 2000;

export type ConfigState = {
  /** Empty: there is none. */
  readonly file: string;
  /** What is wrong with the file as it is now: then the last good configuration is in force. Null: nothing. */
  readonly problem: string | null;
  /** When what is in force was last seen in the file, milliseconds since 1970. */
  readonly takenAt: number;
  /** The file is right and says something else than what is in force: the next start takes it. */
  readonly isChanged: boolean;
};

export type ConfigFileLog = {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
};

export type ConfigFileOptions = Pick<ConfigOptions, 'environment'> & { readonly flags?: ConfigFlags };

export class ConfigFile {
  readonly #path: string;
  readonly #options: ConfigFileOptions;
  #inForce: ReadConfig;
  #state: ConfigState;
  /** Of the file when it was last read. */
  #seen: string;
  /** It was wrong at the start: when it is right it is to be taken. */
  #isDue = false;
  #timer: NodeJS.Timeout | null = null;

  /**
   * Reads the file; when it is wrong, the last good configuration of its run directory.
   * Throws ConfigError when there is neither.
   */
  constructor(path: string, options: ConfigFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#seen = signatureOf(path);
    try {
      this.#inForce = this.#read();
      this.#state = { file: path, problem: null, takenAt: Date.now(), isChanged: false };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const last = lastGood(directoryOf(path, options), options);
      if (last === null) throw error;
      this.#inForce = last;
      this.#state = { file: path, problem: error.message, takenAt: last.time, isChanged: false };
      this.#isDue = true;
    }
  }

  /** What is in force. */
  get config(): Config {
    return this.#inForce.config;
  }

  get state(): ConfigState {
    return this.#state;
  }

  /**
   * The file is right by itself, and cannot be used all the same (`problem`): from here on the last good configuration is in force. False when
   * there is none, or none that is another one.
   */
  fallBack(problem: string): boolean {
    const last = lastGood(this.config.runDirectory, this.#options);
    if (last === null || last.text === this.#inForce.text) return false;
    this.#inForce = last;
    this.#state = { ...this.#state, problem, takenAt: last.time };
    this.#isDue = true;
    return true;
  }

  /** Keeps what is in force for a successor and for the other services. Throws the system's error. */
  keep(): void {
    const { lastGoodConfig: path } = runDirectoryPaths(this.config.runDirectory);
    const draft = `${path}.new`;
    const head = `# The configuration that the broker goes by, from ${this.#path}.\n`;
    rmSync(draft, { force: true });
    writeFileSync(draft, `${head}${this.#inForce.text}`, { mode: 0o644, flag: 'wx' });
    renameSync(draft, path);
  }

  /** The next start is a first one. */
  forget(): void {
    rmSync(runDirectoryPaths(this.config.runDirectory).lastGoodConfig, { force: true });
  }

  /**
   * Looks at the file from now on, `always` or only as long as it is wrong, and says in the log what it finds. `onRight` is called when it is to
   * be taken by a successor: it was wrong at the start, and now says something else than what is in force.
   */
  watch(log: ConfigFileLog, onRight: () => void, always: boolean): void {
    const { problem, file } = this.#state;
    if (problem !== null) log.error({ file, problem }, WRONG);
    if (problem === null && !always) return;
    this.#timer = setInterval(() => {
      if (signatureOf(this.#path) === this.#seen) return;
      this.look(log, onRight);
      if (this.#state.problem === null && !always) this.close();
    }, LOOK_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Reads the file now. `isAsked`: what is right in it is to be taken in any case. */
  look(log: ConfigFileLog, onRight: () => void, isAsked = false): void {
    const { file, problem: before } = this.#state;
    this.#seen = signatureOf(this.#path);
    let found: ReadConfig;
    try {
      found = this.#read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#state = { ...this.#state, problem: error.message, isChanged: false };
      if (isAsked || error.message !== before) log.error({ file, problem: error.message }, WRONG);
      return;
    }
    const isChanged = found.text !== this.#inForce.text;
    const takenAt = isChanged ? this.#state.takenAt : Date.now();
    this.#state = { file, problem: null, takenAt, isChanged };
    if (!isChanged) {
      this.#isDue = false;
      if (before !== null || isAsked) log.info({ file }, 'the configuration file is right and in force');
    } else if (this.#isDue || isAsked) onRight();
    else log.info({ file }, 'the configuration file has changed; the next start takes it');
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #read(): ReadConfig {
    return readConfig(readConfigText(this.#path), this.#path, this.#options);
  }
}

const WRONG = 'the configuration file is wrong; the last good configuration is in force';

/** Null when there is none that can be used. The host is not asked again: what was good for it has to do. */
function lastGood(
  directory: string,
  { environment = {}, flags = {} }: ConfigFileOptions,
): (ReadConfig & { readonly time: number }) | null {
  const { lastGoodConfig: path } = runDirectoryPaths(directory);
  let text: string;
  let time: number;
  try {
    text = readFileSync(path, 'utf8');
    time = statSync(path).mtimeMs;
  } catch {
    return null;
  }
  // What is laid over the file may be what is wrong: then what was laid over it before, which the text has in it.
  const attempts = [environment, {}].map((tried) => ({ environment: tried, flags, host: null }));
  for (const options of attempts) {
    try {
      return { ...readConfig(text, path, options), time };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  }
  return null;
}

/** Of a file that is not there, or has nothing that can be read: as if it were empty. */
function directoryOf(path: string, options: ConfigFileOptions): string {
  try {
    return runDirectoryOf(path, options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return (
      options.flags?.runDirectory ?? options.environment?.['BARKEEP_RUN_DIRECTORY'] ?? DEFAULT_RUN_DIRECTORY
    );
  }
}

/** Differs when the file was written, replaced or removed. */
function signatureOf(path: string): string {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}
