// Per-blob placement: each mapped blob is a mapping of its own in the VMM, and nearly all of them are of one
// file, the window's memory. A blob that is mapped at an offset of the window lies at the same offset of that file, so nothing has to be
// allocated or handed over for it, and its accounts are those of window placement. What fits no window (files, huge pages) is mapped from memory
// of its own (deciding/blob-memories.ts).
//
//   MAP          decided (its range is zero) -> SHMEM_MAP, acknowledgement, barrier -> recorded, and answered to the guest
//   UNMAP, UNREF SHMEM_UNMAP, acknowledgement, barrier -> decided -> recorded, and answered
//
// So the guest never hears of a mapping that it cannot use, and what it was told to be gone it cannot reach. All maps of the commands that are
// decided together are one request with one barrier, and so are all unmaps. A mapping that is left behind all the same (the VMM did not take it
// out, or does not say) shows the range of the window that the guest has there anyway, and nobody else's memory.
//
// Each mapping is a memory slot of the VMM, and of those there are few (vmm-slots.ts). A blob whose mapping cannot be taken out of the VMM stays
// mapped in the accounts as well, until the device is reset or the VMM ends.
//
// What is mapped is in the accounts, and not written down a second time. A successor compares them with what the channel's record says that the
// VMM has: what is too much is taken out, what is missing (its predecessor died between taking it out and recording that) is put back.
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { BackendChannel, ChannelResult, WindowRange } from '../../lib/vhost-user/backend-channel.ts';
import type { Log, OwnRegion } from '../../lib/vhost-user/device.ts';
import { ChannelError, channelFailureLevel, messageOf } from '../../lib/vhost-user/errors.ts';
import type { FileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import { SHMEM_HOST_VISIBLE } from '../../lib/wire/virtio-gpu.ts';
import type { BlobMemory } from '../deciding/blob-memories.ts';
import {
  type FailedResult,
  MEMORY_FAILED,
  type Operation,
  type RefusedResult,
  type Result,
  VMM_FAILED,
} from '../operation.ts';
import type { Past } from '../state/device-journal.ts';
import {
  type Delay,
  fileKey,
  fileOfKey,
  type Placement,
  type PlacementContext,
  type Unplaced,
} from './placement.ts';
import { VmmSlots } from './vmm-slots.ts';
import type { WindowFile } from './window-file.ts';

type Mapping = {
  readonly range: WindowRange;
  /** Of memory of its own: the key of its file, where that is known. Null for the window's. */
  readonly file: string | null;
  /** The VMM was asked for it, and did not say whether it did it. */
  readonly isDoubtful: boolean;
  /** By a predecessor's accounts. */
  readonly isInherited: boolean;
};

type Entry = readonly [resourceId: number, mapping: Mapping];

/** What the VMM is to map. `own`: the blob's own memory; null for the window's. */
type Wanted = { readonly range: WindowRange; readonly own: BlobMemory | null };

/** What the VMM was asked and did not do. */
type Failure = { readonly resourceId: number; readonly error: ChannelError };

const NO_CHANNEL = new ChannelError('BROKEN', 'the VMM has opened no back-end channel');
const NOBODY: ReadonlySet<number> = new Set();

export class RangePlacement implements Placement {
  readonly mapsEachBlob = true;
  readonly window: WindowFile;
  readonly #context: PlacementContext;
  readonly #log: Log;
  readonly #slots: VmmSlots;
  #channel: BackendChannel | null = null;
  /** What the VMM has mapped, or may have, by resource. */
  readonly #inVmm = new Map<number, Mapping>();
  /** Mapped in the accounts since the last putIn(). */
  #pending = new Map<number, Wanted>();
  /** Requests that put something in: their files may be shown, or not yet. */
  #placing = 0;
  /** Files of blobs' own memory that the VMM may show, and those of a predecessor, until it is known which of them are in use. */
  readonly #files = new Set<string>();
  readonly #inherited: Set<string>;
  /** Blobs that the memory table shows: how many regions of own memory there were last. */
  #seen = 0;
  /** Moves on with every reset: work of before must not touch what came after. */
  #epoch = 0;
  /** Requests to the VMM that are under way. Those of an older epoch have to be over before new ones are made. */
  #work: Promise<unknown> = Promise.resolve();
  #stale: Promise<unknown> | null = null;

  /** Takes the window over. `inherited`: files that a predecessor may have had mapped. */
  constructor(
    window: WindowFile,
    context: PlacementContext,
    log: Log,
    inherited: readonly Pick<FileIdentity, 'dev' | 'ino'>[] = [],
  ) {
    this.#inherited = new Set(inherited.map(fileKey));
    this.window = window;
    this.#context = context;
    this.#log = log;
    this.#slots = new VmmSlots(context, log);
  }

  // ---- commands, as they are decided ----------------------------------------------------------------------------------------------------

  before(operation: Operation): Delay | null {
    if (operation.kind === 'create') return null;
    if (this.#pending.has(operation.resourceId)) return 'pending';
    return operation.kind !== 'map' && this.#inVmm.has(operation.resourceId) ? 'mapped' : null;
  }

  async ready(operation: Operation): Promise<FailedResult | RefusedResult | null> {
    if (this.before(operation) !== 'mapped') return null;
    const { resourceId } = operation;
    return (await this.takeOut([resourceId])).has(resourceId) ? VMM_FAILED : null;
  }

  decided(operation: Operation, result: Result): void {
    if (operation.kind !== 'map' || result.kind !== 'mapped') return;
    const { resourceId } = operation;
    const own = this.#context.memoryOf(resourceId);
    if (own !== null) this.#showFile(own.file);
    const offset = Number(operation.offset);
    this.#pending.set(resourceId, { range: rangeAt(offset, result.size, own?.fdOffset ?? offset), own });
  }

  async takeOut(resourceIds: readonly number[]): Promise<ReadonlySet<number>> {
    const entries = resourceIds.flatMap((resourceId): Entry[] => {
      const mapping = this.#inVmm.get(resourceId);
      return mapping ? [[resourceId, mapping]] : [];
    });
    return await this.#tracked(NOBODY, () => this.#takeOut(entries)).catch((error: unknown) => {
      this.#fault(error);
      return new Set(entries.map(([resourceId]) => resourceId));
    });
  }

  putIn(): Promise<readonly Unplaced[]> | null {
    if (this.#pending.size === 0) return null;
    const wanted = [...this.#pending];
    this.#pending = new Map();
    return this.#tracked([], (epoch) => this.#putIn(wanted, epoch)).catch((error: unknown) => {
      this.#fault(error);
      return wanted.map(([resourceId]) => unplacedBecause(resourceId, VMM_FAILED, false));
    });
  }

  // ---- the device around it ---------------------------------------------------------------------------------------------------------------

  reset(): void {
    this.#epoch += 1;
    this.#inVmm.clear();
    this.#pending.clear();
    this.#seen = 0;
    const work = this.#work;
    this.#stale = work;
    void work.then(() => {
      if (this.#stale === work) this.#stale = null;
    });
  }

  restore({ accounts }: Pick<Past, 'accounts'>): void {
    for (const { blob } of accounts?.blobs.values() ?? []) {
      if (blob.state !== 'mapped') continue;
      const range = rangeAt(blob.offset, blob.size, blob.allocation?.fdOffset ?? blob.offset);
      this.#inVmm.set(blob.resource, { range, file: null, isDoubtful: false, isInherited: true });
    }
  }

  get files(): readonly Pick<FileIdentity, 'dev' | 'ino'>[] {
    return [...this.#files, ...this.#inherited].map(fileOfKey);
  }

  sweep(): void {
    this.#tracked(undefined, (epoch) => this.#compare(epoch)).catch((error: unknown) => this.#fault(error));
  }

  useChannel(channel: BackendChannel | null): void {
    this.#channel = channel;
    if (channel !== null) return;
    this.#inVmm.clear();
    this.#seen = 0;
    this.#slots.forget();
    this.#files.clear();
    this.#inherited.clear();
    this.window.forgetFormer();
  }

  isOwnMemory(file: FileIdentity): boolean {
    const key = fileKey(file);
    return this.window.isOwn(file) || this.#files.has(key) || this.#inherited.has(key);
  }

  memoryChanged(regions: readonly OwnRegion[]): boolean {
    if (this.#files.size > 0 && this.#placing === 0) this.#forgetFiles(regions);
    const isDropped = this.#seen > 0 && regions.length === 0 && this.#inVmm.size > 0;
    this.#seen = regions.length;
    return isDropped;
  }

  /** QEMU 11.1.3, with the memory slots that this placement needs, does not survive a reset that takes blobs away: there is nothing to tell. */
  isHeld(): null {
    return null;
  }

  close(): void {
    this.reset();
    this.window.close();
  }

  // ---- the VMM ----------------------------------------------------------------------------------------------------------------------------

  /** In one request with one barrier. Resolves with what may still be there. */
  async #takeOut(entries: readonly Entry[]): Promise<ReadonlySet<number>> {
    const channel = this.#channel;
    if (entries.length === 0) return NOBODY;
    if (channel === null) return new Set(entries.map(([resourceId]) => resourceId));
    const epoch = this.#epoch;
    const started = performance.now();
    const errors = await channel.shmemUnmapAll(entries.map(([, { range }]) => range));
    faultPoint('gpu.blob-unmapped');
    const stuck = new Set<number>();
    const failures: Failure[] = [];
    for (const [index, [resourceId, mapping]] of entries.entries()) {
      const error = errors[index] ?? null;
      if (error !== null && !(mapping.isDoubtful && error.code === 'REFUSED')) {
        stuck.add(resourceId);
        failures.push({ resourceId, error });
      } else if (this.#inVmm.get(resourceId) === mapping) this.#inVmm.delete(resourceId);
    }
    if (epoch === this.#epoch)
      this.#tell(failures, 'the VMM did not unmap a blob; it stays mapped until a reset');
    this.#observe(started, entries.length - stuck.size);
    return stuck;
  }

  async #putIn(all: readonly (readonly [number, Wanted])[], epoch: number): Promise<readonly Unplaced[]> {
    // The VMM may have some that the accounts do not have any more, until its table says otherwise.
    const held = Math.max(this.#inVmm.size, this.#seen);
    const room = this.#slots.room(held);
    const wanted = all.slice(0, room);
    const unplaced = all.slice(room).map(([resourceId]): Unplaced => {
      return { resourceId, result: this.#slots.refusal(held), isOut: true };
    });
    if (wanted.length === 0) return unplaced;
    const { memory } = this.window;
    if (memory === null) return [...unplaced, ...wanted.map(([id]) => unplacedBecause(id, MEMORY_FAILED))];
    const channel = this.#channel;
    const started = performance.now();
    this.#placing += 1;
    const errors: readonly ChannelResult[] = channel
      ? await channel.shmemMapAll(wanted.map(([, { range, own }]) => ({ ...range, fd: (own ?? memory).fd })))
      : wanted.map(() => NO_CHANNEL);
    this.#placing -= 1;
    faultPoint('gpu.blob-mapped');
    if (epoch !== this.#epoch) {
      // The device was reset meanwhile: what came too late must not be left behind.
      const late = wanted.filter((_, index) => isPerhapsMapped(errors[index] ?? null));
      await channel?.shmemUnmapAll(late.map(([, { range }]) => range));
      return [];
    }
    return [...unplaced, ...(await this.#placed(wanted, errors, started))];
  }

  /** Enters what the VMM answered; what may be there or not is taken out. */
  async #placed(
    wanted: readonly (readonly [number, Wanted])[],
    errors: readonly ChannelResult[],
    started: number,
  ): Promise<readonly Unplaced[]> {
    const doubtful: Entry[] = [];
    const failures: Failure[] = [];
    for (const [index, [resourceId, { range, own }]] of wanted.entries()) {
      const error = errors[index] ?? null;
      if (error !== null) failures.push({ resourceId, error });
      if (!isPerhapsMapped(error)) continue;
      const file = own && fileKey(own.file);
      const mapping = { range, file, isDoubtful: error !== null, isInherited: false };
      this.#inVmm.set(resourceId, mapping);
      if (mapping.isDoubtful) doubtful.push([resourceId, mapping]);
    }
    this.#tell(failures, 'the VMM did not map a blob');
    this.#observe(started, wanted.length - failures.length);
    const stuck = await this.#takeOut(doubtful);
    return failures.map(({ resourceId }) => unplacedBecause(resourceId, VMM_FAILED, !stuck.has(resourceId)));
  }

  async #compare(epoch: number): Promise<void> {
    const channel = this.#channel;
    const found = (await channel?.inherited()) ?? [];
    const { memory } = this.window;
    if (epoch !== this.#epoch || !channel || memory === null) return;
    const shown = new Set(found.map(rangeKey));
    const known = new Set<string>();
    const missing: { readonly resourceId: number; readonly range: WindowRange }[] = [];
    for (const [resourceId, mapping] of this.#inVmm) {
      const { range } = mapping;
      known.add(rangeKey(range));
      if (!mapping.isInherited) continue;
      if (!shown.has(rangeKey(range))) missing.push({ resourceId, range });
      this.#inVmm.set(resourceId, { ...mapping, isInherited: false });
    }
    const strangers = found.filter((range) => !known.has(rangeKey(range)));
    if (strangers.length > 0) {
      this.#log.info({ ranges: strangers.length }, 'the VMM had mapped what the guest was never told of');
      await channel.shmemUnmapAll(strangers);
    }
    if (missing.length === 0 || epoch !== this.#epoch) return;
    this.#log.info({ ranges: missing.length }, 'the VMM has not mapped what the guest was told of');
    const own = await Promise.all(missing.map(({ resourceId }) => this.#context.memoryReady(resourceId)));
    if (epoch !== this.#epoch) return;
    for (const one of own) if (one !== null) this.#showFile(one.file);
    await channel.shmemMapAll(
      missing.map(({ range }, index) => ({ ...range, fd: (own[index] ?? memory).fd })),
    );
  }

  /** The VMM is about to be asked to map it. */
  #showFile(file: FileIdentity): void {
    const key = fileKey(file);
    if (this.#files.has(key)) return;
    if (!this.#inherited.has(key)) this.#context.aboutToMap(file);
    this.#files.add(key);
  }

  /** Files that the table does not show, and no blob is mapped from. */
  #forgetFiles(regions: readonly OwnRegion[]): void {
    const used = new Set<string | null>(regions.map(({ file }) => fileKey(file)));
    for (const { file } of this.#inVmm.values()) used.add(file);
    for (const { own } of this.#pending.values()) used.add(own && fileKey(own.file));
    for (const key of this.#files) if (!used.has(key)) this.#files.delete(key);
  }

  #observe(started: number, requests: number): void {
    if (requests > 0) this.#context.observeVmm(performance.now() - started, requests);
  }

  /** One line for all: a VMM that ends may have hundreds of requests on their way. The worst of them is told. */
  #tell(failures: readonly Failure[], what: string): void {
    const worst = failures.find(({ error }) => channelFailureLevel(error) === 'error') ?? failures[0];
    if (!worst) return;
    const { resourceId, error } = worst;
    this.#log[channelFailureLevel(error)](
      { blobs: failures.length, resourceId, problem: error.message },
      what,
    );
  }

  /** Runs work with the VMM so that a reset knows of it; `nothing` is what comes of it after one. */
  #tracked<T>(nothing: T, work: (epoch: number) => Promise<T>): Promise<T> {
    const epoch = this.#epoch;
    const running = this.#stale
      ? this.#stale.then(() => (epoch === this.#epoch ? work(epoch) : nothing))
      : work(epoch);
    const before = this.#work;
    this.#work = running.then(
      () => before,
      () => before,
    );
    return running;
  }

  #fault(error: unknown): void {
    this.#log.error({ problem: messageOf(error) }, 'placing blobs in the VMM failed');
  }
}

function isPerhapsMapped(error: ChannelResult): boolean {
  return error === null || error.code === 'TIMEOUT';
}

function unplacedBecause(resourceId: number, result: FailedResult, isOut = true): Unplaced {
  return { resourceId, result, isOut };
}

/** Where the file is the window, what lies at an offset is shown there. */
function rangeAt(offset: number, length: number, fdOffset: number): WindowRange {
  return { shmid: SHMEM_HOST_VISIBLE, fdOffset, shmOffset: offset, length, writable: true };
}

function rangeKey({ shmOffset, length }: Pick<WindowRange, 'shmOffset' | 'length'>): string {
  return `${shmOffset}:${length}`;
}
