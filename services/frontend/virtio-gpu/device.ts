// The virtio-gpu device of one VM: a headless device whose only job is blobs of host memory in the guest's window. It has one scanout to
// which no display is ever connected, because Linux 7.3 crashes at suspend when a virtio-gpu device has none (virtgpu_freeze). It lives as long as the
// process; a VMM connects to it, and its driver may start afresh any number of times.
//
// What ends with what:
//   VM stop, cont              nothing: queues are suspended and resumed by the transport, answers wait
//   driver unbind, reboot      every context, resource and mapping; the broker hears of it in the accounts. The transport
//                              finds out (fresh-start.ts): at the latest when a driver starts, and in window placement, from the first blob
//                              on, half a second after the driver went
//   the VMM's connection       the same, and what the VMM had mapped
//   the broker's session       every blob; commands are refused until the driver starts afresh, then a new session is begun
//
// With a journal the device outlives this process: a successor reads the tables from it as soon as the control queue tells how far its
// answers are published, and pops again what was not answered.

import type { SweptVm } from '../../lib/memory/sweeper.ts';
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Fd } from '../../lib/os/fd.ts';
import { duplicate } from '../../lib/os/memory.ts';
import type { Logger } from '../../lib/runtime/log.ts';
import type { BackendChannel } from '../../lib/vhost-user/backend-channel.ts';
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
import { DEFAULT_PROTOCOL_FEATURES } from '../../lib/vhost-user/offer.ts';
import { SMALLEST_PAGE } from '../../lib/wire/alignment.ts';
import { bitSet, PROTOCOL_FEATURE } from '../../lib/wire/vhost-user.ts';
import { configSpace, FEATURE, QUEUE, SHMEM_HOST_VISIBLE, viewOf } from '../../lib/wire/virtio-gpu.ts';
import type { BrokerSession, SessionListener } from '../broker-session.ts';
import { Beginning } from '../deciding/beginning.ts';
import { Deciding } from '../deciding/deciding.ts';
import {
  type Attachment,
  type Decides,
  MEMORY_FAILED,
  type MemoryHandle,
  type Offer,
  type Operation,
  type RefusedResult,
  type Result,
  SESSION_LOST,
  VMM_FAILED,
} from '../operation.ts';
import { type Change, Changes } from '../state/changes.ts';
import {
  changesOf,
  changesOfAccounts,
  type DeviceJournal,
  type JournalRoom,
  type Past,
  type PastAccounts,
  recordsOf,
} from '../state/device-journal.ts';
import type { JournalRecord } from '../state/records.ts';
import type { Statistics } from '../statistics.ts';
import type { DeviceState, WindowUse } from './command.ts';
import { CommandQueue, type LocalDecider, type SegmentKeeper } from './command-queue.ts';
import { CONTROL_COMMANDS, CURSOR_COMMANDS } from './commands.ts';
import { Contexts } from './contexts.ts';
import type { Placement, PlacementContext, Unplaced } from './placement.ts';
import { RangePlacement } from './range-placement.ts';
import { Resources } from './resources.ts';
import { WindowFile } from './window-file.ts';
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
    'beginAnew' | 'isLost' | 'snapshot' | 'attachAgain' | 'tell' | 'askGrant' | 'askMemory' | 'refusal'
  >;
  /** `decides` is null while no session is: a successor's that was lost. */
  readonly attachment: Pick<Attachment, 'placement' | 'windowSize' | 'window' | 'offer'> & {
    readonly decides: Decides | null;
  };
  /** The VM's name. */
  readonly vm: string;
  /** Where bytes are put that have to leave the window while this process decides; borrowed, and made when it is needed. */
  readonly stash: () => number;
  /**
   * The window's memory, taken over, where it is there already; otherwise it is fetched with the attachment's handle. A successor's is its
   * predecessor's, and counts once verify() has compared it.
   */
  readonly window?: Fd | null;
  /** How long a map waits for the window's memory, milliseconds. */
  readonly answerTimeout: number;
  /** See DecidingOptions. */
  readonly swept: Set<SweptVm>;
  /** Where a successor reads what the guest was told; null: the device ends with this process. */
  readonly durable?: Durable | null;
  /** Redeems a token of the broker for a descriptor that the caller owns. */
  readonly fetchMemory: (handle: MemoryHandle) => Promise<Fd>;
  /** Hands memory over to the broker for a token of its; the descriptor stays the caller's. Rejects when it is not taken. */
  readonly giveMemory: (handle: MemoryHandle, fd: number) => Promise<void>;
  readonly statistics: Statistics;
  readonly log: Logger;
};

/** Where the device is written down. */
export type Durable = {
  readonly journal: Pick<DeviceJournal, 'append' | 'compact' | 'compactIfRoom' | 'isLarge' | 'room'>;
  /** What a predecessor left; null without one. */
  readonly past: Past | null;
  /** The window's memory is another one from now on. The descriptor stays the caller's. */
  keepWindow(fd: Fd): void;
  /** The window is the one that the session at hand has. */
  confirmWindow(): void;
  /** Records of what is kept beside the device, for a snapshot. */
  snapshot(): readonly JournalRecord[];
};

type DueDeciding = {
  readonly decides: Decides;
  /** What a predecessor had in this session; null for a session that begins. */
  readonly past: PastAccounts | null;
  /** The session is attached, and `decides` is what the broker said. */
  readonly isAttached: boolean;
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
  readonly #queues = new Map<DurableQueue, LiveQueue>();
  #placement: Placement;
  #channel: BackendChannel | null = null;
  /** See PlacementContext. */
  #otherRegions = 0;
  /** A queue was started since the last reset: there may be something to end. */
  #isUsed = false;
  /** What a predecessor left, until the control queue tells how much of it counts. */
  #past: Past | null;
  /** Files that the predecessor had mapped, or may have; the VMM's table may speak of them. */
  #isSweepDue = false;
  /** Answers of a predecessor that are not published yet, by the number of their chain. */
  #recorded: Map<number, Uint8Array | null>;
  /** Null while a session or its window is awaited. */
  #deciding: Deciding | null = null;
  /** What it begins with when the window is here; null when it is there, or nothing is to begin. */
  #due: DueDeciding | null = null;
  readonly #beginning: Beginning;
  /** As countMalformed() saw them last. */
  #strayBytes = 0;
  /** Moves on at every reset: what was asked before is not answered. */
  #epoch = 0;
  /** There is no room to write down what new commands leave. */
  #isOutOfRoom = false;
  /** The chain that a predecessor died of, and had come so far as to finish; null once the driver started afresh. */
  #finishing: number | null;

  constructor(options: GpuDeviceOptions) {
    const { attachment, log, durable = null } = options;
    this.#options = options;
    this.#durable = durable;
    this.#past = durable?.past ?? null;
    this.#isUsed = this.#past?.isUsed ?? false;
    this.#finishing = this.#past?.finishing ?? null;
    this.#recorded = new Map(this.#past?.answers);
    this.#beginning = new Beginning(options.answerTimeout);
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
    this.#placement = this.#newPlacement(attachment, options.window ?? null);
    if (attachment.decides) {
      const past = this.#past?.accounts ?? null;
      this.#beginDeciding({ decides: attachment.decides, past, isAttached: past === null });
    }
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
    this.#endDeciding();
    this.#place(attachment);
    this.#beginDeciding({ decides: attachment.decides, past: null, isAttached: true });
  }

  #place(attachment: Attachment): void {
    const placement = this.#placement;
    const isSameSize = attachment.windowSize === this.#windowSize;
    if (!isSameSize) {
      this.#log.error(
        { found: attachment.windowSize, expected: this.#windowSize },
        "the broker's configuration gives this VM another window now; no blob can be mapped until the VM is restarted",
      );
    }
    if (placement instanceof this.#kindOf(attachment)) {
      placement.window.setWindow(this.#fetchWindow(attachment));
      return;
    }
    placement.close();
    this.#placement = this.#newPlacement(attachment);
    this.#placement.useChannel(this.#channel);
  }

  /**
   * The session goes on. Its window has to be the one that the VMM was given, of which a successor is not sure; and one that could not be
   * fetched is asked for again.
   */
  verify(attachment: Attachment): void {
    const { decides } = attachment;
    this.#deciding?.attached(decides);
    const window = this.#window;
    if (attachment.windowWanted) void this.#handOver(window, attachment.windowWanted);
    else if (!window.isCompared) window.setWindow(this.#fetchWindow(attachment));
    if (this.#due) this.#beginDeciding({ ...this.#due, decides, isAttached: true });
  }

  /** The broker has lost the window. It takes none but that of the session: so what it takes needs no comparing any more. Never rejects. */
  async #handOver(window: WindowFile, wanted: MemoryHandle): Promise<void> {
    const descriptor = window.memory?.fd.number;
    if (descriptor === undefined) return;
    try {
      await this.#options.giveMemory(wanted, descriptor);
      this.#log.info('the broker had lost the window, and has it again from here');
      if (!window.isCompared) window.setWindow(Promise.resolve(duplicate(descriptor)));
    } catch (error) {
      this.#options.session.attachAgain(wanted, messageOf(error));
    }
  }

  /** The broker is there, and does not take the VM. */
  refused(refusal: RefusedResult): void {
    if (this.#deciding === null) this.#beginning.tell(refusal);
    else this.#deciding.refused(refusal);
  }

  /** The broker tells whoever decides for the VM. */
  news(news: Parameters<SessionListener['onNews']>[0]): void {
    if (news.kind === 'entered') this.#deciding?.entered(news.entered);
    else if (news.kind === 'grant') this.#deciding?.granted(news.grant);
    else if (news.kind === 'memory') this.#deciding?.given(news.memory);
    else this.#deciding?.recalled();
  }

  /** Of what the broker is told only by figures. */
  get accountFigures(): {
    readonly strayBytes: number;
    readonly untold: number;
    readonly journalFull: boolean;
  } {
    const { strayBytes, untold } = this.#deciding ?? { strayBytes: 0, untold: 0 };
    return { strayBytes, untold, journalFull: this.#isOutOfRoom };
  }

  /** For what the journal has room; whoever is concerned hears when that changes. */
  lookForRoom(): JournalRoom {
    const room = this.#durable?.journal.room ?? 'enough';
    const isOutOfRoom = room !== 'enough';
    if (isOutOfRoom === this.#isOutOfRoom) return room;
    this.#isOutOfRoom = isOutOfRoom;
    this.#options.statistics.touch();
    if (isOutOfRoom) {
      this.#log.error(
        "the host has no memory for the device's journal: the guest keeps what it has, and new commands are refused with OUT_OF_MEMORY until there is some; free memory on the host",
      );
    } else this.#log.info("the device's journal has room again: new commands are done");
    return room;
  }

  /** The session is lost. With no driver at work nobody minds: a new one is begun at once. */
  sessionLost(): void {
    this.#endDeciding();
    this.#beginning.tell(SESSION_LOST);
    if (!this.#isUsed) this.#options.session.beginAnew();
  }

  /** Since the driver started. */
  get windowUse(): WindowUse {
    return this.#state.windowUse;
  }

  /** Brings the count of malformed chains up to date, and has stray bytes reported that are other than they were. */
  countMalformed(): void {
    const { strayBytes } = this.accountFigures;
    if (strayBytes !== this.#strayBytes) this.#options.statistics.touch();
    this.#strayBytes = strayBytes;
    for (const [queue, live] of this.#queues) {
      const { malformed, outOfReach } = queue.statistics;
      this.#options.statistics.countMalformed(malformed - live.malformed, outOfReach - live.outOfReach);
      Object.assign(live, { malformed, outOfReach });
    }
  }

  /** Closes every descriptor. The device is not used any more; nobody hears of that. */
  close(): void {
    for (const { commands } of this.#queues.values()) commands.stop();
    this.#endDeciding();
    this.#beginning.tell(SESSION_LOST);
    this.#placement.close();
  }

  /** Where blobs lie that are not memory of their own. */
  get #window(): WindowFile {
    return this.#placement.window;
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
    if (!this.#isUsed && this.#options.session.isLost) this.#options.session.beginAnew();
    this.#use();
    if (this.#queues.has(queue)) return;
    const commands = new CommandQueue({
      queue,
      handlers: queue.index === QUEUE.control ? CONTROL_COMMANDS : CURSOR_COMMANDS,
      state: this.#state,
      decider: this.#localDecider,
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
    this.#epoch += 1;
    this.#beginning.tell(SESSION_LOST);
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
    this.#recorded.clear();
    this.#finishing = null;
    // A reset of what was never used changes nothing; a driver that goes and comes again is told in two ways and counts once.
    if (!this.#isUsed) return;
    this.#isUsed = false;
    this.#endBlobs();
    faultPoint('gpu.reset-recorded');
    if (this.#options.session.isLost) this.#options.session.beginAnew();
    faultPoint('gpu.reset-asked');
    this.#tidy();
  }

  /** Of the guest nothing is left: so it is recorded. */
  #endBlobs(): void {
    const changes = this.#deciding?.reset() ?? this.#endPastBlobs();
    this.#durable?.journal.append(
      { kind: 'reset' },
      ...(changes.length > 0 ? [{ kind: 'answered', answers: [], changes } as const] : []),
    );
    this.#deciding?.recorded();
  }

  /** Those of a predecessor whose accounts wait for the window. */
  #endPastBlobs(): readonly Change[] {
    const due = this.#due;
    if (!due?.past) return [];
    const generation = due.past.generation + 1;
    this.#due = { ...due, past: { ...due.past, blobs: new Map(), generation } };
    return [{ kind: 'blobs-gone' }, { kind: 'generation', generation }];
  }

  #closed({ message }: ConnectionEnd): void {
    this.#reset(message);
    this.#useChannel(null);
  }

  // ---- what outlives this process -------------------------------------------------------------------------------------------------------

  readonly #keeper: SegmentKeeper = {
    room: () => this.lookForRoom(),
    wasFinishing: (chain) => this.#finishing === chain,
    finishing: (chain) => this.#durable?.journal.append({ kind: 'finishing', chain }),
    recorded: (chain) => (this.#recorded.size === 0 ? undefined : this.#recorded.get(chain)),
    finished: (answers) => {
      const changes = [...(this.#changes?.take() ?? []), ...(this.#deciding?.takeChanges() ?? [])];
      if (changes.length > 0) this.#durable?.journal.append({ kind: 'answered', answers, changes });
      this.#deciding?.recorded();
      faultPoint('gpu.segment-recorded');
    },
    published: (published, isIdle) => {
      if (this.#recorded.size > 0) this.#forgetPublished(published);
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
    const { tables } = past;
    this.#forgetPublished(published);
    this.#state.contexts.restore(tables.contexts);
    this.#state.resources.restore(tables.resources);
    this.#placement.restore(past);
    this.#isSweepDue = true;
    // What was not published must not seem to be.
    this.#durable?.journal.compact(this.#snapshot());
    faultPoint('gpu.adopted');
    const { contexts, resources } = this.#state;
    this.#log.info(
      { contexts: contexts.size, resources: resources.size },
      'the device goes on where a predecessor stopped',
    );
  }

  #use(): void {
    if (this.#isUsed) return;
    this.#isUsed = true;
    this.#durable?.journal.append({ kind: 'used' });
    faultPoint('gpu.used-recorded');
  }

  /** To be called while the tables are what the guest was told. */
  #tidy(): void {
    if (this.#durable?.journal.isLarge && !this.#past) this.#durable.journal.compactIfRoom(this.#snapshot());
  }

  /** All that a successor has to know, in the place of what is recorded so far. */
  #snapshot(): readonly JournalRecord[] {
    const { contexts, resources } = this.#state;
    const placement = this.#placement;
    const kept = this.#durable?.snapshot() ?? [];
    // A window that is not compared yet is that of an earlier session.
    const isOfSession = this.#window.isCompared;
    const session = this.#options.session.snapshot();
    return [
      ...(isOfSession ? [...session, ...kept] : [...kept, ...session]),
      ...(this.#isUsed ? [{ kind: 'used' } as const] : []),
      ...placement.files.map(({ dev, ino }) => ({ kind: 'file', dev, ino }) as const),
      ...this.#accountRecords(),
      ...recordsOf(changesOf({ contexts: contexts.ids, resources: resources.all })),
      ...(this.#recorded.size > 0 ? [this.#recordedAnswers] : []),
    ];
  }

  #accountRecords(): readonly JournalRecord[] {
    if (this.#deciding) return [this.#deciding.grantRecord, ...recordsOf(this.#deciding.snapshot())];
    return this.#due?.past ? [...recordsOf(changesOfAccounts(this.#due.past))] : [];
  }

  get #recordedAnswers(): JournalRecord {
    const answers = [...this.#recorded].map(([chain, reply]) => ({ chain, reply }));
    return { kind: 'answered', answers, changes: [] };
  }

  #forgetPublished(published: number): void {
    for (const chain of this.#recorded.keys()) if (chain < published) this.#recorded.delete(chain);
  }

  // ---- deciding here --------------------------------------------------------------------------------------------------------------------

  readonly #localDecider: LocalDecider = {
    decide: (operation) => {
      const placement = this.#placement;
      const delay = placement.before(operation);
      // Nobody knows its blobs any more, but a guest that gives them up does not see them any more, either: QEMU does not survive the reset otherwise.
      if (this.#options.session.isLost) return delay === 'mapped' ? delay : SESSION_LOST;
      if (this.#deciding === null) return 'slow';
      if (delay !== null) return delay;
      const result = this.#deciding.decide(operation);
      if (result !== null) placement.decided(operation, result);
      return result ?? 'slow';
    },
    decideSlowly: (operation, since, done) => {
      const epoch = this.#epoch;
      this.#decideSlowly(operation, since).then(
        (result) => {
          if (epoch === this.#epoch) done(result);
        },
        (error: unknown) => {
          this.#log.error({ problem: messageOf(error) }, 'deciding a command failed');
          if (epoch === this.#epoch) done(VMM_FAILED);
        },
      );
    },
    takeOut: (resourceIds) => this.#placement.takeOut(resourceIds),
    putIn: () => {
      const epoch = this.#epoch;
      const placed = this.#placement.putIn();
      return placed === null ? null : placed.then((unplaced) => this.#undoUnplaced(unplaced, epoch));
    },
  };

  async #decideSlowly(operation: Operation, since: number): Promise<Result> {
    const { session } = this.#options;
    const absent = (this.#deciding === null ? session.refusal : null) ?? (await this.#beginning.wait(since));
    if (absent !== null) return absent;
    const placement = this.#placement;
    const problem = await placement.ready(operation);
    if (problem !== null) return problem;
    if (this.#deciding === null) return SESSION_LOST;
    const result = await this.#deciding.decideSlowly(operation, since);
    placement.decided(operation, result);
    if (operation.kind !== 'map') return result;
    return (await this.#localDecider.putIn())?.get(operation.resourceId) ?? result;
  }

  /** What did not come about in the VMM is undone in the accounts; what may be there keeps its place. */
  #undoUnplaced(unplaced: readonly Unplaced[], epoch: number): ReadonlyMap<number, Result> {
    if (epoch === this.#epoch) {
      for (const { resourceId, isOut } of unplaced) if (isOut) this.#deciding?.undoMap(resourceId);
    }
    return new Map(unplaced.map(({ resourceId, result }) => [resourceId, result]));
  }

  /** As soon as the window is here. */
  #beginDeciding(due: DueDeciding): void {
    const window = this.#window;
    this.#due = due;
    if (window.isCompared) {
      this.#begin(window, due);
      return;
    }
    this.#beginning.again();
    const begin = (): void => {
      if (this.#due !== null && window.isCompared) this.#begin(window, this.#due);
    };
    window.arrival.memory.then(begin).catch((error: unknown) => {
      if (this.#due === null) return;
      this.#log.error({ problem: messageOf(error) }, 'the window cannot be had, so no blob can be');
      this.#beginning.failed(MEMORY_FAILED);
    });
  }

  #begin(window: WindowFile, { decides, past, isAttached }: DueDeciding): void {
    const { memory } = window;
    if (memory === null) throw new Error('the window is not here');
    const { vm, stash, session, answerTimeout, swept, statistics, log } = this.#options;
    this.#deciding = new Deciding({
      name: vm,
      windowSize: this.#windowSize,
      rules: decides.rules,
      grant: decides.grant,
      accountsVersion: past === null ? decides.accountsVersion : -1,
      window: memory.fd.number,
      stash: stash(),
      past,
      mapsEachBlob: this.#placement.mapsEachBlob,
      fetchMemory: this.#options.fetchMemory,
      link: session,
      journal: this.#durable?.journal ?? null,
      answerTimeout,
      swept,
      observeGrantWait: (duration) => statistics.observe('grant', duration),
      log,
    });
    this.#due = null;
    if (isAttached) {
      this.#durable?.confirmWindow();
      if (past !== null) this.#deciding.attached(decides);
    }
    this.#beginning.here();
  }

  #endDeciding(): void {
    this.#due = null;
    this.#deciding?.close();
    this.#deciding = null;
    this.#beginning.again();
  }

  // ---- placement ------------------------------------------------------------------------------------------------------------------------

  #newPlacement(attachment: GpuDeviceOptions['attachment'], known: Fd | null = null): Placement {
    const { answerTimeout, statistics } = this.#options;
    const context: PlacementContext = {
      windowSize: this.#windowSize,
      answerTimeout,
      keepWindow: (fd) => this.#durable?.keepWindow(fd),
      memoryOf: (resourceId) => this.#deciding?.memoryOf(resourceId) ?? null,
      memoryReady: async (resourceId) => (await this.#deciding?.memoryReady(resourceId)) ?? null,
      observeVmm: (duration, requests) => statistics.observe('vmm', duration, requests),
      otherRegions: () => this.#otherRegions,
      countSlotRefusals: (maps) => statistics.countSlotRefusals(maps),
      aboutToMap: ({ dev, ino }) => {
        this.#durable?.journal.append({ kind: 'file', dev, ino });
        faultPoint('gpu.file-recorded');
      },
    };
    const isSuccessor = this.#past !== null;
    // Who decides has the session's window, once it has come: the broker cannot have given the VM another without its knowing.
    const isSure = attachment.decides !== null && this.#past?.isWindowOfSession === true;
    const window = new WindowFile(
      known ?? this.#fetchWindow(attachment),
      context,
      this.#log,
      !isSuccessor || isSure,
    );
    return this.#kindOf(attachment) === RangePlacement
      ? new RangePlacement(window, context, this.#log, this.#past?.files)
      : new WindowPlacement(window, context, this.#log, isSuccessor);
  }

  #kindOf({ placement }: Pick<Attachment, 'placement'>) {
    return placement === 'window' ? WindowPlacement : RangePlacement;
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
