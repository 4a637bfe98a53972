// One of Barkeep's processes, started from its compiled command line as an operator would, its log in a file of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LIFELINE_FD, LIFELINE_VARIABLE } from '../../../services/lib/runtime/lifeline.ts';
import { until } from '../../support/until.ts';
import { patient } from '../patience.ts';

// Beside this file in dist/: the scenario runs compiled, because the services do.
const CLI = fileURLToPath(new URL('../../../services/cli/main.js', import.meta.url));
const STOP_LIMIT = patient(12_000);
// What a keeper is told for services that are killed on purpose, every other second: no pause, whatever happens.
const KEEP = ['keep', '--restart', 'always', '--restart-delay', '0ms', '--', process.execPath, CLI];
const POLL = 20;

/** A process did not start, or ended on its own; carries the end of its log. */
export class ServiceError extends Error {
  constructor(message: string, log: string) {
    const tail = log.trim().split('\n').slice(-8).join('\n');
    super(tail === '' ? message : `${message}; its log ends with\n${tail}`);
    this.name = 'ServiceError';
  }
}

export class Service {
  readonly name: string;
  readonly logPath: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;

  private constructor(name: string, logPath: string, child: ChildProcess) {
    this.name = name;
    this.logPath = logPath;
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
    });
  }

  /**
   * `barkeep ARGUMENTS`, and with `kept` the same under `barkeep keep`, whose process this is then. It ends with this process, however that
   * ends; a keeper only when it is stopped.
   */
  static start(name: string, args: readonly string[], logPath: string, { kept = false } = {}): Service {
    const log = openSync(logPath, 'a');
    try {
      const child = spawn(process.execPath, [CLI, ...(kept ? KEEP : []), ...args], {
        stdio: ['ignore', log, log, 'pipe'],
        env: { ...process.env, [LIFELINE_VARIABLE]: String(LIFELINE_FD) },
      });
      return new Service(name, logPath, child);
    } finally {
      closeSync(log);
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** Resolves when `isReady` does with true; rejects with ServiceError after `limit` milliseconds, or when the process ends before. */
  async ready(isReady: () => Promise<boolean>, limit = patient(20_000)): Promise<void> {
    const isDecided = async (): Promise<boolean> => (await isReady()) || !this.running;
    await until(`${this.name} is ready`, isDecided, { within: limit, every: POLL }).catch((error: Error) => {
      throw new ServiceError(error.message, this.log());
    });
    if (!this.running) {
      throw new ServiceError(
        `${this.name} ended with ${this.#child.exitCode ?? this.#child.signalCode}`,
        this.log(),
      );
    }
  }

  /** True when the process has ended within `limit` milliseconds. */
  async endsWithin(limit: number): Promise<boolean> {
    return await until(`${this.name} ends`, () => !this.running, { within: limit }).catch(() => false);
  }

  /** Open descriptors, by what they are: numbers of sockets and memfds would make two equal sets look different. */
  descriptors(): readonly string[] {
    return openDescriptors(this.pid);
  }

  log(): string {
    return readFileSync(this.logPath, 'utf8');
  }

  /** SIGTERM, then SIGKILL when it does not end in time. Returns the exit code, null when it had to be killed. */
  async stop(): Promise<number | null> {
    if (this.running) this.#child.kill('SIGTERM');
    if (!(await this.endsWithin(STOP_LIMIT))) {
      this.#child.kill('SIGKILL');
      await this.#exited;
    }
    return this.#child.exitCode;
  }
}

/** What Node has open from the first fs.watch() of a process on, whatever becomes of that: one a process, of all watches together. */
export const NODE_WATCHES = 'anon_inode:inotify';

/** Of any process of this user. */
export function openDescriptors(pid: number): readonly string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory)
    .map((fd) => readLink(`${directory}/${fd}`))
    .filter((target) => target !== null)
    .map((target) => target.replace(/:\[\d+\]$/, ''))
    .sort();
}

// Null for one that was closed between the two calls.
function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
