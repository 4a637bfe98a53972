// Window placement: the broker's memfd for the whole window is mapped into the VMM once, with the first blob; from then on a blob is a range
// of it, and map and unmap are bookkeeping of who decides. Nothing here is on the hot path after that.
//
// Whether the mapping came about: the VMM's acknowledgement says little (it has room for 8 regions without memory slots, and looks after it
// has acknowledged), its memory table tells. What is not shown there is taken out again, and the guest hears of it.
//
// Whether it is still there: the VMM drops it without a message when the driver is reset, and keeps it over stop and cont. While queues run,
// the table tells; while none runs, it is not sent, and the mark tells: the VMM is given an opening of the window's file of its own, which
// carries a lock that ends with the last descriptor and mapping of it (os/lock.ts). The kernel knows, and the VMM need not be asked: QEMU
// 11.1.3 does not survive a request while its device is stopped. A successor of this process believes the table, or asks the channel, which
// knows what the VMM has done already.
//
// Which memory it is: the broker's session says. A successor has its predecessor's descriptor, and the VMM that mapping, but the broker may
// have given the VM another window since (it was reclaimed, or the broker began from nothing). So no map is answered before the broker's
// window was fetched and compared with the one that is here; after a difference the old one is taken out of the VMM first.
import { afterReading, readingFor } from '../../lib/os/after-reading.ts';
import { faultPoint } from '../../lib/os/fault-point.ts';
import { Fd } from '../../lib/os/fd.ts';
import { isMarkedElsewhere, openMarked } from '../../lib/os/lock.ts';
import { FIXED_SIZE_SEALS, getSeals } from '../../lib/os/memory.ts';
import type { BackendChannel, ChannelResult, WindowRange } from '../../lib/vhost-user/backend-channel.ts';
import type { Log, OwnRegion } from '../../lib/vhost-user/device.ts';
import { messageOf } from '../../lib/vhost-user/errors.ts';
import { type FileIdentity, fileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import { MOST_TABLE_REGIONS } from '../../lib/wire/vhost-user.ts';
import { SHMEM_HOST_VISIBLE } from '../../lib/wire/virtio-gpu.ts';
import {
  type FailedResult,
  type MapOperation,
  type Operation,
  type RefusedResult,
  type Result,
  VMM_FAILED,
} from '../operation.ts';
import type { BlobMapping } from '../state/changes.ts';
import type { Placement, PlacementContext } from './placement.ts';

/**
 * How long after the acknowledgement the table may take to show the window, milliseconds. QEMU sends it before it answers the barrier, so
 * it is there already; this is for a VMM that tells of its memory from another thread. Until it is over, a VM that is stopped may be lost.
 */
const SHOW_LIMIT = 250;
const NO_SLOT =
  `the VMM's memory table has no room for the window: it has ${MOST_TABLE_REGIONS} regions for RAM, DIMMs, windows and the blobs of a GPU with ` +
  'per-blob placement. Start the VM with fewer DIMMs, and with one placement for its GPUs';
const NOT_SHOWN =
  `the VMM acknowledged the window and does not show it in its memory table (${SHOW_LIMIT} ms): it was taken out again. Either that table is ` +
  "full (fewer DIMMs, one placement for all GPUs of a VM), or the guest's BAR is not where the VMM can map it (a smaller window)";

type WindowMemory = { readonly fd: Fd; readonly file: FileIdentity; readonly seals: number | null };

/** The wait for the window that counts: over when its memory is here and known to be the broker's, or when there will be none. */
type Arrival = {
  readonly memory: Promise<WindowMemory>;
  state: 'awaited' | 'here' | 'failed';
  resolve(memory: WindowMemory): void;
  reject(error: unknown): void;
};

export class WindowPlacement implements Placement {
  readonly mapsEachBlob = false;
  readonly mapped: ReadonlyMap<number, BlobMapping> = NOTHING;
  readonly files = [];
  readonly #context: PlacementContext;
  readonly #log: Log;
  #arrival = newArrival();
  /** What was given last: what comes of any other is closed. */
  #coming: Promise<Fd> | null = null;
  /** The window's memory. While another is awaited, what it was until now. */
  #memory: WindowMemory | null = null;
  #channel: BackendChannel | null = null;
  /** The file that the VMM has mapped, as far as is known. */
  #mapped: FileIdentity | null = null;
  /** The memory table has shown it. */
  #isSeen = false;
  /** Resolves with null, or with why not. */
  #mapping: Promise<FailedResult | RefusedResult | null> | null = null;
  /** The file that the VMM is asked to map. */
  #asked: FileIdentity | null = null;
  /** The last attempt failed: only a map that the guest waits for makes another. */
  #hasFailed = false;
  /** Resolves the wait for the table. */
  #onShown: (() => void) | null = null;
  #isClosed = false;
  /** Of the VMM that a predecessor served. */
  #isSuccessor: boolean;

  /**
   * Takes the window's descriptor over, once it is there. `isSuccessor`: a descriptor is the predecessor's, and the VMM may have it mapped;
   * unless `isSure`, nothing is answered before setWindow() has told whether it is the broker's still.
   */
  constructor(
    window: Fd | Promise<Fd>,
    context: PlacementContext,
    log: Log,
    isSuccessor = false,
    isSure = !isSuccessor,
  ) {
    this.#context = context;
    this.#log = log;
    this.#isSuccessor = isSuccessor;
    if (!(window instanceof Fd)) {
      this.setWindow(window);
      return;
    }
    this.#memory = memoryOf(window);
    if (isSure) this.#arrived(this.#memory);
  }

  /** Whether the window is the one that the broker's session has. */
  get isCompared(): boolean {
    return this.#arrival.state === 'here';
  }

  /**
   * The window that the broker's session has. When it is another one than was here, the next map takes the old one out of the VMM and shows
   * this one. Maps wait for it meanwhile, and for the one that is given next if this stays pending; when it rejects, or is no window, they
   * fail. Takes the descriptor over.
   */
  setWindow(window: Promise<Fd>): void {
    this.#coming = window;
    if (this.#arrival.state !== 'awaited') this.#arrival = newArrival();
    window.then(
      (fd) => {
        if (this.#isClosed || this.#coming !== window) fd.close();
        else this.#take(fd);
      },
      (error: unknown) => {
        if (this.#coming === window) this.#failed(error);
      },
    );
  }

  /** A map can be answered: the guest sees the window. */
  get isShown(): boolean {
    return this.#isMapped;
  }

  /** The window's descriptor, borrowed; null while it is not here. */
  get descriptor(): number | null {
    return this.#memory?.fd.number ?? null;
  }

  /** Resolves when the window's memory is here. Rejects when there will be none. */
  async arrived(): Promise<void> {
    await this.#arrival.memory;
  }

  /** Shows the window to the guest. Resolves with null, or with what a map is answered. Never rejects. */
  async show(): Promise<FailedResult | RefusedResult | null> {
    if (this.#isMapped) return null;
    const problem = await this.#map();
    if (problem?.kind === 'refused') this.#context.countSlotRefusals(1);
    return problem;
  }

  /** From the first blob on there is memory to be given back when the driver goes: the window's end tells. */
  blobMade(): void {
    if (!this.#isMapped && !this.#hasFailed) void this.#map();
  }

  prepare(): null {
    return null;
  }

  settle(operations: readonly Operation[], results: readonly Result[]): Promise<readonly Result[]> | null {
    if (this.#isMapped) return null;
    if (results.some((result) => result.kind === 'mapped')) return this.#settle(operations, results);
    if (operations.some(({ kind }, index) => kind === 'create' && results[index]?.kind === 'done'))
      this.blobMade();
    return null;
  }

  forget(): void {}

  restore(): void {}

  sweep(): void {}

  reset(): void {
    this.#hasFailed = false;
    if (this.#isSeen && this.isHeld() !== false) return;
    this.#isSeen = false;
    this.#mapped = null;
  }

  isHeld(): boolean | null {
    return this.#memory && this.#hasMapped(this.#memory) ? isMarkedElsewhere(this.#memory.fd.number) : null;
  }

  useChannel(channel: BackendChannel | null): void {
    // A second channel of the same VMM changes nothing about what is mapped.
    if (channel === null) {
      this.#isSuccessor = false;
      this.#mapped = null;
      this.#isSeen = false;
      this.#hasFailed = false;
    }
    this.#channel = channel;
  }

  isOwnMemory(file: FileIdentity): boolean {
    return isSame(file, this.#memory?.file) || isSame(file, this.#mapped) || isSame(file, this.#asked);
  }

  memoryChanged(regions: readonly OwnRegion[]): boolean {
    const expected = this.#mapped ?? this.#asked ?? this.#memory?.file;
    const isThere = regions.some((region) => isSame(region.file, expected));
    if (isThere) {
      this.#isSeen = true;
      this.#onShown?.();
      if (this.#isSuccessor) this.#mapped ??= this.#memory?.file ?? null;
      return false;
    }
    if (!this.#isSeen) return false;
    this.#isSeen = false;
    this.#mapped = null;
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#memory?.fd.close();
    this.#memory = null;
  }

  get #isMapped(): boolean {
    return this.isCompared && this.#memory !== null && this.#hasMapped(this.#memory);
  }

  #hasMapped({ file }: WindowMemory): boolean {
    return isSame(file, this.#mapped);
  }

  async #settle(operations: readonly Operation[], results: readonly Result[]): Promise<readonly Result[]> {
    const problem = await this.#map();
    if (problem === null) return results;
    const failed = operations.filter(
      (operation, index): operation is MapOperation =>
        operation.kind === 'map' && results[index]?.kind === 'mapped',
    );
    if (problem.kind === 'refused') this.#context.countSlotRefusals(failed.length);
    await this.#context.unmapInBroker(failed);
    return results.map((result) => (result.kind === 'mapped' ? problem : result));
  }

  #map(): Promise<FailedResult | RefusedResult | null> {
    this.#mapping ??= this.#mapWindow().finally(() => {
      this.#mapping = null;
    });
    return this.#mapping;
  }

  async #mapWindow(): Promise<FailedResult | RefusedResult | null> {
    const arrival = this.#arrival;
    const problem = await this.#mapThis(arrival);
    this.#asked = null;
    // Replaced meanwhile: that one counts, and takes the place of this one.
    return arrival === this.#arrival ? problem : await this.#mapWindow();
  }

  async #mapThis(arrival: Arrival): Promise<FailedResult | RefusedResult | null> {
    try {
      const { fd, file } = await this.#inTime(arrival);
      if (isSame(file, this.#mapped)) return null;
      const channel = this.#channel;
      if (!channel) throw new Error('there is no back-end channel');
      const range = {
        shmid: SHMEM_HOST_VISIBLE,
        fdOffset: 0,
        shmOffset: 0,
        length: this.#context.windowSize,
        writable: true,
      };
      if (this.#mapped && !isSame(this.#mapped, file)) {
        await channel.shmemUnmapAll([range]);
        this.#mapped = null;
        this.#isSeen = false;
      }
      if (this.#context.otherRegions() >= MOST_TABLE_REGIONS) return this.#noSlot();
      const before = performance.now();
      this.#asked = file;
      let [error] = await this.#ask(channel, range, fd);
      if (error?.code === 'REFUSED') {
        // A mapping of before, that neither the reset nor the table has told of: out with it, once.
        await channel.shmemUnmapAll([range]);
        [error] = await this.#ask(channel, range, fd);
      }
      if (error) {
        // After a time-out the mapping may or may not be there.
        if (error.code === 'TIMEOUT') await channel.shmemUnmapAll([range]);
        throw error;
      }
      faultPoint('gpu.window-mapped');
      this.#context.observeVmm(performance.now() - before, 1);
      const isShown = await this.#isShownSoon();
      if (this.#channel !== channel) return VMM_FAILED;
      if (!isShown) {
        await channel.shmemUnmapAll([range]);
        return this.#notShown();
      }
      this.#mapped = file;
      this.#hasFailed = false;
      this.#log.debug({ size: range.length }, 'the window is mapped into the VMM');
      return null;
    } catch (error) {
      if (arrival !== this.#arrival) return VMM_FAILED;
      this.#log.error({ problem: messageOf(error) }, 'the window cannot be mapped into the VMM');
      this.#hasFailed = true;
      return VMM_FAILED;
    }
  }

  /** The VMM gets an opening of its own, so that it is known how long it holds it. */
  #ask(channel: BackendChannel, range: WindowRange, fd: Fd): Promise<readonly ChannelResult[]> {
    const marked = openMarked(fd.number);
    try {
      return channel.shmemMapAll([{ ...range, fd: marked ?? fd }]);
    } finally {
      marked?.close();
    }
  }

  async #isShownSoon(): Promise<boolean> {
    if (this.#isSeen) return true;
    const shown = new Promise<void>((resolve) => {
      this.#onShown = resolve;
    });
    await Promise.race([shown, readingFor(SHOW_LIMIT)]);
    this.#onShown = null;
    return this.#isSeen;
  }

  /** A mistake of the VM's configuration and none of this program; told once for each driver, because the guest can ask any number of times. */
  #notShown(): FailedResult {
    if (!this.#hasFailed) this.#log.warn({ regions: this.#context.otherRegions() }, NOT_SHOWN);
    this.#hasFailed = true;
    return VMM_FAILED;
  }

  #noSlot(): RefusedResult {
    const others = this.#context.otherRegions();
    if (!this.#hasFailed) this.#log.warn({ regions: others, most: MOST_TABLE_REGIONS }, NO_SLOT);
    this.#hasFailed = true;
    return { kind: 'refused', reason: 'VMM_SLOTS', message: NO_SLOT };
  }

  /** The guest waits uninterruptibly, so it waits only for so long. */
  async #inTime({ memory }: Arrival): Promise<WindowMemory> {
    const { answerTimeout } = this.#context;
    return await new Promise((resolve, reject) => {
      const limit = afterReading(answerTimeout, () =>
        reject(new Error(`the broker did not hand the window's memory over within ${answerTimeout} ms`)),
      ).unref();
      memory.then(resolve, reject).finally(() => limit.cancel());
    });
  }

  /** Compares what came with what is here. */
  #take(fd: Fd): void {
    const before = this.#memory;
    try {
      const memory = memoryOf(fd);
      if (before && isSameMemory(memory, before)) {
        fd.close();
        this.#arrived(before);
        return;
      }
      this.#check(memory);
      this.#context.keepWindow(fd);
      this.#memory = memory;
      before?.fd.close();
      if (before)
        this.#log.info(
          {},
          'the broker has another window for this VM now; it takes the place of the one before',
        );
      this.#arrived(memory);
    } catch (error) {
      fd.close();
      this.#failed(error);
    }
  }

  /** Throws Error when the guest could see memory in it that is not the window's. */
  #check({ file, seals }: WindowMemory): void {
    const { windowSize } = this.#context;
    if (file.size >= windowSize && seals === FIXED_SIZE_SEALS) return;
    throw new Error(
      `the broker gave ${file.size} bytes with seals ${seals ?? 'of no memfd'} for a window of ${windowSize} bytes with seals ${FIXED_SIZE_SEALS}`,
    );
  }

  #arrived(memory: WindowMemory): void {
    this.#arrival.state = 'here';
    this.#arrival.resolve(memory);
  }

  #failed(error: unknown): void {
    this.#arrival.state = 'failed';
    this.#arrival.reject(error);
  }
}

function newArrival(): Arrival {
  let resolve: Arrival['resolve'] = () => {};
  let reject: Arrival['reject'] = () => {};
  const memory = new Promise<WindowMemory>((onHere, onFailed) => {
    resolve = onHere;
    reject = onFailed;
  });
  // Whoever needs it finds the error; until then it is no unhandled one.
  memory.catch(() => {});
  return { memory, state: 'awaited', resolve, reject };
}

function memoryOf(fd: Fd): WindowMemory {
  return { fd, file: fileIdentity(fd.number), seals: getSeals(fd.number) };
}

const NOTHING: ReadonlyMap<number, BlobMapping> = new Map();

function isSame(file: FileIdentity, other: FileIdentity | null | undefined): boolean {
  return other !== null && other !== undefined && file.dev === other.dev && file.ino === other.ino;
}

/** More than the inode: a number that was given to another file since would be taken for the window. */
function isSameMemory(one: WindowMemory, other: WindowMemory): boolean {
  return isSame(one.file, other.file) && one.file.size === other.file.size && one.seals === other.seals;
}
