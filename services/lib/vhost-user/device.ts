// The border between the vhost-user transport (this folder) and a device (for example services/frontend).
//
//   Device            what is offered, one for the life of the process
//     connect()  ->   DeviceSession, one a VMM connection; the transport calls it, always on the event loop, never re-entrantly
//
// A session hears, in this order:
//
//   channelOpened        the VMM can be asked to map memory; may come again with a new channel (the old one is closed then)
//   memoryChanged        after every change of the memory table; tells which of the device's own memory the guest can see. The session
//                        answers whether something is missing that the VMM had mapped
//   queueStarted(q)      q is live from here on: the only way to get at a queue, so guest memory cannot be touched before
//     queueKicked(q)     pop what is there; called once after every start as well, because a kick may have been missed
//   queueStopped(q)      nothing can be popped until it is started again. The transport has waited (bounded) for chains in flight; what is
//                        completed later is kept and published when the guest continues (VM stop and cont), or dropped when it does not.
//   isHeld()             is asked when the last queue is stopped, and then again and again: whether the VMM still has what it had mapped
//   reset()              the guest's driver is gone or started afresh (fresh-start.ts): all state that it made is gone. Queues of before are
//                        dead, pushes do nothing.
//   closed(reason)       the connection ended; last call. Queues, memory and channel are dead.
//
// Exceptions thrown by a session end its connection (and nothing else).
//
// With a descriptor store a connection outlives this process. The successor's device is connected with `vmm.adopted`, and its session hears
//
//   channelOpened, memoryChanged, queueStarted for each queue that was running, then queueKicked for each of them
//
// and pops again whatever was popped and not published, by its number, however much behind it was. Three things are the device's part of it:
// - What chains changed is recorded together with their answers, by queue.numberOf(chain), before they are pushed. A chain that is popped again
//   and has a record gets that answer; one without never happened, meets the state of before it, and has to have its effect once. A reset() ends
//   records that are not published: the next driver's chains may have the same numbers.
// - Around each handler: queue.handling(chain), queue.handled(); a chain that killed two processes is answered without running it.
// - The last message of the VMM may be heard twice (reset() above all), once by either process.
// What it asks of the channel again and the VMM has done already, is not asked of the VMM a second time; see BackendChannel.inherited().
import type { BackendChannel } from './backend-channel.ts';
import type { VhostUserError } from './errors.ts';
import type { FileIdentity, GuestMemory, OwnRegion } from './guest-memory.ts';
import type { Virtqueue } from './virtqueue.ts';

export type { OwnRegion } from './guest-memory.ts';
export type { Log } from './log.ts';

export type Device = {
  /** Virtio feature bits of the device type; the transport adds INDIRECT_DESC, PROTOCOL_FEATURES and VERSION_1. */
  readonly features: bigint;
  /** Protocol feature bits to offer, a subset of SUPPORTED_PROTOCOL_FEATURES; DEFAULT_PROTOCOL_FEATURES suits QEMU 11.1. */
  readonly protocolFeatures: bigint;
  readonly queues: number;
  /** A power of two. */
  readonly largestQueueSize: number;
  /** Bytes of each shared-memory region (the window) by its id. With any of them a VMM without SHMEM is refused. */
  readonly shmemRegions: ReadonlyMap<number, number>;
  /** Whether a file is memory that the device asked the VMM to map: such regions of the guest's memory table are not mapped here again. */
  isOwnMemory(file: FileIdentity): boolean;
  connect(vmm: VmmConnection): DeviceSession;
};

/** The VMM as a session sees it. */
export type VmmConnection = {
  /** The peer's process, as the kernel knows it; null for a socket whose peer is not known. */
  readonly peer: { readonly pid: number; readonly uid: number; readonly gid: number } | null;
  /** Virtio features that the driver acknowledged; 0 before that. */
  readonly features: bigint;
  readonly protocolFeatures: bigint;
  /** The connection is a predecessor's that died, or left. */
  readonly adopted: boolean;
  /**
   * Chains of a queue with lower numbers are answered, for the guest and for good, or were dropped with their driver; the chain of this
   * number is not (see DurableQueue.numberOf()), and of those behind it isAnswered() tells: where a device answers in order, none is. Grows
   * over stops, resets and, with a store, over the life of processes and connections.
   */
  published(queue: number): number;
  /** Whether the chain of this number is answered, for the guest and for good, or was dropped with its driver. */
  isAnswered(queue: number, number: number): boolean;
  /** Ends the connection; the reason is logged. */
  close(reason: string): void;
};

/** What a session may do with a queue. */
export type DeviceQueue = Pick<
  Virtqueue,
  'index' | 'size' | 'popAll' | 'isCut' | 'pushAll' | 'inFlight' | 'statistics'
>;

/** What the transport gives to a session: a queue that can tell what is for good, and what a predecessor died of. */
export type DurableQueue = DeviceQueue & Pick<Virtqueue, 'published' | 'numberOf' | 'handling' | 'handled'>;

export type DeviceSession = {
  /** The whole configuration space, at most 256 bytes. */
  readConfig(): Uint8Array;
  /** The driver writes to the configuration space; false refuses. The range lies inside the space. */
  writeConfig(offset: number, data: Uint8Array): boolean;
  channelOpened(channel: BackendChannel): void;
  /**
   * `memory` stays the same object for the life of the session. True when something is missing that the table has shown and that the VMM was
   * not asked to take out: with no queue running, the driver is gone.
   */
  memoryChanged(memory: GuestMemory, ownRegions: readonly OwnRegion[]): boolean;
  queueStarted(queue: DurableQueue): void;
  queueKicked(queue: DurableQueue): void;
  queueStopped(queue: DurableQueue): void;
  /** Whether what the VMM was asked to map is mapped or open anywhere; null when nothing can tell. Has to be cheap. */
  isHeld(): boolean | null;
  reset(): void;
  closed(reason: ConnectionEnd): void;
};

/** Why a connection ended. `message` is for people. */
export type ConnectionEnd =
  | { readonly kind: 'disconnected'; readonly message: string }
  /** This side closed it: shutdown, or VmmConnection.close(). */
  | { readonly kind: 'closed'; readonly message: string }
  | { readonly kind: 'protocol'; readonly message: string; readonly error: VhostUserError }
  /** An error of the operating system, or an exception in the session. */
  | { readonly kind: 'failed'; readonly message: string; readonly error: unknown };
