// Stand-ins for what surrounds the device: a queue in this process' memory, accounts that decide as the test says, a VMM's channel.
import { pino } from 'pino';
import { vi } from 'vitest';
import { Deciding } from '../../../services/frontend/deciding/deciding.ts';
import { createStashFile } from '../../../services/frontend/deciding/own-memory.ts';
import type {
  Attachment,
  Decides,
  MappedResult,
  MemoryHandle,
  Offer,
  Operation,
  RefusedResult,
  Result,
} from '../../../services/frontend/operation.ts';
import { type DeviceJournal, type Past, replay } from '../../../services/frontend/state/device-journal.ts';
import type { JournalRecord } from '../../../services/frontend/state/records.ts';
import { Statistics } from '../../../services/frontend/statistics.ts';
import { type Durable, GpuDevice } from '../../../services/frontend/virtio-gpu/device.ts';
import { LoopShare } from '../../../services/frontend/virtio-gpu/loop-share.ts';
import { closeAll, type Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, duplicate } from '../../../services/lib/os/memory.ts';
import type {
  BackendChannel,
  ChannelResult,
  MappedRange,
  WindowMapping,
  WindowRange,
} from '../../../services/lib/vhost-user/backend-channel.ts';
import type { DeviceSession, DurableQueue, OwnRegion } from '../../../services/lib/vhost-user/device.ts';
import { ChannelError } from '../../../services/lib/vhost-user/errors.ts';
import {
  type FileIdentity,
  fileIdentity,
  type GuestMemory,
} from '../../../services/lib/vhost-user/guest-memory.ts';
import {
  type Chain,
  type Completion,
  MOST_BATCH_CHAINS,
} from '../../../services/lib/vhost-user/virtqueue.ts';
import { ANSWERS, answerName, type Header, header, viewOf } from '../../../services/lib/wire/virtio-gpu.ts';
import { turns } from '../../support/until.ts';

export const WINDOW_SIZE = 1 << 20;
export const PAGE = 4096;
export const OFFER: Offer = { scanouts: 1, blobAlignment: PAGE };
export const DONE: Result = { kind: 'done', wasMapped: false, generation: 0 };

export function mapped(mapInfo = 1): MappedResult {
  return { kind: 'mapped', mapInfo, size: PAGE, memory: null };
}

export function handle(index: number, size = PAGE): MemoryHandle {
  return { token: new Uint8Array(32).fill(index), fdOffset: 0, size };
}

export type ReceivedAnswer = {
  readonly name: string | null;
  readonly header: Header;
  readonly bytes: Buffer;
};

/** A queue whose chains the test puts in. */
export class FakeQueue implements DurableQueue {
  readonly index: number;
  readonly size = 256;
  readonly statistics = {
    chains: 0,
    malformed: 0,
    outOfReach: 0,
    outOfReachAt: 0,
    truncated: 0,
    interrupts: 0,
  };
  /** What pushAll() was called with, call by call. */
  readonly pushes: (readonly Completion[])[] = [];
  #waiting: Chain[] = [];
  #popped = 0;
  readonly #first: number;
  #nextHead: number;

  /** `first`: the number of its first chain. */
  constructor(index = 0, first = 0) {
    this.index = index;
    this.#first = first;
    this.#nextHead = first;
  }

  /** How many answers there are. */
  answered = 0;

  get inFlight(): number {
    return this.#popped - this.answered;
  }

  add(command: Uint8Array, room = 1100, readableBytes = command.length): void {
    const writable = room === 0 ? [] : [{ address: 0, length: room }];
    this.#waiting.push({
      head: this.#nextHead++,
      readable: Buffer.from(command),
      readableBytes,
      writable,
      writableBytes: room,
    });
  }

  popAll(): readonly Chain[] {
    const chains = this.#waiting.splice(0, MOST_BATCH_CHAINS);
    this.#popped += chains.length;
    return chains;
  }

  get isCut(): boolean {
    return this.#waiting.length > 0;
  }

  pushAll(completions: readonly Completion[]): void {
    this.pushes.push(completions);
    this.answered += completions.length;
  }

  get published(): number {
    return this.#first + this.answered;
  }

  numberOf(chain: Chain): number {
    return chain.head;
  }

  handling(): number {
    return 1;
  }

  handled(): void {}

  /** Every answer so far, in the order in which it was given. */
  get answers(): readonly ReceivedAnswer[] {
    return this.pushes.flat().map(({ chain, reply }) => {
      const bytes = Buffer.from(reply ?? []).subarray(0, chain.writableBytes);
      const whole = Buffer.concat([bytes, Buffer.alloc(24)]);
      const head = header.decode(viewOf(whole));
      return { name: answerName(head.type), header: head, bytes };
    });
  }

  get names(): readonly (string | null)[] {
    return this.answers.map(({ name }) => name);
  }

  /** Heads in the order of their answers. */
  get heads(): readonly number[] {
    return this.pushes.flat().map(({ chain }) => chain.head);
  }
}

export type Asked = {
  readonly operation: Operation;
  /** performance.now() from which the guest waits; -1 for what is decided at once. */
  readonly since: number;
  answer(result: Result): void;
};

/** What decides in the place of the VM's accounts: by `reply` at once, or when the test says so, where `reply` is null. */
export class Script {
  readonly asked: Asked[] = [];
  reply: ((operation: Operation) => Result) | null = (operation) =>
    operation.kind === 'map' ? mapped() : DONE;

  /** One script at a time: it decides for every device of this process. */
  install(): void {
    vi.spyOn(Deciding.prototype, 'decide').mockImplementation((operation) => this.#decide(operation));
    vi.spyOn(Deciding.prototype, 'decideSlowly').mockImplementation((operation, since) =>
      this.#decideSlowly(operation, since),
    );
  }

  /** Kinds and resources of everything that was asked: "create 1, map 1". */
  get log(): string {
    return this.asked
      .map(({ operation }) => `${operation.kind} ${'resourceId' in operation ? operation.resourceId : ''}`)
      .join(', ');
  }

  #decide(operation: Operation): Result | null {
    const { reply } = this;
    if (reply === null) return null;
    this.asked.push({ operation, since: -1, answer: () => {} });
    return reply(operation);
  }

  #decideSlowly(operation: Operation, since: number): Promise<Result> {
    const { reply } = this;
    return new Promise((resolve) => {
      this.asked.push({ operation, since, answer: resolve });
      if (reply !== null) resolve(reply(operation));
    });
  }
}

/** A broker session that is attached, and hears nothing. */
export class FakeSession {
  /** How often a new session was begun. */
  begun = 0;
  isLost = false;
  refusal: RefusedResult | null = null;

  beginAnew(): void {
    this.begun += 1;
  }

  /** Handles of windows that could not be fetched. */
  readonly attachedAgain: MemoryHandle[] = [];

  attachAgain(window: MemoryHandle): void {
    this.attachedAgain.push(window);
  }

  snapshot(): readonly [] {
    return [];
  }

  tell(): boolean {
    return false;
  }

  askGrant(): boolean {
    return false;
  }

  askMemory(): boolean {
    return false;
  }
}

type ChannelCall = {
  readonly kind: 'map' | 'unmap';
  readonly ranges: readonly WindowRange[];
  resolve(results: readonly ChannelResult[]): void;
};

/** A VMM's channel: acknowledges at once, or when the test says so. */
export class FakeChannel {
  readonly calls: ChannelCall[] = [];
  /** Null: wait for the test. */
  reply: ((kind: 'map' | 'unmap', range: WindowRange) => ChannelResult) | null = () => null;
  /** What the VMM has open for its mappings, as long as its table shows them. */
  readonly held: Fd[] = [];
  /** Told when that changes; null: the VMM's table never shows anything, and it keeps nothing open. */
  onTable: (() => void) | null = null;
  /** What a predecessor has mapped, as far as it is not asked for again. */
  left: readonly MappedRange[] = [];

  inherited(): Promise<readonly MappedRange[]> {
    return Promise.resolve(this.left);
  }

  shmemMapAll(mappings: readonly WindowMapping[]): Promise<readonly ChannelResult[]> {
    const fds = mappings.map(({ fd }) => duplicate(fd.number));
    return this.#call('map', mappings, fds);
  }

  shmemUnmapAll(ranges: readonly WindowRange[]): Promise<readonly ChannelResult[]> {
    return this.#call('unmap', ranges, []);
  }

  /** The device was reset: every mapping goes without a word. */
  drop(): void {
    closeAll(this.held.splice(0));
  }

  get log(): readonly string[] {
    return this.calls.map(
      ({ kind, ranges }) =>
        `${kind} ${ranges.map((range) => `${range.shmOffset}+${range.length}`).join(' ')}`,
    );
  }

  asChannel(): BackendChannel {
    return this as unknown as BackendChannel;
  }

  #call(
    kind: 'map' | 'unmap',
    ranges: readonly WindowRange[],
    fds: readonly Fd[],
  ): Promise<readonly ChannelResult[]> {
    const { reply } = this;
    return new Promise((resolve) => {
      const answer = (results: readonly ChannelResult[]): void => {
        if (kind === 'unmap') this.drop();
        for (const [index, fd] of fds.entries()) {
          if (results[index] === null && this.onTable) this.held.push(fd);
          else fd.close();
        }
        this.onTable?.();
        resolve(results);
      };
      this.calls.push({ kind, ranges, resolve: answer });
      if (reply) answer(ranges.map((range) => reply(kind, range)));
    });
  }
}

export const refused = (): ChannelResult => new ChannelError('REFUSED', 'the VMM answered 1');
export const timedOut = (): ChannelResult => new ChannelError('TIMEOUT', 'the VMM did not answer');
export const broken = (): ChannelResult => new ChannelError('BROKEN', 'the VMM broke the protocol');
export const channelClosed = (): ChannelResult => new ChannelError('CLOSED', 'the channel was closed');

export type BenchOptions = {
  readonly offer?: Offer;
  /** The device goes on where a predecessor stopped: its VMM has the window, and nobody has compared that yet. */
  readonly isSuccessor?: boolean;
  /** Milliseconds. */
  readonly answerTimeout?: number;
  /** By and within what the device decides; null for a successor whose session is gone. */
  readonly decides?: Decides | null;
  /** Commands are decided by the test. */
  readonly isScripted?: boolean;
  /** The one that it goes on after, which does nothing any more. */
  readonly predecessor?: Bench | null;
  /** The number of the control queue's first chain. */
  readonly firstChain?: number;
  /** Where the device is written down; the caller closes it. */
  readonly journal?: DeviceJournal;
};

/** A VM of one heap, and a grant of so many bytes. */
export function deciding(bytes = 2 ** 30, mappings = 1024): Decides {
  const most = Number.MAX_SAFE_INTEGER;
  return {
    rules: {
      quota: { bytes: most, mappings: most, allocations: most },
      defaultHeap: 'ram',
      blobHeaps: new Map(),
      heaps: [{ name: 'ram', backing: 'memfd', cache: 'cached', granule: PAGE }],
      populate: false,
    },
    grant: { heaps: new Map([['ram', bytes]]), mappings, allocations: 1024 },
    accountsVersion: 0,
  };
}

/** How a session is written down, see Bench.begin. What FakeSession would say in a snapshot. */
const SESSION_RECORDS = 4;

/** A device with its surroundings, connected to a VMM, its control queue started. */
export class Bench {
  readonly session = new FakeSession();
  readonly script = new Script();
  readonly channel = new FakeChannel();
  readonly statistics = new Statistics();
  readonly window: Fd;
  readonly fetched: MemoryHandle[] = [];
  /** What the log says at level info and above. */
  readonly lines: { readonly level: number; readonly msg: string; readonly blobs?: number }[] = [];
  readonly device: GpuDevice;
  readonly vmm: DeviceSession;
  readonly #memory: Fd[] = [];
  readonly #stash: Fd;
  queue: FakeQueue;
  cursor: FakeQueue;
  /** What fetchMemory does; the default gives a descriptor of fresh memory, the same for the same token. */
  fetch: (handle: MemoryHandle) => Promise<Fd>;

  /** What giveMemory does. */
  give: (handle: MemoryHandle, fd: number) => Promise<void> = () => Promise.reject(new Error('not taken'));

  /** Windows that a successor would find. */
  readonly kept: FileIdentity[] = [];
  /** What the device has written down. */
  readonly records: JournalRecord[] = [];

  constructor(
    placement: 'window' | 'per-blob' = 'window',
    {
      offer = OFFER,
      decides = deciding(),
      isScripted = false,
      predecessor = null,
      isSuccessor = predecessor !== null,
      answerTimeout = 5000,
      firstChain = 0,
      journal,
    }: BenchOptions = {},
  ) {
    // A process that is dead gives no freed pages back any more.
    predecessor?.device.close();
    this.window = predecessor
      ? duplicate(predecessor.window.number)
      : createMemfd('test-window', WINDOW_SIZE);
    const stash = predecessor ? duplicate(predecessor.#stash.number) : createStashFile();
    this.#stash = stash;
    this.#memory.push(this.window, stash);
    if (predecessor) this.records.push(...predecessor.records);
    else if (decides) this.#begin(placement, decides, isSuccessor);
    if (isScripted) this.script.install();
    this.fetch = (memory) => {
      if (memory.size === WINDOW_SIZE) return Promise.resolve(duplicate(this.window.number));
      const fd = createMemfd('test-blob', memory.size);
      return Promise.resolve(fd);
    };
    // What is one batch depends on what the guest sends, and not on how fast this machine is; loop-share.test.ts has what time does.
    vi.spyOn(LoopShare.prototype, 'isOver', 'get').mockReturnValue(false);
    this.device = new GpuDevice({
      session: this.session,
      attachment: { ...attachment(placement), offer, decides },
      window: duplicate(this.window.number),
      durable: this.#durable(isSuccessor ? replay(this.records) : null, journal),
      answerTimeout,
      swept: new Set(),
      vm: 'test',
      stash: () => stash.number,
      fetchMemory: (memory) => {
        this.fetched.push(memory);
        return this.fetch(memory);
      },
      giveMemory: (wanted, fd) => this.give(wanted, fd),
      statistics: this.statistics,
      log: pino({ level: 'info' }, { write: (line) => void this.lines.push(JSON.parse(line)) }),
    });
    this.vmm = this.device.connect({ adopted: isSuccessor });
    this.vmm.channelOpened(this.channel.asChannel());
    if (placement === 'window') this.channel.onTable = () => this.showMemory(...this.channel.held);
    if (isSuccessor) this.showMemory(this.window);
    this.queue = new FakeQueue(0, firstChain);
    this.cursor = new FakeQueue(1);
    this.start();
  }

  /** What the log says at level error. */
  get errors(): readonly string[] {
    return this.lines.filter(({ level }) => level >= pino.levels.values['error']!).map(({ msg }) => msg);
  }

  /** `isUsed`: by a predecessor, whose window nobody has compared with that of the session. */
  #begin(placement: 'window' | 'per-blob', { rules, grant }: Decides, isUsed: boolean): void {
    const { session, windowSize } = attachment(placement);
    this.records.push(
      { kind: 'session', session, placement, windowSize },
      { kind: 'rules', rules },
      { kind: 'grant', grant },
      isUsed ? { kind: 'used' } : { kind: 'window', number: 1, dev: 0n, ino: 0n },
    );
  }

  #durable(past: Past | null, journal?: DeviceJournal): Durable {
    const { records } = this;
    return {
      journal: journal ?? {
        append: (...more) => void records.push(...more),
        compact: (all) =>
          void records.splice(0, records.length, ...records.slice(0, SESSION_RECORDS), ...all),
        compactIfRoom: () => {},
        isLarge: false,
        room: 'enough',
      },
      past,
      confirmWindow: () => {},
      keepWindow: (fd) => void this.kept.push(fileIdentity(fd.number)),
      snapshot: () => [],
    };
  }

  /** How often every blob has ended, as it is written down. */
  get generations(): number {
    return this.records.filter(({ kind }) => kind === 'reset').length;
  }

  start(): void {
    this.vmm.queueStarted(this.queue);
    this.vmm.queueStarted(this.cursor);
  }

  /** The driver starts afresh, with new queues. */
  rebind(): void {
    this.vmm.reset();
    this.queue = new FakeQueue(0);
    this.cursor = new FakeQueue(1);
    this.start();
  }

  /** Puts commands into the control queue, and kicks once. */
  kick(...commands: readonly Uint8Array[]): void {
    for (const command of commands) this.queue.add(command);
    this.vmm.queueKicked(this.queue);
  }

  /** The same, and waits until nothing more is answered: each turn has its share of the commands. Returns the names of the new answers. */
  async run(...commands: readonly Uint8Array[]): Promise<readonly (string | null)[]> {
    const before = this.queue.answers.length;
    this.kick(...commands);
    let pushes: number;
    do {
      pushes = this.queue.pushes.length;
      await turns();
    } while (this.queue.pushes.length > pushes);
    return this.queue.names.slice(before);
  }

  /** What the memory table says: these files of the device, and `others` regions besides. */
  showMemory(...fds: readonly Fd[]): boolean {
    return this.showTable(fds, 1);
  }

  /** Whether something is missing. */
  showTable(fds: readonly Fd[], others: number): boolean {
    const regions = fds.map((fd): OwnRegion => {
      const file = fileIdentity(fd.number);
      return { guestAddress: 2 ** 40, size: file.size, fileOffset: 0, file };
    });
    return this.vmm.memoryChanged({ regionCount: regions.length + others } as GuestMemory, regions);
  }

  /** How often a command was given an answer, by the statistics. */
  counted(command: string, answer: string): number {
    const { commands } = this.statistics.report();
    return Number(
      commands?.find((entry) => entry.command === command && entry.answer === answer)?.count ?? 0,
    );
  }

  close(): void {
    // In this order: a reset would still erase the window when its descriptor is gone.
    this.device.close();
    this.vmm.closed({ kind: 'disconnected', message: 'the test is over' });
    this.channel.drop();
    for (const fd of this.#memory) fd.close();
  }
}

export function attachment(placement: 'window' | 'per-blob', windowSize = WINDOW_SIZE): Attachment {
  return {
    session: new Uint8Array(16),
    resumed: false,
    generation: 1,
    placement,
    windowSize,
    window: handle(0, windowSize),
    windowWanted: null,
    brokerVersion: 'test',
    offer: OFFER,
    decides: deciding(),
  };
}

/** The value of OK_MAP_INFO. */
export function mapInfoOf(answer: ReceivedAnswer | undefined): number {
  return ANSWERS.OK_MAP_INFO.body.decode(viewOf(answer?.bytes ?? Buffer.alloc(32))).mapInfo;
}
