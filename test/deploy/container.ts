// One container without an engine: writes an OCI bundle and gives it to runc.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, run } from './command.ts';

/** What this file starts; also the name of the Debian package. */
export const CONTAINER_PROGRAMS = ['runc'] as const;

export interface BindMount {
  /** A path on this host. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ContainerPlan {
  /** Unique on this host. */
  readonly id: string;
  readonly rootfs: string;
  readonly readOnlyRoot: boolean;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly workingDirectory: string;
  /** "UID:GID", numbers. */
  readonly user: string;
  /** Further groups of the user, numbers. */
  readonly groups: readonly number[];
  readonly noNewPrivileges: boolean;
  /** By their kernel names, such as CAP_CHOWN. */
  readonly capabilities: readonly string[];
  /** none: a network namespace with nothing in it. host: the network of this host. */
  readonly network: 'none' | 'host';
  readonly mounts: readonly BindMount[];
  /** linux.seccomp of the OCI runtime specification. */
  readonly seccomp: object;
}

/** A container that runs, until stop(). */
export class Container {
  readonly id: string;
  readonly #bundle: string;
  readonly #child: ChildProcess;
  readonly #user: string;

  private constructor(id: string, bundle: string, child: ChildProcess, user: string) {
    this.id = id;
    this.#bundle = bundle;
    this.#child = child;
    this.#user = user;
  }

  /** Starts the container; what it writes goes to the file `log` of the folder `bundle`, which is created. */
  static async start(plan: ContainerPlan, bundle: string): Promise<Container> {
    await mkdir(bundle, { recursive: true });
    await writeFile(join(bundle, 'config.json'), JSON.stringify(ociConfig(plan), null, 2));
    const log = openSync(join(bundle, 'log'), 'w');
    const child = spawn('runc', ['run', '--bundle', bundle, plan.id], { stdio: ['ignore', log, log] });
    closeSync(log);
    await once(child, 'spawn');
    return new Container(plan.id, bundle, child, plan.user);
  }

  /** Everything the container has written so far. */
  log(): string {
    return readFileSync(join(this.#bundle, 'log'), 'utf8');
  }

  /** Runs one more program inside; resolves with its exit code and output. */
  async exec(args: readonly string[]): Promise<{ code: number; output: string }> {
    if (this.#child.exitCode !== null) {
      throw new Error(`Container ${this.id} has ended with code ${this.#child.exitCode}:\n${this.log()}`);
    }
    try {
      const output = await run('runc', ['exec', '--user', this.#user, this.id, ...args], { timeout: 30_000 });
      return { code: 0, output };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return { code: Number(error.code ?? -1), output: error.output };
    }
  }

  /** Resolves with the exit code when the program inside ends by itself. */
  async ended(): Promise<number> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode ?? 137;
  }

  /**
   * Asks the container to end (SIGTERM), as every engine does, and removes it. Resolves with its exit code; one that
   * does not end within `grace` milliseconds is killed, and the code is then 137.
   */
  async stop(grace = 10_000): Promise<number> {
    const patience = setTimeout(() => {
      run('runc', ['kill', this.id, 'KILL']).catch(() => undefined);
    }, grace);
    // A container that has ended by itself is gone already: runc run removes it.
    await run('runc', ['kill', this.id, 'TERM']).catch(() => undefined);
    const code = await this.ended();
    clearTimeout(patience);
    await run('runc', ['delete', '--force', this.id]).catch(() => undefined);
    return code;
  }
}

function ociConfig(plan: ContainerPlan): object {
  const [uid = 0, gid = 0] = plan.user.split(':').map(Number);
  const { capabilities: bounding } = plan;
  const namespaces = [
    'pid',
    'ipc',
    'uts',
    'mount',
    'cgroup',
    ...(plan.network === 'none' ? ['network'] : []),
  ];
  return {
    ociVersion: '1.0.2',
    hostname: plan.id,
    root: { path: plan.rootfs, readonly: plan.readOnlyRoot },
    process: {
      terminal: false,
      user: { uid, gid, additionalGids: plan.groups },
      args: plan.args,
      env: plan.env,
      cwd: plan.workingDirectory,
      capabilities: { bounding, effective: bounding, permitted: bounding, inheritable: [], ambient: [] },
      noNewPrivileges: plan.noNewPrivileges,
      // No rlimits: setting them is not allowed on every machine that runs this.
    },
    mounts: [...systemMounts(), ...plan.mounts.map(bindMount)],
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      seccomp: plan.seccomp,
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

function systemMounts(): readonly object[] {
  const closed = ['nosuid', 'noexec', 'nodev'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: closed },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=64k'],
    },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...closed, 'mode=1777', 'size=64m'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...closed, 'ro'] },
  ];
}

function bindMount(mount: BindMount): object {
  const options = ['rbind', 'rprivate', mount.readOnly ? 'ro' : 'rw'];
  return { destination: mount.target, type: 'bind', source: mount.source, options };
}
