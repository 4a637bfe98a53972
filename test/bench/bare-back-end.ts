// The ceiling of the guest benchmarks: a vhost-user GPU of the same parts as the frontend (transport, virtqueue, wire), which answers every
// command at once: no accounts, no journal, no broker, no descriptor store, and nothing is zeroed or given back.
//
//   bare-back-end SOCKET window|per-blob WINDOW_BYTES
//
// window     one memfd is shown to the VMM, before the first MAP_BLOB is answered; after that a kick is answered before the event loop goes on
// per-blob   each MAP_BLOB is a SHMEM_MAP, its acknowledgement and the barrier, each UNMAP_BLOB or UNREF the reverse; those of a kick together
//
// Further ceilings in the same process: the line "journal" on standard input makes it write, before answers are published, records as the frontend
// does into a journal of the frontend's kind; "zeroing" makes it do to the window's memory what no device can do without, in the plainest way: what
// is mapped is zeroed, what ends is given back. "bare" ends either. Each is answered with the same line.
import { createInterface } from 'node:readline';
import type { Operation } from '../../services/frontend/operation.ts';
import type { Change } from '../../services/frontend/state/changes.ts';
import { DeviceJournal } from '../../services/frontend/state/device-journal.ts';
import { type Answer, encodeReply, OK } from '../../services/frontend/virtio-gpu/answers.ts';
import type { BlobState } from '../../services/lib/domain/blob.ts';
import type { BlobSnapshot } from '../../services/lib/domain/vm-snapshot.ts';
import { createMemfd, punchHole } from '../../services/lib/os/memory.ts';
import type { BackendChannel, WindowRange } from '../../services/lib/vhost-user/backend-channel.ts';
import { startBackendServer } from '../../services/lib/vhost-user/backend-server.ts';
import type { Device, DeviceSession, DurableQueue, Log } from '../../services/lib/vhost-user/device.ts';
import { fileIdentity } from '../../services/lib/vhost-user/guest-memory.ts';
import { DEFAULT_PROTOCOL_FEATURES } from '../../services/lib/vhost-user/offer.ts';
import type { Chain, Completion } from '../../services/lib/vhost-user/virtqueue.ts';
import { bitSet, PROTOCOL_FEATURE } from '../../services/lib/wire/vhost-user.ts';
import {
  COMMANDS,
  configSpace,
  FEATURE,
  type Header,
  header as headerFormat,
  MAP_CACHE,
  SHMEM_HOST_VISIBLE,
  viewOf,
} from '../../services/lib/wire/virtio-gpu.ts';

const MAPPED: Answer = { name: 'OK_MAP_INFO', body: { mapInfo: MAP_CACHE.CACHED } };
const { number: CREATE_BLOB } = COMMANDS.RESOURCE_CREATE_BLOB;
const { number: MAP_BLOB } = COMMANDS.RESOURCE_MAP_BLOB;
const { number: UNMAP_BLOB } = COMMANDS.RESOURCE_UNMAP_BLOB;
const { number: UNREF } = COMMANDS.RESOURCE_UNREF;

const [socket, placement, bytes] = process.argv.slice(2);
const windowSize = Number(bytes);
if (!socket || (placement !== 'window' && placement !== 'per-blob') || !(windowSize > 0)) {
  process.stderr.write('usage: bare-back-end SOCKET window|per-blob WINDOW_BYTES\n');
  process.exit(2);
}
const memory = createMemfd('bare-window', windowSize);
const ownFile = fileIdentity(memory.number);
let journal: DeviceJournal | null = null;
let isZeroing = false;

/** One command of the guest that concerns host memory. */
/** As long as most of the real ones: a header. */
const RECORDED_REPLY = new Uint8Array(24);

type BlobCommand = { readonly chain: Chain; readonly operation: Operation };

class BareSession implements DeviceSession {
  #channel: BackendChannel | null = null;
  #isShown = false;
  #isBusy = false;
  /** Sizes by resource: what SHMEM_MAP has to be told of. */
  readonly #sizes = new Map<number, number>();
  readonly #mapped = new Map<number, WindowRange>();

  readConfig(): Uint8Array {
    const config = new Uint8Array(configSpace.bytes);
    const nothing = { eventsRead: 0, eventsClear: 0, numScanouts: 0, numCapsets: 0, blobAlignment: 0 };
    configSpace.write(viewOf(config), 0, nothing);
    return config;
  }

  writeConfig(): boolean {
    return true;
  }

  channelOpened(channel: BackendChannel): void {
    this.#channel = channel;
  }

  memoryChanged(): boolean {
    return false;
  }

  isHeld(): null {
    return null;
  }

  queueStarted(): void {}

  queueStopped(): void {}

  queueKicked(queue: DurableQueue): void {
    while (!this.#isBusy) {
      const chains = queue.popAll();
      if (chains.length === 0) return;
      this.#work(queue, chains);
    }
  }

  reset(): void {
    this.#isShown = false;
    this.#sizes.clear();
    this.#mapped.clear();
  }

  closed(): void {
    this.#channel = null;
    this.reset();
  }

  #work(queue: DurableQueue, chains: readonly Chain[]): void {
    const completions: Completion[] = [];
    const commands: BlobCommand[] = [];
    for (const chain of chains) {
      const view = viewOf(chain.readable);
      const header = headerFormat.decode(view);
      const operation = operationOf(header, view);
      if (operation) commands.push({ chain, operation });
      const answer = operation?.kind === 'map' ? MAPPED : OK;
      completions.push({ chain, reply: encodeReply(answer, header) });
    }
    if (isZeroing && placement === 'window') this.#zero(commands);
    const publish = (): void => {
      this.#journalChanges(queue, commands);
      queue.pushAll(completions);
    };
    const visit = this.#visit(commands.map(({ operation }) => operation));
    if (!visit) {
      publish();
      return;
    }
    this.#isBusy = true;
    void visit.then(() => {
      publish();
      this.#isBusy = false;
      this.queueKicked(queue);
    });
  }

  /** What the VMM has to do before the guest is answered; null for nothing. */
  #visit(operations: readonly Operation[]): Promise<void> | null {
    if (placement === 'per-blob') return this.#visitForBlobs(operations);
    if (this.#isShown || !operations.some(({ kind }) => kind === 'map')) return null;
    this.#isShown = true;
    return this.#map([range(0, windowSize)]);
  }

  /** Unmaps first and then maps, as the frontend does: Linux sends nothing in one kick that would mind. */
  #visitForBlobs(operations: readonly Operation[]): Promise<void> | null {
    const out: WindowRange[] = [];
    const into: WindowRange[] = [];
    for (const operation of operations) {
      const { resourceId } = operation;
      if (operation.kind === 'create') this.#sizes.set(resourceId, Number(operation.size));
      if (operation.kind === 'map') {
        const wanted = range(Number(operation.offset), this.#sizes.get(resourceId) ?? 0);
        this.#mapped.set(resourceId, wanted);
        into.push(wanted);
        continue;
      }
      const mapped = this.#mapped.get(resourceId);
      if (mapped) out.push(mapped);
      this.#mapped.delete(resourceId);
      if (operation.kind === 'destroy') this.#sizes.delete(resourceId);
    }
    if (out.length + into.length === 0) return null;
    return this.#unmap(out).then(() => this.#map(into));
  }

  async #map(ranges: readonly WindowRange[]): Promise<void> {
    if (ranges.length === 0) return;
    fail(await this.#vmm.shmemMapAll(ranges.map((mapping) => ({ ...mapping, fd: memory }))));
  }

  async #unmap(ranges: readonly WindowRange[]): Promise<void> {
    if (ranges.length > 0) fail(await this.#vmm.shmemUnmapAll(ranges));
  }

  get #vmm(): BackendChannel {
    if (!this.#channel) throw new Error('there is no back-end channel');
    return this.#channel;
  }

  /** In window placement: what is mapped reads as zero, what ends has no pages. */
  #zero(commands: readonly BlobCommand[]): void {
    for (const { operation } of commands) {
      const { resourceId } = operation;
      if (operation.kind === 'create') this.#sizes.set(resourceId, Number(operation.size));
      if (operation.kind === 'map') {
        const wanted = range(Number(operation.offset), this.#sizes.get(resourceId) ?? 0);
        this.#mapped.set(resourceId, wanted);
        punchHole(memory.number, wanted.fdOffset, wanted.length);
      }
      if (operation.kind !== 'destroy') continue;
      const mapped = this.#mapped.get(resourceId);
      if (mapped) punchHole(memory.number, mapped.fdOffset, mapped.length);
      this.#mapped.delete(resourceId);
      this.#sizes.delete(resourceId);
    }
  }

  /** What the frontend writes down before it publishes. */
  #journalChanges(queue: DurableQueue, commands: readonly BlobCommand[]): void {
    if (!journal || commands.length === 0) return;
    const changes = commands.flatMap(({ operation }) => changeOf(operation));
    const answers = commands.map(({ chain }) => ({ chain: queue.numberOf(chain), reply: RECORDED_REPLY }));
    if (changes.length > 0) journal.append({ kind: 'answered', answers, changes });
    if (journal.isLarge) journal.compact([]);
  }
}

function range(offset: number, length: number): WindowRange {
  return { shmid: SHMEM_HOST_VISIBLE, fdOffset: offset, shmOffset: offset, length, writable: true };
}

function fail(results: readonly (Error | null)[]): void {
  const error = results.find((result) => result !== null);
  if (error) throw error;
}

function operationOf(header: Header, view: DataView): Operation | null {
  switch (header.type) {
    case CREATE_BLOB: {
      const { resourceId, blobFlags, blobId, size } = COMMANDS.RESOURCE_CREATE_BLOB.body.decode(view);
      const { contextId } = header;
      return { kind: 'create', resourceId, contextId, memory: 'host3d', flags: blobFlags, blobId, size };
    }
    case MAP_BLOB:
      return { kind: 'map', ...COMMANDS.RESOURCE_MAP_BLOB.body.decode(view) };
    case UNMAP_BLOB:
      return { kind: 'unmap', ...COMMANDS.RESOURCE_UNMAP_BLOB.body.decode(view) };
    case UNREF:
      return { kind: 'destroy', ...COMMANDS.RESOURCE_UNREF.body.decode(view) };
    default:
      return null;
  }
}

/** What the frontend's tables and accounts would tell. */
function changeOf(operation: Operation): readonly Change[] {
  switch (operation.kind) {
    case 'create': {
      const size = Number(operation.size);
      const resource = { kind: 'host-blob', size, uuid: null } as const;
      return [{ kind: 'resource', id: operation.resourceId, resource }, blobIs(operation, 'unmapped')];
    }
    case 'map':
      return [blobIs(operation, 'mapped')];
    case 'unmap':
      return [blobIs(operation, 'parked')];
    case 'destroy':
      return [
        { kind: 'resource-gone', id: operation.resourceId },
        { kind: 'blob-gone', id: operation.resourceId },
      ];
  }
}

/** As long as what the accounts would tell. */
function blobIs({ resourceId }: Operation, state: BlobState): Change {
  const blob: BlobSnapshot = {
    resource: resourceId,
    context: 1,
    blobId: 0,
    blobMem: 'host3d',
    flags: 1,
    size: windowSize,
    heap: 'ram',
    allocation: null,
    state,
    offset: 0,
  };
  return { kind: 'blob', blob, stash: null };
}

const device: Device = {
  features: bitSet(FEATURE.VIRGL, FEATURE.RESOURCE_BLOB, FEATURE.CONTEXT_INIT),
  // As the frontend: one mapping needs no memory slots.
  protocolFeatures:
    placement === 'window'
      ? DEFAULT_PROTOCOL_FEATURES & ~bitSet(PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS)
      : DEFAULT_PROTOCOL_FEATURES,
  queues: 2,
  largestQueueSize: 1024,
  shmemRegions: new Map([[SHMEM_HOST_VISIBLE, windowSize]]),
  isOwnMemory: ({ dev, ino }) => dev === ownFile.dev && ino === ownFile.ino,
  connect: () => new BareSession(),
};
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
const log: Log = {
  debug() {},
  info() {},
  warn: (_, message) => say(message),
  error: (data, message) => say(`${message}: ${JSON.stringify(data)}`),
};

const server = await startBackendServer({ device, log, listen: { path: socket } });
process.on('SIGTERM', () => {
  server.close();
  process.exit(0);
});
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  if (!['journal', 'zeroing', 'bare'].includes(line)) continue;
  isZeroing = line === 'zeroing';
  if (line === 'journal') journal ??= DeviceJournal.create();
  else {
    journal?.close();
    journal = null;
  }
  process.stdout.write(`${line}\n`);
}
// Whoever started it is gone.
server.close();
process.exit(0);
