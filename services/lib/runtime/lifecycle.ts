// The life of a service process: from its start to an ordered end.
// SIGINT, SIGTERM and SIGQUIT abort one signal; then what was started is stopped, last first, within a time limit; a second signal ends it at once.
import { constants } from 'node:os';
import { EXIT, type ExitCode } from './exit-code.ts';

const STOP_LIMIT = 10_000;
/**
 * One Ctrl-C may arrive twice: from the terminal, and from a parent that passes it on (npm and timeout do). Nobody presses it twice within
 * this time, milliseconds.
 */
const SECOND_SIGNAL_AFTER = 500;
// SIGQUIT is how a keeper that ends itself says that nobody will come after this process.
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const;

type StopStep = { readonly name: string; readonly stop: () => Promise<void> | void };

/** Where signals come from and how a process ends: `process`, or a stand-in of a test. */
export type ProcessPort = {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
};

/** As much of a log as is needed here: the services' own, or the keeper's. */
export type LifecycleLog = {
  debug(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
};

export type LifecycleOptions = {
  readonly log: LifecycleLog;
  /** How long all stops together may take, milliseconds. Default 10 s. */
  readonly stopLimit?: number;
  /**
   * Do nothing on SIGINT. For children of a supervisor: Ctrl-C reaches every process of the terminal's foreground group at once, and their
   * order of stopping is the supervisor's to keep.
   */
  readonly isInterruptIgnored?: boolean;
  /** How long after the first signal a second one counts as one, milliseconds. Default 500. */
  readonly secondSignalAfter?: number;
  readonly port?: ProcessPort;
};

export class Lifecycle {
  readonly #log: LifecycleLog;
  readonly #stopLimit: number;
  readonly #isInterruptIgnored: boolean;
  readonly #secondSignalAfter: number;
  readonly #port: ProcessPort;
  readonly #controller = new AbortController();
  readonly #steps: StopStep[] = [];
  #firstSignalAt: number | null = null;
  #failed = false;

  constructor({
    log,
    stopLimit = STOP_LIMIT,
    isInterruptIgnored = false,
    secondSignalAfter = SECOND_SIGNAL_AFTER,
    port = process,
  }: LifecycleOptions) {
    this.#log = log;
    this.#stopLimit = stopLimit;
    this.#isInterruptIgnored = isInterruptIgnored;
    this.#secondSignalAfter = secondSignalAfter;
    this.#port = port;
  }

  /** Aborted when the process shall end. Whatever waits should listen to it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Registers what has to be stopped at the end. The last one registered is stopped first. */
  onStop(name: string, stop: () => Promise<void> | void): void {
    this.#steps.push({ name, stop });
  }

  /** Ends the process in good order. With an error it ends with exit code 1. */
  stop(reason: string, error?: unknown): void {
    if (error !== undefined) {
      this.#failed = true;
      this.#log.error({ err: error }, reason);
    }
    this.#controller.abort(reason);
  }

  /**
   * Runs `start` (which registers its stops, and gives up when the signal is aborted), waits for a signal or stop(), and stops everything.
   * Returns the exit code; an error of `start` is thrown after what it had started was stopped.
   */
  async run(start: (lifecycle: Lifecycle) => Promise<void>): Promise<ExitCode> {
    const listener = (signal: NodeJS.Signals): void => this.#received(signal);
    for (const signal of SIGNALS) this.#port.on(signal, listener);
    try {
      await start(this);
      if (!this.signal.aborted) {
        await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }));
      }
    } catch (error) {
      // A start that was told to give up has not failed.
      if (!this.signal.aborted) throw error;
      this.#log.debug({ err: error }, 'stopped while it started');
    } finally {
      const isClean = await this.#stopAll();
      if (!isClean) this.#failed = true;
      for (const signal of SIGNALS) this.#port.off(signal, listener);
    }
    return this.#failed ? EXIT.FAILURE : EXIT.OK;
  }

  #received(signal: NodeJS.Signals): void {
    if (this.#isInterruptIgnored && signal === 'SIGINT') return;
    if (this.#firstSignalAt === null) {
      this.#firstSignalAt = performance.now();
      this.#log.debug({ signal }, 'stopping');
      this.#controller.abort(signal);
      return;
    }
    if (performance.now() - this.#firstSignalAt < this.#secondSignalAfter) return;
    this.#log.warn({ signal }, 'second signal: ending at once');
    this.#port.exit(128 + constants.signals[signal]);
  }

  /** False when a stop failed or the time was not enough. */
  async #stopAll(): Promise<boolean> {
    this.#controller.abort('ended');
    let isClean = true;
    const deadline = Date.now() + this.#stopLimit;
    for (const { name, stop } of this.#steps.splice(0).reverse()) {
      try {
        const isDone = await within(Promise.resolve().then(stop), deadline - Date.now());
        if (isDone) continue;
        this.#log.error({ what: name, limit: this.#stopLimit }, 'does not stop within the time limit');
      } catch (error) {
        this.#log.error({ err: error, what: name }, 'failed to stop');
      }
      isClean = false;
    }
    return isClean;
  }
}

/** False when `work` takes longer; it is then left alone. */
async function within(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([work.then(() => true), limit]);
  } finally {
    clearTimeout(timer);
  }
}
