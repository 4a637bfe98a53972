// barkeep up: everything of one host at once: the broker, the metrics endpoint and a frontend for each VM, or for several, as children of this process.
//
// It is the keeper of everything it starts (services/keeper): what they store outlives them. They are all in this process's group. Ctrl-C
// reaches them too, but they leave it to `up` to stop them in order: frontends, metrics, broker. When `up` itself dies without a word, they
// notice by their lifelines and end.
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { type Ended, Keeper, type ReadyFields } from '../keeper/keeper.ts';
import { createKeeperLog, type KeeperLog } from '../keeper/log.ts';
import { reapAsInit } from '../keeper/orphans.ts';
import { tryLock } from '../lib/os/lock.ts';
import { type Config, DEFAULT_CONFIG_PATH, type VmConfig } from '../lib/runtime/config.ts';
import { readerText } from '../lib/runtime/config-difference.ts';
import { EXIT, type ExitCode, ExitError } from '../lib/runtime/exit-code.ts';
import type { Lifecycle } from '../lib/runtime/lifecycle.ts';
import {
  createRunDirectory,
  type DirectoryLock,
  lockRunDirectory,
  runDirectoryPaths,
} from '../lib/runtime/run-directory.ts';
import { formatBytes } from '../lib/runtime/units.ts';
import { VERSION } from '../lib/runtime/version.ts';
import type { Context } from './context.ts';
import { demoConfigText } from './demo-config.ts';
import { invocation } from './invocation.ts';
import { qemuArguments } from './qemu-arguments.ts';
import { runProcess } from './service.ts';
import { shellWord } from './shell-word.ts';
import { tableLines } from './table.ts';

const HELP = `
Starts the broker, the metrics endpoint, and a frontend for each VM of the configuration
(with frontend.vms_per_process: one for so many VMs of the same user or group);
prints where they are and how to attach a VM with QEMU; starts again what dies; stops
everything on Ctrl-C and SIGTERM. Logs go to stderr: JSON lines, text on a terminal.
A terminal that goes away ends nothing: SIGHUP is passed on to the services, which look
at their configuration.

Without --config, $BARKEEP_CONFIG and ${DEFAULT_CONFIG_PATH} it uses a built-in demo:
three heaps of plain memory and the VMs "demo" and "guest", in a run directory of your own.

Examples:
  barkeep up
  barkeep up --demo                              with a replayed guest in the VM "demo"
  barkeep up --config ./barkeep.yaml --listen 127.0.0.1:9500
`;

/** The in-tree VMM as the guest of the frontend on `socket`: replays what a real guest once sent, then lives on blobs of all cache types. */
const demoGuestCommand = (program: string, socket: string): readonly string[] => [
  join(dirname(program), '../../test/vmm/main.js'),
  ...['--socket', socket, '--replay', '--then-mix', '--rate', '20', '--blobs', '64', '--blob-ids', '0,1,2'],
];

/** All children, one after the other, each with its own limit. */
const STOP_LIMIT = 40_000;

/** A service that needs longer than this to start hangs; milliseconds. A frontend may take so much more for each VM. */
const START_LIMIT = 30_000;
const START_LIMIT_OF_VM = 2_000;
/**
 * Frontends that start at the same time. Starting is work for the processor (a third of a second of it): with 150 of them at once each took as
 * long as all together, and none was there within the limit. Twice the processors keeps all of them at work.
 */
const STARTED_AT_ONCE = 2 * availableParallelism();
/** A small heap for the metrics endpoint, as its unit gives it (deploy/systemd/barkeep-metrics.service). */
export const METRICS_NODE_OPTIONS = '--max-semi-space-size=2 --max-old-space-size=192';

/** Descriptors held for each service. The names bound it too: they have to fit into one environment string. */
const STORE_LIMIT = 32_768;

/** What is kept ends with its keeper: services leave nothing for a successor then. */
const FOR_GOOD = 'SIGQUIT';

type UpOptions = { demo?: boolean; listen?: string };
type Plan = { readonly path: string; readonly config: Config; readonly isDemo: boolean };
type Part = {
  readonly service: string;
  readonly vm: string | null;
  readonly child: Keeper;
  readonly address: string;
};

export function addUpCommand(program: Command, context: Context): void {
  program
    .command('up')
    .description('run everything: broker, metrics, and a frontend for each VM')
    .option('--demo', 'also run the in-tree VMM as a guest that replays recorded traffic')
    .option('--listen <address:port>', 'where to serve metrics (default: as configured)')
    .addHelpText('after', HELP)
    .action(async (options: UpOptions) => {
      const overrides = { listen: options.listen };
      let path = context.configPath();
      let config: Config;
      let lock: DirectoryLock;
      if (path !== null) {
        config = context.configAt(path, overrides);
        lock = takeDirectory(config.runDirectory);
      } else {
        const directory = ownDirectory(context.demoDirectory());
        lock = takeDirectory(directory);
        path = writeDemoConfig(directory);
        config = context.configAt(path, overrides);
      }
      const children: Keeper[] = [];
      reapAsInit(children);
      // A second Ctrl-C: nobody is asked to stop any more.
      const exit = (code: number): void => {
        for (const child of children) child.kill();
        process.exit(code);
      };
      const port = { on: process.on.bind(process), off: process.off.bind(process), exit };
      const log = createKeeperLog('up', config.logLevel);
      await runProcess(context, { log, stopLimit: STOP_LIMIT, port }, async (lifecycle) => {
        const plan = { path, config, isDemo: options.demo === true };
        lifecycle.onStop('run directory', () => lock.release());
        await new Host(plan, context, lifecycle, log, children).start();
        return {};
      });
    });
}

/** What runs on this host, in the order in which it starts. */
class Host {
  readonly #plan: Plan;
  readonly #context: Context;
  readonly #lifecycle: Lifecycle;
  readonly #log: KeeperLog;
  readonly #children: Keeper[];

  constructor(plan: Plan, context: Context, lifecycle: Lifecycle, log: KeeperLog, children: Keeper[]) {
    this.#plan = plan;
    this.#context = context;
    this.#lifecycle = lifecycle;
    this.#log = log;
    this.#children = children;
  }

  async start(): Promise<void> {
    const { config, isDemo } = this.#plan;
    const guestVm = isDemo ? demoVm(config) : null;
    this.#goOnWithoutTerminal();
    const broker = await this.#startBroker();
    const [metrics, frontends] = await Promise.all([this.#startMetrics(), this.#startFrontends()]);
    // Who reads it, or does not, is no concern of what runs here.
    void report(this.#context, this.#plan, [broker, metrics, ...frontends]).catch((error: Error) =>
      this.#log.warn({ err: error }, 'where everything is could not be told'),
    );
    if (guestVm !== null) this.#runGuest(guestVm);
  }

  /** Whoever started this may hang up (a dropped ssh line): that ends no VM. */
  #goOnWithoutTerminal(): void {
    const hangUp = (): void => {
      this.#log.info({}, 'SIGHUP: everything goes on, and looks at its configuration');
      for (const child of this.#children) child.signal('SIGHUP');
    };
    process.on('SIGHUP', hangUp);
    this.#lifecycle.onStop('SIGHUP', () => void process.off('SIGHUP', hangUp));
  }

  async #startBroker(): Promise<Part> {
    const child = this.#child('broker', this.#service(['broker']));
    this.#lifecycle.onStop('broker', () => child.stop(FOR_GOOD));
    await this.#started(child);
    const address = runDirectoryPaths(this.#plan.config.runDirectory).brokerSocket;
    return { service: 'broker', vm: null, child, address };
  }

  async #startMetrics(): Promise<Part> {
    const { host, port } = this.#plan.config.metrics.listen;
    const listen = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    // Node takes the last of what is said twice: the operator's own.
    const own = this.#context.terminal.environment['NODE_OPTIONS'] ?? '';
    const child = this.#child('metrics endpoint', this.#service(['metrics', '--listen', listen]), {
      environment: { NODE_OPTIONS: `${METRICS_NODE_OPTIONS} ${own}`.trimEnd() },
    });
    this.#lifecycle.onStop('metrics', () => child.stop());
    const { URL: url } = await this.#started(child);
    return { service: 'metrics', vm: null, child, address: `${url ?? `http://${listen}`}/metrics` };
  }

  /** They do not depend on each other: some start at a time, and later all stop at the same time. */
  async #startFrontends(): Promise<Part[]> {
    const { vms, frontend } = this.#plan.config;
    const processes = together(vms, frontend.vmsPerProcess).map((served) => ({
      served,
      child: this.#child(`frontend of ${namesOf(served)}`, this.#service(frontendVerb(served)), {
        startLimit: START_LIMIT + (served.length - 1) * START_LIMIT_OF_VM,
      }),
    }));
    this.#lifecycle.onStop('frontends', async () => {
      await Promise.all(processes.map(({ child }) => child.stop(FOR_GOOD)));
    });
    const waiting = [...processes];
    const startNext = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await this.#started(next.child);
    };
    await Promise.all(Array.from({ length: STARTED_AT_ONCE }, startNext));
    return processes.flatMap(({ served, child }) =>
      served.map(({ name, socket }) => ({ service: 'frontend', vm: name, child, address: socket })),
    );
  }

  #runGuest(vm: VmConfig): void {
    const child = this.#child(
      'demo guest',
      demoGuestCommand(this.#context.terminal.program, vm.socket),
      // It never says that it is ready.
      { startLimit: Number.POSITIVE_INFINITY },
    );
    this.#lifecycle.onStop('demo guest', () => child.stop());
    child.start();
  }

  #child(
    name: string,
    command: readonly string[],
    {
      startLimit = START_LIMIT,
      environment = {},
    }: { readonly startLimit?: number; readonly environment?: Readonly<Record<string, string>> } = {},
  ): Keeper {
    const child = new Keeper(
      {
        name,
        command: [process.execPath, ...process.execArgv, ...command],
        environment: { ...this.#context.terminal.environment, ...environment },
      },
      { log: this.#log, always: true, startLimit, storeLimit: STORE_LIMIT },
    );
    this.#children.push(child);
    return child;
  }

  #service(verb: readonly string[]): readonly string[] {
    const { path, config } = this.#plan;
    return [
      this.#context.terminal.program,
      ...verb,
      '--config',
      path,
      '--run-directory',
      config.runDirectory,
      '--log-level',
      config.logLevel,
    ];
  }

  /** Ctrl-C while something starts ends the start too. What does not start once will not start later. */
  async #started(child: Keeper): Promise<ReadyFields> {
    const { signal } = this.#lifecycle;
    signal.throwIfAborted();
    const stop = (): void => void child.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const outcome = await child.startOnce();
      if ('ready' in outcome) return outcome.ready;
      const { ended, isLate } = outcome;
      const how = isLate
        ? `it was not ready in time and was killed; its log is above, and the host may be too busy`
        : `it ended with ${endText(ended)}`;
      throw new ExitError(exitCodeOf(ended), `up: the ${child.name} did not start: ${how}`);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

/** VMs by the process that serves them: so many each, and never of different users, of whom one could then reach the VMs of the other. */
export function together(vms: readonly VmConfig[], perProcess: number): readonly (readonly VmConfig[])[] {
  const byReader = new Map<string, VmConfig[]>();
  for (const vm of vms) {
    const reader = readerText(vm.attachedBy);
    byReader.set(reader, [...(byReader.get(reader) ?? []), vm]);
  }
  return [...byReader.values()].flatMap((same) =>
    Array.from({ length: Math.ceil(same.length / perProcess) }, (_, index) =>
      same.slice(index * perProcess, (index + 1) * perProcess),
    ),
  );
}

function frontendVerb(vms: readonly VmConfig[]): readonly string[] {
  const names = vms.flatMap(({ name }) => ['--vm', name]);
  const [first] = vms;
  // Several VMs take theirs from the configuration.
  return ['frontend', ...names, ...(first && vms.length === 1 ? ['--socket-path', first.socket] : [])];
}

function namesOf(vms: readonly VmConfig[]): string {
  const [first, ...others] = vms.map(({ name }) => name);
  return others.length === 0 ? `${first}` : `${first} and ${others.length} more`;
}

/** What ended by itself has said why. */
function endText({ code, signal }: Ended): string {
  return signal === null ? `exit code ${code}; its own message is above` : `signal ${signal}`;
}

function exitCodeOf({ code }: Ended): ExitCode {
  return Object.values(EXIT).find((known) => known === code && known !== EXIT.OK) ?? EXIT.FAILURE;
}

/** Nothing in the directory may be touched before: another one of us may run in it, or a broker of its own. */
function takeDirectory(directory: string): DirectoryLock {
  const paths = createRunDirectory(directory);
  const lock = lockRunDirectory(paths, tryLock, '`barkeep up`');
  // Ours will take it.
  lockRunDirectory(paths, tryLock).release();
  return lock;
}

/** Makes the demo's run directory, or finds that it is this user's. */
function ownDirectory(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(directory);
  // A directory under /tmp has a name that anybody can guess.
  if (!lstatSync(directory).isDirectory() || uid !== process.getuid?.()) {
    throw new ExitError(
      EXIT.FORBIDDEN,
      `up: the run directory ${directory} belongs to user ${uid}; choose another one with --run-directory`,
    );
  }
  return directory;
}

/** The built-in configuration as a file in its own run directory, where the children read it. Returns its path. */
function writeDemoConfig(directory: string): string {
  const path = join(directory, 'demo.yaml');
  writeFileSync(path, demoConfigText(directory, totalmem()), { mode: 0o644 });
  return path;
}

function demoVm(config: Config): VmConfig {
  const vm = config.vms.find(({ name }) => name === 'demo') ?? config.vms[0];
  if (vm !== undefined) return vm;
  throw new ExitError(EXIT.USAGE, `up: --demo needs a VM, and ${config.file} has none; add one under vms:`);
}

async function report(
  context: Context,
  { path, config, isDemo }: Plan,
  parts: readonly Part[],
): Promise<void> {
  const services = parts.map(({ service, vm, child, address }) => ({ service, vm, pid: child.pid, address }));
  const vms = config.vms.map(({ name, socket, window }, index) => ({
    name,
    window,
    socket,
    qemu: qemuArguments(`gpu${index}`, socket),
  }));
  const { program, environment } = context.terminal;
  const self = invocation(program, environment);
  const record = { version: VERSION, config: path, runDirectory: config.runDirectory, services, vms };
  await context.answer(record, () => [
    `barkeep ${VERSION} is up, configured by ${path}`,
    '',
    ...tableLines(
      [
        { title: 'SERVICE', value: (part) => part.service },
        { title: 'VM', value: (part) => part.vm ?? '' },
        { title: 'PID', value: (part) => String(part.pid ?? ''), align: 'right' },
        { title: 'ADDRESS', value: (part) => part.address },
      ],
      services,
    ),
    '',
    // A frontend serves one VMM: the VM that is played cannot be attached as well.
    ...vms
      .filter((vm) => !isDemo || vm.name !== demoVm(config).name)
      .flatMap((vm) => [
        `To attach ${vm.name} (window ${formatBytes(vm.window)}), start QEMU 11.1 or later, with a disk or a kernel of yours behind it:`,
        `  qemu-system-x86_64 ${vm.qemu}`,
        '',
      ]),
    `To look around: ${self} vm list --run-directory ${shellWord(config.runDirectory)}`,
    'Ctrl-C stops everything.',
  ]);
}
