// A host as operators have it, of real processes: one broker, and frontends under `barkeep keep`, which start again when they are killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type AdminClient, createAdminClient } from '../../../services/lib/rpc/admin-client.ts';
import { FdStore } from '../../../services/lib/runtime/fd-store.ts';
import { childrenOf, isStopped } from '../../support/processes.ts';
import { until } from '../../support/until.ts';

const CLI = resolve(import.meta.dirname, '../../../dist/services/cli/main.js');

export type Books = {
  readonly allocations: number;
  readonly mappings: number;
  readonly generation: number;
};

/** 'own': per-blob, and no blob fits a window: each has memory of its own. */
export type Placement = 'window' | 'per-blob' | 'own';

/** How far each life of a frontend gets: BARKEEP_FAULT of the first, of the second …; later ones are not disturbed. */
export type Faults = readonly string[];

// Counts its lives in a file, and gives each its fault.
const LIVES = `
  life=$(($(cat "$0" 2>/dev/null || echo 0) + 1)); echo $life > "$0"
  eval "fault=\\$FAULT_$life"
  if [ -n "$fault" ]; then export BARKEEP_FAULT="$fault"; fi
  exec "$@"`;

const FILE_HEAP_BYTES = 2 ** 30;
const PLACEMENT_LINES: Readonly<Record<Placement, string>> = {
  window: 'heap: ram, placement: window',
  'per-blob': 'heap: ram, placement: per-blob',
  own: 'heap: file, placement: per-blob',
};

export class Host {
  readonly directory: string;
  readonly admin: AdminClient;
  readonly #frontends: KeptFrontend[] = [];
  #broker: ChildProcess | null = null;
  /** Of all its lives. */
  brokerLog = '';

  /** VMs by name; `settings` are lines of the configuration's frontend section. */
  constructor(vms: Readonly<Record<string, Placement>>, frontend = 'answer_timeout: 5s, vmm_timeout: 5s') {
    this.directory = mkdtempSync(join(tmpdir(), 'barkeep-recovery-'));
    const lines = Object.entries(vms).map(
      ([name, placement]) => `  - { name: ${name}, window: 64MiB, ${PLACEMENT_LINES[placement]} }`,
    );
    const file = join(this.directory, 'file');
    writeFileSync(file, '');
    truncateSync(file, FILE_HEAP_BYTES);
    writeFileSync(
      this.config,
      `run_directory: ${this.directory}\norphan_grace: 60s\nheaps:\n` +
        `  - { name: ram, backing: memfd, cache: cached, capacity: 2GiB }\n` +
        `  - { name: file, backing: file, cache: wc, path: ${file}, capacity: 1GiB }\nvms:\n${lines.join('\n')}\n` +
        `frontend: { ${frontend}, statistics_interval: 100ms }\n`,
    );
    this.admin = createAdminClient(join(this.directory, 'admin.sock'));
  }

  get config(): string {
    return join(this.directory, 'config.yaml');
  }

  async startBroker(): Promise<void> {
    this.#broker = spawn(process.execPath, [CLI, 'broker'], {
      env: { ...this.environment, BARKEEP_LOG_LEVEL: 'info' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#broker.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.brokerLog += text;
    });
    await until('the broker serves', () => this.admin.isServing(200).catch(() => false));
  }

  /**
   * Waits until the broker's books of a VM say this. Where it decides they say it at once, or this rejects; where the frontend decides they are some
   * milliseconds behind it.
   */
  async booksAre(vm: string, expected: Partial<Books>): Promise<void> {
    const books = async (): Promise<{ books: Books; isBehind: boolean }> => {
      const { allocations, mappings, generation, decides } = await this.admin.getVm(vm);
      const isBehind = decides ?? false;
      return {
        books: {
          allocations: Number(allocations),
          mappings: Number(mappings),
          generation: Number(generation),
        },
        isBehind,
      };
    };
    let found = await books();
    const limit = found.isBehind ? {} : { within: 0 };
    await until(
      `the books of ${vm} say ${JSON.stringify(expected)}`,
      async () => {
        found = await books();
        return Object.entries(expected).every(([name, value]) => found.books[name as keyof Books] === value);
      },
      { ...limit, found: () => found.books },
    );
  }

  /** Its sockets stay open, and it says nothing: for as long as `work` takes. */
  async withoutBroker(work: () => Promise<void>): Promise<void> {
    this.#broker?.kill('SIGSTOP');
    try {
      await work();
    } finally {
      this.#broker?.kill('SIGCONT');
    }
  }

  /** Nobody gets memory from the broker, which works all the same: for as long as `work` takes. */
  async withoutFdChannel(work: () => Promise<void>): Promise<void> {
    const path = join(this.directory, 'fd.sock');
    renameSync(path, `${path}.away`);
    try {
      await work();
    } finally {
      renameSync(`${path}.away`, path);
    }
  }

  /** The broker dies, and another one starts that knows nothing. */
  async loseBroker(): Promise<void> {
    await this.#killBroker();
    for (const name of readdirSync(this.directory)) {
      if (name.startsWith('journal')) rmSync(join(this.directory, name), { recursive: true });
    }
    await this.startBroker();
  }

  /** `keep`: further options of the keeper. */
  async startFrontend(vm: string, faults: Faults = [], keep: readonly string[] = []): Promise<KeptFrontend> {
    return await this.startTogether([vm], faults, keep);
  }

  /** One process for all of these. */
  async startTogether(
    vms: readonly string[],
    faults: Faults = [],
    keep: readonly string[] = [],
  ): Promise<KeptFrontend> {
    const frontend = new KeptFrontend(this, vms, faults, keep);
    this.#frontends.push(frontend);
    await frontend.listens();
    return frontend;
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, BARKEEP_CONFIG: this.config, BARKEEP_LOG_LEVEL: 'warn' };
  }

  async close(): Promise<void> {
    await Promise.all(this.#frontends.map((frontend) => frontend.stop()));
    this.admin.close();
    await this.#killBroker();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #killBroker(): Promise<void> {
    if (!this.#broker || this.#broker.exitCode !== null || this.#broker.signalCode !== null) return;
    const ended = once(this.#broker, 'exit');
    this.#broker.kill('SIGKILL');
    await ended;
  }
}

export class KeptFrontend {
  /** In the order of its VMs. */
  readonly socketPaths: readonly string[];
  readonly #keeper: ChildProcess;
  readonly #ended: Promise<unknown>;
  log = '';

  constructor(host: Host, vms: readonly string[], faults: Faults, keep: readonly string[]) {
    this.socketPaths = vms.map((vm) => join(host.directory, 'vms', vm, 'gpu.sock'));
    const env: NodeJS.ProcessEnv = { ...host.environment, BARKEEP_LOG_LEVEL: 'info' };
    faults.forEach((fault, index) => {
      env[`FAULT_${index + 1}`] = fault;
    });
    const frontend = [process.execPath, CLI, 'frontend', ...vms.flatMap((vm) => ['--vm', vm])];
    const lives = join(host.directory, `${vms[0]}.lives`);
    const command = ['/bin/sh', '-c', LIVES, lives, ...frontend];
    this.#keeper = spawn(
      process.execPath,
      [CLI, 'keep', '--restart', 'always', '--restart-delay', '10ms', ...keep, '--', ...command],
      { env, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#keeper.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    this.#ended = once(this.#keeper, 'exit');
  }

  /** Of its first VM. */
  get socketPath(): string {
    return this.socketPaths[0] ?? '';
  }

  /** Of the frontend at the moment; null while none runs. */
  get pid(): number | null {
    return childrenOf(this.#keeper.pid ?? 0)[0] ?? null;
  }

  /** How often a frontend was killed. */
  get kills(): number {
    return this.log.match(/"signal":"SIGKILL"/g)?.length ?? 0;
  }

  /** How often a frontend has ended, and another one followed. */
  get successions(): number {
    return this.log.match(/ended; it is started again/g)?.length ?? 0;
  }

  get openFds(): number {
    return countFds(this.pid);
  }

  /** Descriptors of the keeper: its own, and what it holds. */
  get heldFds(): number {
    return countFds(this.#keeper.pid ?? null);
  }

  async listens(): Promise<void> {
    const isThere = (): boolean => this.socketPaths.every((path) => existsSync(path));
    await until(`a frontend listens at ${this.socketPaths.join(', ')}\n${this.log}`, isThere);
  }

  /** To the frontend of the moment. False between two lives, when there is nobody to signal. */
  signal(signal: NodeJS.Signals): boolean {
    const { pid } = this;
    if (pid !== null) process.kill(pid, signal);
    return pid !== null;
  }

  /** What the keeper holds, for somebody else to change: the keeper was started with --notify-access all. The caller closes it. */
  openStore(): FdStore {
    const environment = readFileSync(`/proc/${this.pid}/environ`, 'utf8').split('\0');
    const address = environment
      .find((line) => line.startsWith('NOTIFY_SOCKET='))
      ?.slice('NOTIFY_SOCKET='.length);
    return FdStore.open({ NOTIFY_SOCKET: address });
  }

  /** The keeper dies without a word, and what it holds is gone; with `frontendToo` in the same moment as its frontend. */
  async loseKeeper(frontendToo = false): Promise<void> {
    const pids = [this.#keeper.pid, ...(frontendToo ? [this.pid] : [])].filter((pid) => pid != null);
    // Whoever still ran when the other one dies would notice: a frontend then ends in good order, a keeper starts another.
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await until('who is to die stands still', () => pids.every(isStopped));
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  }

  async stop(): Promise<void> {
    this.#keeper.kill('SIGTERM');
    await this.#ended;
  }
}

function countFds(pid: number | null): number {
  try {
    return pid === null ? 0 : readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
