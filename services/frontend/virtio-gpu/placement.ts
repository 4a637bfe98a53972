// Who maps what into the guest's window: the part of a command's life that concerns the VMM. Two kinds, chosen by the VM's policy:
// window-placement.ts (one mapping for everything) and per-blob-placement.ts (one mapping a blob).
import type { Fd } from '../../lib/os/fd.ts';
import type { BackendChannel } from '../../lib/vhost-user/backend-channel.ts';
import type { OwnRegion } from '../../lib/vhost-user/device.ts';
import type { FileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import type { MapOperation, MemoryHandle, Operation, Result } from '../operation.ts';
import type { BlobMapping, Changes } from '../state/changes.ts';

export type Placement = {
  /** True: whether a blob is mapped in the VMM depends on answers, so a command on a blob waits for an earlier map of the same blob. */
  readonly mapsEachBlob: boolean;
  /**
   * Before operations go to the broker: takes mappings out of the VMM that the broker shall take out of its books. Null when nothing has
   * to be done. Resolves with an entry for each operation that must not be sent, because its mapping may still be there. Never rejects.
   */
  prepare(operations: readonly Operation[]): Promise<readonly (Result | undefined)[]> | null;
  /**
   * After the broker has answered: puts mappings into the VMM. Null when nothing has to be done. Resolves with the results, those of maps
   * that failed replaced (the broker has then taken them back). Never rejects.
   */
  settle(operations: readonly Operation[], results: readonly Result[]): Promise<readonly Result[]> | null;
  /** A blob is gone without a settle(), or was never answered to the guest. */
  forget(resourceId: number): void;
  /** The guest's driver started afresh: no blob is left. The VMM has dropped its mappings, or says otherwise in its memory table. */
  reset(): void;
  /** A VMM that can be asked, or null when it is gone (and its mappings with it). */
  useChannel(channel: BackendChannel | null): void;
  isOwnMemory(file: FileIdentity): boolean;
  /** What the guest sees now. True when it does not see any more what it saw: the VMM has dropped its mappings. */
  memoryChanged(regions: readonly OwnRegion[]): boolean;
  /** Whether the VMM still has what it was asked to map, without asking it; null when nothing can tell. */
  isHeld(): boolean | null;
  /** What single blobs the VMM has mapped, by resource. */
  readonly mapped: ReadonlyMap<number, BlobMapping>;
  /** Every file that the VMM may have mapped for a single blob. */
  readonly files: readonly Pick<FileIdentity, 'dev' | 'ino'>[];
  /** What a predecessor had mapped for the guest. */
  restore(mapped: ReadonlyMap<number, BlobMapping>): void;
  /** After a predecessor, once everything that he had begun is done: takes out of the VMM what he had begun and nobody has asked for again. */
  sweep(): void;
  /** Closes every descriptor. */
  close(): void;
};

/** What a placement needs of the device around it. */
export type PlacementContext = {
  /** Bytes; a power of two. */
  readonly windowSize: number;
  /** How long a map waits for the broker to hand the window over, milliseconds. */
  readonly answerTimeout: number;
  /** The window's memory is another one from now on: a successor has to find it. The descriptor stays the caller's. May throw. */
  keepWindow(fd: Fd): void;
  /** Has the broker take maps back that the VMM did not do. Resolves when it has answered, or when the time-out is over. */
  unmapInBroker(maps: readonly MapOperation[]): Promise<void>;
  /** Another handle of the memory of a map whose token was of no use, because the broker died. Rejects when there will be none. */
  memoryAgain(map: MapOperation): Promise<MemoryHandle>;
  /** A request to the VMM, from its sending to acknowledgement and barrier; milliseconds. */
  observeVmm(duration: number, requests: number): void;
  /** Regions of the VMM's memory table that are not the device's own: the VM's RAM, and mappings of its other devices. */
  otherRegions(): number;
  /** Maps that were refused because the VMM has no memory slot left. */
  countSlotRefusals(maps: number): void;
  /** Hears which blobs the VMM has mapped. */
  readonly changes: Changes | null;
  /** To be told before the VMM is asked to map a file for the first time: a successor has to know it for its own. */
  aboutToMap(file: FileIdentity): void;
};

export function fileKey(file: Pick<FileIdentity, 'dev' | 'ino'>): string {
  return `${file.dev}:${file.ino}`;
}

export function fileOfKey(key: string): Pick<FileIdentity, 'dev' | 'ino'> {
  const [dev = '', ino = ''] = key.split(':');
  return { dev: BigInt(dev), ino: BigInt(ino) };
}
