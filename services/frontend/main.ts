// A frontend: the virtio-gpu devices of one VM or of several, as one process. What the VMs share is here: the process' figures, the holder's
// store, what is looked at regularly. Everything else belongs to one VM (vm-frontend.ts).
//
// A VM that cannot be served (unknown, its socket taken, a state that cannot be gone on with) does not keep the others from it: it is named with
// its reason, and tried again with pauses. Only a process without a single VM that can be served ends, with the reason as its exit code.
import { Sweeper, type SweptVm } from '../lib/memory/sweeper.ts';
import { readingFor } from '../lib/os/after-reading.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { FdStore } from '../lib/runtime/fd-store.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { ProcessFigures } from '../lib/runtime/process-figures.ts';
import { messageOf } from '../lib/vhost-user/errors.ts';
import { discardOfOthers, VmStore } from './state/vm-store.ts';
import {
  type FrontendConfig,
  type FrontendEnd,
  type FrontendOptions,
  type ServedVm,
  serveVm,
  type VmSurroundings,
} from './vm-frontend.ts';

export type { FrontendEnd, FrontendOptions };

/** Before a VM is tried again, milliseconds: doubled with each failure, up to the longest. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
/**
 * VMs that a process begins to attach at a time: the broker works for one after the other, and what stands behind too many others waits longer for
 * its answer than anybody should.
 */
const BEGUN_AT_ONCE = 4;

export type Frontend = {
  /** Resolves when an inherited connection has ended, so that there is nobody left to serve. Never for listening sockets. */
  readonly finished: Promise<void>;
  /** Default: replaced. Never rejects. */
  stop(end?: FrontendEnd): Promise<void>;
  /** One line: who is there at this moment. */
  status(): string;
};

export type FrontendSurroundings = {
  /** Ends the wait for the broker. */
  readonly signal?: AbortSignal;
  /** Where descriptors outlive this process; see FdStore.active. */
  readonly store?: FdStore;
};

/**
 * Resolves when a VMM can connect to each of the VMs, or is known not to be able to for now (the broker has not taken it within answer_timeout, for
 * one): but a successor waits only for those whose VMMs its predecessor served. While no VM can be served because the broker is not there it waits;
 * `signal` ends the wait.
 * Rejects with ExitError when none of them can be served: that of the VM, or one that names them all.
 */
export async function startFrontend(
  vms: readonly FrontendOptions[],
  config: FrontendConfig,
  log: Logger,
  { signal, store }: FrontendSurroundings = {},
): Promise<Frontend> {
  const frontend = new FrontendProcess(vms, config, log, store?.active ? store : null);
  const giveUp = (): void => frontend.giveUpWaiting();
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  await frontend.start();
  return frontend;
}

class FrontendProcess implements Frontend {
  readonly #figures = new ProcessFigures();
  readonly #vms: readonly KeptVm[];
  readonly #swept = new Set<SweptVm>();
  readonly #sweeper: Sweeper;
  readonly #timer: NodeJS.Timeout;
  readonly #answerTimeout: number;
  /** Who tells the broker of this process: one VM, so that sums are right. */
  #teller: KeptVm;

  constructor(vms: readonly FrontendOptions[], config: FrontendConfig, log: Logger, store: FdStore | null) {
    const names = vms.map(({ vm }) => vm);
    for (const name of store ? discardOfOthers(store, names) : []) {
      log.warn({ name }, 'a descriptor came back that nobody knows; it was given up');
    }
    const keep = (options: FrontendOptions): KeptVm => {
      const vm: KeptVm = new KeptVm(options, config, vms.length === 1 ? log : log.child({ vm: options.vm }), {
        store: store && new VmStore(store, options.vm),
        processFigures: () => (vm === this.#teller ? this.#figures.read() : null),
        vms: vms.length,
        swept: this.#swept,
      });
      return vm;
    };
    this.#vms = vms.map(keep);
    const [teller] = this.#vms;
    if (teller === undefined) throw new RangeError('a frontend without a VM');
    this.#teller = teller;
    this.#sweeper = new Sweeper(() => this.#swept, config.sweepInterval, log);
    this.#answerTimeout = config.frontend.answerTimeout;
    this.#timer = setInterval(() => this.#look(), config.frontend.statisticsInterval);
    this.#timer.unref();
  }

  get finished(): Promise<void> {
    return Promise.race(this.#vms.map(({ served }) => served?.finished ?? new Promise<void>(() => {})));
  }

  /** Throws what startFrontend() rejects with; then nothing is left. */
  async start(): Promise<void> {
    await Promise.all(this.#vms.filter(({ hasPast }) => hasPast).map((vm) => vm.begin()));
    const others = this.#beginInTurn(this.#vms.filter(({ hasPast }) => !hasPast));
    if (!this.#isServing) await others;
    if (!this.#isServing) await this.#firstServed();
    if (this.#isServing) {
      void others.then(() => {
        for (const vm of this.#vms) void vm.attempt.then(() => vm.persist());
      });
      return;
    }
    const problems = this.#vms.flatMap(({ vm, problem }) => (problem ? [{ vm, problem }] : []));
    await this.stop();
    throw problemOf(problems);
  }

  async stop(end: FrontendEnd = 'replaced'): Promise<void> {
    clearInterval(this.#timer);
    this.#sweeper.close();
    this.giveUpWaiting();
    await Promise.all(this.#vms.map((vm) => vm.stop(end)));
    this.#figures.close();
  }

  /** What is not served by now is not going to be. */
  giveUpWaiting(): void {
    for (const vm of this.#vms) vm.giveUpWaiting();
  }

  status(): string {
    const served = this.#vms.flatMap(({ served }) => served ?? []);
    const connected = served.filter(({ isConnected }) => isConnected).length;
    const away = served.some(({ isAttached }) => isAttached) ? '' : '; the broker is away';
    if (this.#vms.length === 1) return `${connected > 0 ? 'serving a VMM' : 'waiting for a VMM'}${away}`;
    const missing = this.#vms.filter((vm) => vm.served === null).map(({ vm }) => vm);
    const others = missing.length === 0 ? '' : `; not served: ${missing.join(', ')}`;
    return `serving ${connected} VMMs of ${this.#vms.length} VMs${away}${others}`;
  }

  get #isServing(): boolean {
    return this.#vms.some(({ served }) => served !== null);
  }

  /** Resolves when each of them is served or not, or has been waited for. */
  async #beginInTurn(vms: readonly KeptVm[]): Promise<void> {
    const waiting = [...vms];
    const next = async (): Promise<void> => {
      for (let vm = waiting.shift(); vm; vm = waiting.shift())
        await Promise.race([vm.begin(), readingFor(this.#answerTimeout)]);
    };
    await Promise.all(Array.from({ length: BEGUN_AT_ONCE }, next));
  }

  /** Resolves as well when none is going to be. */
  async #firstServed(): Promise<void> {
    const served = this.#vms.map(async (vm) => {
      await vm.attempt;
      if (vm.served === null) throw vm.problem;
    });
    await Promise.any(served).catch(() => undefined);
  }

  /** What has changed is told. What a VM does changes the process' figures, too. */
  #look(): void {
    const served = this.#vms.filter((vm) => vm.served !== null);
    const teller = served.find((vm) => vm.served?.isAttached);
    const news = new Set(served.filter((vm) => vm.served?.look()));
    if (teller && teller !== this.#teller) {
      news.add(this.#teller);
      this.#teller = teller;
      news.add(teller);
    } else if (news.size > 0) news.add(this.#teller);
    for (const vm of news) vm.served?.report();
  }
}

/** One VM over its attempts to be served. */
class KeptVm {
  readonly vm: string;
  /** A predecessor served it. */
  readonly hasPast: boolean;
  readonly #options: FrontendOptions;
  readonly #config: FrontendConfig;
  readonly #log: Logger;
  readonly #surroundings: Omit<VmSurroundings, 'signal'>;
  readonly #ended = new AbortController();
  #served: ServedVm | null = null;
  #problem: Error | null = null;
  #attempt: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #pause = FIRST_PAUSE;
  #told = '';

  constructor(
    options: FrontendOptions,
    config: FrontendConfig,
    log: Logger,
    surroundings: Omit<VmSurroundings, 'signal'>,
  ) {
    this.vm = options.vm;
    this.hasPast = (surroundings.store?.left.size ?? 0) > 0;
    this.#options = options;
    this.#config = config;
    this.#log = log;
    this.#surroundings = surroundings;
  }

  /** Null while it is not served. */
  get served(): ServedVm | null {
    return this.#served;
  }

  /** Why it is not served; null while it is, and while it is tried for the first time. */
  get problem(): Error | null {
    return this.#problem;
  }

  /** The last one: resolves when it is known what came of it. */
  get attempt(): Promise<void> {
    return this.#attempt;
  }

  /** Tries to serve it. Resolves as the attempt does. */
  begin(): Promise<void> {
    this.#attempt = this.#serve();
    return this.#attempt;
  }

  /** What has failed is tried again from here on, until it does not. */
  persist(): void {
    const problem = this.#problem;
    if (problem === null || this.#ended.signal.aborted) return;
    const pause = this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE, pause * 2);
    // Each reason once, however often it is met.
    if (problem.message !== this.#told)
      this.#log.error({ problem: problem.message, pause }, 'this VM cannot be served, and is tried again');
    this.#told = problem.message;
    this.#timer = setTimeout(() => void this.begin().then(() => this.persist()), pause);
    this.#timer.unref();
  }

  giveUpWaiting(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#ended.abort();
  }

  async stop(end: FrontendEnd): Promise<void> {
    this.giveUpWaiting();
    await this.#attempt;
    await this.#served?.stop(end);
    this.#surroundings.store?.settle();
  }

  async #serve(): Promise<void> {
    const { store } = this.#surroundings;
    const { signal } = this.#ended;
    try {
      if (signal.aborted) throw new ExitError(EXIT.FAILURE, `serve ${this.vm}: stopped before it was begun`);
      if (this.#problem !== null) store?.begin();
      this.#served = await serveVm(this.#options, this.#config, this.#log, { ...this.#surroundings, signal });
      store?.settle();
      this.#problem = null;
    } catch (error) {
      this.#problem = error instanceof Error ? error : new Error(messageOf(error));
    }
  }
}

/** For a process of one VM what it says; otherwise the exit code is that of all, where they agree. */
function problemOf(problems: readonly { readonly vm: string; readonly problem: Error }[]): Error {
  const [first, ...others] = problems;
  if (first && others.length === 0) return first.problem;
  const codes = new Set(
    problems.map(({ problem }) => (problem instanceof ExitError ? problem.exitCode : EXIT.FAILURE)),
  );
  const [code = EXIT.FAILURE] = codes;
  const list = problems.map(({ vm, problem }) => `${vm}: ${problem.message}`).join('; ');
  return new ExitError(codes.size === 1 ? code : EXIT.FAILURE, `none of the VMs can be served: ${list}`);
}
