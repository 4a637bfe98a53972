// What a VM costs a host at rest: memory of its frontend, and processor time of everything, under `barkeep up` as an operator runs it.
//
// Several VMs in one frontend process are asked for by the configuration (frontend.vms_per_process). A product that does not know that
// setting says so in `barkeep config check`, and is measured with a process a VM.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { childrenOf, privateDirtyBytes, processorTime } from '../support/processes.ts';
import { pace, until } from '../support/until.ts';
import { Vmm } from '../vmm/vmm.ts';
import { leftover } from './leftovers.ts';
import { startChild } from './process.ts';
import { atMost, mib, micro, type Row } from './row.ts';
import { makeRunPlace } from './run-place.ts';
import { quantile } from './sample.ts';

const BARKEEP = resolve(import.meta.dirname, '../../services/cli/main.js');
const MIB = 1024 * 1024;
const PAGE = 4096;
const TOGETHER = 32;

const MOST_OF_PROCESS = 20;
const MOST_MARGINAL = 10;
const MOST_IDLE = 2;
/** Milliseconds: a turn of the loop with two shares of it, that of either queue, and what cannot be cut. */
const MOST_BESIDE_FLOOD = 5;

/** For hundreds of processes on a machine that may be busy with other things; milliseconds. */
const START_LIMIT = 300_000;
const STOP_LIMIT = 60_000;

export type ManyVmsEffort = {
  /** VMs attached at once. */
  readonly vms: number;
  /** Maps of the VM whose process is looked at. */
  readonly maps: number;
  /** How long nothing is done, milliseconds. */
  readonly idle: number;
  /** Maps of a VM whose neighbour asks all it can. */
  readonly samples: number;
};

export async function manyVmsRows(effort: ManyVmsEffort, progress: (text: string) => void): Promise<Row[]> {
  const perProcess = knowsManyVms() ? TOGETHER : 1;
  const node = await startChild('test/bench/bare-node.js', [], (said) => said.includes('ready'));
  const bare = privateDirtyBytes(node.pid);
  await node.stop();
  progress(`a frontend after ${effort.maps.toLocaleString('en')} maps`);
  const [fresh, process] = await withHost(1, perProcess, async (host): Promise<[number, number]> => {
    const before = host.privateDirty();
    await liveOn(host.socketOf(0), effort.maps);
    return [before, host.privateDirty()];
  });
  progress(`${TOGETHER} VMs, and ${effort.vms} at rest`);
  const rest = (host: UpHost): Promise<number> => host.load(effort.idle);
  const [together, load] = await withHost(
    TOGETHER,
    perProcess,
    async (host): Promise<[number, number | null]> => [
      host.privateDirty(),
      effort.vms === TOGETHER ? await rest(host) : null,
    ],
  );
  const marginal = (together - fresh) / (TOGETHER - 1);
  const idle = load ?? (await withHost(effort.vms, perProcess, rest));
  const neighbour = perProcess === 1 ? [] : [await neighbourRow(effort.samples, progress)];
  const how = perProcess === 1 ? 'a process each: frontend.vms_per_process is not known' : 'one process';
  return [
    atMost(
      MOST_OF_PROCESS,
      `Private dirty memory of a frontend of one VM, after ${effort.maps.toLocaleString('en')} maps`,
      process / MIB,
      `${mib(process)} (${mib(fresh)} at its start; Node by itself has ${mib(bare)})`,
      { unit: 'MiB', digits: 0 },
    ),
    atMost(
      MOST_MARGINAL,
      `Memory of one VM more, of ${TOGETHER} in one frontend process (private dirty)`,
      marginal / MIB,
      `${mib(marginal)} (${how})`,
      { unit: 'MiB', digits: 0 },
    ),
    atMost(
      MOST_IDLE,
      `Processor use of everything with ${effort.vms} VMs attached and idle, of one core`,
      idle * 100,
      `${(idle * 100).toFixed(1)} % (${effort.vms} VMs, ${how})`,
      { unit: '%', digits: 0 },
    ),
    ...neighbour,
  ];
}

/** What a VM notices of another one in its process that asks all it can. */
async function neighbourRow(samples: number, progress: (text: string) => void): Promise<Row> {
  progress('a VM beside one that asks all it can');
  const [quiet, beside] = await withHost(2, 2, async (host): Promise<[number[], number[]]> => {
    const before = await mapTimes(host.socketOf(0), samples);
    const flood = await startChild('test/bench/flood.js', [host.socketOf(1)], (stdout) =>
      stdout.includes('ready'),
    );
    try {
      return [before, await mapTimes(host.socketOf(0), samples)];
    } finally {
      await flood.stop();
    }
  });
  const p99 = quantile(beside, 0.99);
  const times = (sorted: number[]): string =>
    `p50 ${micro(quantile(sorted, 0.5))} µs, p99 ${micro(quantile(sorted, 0.99))} µs`;
  return atMost(
    MOST_BESIDE_FLOOD,
    'MAP_BLOB (p99) of a VM whose neighbour in the same process asks all it can',
    p99,
    `${p99.toFixed(1)} ms (${times(beside)}; without: ${times(quiet)})`,
    { unit: 'ms', digits: 0 },
  );
}

/** Milliseconds from the kick to the interrupt, sorted. */
async function mapTimes(socketPath: string, samples: number): Promise<number[]> {
  const vmm = await Vmm.boot({ socketPath });
  const times: number[] = [];
  try {
    await vmm.driver.createContext();
    for (let sample = 0; sample < samples; sample += 1) {
      const blob = await vmm.driver.createBlob({ size: PAGE });
      const { nanoseconds } = await vmm.driver.measure(vmm.driver.mapCommand(blob.resource, 0), 'interrupt');
      // The first one shows the window.
      if (sample > 0) times.push(nanoseconds / 1e6);
      await vmm.driver.exchange([
        vmm.driver.unmapCommand(blob.resource),
        vmm.driver.unrefCommand(blob.resource),
      ]);
    }
  } finally {
    vmm.close();
  }
  return times.sort((one, other) => one - other);
}

async function liveOn(socketPath: string, maps: number): Promise<void> {
  const vmm = await Vmm.boot({ socketPath });
  try {
    await vmm.driver.createContext();
    for (let map = 0; map < maps; map += 1) {
      const blob = await vmm.driver.createAndMap({ size: PAGE });
      await vmm.driver.unmapAndUnref(blob);
    }
  } finally {
    vmm.close();
  }
}

/** Whether a frontend process can have several VMs. */
function knowsManyVms(): boolean {
  const directory = makeRunPlace('check');
  try {
    const path = join(directory, 'barkeep.yaml');
    writeFileSync(path, configText(directory, TOGETHER, TOGETHER));
    const { status } = spawnSync(process.execPath, [BARKEEP, 'config', 'check', path], { stdio: 'ignore' });
    return status === 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function configText(directory: string, vms: number, perProcess: number): string {
  const list = Array.from(
    { length: vms },
    (_, vm) => `  - { name: ${nameOf(vm)}, window: 64MiB, heap: ram }\n`,
  );
  const together = perProcess > 1 ? `frontend: { vms_per_process: ${perProcess} }\n` : '';
  return (
    `run_directory: ${directory}/run\nlog_level: error\nmetrics: { listen: '127.0.0.1:0' }\n${together}heaps:\n` +
    `  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }\nvms:\n${list.join('')}`
  );
}

const nameOf = (vm: number): string => `vm-${vm}`;

async function withHost<T>(vms: number, perProcess: number, work: (host: UpHost) => Promise<T>): Promise<T> {
  const host = new UpHost(vms, perProcess);
  try {
    await host.ready();
    return await work(host);
  } finally {
    await host.stop();
  }
}

/** `barkeep up` with so many VMs. */
class UpHost {
  readonly #directory = makeRunPlace('up');
  readonly #vms: number;
  readonly #child: ChildProcess;
  readonly stop: () => Promise<void>;

  constructor(vms: number, perProcess: number) {
    this.#vms = vms;
    const config = join(this.#directory, 'barkeep.yaml');
    mkdirSync(join(this.#directory, 'run'));
    writeFileSync(config, configText(this.#directory, vms, perProcess));
    this.#child = spawn(process.execPath, [BARKEEP, 'up', '--config', config], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.stop = leftover(() => this.#end());
  }

  async ready(): Promise<void> {
    const isThere = (): boolean =>
      Array.from({ length: this.#vms }, (_, vm) => this.socketOf(vm)).every((path) => existsSync(path));
    await until(`${this.#vms} VMs are attached`, () => this.#hasEnded || isThere(), { within: START_LIMIT });
    if (this.#hasEnded) throw new Error(`barkeep up ended with ${this.#child.exitCode}`);
  }

  socketOf(vm: number): string {
    return join(this.#directory, 'run/vms', nameOf(vm), 'gpu.sock');
  }

  /** Of all frontends together, bytes. */
  privateDirty(): number {
    const frontends = this.#services.filter((pid) => isFrontend(pid));
    return frontends.reduce((sum, pid) => sum + privateDirtyBytes(pid), 0);
  }

  /** Processor time of `up` and all services, as a part of one core, over so many milliseconds. */
  async load(milliseconds: number): Promise<number> {
    const all = [this.#child.pid as number, ...this.#services];
    const spent = (): number => all.reduce((sum, pid) => sum + processorTime(pid), 0);
    // Their starts have to be over: compilers and collectors go on for a while.
    await pace(milliseconds);
    const before = spent();
    const start = performance.now();
    await pace(milliseconds);
    return (spent() - before) / (performance.now() - start);
  }

  get #services(): readonly number[] {
    return childrenOf(this.#child.pid as number);
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #end(): Promise<void> {
    this.#child.kill('SIGTERM');
    await until('barkeep up ends', () => this.#hasEnded, { within: STOP_LIMIT }).catch(() => {
      this.#child.kill('SIGKILL');
    });
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function isFrontend(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes('frontend');
}
