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
// Which memory it is: see window-file.ts. No map is answered before that is known; when it is another than the VMM was given, the old one is taken
// out first.
import { readingFor } from '../../lib/os/after-reading.ts';
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Fd } from '../../lib/os/fd.ts';
import { isMarkedElsewhere, openMarked } from '../../lib/os/lock.ts';
import type { BackendChannel, ChannelResult, WindowRange } from '../../lib/vhost-user/backend-channel.ts';
import type { Log, OwnRegion } from '../../lib/vhost-user/device.ts';
import { messageOf } from '../../lib/vhost-user/errors.ts';
import type { FileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import { MOST_TABLE_REGIONS } from '../../lib/wire/vhost-user.ts';
import { SHMEM_HOST_VISIBLE } from '../../lib/wire/virtio-gpu.ts';
import {
  type FailedResult,
  type Operation,
  type RefusedResult,
  type Result,
  VMM_FAILED,
} from '../operation.ts';
import type { Delay, Placement, PlacementContext } from './placement.ts';
import { type Arrival, isSame, type WindowFile, type WindowMemory } from './window-file.ts';

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

export class WindowPlacement implements Placement {
  readonly mapsEachBlob = false;
  readonly files = [];
  readonly window: WindowFile;
  readonly #context: PlacementContext;
  readonly #log: Log;
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
  /** Of the VMM that a predecessor served. */
  #isSuccessor: boolean;

  /** Takes the window over. `isSuccessor`: a descriptor is the predecessor's, and the VMM may have it mapped. */
  constructor(window: WindowFile, context: PlacementContext, log: Log, isSuccessor = false) {
    this.window = window;
    this.#context = context;
    this.#log = log;
    this.#isSuccessor = isSuccessor;
  }

  /** A map can be answered only when the guest sees the window. */
  before(operation: Operation): Delay | null {
    return operation.kind === 'map' && !this.#isMapped ? 'slow' : null;
  }

  /** Shows the window to the guest. */
  async ready(operation: Operation): Promise<FailedResult | RefusedResult | null> {
    if (operation.kind !== 'map' || this.#isMapped) return null;
    const problem = await this.#map();
    if (problem?.kind === 'refused') this.#context.countSlotRefusals(1);
    return problem;
  }

  /** From the first blob on there is memory to be given back when the driver goes: the window's end tells. */
  decided(operation: Operation, result: Result): void {
    if (operation.kind === 'create' && result.kind === 'done') this.#showEarly();
  }

  takeOut(): Promise<ReadonlySet<number>> {
    return Promise.resolve(NOBODY);
  }

  putIn(): null {
    return null;
  }

  restore(): void {}

  sweep(): void {}

  reset(): void {
    this.#hasFailed = false;
    if (this.#isSeen && this.isHeld() !== false) return;
    this.#isSeen = false;
    this.#mapped = null;
  }

  isHeld(): boolean | null {
    const { memory } = this.window;
    return memory && this.#hasMapped(memory) ? isMarkedElsewhere(memory.fd.number) : null;
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
    return isSame(file, this.window.memory?.file) || isSame(file, this.#mapped) || isSame(file, this.#asked);
  }

  memoryChanged(regions: readonly OwnRegion[]): boolean {
    const expected = this.#mapped ?? this.#asked ?? this.window.memory?.file;
    const isThere = regions.some((region) => isSame(region.file, expected));
    if (isThere) {
      this.#isSeen = true;
      this.#onShown?.();
      if (this.#isSuccessor) this.#mapped ??= this.window.memory?.file ?? null;
      return false;
    }
    if (!this.#isSeen) return false;
    this.#isSeen = false;
    this.#mapped = null;
    return true;
  }

  close(): void {
    this.window.close();
  }

  get #isMapped(): boolean {
    const { isCompared, memory } = this.window;
    return isCompared && memory !== null && this.#hasMapped(memory);
  }

  #hasMapped({ file }: WindowMemory): boolean {
    return isSame(file, this.#mapped);
  }

  #showEarly(): void {
    if (!this.#isMapped && !this.#hasFailed) void this.#map();
  }

  #map(): Promise<FailedResult | RefusedResult | null> {
    this.#mapping ??= this.#mapWindow().finally(() => {
      this.#mapping = null;
    });
    return this.#mapping;
  }

  async #mapWindow(): Promise<FailedResult | RefusedResult | null> {
    const { arrival } = this.window;
    const problem = await this.#mapThis(arrival);
    this.#asked = null;
    // Replaced meanwhile: that one counts, and takes the place of this one.
    return arrival === this.window.arrival ? problem : await this.#mapWindow();
  }

  async #mapThis(arrival: Arrival): Promise<FailedResult | RefusedResult | null> {
    try {
      const { fd, file } = await this.window.inTime(arrival);
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
      if (arrival !== this.window.arrival) return VMM_FAILED;
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
}

/** A mapping of the whole window is never taken out for a blob. */
const NOBODY: ReadonlySet<number> = new Set();
