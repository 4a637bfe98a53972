// Records a real guest: a proxy between a VMM and a back-end on the vhost-user socket, which needs nothing of either.
//
//   VMM --- main socket ----> proxy --- main socket ----> back-end
//    |  <-- back-end channel --  |  <-- back-end channel --  |
//    |      guest's rings        |       shadow rings        |
//    |--- kick eventfd --------> | --- kick eventfd -------> |
//    | <-- call eventfd -------- | <-- call eventfd -------- |
//
// Messages pass as they are, but for the addresses of the available and used rings: the back-end gets shadow rings of the same size and
// with the same indices, in a memory region of the proxy's own. So the proxy sees what each kick brought before the back-end does, and
// each reply before the guest can reuse its buffer. Descriptor tables and buffers stay in the guest's memory, untouched.
import { createEventfd, drainEventfd, signalEventfd } from '../../services/lib/os/eventfd.ts';
import { closeAll, Fd } from '../../services/lib/os/fd.ts';
import { createMemfd, duplicate, Mapping, PAGE_SIZE } from '../../services/lib/os/memory.ts';
import { Poller } from '../../services/lib/os/poll.ts';
import { accept, connect, listen, socketPair } from '../../services/lib/os/socket.ts';
import { MessageStream, type StreamMessage } from '../../services/lib/vhost-user/message-stream.ts';
import {
  AVAILABLE_FLAG_NO_INTERRUPT,
  availableRingBytes,
  DESCRIPTOR_FLAG,
  DESCRIPTOR_SIZE,
  LARGEST_QUEUE_SIZE,
  RING_OFFSET,
  readDescriptor,
  USED_ELEMENT_SIZE,
  usedRingBytes,
} from '../../services/lib/wire/split-ring.ts';
import { hex, type U64 } from '../../services/lib/wire/u64.ts';
import {
  BACKEND_REQUESTS,
  decodeFrontendReply,
  decodeFrontendRequest,
  encodeFrontendReply,
  encodeFrontendRequest,
  encodeMessage,
  FRONTEND_REQUESTS,
  type FrontendMessage,
  type MemoryRegion,
  type VringAddresses,
} from '../../services/lib/wire/vhost-user.ts';
import type { RecordingEntry } from './recording.ts';

/** Where the shadow rings appear to the back-end, in both kinds of addresses: above all RAM and below every user address of Linux' mmap. */
const SHADOW_ADDRESS = 2 ** 46;
const MOST_QUEUES = 2;
/** Room for the rings of one queue of the largest size. */
const SHADOW_QUEUE_BYTES =
  Math.ceil((availableRingBytes(LARGEST_QUEUE_SIZE) + usedRingBytes(LARGEST_QUEUE_SIZE)) / PAGE_SIZE + 2) *
  PAGE_SIZE;

export type RecorderOptions = {
  /** Where the VMM connects; must not exist. Unlinking it is the caller's. */
  readonly listenPath: string;
  /** Where the back-end listens. */
  readonly backEndPath: string;
  /** Called for every entry, in order; the "about" entry is the caller's to write. */
  readonly onEntry: (entry: RecordingEntry) => void;
  /** Called once when either side has gone. */
  readonly onEnd?: (reason: string) => void;
};

/** Serves one VMM. Owns everything until close(). */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #listener: Fd;
  readonly #poller: Poller;
  #session: RecorderSession | null = null;

  /** Listens; a VMM can connect from here on. Throws SystemError. */
  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#listener = listen(options.listenPath, 'stream');
    this.#poller = new Poller(this.#listener.number, () => this.#accept());
  }

  close(): void {
    this.#session?.close();
    this.#poller.close();
    this.#listener.close();
  }

  #accept(): void {
    const vmm = accept(this.#listener.number);
    if (!vmm) return;
    if (this.#session) {
      vmm.close();
      return;
    }
    this.#session = new RecorderSession(this.#options, vmm, connect(this.#options.backEndPath, 'stream'));
  }
}

class RecorderSession {
  readonly #options: RecorderOptions;
  readonly #vmm: MessageStream;
  readonly #backEnd: MessageStream;
  #vmmChannel: MessageStream | null = null;
  #backEndChannel: MessageStream | null = null;
  readonly #memory = new RecordedMemory();
  readonly #shadowFd: Fd;
  readonly #shadow: Mapping;
  readonly #queues: ShadowQueue[];
  #shadowAnnounced = false;
  #swallow = 0;
  #kicks = 0;
  #running = false;
  #stopped = 0;
  #features = 0n;
  #acked = 0n;
  #protocolFeatures = 0n;
  #closed = false;

  constructor(options: RecorderOptions, vmm: Fd, backEnd: Fd) {
    this.#options = options;
    this.#shadowFd = createMemfd('shadow-rings', MOST_QUEUES * SHADOW_QUEUE_BYTES);
    this.#shadow = Mapping.ofFile(this.#shadowFd.number, 0, MOST_QUEUES * SHADOW_QUEUE_BYTES);
    this.#queues = Array.from(
      { length: MOST_QUEUES },
      (_, index) =>
        new ShadowQueue(index, this.#memory, this.#shadow, {
          nextKick: () => ++this.#kicks,
          onEntry: options.onEntry,
        }),
    );
    const onEnd = (who: string) => (error: unknown) => {
      this.close();
      options.onEnd?.(error === null ? `the ${who} has closed its socket` : `${who}: ${String(error)}`);
    };
    this.#vmm = new MessageStream(vmm, { onMessage: (m) => this.#fromVmm(m), onEnd: onEnd('VMM') });
    this.#backEnd = new MessageStream(backEnd, {
      onMessage: (m) => this.#fromBackEnd(m),
      onEnd: onEnd('back-end'),
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of [this.#vmm, this.#backEnd, this.#vmmChannel, this.#backEndChannel]) stream?.close();
    for (const queue of this.#queues) queue.close();
    this.#memory.close();
    this.#shadow.close();
    this.#shadowFd.close();
  }

  // ---- main socket ----------------------------------------------------------------------------------------------------------------------

  #fromVmm(raw: StreamMessage): void {
    const message = decodeFrontendRequest(raw.header.request, raw.payload, raw.fds.length);
    this.#options.onEntry({
      kind: 'message',
      from: 'front-end',
      name: message?.name ?? `request ${raw.header.request}`,
      needReply: raw.header.needReply,
      size: raw.payload.length,
      fds: raw.fds.length,
    });
    const flags = { needReply: raw.header.needReply };
    const forward = (data: Buffer, fds: readonly Fd[] = raw.fds): void => this.#backEnd.send(data, fds);
    switch (message?.name) {
      case 'SET_MEM_TABLE':
        this.#memory.set(message.body, raw.fds);
        forward(encodeFrontendRequest('SET_MEM_TABLE', [...message.body, this.#shadowRegion()], flags), [
          ...raw.fds,
          this.#shadowFd,
        ]);
        break;
      case 'ADD_MEM_REG':
        this.#announceShadow();
        this.#memory.add(message.body, raw.fds[0]!);
        forward(encodeFrontendRequest('ADD_MEM_REG', message.body, flags));
        break;
      case 'SET_BACKEND_REQ_FD': {
        const theirs = this.#openChannel(raw.fds[0]!);
        forward(encodeFrontendRequest('SET_BACKEND_REQ_FD', null, flags), [theirs]);
        theirs.close();
        break;
      }
      case 'SET_VRING_ADDR':
        forward(
          encodeFrontendRequest('SET_VRING_ADDR', this.#queue(message.body.index).place(message.body), flags),
        );
        break;
      case 'SET_VRING_KICK':
        forward(encodeFrontendRequest('SET_VRING_KICK', { index: message.body.index, noFd: false }, flags), [
          this.#queue(message.body.index).watchKick(raw.fds[0] ?? null),
        ]);
        break;
      case 'SET_VRING_CALL':
        forward(encodeFrontendRequest('SET_VRING_CALL', { index: message.body.index, noFd: false }, flags), [
          this.#queue(message.body.index).watchCall(raw.fds[0] ?? null),
        ]);
        break;
      default:
        if (message) this.#note(message);
        forward(encodeMessage(raw.header.request, raw.payload, { needReply: raw.header.needReply }));
    }
    closeAll(raw.fds);
  }

  /** Keeps what the recording says about the device's life. */
  #note(message: FrontendMessage): void {
    switch (message.name) {
      case 'REM_MEM_REG':
        this.#memory.remove(message.body);
        break;
      case 'SET_FEATURES':
        this.#acked = message.body;
        break;
      case 'SET_PROTOCOL_FEATURES':
        this.#protocolFeatures = message.body;
        break;
      case 'SET_VRING_NUM':
        this.#queue(message.body.index).size = message.body.value;
        break;
      case 'SET_VRING_BASE':
        this.#queue(message.body.index).base = message.body.value;
        break;
      case 'SET_VRING_ENABLE':
        if (message.body.value === 1) this.#noteStart();
        break;
      default:
    }
  }

  #noteStart(): void {
    if (this.#running) return;
    this.#running = true;
    this.#stopped = 0;
    this.#options.onEntry({
      kind: 'start',
      features: hex(this.#acked),
      ram: this.#memory.size,
      queues: this.#queues.map(({ size, base }) => ({ size, base })),
    });
  }

  #fromBackEnd(raw: StreamMessage): void {
    const { request } = raw.header;
    let data = encodeMessage(request, raw.payload, { reply: true });
    if (request === FRONTEND_REQUESTS.ADD_MEM_REG.number && this.#swallow > 0) {
      this.#swallow -= 1;
      closeAll(raw.fds);
      return;
    }
    switch (request) {
      case FRONTEND_REQUESTS.GET_FEATURES.number:
        this.#features = decodeFrontendReply('GET_FEATURES', raw.payload);
        break;
      case FRONTEND_REQUESTS.GET_MAX_MEM_SLOTS.number: {
        const slots = Number(decodeFrontendReply('GET_MAX_MEM_SLOTS', raw.payload));
        data = encodeFrontendReply('GET_MAX_MEM_SLOTS', slots - 1); // one is for the shadow rings
        break;
      }
      case FRONTEND_REQUESTS.GET_SHMEM_CONFIG.number:
        this.#options.onEntry({
          kind: 'device',
          features: hex(this.#features),
          protocolFeatures: hex(this.#protocolFeatures),
          windowSize: Number(decodeFrontendReply('GET_SHMEM_CONFIG', raw.payload).get(1) ?? 0),
        });
        break;
      case FRONTEND_REQUESTS.GET_VRING_BASE.number: {
        const { index, value } = decodeFrontendReply('GET_VRING_BASE', raw.payload);
        this.#queue(index).stop(value);
        this.#noteStop();
        break;
      }
      default:
    }
    this.#vmm.send(data, raw.fds);
    closeAll(raw.fds);
  }

  #noteStop(): void {
    this.#stopped += 1;
    if (!this.#running || this.#stopped < MOST_QUEUES) return;
    this.#running = false;
    this.#options.onEntry({ kind: 'stop', bases: this.#queues.map(({ base }) => base) });
  }

  #shadowRegion(): MemoryRegion {
    return {
      guestAddress: SHADOW_ADDRESS,
      size: this.#shadow.length,
      userAddress: SHADOW_ADDRESS,
      mmapOffset: 0,
    };
  }

  /** With memory slots the shadow's region is added once, before the first of the VMM's; the VMM never hears of it. */
  #announceShadow(): void {
    if (this.#shadowAnnounced) return;
    this.#shadowAnnounced = true;
    this.#swallow += 1;
    this.#backEnd.send(encodeFrontendRequest('ADD_MEM_REG', this.#shadowRegion(), { needReply: true }), [
      this.#shadowFd,
    ]);
  }

  #queue(index: number): ShadowQueue {
    const queue = this.#queues[index];
    if (!queue) throw new RangeError(`queue ${index} is beyond the ${MOST_QUEUES} that can be recorded`);
    return queue;
  }

  // ---- back-end channel -----------------------------------------------------------------------------------------------------------------

  /** Puts the proxy into the channel; returns the end for the back-end, which the caller closes. */
  #openChannel(fromVmm: Fd): Fd {
    const [ours, theirs] = socketPair('stream');
    this.#vmmChannel?.close();
    this.#backEndChannel?.close();
    this.#vmmChannel = new MessageStream(new Fd(fromVmm.release()), {
      onMessage: ({ header, payload, fds }) => {
        this.#backEndChannel?.send(encodeMessage(header.request, payload, { reply: true }), fds);
        closeAll(fds);
      },
      onEnd: () => this.#backEndChannel?.close(),
    });
    this.#backEndChannel = new MessageStream(ours, {
      onMessage: (message) => this.#onBackEndRequest(message),
      onEnd: () => this.#vmmChannel?.close(),
    });
    return theirs;
  }

  #onBackEndRequest({ header, payload, fds }: StreamMessage): void {
    const known = Object.entries(BACKEND_REQUESTS).find(([, format]) => format.number === header.request);
    this.#options.onEntry({
      kind: 'message',
      from: 'back-end',
      name: known?.[0] ?? `request ${header.request}`,
      needReply: header.needReply,
      size: payload.length,
      fds: fds.length,
    });
    this.#vmmChannel?.send(encodeMessage(header.request, payload, { needReply: header.needReply }), fds);
    closeAll(fds);
  }
}

/** The guest's memory as the VMM's table describes it. Regions are mapped when they are first read: most never are. */
class RecordedMemory {
  #regions: { region: MemoryRegion; fd: Fd; mapping: Mapping | null }[] = [];

  /** Bytes of all regions; RAM alone as long as nothing of the window is mapped. */
  get size(): number {
    return this.#regions.reduce((sum, { region }) => sum + Number(region.size), 0);
  }

  set(regions: readonly MemoryRegion[], fds: readonly Fd[]): void {
    this.close();
    regions.forEach((region, index) => {
      this.add(region, fds[index]!);
    });
  }

  add(region: MemoryRegion, fd: Fd): void {
    this.#regions.push({ region, fd: duplicate(fd.number), mapping: null });
  }

  remove(gone: MemoryRegion): void {
    const index = this.#regions.findIndex(({ region }) => region.guestAddress === gone.guestAddress);
    const [entry] = index < 0 ? [] : this.#regions.splice(index, 1);
    entry?.mapping?.close();
    entry?.fd.close();
  }

  /** A view of guest memory by a guest's or by a user's address. */
  view(kind: 'guestAddress' | 'userAddress', address: U64, length: number): DataView {
    for (const entry of this.#regions) {
      const within = Number(BigInt(address) - BigInt(entry.region[kind]));
      if (within < 0 || within + length > Number(entry.region.size)) continue;
      entry.mapping ??= Mapping.ofFile(
        entry.fd.number,
        Number(entry.region.mmapOffset),
        Number(entry.region.size),
      );
      const { buffer, start } = entry.mapping.locate(within, length);
      return new DataView(buffer, start, length);
    }
    throw new RangeError(`no region of the guest's memory holds ${length} bytes at ${hex(address)}`);
  }

  close(): void {
    for (const { mapping, fd } of this.#regions.splice(0)) {
      mapping?.close();
      fd.close();
    }
  }
}

type Taken = { readonly kick: number; readonly position: number };

/** One queue between the guest's rings and the shadow rings of the back-end. */
class ShadowQueue {
  size = 0;
  base = 0;
  readonly #index: number;
  readonly #memory: RecordedMemory;
  readonly #shadow: Mapping;
  readonly #events: { nextKick(): number; onEntry(entry: RecordingEntry): void };
  readonly #owned: { kick: Fd | null; call: Fd | null; ourKick: Fd | null; ourCall: Fd | null } = {
    kick: null,
    call: null,
    ourKick: null,
    ourCall: null,
  };
  #kickPoller: Poller | null = null;
  #callPoller: Poller | null = null;
  #addresses: VringAddresses | null = null;
  #available = 0;
  #used = 0;
  readonly #taken = new Map<number, Taken>();
  // Chains that were used before an earlier one wait here, so that the recording is in the order of the available ring.
  readonly #finished = new Map<number, RecordingEntry>();
  #nextTaken = 0;
  #nextWritten = 0;

  constructor(
    index: number,
    memory: RecordedMemory,
    shadow: Mapping,
    events: { nextKick(): number; onEntry(entry: RecordingEntry): void },
  ) {
    this.#index = index;
    this.#memory = memory;
    this.#shadow = shadow;
    this.#events = events;
  }

  /** Takes the guest's rings and gives back the addresses that the back-end shall use. */
  place(addresses: VringAddresses): VringAddresses {
    this.#addresses = addresses;
    const available = this.#index * SHADOW_QUEUE_BYTES;
    const used = available + Math.ceil(availableRingBytes(this.size) / PAGE_SIZE + 1) * PAGE_SIZE;
    return { ...addresses, available: SHADOW_ADDRESS + available, used: SHADOW_ADDRESS + used };
  }

  /** Starts to pass kicks on; the eventfd for the back-end is returned, borrowed. */
  watchKick(kick: Fd | null): Fd {
    this.#kickPoller?.close();
    this.#owned.kick?.close();
    this.#owned.ourKick?.close();
    this.#owned.kick = kick ? new Fd(kick.release()) : null;
    this.#owned.ourKick = createEventfd();
    this.#begin();
    const { kick: fromVmm } = this.#owned;
    this.#kickPoller = fromVmm
      ? new Poller(fromVmm.number, () => {
          if (drainEventfd(fromVmm.number)) this.#onKick();
        })
      : null;
    return this.#owned.ourKick;
  }

  /** Starts to pass interrupts on; the eventfd for the back-end is returned, borrowed. */
  watchCall(call: Fd | null): Fd {
    this.#owned.call?.close();
    this.#owned.call = call ? new Fd(call.release()) : null;
    if (this.#owned.ourCall) return this.#owned.ourCall;
    const ourCall = createEventfd();
    this.#owned.ourCall = ourCall;
    this.#callPoller = new Poller(ourCall.number, () => {
      if (drainEventfd(ourCall.number)) this.#onCall();
    });
    return ourCall;
  }

  /** The back-end has handed the queue back: what it used on the way is the guest's to see before the VMM hears of it. */
  stop(base: number): void {
    this.#onCall();
    this.base = base;
    this.#addresses = null;
    this.#kickPoller?.close();
    this.#kickPoller = null;
  }

  close(): void {
    this.#kickPoller?.close();
    this.#callPoller?.close();
    for (const fd of Object.values(this.#owned)) fd?.close();
  }

  // The shadow continues where the guest's rings are.
  #begin(): void {
    const rings = this.#rings();
    if (!rings) return;
    this.#used = rings.used.getUint16(RING_OFFSET.idx, true);
    this.#available = this.base;
    this.#taken.clear();
    this.#finished.clear();
    this.#nextTaken = 0;
    this.#nextWritten = 0;
    for (let at = 0; at < rings.used.byteLength; at += 1)
      rings.shadowUsed.setUint8(at, rings.used.getUint8(at));
    rings.shadowUsed.setUint16(RING_OFFSET.flags, 0, true);
    rings.shadowAvailable.setUint16(RING_OFFSET.flags, 0, true);
    rings.shadowAvailable.setUint16(RING_OFFSET.idx, this.base, true);
  }

  #onKick(): void {
    const rings = this.#rings();
    if (!rings) return;
    const end = loadIndex(rings.available);
    const kick = end === this.#available ? 0 : this.#events.nextKick();
    while (this.#available !== end) {
      const at = RING_OFFSET.ring + (this.#available % this.size) * 2;
      const head = rings.available.getUint16(at, true);
      rings.shadowAvailable.setUint16(at, head, true);
      this.#taken.set(head, { kick, position: this.#nextTaken });
      this.#nextTaken += 1;
      this.#available = (this.#available + 1) & 0xffff;
    }
    storeIndex(rings.shadowAvailable, end);
    if (this.#owned.ourKick) signalEventfd(this.#owned.ourKick.number);
  }

  #onCall(): void {
    const rings = this.#rings();
    if (!rings) return;
    const end = loadIndex(rings.shadowUsed);
    if (this.#used === end) return;
    while (this.#used !== end) {
      const at = RING_OFFSET.ring + (this.#used % this.size) * USED_ELEMENT_SIZE;
      const head = rings.shadowUsed.getUint32(at, true);
      const written = rings.shadowUsed.getUint32(at + 4, true);
      this.#record(head, written, rings.descriptors);
      rings.used.setUint32(at, head, true);
      rings.used.setUint32(at + 4, written, true);
      this.#used = (this.#used + 1) & 0xffff;
    }
    storeIndex(rings.used, end);
    const quiet = rings.available.getUint16(RING_OFFSET.flags, true) & AVAILABLE_FLAG_NO_INTERRUPT;
    if (this.#owned.call && !quiet) signalEventfd(this.#owned.call.number);
  }

  #record(head: number, written: number, table: DataView): void {
    const taken = this.#taken.get(head);
    this.#taken.delete(head);
    if (!taken) return;
    const out: string[] = [];
    const room: number[] = [];
    const reply: string[] = [];
    let missing = written;
    for (const { addr, len, flags } of this.#chain(head, table)) {
      if ((flags & DESCRIPTOR_FLAG.write) === 0) {
        out.push(bytesOf(this.#memory.view('guestAddress', addr, len)).toString('hex'));
        continue;
      }
      const part = Math.min(missing, len);
      room.push(len);
      reply.push(bytesOf(this.#memory.view('guestAddress', addr, part)).toString('hex'));
      missing -= part;
    }
    const entry: RecordingEntry = {
      kind: 'command',
      queue: this.#index,
      kick: taken.kick,
      out,
      room,
      reply: reply.join(''),
    };
    this.#finished.set(taken.position, entry);
    for (let next = this.#finished.get(this.#nextWritten); next; ) {
      this.#events.onEntry(next);
      this.#finished.delete(this.#nextWritten);
      this.#nextWritten += 1;
      next = this.#finished.get(this.#nextWritten);
    }
  }

  #chain(head: number, table: DataView): ReturnType<typeof readDescriptor>[] {
    const first = readDescriptor(table, head * DESCRIPTOR_SIZE);
    if ((first.flags & DESCRIPTOR_FLAG.indirect) !== 0) {
      return follow(this.#memory.view('guestAddress', first.addr, first.len), 0);
    }
    return follow(table, head);
  }

  #rings(): {
    descriptors: DataView;
    available: DataView;
    used: DataView;
    shadowAvailable: DataView;
    shadowUsed: DataView;
  } | null {
    const addresses = this.#addresses;
    if (!addresses) return null;
    const placed = this.place(addresses);
    const shadow = (address: U64, length: number): DataView => {
      const { buffer, start } = this.#shadow.locate(Number(address) - SHADOW_ADDRESS, length);
      return new DataView(buffer, start, length);
    };
    return {
      descriptors: this.#memory.view('userAddress', addresses.descriptors, this.size * DESCRIPTOR_SIZE),
      available: this.#memory.view('userAddress', addresses.available, availableRingBytes(this.size)),
      used: this.#memory.view('userAddress', addresses.used, usedRingBytes(this.size)),
      shadowAvailable: shadow(placed.available, availableRingBytes(this.size)),
      shadowUsed: shadow(placed.used, usedRingBytes(this.size)),
    };
  }
}

function follow(table: DataView, first: number): ReturnType<typeof readDescriptor>[] {
  const chain: ReturnType<typeof readDescriptor>[] = [];
  const most = table.byteLength / DESCRIPTOR_SIZE;
  for (let index = first; chain.length < most; ) {
    const descriptor = readDescriptor(table, index * DESCRIPTOR_SIZE);
    chain.push(descriptor);
    if ((descriptor.flags & DESCRIPTOR_FLAG.next) === 0) break;
    index = descriptor.next;
  }
  return chain;
}

// Atomics give the order that the other side relies on: entries before the index, the index before what it covers is read.
function loadIndex(ring: DataView): number {
  return Atomics.load(new Uint16Array(ring.buffer, ring.byteOffset + RING_OFFSET.idx, 1), 0);
}

function storeIndex(ring: DataView, index: number): void {
  Atomics.store(new Uint16Array(ring.buffer, ring.byteOffset + RING_OFFSET.idx, 1), 0, index);
}

function bytesOf(view: DataView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}
