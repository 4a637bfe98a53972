// The virtio-gpu device of one VM: a headless device whose only job is blobs of host memory in the guest's window. It has one scanout to
// which no display is ever connected, because Linux 7.3 crashes at suspend when a virtio-gpu device has none (virtgpu_freeze). It lives as long as the
// process; a VMM connects to it, and its driver may start afresh any number of times.
//
// What ends with what:
//   VM stop, cont              nothing: queues are suspended and resumed by the transport, answers wait
//   driver unbind, reboot      every context, resource and mapping; the broker is told (Reset), so its generation moves on. The transport
//                              finds out (fresh-start.ts): at the latest when a driver starts, and in window placement, from the first blob
//                              on, half a second after the driver went
//   the VMM's connection       the same, and what the VMM had mapped
//   the broker's session       every blob; commands are refused until the driver starts afresh, then a new session is begun
//
// With a journal the device outlives this process: a successor reads the tables from it as soon as the control queue tells how far its
// answers are published, and pops again what was not answered.

import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Fd } from '../../lib/os/fd.ts';
import type { Logger } from '../../lib/runtime/log.ts';
import type { BackendChannel } from '../../lib/vhost-user/backend-channel.ts';
import { DEFAULT_PROTOCOL_FEATURES } from '../../lib/vhost-user/backend-connection.ts';
import type {
  ConnectionEnd,
  Device,
  DeviceSession,
  DurableQueue,
  OwnRegion,
  VmmConnection,
} from '../../lib/vhost-user/device.ts';
import { messageOf } from '../../lib/vhost-user/errors.ts';
import type { FileIdentity, GuestMemory } from '../../lib/vhost-user/guest-memory.ts';
import { SMALLEST_PAGE } from '../../lib/wire/alignment.ts';
import { bitSet, PROTOCOL_FEATURE } from '../../lib/wire/vhost-user.ts';
import { configSpace, FEATURE, QUEUE, SHMEM_HOST_VISIBLE, viewOf } from '../../lib/wire/virtio-gpu.ts';
import type { BrokerSession, LateOutcome } from '../broker-session.ts';
import type { Attachment, MemoryHandle, Offer, Operation } from '../operation.ts';
import { Changes } from '../state/changes.ts';
import { type DeviceJournal, type Past, recordsOf, tablesOf } from '../state/device-journal.ts';
import type { JournalRecord } from '../state/records.ts';
import type { Statistics } from '../statistics.ts';
import { BrokerPipeline } from './broker-pipeline.ts';
import type { DeviceState, WindowUse } from './command.ts';
import { CommandQueue, type SegmentKeeper } from './command-queue.ts';
import { CONTROL_COMMANDS, CURSOR_COMMANDS } from './commands.ts';
import { Contexts } from './contexts.ts';
import { PerBlobPlacement } from './per-blob-placement.ts';
import type { Placement, PlacementContext } from './placement.ts';
import { Resources } from './resources.ts';
import { WindowPlacement } from './window-placement.ts';

/** VIRGL because Linux refuses HOST3D blobs without it; there are no capsets, so nobody tries to render. */
const FEATURES = bitSet(FEATURE.VIRGL, FEATURE.RESOURCE_UUID, FEATURE.RESOURCE_BLOB, FEATURE.CONTEXT_INIT);
/**
 * One mapping needs no memory slots, and without them a reset is safe: QEMU 11.1.3 drops the window's mapping when the guest resets its
 * device, and with slots it looks the dropped mapping up again to send REM_MEM_REG for it, which ends QEMU with SIGSEGV.
 */
const ONE_MAPPING_FEATURES = DEFAULT_PROTOCOL_FEATURES & ~bitSet(PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS);
const QUEUES = 2;
/** QEMU's generic device takes up to 1024 (VIRTQUEUE_MAX_SIZE). */
const LARGEST_QUEUE_SIZE = 1024;

export type GpuDeviceOptions = {
  readonly session: Pick<
    BrokerSession,
    'execute' | 'reset' | 'isLost' | 'published' | 'adopt' | 'snapshot' | 'memoryAgain' | 'attachAgain'
  >;
  readonly attachment: Pick<Attachment, 'placement' | 'windowSize' | 'window' | 'offer'>;
  /**
   * The window's memory, taken over, where it is there already; otherwise it is fetched with the attachment's handle. A successor's is its
   * predecessor's, and counts once verify() has compared it.
   */
  readonly window?: Fd | null;
  /** How long a map waits for the window's memory, milliseconds. */
  readonly answerTimeout: number;
  /** Where a successor reads what the guest was told; null: the device ends with this process. */
  readonly durable?: Durable | null;
  /** Redeems a token of the broker for a descriptor that the caller owns. */
  readonly fetchMemory: (handle: MemoryHandle) => Promise<Fd>;
  readonly statistics: Statistics;
  readonly log: Logger;
};

/** Where the device is written down. */
export type Durable = {
  readonly journal: Pick<DeviceJournal, 'append' | 'compact' | 'isLarge'>;
  /** What a predecessor left; null without one. */
  readonly past: Past | null;
  /** The window's memory is another one from now on. The descriptor stays the caller's. */
  keepWindow(fd: Fd): void;
  /** Records of what is kept beside the device, for a snapshot. */
  snapshot(): readonly JournalRecord[];
};

type LiveQueue = {
  readonly commands: CommandQueue;
  /** Malformed chains that are counted already. */
  malformed: number;
  outOfReach: number;
};

export class GpuDevice implements Device {
  readonly features: bigint;
  readonly protocolFeatures: bigint;
  readonly queues = QUEUES;
  readonly largestQueueSize = LARGEST_QUEUE_SIZE;
  readonly shmemRegions: ReadonlyMap<number, number>;
  readonly #options: GpuDeviceOptions;
  readonly #log: Logger;
  readonly #windowSize: number;
  readonly #durable: Durable | null;
  readonly #changes: Changes | null;
  readonly #state: DeviceState;
  readonly #config: Uint8Array;
  readonly #pipeline: BrokerPipeline;
  readonly #queues = new Map<DurableQueue, LiveQueue>();
  #channel: BackendChannel | null = null;
  /** See PlacementContext. */
  #otherRegions = 0;
  /** A queue was started since the last reset: there may be something to end. */
  #isUsed = false;
  /** What a predecessor left, until the control queue tells how much of it counts. */
  #past: Past | null;
  /** Files that the predecessor had mapped, or may have; the VMM's table may speak of them. */
  #isSweepDue = false;
  /** The chain that a predecessor died of, and had come so far as to finish; null once the driver started afresh. */
  #finishing: number | null;

  constructor(options: GpuDeviceOptions) {
    const { attachment, session, log, durable = null } = options;
    this.#options = options;
    this.#durable = durable;
    this.#past = durable?.past ?? null;
    this.#isUsed = this.#past?.isUsed ?? false;
    this.#finishing = this.#past?.finishing ?? null;
    this.#changes = durable ? new Changes() : null;
    const { scanouts, blobAlignment } = attachment.offer;
    // Where every page of every guest is aligned enough there is nothing to tell, and a VMM that shows 16 bytes is as good as any.
    this.features = blobAlignment > SMALLEST_PAGE ? FEATURES | bitSet(FEATURE.BLOB_ALIGNMENT) : FEATURES;
    this.#state = {
      contexts: new Contexts(this.#changes),
      resources: new Resources(this.#changes),
      windowUse: { created: 0, mapsAsked: 0 },
      scanouts,
    };
    this.#config = configBytes(attachment.offer);
    this.#log = log;
    this.protocolFeatures =
      attachment.placement === 'window' ? ONE_MAPPING_FEATURES : DEFAULT_PROTOCOL_FEATURES;
    this.#windowSize = attachment.windowSize;
    this.shmemRegions = new Map([[SHMEM_HOST_VISIBLE, attachment.windowSize]]);
    this.#pipeline = new BrokerPipeline(session, this.#newPlacement(attachment, options.window ?? null), log);
  }

  isOwnMemory(file: FileIdentity): boolean {
    return this.#placement.isOwnMemory(file);
  }

  connect(vmm: Pick<VmmConnection, 'adopted'>): DeviceSession {
    if (!vmm.adopted) {
      if (this.#isUsed) this.#reset('the VMM of the predecessor is gone');
      this.#useChannel(null);
    }
    return {
      readConfig: () => this.#config,
      // The only writable field is events_clear, and there are no events to clear. Other writes are without effect, as on any device.
      writeConfig: () => true,
      channelOpened: (channel) => this.#useChannel(channel),
      memoryChanged: (memory, regions) => this.#memoryChanged(memory, regions),
      queueStarted: (queue) => this.#queueStarted(queue),
      queueKicked: (queue) => this.#queues.get(queue)?.commands.kick(),
      queueStopped: () => {},
      isHeld: () => this.#placement.isHeld(),
      reset: () => this.#reset('the driver is gone, or started afresh'),
      closed: (reason) => this.#closed(reason),
    };
  }

  /** The broker began a new session after a loss: nothing of the old one is left. */
  adopt(attachment: Attachment): void {
    const placement = this.#placement;
    const isSameSize = attachment.windowSize === this.#windowSize;
    if (!isSameSize) {
      this.#log.error(
        { found: attachment.windowSize, expected: this.#windowSize },
        "the broker's configuration gives this VM another window now; no blob can be mapped until the VM is restarted",
      );
    }
    if (attachment.placement === 'window' && placement instanceof WindowPlacement) {
      placement.setWindow(this.#fetchWindow(attachment));
      return;
    }
    if (attachment.placement === 'per-blob' && placement instanceof PerBlobPlacement) return;
    placement.close();
    this.#pipeline.placement = this.#newPlacement(attachment);
    this.#placement.useChannel(this.#channel);
  }

  /**
   * The session goes on. Its window has to be the one that the VMM was given, of which a successor is not sure; and one that could not be
   * fetched is asked for again.
   */
  verify(attachment: Attachment): void {
    const placement = this.#placement;
    if (placement instanceof WindowPlacement && !placement.isCompared) {
      placement.setWindow(this.#fetchWindow(attachment));
    }
  }

  /** The session is lost. With no driver at work nobody minds: a new one is begun at once. */
  sessionLost(): void {
    if (!this.#isUsed) this.#options.session.reset();
  }

  /**
   * Commands that the guest was told had failed were done all the same. So that what it was told is true, what can be taken back is: a blob
   * that it does not know of is destroyed, a mapping that it does not know of is undone.
   */
  late(outcomes: readonly LateOutcome[]): void {
    const created = new Set<number>();
    const mapped = new Set<number>();
    const gone: number[] = [];
    for (const { operation, result } of outcomes) {
      if (operation.kind === 'reset' || result.kind === 'refused' || result.kind === 'failed') continue;
      const { resourceId } = operation;
      if (operation.kind === 'create') created.add(resourceId);
      else if (operation.kind === 'map') mapped.add(resourceId);
      else mapped.delete(resourceId);
      if (operation.kind !== 'destroy') continue;
      created.delete(resourceId);
      gone.push(resourceId);
    }
    this.#forget(gone);
    for (const resourceId of created) mapped.delete(resourceId);
    const operations: Operation[] = [
      ...[...mapped].map((resourceId): Operation => ({ kind: 'unmap', resourceId })),
      ...[...created].map((resourceId): Operation => ({ kind: 'destroy', resourceId })),
    ];
    this.#log.info(
      { late: outcomes.length, takenBack: operations.length },
      'the broker did what it had been asked before it went silent',
    );
    if (operations.length > 0) this.#options.session.execute(operations, performance.now(), () => {}, true);
    faultPoint('gpu.late-undone');
  }

  /** Since the driver started. */
  get windowUse(): WindowUse {
    return this.#state.windowUse;
  }

  /** Brings the count of malformed chains up to date. */
  countMalformed(): void {
    for (const [queue, live] of this.#queues) {
      const { malformed, outOfReach } = queue.statistics;
      this.#options.statistics.countMalformed(malformed - live.malformed, outOfReach - live.outOfReach);
      Object.assign(live, { malformed, outOfReach });
    }
  }

  /** Closes every descriptor. The device is not used any more; nobody hears of that. */
  close(): void {
    for (const { commands } of this.#queues.values()) commands.stop();
    this.#pipeline.reset();
    this.#placement.close();
  }

  get #placement(): Placement {
    return this.#pipeline.placement;
  }

  // ---- the VMM --------------------------------------------------------------------------------------------------------------------------

  #useChannel(channel: BackendChannel | null): void {
    this.#channel = channel;
    this.#placement.useChannel(channel);
  }

  #memoryChanged(memory: GuestMemory, regions: readonly OwnRegion[]): boolean {
    this.#otherRegions = memory.regionCount - regions.length;
    return this.#placement.memoryChanged(regions);
  }

  #queueStarted(queue: DurableQueue): void {
    if (this.#past && queue.index === QUEUE.control) this.#takeOver(this.#past, queue.published);
    if (!this.#isUsed && this.#options.session.isLost) this.#options.session.reset();
    this.#use();
    if (this.#queues.has(queue)) return;
    const commands = new CommandQueue({
      queue,
      handlers: queue.index === QUEUE.control ? CONTROL_COMMANDS : CURSOR_COMMANDS,
      state: this.#state,
      execute: (operations, since, done) => this.#pipeline.execute(operations, since, done),
      mapsEachBlob: () => this.#placement.mapsEachBlob,
      keeper: queue.index === QUEUE.control ? this.#keeper : null,
      statistics: this.#options.statistics,
      log: this.#log,
    });
    const { malformed, outOfReach } = queue.statistics;
    this.#queues.set(queue, { commands, malformed, outOfReach });
  }

  #reset(why: string): void {
    this.countMalformed();
    for (const { commands } of this.#queues.values()) commands.stop();
    this.#queues.clear();
    this.#pipeline.reset();
    const { contexts, resources, windowUse } = this.#state;
    windowUse.created = 0;
    windowUse.mapsAsked = 0;
    if (this.#isUsed) {
      // A reset that finds nothing left is the orderly end of a driver; one that ends something is worth a line.
      const level = contexts.size + resources.size > 0 ? 'info' : 'debug';
      this.#log[level]({ why, contexts: contexts.size, resources: resources.size }, 'device reset');
    }
    contexts.clear();
    resources.clear();
    this.#placement.reset();
    this.#changes?.take();
    this.#past = null;
    this.#finishing = null;
    // A reset of what was never used changes nothing; a driver that goes and comes again is told in two ways and counts once.
    if (!this.#isUsed) return;
    this.#isUsed = false;
    this.#durable?.journal.append({ kind: 'reset', isDue: true });
    faultPoint('gpu.reset-recorded');
    this.#options.session.reset();
    faultPoint('gpu.reset-asked');
    this.#tidy();
  }

  #closed({ message }: ConnectionEnd): void {
    this.#reset(message);
    this.#useChannel(null);
  }

  // ---- what outlives this process -------------------------------------------------------------------------------------------------------

  readonly #keeper: SegmentKeeper = {
    wasFinishing: (chain) => this.#finishing === chain,
    finishing: (chain) => this.#durable?.journal.append({ kind: 'finishing', chain }),
    finished: (chain) => {
      const changes = this.#changes?.take() ?? [];
      if (changes.length > 0) this.#durable?.journal.append({ kind: 'changes', chain, changes });
      faultPoint('gpu.segment-recorded');
    },
    published: (published, isIdle) => {
      this.#options.session.published(published);
      if (isIdle && this.#isSweepDue) {
        this.#isSweepDue = false;
        this.#placement.sweep();
      }
      this.#tidy();
    },
  };

  /** Goes on where the predecessor stopped: with what the guest was told, and nothing else. */
  #takeOver(past: Past, published: number): void {
    this.#past = null;
    const tables = tablesOf(past, published);
    this.#state.contexts.restore(tables.contexts);
    this.#state.resources.restore(tables.resources);
    this.#placement.restore(tables.mapped);
    this.#isSweepDue = true;
    this.#options.session.adopt(published);
    // From here on the numbers go on, and what was not published must not seem to be.
    this.#compact();
    faultPoint('gpu.adopted');
    const { contexts, resources } = this.#state;
    this.#log.info(
      { contexts: contexts.size, resources: resources.size, repeated: past.commands.length },
      'the device goes on where a predecessor stopped',
    );
  }

  #use(): void {
    if (this.#isUsed) return;
    this.#isUsed = true;
    this.#durable?.journal.append({ kind: 'used' });
    faultPoint('gpu.used-recorded');
  }

  /** Resources that are gone whatever the queue publishes. */
  #forget(resourceIds: readonly number[]): void {
    const forget = () => {
      for (const resourceId of resourceIds) {
        this.#state.resources.delete(resourceId);
        this.#placement.forget(resourceId);
      }
    };
    if (!this.#changes || !this.#durable) {
      forget();
      return;
    }
    const changes = this.#changes.during(forget);
    if (changes.length > 0) this.#durable.journal.append({ kind: 'changes', chain: null, changes });
  }

  /** To be called while the tables are what the guest was told. */
  #tidy(): void {
    if (this.#durable?.journal.isLarge && !this.#past) this.#compact();
  }

  #compact(): void {
    const { contexts, resources } = this.#state;
    const placement = this.#placement;
    this.#durable?.journal.compact([
      ...this.#options.session.snapshot(),
      ...this.#durable.snapshot(),
      ...(this.#isUsed ? [{ kind: 'used' } as const] : []),
      ...placement.files.map(({ dev, ino }) => ({ kind: 'file', dev, ino }) as const),
      ...recordsOf({ contexts: contexts.ids, resources: resources.all, mapped: placement.mapped }),
    ]);
  }

  // ---- placement ------------------------------------------------------------------------------------------------------------------------

  #newPlacement(attachment: GpuDeviceOptions['attachment'], known: Fd | null = null): Placement {
    const { answerTimeout, fetchMemory, session, statistics } = this.#options;
    const context: PlacementContext = {
      windowSize: this.#windowSize,
      answerTimeout,
      keepWindow: (fd) => this.#durable?.keepWindow(fd),
      unmapInBroker: (maps) =>
        new Promise((resolve) => {
          const operations = maps.map(({ resourceId, chain }): Operation => {
            const asked = chain === undefined ? {} : { chain };
            return { kind: 'unmap', resourceId, takesBack: true, ...asked };
          });
          session.execute(operations, performance.now(), () => resolve());
        }),
      memoryAgain: (map) => session.memoryAgain(map),
      observeVmm: (duration, requests) => statistics.observe('vmm', duration, requests),
      otherRegions: () => this.#otherRegions,
      countSlotRefusals: (maps) => statistics.countSlotRefusals(maps),
      changes: this.#changes,
      aboutToMap: ({ dev, ino }) => {
        this.#durable?.journal.append({ kind: 'file', dev, ino });
        faultPoint('gpu.file-recorded');
      },
    };
    if (attachment.placement === 'per-blob') {
      return new PerBlobPlacement(fetchMemory, context, this.#log, this.#past?.files);
    }
    const window = known ?? this.#fetchWindow(attachment);
    return new WindowPlacement(window, context, this.#log, this.#past !== null);
  }

  /**
   * Rejects when there is none, or when it would not fill the region that the VMM was told of: asking again would not help. Stays pending
   * when the fd channel does not hand it over, because the broker restarts, perhaps: the session is attached again, and what it is told then
   * has another token.
   */
  async #fetchWindow({ window, windowSize }: GpuDeviceOptions['attachment']): Promise<Fd> {
    if (!window) throw new Error('the broker gave the VM no window memory');
    if (windowSize !== this.#windowSize) throw new Error(`a window of ${windowSize} bytes is not the VMM's`);
    try {
      return await this.#options.fetchMemory(window);
    } catch (error) {
      this.#options.session.attachAgain(window, messageOf(error));
      return await new Promise<never>(() => {});
    }
  }
}

/** Section 5.7.4. No capsets, and never an event: nobody connects a display. */
function configBytes({ scanouts, blobAlignment }: Offer): Uint8Array {
  const bytes = new Uint8Array(configSpace.bytes);
  configSpace.write(viewOf(bytes), 0, {
    eventsRead: 0,
    eventsClear: 0,
    numScanouts: scanouts,
    numCapsets: 0,
    blobAlignment,
  });
  return bytes;
}
