// The host of the scenario: a broker and a metrics endpoint with a configuration that has a VM for each purpose, frontends as they are
// needed, and the ways in which other processes of a host look at all that: admin socket, fd channel, metrics page.
import { closeSync, ftruncateSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { FdClient } from '../../../services/frontend/fd-client.ts';
import { Mapping } from '../../../services/lib/os/memory.ts';
import { type AdminClient, createAdminClient } from '../../../services/lib/rpc/admin-client.ts';
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { type RunPaths, runDirectoryPaths } from '../../../services/lib/runtime/run-directory.ts';
import { patient } from '../patience.ts';
import { MetricsPage } from './metrics-page.ts';
import { Service } from './service.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** The VMs of the configuration. */
export const VM = {
  WINDOW: 'win',
  PER_BLOB: 'blob',
  SLOTS: 'slots',
  OWN: 'own',
  NEIGHBOUR: 'twin',
  LARGE: 'wide',
  VAST: 'vast',
  HUGE: 'huge',
} as const;
export type VmName = (typeof VM)[keyof typeof VM];

export const PLACEMENT: Readonly<Record<VmName, 'window' | 'per-blob'>> = {
  win: 'window',
  blob: 'per-blob',
  slots: 'per-blob',
  own: 'per-blob',
  twin: 'per-blob',
  wide: 'window',
  vast: 'window',
  huge: 'per-blob',
};

/** Which heap a blob_id leads to, the same in 'win' and 'blob'. */
export const BLOB_ID = { CACHED: 0, WC: 1, UNCACHED: 2, FILE: 3, FAR: 4, UNKNOWN: 999 } as const;

export const WINDOW_SIZE: Readonly<Record<VmName, number>> = {
  win: GIB,
  blob: GIB,
  slots: GIB,
  own: GIB,
  twin: GIB,
  wide: 16 * GIB,
  // More than a guest of QEMU's TCG can address: its processors have 40 bits.
  vast: 1024 * GIB,
  huge: GIB,
};

/** What 'win' and 'blob' may have: less than their windows and heaps, so that each limit can be met alone. */
export const QUOTA = {
  win: { bytes: 1280 * MIB, mappings: 800, allocations: 900 },
  // QEMU 11.1 takes longer for each further memory region, and few VMMs have hundreds of slots.
  blob: { bytes: 1280 * MIB, mappings: 150, allocations: 250 },
} as const;

export type HostOptions = {
  /** How long the broker keeps what a vanished frontend had. */
  readonly orphanGrace: string;
  /** Broker and frontends run under `barkeep keep`. */
  readonly kept: boolean;
  /** Of 2 MiB, reserved by the caller, all for 'huge'; with 0 there is no such VM. */
  readonly hugePages: number;
  /** How long frontends wait for the broker, and for the VMM. */
  readonly answerTimeout: string;
};

const DEFAULTS: HostOptions = { orphanGrace: '2s', kept: false, hugePages: 0, answerTimeout: '5s' };

/** All of the heap that 'own' and 'twin' share. */
export const SHARED_FILE_BYTES = 64 * MIB;

// The two memfd heaps are smaller than many a host, and lead to more than 8 GiB of blobs together; nothing touches all of it.
const CONFIG = (directory: string, port: number, { orphanGrace, hugePages, answerTimeout }: HostOptions) => `
run_directory: ${directory}/run
orphan_grace: ${orphanGrace}
sweep_interval: 1s
log_level: info
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 4352MiB }
  - { name: far, backing: memfd, cache: cached, capacity: 4352MiB }
  - { name: video, backing: memfd, cache: wc, capacity: 256MiB }
  - { name: registers, backing: memfd, cache: uncached, capacity: 256MiB }
  - { name: shared, backing: file, cache: cached, path: ${directory}/shared-heap, capacity: ${SHARED_FILE_BYTES / MIB}MiB }
  # Never used: a file heap counts as memory beyond the host's own, so hosts of 8 GiB can promise the two above.
  - { name: spare, backing: file, cache: cached, path: ${directory}/spare-heap, capacity: 8GiB }
  ${hugePages > 0 ? `- { name: pages, backing: hugetlb, cache: cached, capacity: ${2 * hugePages}MiB }` : ''}
vms:
  - name: ${VM.WINDOW}
    window: 1GiB
    heap: ram
    blob_heaps: { 1: video, 2: registers }
    quota: { bytes: ${QUOTA.win.bytes / MIB}MiB, mappings: ${QUOTA.win.mappings}, allocations: ${QUOTA.win.allocations} }
  - name: ${VM.PER_BLOB}
    window: 1GiB
    placement: per-blob
    heap: ram
    blob_heaps: { 1: video, 2: registers }
    quota: { bytes: ${QUOTA.blob.bytes / MIB}MiB, mappings: ${QUOTA.blob.mappings}, allocations: ${QUOTA.blob.allocations} }
  - { name: ${VM.SLOTS}, window: 1GiB, placement: per-blob, heap: ram }
  - { name: ${VM.OWN}, window: 1GiB, placement: per-blob, heap: ram, blob_heaps: { 3: shared } }
  - { name: ${VM.NEIGHBOUR}, window: 1GiB, placement: per-blob, heap: shared }
  - { name: ${VM.LARGE}, window: 16GiB, heap: ram, blob_heaps: { 4: far } }
  - { name: ${VM.VAST}, window: 1TiB, heap: ram }
  ${hugePages > 0 ? `- { name: ${VM.HUGE}, window: 1GiB, placement: per-blob, heap: pages }` : ''}
frontend: { statistics_interval: 200ms, answer_timeout: ${answerTimeout}, vmm_timeout: ${answerTimeout} }
metrics: { listen: '127.0.0.1:${port}', vm_histograms: true }
`;

const FD_TIMEOUT = patient(5000);

export class Host {
  readonly directory: string;
  readonly logs: string;
  readonly configPath: string;
  readonly metrics: Service;
  readonly admin: AdminClient;
  readonly metricsUrl: string;
  readonly #paths: RunPaths;
  readonly #services: Service[];
  readonly #isKept: boolean;
  #broker: Service;

  private constructor(directory: string, port: number, { kept }: HostOptions) {
    this.#isKept = kept;
    this.directory = directory;
    this.logs = join(directory, 'logs');
    this.configPath = join(directory, 'barkeep.yaml');
    this.metricsUrl = `http://127.0.0.1:${port}`;
    const paths = runDirectoryPaths(join(directory, 'run'));
    this.#broker = this.#startBroker();
    this.metrics = this.#start('metrics', ['metrics']);
    this.#services = [this.#broker, this.metrics];
    this.admin = createAdminClient(paths.adminSocket);
    this.#paths = paths;
  }

  /** Starts broker and metrics below `directory`, an empty one that the caller removes afterwards. Rejects with ServiceError. */
  static async start(directory: string, some: Partial<HostOptions> = {}): Promise<Host> {
    const options = { ...DEFAULTS, ...some };
    const port = await freePort();
    mkdirSync(join(directory, 'run'));
    mkdirSync(join(directory, 'logs'));
    makeSparse(join(directory, 'shared-heap'), SHARED_FILE_BYTES);
    makeSparse(join(directory, 'spare-heap'), 8 * GIB);
    writeFileSync(join(directory, 'barkeep.yaml'), CONFIG(directory, port, options));
    const host = new Host(directory, port, options);
    try {
      await host.#brokerServes();
      await host.metrics.ready(async () => (await get(`${host.metricsUrl}/readyz`)) === 200);
    } catch (error) {
      await host.stop();
      throw error;
    }
    return host;
  }

  /** The one that was started last. */
  get broker(): Service {
    return this.#broker;
  }

  /** All that were started so far, also those that have ended. */
  get services(): readonly Service[] {
    return this.#services;
  }

  /** A frontend for the VM, listening. Rejects with ServiceError. */
  async startFrontend(vm: VmName): Promise<{ service: Service; socketPath: string }> {
    const socketPath = join(this.directory, `${vm}.sock`);
    const service = this.#start(`frontend-${vm}`, ['frontend', '--vm', vm, '--socket-path', socketPath]);
    this.#services.push(service);
    try {
      await service.ready(async () => isSocket(socketPath));
    } catch (error) {
      await service.stop();
      throw error;
    }
    return { service, socketPath };
  }

  /** Another broker in the same run directory, after the end of the last one. Rejects with ServiceError. */
  async startBrokerAgain(): Promise<void> {
    this.#broker = this.#startBroker();
    this.#services.push(this.#broker);
    await this.#brokerServes();
  }

  /** The metrics page as of now. */
  scrape(): Promise<MetricsPage> {
    return MetricsPage.fetch(`${this.metricsUrl}/metrics`);
  }

  /**
   * A blob's memory in this process, by way of the sockets of who may open memory; writable, the very bytes of the guest.
   * The caller closes it.
   */
  async openBlob(vm: VmName, resource: number): Promise<Mapping> {
    // Connections of this call alone: the broker's descriptors are compared before and after.
    const memory = createAdminClient(this.#paths.memorySocket);
    const fds = new FdClient(this.#paths.memoryFdSocket, FD_TIMEOUT);
    try {
      const handle = await memory.openBlob(vm, resource);
      const fd = await fds.redeem(handle.token ?? new Uint8Array());
      try {
        return Mapping.ofFile(fd.number, countFromWire(handle.fdOffset), countFromWire(handle.size));
      } finally {
        fd.close(); // a mapping does not need it
      }
    } finally {
      memory.close();
      fds.close();
    }
  }

  /** Stops what runs, the last started first. Returns the names of those that did not end in good order. */
  async stop(): Promise<string[]> {
    this.admin.close();
    const unclean: string[] = [];
    for (const service of this.#services.toReversed()) {
      const wasRunning = service.running;
      if ((await service.stop()) !== 0 && wasRunning) unclean.push(service.name);
    }
    return unclean;
  }

  #startBroker(): Service {
    return this.#start('broker', ['broker']);
  }

  async #brokerServes(): Promise<void> {
    await this.#broker.ready(() => this.admin.isServing(1000).catch(() => false));
  }

  #start(name: string, args: readonly string[]): Service {
    const log = join(this.logs, `${name}.log`);
    return Service.start(name, [...args, '--config', this.configPath], log, { kept: this.#isKept });
  }
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

function makeSparse(path: string, bytes: number): void {
  const fd = openSync(path, 'w', 0o600);
  ftruncateSync(fd, bytes);
  closeSync(fd);
}

// 0 when nobody answers.
async function get(url: string): Promise<number> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1000) })).status;
  } catch {
    return 0;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
