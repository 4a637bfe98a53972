// The VMM's side of vhost-user, message for message like QEMU 11.1 with its vhost-user-test-device-pci (hw/virtio/vhost-user.c,
// vhost-user-base.c, vhost.c): what it asks, in which order, what it waits for, and what it answers on the back-end's channel.
//
// QEMU does all of this under one lock and waits for replies without looking at the other socket. `#exclusive` is that lock: while a
// request waits for its reply, no request of the back-end is served, so a back-end that waits for us meanwhile would wait for ever.
import { createEventfd } from '../../services/lib/os/eventfd.ts';
import { closeAll, type Fd } from '../../services/lib/os/fd.ts';
import { connect, socketPair } from '../../services/lib/os/socket.ts';
import { SystemError } from '../../services/lib/os/system-error.ts';
import { MessageStream, type StreamMessage } from '../../services/lib/vhost-user/message-stream.ts';
import { toU64, type U64 } from '../../services/lib/wire/u64.ts';
import {
  bitSet,
  DEVICE_STATUS,
  decodeBackendRequest,
  decodeFrontendReply,
  decodeStatus,
  describeFrontendRequest,
  encodeFrontendRequest,
  encodeStatus,
  FRONTEND_REQUESTS,
  type FrontendBody,
  type FrontendReply,
  type FrontendRequestName,
  hasBit,
  type MemoryRegion,
  MOST_TABLE_REGIONS,
  PROTOCOL_FEATURE,
  VIRTIO_FEATURE,
} from '../../services/lib/wire/vhost-user.ts';
import { pace, until } from '../support/until.ts';
import type { GuestMemory } from './guest-memory.ts';
import { Window } from './window.ts';

/** Everything below 21, and SHMEM: what QEMU 11.1 accepts from a back-end that offers no GPA_ADDRESSES. */
export const QEMU_PROTOCOL_FEATURES =
  bitSet(...Array.from({ length: PROTOCOL_FEATURE.GPA_ADDRESSES }, (_, bit) => bit)) |
  bitSet(PROTOCOL_FEATURE.SHMEM);

/** QEMU without memory slots: the whole table with every change, 8 regions at most. */
export const PLAIN_PROTOCOL_FEATURES = QEMU_PROTOCOL_FEATURES & ~bitSet(PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS);

/** VHOST_USER_MAX_RAM_SLOTS. */
const MOST_SLOTS = 512;
/** VIRTIO_GPU_SHM_ID_HOST_VISIBLE. */
const WINDOW_SHMEM_ID = 1;
/** config_size=20 of QEMU's command line: events_read, events_clear, num_scanouts, num_capsets, blob_alignment. */
const CONFIG_BYTES = 20;
/** Where a q35's firmware puts the BAR: in the hole below 4 GiB when it fits there, else far above the RAM (both seen with 11.1.3). */
const SMALL_BAR = { most: 64 * 1024 ** 2, address: 0xf800_0000 } as const;
const LARGE_BAR_ADDRESS = 0xc0_0000_0000;

export class FrontEndError extends Error {
  /** The request by name, or null when no request is concerned. */
  readonly request: string | null;

  constructor(request: string | null, message: string) {
    super(message);
    this.name = 'FrontEndError';
    this.request = request;
  }
}

export type FrontEndOptions = {
  readonly socketPath: string;
  readonly memory: GuestMemory;
  readonly queues: number;
  /** What may be accepted of the back-end's offer; QEMU_PROTOCOL_FEATURES by default. */
  readonly protocolFeatures?: bigint;
  /** Milliseconds between the acknowledgement of a mapping and its commit; QEMU's is short but not 0. Default 0: the next turn of the loop. */
  readonly commitDelay?: number;
  /**
   * A VMM without QEMU 11.1.3's two flaws around mappings: with memory slots, QEMU dies when it starts the device after a reset that dropped
   * a mapping; without them, it cannot start the device while more than 8 regions are there. Default false: as flawed as QEMU.
   */
  readonly flawless?: boolean;
  /** Milliseconds that a reply may take (QEMU waits for ever); 10,000 by default. */
  readonly replyTimeout?: number;
};

/** A queue as SET_VRING_* describes it. Addresses are the guest's. The descriptors are borrowed while the message leaves. */
export type QueueSetup = {
  readonly size: number;
  readonly base: number;
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
  readonly kick: Fd;
  readonly call: Fd;
};

type Waiting = {
  readonly request: number;
  resolve(message: StreamMessage): void;
  reject(error: Error): void;
};

export class FrontEnd {
  /** What the device offered and was negotiated; set by realize(). */
  features = 0n;
  protocolFeatures = 0n;
  /** The host-visible region; of size 0 when the back-end has none. */
  window = new Window(0);
  /** Where the guest has the window: the address of BAR 4. */
  windowAddress = 0;
  /** Updates of the memory table that could not be sent or were refused; QEMU prints them and goes on. */
  readonly tableFailures: string[] = [];
  /** Requests of the back-end that were answered with 1, by name. */
  readonly refusals: string[] = [];
  /** Replies that nobody waited for, by request. */
  readonly strays: string[] = [];
  /** How many SHMEM_MAP and SHMEM_UNMAP were carried out. */
  shmemChanges = 0;
  /** Resolves when the back-end's socket has ended. */
  readonly ended: Promise<void>;
  readonly #options: FrontEndOptions;
  readonly #socket: MessageStream;
  #channel: MessageStream | null = null;
  readonly #notifiers: Fd[] = [];
  #waiting: Waiting | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #table: readonly MemoryRegion[] = [];
  #slots = MOST_TABLE_REGIONS;
  /** Regions that the back-end still has and whose memory a reset has taken away. */
  #dangling: readonly MemoryRegion[] = [];
  #started = false;
  #end: () => void = () => {};
  #over = false;

  private constructor(options: FrontEndOptions, socket: Fd) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#socket = new MessageStream(socket, {
      onMessage: (message) => this.#onReply(message),
      onEnd: () => this.#onEnd(),
    });
  }

  /** Connects and negotiates like QEMU realizing its device. Throws FrontEndError or SystemError; then nothing is left open. */
  static async connect(options: FrontEndOptions): Promise<FrontEnd> {
    const frontEnd = new FrontEnd(options, await connectPatiently(options.socketPath));
    try {
      await frontEnd.#exclusive(() => frontEnd.#realize());
      return frontEnd;
    } catch (error) {
      frontEnd.close();
      throw error;
    }
  }

  /** The device's configuration space; a guest's driver reads it twice. `bytes`: config_size of the command line. */
  readConfig(bytes = CONFIG_BYTES): Promise<Buffer> {
    return this.#exclusive(async () => {
      const asked = { offset: 0, flags: 0, data: Buffer.alloc(bytes) };
      const reply = await this.#call('GET_CONFIG', asked);
      if (reply === null || reply.data.length !== bytes) {
        throw new FrontEndError('GET_CONFIG', `the back-end refused to show ${bytes} bytes of configuration`);
      }
      return reply.data;
    });
  }

  /** vhost_dev_start: the driver is ready, or the VM goes on after a stop. */
  start(acked: bigint, queues: readonly QueueSetup[]): Promise<void> {
    return this.#exclusive(() => this.#start(acked, queues));
  }

  /** vhost_dev_stop: the VM stops, or the driver resets the device. Returns the queues' bases. */
  stop(): Promise<number[]> {
    return this.#exclusive(() => this.#stop());
  }

  get started(): boolean {
    return this.#started;
  }

  /** The rest of a device reset in QEMU: every mapping of the window goes without a message. Stop first. */
  resetWindow(): Promise<void> {
    return this.#exclusive(async () => {
      const dropped = new Set(this.window.mappings.map(({ userAddress }) => userAddress));
      this.#dangling = this.#table.filter(({ userAddress }) => dropped.has(userAddress));
      this.window.clear();
    });
  }

  /** Resolves when everything that was begun before is done: requests, and what the back-end asked for until now. */
  idle(): Promise<void> {
    return this.#exclusive(() => Promise.resolve());
  }

  /** Any request at all, for tests that ask for what QEMU would not. Descriptors are borrowed until it returns. */
  request<N extends FrontendRequestName>(
    name: N,
    body: FrontendBody<N>,
    options: { readonly fds?: readonly Fd[]; readonly needReply?: boolean } = {},
  ): Promise<FrontendReply<N> | U64 | null> {
    return this.#exclusive(() => this.#socketCall(name, body, options.fds ?? [], options.needReply ?? false));
  }

  /** Bytes as they are, for hostile tests. A reply that comes is dropped. */
  sendRaw(data: Buffer, fds: readonly Fd[] = []): void {
    this.#socket.send(data, fds);
  }

  /** Bytes on the answering side of the back-end's channel, for hostile tests. */
  sendRawOnChannel(data: Buffer, fds: readonly Fd[] = []): void {
    this.#channel?.send(data, fds);
  }

  /** Closes both sockets and every mapping of the window. */
  close(): void {
    this.#onEnd();
    this.#socket.close();
    this.#channel?.close();
    this.#channel = null;
    closeAll(this.#notifiers.splice(0));
    this.window.clear();
  }

  // ---- sequences ------------------------------------------------------------------------------------------------------------------------

  async #realize(): Promise<void> {
    this.features = await this.#call('GET_FEATURES', null);
    if (!hasBit(this.features, VIRTIO_FEATURE.PROTOCOL_FEATURES)) {
      throw new FrontEndError('GET_FEATURES', 'the back-end does not offer VHOST_USER_F_PROTOCOL_FEATURES');
    }
    const offered = await this.#call('GET_PROTOCOL_FEATURES', null);
    if (hasBit(offered, PROTOCOL_FEATURE.GPA_ADDRESSES)) {
      throw new FrontEndError(
        'GET_PROTOCOL_FEATURES',
        'the back-end offers GPA_ADDRESSES 21, which this VMM does not speak',
      );
    }
    if (!hasBit(offered, PROTOCOL_FEATURE.CONFIG)) {
      throw new FrontEndError('GET_PROTOCOL_FEATURES', 'the back-end does not offer CONFIG 9');
    }
    this.protocolFeatures = offered & (this.#options.protocolFeatures ?? QEMU_PROTOCOL_FEATURES);
    await this.#tell('SET_PROTOCOL_FEATURES', this.protocolFeatures);
    if (this.#has(PROTOCOL_FEATURE.MQ)) {
      const most = await this.#call('GET_QUEUE_NUM', null);
      if (most < this.#options.queues) {
        throw new FrontEndError(
          'GET_QUEUE_NUM',
          `the back-end has ${most} queues, ${this.#options.queues} are needed`,
        );
      }
    }
    if (this.#has(PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS)) {
      this.#slots = Math.min(Number(await this.#call('GET_MAX_MEM_SLOTS', null)), MOST_SLOTS);
    }
    if (this.#has(PROTOCOL_FEATURE.BACKEND_REQ)) await this.#openChannel();
    await this.#tell('SET_OWNER', null);
    this.features = await this.#call('GET_FEATURES', null);
    for (let index = 0; index < this.#options.queues; index += 1) {
      await this.#tell('SET_VRING_CALL', { index, noFd: false }, [this.#notifier()], true);
      await this.#tell('SET_VRING_ERR', { index, noFd: false }, [this.#notifier()], true);
    }
    if (this.#has(PROTOCOL_FEATURE.SHMEM)) await this.#readShmemConfig();
  }

  async #openChannel(): Promise<void> {
    const [ours, theirs] = socketPair('stream');
    this.#channel = new MessageStream(ours, {
      onMessage: (message) => this.#onBackendRequest(message),
      onEnd: () => {},
    });
    try {
      await this.#tell('SET_BACKEND_REQ_FD', null, [theirs], true);
    } finally {
      theirs.close();
    }
  }

  async #readShmemConfig(): Promise<void> {
    const regions = await this.#call('GET_SHMEM_CONFIG', null);
    const size = regions.get(WINDOW_SHMEM_ID) ?? 0;
    if (typeof size === 'bigint' || (size > 0 && !Number.isInteger(Math.log2(size)))) {
      throw new FrontEndError(
        'GET_SHMEM_CONFIG',
        `a window of ${size} bytes: QEMU aborts unless it is a power of two`,
      );
    }
    this.window = new Window(size);
    const lowest = size <= SMALL_BAR.most ? SMALL_BAR.address : LARGE_BAR_ADDRESS;
    this.windowAddress = size === 0 ? 0 : Math.ceil(lowest / size) * size;
  }

  async #start(acked: bigint, queues: readonly QueueSetup[]): Promise<void> {
    await this.#tell('SET_FEATURES', acked | bitSet(VIRTIO_FEATURE.PROTOCOL_FEATURES));
    await this.#addStatus(DEVICE_STATUS.FEATURES_OK);
    this.window.commit();
    await this.#sendFirstTable();
    for (const [index, queue] of queues.entries()) {
      const memory = this.#options.memory;
      await this.#tell('SET_VRING_NUM', { index, value: queue.size });
      await this.#tell('SET_VRING_BASE', { index, value: queue.base });
      await this.#tell('SET_VRING_ADDR', {
        index,
        flags: 0,
        descriptors: memory.userAddress(queue.descriptors),
        used: memory.userAddress(queue.used),
        available: memory.userAddress(queue.available),
        log: toU64(BigInt(queue.used)),
      });
      await this.#tell('SET_VRING_KICK', { index, noFd: false }, [queue.kick], true);
      await this.#tell('SET_VRING_CALL', { index, noFd: false }, [queue.call], true);
    }
    this.#started = true;
    await this.#enable(queues.length, 1);
    await this.#addStatus(DEVICE_STATUS.ACKNOWLEDGE | DEVICE_STATUS.DRIVER | DEVICE_STATUS.DRIVER_OK);
    // vub_start() unmasks every queue once more after vhost_dev_start().
    for (const [index, queue] of queues.entries()) {
      await this.#tell('SET_VRING_CALL', { index, noFd: false }, [queue.call], true);
    }
  }

  async #stop(): Promise<number[]> {
    const bases: number[] = [];
    await this.#enable(this.#options.queues, 0);
    for (let index = 0; index < this.#options.queues; index += 1) {
      bases.push((await this.#call('GET_VRING_BASE', { index, value: 0 })).value);
    }
    if (this.#has(PROTOCOL_FEATURE.STATUS)) await this.#tell('SET_STATUS', 0);
    this.#started = false;
    return bases;
  }

  async #enable(queues: number, value: 0 | 1): Promise<void> {
    for (let index = 0; index < queues; index += 1) {
      await this.#tell('SET_VRING_ENABLE', { index, value }, [], true);
    }
  }

  async #addStatus(status: number): Promise<void> {
    if (!this.#has(PROTOCOL_FEATURE.STATUS)) return;
    const now = Number(await this.#call('GET_STATUS', null));
    if ((now & status) !== status) await this.#tell('SET_STATUS', now | status);
  }

  // ---- memory table ---------------------------------------------------------------------------------------------------------------------

  // vhost_dev_start() fails with its table, and vhost_user_get_mr_data() does not expect that a region of before has no memory any more.
  async #sendFirstTable(): Promise<void> {
    const failures = this.tableFailures.length;
    const dangling = this.#dangling;
    this.#dangling = [];
    const slots = this.#has(PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS);
    if (!this.#options.flawless && slots && dangling.length > 0) {
      throw new FrontEndError(
        'REM_MEM_REG',
        `QEMU 11.1.3 dies here: it has to remove ${dangling.length} regions whose mappings went with the reset`,
      );
    }
    await this.#sendTable();
    if (!this.#options.flawless && this.tableFailures.length > failures) {
      throw new FrontEndError('SET_MEM_TABLE', `the device cannot be started: ${this.tableFailures.at(-1)}`);
    }
  }

  // Sends what changed. A failure is QEMU's kind of failure: an error message, and the device goes on with the table it has.
  async #sendTable(): Promise<void> {
    const entries = this.#tableEntries();
    if (entries.length > this.#slots) {
      this.tableFailures.push(`${entries.length} regions, the back-end takes ${this.#slots}`);
      return;
    }
    try {
      if (this.#has(PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS)) await this.#sendSlots(entries);
      else {
        const regions = entries.map((entry) => entry.region);
        const fds = entries.map((entry) => entry.fd);
        await this.#tell('SET_MEM_TABLE', regions, fds, true);
        this.#table = regions;
      }
    } catch (error) {
      if (this.#over) throw error;
      this.tableFailures.push((error as Error).message);
    }
  }

  async #sendSlots(entries: readonly { region: MemoryRegion; fd: Fd }[]): Promise<void> {
    const gone = this.#table.filter((old) => !entries.some(({ region }) => sameRegion(old, region)));
    for (const region of gone.toReversed()) {
      await this.#tell('REM_MEM_REG', { ...region, mmapOffset: 0 }, [], true);
      this.#table = this.#table.filter((old) => old !== region);
    }
    for (const { region, fd } of entries) {
      if (this.#table.some((old) => sameRegion(old, region))) continue;
      await this.#tell('ADD_MEM_REG', region, [fd], true);
      this.#table = [...this.#table, region];
    }
  }

  #tableEntries(): { region: MemoryRegion; fd: Fd }[] {
    const memory = this.#options.memory;
    const ram = memory.regions.map(({ guestAddress, size, fileOffset }) => ({
      region: { guestAddress, size, userAddress: memory.userAddress(guestAddress), mmapOffset: fileOffset },
      fd: memory.fd,
    }));
    const mapped = this.window.mappings.map((mapping) => ({
      region: {
        guestAddress: this.windowAddress + mapping.offset,
        size: mapping.length,
        userAddress: mapping.userAddress,
        mmapOffset: mapping.fdOffset,
      },
      fd: mapping.fd,
    }));
    return [...ram, ...mapped];
  }

  // ---- the back-end's channel -----------------------------------------------------------------------------------------------------------

  #onBackendRequest(message: StreamMessage): void {
    // Descriptors that the window took over are released; the others are closed whatever happens.
    void this.#exclusive(() => (this.#over ? Promise.resolve() : this.#serve(message)))
      .catch((error: Error) => this.tableFailures.push(error.message))
      .finally(() => closeAll(message.fds));
  }

  async #serve(message: StreamMessage): Promise<void> {
    const { request, needReply } = message.header;
    const decoded = decodeBackendRequest(request, message.payload, message.fds.length);
    let accepted = false;
    let changed = false;
    switch (decoded?.name) {
      case 'SHMEM_MAP':
        changed = decoded.body.shmid === WINDOW_SHMEM_ID && this.window.map(decoded.body, message.fds[0]!);
        accepted = changed;
        break;
      case 'SHMEM_UNMAP':
        changed = decoded.body.shmid === WINDOW_SHMEM_ID && this.window.unmap(decoded.body);
        accepted = changed;
        break;
      case 'CONFIG_CHANGE_MSG':
      case 'VRING_CALL':
      case 'VRING_ERR':
        accepted = true;
        break;
      default: // No other request can be right for this device: it owns no shared object, and has no IOMMU.
    }
    if (!accepted) this.refusals.push(decoded?.name ?? `request ${request}`);
    if (needReply) this.#channel?.send(encodeStatus(request, accepted ? 0 : 1));
    if (!changed) return;
    this.shmemChanges += 1;
    await pace(this.#options.commitDelay ?? 0);
    if (this.#over) return;
    this.window.commit();
    if (this.#started) await this.#sendTable();
  }

  // ---- requests and replies -------------------------------------------------------------------------------------------------------------

  #has(feature: number): boolean {
    return hasBit(this.protocolFeatures, feature);
  }

  /** A request that has a reply of its own. */
  async #call<N extends FrontendRequestName>(name: N, body: FrontendBody<N>): Promise<FrontendReply<N>> {
    return (await this.#socketCall(name, body, [], false)) as FrontendReply<N>;
  }

  /** A request without one; with `wait` it must succeed before anything else happens (vhost_user_write_sync). */
  async #tell<N extends FrontendRequestName>(
    name: N,
    body: FrontendBody<N>,
    fds: readonly Fd[] = [],
    wait = false,
  ): Promise<void> {
    const acknowledged = wait && this.#has(PROTOCOL_FEATURE.REPLY_ACK);
    const status = await this.#socketCall(name, body, fds, acknowledged);
    if (acknowledged && status !== 0) {
      throw new FrontEndError(name, `the back-end answered ${name} with ${status}`);
    }
    // Without REPLY_ACK QEMU asks for something that every back-end answers.
    if (wait && !acknowledged) await this.#call('GET_FEATURES', null);
  }

  async #socketCall<N extends FrontendRequestName>(
    name: N,
    body: FrontendBody<N>,
    fds: readonly Fd[],
    needReply: boolean,
  ): Promise<FrontendReply<N> | U64 | null> {
    if (this.#over) throw new FrontEndError(name, `the back-end is gone; ${name} was not sent`);
    const format = FRONTEND_REQUESTS[name];
    const data = encodeFrontendRequest(name, body, { needReply });
    const reply = format.reply !== null || needReply ? this.#expect(format.number) : null;
    this.#socket.send(data, fds);
    if (reply === null) return null;
    const { payload } = await reply;
    return format.reply === null ? decodeStatus(format.number, payload) : decodeFrontendReply(name, payload);
  }

  #expect(request: number): Promise<StreamMessage> {
    const limit = this.#options.replyTimeout ?? 10_000;
    const what = describeFrontendRequest(request);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = null;
        reject(new FrontEndError(what, `no reply to ${what} within ${limit} ms`));
      }, limit);
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting = null;
      };
      this.#waiting = {
        request,
        resolve: (message) => {
          done();
          resolve(message);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
    });
  }

  #onReply(message: StreamMessage): void {
    closeAll(message.fds);
    const waiting = this.#waiting;
    if (waiting === null) {
      this.strays.push(describeFrontendRequest(message.header.request));
      return;
    }
    if (!message.header.reply || message.header.request !== waiting.request) {
      waiting.reject(
        new FrontEndError(
          describeFrontendRequest(waiting.request),
          `${describeFrontendRequest(message.header.request)} came where a reply to ${describeFrontendRequest(waiting.request)} was due`,
        ),
      );
    } else waiting.resolve(message);
  }

  #onEnd(): void {
    if (this.#over) return;
    this.#over = true;
    this.#started = false;
    const waiting = this.#waiting;
    waiting?.reject(
      new FrontEndError(
        describeFrontendRequest(waiting.request),
        `the back-end hung up instead of answering ${describeFrontendRequest(waiting.request)}`,
      ),
    );
    this.#end();
  }

  #exclusive<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => {});
    return result;
  }

  #notifier(): Fd {
    const fd = createEventfd();
    this.#notifiers.push(fd);
    return fd;
  }
}

function sameRegion(a: MemoryRegion, b: MemoryRegion): boolean {
  return a.guestAddress === b.guestAddress && a.userAddress === b.userAddress && a.size === b.size;
}

/** A back-end that was started a moment ago may not listen yet: tries for 10 seconds. */
async function connectPatiently(path: string): Promise<Fd> {
  const passing = (error: unknown): boolean =>
    error instanceof SystemError && ['ENOENT', 'ECONNREFUSED', 'EAGAIN'].includes(error.code);
  const outcome = await until(
    `a back-end listens at ${path}`,
    () => {
      try {
        return { socket: connect(path, 'stream') };
      } catch (error) {
        if (passing(error)) throw error;
        return { error };
      }
    },
    { within: 10_000, every: 50 },
  );
  if ('error' in outcome) throw outcome.error;
  return outcome.socket;
}
