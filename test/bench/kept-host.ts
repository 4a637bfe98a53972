// Hosts for what journal, fd store and state files cost: the same services twice, once with everything that survives a death (under keepers,
// with a journal), once without any of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { childrenOf, processorTime } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { leftover } from './leftovers.ts';
import { RawSession } from './raw-session.ts';
import { makeRunPlace } from './run-place.ts';

const BARKEEP = resolve(import.meta.dirname, '../../services/cli/main.js');
/** Milliseconds for a service to serve. */
const LIMIT = 20_000;
const POLL = 20;

export type HostVm = { readonly name: string; readonly placement: 'window' | 'per-blob' };

export class KeptHost {
  readonly directory: string;
  readonly #isSafe: boolean;
  readonly #config: string;
  readonly #children: ChildProcess[] = [];
  readonly #frontends = new Map<string, ChildProcess>();
  readonly #stop = leftover(() => this.#end());

  private constructor(isSafe: boolean, vms: readonly HostVm[]) {
    this.#isSafe = isSafe;
    this.directory = makeRunPlace('kept');
    mkdirSync(join(this.directory, 'run'));
    this.#config = join(this.directory, 'barkeep.yaml');
    const list = vms.map(
      ({ name, placement }) => `  - { name: ${name}, window: 1GiB, heap: ram, placement: ${placement} }\n`,
    );
    writeFileSync(
      this.#config,
      `run_directory: ${this.directory}/run\nlog_level: error\njournal: ${isSafe}\nheaps:\n` +
        `  - { name: ram, backing: memfd, cache: cached, capacity: 8GiB }\nvms:\n${list.join('')}`,
    );
  }

  /** A broker for these VMs, which serves; `isSafe`: it and what follows has a journal and a keeper. Rejects when it does not start. */
  static async start(isSafe: boolean, vms: readonly HostVm[]): Promise<KeptHost> {
    const host = new KeptHost(isSafe, vms);
    try {
      await host.#startService(['broker'], join(host.directory, 'run/broker.sock'));
      return host;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  /** A frontend. Resolves with its socket. */
  async startFrontend(vm: string): Promise<string> {
    const socket = join(this.directory, `${vm}.sock`);
    const child = await this.#startService(['frontend', '--vm', vm, '--socket-path', socket], socket);
    this.#frontends.set(vm, child);
    return socket;
  }

  openSession(vm: string): Promise<RawSession> {
    const secret = readFileSync(join(this.directory, 'run/vms', vm, 'secret'), 'utf8').trim();
    return RawSession.open(join(this.directory, 'run/broker.sock'), vm, secret);
  }

  /** The broker that runs now; 0 between two of them. */
  get brokerPid(): number {
    return Number(readFileSync(join(this.directory, 'run/broker.lock'), 'utf8'));
  }

  get adminSocket(): string {
    return join(this.directory, 'run/admin.sock');
  }

  /** The frontend that runs now, of a host that is safe: the child of its keeper. 0 between two of them. */
  frontendPid(vm: string): number {
    const [pid = 0] = childrenOf(this.#frontends.get(vm)?.pid ?? 0);
    return pid;
  }

  /** What the broker that runs now has used, milliseconds. */
  brokerTime(): number {
    return processorTime(this.brokerPid);
  }

  /** Ends everything, last started first. */
  stop(): Promise<void> {
    return this.#stop();
  }

  async #end(): Promise<void> {
    for (const child of this.#children.reverse()) {
      const ended = new Promise((done) => child.once('exit', done));
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #startService(args: readonly string[], socket: string): Promise<ChildProcess> {
    const service = [BARKEEP, ...args, '--config', this.#config];
    const keep = [BARKEEP, 'keep', '--log-level', 'error', '--', process.execPath];
    const all = this.#isSafe ? [...keep, ...service] : service;
    const child = spawn(process.execPath, all, { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#children.push(child);
    await until(`the ${args[0]} listens`, () => child.exitCode !== null || existsSync(socket), {
      within: LIMIT,
      every: POLL,
    });
    if (child.exitCode !== null) throw new Error(`the ${args[0]} ended with ${child.exitCode}`);
    return child;
  }
}
