// A broker and frontends under keepers of this process, for the in-tree VMM: a life of any of them can be told to die at a fault point.
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ended, Keeper } from '../../services/keeper/keeper.ts';
import type { KeeperLog } from '../../services/keeper/log.ts';
import { type AdminClient, createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { patient } from '../guest/patience.ts';
import { openDescriptors } from '../guest/scenario/service.ts';
import { until } from '../support/until.ts';

// Beside this file in dist/, or from the sources, as vitest runs them.
const DIST = import.meta.url.endsWith('.ts') ? '../../dist/services' : '../../services';
const CLI = fileURLToPath(new URL(`${DIST}/cli/main.js`, import.meta.url));
/** The log of a child goes to a file; the shell is replaced by the child. */
const TO_FILE = 'exec "$@" 2>>"$CHAOS_LOG"';
const START_LIMIT = patient(20_000);
const POLL = 5;

/** The VMs of the configuration, by their placement; 'own': per-blob, and no blob fits a window: each has memory of its own. */
export const KEPT_VM = { window: 'win', 'per-blob': 'blob', own: 'own' } as const;
export type Placement = keyof typeof KEPT_VM;
const FILE_HEAP_BYTES = 2 ** 30;

/** A further one, for whoever only wants to keep the broker busy. */
export const BUSY_VM = 'busy';
/** As that one, where each blob has memory of its own. */
export const BUSY_OWN_VM = 'busy-own';

const CONFIG = (directory: string, orphanGrace: string, answerTimeout: string) => `
run_directory: ${directory}/run
orphan_grace: ${orphanGrace}
sweep_interval: 1s
log_level: info
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 2GiB }
  - { name: file, backing: file, cache: wc, path: ${directory}/file, capacity: 1GiB }
vms:
  - { name: ${KEPT_VM.window}, window: 64MiB, heap: ram }
  - { name: ${KEPT_VM['per-blob']}, window: 64MiB, heap: ram, placement: per-blob }
  - { name: ${KEPT_VM.own}, window: 64MiB, heap: file, placement: per-blob }
  - { name: ${BUSY_VM}, window: 64MiB, heap: ram }
  - { name: ${BUSY_OWN_VM}, window: 64MiB, heap: ram, placement: per-blob }
frontend: { statistics_interval: 100ms, answer_timeout: ${answerTimeout} }
`;

/** A service and its keeper. */
export class KeptService {
  readonly name: string;
  /** How its processes ended, in order. */
  readonly ends: Ended[] = [];
  readonly logPath: string;
  /** Successors that were ready. */
  comebacks = 0;
  /** Called at each death at a point, as soon as the keeper knows of it. */
  onHit: () => void = () => {};
  /** What lives died at that were to die there, in order: NAME:COUNT. */
  readonly hits: string[] = [];
  readonly #keeper: Keeper;
  #faults: readonly string[];
  /** Where the present life is to die. */
  #armed: string | undefined;
  /** It was killed by kill(), and so not at its point. */
  #isKilled = false;

  private constructor(name: string, args: readonly string[], logPath: string, faults: readonly string[]) {
    this.name = name;
    this.logPath = logPath;
    this.#faults = faults;
    const takeFault = (): string | undefined => {
      const [next, ...later] = this.#faults;
      this.#faults = later;
      this.#armed = next;
      this.#isKilled = false;
      return next;
    };
    // Read once for every life.
    const environment = {
      ...process.env,
      CHAOS_LOG: logPath,
      get BARKEEP_FAULT() {
        return takeFault();
      },
    };
    const command = ['/bin/sh', '-c', TO_FILE, 'sh', process.execPath, CLI, ...args];
    this.#keeper = new Keeper(
      { name, command, environment },
      { log: this.#log(), always: true, firstPause: 0 },
    );
    this.#keeper.start();
  }

  /** `barkeep ARGUMENTS`. Its lives, one after the other, die at `faults` (NAME:COUNT), if they pass there. */
  static start(
    name: string,
    args: readonly string[],
    logPath: string,
    faults: readonly string[] = [],
  ): KeptService {
    return new KeptService(name, args, logPath, faults);
  }

  get pid(): number {
    return this.#keeper.pid ?? 0;
  }

  /** Whether this life, or one that follows it, is still to die at a point. */
  get isArmed(): boolean {
    return this.#armed !== undefined || this.#faults.length > 0;
  }

  get log(): string {
    return existsSync(this.logPath) ? readFileSync(this.logPath, 'utf8') : '';
  }

  /** The next lives die at `faults`, and nowhere else. */
  arm(...faults: readonly string[]): void {
    this.#faults = faults;
  }

  /** The present life dies, wherever it is. */
  kill(): void {
    this.#isKilled = true;
    this.#keeper.signal('SIGKILL');
  }

  /** Asks the present life to end; a successor follows. */
  upgrade(): void {
    this.#keeper.signal('SIGTERM');
  }

  /** Resolves when every death so far was followed by a life that is ready. */
  async settled(): Promise<void> {
    await this.until('came back', () => this.comebacks >= this.ends.length || this.#isReadyAgain());
  }

  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    await until(`${this.name} ${what}`, isSo, {
      within: START_LIMIT,
      every: POLL,
      found: () => this.#tail(),
    });
  }

  descriptors(): readonly string[] {
    return openDescriptors(this.pid);
  }

  /** The service and everything that was held for it go. */
  async stop(): Promise<void> {
    await this.#keeper.stop();
  }

  /** As stop(), without a word to the service. */
  async killForGood(): Promise<void> {
    this.#keeper.kill();
    await this.#keeper.ended;
  }

  // A life that died before it was ready has no comeback of its own.
  #readyAtEnds = -1;
  #isReadyAgain(): boolean {
    return this.#readyAtEnds === this.ends.length;
  }

  #log(): KeeperLog {
    return {
      debug: () => undefined,
      info: (_, message) => {
        if (message !== 'is back') return;
        this.comebacks += 1;
        this.#readyAtEnds = this.ends.length;
      },
      warn: (data, message) => {
        if (message !== 'ended; it is started again') return;
        const ended = data as Ended;
        this.ends.push(ended);
        if (ended.signal === 'SIGKILL' && !this.#isKilled && this.#armed !== undefined)
          this.#wasHit(this.#armed);
        this.#armed = undefined;
      },
      error: () => undefined,
    };
  }

  #wasHit(fault: string): void {
    this.hits.push(fault);
    this.onHit();
  }

  #tail(): string {
    return this.log.trim().split('\n').slice(-5).join('\n');
  }
}

/** One run directory. */
export class KeptHost {
  readonly directory: string;
  readonly broker: KeptService;
  readonly admin: AdminClient;
  readonly #services: KeptService[];

  private constructor(directory: string, broker: KeptService) {
    this.directory = directory;
    this.broker = broker;
    this.admin = createAdminClient(join(directory, 'run/admin.sock'));
    this.#services = [broker];
  }

  /** A broker that serves. `directory` is empty, and the caller's. */
  static async start(
    directory: string,
    {
      faults = [],
      orphanGrace = '20s',
      answerTimeout = '10s',
    }: {
      readonly faults?: readonly string[];
      readonly orphanGrace?: string;
      readonly answerTimeout?: string;
    } = {},
  ): Promise<KeptHost> {
    mkdirSync(join(directory, 'run'), { recursive: true });
    const file = join(directory, 'file');
    writeFileSync(file, '');
    truncateSync(file, FILE_HEAP_BYTES);
    writeFileSync(join(directory, 'barkeep.yaml'), CONFIG(directory, orphanGrace, answerTimeout));
    const args = ['broker', '--config', join(directory, 'barkeep.yaml')];
    const host = new KeptHost(
      directory,
      KeptService.start('broker', args, join(directory, 'broker.log'), faults),
    );
    try {
      await host.broker.until('serves', () => host.admin.isServing(500).catch(() => false));
    } catch (error) {
      await host.stop();
      throw error;
    }
    return host;
  }

  /** A frontend that a VMM can connect to. */
  async startFrontend(
    placement: Placement,
    faults: readonly string[] = [],
  ): Promise<{ service: KeptService; socket: string }> {
    const vm = KEPT_VM[placement];
    const socket = join(this.directory, `${vm}.sock`);
    const args = [
      'frontend',
      '--vm',
      vm,
      '--socket-path',
      socket,
      '--config',
      join(this.directory, 'barkeep.yaml'),
    ];
    // An earlier life's, which nobody listens on.
    rmSync(socket, { force: true });
    const service = KeptService.start(`frontend-${vm}`, args, join(this.directory, `${vm}.log`), faults);
    this.#services.push(service);
    await service.until('listens', () => existsSync(socket));
    return { service, socket };
  }

  async stop(): Promise<void> {
    this.admin.close();
    for (const service of this.#services.splice(0).reverse()) await service.stop();
  }
}
