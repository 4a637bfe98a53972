// The back-end's side of one VMM connection: puts its parts together, brings each message of the VMM to its handler, answers it, and ends it all.
//
//   message-stream.ts    bytes of the socket <-> messages
//   negotiation.ts       what was agreed on; which requests may come because of it
//   device-requests.ts   configuration space, reset, guest memory
//   rings.ts, ring.ts    the rings, their requests in ring-requests.ts; queue-drain.ts stops one
//   channel-slot.ts      the back-end channel that the VMM has opened
//   driver-life.ts       whether the guest's driver goes on or is gone
//   recovery/            what a successor of this process needs; null when nobody will go on
import { faultPoint } from '../os/fault-point.ts';
import type { Fd } from '../os/fd.ts';
import type { PeerCredentials } from '../os/socket.ts';
import {
  decodeFrontendRequest,
  describeFrontendRequest,
  encodeStatus,
  FRONTEND_REQUESTS,
  type FrontendMessage,
  hasBit,
  PROTOCOL_FEATURE,
  VIRTIO_FEATURE,
  WireError,
} from '../wire/vhost-user.ts';
import { ChannelSlot } from './channel-slot.ts';
import { endBecause, logEnd } from './connection-end.ts';
import type { ConnectionEnd, Device, DeviceSession, VmmConnection } from './device.ts';
import { deviceRequests, memoryRequests } from './device-requests.ts';
import { DriverLife } from './driver-life.ts';
import { messageOf, VhostUserError } from './errors.ts';
import { type FileIdentity, GuestMemory } from './guest-memory.ts';
import type { Log } from './log.ts';
import { MessageStream, type StreamMessage } from './message-stream.ts';
import {
  expectNegotiated,
  expectShmem,
  hasProtocolFeature,
  type Negotiation,
  negotiationRequests,
  nothingNegotiated,
} from './negotiation.ts';
import { QueueDrain } from './queue-drain.ts';
import { ConnectionCommits } from './recovery/connection-commits.ts';
import type { ConnectionRecord } from './recovery/connection-record.ts';
import type { ConnectionRecovery } from './recovery/connection-recovery.ts';
import { InFlightTable } from './recovery/in-flight-table.ts';
import { type Answer, FdBox, type OwnReply, type Request, type RequestHandlers, reply } from './request.ts';
import { activeQueue, closeKick, type Ring } from './ring.ts';
import { ringRequests } from './ring-requests.ts';
import { Rings } from './rings.ts';
import type { Virtqueue } from './virtqueue.ts';
import { factsOf, type VmmFacts } from './vmm-facts.ts';

const REQUESTS_WITH_REPLY: ReadonlySet<number> = new Set(
  Object.values(FRONTEND_REQUESTS)
    .filter((format) => format.reply !== null)
    .map((format) => format.number),
);

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

export class BackendConnection {
  readonly #options: ConnectionOptions;
  readonly #log: Log;
  readonly #stream: MessageStream;
  readonly #memory: GuestMemory;
  readonly #negotiation: Negotiation = nothingNegotiated();
  readonly #tables: readonly InFlightTable[];
  readonly #rings: Rings;
  readonly #channel: ChannelSlot;
  readonly #drain: QueueDrain;
  readonly #session: DeviceSession;
  readonly #driver: DriverLife;
  readonly #handlers: RequestHandlers;
  readonly #recovery: ConnectionRecovery | null;
  readonly #commits: ConnectionCommits | null;
  #ended = false;
  /** See VmmFacts. */
  #refusal: VhostUserError | null = null;

  /**
   * Takes the connected socket over, also when it throws: SystemError when it is no socket, or what device.connect() throws; RecoveryError
   * or VhostUserError when a predecessor's connection cannot be gone on with. The device has passed checkOffer().
   */
  constructor(socket: Fd, options: ConnectionOptions) {
    const { device, log, channelTimeoutMs: timeoutMs, mostReadableBytes } = options;
    const recovery = options.recovery ?? null;
    this.#options = options;
    this.#log = log;
    this.#recovery = recovery;
    const isOwnMemory = (file: FileIdentity) => device.isOwnMemory(file);
    this.#memory = recovery
      ? new GuestMemory(isOwnMemory, (fd) => recovery.noteOf(fd))
      : new GuestMemory(isOwnMemory);
    this.#tables = Array.from(
      { length: device.queues },
      (_, index) => recovery?.tableOf(index) ?? InFlightTable.unshared(device.largestQueueSize),
    );
    this.#drain = new QueueDrain(log, options.drainTimeoutMs);
    this.#channel = new ChannelSlot({
      log,
      ...(timeoutMs !== undefined && { timeoutMs }),
      record: (name) => recovery?.channelRecord(name, this.#driver.epoch) ?? null,
    });
    this.#rings = new Rings({
      count: device.queues,
      tables: this.#tables,
      memory: this.#memory,
      log,
      mostReadableBytes,
      isIndirect: () => hasBit(this.#negotiation.features, VIRTIO_FEATURE.RING_INDIRECT_DESC),
      events: {
        starting: () => this.#starting(),
        started: (queue) => this.#started(queue),
        kicked: (queue) => this.#session.queueKicked(queue),
        failed: (error, what) => this.#endWith(error, what),
      },
    });
    this.#driver = new DriverLife({
      session: () => this.#session,
      rings: this.#rings,
      memory: this.#memory,
      channel: this.#channel,
      negotiation: this.#negotiation,
      log,
      past: recovery?.past ?? null,
      onGone: () => this.#commits?.amend(),
      onError: (error) => this.#endWith(error, 'a look at mappings'),
    });
    this.#commits =
      recovery &&
      new ConnectionCommits(recovery, {
        rings: this.#rings.all,
        memory: this.#memory,
        rest: () => ({
          ...this.#negotiation,
          channel: this.#channel.name,
          epoch: this.#driver.epoch,
          wasHeld: this.#driver.wasHeld,
        }),
      });
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
    this.#handlers = {
      ...negotiationRequests(this.#negotiation, device, log),
      ...deviceRequests(device, this.#session, log, (why) => this.#reset(why)),
      ...memoryRequests(this.#memory, () => this.#memoryChanged()),
      ...ringRequests(this.#rings, device.largestQueueSize, (ring) => this.#stop(ring)),
      SET_BACKEND_REQ_FD: ({ fds }) => this.#openChannel(fds.takeOne()),
    };
    if (recovery?.past) this.#guard(() => this.#continue(recovery), 'adoption');
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** How far the VMM has come. */
  get facts(): VmmFacts {
    const facts = factsOf(this.#negotiation, this.#rings.all, this.#memory);
    return { ...facts, peer: this.#options.peer, refusal: this.#refusal };
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
    const negotiation = this.#negotiation;
    return {
      peer: this.#options.peer,
      adopted: (this.#recovery?.past ?? null) !== null,
      published: (queue) => this.#tables[queue]?.lowest ?? 0,
      isAnswered: (queue, number) => this.#tables[queue]?.isAnswered(number) ?? false,
      get features() {
        return negotiation.features;
      },
      get protocolFeatures() {
        return negotiation.protocolFeatures ?? 0n;
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
      if (message?.name !== 'ADD_MEM_REG' && message?.name !== 'REM_MEM_REG')
        this.#commits?.ringsMayHaveChanged();
      const answer = this.#execute(message, what, owned);
      if (answer === 'later') return;
      if (answer !== 'done') this.#finish(answer.reply);
      else this.#finish(this.#wantsAck(header.needReply) ? encodeStatus(header.request, 0) : null);
      this.#rings.kickStarted();
    } catch (error) {
      this.#failed(error, what, header.request, header.needReply);
    } finally {
      owned.close();
    }
  }

  #execute(message: FrontendMessage | null, what: string, fds: FdBox): Answer {
    if (message === null) {
      throw new VhostUserError('UNSUPPORTED', 'refuse', `${what} is not known here`);
    }
    const { name, body } = message;
    expectNegotiated(this.#negotiation, this.#options.device.protocolFeatures, name, what);
    // The handler of a name takes the body of that name: the compiler cannot follow the pair through the table.
    const handle = this.#handlers[name] as ((request: Request<never>) => Answer) | undefined;
    if (!handle) throw new VhostUserError('UNSUPPORTED', 'refuse', `${what} is not offered here`);
    return handle({ body: body as never, what, fds });
  }

  /** A message is done: that is recorded, then it is answered. */
  #finish(answer: Buffer | null): void {
    if (this.#ended) return;
    if (this.#commits) this.#commits.finish(answer, (bytes) => this.#stream.send(bytes));
    else if (answer) this.#stream.send(answer);
  }

  #wantsAck(needReply: boolean): boolean {
    return needReply && hasProtocolFeature(this.#negotiation, PROTOCOL_FEATURE.REPLY_ACK);
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

  // ---- what requests do -------------------------------------------------------------------------------------------------------------

  #openChannel(socket: Fd): Answer {
    const channel = this.#channel.replace(socket, this.#recovery?.noteOf(socket).name ?? 0);
    this.#session.channelOpened(channel);
    return 'done';
  }

  #memoryChanged(): void {
    const isDropped = this.#session.memoryChanged(this.#memory, this.#memory.ownRegions);
    if (!isDropped) return;
    this.#driver.dropped();
    this.#commits?.ringsMayHaveChanged();
  }

  #reset(why: string): void {
    this.#rings.disable();
    this.#driver.startAfresh(why);
  }

  #starting(): void {
    expectShmem(this.#negotiation, this.#options.device, this.#channel.current !== null);
    this.#driver.starting();
  }

  #started(queue: Virtqueue): void {
    if (this.#refusal?.code === 'OUT_OF_REACH') this.#refusal = null;
    this.#session.queueStarted(queue);
  }

  /** GET_VRING_BASE. */
  #stop(ring: Ring): Answer {
    const queue = activeQueue(ring);
    closeKick(ring);
    this.#channel.current?.doubt();
    if (!queue) return baseOf(ring);
    // The VMM waits for this answer before it says anything else; what it says all the same waits in its socket.
    this.#stream.pause();
    this.#drain.begin(queue, () => this.#guard(() => this.#drained(ring, queue), 'GET_VRING_BASE 11'));
    return 'later';
  }

  #drained(ring: Ring, queue: Virtqueue): void {
    if (this.#ended) return;
    this.#drain.cancel();
    this.#rings.suspend(ring, queue, this.#negotiation.features);
    this.#session.queueStopped(queue);
    this.#driver.stopped();
    this.#commits?.ringsMayHaveChanged();
    this.#finish(baseOf(ring).reply);
    this.#stream.resume();
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
    this.#end(endBecause(error, what));
  }

  #end(end: ConnectionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    const { facts } = this;
    logEnd(this.#log, end);
    this.#closeParts();
    this.#try(() => this.#session.closed(end), 'the device failed to clean up after a connection');
    this.#try(
      () => this.#recovery?.disconnected(),
      'the end of the connection cannot be recorded for a successor',
    );
    this.#options.onEnd(end, facts);
  }

  #try(action: () => void, problem: string): void {
    try {
      action();
    } catch (error) {
      this.#log.error({ problem: messageOf(error) }, problem);
    }
  }

  #closeParts(): void {
    this.#drain.cancel();
    this.#driver.close();
    this.#stream.close();
    this.#rings.close();
    this.#channel.close();
    this.#memory.close();
  }

  // ---- after a predecessor ----------------------------------------------------------------------------------------------------------

  /** Everything as it was when the predecessor committed his last message. */
  #restore(recovery: ConnectionRecovery, record: ConnectionRecord): void {
    const { features, protocolFeatures, status, regions, channel, rings } = record;
    Object.assign(this.#negotiation, { features, protocolFeatures, status });
    const take = (name: number, what: string) => recovery.take(name, what);
    this.#memory.restore(regions, take);
    if (channel !== 0) this.#channel.restore(take(channel, 'the back-end channel'), channel);
    for (const [index, ring] of rings.entries()) this.#rings.restore(index, ring, take);
    faultPoint('adopt.restored');
  }

  /** What the predecessor may not have got to: the rest of his reply, interrupts, kicks that he heard. */
  #continue(recovery: ConnectionRecovery): void {
    // Nobody waits for what was begun.
    if (this.#stream.isHungUp) {
      this.#streamEnded(null);
      return;
    }
    const running = this.#rings.active;
    const channel = this.#channel.current;
    if (channel) this.#session.channelOpened(channel);
    if (this.#memory.regionCount > 0) this.#session.memoryChanged(this.#memory, this.#memory.ownRegions);
    for (const { queue } of running) if (queue) this.#session.queueStarted(queue.queue);
    faultPoint('adopt.device-told');
    const { unsentReply } = recovery;
    if (unsentReply > 0) this.#stream.send(Buffer.alloc(unsentReply));
    faultPoint('adopt.reply-finished');
    for (const { queue } of running) queue?.queue.interrupt();
    faultPoint('adopt.signalled');
    for (const ring of running) this.#rings.kick(ring);
    this.#driver.beginLooking();
    faultPoint('adopt.kicked');
    this.#log.info(
      { queues: running.length, regions: this.#memory.regionCount },
      'the connection to the VMM goes on where a predecessor stopped',
    );
    // A message may have been taken from the socket already.
    setImmediate(() => this.#stream.poll());
  }
}

function baseOf({ index, base }: Ring): OwnReply {
  return reply('GET_VRING_BASE', { index, value: base });
}
