// A child process of `barkeep up`: started, watched, started again with back-off when it dies, and stopped.
//
//   idle --start()--> starting --it says so--> up --it dies--> waiting --back-off--> starting
//                        | dies                |                  |
//                        v                     '---- stop() ------'--> stopped
//                     start() fails
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { EXIT, type ExitCode, ExitError } from '../lib/runtime/exit-code.ts';
import { awaitReady, LIFELINE_FD, LIFELINE_VARIABLE, type Ready } from '../lib/runtime/lifeline.ts';

export type ChildSpec = {
  /** For messages: "broker", "frontend of web-1". */
  readonly name: string;
  /** Arguments of Node: the script and what it takes. */
  readonly command: readonly string[];
};

export type ChildLog = {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
};

export type ChildOptions = {
  readonly log: ChildLog;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** First and longest pause before a new start, milliseconds. It doubles with each death. Default 250 ms and 10 s. */
  readonly firstPause?: number;
  readonly longestPause?: number;
  /** A child that was up for so long has earned the first pause again. Default 30 s. */
  readonly steadyAfter?: number;
  /** How long a start may take. Default 30 s. */
  readonly startLimit?: number;
  /** How long a child may take to stop before it is killed. Default 8 s. */
  readonly stopLimit?: number;
};

type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };
type Running = { readonly process: ChildProcess; readonly ended: Promise<Ended>; readonly since: number };

export class Child {
  readonly name: string;
  readonly #command: readonly string[];
  readonly #options: Required<ChildOptions>;
  #running: Running | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isStopping = false;
  #deaths = 0;

  constructor({ name, command }: ChildSpec, options: ChildOptions) {
    this.name = name;
    this.#command = command;
    this.#options = {
      firstPause: 250,
      longestPause: 10_000,
      steadyAfter: 30_000,
      startLimit: 30_000,
      stopLimit: 8_000,
      ...options,
    };
  }

  /** Null while it is not running. */
  get pid(): number | null {
    return this.#running?.process.pid ?? null;
  }

  /**
   * Starts it for the first time and returns what it said when it was ready. Throws ExitError when it ends before that: what does not start
   * once will not start later. From then on it is started again whenever it dies.
   */
  async start(): Promise<Ready> {
    const running = this.#spawn();
    const ready = await this.#ready(running);
    if (ready === null) {
      const ended = await running.ended;
      throw new ExitError(
        exitCodeOf(ended),
        `up: the ${this.name} did not start: it ended with ${endText(ended)}; its own message is above`,
      );
    }
    void this.#watch(running);
    return ready;
  }

  /** Runs it to its end, once: it is not started again. Returns its exit code, null when a signal ended it. */
  async runOnce(): Promise<number | null> {
    const running = this.#spawn();
    const { code } = await running.ended;
    this.#running = null;
    return code;
  }

  /** Asks it to end, kills it when it does not, and returns when it is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const running = this.#running;
    if (running === null) return;
    running.process.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.#options.log.error({ child: this.name }, 'does not stop; it is killed');
      running.process.kill('SIGKILL');
    }, this.#options.stopLimit);
    await running.ended;
    clearTimeout(timer);
  }

  /** Ends it without a word, and for good. */
  kill(): void {
    this.#isStopping = true;
    this.#running?.process.kill('SIGKILL');
  }

  #spawn(): Running {
    const child = spawn(process.execPath, [...process.execArgv, ...this.#command], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      env: { ...this.#options.environment, [LIFELINE_VARIABLE]: String(LIFELINE_FD) },
    });
    const ended = new Promise<Ended>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      // The program could not be executed at all.
      child.once('error', (error) => {
        this.#options.log.error({ err: error, child: this.name }, 'cannot be executed');
        resolve({ code: EXIT.FAILURE, signal: null });
      });
    });
    // A child that is killed may reset its end of the lifeline.
    child.stdio[LIFELINE_FD]?.on('error', () => undefined);
    const running = { process: child, ended, since: Date.now() };
    this.#running = running;
    return running;
  }

  /** Null when it ended, or took too long and was killed. */
  async #ready(running: Running): Promise<Ready | null> {
    const timer = setTimeout(() => {
      this.#options.log.error(
        { child: this.name, limit: this.#options.startLimit },
        'does not get ready; it is killed',
      );
      running.process.kill('SIGKILL');
    }, this.#options.startLimit);
    const ready = await awaitReady(running.process.stdio[LIFELINE_FD] as Duplex);
    clearTimeout(timer);
    return ready;
  }

  async #watch(running: Running): Promise<void> {
    const { code, signal } = await running.ended;
    this.#running = null;
    if (this.#isStopping) return;
    const { firstPause, longestPause, steadyAfter, log } = this.#options;
    if (Date.now() - running.since >= steadyAfter) this.#deaths = 0;
    const pause = Math.min(longestPause, firstPause * 2 ** this.#deaths);
    this.#deaths += 1;
    log.warn({ child: this.name, code, signal, pause }, 'ended; it is started again');
    this.#timer = setTimeout(() => void this.#restart(), pause);
  }

  async #restart(): Promise<void> {
    const running = this.#spawn();
    const watched = this.#watch(running);
    const ready = await this.#ready(running);
    if (ready !== null) this.#options.log.info({ child: this.name, pid: running.process.pid }, 'is back');
    await watched;
  }
}

function endText({ code, signal }: Ended): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

function exitCodeOf({ code }: Ended): ExitCode {
  return Object.values(EXIT).find((known) => known === code && known !== EXIT.OK) ?? EXIT.FAILURE;
}
