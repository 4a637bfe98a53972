// What the tests of this folder share: guest memory on memfds, a driver that plays the guest's side of a queue, a VMM that speaks
// on a socket pair, a device that records what it hears.
import { readdirSync } from 'node:fs';
import { createEventfd, drainEventfd, signalEventfd } from '../../../services/lib/os/eventfd.ts';
import { closeAll, Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, duplicate, Mapping } from '../../../services/lib/os/memory.ts';
import { receive, send, socketPair } from '../../../services/lib/os/socket.ts';
import type { BackendChannel } from '../../../services/lib/vhost-user/backend-channel.ts';
import type {
  ConnectionEnd,
  Device,
  DeviceQueue,
  DeviceSession,
  Log,
  OwnRegion,
  VmmConnection,
} from '../../../services/lib/vhost-user/device.ts';
import type { FileIdentity, GuestMemory } from '../../../services/lib/vhost-user/guest-memory.ts';
import { DEFAULT_PROTOCOL_FEATURES } from '../../../services/lib/vhost-user/offer.ts';
import type { Chain } from '../../../services/lib/vhost-user/virtqueue.ts';
import {
  availableRingBytes,
  DESCRIPTOR_SIZE,
  descriptorTableBytes,
  writeDescriptor,
} from '../../../services/lib/wire/split-ring.ts';
import type { U64 } from '../../../services/lib/wire/u64.ts';
import {
  bitSet,
  decodeFrontendReply,
  decodeHeader,
  decodeStatus,
  encodeFrontendRequest,
  FRONTEND_REQUESTS,
  type FrontendBody,
  type FrontendReply,
  type FrontendRequestName,
  HEADER_BYTES,
  type Header,
  type MemoryRegion,
  VIRTIO_FEATURE,
} from '../../../services/lib/wire/vhost-user.ts';
import { turns, until } from '../../support/until.ts';

export const MIB = 1024 * 1024;
export const GIB = 1024 ** 3;
const REPLY_MS = 20_000;
/** Where a VMM might have mapped guest address 0. */
export const USER_BASE = 0x7f00_0000_0000;

export function openFds(): number {
  return readdirSync('/proc/self/fd').length;
}

export type LogLine = {
  readonly level: string;
  readonly data: Record<string, unknown>;
  readonly message: string;
};

export function recordingLog(): Log & { readonly lines: LogLine[]; text(): string } {
  const lines: LogLine[] = [];
  const at = (level: string) => (data: object, message: string) => {
    lines.push({ level, data: data as Record<string, unknown>, message });
  };
  return {
    lines,
    text: () => lines.map((line) => `${line.level} ${line.message} ${JSON.stringify(line.data)}`).join('\n'),
    debug: () => {},
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}

/** A piece of guest RAM: its file, the test's own mapping of it, and how the VMM describes it. */
export class Ram {
  readonly fd: Fd;
  readonly mapping: Mapping;
  readonly region: MemoryRegion;

  constructor(size: number, guestAddress = 0, userAddress: U64 = USER_BASE) {
    this.fd = createMemfd('ram', size);
    this.mapping = Mapping.ofFile(this.fd.number, 0, size);
    this.region = { guestAddress, size, userAddress, mmapOffset: 0 };
  }

  view(offset: number, length: number): DataView {
    const { buffer, start } = this.mapping.locate(offset, length);
    return new DataView(buffer, start, length);
  }

  bytes(offset: number, length: number): Uint8Array {
    return this.mapping.bytes(offset, length);
  }

  close(): void {
    this.mapping.close();
    this.fd.close();
  }
}

export type DriverDescriptor = {
  readonly addr: U64;
  readonly len: number;
  readonly flags?: number;
  readonly next?: number;
};

/** The guest's side of a queue that lies at `at` (an offset of the RAM, page-aligned). */
export class Driver {
  readonly ram: Ram;
  readonly size: number;
  readonly descriptorsAt: number;
  readonly availableAt: number;
  readonly usedAt: number;
  available = 0;
  usedSeen = 0;

  constructor(ram: Ram, size: number, at: number) {
    this.ram = ram;
    this.size = size;
    this.descriptorsAt = at;
    this.availableAt = at + descriptorTableBytes(size);
    this.usedAt = (this.availableAt + availableRingBytes(size) + 4095) & ~4095;
  }

  /** User addresses for SET_VRING_ADDR. */
  get setup(): { descriptors: U64; available: U64; used: U64 } {
    const base = this.ram.region.userAddress as number;
    return {
      descriptors: base + this.descriptorsAt,
      available: base + this.availableAt,
      used: base + this.usedAt,
    };
  }

  describe(index: number, descriptor: DriverDescriptor): void {
    writeDescriptor(this.ram.view(this.descriptorsAt, this.size * DESCRIPTOR_SIZE), index * DESCRIPTOR_SIZE, {
      flags: 0,
      next: 0,
      ...descriptor,
    });
  }

  /** Puts heads into the available ring and publishes them at once. */
  offer(...heads: readonly number[]): void {
    const view = this.ram.view(this.availableAt, availableRingBytes(this.size));
    for (const head of heads) {
      view.setUint16(4 + (this.available % this.size) * 2, head, true);
      this.available = (this.available + 1) & 0xffff;
    }
    view.setUint16(2, this.available, true);
  }

  setAvailableIndex(index: number): void {
    this.available = index;
    this.ram.view(this.availableAt, 4).setUint16(2, index, true);
  }

  setAvailableFlags(flags: number): void {
    this.ram.view(this.availableAt, 4).setUint16(0, flags, true);
  }

  get usedIndex(): number {
    return this.ram.view(this.usedAt, 4).getUint16(2, true);
  }

  /** The used elements since the last call. */
  takeUsed(): { id: number; len: number }[] {
    const elements: { id: number; len: number }[] = [];
    const end = this.usedIndex;
    while (this.usedSeen !== end) {
      const element = this.ram.view(this.usedAt + 4 + (this.usedSeen % this.size) * 8, 8);
      elements.push({ id: element.getUint32(0, true), len: element.getUint32(4, true) });
      this.usedSeen = (this.usedSeen + 1) & 0xffff;
    }
    return elements;
  }
}

/** A VMM on one end of a connected socket: sends requests, awaits replies. */
export class RawVmm {
  readonly socket: Fd;

  constructor(socket: Fd) {
    this.socket = socket;
  }

  sendBytes(bytes: Uint8Array, fds: readonly Fd[] = []): void {
    send(
      this.socket.number,
      bytes,
      fds.map((fd) => fd.number),
    );
  }

  send<N extends FrontendRequestName>(
    name: N,
    body: FrontendBody<N>,
    fds: readonly Fd[] = [],
    flags: { readonly needReply?: boolean } = {},
  ): void {
    this.sendBytes(encodeFrontendRequest(name, body, flags), fds);
  }

  /** Sends with NEED_REPLY and returns the status. */
  async ask<N extends FrontendRequestName>(
    name: N,
    body: FrontendBody<N>,
    fds: readonly Fd[] = [],
  ): Promise<U64> {
    this.send(name, body, fds, { needReply: true });
    const { header, payload } = await this.next();
    return decodeStatus(header.request, payload);
  }

  /** Sends a request that has a reply of its own and returns that. */
  async get<N extends FrontendRequestName>(name: N, body: FrontendBody<N>): Promise<FrontendReply<N>> {
    this.send(name, body);
    const { header, payload } = await this.next();
    if (header.request !== FRONTEND_REQUESTS[name].number) throw new Error(`reply to ${header.request}`);
    return decodeFrontendReply(name, payload);
  }

  async next(): Promise<{ header: Header; payload: Buffer; fds: Fd[] }> {
    const head = await this.#exactly(HEADER_BYTES);
    const header = decodeHeader(head.data);
    const body = await this.#exactly(header.size);
    return { header, payload: body.data, fds: [...head.fds, ...body.fds] };
  }

  /** Resolves when the back-end has closed the connection. */
  async ended(): Promise<void> {
    await until('the back-end hangs up', () => receiveOrEnd(this.socket.number) === 'end', { every: 1 });
  }

  close(): void {
    this.socket.close();
  }

  async #exactly(length: number): Promise<{ data: Buffer; fds: Fd[] }> {
    let data: Buffer = Buffer.alloc(0);
    const fds: Fd[] = [];
    const deadline = performance.now() + REPLY_MS;
    while (data.length < length) {
      const received = receive(this.socket.number, length - data.length);
      if (received) {
        if (received.data.length === 0) throw new Error('the back-end closed the connection');
        data = Buffer.concat([data, received.data]);
        fds.push(...received.fds);
      } else {
        if (performance.now() > deadline) throw new Error(`no reply within ${REPLY_MS} ms`);
        await turns(1);
      }
    }
    return { data, fds };
  }
}

function receiveOrEnd(fd: number): 'end' | 'nothing' | 'data' {
  try {
    const received = receive(fd, 4096);
    if (!received) return 'nothing';
    closeAll(received.fds);
    return received.data.length === 0 ? 'end' : 'data';
  } catch {
    return 'end';
  }
}

/** A device that keeps what it hears and pops every chain; tests answer them. */
export class TestDevice implements Device {
  features = bitSet(0, 3, 4);
  protocolFeatures = DEFAULT_PROTOCOL_FEATURES;
  queues = 2;
  largestQueueSize = 1024;
  shmemRegions: ReadonlyMap<number, number> = new Map([[1, 256 * MIB]]);
  own: readonly FileIdentity[] = [];
  sessions: TestSession[] = [];

  isOwnMemory(file: FileIdentity): boolean {
    return this.own.some((own) => own.ino === file.ino && own.dev === file.dev);
  }

  connect(vmm: VmmConnection): DeviceSession {
    const session = new TestSession(vmm);
    this.sessions.push(session);
    return session;
  }

  get session(): TestSession {
    return this.sessions.at(-1) as TestSession;
  }
}

export class TestSession implements DeviceSession {
  readonly vmm: VmmConnection;
  readonly events: string[] = [];
  readonly config = Buffer.alloc(16);
  channel: BackendChannel | null = null;
  memory: GuestMemory | null = null;
  ownRegions: readonly OwnRegion[] = [];
  queues: DeviceQueue[] = [];
  chains: Chain[] = [];
  end: ConnectionEnd | null = null;
  held: boolean | null = null;
  onKick: ((queue: DeviceQueue) => void) | null = null;

  constructor(vmm: VmmConnection) {
    this.vmm = vmm;
  }

  readConfig(): Uint8Array {
    return this.config;
  }

  writeConfig(offset: number, data: Uint8Array): boolean {
    this.config.set(data, offset);
    return true;
  }

  channelOpened(channel: BackendChannel): void {
    this.events.push('channelOpened');
    this.channel = channel;
  }

  memoryChanged(memory: GuestMemory, ownRegions: readonly OwnRegion[]): boolean {
    this.events.push('memoryChanged');
    const isDropped = ownRegions.length < this.ownRegions.length;
    this.memory = memory;
    this.ownRegions = ownRegions;
    return isDropped;
  }

  queueStarted(queue: DeviceQueue): void {
    this.events.push(`queueStarted ${queue.index}`);
    this.queues[queue.index] = queue;
  }

  queueKicked(queue: DeviceQueue): void {
    this.events.push(`queueKicked ${queue.index}`);
    if (this.onKick) this.onKick(queue);
    else this.chains.push(...queue.popAll());
  }

  queueStopped(queue: DeviceQueue): void {
    this.events.push(`queueStopped ${queue.index}`);
  }

  isHeld(): boolean | null {
    return this.held;
  }

  reset(): void {
    this.events.push('reset');
  }

  closed(reason: ConnectionEnd): void {
    this.events.push('closed');
    this.end = reason;
  }
}

/** Everything of one queue as a VMM hands it over. */
export class VmmQueue {
  readonly index: number;
  readonly driver: Driver;
  readonly kick = createEventfd();
  readonly call = createEventfd();
  readonly error = createEventfd();

  constructor(index: number, driver: Driver) {
    this.index = index;
    this.driver = driver;
  }

  /** SET_VRING_NUM to SET_VRING_CALL, and ENABLE, as QEMU does at driver probe and at `cont`. */
  async start(vmm: RawVmm, base: number): Promise<void> {
    const { index } = this;
    vmm.send('SET_VRING_NUM', { index, value: this.driver.size });
    vmm.send('SET_VRING_BASE', { index, value: base });
    vmm.send('SET_VRING_ADDR', { index, flags: 0, log: 0, ...this.driver.setup });
    vmm.send('SET_VRING_KICK', { index, noFd: false }, [this.kick]);
    vmm.send('SET_VRING_CALL', { index, noFd: false }, [this.call]);
    vmm.send('SET_VRING_ERR', { index, noFd: false }, [this.error]);
    const status = await vmm.ask('SET_VRING_ENABLE', { index, value: 1 });
    if (status !== 0) throw new Error(`queue ${index} does not start: ${status}`);
  }

  async stop(vmm: RawVmm): Promise<number> {
    await vmm.ask('SET_VRING_ENABLE', { index: this.index, value: 0 });
    return (await vmm.get('GET_VRING_BASE', { index: this.index, value: 0 })).value;
  }

  ring(): void {
    signalEventfd(this.kick.number);
  }

  interrupted(): boolean {
    return drainEventfd(this.call.number);
  }

  failed(): boolean {
    return drainEventfd(this.error.number);
  }

  close(): void {
    closeAll([this.kick, this.call, this.error]);
  }
}

export const ALL_FEATURES =
  bitSet(0, 3, 4) |
  bitSet(VIRTIO_FEATURE.RING_INDIRECT_DESC, VIRTIO_FEATURE.PROTOCOL_FEATURES, VIRTIO_FEATURE.VERSION_1);

/** Realize and driver probe up to the memory table. Returns the VMM's end of the back-end channel. */
export async function negotiate(vmm: RawVmm, rams: readonly Ram[]): Promise<Fd> {
  await vmm.get('GET_FEATURES', null);
  const offered = await vmm.get('GET_PROTOCOL_FEATURES', null);
  vmm.send('SET_PROTOCOL_FEATURES', offered);
  const [mine, theirs] = socketPair('stream');
  await vmm.ask('SET_BACKEND_REQ_FD', null, [theirs]);
  theirs.close();
  vmm.send('SET_OWNER', null);
  vmm.send('SET_FEATURES', ALL_FEATURES);
  const status = await vmm.ask(
    'SET_MEM_TABLE',
    rams.map((ram) => ram.region),
    rams.map((ram) => ram.fd),
  );
  if (status !== 0) throw new Error('SET_MEM_TABLE was refused');
  return mine;
}

/** An owned duplicate, as a message would bring it. */
export function duplicateOf(fd: Fd): Fd {
  return duplicate(fd.number);
}

export function fdFrom(number: number): Fd {
  return new Fd(number);
}
