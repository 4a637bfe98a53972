// A broker and frontends in this process, in a run directory of their own: what the in-tree VMM is a guest of in tests.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '../../services/broker/main.ts';
import { FdClient } from '../../services/frontend/fd-client.ts';
import { startFrontend } from '../../services/frontend/main.ts';
import { Mapping } from '../../services/lib/os/memory.ts';
import { type AdminClient, AdminError, createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { parseConfig } from '../../services/lib/runtime/config.ts';
import { createLogger } from '../../services/lib/runtime/log.ts';
import { until } from '../support/until.ts';

export type Books = {
  readonly mappings: number;
  readonly mappedBytes: number;
  readonly blobs: number;
  readonly generation: number;
};

/** `after`: any generation beyond this one. */
type Later = { readonly after?: number };

/**
 * The settings of one VM as YAML flow text, e.g. "window: 64MiB, placement: window". "placement: own" is per-blob placement with blobs that fit no window:
 * those of blob_id 0, from a file.
 */
export type VmSettings = Readonly<Record<string, string>>;

const HEAPS = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 2GiB }
  - { name: video, backing: memfd, cache: wc, capacity: 256MiB }
  - { name: registers, backing: memfd, cache: uncached, capacity: 64MiB }
  - { name: other, backing: memfd, cache: none, capacity: 64MiB }
`;
const FILE_BYTES = 64 * 1024 * 1024;
const fileHeap = (path: string): string =>
  `  - { name: file, backing: file, cache: cached, path: ${path}, capacity: 64MiB }\n`;
/** Why a mapping that the guest has just been told of is not to be had. */
const NOT_HEARD_OF: ReadonlySet<string> = new Set(['RESOURCE_UNKNOWN', 'NEVER_MAPPED', 'STASHED']);
const BLOB_HEAPS = '1: video, 2: registers, 3: other';

function lineOf(name: string, settings: string): string {
  const isOwn = settings.includes('placement: own');
  const heap = isOwn ? 'file' : 'ram';
  const rest = isOwn ? settings.replace('placement: own', 'placement: per-blob') : settings;
  return `  - { name: ${name}, heap: ${heap}, blob_heaps: { ${BLOB_HEAPS} }, ${rest} }`;
}

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
    const lines = Object.entries(vms).map(([name, settings]) => lineOf(name, settings));
    const file = join(directory, 'file');
    writeFileSync(file, '');
    truncateSync(file, FILE_BYTES);
    const text = `run_directory: ${directory}\norphan_grace: 200ms\n${HEAPS}${fileHeap(file)}\nvms:\n${lines.join('\n')}\n`;
    const config = parseConfig(text, 'installation.yaml', { environment: {} });
    const log = createLogger({ service: 'test', level: 'silent' });
    const parts = [await startBroker(config, log)];
    for (const { name, socket } of config.vms) {
      parts.push(await startFrontend([{ vm: name, socketPath: socket }], config, log));
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

  /**
   * What a process of the host sees of a blob. Where the frontend decides the broker hears of a mapping after the guest does: one that it has not
   * heard of yet is waited for. The caller closes it. Throws AdminError.
   */
  async openBlob(vm: string, resource: number): Promise<Mapping> {
    const open = async () => {
      try {
        return await this.#memory.openBlob(vm, resource);
      } catch (error) {
        if (error instanceof AdminError && NOT_HEARD_OF.has(error.reason ?? '')) return null;
        throw error;
      }
    };
    const handle = await until(`the broker has heard that resource ${resource} is mapped`, open);
    const fd = await this.#fds.redeem(handle.token as Uint8Array);
    try {
      return Mapping.ofFile(fd.number, countFromWire(handle.fdOffset), countFromWire(handle.size));
    } finally {
      fd.close();
    }
  }

  /** Mappings, blobs and generation of a VM as the broker counts them: some milliseconds behind the guest, where its frontend decides. */
  async books(vm: string): Promise<Books> {
    return booksOf(await this.admin.getVm(vm));
  }

  /**
   * Waits until the broker's books say this. Where it decides they say it at once, or this rejects. What they come to
   * say too much of later is not seen: an answer of the guest's after which they hold goes before.
   */
  async booksAre(vm: string, expected: Partial<Books> & Later): Promise<void> {
    const found = await this.admin.getVm(vm);
    const isBehind = found.decides ?? false;
    let books = booksOf(found);
    await until(
      `the books of ${vm} say ${JSON.stringify(expected)}`,
      async () => {
        books = await this.books(vm);
        return holds(books, expected);
      },
      { ...(isBehind ? {} : { within: 0 }), found: () => books },
    );
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

function booksOf({
  mappings,
  mappedBytes,
  allocations,
  generation,
}: Awaited<ReturnType<AdminClient['getVm']>>): Books {
  return {
    mappings: countFromWire(mappings),
    mappedBytes: countFromWire(mappedBytes),
    blobs: countFromWire(allocations),
    generation: countFromWire(generation),
  };
}

function holds(books: Books, { after = -1, ...expected }: Partial<Books> & Later): boolean {
  if (books.generation <= after) return false;
  return Object.entries(expected).every(([name, value]) => books[name as keyof Books] === value);
}
