// Holds descriptors for one process and starts it again whenever it dies: the least that a keeper does, inside of the test's process.
// As systemd, it holds an open file once, under the first name that it came with.
import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { isSameOpenFile } from '../../../../services/lib/os/descriptor.ts';
import { closeAll, type Fd } from '../../../../services/lib/os/fd.ts';
import { duplicate } from '../../../../services/lib/os/memory.ts';
import { Poller } from '../../../../services/lib/os/poll.ts';
import { receive, socketPair } from '../../../../services/lib/os/socket.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const COMPILED = ROOT.endsWith('/dist') ? ROOT : join(ROOT, 'dist');

export type HolderOptions = {
  /** Below dist/, without the ending. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  /** BARKEEP_FAULT of the first start, the second ...; none after that. */
  readonly faults?: readonly string[];
  /** Called between a death and the next start. */
  readonly onDeath?: (holder: Holder) => void;
};

type Held = { readonly name: string; readonly fd: Fd };

export class Holder {
  /** How each process ended: a signal or an exit code. */
  readonly ends: string[] = [];
  /** What the processes wrote to stderr. */
  text = '';
  held: Held[] = [];
  readonly #options: HolderOptions;
  #child: ChildProcess | null = null;
  #socket: Fd | null = null;
  #poller: Poller | null = null;
  #starts = 0;
  #isStopped = false;
  #waiting: (() => void)[] = [];

  constructor(options: HolderOptions) {
    this.#options = options;
    this.#start();
  }

  get names(): string[] {
    return this.held.map(({ name }) => name).sort();
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get starts(): number {
    return this.#starts;
  }

  /** What is held under a name is replaced, or removed: a store that gives back the wrong things. */
  tamper(name: string, fd: Fd | null): void {
    for (const { fd: old } of this.held.filter((held) => held.name === name)) old.close();
    this.held = this.held.filter((held) => held.name !== name);
    if (fd) this.held.push({ name, fd });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when the process that runs now has ended and was buried. */
  death(): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push(done);
    });
  }

  /** Kills the process for good and closes what is held. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#child) {
      const death = this.death();
      this.#child.kill('SIGKILL');
      await death;
    }
    closeAll(this.held.map(({ fd }) => fd));
    this.held = [];
  }

  #start(): void {
    const [ours, theirs] = socketPair('seqpacket');
    this.#socket = ours;
    this.#poller = new Poller(ours.number, () => this.#read());
    const fault = this.#options.faults?.[this.#starts];
    this.#starts += 1;
    const child = spawn(process.execPath, [join(COMPILED, `${this.#options.script}.js`)], {
      stdio: ['ignore', 'inherit', 'pipe', theirs.number, ...this.held.map(({ fd }) => fd.number)],
      env: {
        PATH: process.env['PATH'] ?? '',
        ...this.#options.environment,
        HELD_NAMES: this.held.map(({ name }) => name).join(':'),
        ...(fault === undefined ? {} : { BARKEEP_FAULT: fault }),
      },
    });
    theirs.close();
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
    child.on('exit', (code, signal) => this.#buried(signal ?? `exit ${code}`));
  }

  #buried(end: string): void {
    this.ends.push(end);
    this.#child = null;
    this.#read();
    this.#poller?.close();
    this.#socket?.close();
    this.#socket = null;
    for (const done of this.#waiting.splice(0)) done();
    if (!this.#isStopped) this.#options.onDeath?.(this);
    // Whoever ends by itself has said why, and would say it again.
    if (!this.#isStopped && !end.startsWith('exit')) this.#start();
  }

  /** Starts it once more after it ended by itself. */
  restart(): void {
    if (this.#child === null) this.#start();
  }

  #read(): void {
    for (;;) {
      const message = this.#socket ? receive(this.#socket.number, 4096) : null;
      if (!message) return;
      if (message.data.length === 0) {
        this.#poller?.close();
        return;
      }
      const fields = new Map(
        message.data
          .toString()
          .split('\n')
          .map((line) => line.split('=') as [string, string]),
      );
      const name = fields.get('FDNAME') ?? '';
      if (fields.has('FDSTOREREMOVE')) this.tamper(name, null);
      for (const fd of message.fds) {
        if (this.held.some((held) => isSameOpenFile(held.fd.number, fd.number))) fd.close();
        else this.held.push({ name, fd });
      }
    }
  }

  /** A duplicate of what is held under a name. */
  copy(name: string): Fd {
    const found = this.held.find((held) => held.name === name);
    if (!found) throw new Error(`nothing is held as ${name}`);
    return duplicate(found.fd.number);
  }
}
