// Who maps what into the guest's window: the part of a command's life that concerns the VMM. Two kinds, chosen by the VM's policy:
// window-placement.ts (one mapping for everything) and one mapping a blob: range-placement.ts where this process decides for the VM, and its
// blobs lie in the window's memory; per-blob-placement.ts where the broker decides, and each has memory of its own.
import type { BackendChannel } from '../../lib/vhost-user/backend-channel.ts';
import type { OwnRegion } from '../../lib/vhost-user/device.ts';
import type { FileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import type { BlobMemory } from '../deciding/blob-memories.ts';
import type {
  FailedResult,
  MapOperation,
  MemoryHandle,
  Operation,
  RefusedResult,
  Result,
} from '../operation.ts';
import type { BlobMapping, Changes } from '../state/changes.ts';
import type { Past } from '../state/device-journal.ts';
import type { WindowContext, WindowFile } from './window-file.ts';

export type Placement = {
  /** What this process needs of it to decide for the VM; null where only the broker does. */
  readonly local: LocalPlacement | null;
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
  restore(past: Pick<Past, 'tables' | 'accounts'>): void;
  /** After a predecessor, once everything that he had begun is done: takes out of the VMM what he had begun and nobody has asked for again. */
  sweep(): void;
  /** Closes every descriptor. */
  close(): void;
};

/**
 * Why a command cannot be decided yet.
 *
 *   slow     it takes more than a moment: by itself, after ready()
 *   mapped   it ends a mapping that the VMM has: takeOut() comes first
 *   pending  a map of the same blob is decided and not in the VMM: putIn() comes first
 */
export type Delay = 'slow' | 'mapped' | 'pending';

/** A map that was decided and did not come about in the VMM. */
export type Unplaced = {
  readonly resourceId: number;
  readonly result: FailedResult | RefusedResult;
  /** The guest does not see it. Otherwise it may, and nobody else can have its place. */
  readonly isOut: boolean;
};

/** The part of the VMM in commands that this process decides, one after the other. */
export type LocalPlacement = {
  /** Where the blobs lie. */
  readonly window: WindowFile;
  /** What has to come before a command is decided; null: nothing. */
  before(operation: Operation): Delay | null;
  /** Does that for one command. Resolves with null, or with what it is answered. Never rejects. */
  ready(operation: Operation): Promise<FailedResult | RefusedResult | null>;
  /** A command was decided. */
  decided(operation: Operation, result: Result): void;
  /** Takes what of these the VMM has mapped out of it, all at once. Resolves with those that may still be there. Never rejects. */
  takeOut(resourceIds: readonly number[]): Promise<ReadonlySet<number>>;
  /**
   * Puts what was mapped since the last call into the VMM, all at once; null when nothing has to be done. Resolves with what did not come about.
   * Never rejects. What it began before a reset comes to nothing.
   */
  putIn(): Promise<readonly Unplaced[]> | null;
};

/** What a placement needs of the device around it. */
export type PlacementContext = WindowContext & {
  /** Has the broker take maps back that the VMM did not do. Resolves when it has answered, or when the time-out is over. */
  unmapInBroker(maps: readonly MapOperation[]): Promise<void>;
  /** The memory of its own of a blob that this process has decided; null for one that lies in the window, and while it is not here. */
  memoryOf(resourceId: number): BlobMemory | null;
  /** As memoryOf(), waiting for it. Never rejects. */
  memoryReady(resourceId: number): Promise<BlobMemory | null>;
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
