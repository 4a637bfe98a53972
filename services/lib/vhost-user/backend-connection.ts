// The back-end's side of one VMM connection: which request may come when, what it does, what is answered.
//
// States of a ring:
//   inactive   no Virtqueue can be reached; settings arrive in any order (size, addresses, base, eventfds, enable)
//   active     size, addresses, kick eventfd and enable are all there: a Virtqueue exists and the session has it
//   suspended  GET_VRING_BASE stopped it. If the guest goes on (VM stop and cont) the same Virtqueue is resumed; if its driver is gone, or
//              another one starts (rebind, reboot), the session is reset: fresh-start.ts says how that is known.
// Rings start disabled, because PROTOCOL_FEATURES is always negotiated here.
//
// GET_VRING_BASE waits for the chains in flight (the specification asks for that), but not for ever: a VMM that waits for this answer cannot
// answer SHMEM_MAP, and a chain may be waiting for just that. After `drainTimeoutMs` the ring is stopped all the same, and answers that
// come later are published when the ring is resumed.

import { afterReading, type Deadline } from '../os/after-reading.ts';
import { drainEventfd, isEventfd } from '../os/eventfd.ts';
import { faultPoint } from '../os/fault-point.ts';
import { closeAll, type Fd } from '../os/fd.ts';
import { Poller } from '../os/poll.ts';
import { adoptSocket, type PeerCredentials, setNonBlocking } from '../os/socket.ts';
import { isQueueSize, LARGEST_QUEUE_SIZE, RING_ALIGNMENT } from '../wire/split-ring.ts';
import { hex, type U64 } from '../wire/u64.ts';
import {
  bitSet,
  DEVICE_STATUS,
  decodeFrontendRequest,
  describeBits,
  describeFrontendRequest,
  encodeFrontendReply,
  encodeStatus,
  FRONTEND_REQUESTS,
  type FrontendMessage,
  type FrontendReply,
  type FrontendRequestName,
  hasBit,
  PROTOCOL_FEATURE,
  VIRTIO_FEATURE,
  WireError,
} from '../wire/vhost-user.ts';
import { BackendChannel } from './backend-channel.ts';
import type { ConnectionRecord, RingRecord } from './connection-record.ts';
import type { ConnectionRecovery, ConnectionState } from './connection-recovery.ts';
import type { ConnectionEnd, Device, DeviceSession, Log, VmmConnection } from './device.ts';
import { messageOf, VhostUserError } from './errors.ts';
import { type LaterQueue, type StoppedQueue, whyAfresh } from './fresh-start.ts';
import { type FileIdentity, GuestMemory, MOST_MEMORY_SLOTS } from './guest-memory.ts';
import { MessageStream, type StreamMessage } from './message-stream.ts';
import {
  type Doorbells,
  digestOfUsedRing,
  privateWords,
  type QueueWords,
  type RingSetup,
  Virtqueue,
} from './virtqueue.ts';
import type { VmmFacts } from './vmm-facts.ts';

/** Virtio features of the transport, added to those of the device. EVENT_IDX and packed rings are not offered. */
export const TRANSPORT_FEATURES = bitSet(
  VIRTIO_FEATURE.RING_INDIRECT_DESC,
  VIRTIO_FEATURE.PROTOCOL_FEATURES,
  VIRTIO_FEATURE.VERSION_1,
);

/** Every protocol feature that is implemented here. */
export const SUPPORTED_PROTOCOL_FEATURES = bitSet(
  PROTOCOL_FEATURE.MQ,
  PROTOCOL_FEATURE.REPLY_ACK,
  PROTOCOL_FEATURE.BACKEND_REQ,
  PROTOCOL_FEATURE.CONFIG,
  PROTOCOL_FEATURE.BACKEND_SEND_FD,
  PROTOCOL_FEATURE.RESET_DEVICE,
  PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  PROTOCOL_FEATURE.STATUS,
  PROTOCOL_FEATURE.SHMEM,
);

/** What suits QEMU 11.1: STATUS costs it a message each way and RESET_DEVICE is never sent. */
export const DEFAULT_PROTOCOL_FEATURES = bitSet(
  PROTOCOL_FEATURE.MQ,
  PROTOCOL_FEATURE.REPLY_ACK,
  PROTOCOL_FEATURE.BACKEND_REQ,
  PROTOCOL_FEATURE.CONFIG,
  PROTOCOL_FEATURE.BACKEND_SEND_FD,
  PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  PROTOCOL_FEATURE.SHMEM,
);

/** Without these no memory can be mapped into the guest's window. */
const NEEDED_FOR_SHMEM = bitSet(
  PROTOCOL_FEATURE.REPLY_ACK,
  PROTOCOL_FEATURE.BACKEND_REQ,
  PROTOCOL_FEATURE.BACKEND_SEND_FD,
  PROTOCOL_FEATURE.SHMEM,
);

/** The protocol feature that a request belongs to. GET_STATUS and SET_STATUS are answered in any case. */
const FEATURE_OF_REQUEST: Readonly<Partial<Record<FrontendRequestName, number>>> = {
  GET_QUEUE_NUM: PROTOCOL_FEATURE.MQ,
  SET_LOG_BASE: PROTOCOL_FEATURE.LOG_SHMFD,
  SET_LOG_FD: PROTOCOL_FEATURE.LOG_SHMFD,
  SEND_RARP: PROTOCOL_FEATURE.RARP,
  NET_SET_MTU: PROTOCOL_FEATURE.MTU,
  SET_BACKEND_REQ_FD: PROTOCOL_FEATURE.BACKEND_REQ,
  SET_VRING_ENDIAN: PROTOCOL_FEATURE.CROSS_ENDIAN,
  GET_CONFIG: PROTOCOL_FEATURE.CONFIG,
  SET_CONFIG: PROTOCOL_FEATURE.CONFIG,
  CREATE_CRYPTO_SESSION: PROTOCOL_FEATURE.CRYPTO_SESSION,
  CLOSE_CRYPTO_SESSION: PROTOCOL_FEATURE.CRYPTO_SESSION,
  POSTCOPY_ADVISE: PROTOCOL_FEATURE.PAGEFAULT,
  POSTCOPY_LISTEN: PROTOCOL_FEATURE.PAGEFAULT,
  POSTCOPY_END: PROTOCOL_FEATURE.PAGEFAULT,
  GET_INFLIGHT_FD: PROTOCOL_FEATURE.INFLIGHT_SHMFD,
  SET_INFLIGHT_FD: PROTOCOL_FEATURE.INFLIGHT_SHMFD,
  RESET_DEVICE: PROTOCOL_FEATURE.RESET_DEVICE,
  VRING_KICK: PROTOCOL_FEATURE.INBAND_NOTIFICATIONS,
  GET_MAX_MEM_SLOTS: PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  ADD_MEM_REG: PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  REM_MEM_REG: PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  GET_SHARED_OBJECT: PROTOCOL_FEATURE.SHARED_OBJECT,
  SET_DEVICE_STATE_FD: PROTOCOL_FEATURE.DEVICE_STATE,
  CHECK_DEVICE_STATE: PROTOCOL_FEATURE.DEVICE_STATE,
  GET_SHMEM_CONFIG: PROTOCOL_FEATURE.SHMEM,
};

const REQUESTS_WITH_REPLY: ReadonlySet<number> = new Set(
  Object.values(FRONTEND_REQUESTS)
    .filter((format) => format.reply !== null)
    .map((format) => format.number),
);

/** How long GET_VRING_BASE waits for chains in flight: long against a broker's answer, short against a user's patience with `stop`. */
export const DEFAULT_DRAIN_TIMEOUT_MS = 1000;

/**
 * How often it is looked whether the VMM still holds what it had mapped while no queue runs. QEMU 11.1.3 lets go of it within 240 ms after a
 * reset: with this, what a guest had is free again within half a second, and the look is one system call.
 */
const LOOK_MS = 200;

export type ConnectionOptions = {
  readonly device: Device;
  readonly log: Log;
  readonly peer: PeerCredentials | null;
  /** One answer on the back-end channel; default DEFAULT_CHANNEL_TIMEOUT_MS. */
  readonly channelTimeoutMs?: number;
  /** Default DEFAULT_DRAIN_TIMEOUT_MS. */
  readonly drainTimeoutMs?: number;
  /** Bytes copied of one chain; default DEFAULT_MOST_READABLE_BYTES. */
  readonly mostReadableBytes?: number;
  /** Where the connection is recorded for a successor; null: it dies with this process. */
  readonly recovery?: ConnectionRecovery | null;
  /** Last call, after everything was closed. `facts` are those of a moment before. */
  readonly onEnd: (end: ConnectionEnd, facts: VmmFacts) => void;
};

type Ring = {
  readonly index: number;
  readonly doorbells: Doorbells;
  size: number;
  addresses: RingSetup | null;
  base: number;
  kick: { readonly fd: Fd; poller: Poller } | null;
  enabled: boolean;
  queue:
    | { readonly state: 'active'; readonly queue: Virtqueue }
    | { readonly state: 'suspended'; readonly queue: Virtqueue; readonly stopped: StoppedQueue }
    | null;
};

/** How a request is answered: with its own reply, with a REPLY_ACK if one is wanted, or later. */
type Answer = { readonly reply: Buffer } | 'done' | 'later';

export class BackendConnection {
  readonly #device: Device;
  readonly #options: ConnectionOptions;
  readonly #log: Log;
  readonly #stream: MessageStream;
  readonly #memory: GuestMemory;
  readonly #rings: Ring[];
  readonly #session: DeviceSession;
  readonly #recovery: ConnectionRecovery | null;
  /** One for each ring, whatever queue it has. */
  readonly #words: readonly QueueWords[];
  #channel: BackendChannel | null = null;
  /** The channel's socket in the store. */
  #channelName = 0;
  /** See ConnectionRecord. */
  #epoch = 0;
  #features = 0n;
  #protocolFeatures: bigint | null = null;
  #status = 0;
  #kickSoon: Ring[] = [];
  /** The rings as they were recorded last; null once a message may have changed them. */
  #ringRecords: readonly RingRecord[] | null = null;
  /** The memory's generation at the last sweep of the store. */
  #sweptGeneration = -1;
  #drainTimer: Deadline | null = null;
  /** See ConnectionRecord. */
  #wasHeld = false;
  #lookTimer: NodeJS.Timeout | null = null;
  #ended = false;
  /** See VmmFacts. */
  #refusal: VhostUserError | null = null;

  /**
   * Takes the connected socket over, also when it throws: SystemError when it is no socket, or what device.connect() throws; RecoveryError
   * or VhostUserError when a predecessor's connection cannot be gone on with. The device has passed checkOffer().
   */
  constructor(socket: Fd, options: ConnectionOptions) {
    const { device } = options;
    this.#device = device;
    this.#options = options;
    this.#log = options.log;
    const recovery = options.recovery ?? null;
    this.#recovery = recovery;
    const isOwnMemory = (file: FileIdentity) => device.isOwnMemory(file);
    this.#memory = recovery
      ? new GuestMemory(isOwnMemory, (fd) => recovery.noteOf(fd))
      : new GuestMemory(isOwnMemory);
    this.#rings = Array.from({ length: device.queues }, (_, index) => newRing(index));
    this.#words = this.#rings.map(({ index }) => recovery?.queueWords(index) ?? privateWords());
    this.#stream = new MessageStream(socket, {
      ...(recovery && { io: recovery.io }),
      readWhileSending: false,
      onMessage: (message) => this.#received(message),
      onEnd: (error) => this.#streamEnded(error),
    });
    try {
      if (recovery?.past) this.#restore(recovery, recovery.past);
      this.#session = device.connect(this.#vmm());
    } catch (error) {
      this.#closeParts();
      throw error;
    }
    if (recovery?.past) this.#guard(() => this.#continue(recovery), 'adoption');
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** How far the VMM has come. */
  get facts(): VmmFacts {
    const rings = this.#rings;
    const chains = rings.flatMap(({ queue }) => (queue === null ? [] : [queue.queue.statistics]));
    const lost = chains.filter(({ outOfReach }) => outOfReach > 0);
    return {
      peer: this.#options.peer,
      isNegotiated: this.#protocolFeatures !== null,
      hasDriver: this.#features !== 0n,
      namedQueues: rings.filter(({ doorbells, size }) => doorbells.call !== null || size > 0).length,
      runningQueues: rings.filter(({ queue }) => queue?.state === 'active' && queue.queue.state !== 'broken')
        .length,
      stoppedQueues: rings.filter(({ queue }) => queue?.state === 'suspended').length,
      guestBytes: this.#memory.mappedBytes,
      shownBytes: this.#memory.ownRegions.reduce((sum, { size }) => sum + size, 0),
      outOfReach: {
        chains: lost.reduce((sum, { outOfReach }) => sum + outOfReach, 0),
        address: lost.at(-1)?.outOfReachAt ?? 0,
      },
      refusal: this.#refusal,
    };
  }

  /** Handles what has arrived, without waiting for the loop: afterwards `ended` is true if the VMM is gone. */
  poll(): void {
    this.#stream.poll();
  }

  /** Ends the connection from this side. Later calls do nothing. */
  close(message: string): void {
    this.#end({ kind: 'closed', message });
  }

  /** Stops without a word to the VMM or the device, so that a successor goes on. Later calls do nothing. */
  leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#closeParts();
  }

  #vmm(): VmmConnection {
    const features = () => this.#features;
    const protocolFeatures = () => this.#protocolFeatures ?? 0n;
    return {
      peer: this.#options.peer,
      adopted: (this.#recovery?.past ?? null) !== null,
      published: (queue) => this.#words[queue]?.numbers[0] ?? 0,
      get features() {
        return features();
      },
      get protocolFeatures() {
        return protocolFeatures();
      },
      close: (reason) => this.close(reason),
    };
  }

  // ---- messages ---------------------------------------------------------------------------------------------------------------------

  #received({ header, payload, fds }: StreamMessage): void {
    const owned = new FdBox(fds);
    const what = describeFrontendRequest(header.request);
    try {
      faultPoint('vmm.whole');
      if (header.reply) throw new WireError(what, 'a reply, although nothing was asked');
      const message = decodeFrontendRequest(header.request, payload, fds.length);
      this.#log.debug({ request: what, fds: fds.length, needReply: header.needReply }, 'request of the VMM');
      // With per-blob placement the VMM speaks of memory regions at each map and unmap, and hardly of anything else.
      if (message?.name !== 'ADD_MEM_REG' && message?.name !== 'REM_MEM_REG') this.#ringRecords = null;
      const answer = this.#execute(message, what, owned);
      if (answer === 'later') return;
      if (answer !== 'done') this.#finish(answer.reply);
      else this.#finish(this.#wantsAck(header.needReply) ? encodeStatus(header.request, 0) : null);
      this.#kickStarted();
    } catch (error) {
      this.#failed(error, what, header.request, header.needReply);
    } finally {
      owned.close();
    }
  }

  /** A message is done: that is recorded, then it is answered. */
  #finish(answer: Buffer | null): void {
    if (this.#ended) return;
    const recovery = this.#recovery;
    if (!recovery) {
      if (answer) this.#stream.send(answer);
      return;
    }
    const { generation } = this.#memory;
    const isSame = this.#ringRecords !== null && generation === this.#sweptGeneration;
    recovery.commit(this.#state(), answer);
    if (answer) this.#stream.send(answer);
    faultPoint('vmm.reply-sent');
    recovery.sweep(isSame);
    this.#sweptGeneration = generation;
  }

  #wantsAck(needReply: boolean): boolean {
    return needReply && this.#hasProtocolFeature(PROTOCOL_FEATURE.REPLY_ACK);
  }

  #failed(error: unknown, what: string, request: number, needReply: boolean): void {
    // A request that has a reply of its own cannot be refused: a status would be taken for that reply.
    const refusable = !REQUESTS_WITH_REPLY.has(request) && this.#wantsAck(needReply);
    const isTelling =
      error instanceof VhostUserError && (error.code === 'NO_SUCH_QUEUE' || error.code === 'OUT_OF_REACH');
    if (isTelling) this.#refusal = error;
    if (error instanceof VhostUserError && error.policy === 'refuse' && refusable) {
      this.#log.warn(
        { request: what, code: error.code, problem: error.message },
        'a request of the VMM was refused',
      );
      this.#finish(encodeStatus(request, 1));
      return;
    }
    this.#endWith(error, what);
  }

  #execute(message: FrontendMessage | null, what: string, fds: FdBox): Answer {
    if (message === null) {
      throw new VhostUserError('UNSUPPORTED', 'refuse', `${what} is not known here`);
    }
    this.#expectNegotiated(message.name, what);
    switch (message.name) {
      case 'GET_FEATURES':
        return reply('GET_FEATURES', this.#device.features | TRANSPORT_FEATURES);
      case 'SET_FEATURES':
        return this.#setFeatures(message.body);
      case 'GET_PROTOCOL_FEATURES':
        return reply('GET_PROTOCOL_FEATURES', this.#device.protocolFeatures);
      case 'SET_PROTOCOL_FEATURES':
        return this.#setProtocolFeatures(message.body);
      case 'GET_QUEUE_NUM':
        return reply('GET_QUEUE_NUM', this.#rings.length);
      case 'SET_OWNER':
        return 'done';
      case 'RESET_OWNER':
      case 'RESET_DEVICE':
        this.#resetDevice(message.name);
        return 'done';
      case 'GET_STATUS':
        return reply('GET_STATUS', this.#status);
      case 'SET_STATUS':
        return this.#setStatus(message.body);
      case 'GET_SHMEM_CONFIG':
        return reply('GET_SHMEM_CONFIG', this.#device.shmemRegions);
      case 'GET_CONFIG':
        return this.#getConfig(message.body.offset, message.body.data.length);
      case 'SET_CONFIG':
        return this.#setConfig(message.body.offset, message.body.data);
      case 'SET_BACKEND_REQ_FD':
        return this.#setBackendChannel(fds.takeOne());
      case 'SET_MEM_TABLE':
        return this.#changeMemory(() => this.#memory.replaceTable(message.body, fds.takeAll()));
      case 'GET_MAX_MEM_SLOTS':
        return reply('GET_MAX_MEM_SLOTS', MOST_MEMORY_SLOTS);
      case 'ADD_MEM_REG':
        return this.#changeMemory(() => this.#memory.addRegion(message.body, fds.takeOne()));
      case 'REM_MEM_REG':
        return this.#changeMemory(() => this.#memory.removeRegion(message.body));
      case 'SET_VRING_NUM':
        return this.#setSize(this.#ring(message.body.index, what), message.body.value, what);
      case 'SET_VRING_ADDR':
        return this.#setAddresses(this.#ring(message.body.index, what), message.body, what);
      case 'SET_VRING_BASE':
        return this.#setBase(this.#ring(message.body.index, what), message.body.value, what);
      case 'GET_VRING_BASE':
        return this.#getBase(this.#ring(message.body.index, what));
      case 'SET_VRING_KICK':
        if (message.body.noFd) {
          throw new VhostUserError(
            'UNSUPPORTED',
            'refuse',
            `${what}: rings are not polled here, a kick eventfd is needed`,
          );
        }
        return this.#setKick(this.#ring(message.body.index, what), fds.takeOne(), what);
      case 'SET_VRING_CALL':
        return this.#setDoorbell(this.#ring(message.body.index, what), 'call', fds, message.body.noFd, what);
      case 'SET_VRING_ERR':
        return this.#setDoorbell(this.#ring(message.body.index, what), 'error', fds, message.body.noFd, what);
      case 'SET_VRING_ENABLE':
        return this.#setEnabled(this.#ring(message.body.index, what), message.body.value, what);
      default:
        throw new VhostUserError('UNSUPPORTED', 'refuse', `${what} is not offered here`);
    }
  }

  /** Throws for a request of a feature that was not acknowledged. */
  #expectNegotiated(name: FrontendRequestName, what: string): void {
    const feature = FEATURE_OF_REQUEST[name];
    if (feature === undefined || this.#hasProtocolFeature(feature)) return;
    const offered = hasBit(this.#device.protocolFeatures, feature);
    throw new VhostUserError(
      offered ? 'NOT_NEGOTIATED' : 'UNSUPPORTED',
      'refuse',
      `${what} belongs to protocol feature ${describeBits(bitSet(feature), PROTOCOL_FEATURE)}, which is ` +
        `${offered ? 'offered but was not acknowledged' : 'not offered here'}`,
    );
  }

  #hasProtocolFeature(bit: number): boolean {
    return this.#protocolFeatures !== null && hasBit(this.#protocolFeatures, bit);
  }

  // ---- features and device ----------------------------------------------------------------------------------------------------------

  #setFeatures(features: bigint): Answer {
    const offered = this.#device.features | TRANSPORT_FEATURES;
    const foreign = features & ~offered;
    if (foreign !== 0n) {
      throw new VhostUserError(
        'UNSUPPORTED',
        'drop',
        `SET_FEATURES 2 acknowledges ${hex(features)}, but ${hex(offered)} is offered: ${describeBits(foreign, VIRTIO_FEATURE)} too many`,
      );
    }
    if (!hasBit(features, VIRTIO_FEATURE.PROTOCOL_FEATURES)) {
      throw new VhostUserError(
        'MISSING_FEATURE',
        'drop',
        `the VMM acknowledges virtio features ${hex(features)} without PROTOCOL_FEATURES (bit 30): it knows no shared memory over ` +
          'vhost-user. QEMU 11.1 is the first release that does.',
      );
    }
    this.#features = features;
    return 'done';
  }

  #setProtocolFeatures(features: bigint): Answer {
    const offered = this.#device.protocolFeatures;
    const foreign = features & ~offered;
    if (foreign !== 0n) {
      throw new VhostUserError(
        'UNSUPPORTED',
        'drop',
        `SET_PROTOCOL_FEATURES 16 acknowledges ${hex(features)}, but ${hex(offered)} is offered: ${describeBits(foreign, PROTOCOL_FEATURE)} too many`,
      );
    }
    const needed = this.#device.shmemRegions.size > 0 ? NEEDED_FOR_SHMEM : 0n;
    const missing = needed & ~features;
    if (missing !== 0n) {
      throw new VhostUserError(
        'MISSING_FEATURE',
        'drop',
        `the VMM acknowledges protocol features ${hex(features)} (${describeBits(features, PROTOCOL_FEATURE)}) of ${hex(offered)}: ` +
          `${describeBits(missing, PROTOCOL_FEATURE)} missing, so no memory can be shown to the guest. ` +
          'QEMU 11.1 is the first release with SHMEM (bit 22), on its generic device vhost-user-test-device-pci.',
      );
    }
    this.#protocolFeatures = features;
    return 'done';
  }

  #setStatus(status: U64): Answer {
    if (typeof status === 'bigint' || status > 0xff) {
      throw new VhostUserError('OUT_OF_RANGE', 'refuse', `SET_STATUS 39: ${status} is no device status`);
    }
    // 0 is no reset of ours: QEMU sends it when the VM merely stops. Whether a driver starts afresh shows otherwise (fresh-start.ts).
    this.#status = status;
    if ((status & DEVICE_STATUS.FAILED) !== 0)
      this.#log.warn({ status }, 'the guest driver gave up on the device');
    return 'done';
  }

  #getConfig(offset: number, length: number): Answer {
    const config = this.#session.readConfig();
    if (offset + length > config.length) {
      this.#log.warn(
        { offset, length, size: config.length },
        'the VMM reads beyond the configuration space: refused',
      );
      return reply('GET_CONFIG', null);
    }
    return reply('GET_CONFIG', {
      offset,
      flags: 0,
      data: Buffer.from(config.subarray(offset, offset + length)),
    });
  }

  #setConfig(offset: number, data: Buffer): Answer {
    const size = this.#session.readConfig().length;
    if (offset + data.length > size || !this.#session.writeConfig(offset, data)) {
      throw new VhostUserError(
        'OUT_OF_RANGE',
        'refuse',
        `SET_CONFIG 25: ${data.length} bytes at ${offset} of a configuration space of ${size} bytes cannot be written`,
      );
    }
    return 'done';
  }

  #setBackendChannel(socket: Fd): Answer {
    const name = this.#recovery?.noteOf(socket).name ?? 0;
    let channel: BackendChannel;
    try {
      channel = this.#openChannel(socket, name);
    } catch (error) {
      throw new VhostUserError('BAD_DESCRIPTOR', 'refuse', `SET_BACKEND_REQ_FD 21: ${messageOf(error)}`);
    }
    this.#channel?.close();
    this.#channel = channel;
    this.#channelName = name;
    this.#session.channelOpened(channel);
    return 'done';
  }

  #openChannel(socket: Fd, name: number): BackendChannel {
    const { channelTimeoutMs } = this.#options;
    try {
      adoptSocket(socket.number);
    } catch (error) {
      socket.close();
      throw error;
    }
    return new BackendChannel(socket, {
      log: this.#log,
      record: this.#recovery?.channelRecord(name, this.#epoch) ?? null,
      ...(channelTimeoutMs !== undefined && { timeoutMs: channelTimeoutMs }),
    });
  }

  /** RESET_DEVICE, and the deprecated RESET_OWNER, which only ever meant "disable all rings". */
  #resetDevice(why: string): void {
    for (const ring of this.#rings) {
      closeKick(ring);
      ring.enabled = false;
      ring.base = 0;
    }
    this.#startAfresh(why);
  }

  /** The driver's state is gone: every queue is dead, the session forgets. */
  #startAfresh(why: string): void {
    this.#stopLooking();
    for (const ring of this.#rings) {
      if (ring.queue?.state === 'active') ring.base = ring.queue.queue.suspend();
      ring.queue?.queue.discard();
      ring.queue = null;
    }
    this.#status = 0;
    this.#epoch = (this.#epoch + 1) >>> 0;
    this.#channel?.forget(this.#epoch);
    this.#log.debug({ why }, 'the guest driver starts afresh');
    this.#session.reset();
  }

  /** Why the queues that were stopped do not go on, as far as is known now; null when nothing says so. */
  #whyAfresh(later: (ring: Ring) => LaterQueue): string | null {
    for (const ring of this.#rings) {
      if (ring.queue?.state !== 'suspended') continue;
      const why = whyAfresh(ring.queue.stopped, later(ring));
      if (why !== null) return `queue ${ring.index}: ${why}`;
    }
    return null;
  }

  get #isRunning(): boolean {
    return this.#rings.some((ring) => ring.queue?.state === 'active');
  }

  // ---- while no queue runs ----------------------------------------------------------------------------------------------------------

  #beginLooking(): void {
    if (!this.#wasHeld || this.#isRunning || this.#lookTimer) return;
    this.#lookTimer = setInterval(() => this.#guard(() => this.#look(), 'a look at mappings'), LOOK_MS);
    this.#lookTimer.unref();
  }

  #stopLooking(): void {
    this.#wasHeld = false;
    if (this.#lookTimer) clearInterval(this.#lookTimer);
    this.#lookTimer = null;
  }

  /** A driver that is gone and that nobody follows is only found here: the VMM says nothing. */
  #look(): void {
    const why = this.#whyAfresh(() => ({ isLetGo: this.#isLetGo }));
    if (why === null) return;
    faultPoint('vmm.driver-gone');
    this.#startAfresh(why);
    // As long as no driver negotiates, there is none.
    this.#features = 0n;
    this.#ringRecords = null;
    this.#recovery?.amend(this.#state());
    faultPoint('vmm.driver-gone-recorded');
  }

  get #isLetGo(): boolean {
    return this.#wasHeld && this.#session.isHeld() === false;
  }

  // ---- memory -----------------------------------------------------------------------------------------------------------------------

  #changeMemory(change: () => void): Answer {
    change();
    const isDropped = this.#session.memoryChanged(this.#memory, this.#memory.ownRegions);
    if (isDropped && !this.#isRunning) {
      const why = this.#whyAfresh(() => ({ isDropped }));
      if (why !== null) this.#startAfresh(why);
      this.#ringRecords = null;
    }
    return 'done';
  }

  // ---- rings ------------------------------------------------------------------------------------------------------------------------

  #ring(index: number, what: string): Ring {
    const ring = this.#rings[index];
    if (ring) return ring;
    throw new VhostUserError(
      'NO_SUCH_QUEUE',
      'refuse',
      `${what}: there is no queue ${index}, only 0 to ${this.#rings.length - 1}`,
    );
  }

  #setSize(ring: Ring, size: number, what: string): Answer {
    expectInactive(ring, what);
    if (!isQueueSize(size) || size > this.#device.largestQueueSize) {
      throw new VhostUserError(
        'OUT_OF_RANGE',
        'refuse',
        `${what}: queue ${ring.index} cannot have ${size} entries; a power of two up to ${this.#device.largestQueueSize} is possible`,
      );
    }
    ring.size = size;
    return 'done';
  }

  #setAddresses(ring: Ring, addresses: RingSetup & { readonly flags: number }, what: string): Answer {
    expectInactive(ring, what);
    const { descriptors, available, used } = addresses;
    if (
      !isAligned(descriptors, RING_ALIGNMENT.descriptors) ||
      !isAligned(available, RING_ALIGNMENT.available) ||
      !isAligned(used, RING_ALIGNMENT.used)
    ) {
      throw new VhostUserError(
        'OUT_OF_RANGE',
        'refuse',
        `${what}: the parts of queue ${ring.index} (${hex(descriptors)}, ${hex(available)}, ${hex(used)}) are not aligned to 16, 2 and 4 bytes`,
      );
    }
    if (addresses.flags !== 0) {
      throw new VhostUserError(
        'UNSUPPORTED',
        'refuse',
        `${what}: dirty logging (flags ${addresses.flags}) is not offered`,
      );
    }
    ring.addresses = { descriptors, available, used };
    return 'done';
  }

  #setBase(ring: Ring, base: number, what: string): Answer {
    expectInactive(ring, what);
    if (base > 0xffff) {
      throw new VhostUserError('OUT_OF_RANGE', 'refuse', `${what}: ${base} is no ring index (0 to 65535)`);
    }
    ring.base = base;
    return 'done';
  }

  #setKick(ring: Ring, fd: Fd, what: string): Answer {
    let poller: Poller;
    try {
      adoptEventfd(fd, what);
      poller = new Poller(fd.number, () => this.#kicked(ring));
    } catch (error) {
      fd.close();
      throw error;
    }
    closeKick(ring);
    ring.kick = { fd, poller };
    this.#startIfReady(ring);
    return 'done';
  }

  #setDoorbell(ring: Ring, doorbell: 'call' | 'error', fds: FdBox, noFd: boolean, what: string): Answer {
    const fd = noFd ? null : fds.takeOne();
    try {
      if (fd) adoptEventfd(fd, what);
    } catch (error) {
      fd?.close();
      throw error;
    }
    ring.doorbells[doorbell]?.close();
    ring.doorbells[doorbell] = fd;
    return 'done';
  }

  #setEnabled(ring: Ring, value: number, what: string): Answer {
    if (value > 1) throw new VhostUserError('OUT_OF_RANGE', 'refuse', `${what}: ${value} is neither 0 nor 1`);
    ring.enabled = value === 1;
    if (ring.queue?.state === 'active') {
      ring.queue.queue.setEnabled(ring.enabled);
      if (ring.enabled) this.#kickSoon.push(ring);
    } else {
      this.#startIfReady(ring);
    }
    return 'done';
  }

  #startIfReady(ring: Ring): void {
    if (ring.queue?.state === 'active' || !ring.enabled || !ring.kick || !ring.addresses || ring.size === 0) {
      if (ring.queue?.state === 'active') this.#kickSoon.push(ring);
      return;
    }
    this.#expectShmem();
    // All of them are looked at before the first one starts: what would be popped in between belongs to the fresh driver.
    const why = this.#whyAfresh((stopped) => this.#starting(stopped));
    if (why !== null) {
      const running = this.#rings.filter((other) => other.queue?.state === 'active');
      this.#startAfresh(why);
      for (const other of running) this.#startIfReady(other);
    }
    this.#stopLooking();
    const resumed = ring.queue;
    const queue = resumed?.queue.state === 'suspended' ? resumed.queue : this.#newQueue(ring, ring.addresses);
    queue.resume(ring.addresses);
    if (resumed && resumed.queue !== queue) resumed.queue.discard();
    ring.queue = { state: 'active', queue };
    if (this.#refusal?.code === 'OUT_OF_REACH') this.#refusal = null;
    this.#log.debug(
      { queue: ring.index, size: ring.size, base: ring.base, resumed: resumed !== null },
      'a queue starts',
    );
    this.#session.queueStarted(queue);
    this.#kickSoon.push(ring);
  }

  #starting({ base, size, addresses }: Ring): LaterQueue {
    const used = addresses && digestOfUsedRing(this.#memory, addresses.used, size);
    return { base, size, features: this.#features, used, isLetGo: this.#isLetGo };
  }

  /** A VMM may never get to the point where a missing feature shows; the last chance to say so is before the guest is served. */
  #expectShmem(): void {
    if (this.#device.shmemRegions.size === 0 || this.#channel) return;
    const found = this.#protocolFeatures === null ? 'SET_PROTOCOL_FEATURES' : 'SET_BACKEND_REQ_FD';
    throw new VhostUserError(
      'MISSING_FEATURE',
      'drop',
      `the VMM starts a queue but never sent ${found}: no memory can be shown to the guest. It has to acknowledge ` +
        `${describeBits(NEEDED_FOR_SHMEM, PROTOCOL_FEATURE)}; QEMU 11.1 is the first release that does.`,
    );
  }

  /** `adopted`: the queue was a predecessor's, and had this size. */
  #newQueue(
    ring: Ring,
    addresses: RingSetup,
    adopted: { size: number; lead: number } | null = null,
  ): Virtqueue {
    const { mostReadableBytes } = this.#options;
    return new Virtqueue(
      {
        index: ring.index,
        size: adopted?.size ?? ring.size,
        words: this.#words[ring.index] as QueueWords,
        ...(adopted && { adopted }),
        memory: this.#memory,
        doorbells: ring.doorbells,
        indirect: hasBit(this.#features, VIRTIO_FEATURE.RING_INDIRECT_DESC),
        ...(mostReadableBytes !== undefined && { mostReadableBytes }),
        log: this.#log,
      },
      addresses,
      ring.base,
    );
  }

  #kicked(ring: Ring): void {
    try {
      if (ring.kick && drainEventfd(ring.kick.fd.number)) this.#kick(ring);
    } catch (error) {
      this.#endWith(error, `kick of queue ${ring.index}`);
    }
  }

  #kick(ring: Ring): void {
    if (ring.queue?.state === 'active' && ring.queue.queue.state === 'running') {
      this.#session.queueKicked(ring.queue.queue);
    }
  }

  /** After a start there may be chains whose kick was heard by a predecessor, or by nobody. */
  #kickStarted(): void {
    const rings = this.#kickSoon;
    if (rings.length === 0) return;
    this.#kickSoon = [];
    for (const ring of rings) this.#kick(ring);
    faultPoint('vmm.queues-kicked');
  }

  #getBase(ring: Ring): Answer {
    const active = ring.queue?.state === 'active' ? ring.queue.queue : null;
    closeKick(ring);
    this.#channel?.doubt();
    if (!active) return reply('GET_VRING_BASE', { index: ring.index, value: ring.base });
    // The VMM waits for this answer before it says anything else; what it says all the same waits in its socket.
    this.#stream.pause();
    const finish = () => {
      this.#drainTimer?.cancel();
      this.#drainTimer = null;
      if (this.#ended) return;
      this.#stopped(ring, active);
      this.#ringRecords = null;
      this.#finish(encodeFrontendReply('GET_VRING_BASE', { index: ring.index, value: ring.base }));
      this.#stream.resume();
    };
    this.#drainTimer = afterReading(this.#options.drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS, () => {
      this.#log.warn(
        { queue: ring.index, inFlight: active.inFlight },
        'a queue is stopped with chains in flight; their answers are kept until it goes on',
      );
      this.#guard(finish, 'GET_VRING_BASE 11');
    });
    active.drain(() => this.#guard(finish, 'GET_VRING_BASE 11'));
    return 'later';
  }

  #stopped(ring: Ring, queue: Virtqueue): void {
    const { size, addresses } = ring;
    const isWhole = queue.state !== 'broken' && addresses !== null;
    const used = isWhole ? digestOfUsedRing(this.#memory, addresses.used, size) : null;
    ring.base = queue.suspend();
    const stopped = { base: ring.base, size, features: this.#features, used };
    ring.queue = { state: 'suspended', queue, stopped };
    this.#log.debug({ queue: ring.index, base: ring.base, inFlight: queue.inFlight }, 'a queue stops');
    this.#session.queueStopped(queue);
    if (this.#isRunning) return;
    this.#wasHeld = this.#session.isHeld() === true;
    this.#beginLooking();
  }

  // ---- end --------------------------------------------------------------------------------------------------------------------------

  #guard(action: () => void, what: string): void {
    try {
      action();
    } catch (error) {
      this.#endWith(error, what);
    }
  }

  #streamEnded(error: unknown): void {
    if (error === null) this.#end({ kind: 'disconnected', message: 'the VMM closed the connection' });
    else this.#endWith(error, 'socket');
  }

  #endWith(error: unknown, what: string): void {
    if (error instanceof VhostUserError) {
      this.#end({ kind: 'protocol', message: error.message, error });
    } else if (error instanceof WireError) {
      const malformed = new VhostUserError('MALFORMED', 'drop', error.message);
      this.#end({ kind: 'protocol', message: error.message, error: malformed });
    } else {
      this.#end({ kind: 'failed', message: `${what}: ${messageOf(error)}`, error });
    }
  }

  #end(end: ConnectionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    const { facts } = this;
    if (end.kind === 'protocol' || end.kind === 'failed') {
      this.#log.error(
        { end: end.kind, problem: end.message },
        'the connection to the VMM was ended because of an error',
      );
    } else {
      this.#log.info({ end: end.kind, reason: end.message }, 'the connection to the VMM ended');
    }
    this.#closeParts();
    try {
      this.#session.closed(end);
    } catch (error) {
      this.#log.error({ problem: messageOf(error) }, 'the device failed to clean up after a connection');
    }
    try {
      this.#recovery?.disconnected();
    } catch (error) {
      this.#log.error(
        { problem: messageOf(error) },
        'the end of the connection cannot be recorded for a successor',
      );
    }
    this.#options.onEnd(end, facts);
  }

  #closeParts(): void {
    this.#drainTimer?.cancel();
    this.#stopLooking();
    this.#stream.close();
    for (const ring of this.#rings) {
      closeKick(ring);
      ring.queue?.queue.discard();
      ring.queue = null;
      ring.doorbells.call?.close();
      ring.doorbells.error?.close();
      ring.doorbells.call = null;
      ring.doorbells.error = null;
    }
    this.#channel?.close();
    this.#memory.close();
  }

  // ---- recovery ---------------------------------------------------------------------------------------------------------------------

  /** The connection for a successor. */
  #state(): ConnectionState {
    return {
      features: this.#features,
      protocolFeatures: this.#protocolFeatures,
      status: this.#status,
      channel: this.#channelName,
      epoch: this.#epoch,
      wasHeld: this.#wasHeld,
      rings: this.#recordRings(),
      regions: this.#memory.records,
    };
  }

  #recordRings(): readonly RingRecord[] {
    this.#ringRecords ??= this.#rings.map((ring) => this.#ringRecord(ring));
    return this.#ringRecords;
  }

  #ringRecord({ size, addresses, base, kick, doorbells, enabled, queue }: Ring): RingRecord {
    const nameOf = (fd: Fd | null) => this.#recovery?.noteOf(fd).name ?? 0;
    return {
      size,
      addresses,
      base,
      kick: nameOf(kick?.fd ?? null),
      call: nameOf(doorbells.call),
      error: nameOf(doorbells.error),
      enabled,
      queue: queue && {
        size: queue.queue.size,
        lead: queue.queue.lead,
        stopped: queue.state === 'suspended' ? queue.stopped : null,
      },
    };
  }

  /** Everything as it was when the predecessor committed his last message. */
  #restore(recovery: ConnectionRecovery, record: ConnectionRecord): void {
    this.#features = record.features;
    this.#protocolFeatures = record.protocolFeatures;
    this.#status = record.status;
    this.#epoch = record.epoch;
    this.#wasHeld = record.wasHeld;
    this.#memory.restore(record.regions, (name, what) => recovery.take(name, what));
    if (record.channel !== 0) {
      this.#channelName = record.channel;
      this.#channel = this.#openChannel(
        recovery.take(record.channel, 'the back-end channel'),
        record.channel,
      );
    }
    for (const [index, stored] of record.rings.entries())
      this.#restoreRing(recovery, this.#rings[index] as Ring, stored);
    faultPoint('adopt.restored');
  }

  #restoreRing(recovery: ConnectionRecovery, ring: Ring, record: RingRecord): void {
    const take = (name: number, what: string) =>
      name === 0 ? null : recovery.take(name, `the ${what} of queue ${ring.index}`);
    ring.size = record.size;
    ring.addresses = record.addresses;
    ring.base = record.base;
    ring.enabled = record.enabled;
    ring.doorbells.call = take(record.call, 'call');
    ring.doorbells.error = take(record.error, 'error eventfd');
    const kick = take(record.kick, 'kick');
    if (kick) ring.kick = { fd: kick, poller: new Poller(kick.number, () => this.#kicked(ring)) };
    if (!record.queue || !record.addresses) return;
    const { stopped } = record.queue;
    const queue = this.#newQueue(ring, record.addresses, record.queue);
    if (stopped === null) {
      queue.resume(record.addresses);
      queue.setEnabled(ring.enabled);
    }
    ring.queue = stopped ? { state: 'suspended', queue, stopped } : { state: 'active', queue };
  }

  /** What the predecessor may not have got to: the rest of his reply, interrupts, kicks that he heard. */
  #continue(recovery: ConnectionRecovery): void {
    // Nobody waits for what was begun.
    if (this.#stream.isHungUp) {
      this.#streamEnded(null);
      return;
    }
    const running = this.#rings.filter((ring) => ring.queue?.state === 'active');
    if (this.#channel) this.#session.channelOpened(this.#channel);
    if (this.#memory.regionCount > 0) this.#session.memoryChanged(this.#memory, this.#memory.ownRegions);
    for (const { queue } of running) if (queue) this.#session.queueStarted(queue.queue);
    faultPoint('adopt.device-told');
    const { unsentReply } = recovery;
    if (unsentReply > 0) this.#stream.send(Buffer.alloc(unsentReply));
    faultPoint('adopt.reply-finished');
    for (const { queue } of running) queue?.queue.interrupt();
    faultPoint('adopt.signalled');
    for (const ring of running) this.#kick(ring);
    this.#beginLooking();
    faultPoint('adopt.kicked');
    this.#log.info(
      { queues: running.length, regions: this.#memory.regionCount },
      'the connection to the VMM goes on where a predecessor stopped',
    );
    // A message may have been taken from the socket already.
    setImmediate(() => this.#stream.poll());
  }
}

/** The descriptors of one message: whoever takes them owns them, the rest is closed when the message is done. */
class FdBox {
  #fds: readonly Fd[];

  constructor(fds: readonly Fd[]) {
    this.#fds = fds;
  }

  takeAll(): readonly Fd[] {
    const fds = this.#fds;
    this.#fds = [];
    return fds;
  }

  /** The codec has checked that there is exactly one. */
  takeOne(): Fd {
    const [fd] = this.takeAll();
    if (!fd) throw new WireError('message', 'a descriptor is missing');
    return fd;
  }

  close(): void {
    closeAll(this.takeAll());
  }
}

function newRing(index: number): Ring {
  return {
    index,
    doorbells: { call: null, error: null },
    size: 0,
    addresses: null,
    base: 0,
    kick: null,
    enabled: false,
    queue: null,
  };
}

/** Anything but an eventfd could block this process, or would have to be written to. The descriptor stays the caller's. */
function adoptEventfd(fd: Fd, what: string): void {
  if (!isEventfd(fd.number)) {
    throw new VhostUserError(
      'BAD_DESCRIPTOR',
      'refuse',
      `${what}: the descriptor that came with it is no eventfd`,
    );
  }
  setNonBlocking(fd.number);
}

function closeKick(ring: Ring): void {
  ring.kick?.poller.close();
  ring.kick?.fd.close();
  ring.kick = null;
}

function expectInactive(ring: Ring, what: string): void {
  if (ring.queue?.state === 'active') {
    throw new VhostUserError(
      'WRONG_STATE',
      'refuse',
      `${what}: queue ${ring.index} is running; GET_VRING_BASE stops it`,
    );
  }
}

function isAligned(address: U64, alignment: number): boolean {
  return typeof address === 'bigint' ? address % BigInt(alignment) === 0n : address % alignment === 0;
}

function reply<N extends FrontendRequestName>(name: N, body: FrontendReply<N>): Answer {
  return { reply: encodeFrontendReply(name, body) };
}

/** Throws TypeError for a device that offers what cannot be kept: a mistake of this program, found before any VMM meets it. */
export function checkOffer(device: Device): void {
  const foreign = device.protocolFeatures & ~SUPPORTED_PROTOCOL_FEATURES;
  if (foreign !== 0n) {
    throw new TypeError(
      `the device offers protocol features that are not implemented: ${describeBits(foreign, PROTOCOL_FEATURE)}`,
    );
  }
  if (!isQueueSize(device.largestQueueSize)) {
    throw new TypeError(
      `${device.largestQueueSize} is no queue size: a power of two up to ${LARGEST_QUEUE_SIZE} is needed`,
    );
  }
  if (device.queues < 1 || device.queues > 255)
    throw new TypeError(`${device.queues} queues; 1 to 255 are possible`);
  if (device.shmemRegions.size > 0 && (NEEDED_FOR_SHMEM & ~device.protocolFeatures) !== 0n) {
    throw new TypeError(
      'a device with shared memory has to offer REPLY_ACK, BACKEND_REQ, BACKEND_SEND_FD and SHMEM',
    );
  }
}
