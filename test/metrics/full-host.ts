// A host with many VMs, for what a scrape of it costs: a real broker, a real metrics endpoint as its unit starts it, and a session for each VM
// that reports what its frontend would.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Statistics } from '../../services/frontend/statistics.ts';
import type { Figures } from '../../services/lib/runtime/process-figures.ts';
import { RawSession } from '../bench/raw-session.ts';
import { makeRunPlace } from '../bench/run-place.ts';
import { peakResidentBytes, processorTime, residentBytes } from '../support/processes.ts';
import { until } from '../support/until.ts';

const ROOT = resolve(import.meta.dirname, import.meta.filename.endsWith('.js') ? '../../..' : '../..');
const CLI = join(ROOT, 'dist/services/cli/main.js');
const UNIT = join(ROOT, 'deploy/systemd/barkeep-metrics.service');
/** Of a frontend with a process of its own, which tells them with each report. */
const FIGURES: Figures = {
  residentBytes: 100_000_000,
  heapUsedBytes: 20_000_000,
  openFds: 50,
  cpuSeconds: 12.345,
  eventLoopLagP50: 0.0001,
  eventLoopLagP99: 0.002,
  eventLoopLagMax: 0.05,
  startTime: 1_700_000_000.123,
};

export type Scrape = {
  readonly text: string;
  /** As they came over the wire. */
  readonly bytes: number;
};

export class FullHost {
  readonly #directory = makeRunPlace('full');
  readonly #children: ChildProcess[] = [];
  readonly #sessions: RawSession[] = [];
  #url = '';

  /** Serves, with all VMs attached and reported. `hasVmHistograms` as metrics.vm_histograms. */
  static async start(vms: number, hasVmHistograms: boolean): Promise<FullHost> {
    const host = new FullHost();
    try {
      await host.#start(vms, hasVmHistograms);
      return host;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  /** One scrape, answered in full, on a connection of its own. */
  async scrape(encoding: 'gzip' | 'identity' = 'identity'): Promise<Scrape> {
    const { body } = await this.ask('/metrics', encoding);
    return { bytes: body.length, text: (encoding === 'gzip' ? gunzipSync(body) : body).toString() };
  }

  /** One request, on a connection of its own. */
  ask(path: string, encoding = 'identity'): Promise<{ readonly status: number; readonly body: Buffer }> {
    return new Promise((done, fail) => {
      const chunks: Buffer[] = [];
      get(`${this.#url}${path}`, { headers: { 'accept-encoding': encoding }, agent: false }, (response) => {
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => done({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.on('error', fail);
      }).on('error', fail);
    });
  }

  /** Where a frontend would connect. */
  get brokerSocket(): string {
    return join(this.#directory, 'broker.sock');
  }

  get url(): string {
    return this.#url;
  }

  /** Of the broker's process and of the endpoint's. */
  get pids(): { readonly broker: number; readonly metrics: number } {
    const [broker, metrics] = this.#children;
    return { broker: broker?.pid ?? 0, metrics: metrics?.pid ?? 0 };
  }

  /** The endpoint's resident memory, bytes. */
  residentBytes(): number {
    return residentBytes(this.pids.metrics);
  }

  /** The most that it ever was, bytes. */
  peakBytes(): number {
    return peakResidentBytes(this.pids.metrics);
  }

  /** What the endpoint has used of the processor, milliseconds. */
  processorTime(): number {
    return processorTime(this.pids.metrics);
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.close();
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #start(vms: number, hasVmHistograms: boolean): Promise<void> {
    const names = Array.from({ length: vms }, (_, index) => `vm-${index}`);
    const config = join(this.#directory, 'barkeep.yaml');
    writeFileSync(
      config,
      `run_directory: ${this.#directory}\nlog_level: info\njournal: false\n` +
        `metrics: { listen: "127.0.0.1:0", vm_histograms: ${hasVmHistograms} }\n` +
        `heaps:\n  - { name: ram, backing: memfd, cache: cached, capacity: 8GiB }\nvms:\n` +
        names.map((name) => `  - { name: ${name}, window: 1GiB, heap: ram }\n`).join(''),
    );
    await this.#spawn(['broker', '--config', config], {}, /"msg":"broker started"/);
    // One after the other: more connections at one moment than a socket keeps waiting are turned away.
    for (const name of names) await this.#attach(name);
    const options = /^Environment="NODE_OPTIONS=(.*)"$/m.exec(readFileSync(UNIT, 'utf8'))?.[1] ?? '';
    const served = /"url":"(http:[^"]+)\/metrics"/;
    const said = await this.#spawn(['metrics', '--config', config], { NODE_OPTIONS: options }, served);
    this.#url = served.exec(said)![1]!;
  }

  async #attach(name: string): Promise<void> {
    const secret = readFileSync(join(this.#directory, 'vms', name, 'secret'), 'utf8').trim();
    const session = await RawSession.open(join(this.#directory, 'broker.sock'), name, secret);
    this.#sessions.push(session);
    const statistics = new Statistics();
    for (const stage of ['vmm', 'command', 'grant'] as const) {
      for (const duration of [0.02, 0.3, 7]) statistics.observe(stage, duration, 1000);
    }
    for (const command of ['RESOURCE_CREATE_BLOB', 'CTX_CREATE', 'SUBMIT_3D'] as const) {
      statistics.count(command, 'OK_NODATA');
    }
    session.report(statistics.report(FIGURES));
    // Answered behind the report.
    await session.send([
      { create: { contextId: 1, resourceId: 1, memory: 2, flags: 1, blobId: 0, size: 4096 } },
      { map: { resourceId: 1, offset: 0 } },
    ]);
  }

  async #spawn(args: readonly string[], environment: object, isReady: RegExp): Promise<string> {
    const child = spawn(process.execPath, [CLI, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.#children.push(child);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const found = (): string => said;
    await until(`the ${args[0]} serves`, () => isReady.test(said) || child.exitCode !== null, { found });
    if (child.exitCode !== null) throw new Error(`the ${args[0]} ended with ${child.exitCode}: ${said}`);
    return said;
  }
}
