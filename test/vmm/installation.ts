// A broker and frontends in this process, in a run directory of their own: what the in-tree VMM is a guest of in tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '../../services/broker/main.ts';
import { FdClient } from '../../services/frontend/fd-client.ts';
import { startFrontend } from '../../services/frontend/main.ts';
import { Mapping } from '../../services/lib/os/memory.ts';
import { type AdminClient, createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { parseConfig } from '../../services/lib/runtime/config.ts';
import { createLogger } from '../../services/lib/runtime/log.ts';

/** The settings of one VM as YAML flow text, e.g. "window: 64MiB, placement: window". */
export type VmSettings = Readonly<Record<string, string>>;

const HEAPS = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 2GiB }
  - { name: video, backing: memfd, cache: wc, capacity: 256MiB }
  - { name: registers, backing: memfd, cache: uncached, capacity: 64MiB }
  - { name: other, backing: memfd, cache: none, capacity: 64MiB }
`;
const BLOB_HEAPS = 'heap: ram, blob_heaps: { 1: video, 2: registers, 3: other }';

export class Installation {
  readonly admin: AdminClient;
  readonly #directory: string;
  readonly #memory: AdminClient;
  readonly #fds: FdClient;
  readonly #parts: { stop(): Promise<void> }[];

  private constructor(directory: string, parts: { stop(): Promise<void> }[]) {
    this.#directory = directory;
    this.#parts = parts;
    this.admin = createAdminClient(join(directory, 'admin.sock'));
    this.#memory = createAdminClient(join(directory, 'memory.sock'));
    this.#fds = new FdClient(join(directory, 'memory-fd.sock'), 5000);
  }

  /** Starts a broker and a frontend for each VM; `vms` gives their further settings by name. Log level by BARKEEP_TEST_LOG. */
  static async start(vms: VmSettings): Promise<Installation> {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-host-'));
    const lines = Object.entries(vms).map(
      ([name, settings]) => `  - { name: ${name}, ${BLOB_HEAPS}, ${settings} }`,
    );
    const text = `run_directory: ${directory}\norphan_grace: 200ms\n${HEAPS}\nvms:\n${lines.join('\n')}\n`;
    const config = parseConfig(text, 'installation.yaml', { environment: {} });
    const log = createLogger({ service: 'test', level: 'silent' });
    const parts = [await startBroker(config, log)];
    for (const { name, socket } of config.vms) {
      parts.push(await startFrontend({ vm: name, socketPath: socket }, config, log));
    }
    return new Installation(directory, parts);
  }

  /** Where the broker has its sockets. */
  get runDirectory(): string {
    return this.#directory;
  }

  /** Where the VMM of a VM connects. */
  socketOf(vm: string): string {
    return join(this.#directory, 'vms', vm, 'gpu.sock');
  }

  /** What a process of the host sees of a blob. The caller closes it. Throws AdminError. */
  async openBlob(vm: string, resource: number): Promise<Mapping> {
    const handle = await this.#memory.openBlob(vm, resource);
    const fd = await this.#fds.redeem(handle.token as Uint8Array);
    try {
      return Mapping.ofFile(fd.number, countFromWire(handle.fdOffset), countFromWire(handle.size));
    } finally {
      fd.close();
    }
  }

  /** Mappings, blobs and generation of a VM as the broker counts them. */
  async books(
    vm: string,
  ): Promise<{ mappings: number; mappedBytes: number; blobs: number; generation: number }> {
    const found = await this.admin.getVm(vm);
    return {
      mappings: countFromWire(found.mappings),
      mappedBytes: countFromWire(found.mappedBytes),
      blobs: countFromWire(found.allocations),
      generation: countFromWire(found.generation),
    };
  }

  /** Frontends first, then the broker. */
  async stop(): Promise<void> {
    this.#fds.close();
    this.admin.close();
    this.#memory.close();
    for (const part of this.#parts.reverse()) await part.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
