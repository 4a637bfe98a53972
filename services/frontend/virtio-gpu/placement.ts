// Who maps what into the guest's window: the part of a command's life that concerns the VMM. Two kinds, chosen by the VM's policy:
// window-placement.ts (one mapping for everything) and range-placement.ts (one mapping a blob).
import type { BackendChannel } from '../../lib/vhost-user/backend-channel.ts';
import type { OwnRegion } from '../../lib/vhost-user/device.ts';
import type { FileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import type { BlobMemory } from '../deciding/blob-memories.ts';
import type { FailedResult, Operation, RefusedResult, Result } from '../operation.ts';
import type { Past } from '../state/device-journal.ts';
import type { WindowContext, WindowFile } from './window-file.ts';

export type Placement = {
  /** True: whether a blob is mapped in the VMM depends on answers, so a command on a blob waits for an earlier map of the same blob. */
  readonly mapsEachBlob: boolean;
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
  /** The guest's driver started afresh: no blob is left. The VMM has dropped its mappings, or says otherwise in its memory table. */
  reset(): void;
  /** A VMM that can be asked, or null when it is gone (and its mappings with it). */
  useChannel(channel: BackendChannel | null): void;
  isOwnMemory(file: FileIdentity): boolean;
  /** What the guest sees now. True when it does not see any more what it saw: the VMM has dropped its mappings. */
  memoryChanged(regions: readonly OwnRegion[]): boolean;
  /** Whether the VMM still has what it was asked to map, without asking it; null when nothing can tell. */
  isHeld(): boolean | null;
  /** Every file that the VMM may have mapped for a single blob. */
  readonly files: readonly Pick<FileIdentity, 'dev' | 'ino'>[];
  /** What a predecessor had mapped for the guest. */
  restore(past: Pick<Past, 'accounts'>): void;
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

/** What a placement needs of the device around it. */
export type PlacementContext = WindowContext & {
  /** The memory of its own of a blob that this process has decided; null for one that lies in the window, and while it is not here. */
  memoryOf(resourceId: number): BlobMemory | null;
  /** As memoryOf(), waiting for it. Never rejects. */
  memoryReady(resourceId: number): Promise<BlobMemory | null>;
  /** A request to the VMM, from its sending to acknowledgement and barrier; milliseconds. */
  observeVmm(duration: number, requests: number): void;
  /** Regions of the VMM's memory table that are not the device's own: the VM's RAM, and mappings of its other devices. */
  otherRegions(): number;
  /** Maps that were refused because the VMM has no memory slot left. */
  countSlotRefusals(maps: number): void;
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
