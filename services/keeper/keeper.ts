// The keeper of one command: it holds the command's descriptors (lib/runtime/fd-store.ts is the other side), starts it again when it dies,
// and does nothing else. A process may be the keeper of many commands.
//
//   start() --> running --dies--> drained: everything it sent before is handled --> pause --> running, with the descriptors
//                  |                  | exit code 0 (unless `always`), 2 (usage) before it was ever ready, or stop()
//                  '---- stop() ------'--> ended: the descriptors are closed
//
// The successor gets the descriptors from 3 on, in the order in which they came, LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID (sd_listen_fds(3)),
// and behind them its lifeline (lib/runtime/lifeline.ts): when the keeper itself dies, everything it held is lost, and the services end.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterReading, type Deadline } from '../lib/os/after-reading.ts';
import { closeAll, type Fd } from '../lib/os/fd.ts';
import type { PeerCredentials } from '../lib/os/socket.ts';
import { EXIT } from '../lib/runtime/exit-code.ts';
import { FIRST_LISTEN_FD, KEEPER_PID_VARIABLE } from '../lib/runtime/fd-store.ts';
import { LIFELINE_VARIABLE } from '../lib/runtime/lifeline.ts';
import { LineLimit } from '../lib/runtime/line-limit.ts';
import { HeldFds } from './held-fds.ts';
import type { KeeperLog } from './log.ts';
import type { NotifyMessage } from './notify-message.ts';
import { NotifySocket } from './notify-socket.ts';
import { type RestartOptions, RestartPause } from './restart-pause.ts';

export type KeptCommand = {
  /** For messages: "broker", "frontend of web-1". */
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
};

export type KeeperOptions = RestartOptions & {
  readonly log: KeeperLog;
  /** Start it again after exit code 0 too. Default: no, it is done then. After exit code 2 when it had been ready in an earlier life. */
  readonly always?: boolean;
  /** Listen to every process of the command's user, not only to the command's own (NotifyAccess=all of systemd). Default: no. */
  readonly listensToAll?: boolean;
  /** The most descriptors that are held. Default 4096. */
  readonly storeLimit?: number;
  /** How long the command may take to say READY=1 before it is killed. Default: for ever. */
  readonly startLimit?: number;
  /** How long it may take to stop before it is killed. Default 8 s. */
  readonly stopLimit?: number;
  /** Once it is ready: how long it may be silent (WATCHDOG=1) before it is killed. Default: for ever, and it is not asked to speak. */
  readonly silenceLimit?: number;
};

export const DEFAULT_STORE_LIMIT = 4096;

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };
/** What a command said with READY=1: its own fields (X_URL=… is URL). */
export type ReadyFields = Readonly<Record<string, string>>;
/** `child` is null when the system did not even try. */
type Life = {
  readonly child: ChildProcess | null;
  readonly ended: Promise<Ended>;
  readonly since: number;
};

const SHELL = '/bin/sh';
/** LISTEN_PID is the child's own pid, which only the child knows: the shell is replaced by the command and has its pid. */
const WITH_LISTEN_PID = 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"';

export class Keeper {
  readonly name: string;
  /** The command is not started again: how it ended last. */
  readonly ended: Promise<Ended>;
  readonly #command: KeptCommand;
  readonly #options: Required<Omit<KeeperOptions, keyof RestartOptions>>;
  readonly #pause: RestartPause;
  readonly #held: HeldFds;
  readonly #socket: NotifySocket;
  readonly #limit = new LineLimit({
    report: (kind, leftOut) =>
      this.#warn({ kind, leftOut }, 'lines were left out of this log: too many of a kind'),
  });
  readonly #end: (ended: Ended) => void;
  #life: Life | null = null;
  /** Kept until the last word of the dead was read. */
  #pid = 0;
  #onReady: ((fields: ReadyFields) => void) | null = null;
  #timer: Deadline | null = null;
  #watchdog: Deadline | null = null;
  #wake: (() => void) | null = null;
  #isStopping = false;
  /** Of this life: it has said READY=1. */
  #isReady = false;
  /** Of this life: it was killed because it had not. */
  #isLate = false;
  #wasEverReady = false;
  #status: string | null = null;

  constructor(command: KeptCommand, options: KeeperOptions) {
    this.name = command.name;
    this.#command = command;
    this.#options = {
      always: false,
      listensToAll: false,
      storeLimit: DEFAULT_STORE_LIMIT,
      startLimit: Number.POSITIVE_INFINITY,
      stopLimit: 8_000,
      silenceLimit: Number.POSITIVE_INFINITY,
      ...options,
    };
    this.#pause = new RestartPause(options);
    this.#held = new HeldFds(this.#options.storeLimit);
    this.#socket = new NotifySocket({
      isTrusted: (sender) => this.#isTrusted(sender),
      onMessage: (message, fds) => this.#handle(message, fds),
      onDropped: (reason, sender) => this.#warnOfOthers({ sender }, `a notification was dropped: ${reason}`),
    });
    let end: (ended: Ended) => void = () => undefined;
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
  }

  /** Null while it is not running. */
  get pid(): number | null {
    return this.#life?.child?.pid ?? null;
  }

  /** How many descriptors are held. */
  get held(): number {
    return this.#held.count;
  }

  /** What the command last said of itself (STATUS=). */
  get status(): string | null {
    return this.#status;
  }

  /** Starts the command, and again whenever it dies, until it ends for good. */
  start(): void {
    void this.#keep(this.#begin());
  }

  /**
   * As start(), but what does not get ready once is not started again. Returns what it said when it was ready, or how it ended before that
   * (`isLate`: it was killed after startLimit); then nothing is left of it.
   */
  async startOnce(): Promise<
    { readonly ready: ReadyFields } | { readonly ended: Ended; readonly isLate: boolean }
  > {
    const ready = new Promise<{ ready: ReadyFields }>((resolve) => {
      this.#onReady = (fields) => resolve({ ready: fields });
    });
    const life = this.#begin();
    // Its last word may have been READY=1, and lie in the queue still.
    const dead = life.ended.then((ended) => {
      this.#socket.drain();
      return { ended, isLate: this.#isLate };
    });
    const outcome = await Promise.race([ready, dead]);
    if ('ready' in outcome) void this.#keep(life);
    else this.#finish(outcome.ended);
    return outcome;
  }

  /** Passes a signal on. */
  signal(signal: NodeJS.Signals): void {
    this.#life?.child?.kill(signal);
  }

  /** Asks the command to end, kills it when it does not, and returns when it is gone. What was held is closed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#isStopping = true;
    this.#wake?.();
    const life = this.#life;
    if (life === null) return this.#finish({ code: EXIT.OK, signal: null });
    life.child?.kill(signal);
    const deadline = afterReading(this.#options.stopLimit, () => {
      this.#options.log.error({ child: this.name }, 'does not stop; it is killed');
      life.child?.kill('SIGKILL');
    });
    await life.ended;
    deadline.cancel();
    this.#finish(await life.ended);
  }

  /** Ends it without a word, and for good. */
  kill(): void {
    this.#isStopping = true;
    this.#wake?.();
    this.signal('SIGKILL');
  }

  async #keep(first: Life): Promise<void> {
    let life = first;
    for (;;) {
      const ended = await life.ended;
      this.#socket.drain();
      this.#life = null;
      this.#clearTimers();
      if (!this.#isRestarted(ended)) {
        const level = ended.code === EXIT.OK ? 'info' : 'error';
        if (!this.#isStopping)
          this.#options.log[level]({ child: this.name, ...ended }, 'ended; it is not started again');
        return this.#finish(ended);
      }
      const end = performance.now();
      const pause = this.#pause.after({ duration: end - life.since, wasReady: this.#isReady, end });
      const fds = this.#held.count;
      this.#warn({ ...ended, pause, fds }, 'ended; it is started again');
      await this.#sleep(pause);
      if (this.#isStopping) return this.#finish(ended);
      this.#onReady = () => this.#options.log.info({ child: this.name, pid: this.pid }, 'is back');
      life = this.#begin();
    }
  }

  #isRestarted({ code }: Ended): boolean {
    if (this.#isStopping) return false;
    // A mistake that was made meanwhile is mended one day, and what is held would be lost until then.
    if (code === EXIT.USAGE) return this.#wasEverReady;
    return code !== EXIT.OK || this.#options.always;
  }

  #sleep(pause: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pause);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #finish(ended: Ended): void {
    this.#life = null;
    this.#clearTimers();
    this.#held.close();
    this.#socket.close();
    this.#limit.flush();
    this.#end(ended);
  }

  #begin(): Life {
    this.#isReady = false;
    this.#isLate = false;
    const life = this.#spawn();
    this.#life = life;
    this.#pid = life.child?.pid ?? 0;
    const { startLimit, log } = this.#options;
    if (startLimit !== Number.POSITIVE_INFINITY) {
      this.#timer = afterReading(startLimit, () => {
        this.#isLate = true;
        log.error({ child: this.name, limit: startLimit }, 'does not get ready; it is killed');
        life.child?.kill('SIGKILL');
      });
    }
    return life;
  }

  #clearTimers(): void {
    for (const deadline of [this.#timer, this.#watchdog]) deadline?.cancel();
  }

  /** Listens for the next WATCHDOG=1. A look that comes late tells of this process alone (it was stopped, the host slept), and is done again. */
  #awaitSign(): void {
    const { silenceLimit, log } = this.#options;
    if (silenceLimit === Number.POSITIVE_INFINITY) return;
    this.#watchdog?.cancel();
    const child = this.#life?.child;
    const due = performance.now() + silenceLimit;
    this.#watchdog = afterReading(silenceLimit, () => {
      if (performance.now() > due + silenceLimit / 2) return this.#awaitSign();
      log.error({ child: this.name, limit: silenceLimit }, 'gives no sign of life; it is killed');
      child?.kill('SIGKILL');
    });
  }

  #spawn(): Life {
    const { fds, names } = this.#held.list();
    const [program = '', ...args] = this.#withListenPid(fds.length);
    const since = performance.now();
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        stdio: ['ignore', 'inherit', 'inherit', ...fds, 'pipe'],
        env: this.#environment(names),
      });
    } catch (error) {
      return { child: null, ended: Promise.resolve(this.#notExecuted(error)), since };
    }
    const ended = new Promise<Ended>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', (error) => {
        if (child.pid === undefined) resolve(this.#notExecuted(error));
      });
    });
    // Nothing is read from it; a child that is killed may reset its end.
    child.stdio[FIRST_LISTEN_FD + fds.length]?.on('error', () => undefined);
    return { child, ended, since };
  }

  /** No such program, no memory, no process: later it may work. */
  #notExecuted(error: unknown): Ended {
    this.#options.log.error({ err: error, child: this.name }, 'cannot be executed');
    return { code: EXIT.FAILURE, signal: null };
  }

  /** Images without a shell have our own services only: they know their keeper by KEEPER_PID_VARIABLE. */
  #withListenPid(fds: number): readonly string[] {
    const { command } = this.#command;
    return fds > 0 && existsSync(SHELL) ? [SHELL, '-c', WITH_LISTEN_PID, 'sh', ...command] : command;
  }

  #environment(names: readonly string[]): Record<string, string | undefined> {
    const environment = { ...this.#command.environment };
    // Those of this process's own holder.
    for (const name of ['LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PID', 'WATCHDOG_USEC', 'WATCHDOG_PID'])
      delete environment[name];
    const { silenceLimit } = this.#options;
    return {
      ...environment,
      ...(silenceLimit === Number.POSITIVE_INFINITY ? {} : { WATCHDOG_USEC: String(silenceLimit * 1000) }),
      NOTIFY_SOCKET: this.#socket.address,
      [KEEPER_PID_VARIABLE]: String(process.pid),
      [LIFELINE_VARIABLE]: String(FIRST_LISTEN_FD + names.length),
      ...(names.length > 0 ? { LISTEN_FDS: String(names.length), LISTEN_FDNAMES: names.join(':') } : {}),
    };
  }

  #isTrusted({ pid, uid }: PeerCredentials): boolean {
    if (pid !== 0 && pid === this.#pid) return true;
    return this.#options.listensToAll && (uid === process.getuid?.() || uid === 0);
  }

  #handle(message: NotifyMessage, fds: Fd[]): void {
    for (const problem of message.problems) this.#warnOfOthers({}, `a notification was odd: ${problem}`);
    if (message.store !== null) this.#store(message.store, fds);
    // Of no use to us, or a barrier: closing it is the answer (sd_notify_barrier(3)).
    else closeAll(fds);
    if (message.remove !== null) this.#held.remove(message.remove);
    if (message.status !== null) this.#status = message.status;
    if (message.isAlive && this.#isReady) this.#awaitSign();
    if (!message.isReady) return;
    this.#isReady = true;
    this.#wasEverReady = true;
    this.#timer?.cancel();
    this.#awaitSign();
    this.#onReady?.(message.fields);
    this.#onReady = null;
  }

  #store(name: string, fds: readonly Fd[]): void {
    for (const fd of fds) {
      const refusal = this.#held.add(name, fd);
      if (refusal === null) continue;
      const { storeLimit: limit } = this.#options;
      if (refusal === 'duplicate') {
        this.#options.log.debug({ child: this.name, name }, 'a descriptor is held already; it was closed');
      } else
        this.#warnOfOthers({ name, refusal, held: this.held, limit }, 'a descriptor was refused and closed');
    }
  }

  #warn(data: object, message: string): void {
    this.#options.log.warn({ child: this.name, ...data }, message);
  }

  /** What the command, or anybody who sends to its socket, can cause as often as it likes. */
  #warnOfOthers(data: object, message: string): void {
    if (this.#limit.admits(message)) this.#warn(data, message);
  }
}
