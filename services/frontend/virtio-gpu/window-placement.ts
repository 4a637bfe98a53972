// Window placement: the broker's memfd for the whole window is mapped into the VMM once, with the first MAP_BLOB; from then on a blob is a
// range of it, and map and unmap are the broker's bookkeeping. Nothing here is on the hot path after that.
//
// Whether the mapping is still there: the VMM drops it without a message when the driver is bound anew, and keeps it over stop and cont. Its
// memory table tells: a region with the window's file that was there and is not any more. A VMM whose table never showed the region is taken
// at its word until the next reset, and then asked again. A successor of this process believes the table, or asks the channel, which knows
// what the VMM has done already.
import { faultPoint } from '../../lib/os/fault-point.ts';
import { Fd } from '../../lib/os/fd.ts';
import type { BackendChannel } from '../../lib/vhost-user/backend-channel.ts';
import type { Log, OwnRegion } from '../../lib/vhost-user/device.ts';
import { messageOf } from '../../lib/vhost-user/errors.ts';
import { type FileIdentity, fileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import { SHMEM_HOST_VISIBLE } from '../../lib/wire/virtio-gpu.ts';
import { type MapOperation, type Operation, type Result, VMM_FAILED } from '../operation.ts';
import type { BlobMapping } from '../state/changes.ts';
import type { Placement, PlacementContext } from './placement.ts';

type WindowMemory = { readonly fd: Fd; readonly file: FileIdentity };

export class WindowPlacement implements Placement {
  readonly mapsEachBlob = false;
  readonly mapped: ReadonlyMap<number, BlobMapping> = NOTHING;
  readonly files = [];
  readonly #context: PlacementContext;
  readonly #log: Log;
  #window: Promise<WindowMemory>;
  #memory: WindowMemory | null = null;
  #channel: BackendChannel | null = null;
  /** The file that the VMM has mapped, as far as is known. */
  #mapped: FileIdentity | null = null;
  /** The memory table has shown it. */
  #isSeen = false;
  #mapping: Promise<boolean> | null = null;
  #isClosed = false;
  /** Of the VMM that a predecessor served. */
  #isSuccessor: boolean;

  /** Takes the window's descriptor over, once it is there. `isSuccessor`: the VMM may have it mapped. */
  constructor(window: Fd | Promise<Fd>, context: PlacementContext, log: Log, isSuccessor = false) {
    this.#context = context;
    this.#log = log;
    this.#isSuccessor = isSuccessor;
    this.#window = window instanceof Fd ? Promise.resolve(this.#keep(window)) : this.#take(window);
  }

  /** Which file it is; null while it is not there yet. */
  get file(): FileIdentity | null {
    return this.#memory?.file ?? null;
  }

  /** A new session came with a new window: the next MAP_BLOB maps it in place of the old one. Takes the descriptor over. */
  replaceWindow(window: Promise<Fd>): void {
    this.#memory?.fd.close();
    this.#memory = null;
    this.#window = this.#take(window);
  }

  prepare(): null {
    return null;
  }

  settle(operations: readonly Operation[], results: readonly Result[]): Promise<readonly Result[]> | null {
    if (this.#isMapped || !results.some((result) => result.kind === 'mapped')) return null;
    return this.#settle(operations, results);
  }

  forget(): void {}

  restore(): void {}

  sweep(): void {}

  reset(): void {
    if (!this.#isSeen) this.#mapped = null;
  }

  useChannel(channel: BackendChannel | null): void {
    // A second channel of the same VMM changes nothing about what is mapped.
    if (channel === null) {
      this.#isSuccessor = false;
      this.#mapped = null;
      this.#isSeen = false;
    }
    this.#channel = channel;
  }

  isOwnMemory(file: FileIdentity): boolean {
    return isSame(file, this.#memory?.file) || isSame(file, this.#mapped);
  }

  memoryChanged(regions: readonly OwnRegion[]): boolean {
    const isThere = regions.some((region) => isSame(region.file, this.#mapped ?? this.#memory?.file));
    if (isThere) {
      this.#isSeen = true;
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
    return this.#mapped !== null && isSame(this.#mapped, this.#memory?.file);
  }

  async #settle(operations: readonly Operation[], results: readonly Result[]): Promise<readonly Result[]> {
    this.#mapping ??= this.#mapWindow().finally(() => {
      this.#mapping = null;
    });
    if (await this.#mapping) return results;
    const failed = operations.filter(
      (operation, index): operation is MapOperation =>
        operation.kind === 'map' && results[index]?.kind === 'mapped',
    );
    await this.#context.unmapInBroker(failed);
    return results.map((result) => (result.kind === 'mapped' ? VMM_FAILED : result));
  }

  async #mapWindow(): Promise<boolean> {
    try {
      const { fd, file } = await this.#window;
      const channel = this.#channel;
      if (!channel) throw new Error('there is no back-end channel');
      const range = {
        shmid: SHMEM_HOST_VISIBLE,
        fdOffset: 0,
        shmOffset: 0,
        length: this.#context.windowSize,
        writable: true,
      };
      if (this.#mapped && !isSame(this.#mapped, file)) await channel.shmemUnmapAll([range]);
      const before = performance.now();
      let [error] = await channel.shmemMapAll([{ ...range, fd }]);
      if (error?.code === 'REFUSED') {
        // A mapping of before, that neither the reset nor the table has told of: out with it, once.
        await channel.shmemUnmapAll([range]);
        [error] = await channel.shmemMapAll([{ ...range, fd }]);
      }
      if (error) {
        // After a time-out the mapping may or may not be there.
        if (error.code === 'TIMEOUT') await channel.shmemUnmapAll([range]);
        throw error;
      }
      faultPoint('gpu.window-mapped');
      this.#context.observeVmm(performance.now() - before, 1);
      if (this.#channel === channel) this.#mapped = file;
      this.#log.debug({ size: range.length }, 'the window is mapped into the VMM');
      return this.#channel === channel;
    } catch (error) {
      this.#log.error({ problem: messageOf(error) }, 'the window cannot be mapped into the VMM');
      return false;
    }
  }

  #take(window: Promise<Fd>): Promise<WindowMemory> {
    const taken = window.then((fd): WindowMemory => {
      if (this.#isClosed || this.#window !== taken) {
        fd.close();
        throw new Error('the window was replaced before its memory came');
      }
      return this.#keep(fd);
    });
    // Whoever needs it finds the error; until then it is no unhandled one.
    taken.catch(() => {});
    return taken;
  }

  #keep(fd: Fd): WindowMemory {
    this.#memory = { fd, file: fileIdentity(fd.number) };
    return this.#memory;
  }
}

const NOTHING: ReadonlyMap<number, BlobMapping> = new Map();

function isSame(file: FileIdentity, other: FileIdentity | null | undefined): boolean {
  return other !== null && other !== undefined && file.dev === other.dev && file.ino === other.ino;
}
