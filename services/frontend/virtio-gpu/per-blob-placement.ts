// Per-blob placement of a VM that the broker decides for: each mapped blob is a mapping of its own in the VMM, from its own memory. Where this
// process decides, blobs lie in the window's memory instead: range-placement.ts.
//
//   MAP          broker -> token -> fd channel -> SHMEM_MAP, acknowledgement, barrier -> answer to the guest
//   UNMAP, UNREF SHMEM_UNMAP, acknowledgement, barrier -> broker -> answer to the guest
//
// So the guest never hears of a mapping that it cannot use, and the broker never gives memory away that a guest can reach. All maps of a
// batch are on their way together, and so are all unmaps. A blob's descriptor is kept between its maps and closed with the blob; a successor
// of this process knows what is mapped, and fetches a blob's descriptor when it is mapped the next time.
//
// Each mapping is a memory slot of the VMM, and of those there are few: a map beyond MOST_REGIONS is refused and taken back at the broker.
//
// A blob whose mapping cannot be taken out of the VMM stays mapped in the broker's books as well, until the device is reset or the VMM ends.
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Fd } from '../../lib/os/fd.ts';
import type { BackendChannel, ChannelResult } from '../../lib/vhost-user/backend-channel.ts';
import type { Log, OwnRegion } from '../../lib/vhost-user/device.ts';
import { ChannelError, channelFailureLevel, messageOf } from '../../lib/vhost-user/errors.ts';
import { type FileIdentity, fileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import { SHMEM_HOST_VISIBLE } from '../../lib/wire/virtio-gpu.ts';
import {
  type MapOperation,
  MEMORY_FAILED,
  type MemoryHandle,
  type Operation,
  type Result,
  VMM_FAILED,
} from '../operation.ts';
import type { BlobMapping } from '../state/changes.ts';
import type { Past } from '../state/device-journal.ts';
import { fileKey, fileOfKey, type Placement, type PlacementContext } from './placement.ts';
import { VmmSlots } from './vmm-slots.ts';

type Range = {
  readonly shmid: number;
  readonly fdOffset: number;
  readonly shmOffset: number;
  readonly length: number;
  readonly writable: boolean;
};

type Blob = {
  /** Null: a predecessor had it. */
  readonly fd: Fd | null;
  readonly file: Pick<FileIdentity, 'dev' | 'ino'>;
  readonly key: string;
  /** What the VMM has mapped; null when nothing. */
  mapped: Range | null;
};

/** A map that the broker has allowed and the VMM has not done yet. */
type PendingMap = {
  /** In the batch. */
  readonly index: number;
  readonly operation: MapOperation;
  readonly resourceId: number;
  readonly offset: number;
  readonly memory: MemoryHandle;
};

/** What the VMM was asked and did not do. */
type Failure = { readonly resourceId: number; readonly error: ChannelError };

const NO_CHANNEL = new ChannelError('BROKEN', 'the VMM has opened no back-end channel');

/** So many brokers in a row may die between their answer and the fetching of the memory. */
const MOST_FETCHES = 10;

export type FetchMemory = (handle: MemoryHandle) => Promise<Fd>;

export class PerBlobPlacement implements Placement {
  readonly local = null;
  readonly mapsEachBlob = true;
  readonly #fetch: FetchMemory;
  readonly #context: PlacementContext;
  readonly #log: Log;
  readonly #blobs = new Map<number, Blob>();
  #channel: BackendChannel | null = null;
  /** How many blobs use a file; files with 0 stay until the memory table does not show them any more. */
  readonly #files = new Map<string, number>();
  readonly #unused = new Set<string>();
  /** Files of a predecessor, until it is known which of them are in use. */
  readonly #inherited: Set<string>;
  /** Blobs with a mapping in the VMM. */
  readonly #inWindow = new Set<Blob>();
  /** Blobs that the memory table shows: how many regions of own memory there were last. */
  #seen = 0;
  readonly #slots: VmmSlots;
  /** Moves on with every reset: work of before must not touch what came after. */
  #epoch = 0;
  /** Requests to the VMM that are under way. Those of an older epoch have to be over before new ones are made. */
  #work: Promise<void> = Promise.resolve();
  #stale: Promise<void> | null = null;

  /** `fetch` redeems a token for a descriptor, which is the caller's. `inherited`: files that a predecessor may have had mapped. */
  constructor(
    fetch: FetchMemory,
    context: PlacementContext,
    log: Log,
    inherited: readonly Pick<FileIdentity, 'dev' | 'ino'>[] = [],
  ) {
    this.#inherited = new Set(inherited.map(fileKey));
    this.#fetch = fetch;
    this.#context = context;
    this.#log = log;
    this.#slots = new VmmSlots(context, log);
  }

  prepare(operations: readonly Operation[]): Promise<readonly (Result | undefined)[]> | null {
    const blobs = new Map<number, Blob>();
    for (const operation of operations) {
      if (operation.kind !== 'unmap' && operation.kind !== 'destroy') continue;
      const blob = this.#blobs.get(operation.resourceId);
      if (blob?.mapped) blobs.set(operation.resourceId, blob);
    }
    if (blobs.size === 0 && this.#stale === null) return null;
    return this.#tracked(async () => {
      await this.#stale;
      if (blobs.size > 0) await this.#takeOut([...blobs]);
      return operations.map((operation) => {
        if (operation.kind !== 'unmap' && operation.kind !== 'destroy') return undefined;
        return this.#blobs.get(operation.resourceId)?.mapped ? VMM_FAILED : undefined;
      });
    });
  }

  settle(operations: readonly Operation[], results: readonly Result[]): Promise<readonly Result[]> | null {
    let hasMaps = false;
    for (const result of results) hasMaps ||= result.kind === 'mapped';
    if (!hasMaps) {
      this.#forgetDestroyed(operations, results);
      return null;
    }
    return this.#settle(operations, results);
  }

  forget(resourceId: number): void {
    const blob = this.#blobs.get(resourceId);
    if (!blob) return;
    this.#blobs.delete(resourceId);
    if (blob.mapped) this.#context.changes?.add({ kind: 'unmapped', id: resourceId });
    this.#release(blob);
  }

  reset(): void {
    this.#epoch += 1;
    for (const resourceId of [...this.#blobs.keys()]) this.forget(resourceId);
    this.#seen = 0;
    const work = this.#work;
    this.#stale = work;
    void work.then(() => {
      if (this.#stale === work) this.#stale = null;
    });
  }

  get mapped(): ReadonlyMap<number, BlobMapping> {
    const mapped = new Map<number, BlobMapping>();
    for (const [resourceId, blob] of this.#blobs) {
      if (blob.mapped) mapped.set(resourceId, mappingOf(blob.mapped, blob.file));
    }
    return mapped;
  }

  get files(): readonly Pick<FileIdentity, 'dev' | 'ino'>[] {
    return [...this.#files.keys(), ...this.#inherited].map(fileOfKey);
  }

  restore({ tables }: Pick<Past, 'tables'>): void {
    for (const [resourceId, { offset, size, fdOffset, dev, ino }] of tables.mapped) {
      const range = rangeOf({ fdOffset, size }, offset);
      this.#add(resourceId, { fd: null, file: { dev, ino }, key: fileKey({ dev, ino }), mapped: range });
    }
  }

  sweep(): void {
    for (const key of this.#inherited) {
      if (this.#files.has(key)) continue;
      this.#files.set(key, 0);
      this.#unused.add(key);
    }
    this.#inherited.clear();
    void this.#tracked(() => this.#takeOutStrangers());
  }

  useChannel(channel: BackendChannel | null): void {
    this.#channel = channel;
    if (channel !== null) return;
    for (const blob of this.#blobs.values()) blob.mapped = null;
    this.#inWindow.clear();
    for (const key of this.#unused) this.#files.delete(key);
    this.#unused.clear();
    this.#inherited.clear();
    this.#seen = 0;
    this.#slots.forget();
  }

  isOwnMemory(file: FileIdentity): boolean {
    const key = fileKey(file);
    return this.#files.has(key) || this.#inherited.has(key);
  }

  memoryChanged(regions: readonly OwnRegion[]): boolean {
    if (this.#unused.size > 0) {
      const shown = new Set(regions.map((region) => fileKey(region.file)));
      for (const key of this.#unused) {
        if (shown.has(key)) continue;
        this.#unused.delete(key);
        this.#files.delete(key);
      }
    }
    const isDropped = this.#seen > 0 && regions.length === 0 && this.#inWindow.size > 0;
    this.#seen = regions.length;
    return isDropped;
  }

  /** QEMU 11.1.3, with the memory slots that this placement needs, does not survive a reset that takes blobs away: there is nothing to tell. */
  isHeld(): null {
    return null;
  }

  close(): void {
    this.reset();
  }

  /** Mappings that the VMM has. There may be some that the books do not have any more, until its table says otherwise. */
  get #held(): number {
    return Math.max(this.#inWindow.size, this.#seen);
  }

  async #settle(operations: readonly Operation[], results: readonly Result[]): Promise<readonly Result[]> {
    const epoch = this.#epoch;
    const final = [...results];
    const failed: MapOperation[] = [];
    await this.#tracked(async () => {
      await this.#stale;
      if (epoch !== this.#epoch) return;
      const maps = await this.#fetchAll(operations, final, failed);
      if (epoch !== this.#epoch) return;
      await this.#putIn(maps, final, failed, epoch);
    });
    // Outside of the tracked work: after a reset the broker's answer never comes, and nobody may wait for it.
    if (failed.length > 0 && epoch === this.#epoch) await this.#context.unmapInBroker(failed);
    return final;
  }

  /** Every map of the batch with the memory to map; blobs that the batch destroyed are forgotten on the way, in order. */
  async #fetchAll(
    operations: readonly Operation[],
    final: Result[],
    failed: MapOperation[],
  ): Promise<readonly PendingMap[]> {
    const epoch = this.#epoch;
    const maps: PendingMap[] = [];
    const fetches: Promise<unknown>[] = [];
    const held = this.#held;
    const room = this.#slots.room(held);
    const missing: { readonly resourceId: number; readonly problem: string }[] = [];
    for (const [index, operation] of operations.entries()) {
      const result = final[index];
      if (operation.kind === 'destroy' && result?.kind === 'done') this.forget(operation.resourceId);
      if (operation.kind !== 'map' || result?.kind !== 'mapped') continue;
      const { memory } = result;
      const { resourceId, offset } = operation;
      if (memory === null || typeof offset === 'bigint') {
        this.#log.error({ resourceId }, 'the broker mapped a blob without memory for it');
        final[index] = MEMORY_FAILED;
        failed.push(operation);
        continue;
      }
      if (maps.length >= room) {
        final[index] = this.#slots.refusal(held);
        failed.push(operation);
        continue;
      }
      maps.push({ index, operation, resourceId, offset, memory });
      if (this.#blobs.get(resourceId)?.fd) continue;
      fetches.push(
        this.#fetchPatiently(operation, memory)
          .then((fd) => this.#keep(resourceId, fd, epoch))
          .catch((error: unknown) => missing.push({ resourceId, problem: messageOf(error) })),
      );
    }
    await Promise.all(fetches);
    // After a reset, or the end of this process, nobody wants it any more.
    if (epoch !== this.#epoch) return [];
    if (missing.length > 0)
      this.#log.error({ blobs: missing.length, ...missing[0] }, "a blob's memory cannot be fetched");
    faultPoint('gpu.memory-fetched');
    return maps.filter(({ index, operation }) => {
      if (this.#blobs.get(operation.resourceId)?.fd) return true;
      final[index] = MEMORY_FAILED;
      failed.push(operation);
      return false;
    });
  }

  /** A broker that dies takes its tokens along: its successor gives others. */
  async #fetchPatiently(operation: MapOperation, memory: MemoryHandle): Promise<Fd> {
    let handle = memory;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#fetch(handle);
      } catch (error) {
        if (attempt === MOST_FETCHES) throw error;
        this.#log.debug({ problem: messageOf(error), attempt }, "a blob's memory is asked for again");
        handle = await this.#context.memoryAgain(operation);
      }
    }
  }

  #keep(resourceId: number, fd: Fd, epoch: number): void {
    if (epoch !== this.#epoch) {
      fd.close();
      return;
    }
    const file = fileIdentity(fd.number);
    const before = this.#blobs.get(resourceId);
    if (before) this.#release(before);
    this.#add(resourceId, { fd, file, key: fileKey(file), mapped: before?.mapped ?? null });
    this.#context.aboutToMap(file);
  }

  #add(resourceId: number, blob: Blob): void {
    this.#files.set(blob.key, (this.#files.get(blob.key) ?? 0) + 1);
    this.#unused.delete(blob.key);
    this.#blobs.set(resourceId, blob);
    if (blob.mapped) this.#inWindow.add(blob);
  }

  /** Maps in the VMM, all at once with one barrier. */
  async #putIn(
    maps: readonly PendingMap[],
    final: Result[],
    failed: MapOperation[],
    epoch: number,
  ): Promise<void> {
    if (maps.length === 0) return;
    const channel = this.#channel;
    const mappings = maps.map(({ resourceId, offset, memory }) => {
      const { fd } = this.#blobs.get(resourceId) as Blob;
      return { ...rangeOf(memory, offset), fd: fd as Fd };
    });
    const before = performance.now();
    const errors: readonly ChannelResult[] = channel
      ? await channel.shmemMapAll(mappings)
      : maps.map(() => NO_CHANNEL);
    faultPoint('gpu.blob-mapped');
    const duration = performance.now() - before;
    const doubtful: Range[] = [];
    const failures: Failure[] = [];
    let done = 0;
    for (const [index, map] of maps.entries()) {
      const { memory, offset, resourceId } = map;
      const error = errors[index] ?? null;
      const range = rangeOf(memory, offset);
      if (error === null) {
        done += 1;
        const blob = epoch === this.#epoch ? this.#blobs.get(resourceId) : undefined;
        if (blob) this.#isMapped(resourceId, blob, range);
        // The device was reset meanwhile: what came too late must not be left behind.
        else doubtful.push(range);
        continue;
      }
      failures.push({ resourceId, error });
      // After a time-out the mapping may or may not be there.
      if (error.code === 'TIMEOUT') doubtful.push(range);
      final[map.index] = VMM_FAILED;
      failed.push(map.operation);
    }
    if (epoch === this.#epoch) this.#tell(failures, 'the VMM did not map a blob');
    if (done > 0) this.#context.observeVmm(duration, done);
    if (doubtful.length > 0) await channel?.shmemUnmapAll(doubtful);
  }

  /** Unmaps in the VMM, all at once with one barrier. What failed keeps `mapped`. */
  async #takeOut(blobs: readonly (readonly [number, Blob])[]): Promise<void> {
    const channel = this.#channel;
    if (!channel) return;
    const before = performance.now();
    const epoch = this.#epoch;
    const errors = await channel.shmemUnmapAll(blobs.map(([, blob]) => blob.mapped as Range));
    faultPoint('gpu.blob-unmapped');
    const failures: Failure[] = [];
    let done = 0;
    for (const [index, [resourceId, blob]] of blobs.entries()) {
      const error = errors[index] ?? null;
      if (error === null) {
        blob.mapped = null;
        this.#inWindow.delete(blob);
        // One of before a reset has nothing to do with one of the same id today.
        if (this.#blobs.get(resourceId) === blob)
          this.#context.changes?.add({ kind: 'unmapped', id: resourceId });
        done += 1;
      } else failures.push({ resourceId, error });
    }
    if (epoch === this.#epoch)
      this.#tell(failures, 'the VMM did not unmap a blob; it stays mapped until a reset');
    if (done > 0) this.#context.observeVmm(performance.now() - before, done);
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

  #isMapped(resourceId: number, blob: Blob, range: Range): void {
    blob.mapped = range;
    this.#inWindow.add(blob);
    this.#context.changes?.add({ kind: 'mapped', id: resourceId, mapping: mappingOf(range, blob.file) });
  }

  async #takeOutStrangers(): Promise<void> {
    const channel = this.#channel;
    const epoch = this.#epoch;
    const found = (await channel?.inherited()) ?? [];
    if (found.length === 0 || epoch !== this.#epoch) return;
    const known = new Set<string>();
    for (const { mapped } of this.#blobs.values()) if (mapped) known.add(rangeKey(mapped));
    const strangers = found.filter((range) => !known.has(rangeKey(range)));
    if (strangers.length === 0) return;
    this.#log.info({ ranges: strangers.length }, 'the VMM had mapped what the guest was never told of');
    await channel?.shmemUnmapAll(strangers);
  }

  #forgetDestroyed(operations: readonly Operation[], results: readonly Result[]): void {
    for (const [index, operation] of operations.entries()) {
      if (operation.kind === 'destroy' && results[index]?.kind === 'done') this.forget(operation.resourceId);
    }
  }

  #release(blob: Blob): void {
    blob.fd?.close();
    this.#inWindow.delete(blob);
    const count = (this.#files.get(blob.key) ?? 1) - 1;
    this.#files.set(blob.key, count);
    if (count === 0) this.#unused.add(blob.key);
  }

  /** Runs work with the VMM so that a reset knows of it. The work does not reject. */
  #tracked<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    const before = this.#work;
    this.#work = running.then(
      () => before,
      () => before,
    );
    return running;
  }
}

function rangeOf(memory: Pick<MemoryHandle, 'fdOffset' | 'size'>, offset: number): Range {
  return {
    shmid: SHMEM_HOST_VISIBLE,
    fdOffset: memory.fdOffset,
    shmOffset: offset,
    length: memory.size,
    writable: true,
  };
}

function mappingOf({ shmOffset, length, fdOffset }: Range, { dev, ino }: Blob['file']): BlobMapping {
  return { offset: shmOffset, size: length, fdOffset, dev, ino };
}

function rangeKey({ shmOffset, length }: Pick<Range, 'shmOffset' | 'length'>): string {
  return `${shmOffset}:${length}`;
}
