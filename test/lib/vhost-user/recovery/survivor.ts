// A process that is killed: the smallest virtio-gpu device that has something to lose. It maps blobs of one file into the window and counts
// SUBMIT_3D commands; both are written to a journal and count from the publication of the command's answer on.
//
//   RESOURCE_CREATE_BLOB, CTX_*        OK_NODATA
//   RESOURCE_MAP_BLOB                  a page of the file, by resource id
//   RESOURCE_UNMAP_BLOB, UNREF         out again
//   SUBMIT_3D                          counts; the stream "crash" kills the process in its handler. Many at a kick are answered from the last on
//   RESOURCE_ASSIGN_UUID               the count, as the first four bytes
import { bootId } from '../../../../services/lib/journal/boot-id.ts';
import type { JournalKind } from '../../../../services/lib/journal/header.ts';
import { MemoryJournal } from '../../../../services/lib/journal/memory-journal.ts';
import type { Fd } from '../../../../services/lib/os/fd.ts';
import { createMemfd, PAGE_SIZE } from '../../../../services/lib/os/memory.ts';
import { FdStore } from '../../../../services/lib/runtime/fd-store.ts';
import type { BackendChannel, WindowRange } from '../../../../services/lib/vhost-user/backend-channel.ts';
import {
  type BackendServer,
  startBackendServer,
} from '../../../../services/lib/vhost-user/backend-server.ts';
import type {
  Device,
  DeviceSession,
  DurableQueue,
  Log,
  VmmConnection,
} from '../../../../services/lib/vhost-user/device.ts';
import { type FileIdentity, fileIdentity } from '../../../../services/lib/vhost-user/guest-memory.ts';
import { DEFAULT_PROTOCOL_FEATURES } from '../../../../services/lib/vhost-user/offer.ts';
import type { Chain, Completion } from '../../../../services/lib/vhost-user/virtqueue.ts';
import { bitSet } from '../../../../services/lib/wire/vhost-user.ts';
import {
  COMMANDS,
  commandName,
  encodeAnswer,
  FEATURE,
  header,
  viewOf,
} from '../../../../services/lib/wire/virtio-gpu.ts';
import { HeldStore } from './held-store.ts';

const PAGES = 4096;
const KIND: JournalKind = { name: 'survivor', version: 1, bootId: bootId() };
/** Small, so that it is compacted often. */
const JOURNAL_BYTES = 3 * PAGE_SIZE;

type Effect =
  | { readonly op: 'count' }
  | { readonly op: 'map'; readonly resource: number; readonly offset: number }
  | { readonly op: 'unmap'; readonly resource: number };
type Numbered = { readonly queue: number; readonly number: number };
/** `dropped`: chains that are not answered, and never happened; what belongs to the others that are not settled, is for good. */
type Entry =
  | { readonly queue: number; readonly number: number; readonly effect: Effect }
  | { readonly dropped: readonly Numbered[]; readonly isReset: boolean }
  | { readonly state: { readonly count: number; readonly mapped: [number, number][] } };

class State {
  count = 0;
  readonly mapped = new Map<number, number>();
  /** Not known to be published yet. */
  #pending: { readonly queue: number; readonly number: number; readonly effect: Effect }[] = [];
  readonly #journal: MemoryJournal;
  #entries = 0;

  constructor(journal: MemoryJournal, payloads: readonly Uint8Array[]) {
    this.#journal = journal;
    for (const payload of payloads) this.#replay(JSON.parse(Buffer.from(payload).toString()) as Entry);
  }

  /** What belongs to a chain that is answered is for good; the rest never happened. A reset ends what was mapped. */
  settle(isAnswered: (queue: number, number: number) => boolean, isReset: boolean): void {
    const dropped = this.#pending
      .filter(({ queue, number }) => !isAnswered(queue, number))
      .map(({ queue, number }) => ({ queue, number }));
    this.#write({ dropped, isReset });
    this.#settle(dropped, isReset);
  }

  add(queue: number, number: number, effect: Effect): void {
    this.#write({ queue, number, effect });
    this.#pending.push({ queue, number, effect });
  }

  /** Everything that was answered; what the handlers of the next chains see. */
  settleAll(): void {
    for (const { effect } of this.#pending.splice(0)) this.#apply(effect);
    if (this.#entries < 8) return;
    this.#entries = 0;
    const state: Entry = { state: { count: this.count, mapped: [...this.mapped] } };
    this.#journal.compact([Buffer.from(JSON.stringify(state))]);
  }

  #write(entry: Entry): void {
    this.#entries += 1;
    this.#journal.append([Buffer.from(JSON.stringify(entry))]);
  }

  #replay(entry: Entry): void {
    if ('state' in entry) {
      this.count = entry.state.count;
      for (const [resource, offset] of entry.state.mapped) this.mapped.set(resource, offset);
    } else if ('dropped' in entry) this.#settle(entry.dropped, entry.isReset);
    else this.#pending.push(entry);
  }

  #settle(dropped: readonly Numbered[], isReset: boolean): void {
    for (const { queue, number, effect } of this.#pending.splice(0)) {
      if (!dropped.some((one) => one.queue === queue && one.number === number)) this.#apply(effect);
    }
    if (isReset) this.mapped.clear();
  }

  #apply(effect: Effect): void {
    if (effect.op === 'count') this.count += 1;
    else if (effect.op === 'map') this.mapped.set(effect.resource, effect.offset);
    else this.mapped.delete(effect.resource);
  }
}

class Survivor implements Device {
  readonly features = bitSet(
    FEATURE.VIRGL,
    FEATURE.RESOURCE_UUID,
    FEATURE.RESOURCE_BLOB,
    FEATURE.CONTEXT_INIT,
  );
  readonly protocolFeatures = DEFAULT_PROTOCOL_FEATURES;
  readonly queues = 2;
  readonly largestQueueSize = 256;
  readonly shmemRegions = new Map([[1, PAGES * PAGE_SIZE]]);
  readonly #blobs: Fd;
  readonly #identity: FileIdentity;
  readonly #state: State;
  readonly #busy = new Set<DurableQueue>();
  #channel: BackendChannel | null = null;
  #life = 0;

  constructor(blobs: Fd, state: State) {
    this.#blobs = blobs;
    this.#identity = fileIdentity(blobs.number);
    this.#state = state;
  }

  isOwnMemory(file: FileIdentity): boolean {
    return file.dev === this.#identity.dev && file.ino === this.#identity.ino;
  }

  connect(vmm: VmmConnection): DeviceSession {
    const isAnswered = (queue: number, number: number) => vmm.isAnswered(queue, number);
    const reset = (): void => {
      this.#life += 1;
      this.#busy.clear();
      this.#state.settle(isAnswered, true);
    };
    this.#state.settle(isAnswered, false);
    return {
      readConfig: () => Buffer.alloc(20),
      writeConfig: () => true,
      channelOpened: (channel) => {
        this.#channel = channel;
      },
      memoryChanged: () => false,
      isHeld: () => null,
      queueStarted() {},
      queueKicked: (queue) => void this.#work(queue),
      queueStopped() {},
      reset,
      closed: reset,
    };
  }

  async #work(queue: DurableQueue): Promise<void> {
    if (this.#busy.has(queue)) return;
    const life = this.#life;
    this.#busy.add(queue);
    for (let chains = queue.popAll(); chains.length > 0; chains = queue.popAll()) {
      const isInOrder = !chains.every(isSubmission);
      const late: Completion[] = [];
      for (const chain of chains) {
        const reply = await this.#answer(queue, chain);
        if (life !== this.#life) return;
        if (isInOrder) {
          queue.pushAll([{ chain, reply }]);
          this.#state.settleAll();
        } else late.push({ chain, reply });
      }
      for (const one of late.reverse()) queue.pushAll([one]);
      this.#state.settleAll();
    }
    this.#busy.delete(queue);
  }

  async #answer(queue: DurableQueue, chain: Chain): Promise<Buffer> {
    const view = viewOf(chain.readable);
    const { type, fenceId } = header.decode(view);
    if (queue.handling(chain) > 2) {
      process.stderr.write(`poison ${chain.readable.toString('hex')}\n`);
      queue.handled();
      return encodeAnswer('ERR_UNSPEC', { fenceId }, {});
    }
    const name = commandName(type);
    if (name === 'SUBMIT_3D' && chain.readable.toString('latin1', 32) === 'crash')
      process.kill(process.pid, 'SIGKILL');
    queue.handled();
    const number = queue.numberOf(chain);
    const life = this.#life;
    const add = (effect: Effect): void => {
      if (life === this.#life) this.#state.add(queue.index, number, effect);
    };
    if (name === 'SUBMIT_3D') add({ op: 'count' });
    if (name === 'RESOURCE_ASSIGN_UUID') {
      const uuid = Buffer.alloc(16);
      uuid.writeUInt32LE(this.#state.count);
      return encodeAnswer('OK_RESOURCE_UUID', { fenceId }, { uuid });
    }
    if (name === 'RESOURCE_MAP_BLOB') {
      const { resourceId, offset } = COMMANDS.RESOURCE_MAP_BLOB.body.decode(view);
      const range = rangeOf(resourceId, Number(offset));
      const [error] = (await this.#channel?.shmemMapAll([{ ...range, fd: this.#blobs }])) ?? [];
      if (error) return this.#failed('map', error.message, fenceId);
      add({ op: 'map', resource: resourceId, offset: range.shmOffset });
      return encodeAnswer('OK_MAP_INFO', { fenceId }, { mapInfo: 1 });
    }
    if (name === 'RESOURCE_UNMAP_BLOB' || name === 'RESOURCE_UNREF') {
      const { resourceId } = COMMANDS[name].body.decode(view);
      const offset = this.#state.mapped.get(resourceId);
      if (offset !== undefined) {
        const [error] = (await this.#channel?.shmemUnmapAll([rangeOf(resourceId, offset)])) ?? [];
        if (error) return this.#failed('unmap', error.message, fenceId);
        add({ op: 'unmap', resource: resourceId });
      }
    }
    return encodeAnswer('OK_NODATA', { fenceId }, {});
  }

  #failed(what: string, why: string, fenceId: number | bigint): Buffer {
    process.stderr.write(`${what}: ${why}\n`);
    return encodeAnswer('ERR_UNSPEC', { fenceId }, {});
  }
}

function isSubmission({ readable }: Chain): boolean {
  return commandName(header.decode(viewOf(readable)).type) === 'SUBMIT_3D';
}

function rangeOf(resource: number, shmOffset: number): WindowRange {
  const fdOffset = (resource % PAGES) * PAGE_SIZE;
  return { shmid: 1, fdOffset, shmOffset, length: PAGE_SIZE, writable: true };
}

function logTo(level: string): (data: object, message: string) => void {
  return (data, message) => {
    process.stderr.write(`${process.pid} ${level} ${message} ${describe(data)}\n`);
  };
}

function describe(data: object): string {
  return JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}

// Under a real keeper, or under a test's holder.
const store = process.env['NOTIFY_SOCKET'] === undefined ? new HeldStore() : FdStore.open();
const log: Log = { debug() {}, info: logTo('info'), warn: logTo('warn'), error: logTo('error') };

function openJournal(): State {
  const [kept] = store.take('device.journal');
  if (kept) {
    const { journal, payloads } = MemoryJournal.adopt(kept, KIND);
    return new State(journal, payloads);
  }
  const journal = MemoryJournal.create(KIND, JOURNAL_BYTES);
  store.put('device.journal', journal.fd.number);
  return new State(journal, []);
}

function openBlobs(): Fd {
  const [kept] = store.take('device.blobs');
  if (kept) return kept;
  const blobs = createMemfd('blobs', PAGES * PAGE_SIZE);
  store.put('device.blobs', blobs.number);
  return blobs;
}

try {
  const device = new Survivor(openBlobs(), openJournal());
  const server: BackendServer = await startBackendServer({
    device,
    log,
    listen: { path: process.env['SURVIVOR_SOCKET'] ?? '' },
    store,
  });
  process.on('SIGTERM', () => {
    server.leave();
    process.kill(process.pid, 'SIGKILL');
  });
  process.on('SIGINT', () => {
    server.close();
    process.exit(0);
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? `${error.name} ${error.message}` : String(error)}\n`);
  process.exit(1);
}
