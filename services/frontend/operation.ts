// What the guest asks of who decides, and what the broker says, in the device's own words; and how the latter looks as messages of the contract.
// Everything else of the frontend uses these types and never touches generated code.
import type { Grant } from '../lib/domain/grant.ts';
import type { Backing, CacheType, HeapSettings } from '../lib/domain/heap.ts';
import { UNLIMITED } from '../lib/domain/quota.ts';
import type { VmSettings } from '../lib/domain/vm-settings.ts';
import { barkeep } from '../lib/rpc/gen/barkeep.js';
import type { Reason } from '../lib/rpc/status-error.ts';
import { countFromWire, fromWire } from '../lib/rpc/u64.ts';
import { SMALLEST_PAGE } from '../lib/wire/alignment.ts';
import type { U64 } from '../lib/wire/u64.ts';
import { MOST_SCANOUTS } from '../lib/wire/virtio-gpu.ts';

/** What every command on a blob has. */
type OfBlob = { readonly resourceId: number };

export type CreateOperation = OfBlob & {
  readonly kind: 'create';
  /** 0: none. */
  readonly contextId: number;
  readonly memory: 'host3d' | 'host3d-guest';
  /** As the guest wrote them: bits that do not exist are refused. */
  readonly flags: number;
  readonly blobId: U64;
  /** Bytes. */
  readonly size: U64;
};
export type MapOperation = OfBlob & {
  readonly kind: 'map';
  /** Bytes from the window's start. */
  readonly offset: U64;
};
export type UnmapOperation = OfBlob & { readonly kind: 'unmap' };
export type DestroyOperation = OfBlob & { readonly kind: 'destroy' };

export type Operation = CreateOperation | MapOperation | UnmapOperation | DestroyOperation;

/** Memory that waits on the fd channel. */
export type MemoryHandle = {
  /** 32 bytes, good for one use within 30 seconds. */
  readonly token: Uint8Array;
  /** Where the memory begins in the file, and how long it is; bytes. */
  readonly fdOffset: number;
  readonly size: number;
};

export type DoneResult = {
  readonly kind: 'done';
  /** Of unmap and destroy. */
  readonly wasMapped: boolean;
  /** Of reset: the new generation. 0 otherwise. */
  readonly generation: number;
};
export type MappedResult = {
  readonly kind: 'mapped';
  /** map_info of virtio-gpu: one of MAP_CACHE. */
  readonly mapInfo: number;
  /** The blob's size, bytes. */
  readonly size: number;
  /** The blob's own, where the broker decides in per-blob placement. */
  readonly memory: MemoryHandle | null;
};
export type RefusedResult = { readonly kind: 'refused'; readonly reason: Reason; readonly message: string };
/** Nothing is known: the broker did not answer in time, its session is gone, or the VMM did not do its part. */
export type FailedResult = { readonly kind: 'failed'; readonly why: 'timeout' | 'lost' | 'vmm' | 'memory' };
export type Result = DoneResult | MappedResult | RefusedResult | FailedResult;

export const TIMED_OUT: FailedResult = { kind: 'failed', why: 'timeout' };
export const SESSION_LOST: FailedResult = { kind: 'failed', why: 'lost' };
export const VMM_FAILED: FailedResult = { kind: 'failed', why: 'vmm' };
export const MEMORY_FAILED: FailedResult = { kind: 'failed', why: 'memory' };

/** What the broker says when a session begins or goes on. */
export type Attachment = {
  readonly session: Uint8Array;
  readonly resumed: boolean;
  readonly generation: number;
  readonly placement: 'window' | 'per-blob';
  /** Bytes, a power of two. */
  readonly windowSize: number;
  /** In window placement, and where this process decides. */
  readonly window: MemoryHandle | null;
  /** The broker has lost the window, and is to get it from here; null as a rule. */
  readonly windowWanted: MemoryHandle | null;
  readonly brokerVersion: string;
  readonly offer: Offer;
  /** By what, and within what, this frontend decides for the VM. */
  readonly decides: Decides;
};

export type Decides = { readonly rules: Rules; readonly grant: Grant; readonly accountsVersion: number };

/** By what a frontend decides, besides what the domain's code says. */
export type Rules = Pick<VmSettings, 'quota' | 'defaultHeap' | 'blobHeaps' | 'populate'> & {
  readonly heaps: readonly Omit<HeapSettings, 'capacity'>[];
};

/** What a VMM is told of the device once and for all: a successor tells the same, whatever the broker's configuration says by then. */
export type Offer = {
  /** Displays; 0 or 1, never connected. */
  readonly scanouts: number;
  /** Bytes, a power of two: sizes of blobs that every heap of the VM takes are multiples of it. */
  readonly blobAlignment: number;
};

/** A message that the contract does not allow at this place. */
export class ProtocolViolation extends Error {
  constructor(problem: string) {
    super(`the broker broke the rules of the stream: ${problem}`);
    this.name = 'ProtocolViolation';
  }
}

/** blob_alignment is a u32. */
const LARGEST_ALIGNMENT = 2 ** 31;

/** `grant` is that of `attached`. Throws ProtocolViolation. */
export function attachmentOf(
  attached: barkeep.v1.Attached.$Properties,
  grant: barkeep.v1.Grant.$Properties,
): Attachment {
  const { PLACEMENT_WINDOW, PLACEMENT_PER_BLOB } = barkeep.v1.Placement;
  if (attached.placement !== PLACEMENT_WINDOW && attached.placement !== PLACEMENT_PER_BLOB) {
    throw new ProtocolViolation(
      `placement ${attached.placement} is neither of the two that this version knows`,
    );
  }
  const placement = attached.placement === PLACEMENT_WINDOW ? 'window' : 'per-blob';
  const windowSize = countFromWire(attached.windowSize);
  if (windowSize === 0) throw new ProtocolViolation('the VM was given a window of 0 bytes');
  return {
    session: attached.session ?? new Uint8Array(),
    resumed: attached.resumed ?? false,
    generation: countFromWire(attached.generation),
    placement,
    windowSize,
    window: attached.window ? handleOf(attached.window) : null,
    windowWanted: attached.windowWanted ? handleOf(attached.windowWanted) : null,
    brokerVersion: attached.brokerVersion ?? '',
    offer: offerOf(attached),
    decides: {
      rules: rulesOf(attached.rules ?? {}),
      grant: grantOf(grant),
      accountsVersion: countFromWire(attached.accountsVersion),
    },
  };
}

export function grantOf({ heaps, mappings, allocations }: barkeep.v1.Grant.$Properties): Grant {
  return {
    heaps: new Map((heaps ?? []).map(({ heap, bytes }) => [heap ?? '', countFromWire(bytes)])),
    mappings: countFromWire(mappings),
    allocations: countFromWire(allocations),
  };
}

function rulesOf(rules: barkeep.v1.Rules.$Properties): Rules {
  const limit = (value: Parameters<typeof countFromWire>[0]): number => countFromWire(value) || UNLIMITED;
  return {
    quota: {
      bytes: limit(rules.quotaBytes),
      mappings: limit(rules.quotaMappings),
      allocations: limit(rules.quotaAllocations),
    },
    defaultHeap: rules.defaultHeap ?? '',
    blobHeaps: new Map(
      (rules.blobHeaps ?? []).map(({ blobId, heap }) => [String(fromWire(blobId)), heap ?? '']),
    ),
    heaps: (rules.heaps ?? []).map(heapRulesOf),
    populate: rules.populate ?? false,
  };
}

function heapRulesOf({
  name,
  backing,
  cache,
  granule,
}: barkeep.v1.HeapRules.$Properties): Rules['heaps'][number] {
  const foundBacking = BACKING_OF[backing ?? 0];
  const foundCache = CACHE_OF[cache ?? 0];
  if (foundBacking === undefined || foundCache === undefined) {
    throw new ProtocolViolation(
      `heap "${name}" has backing ${backing} and cache type ${cache}, which this version does not know`,
    );
  }
  return { name: name ?? '', backing: foundBacking, cache: foundCache, granule: countFromWire(granule) };
}

const BACKING_OF: Partial<Record<number, Backing>> = {
  [barkeep.v1.Backing.BACKING_MEMFD]: 'memfd',
  [barkeep.v1.Backing.BACKING_HUGETLB]: 'hugetlb',
  [barkeep.v1.Backing.BACKING_FILE]: 'file',
};
const CACHE_OF: Partial<Record<number, CacheType>> = {
  [barkeep.v1.CacheType.CACHE_TYPE_NONE]: 'none',
  [barkeep.v1.CacheType.CACHE_TYPE_CACHED]: 'cached',
  [barkeep.v1.CacheType.CACHE_TYPE_UNCACHED]: 'uncached',
  [barkeep.v1.CacheType.CACHE_TYPE_WC]: 'wc',
};

function offerOf({ scanouts, blobAlignment }: barkeep.v1.Attached.$Properties): Offer {
  // An older broker tells neither.
  const alignment = countFromWire(blobAlignment) || SMALLEST_PAGE;
  if (!Number.isInteger(Math.log2(alignment)) || alignment > LARGEST_ALIGNMENT) {
    throw new ProtocolViolation(
      `blobs were to be aligned to ${alignment} bytes, which is no power of two of 32 bits`,
    );
  }
  return { scanouts: Math.min(scanouts ?? 0, MOST_SCANOUTS), blobAlignment: alignment };
}

export function handleOf(handle: barkeep.v1.MemoryHandle.$Properties): MemoryHandle {
  return {
    token: handle.token ?? new Uint8Array(),
    fdOffset: countFromWire(handle.fdOffset),
    size: countFromWire(handle.size),
  };
}
