// The broker's answers as plain records: what --json prints and what tables read. Field names are those of the contract in camelCase, and
// stay. Sizes and counts are numbers where they are exact, and decimal strings from 2^53 on.
import type {
  AdminAllocation,
  AdminEvent,
  AdminHeap,
  AdminMapping,
  AdminVm,
  AdminWindow,
  WindowDetail,
} from '../lib/rpc/admin-client.ts';
import { barkeep } from '../lib/rpc/gen/barkeep.js';
import { reasonName } from '../lib/rpc/status-error.ts';
import { fromWire, type WireU64 } from '../lib/rpc/u64.ts';
import { VMM_PROBLEMS, VMM_STATES } from '../lib/rpc/vmm-names.ts';
import { formatBytes } from '../lib/runtime/units.ts';
import type { PictureCache } from './window-picture.ts';

/** A u64 in JSON. */
export type JsonU64 = number | string;

export type VmRecord = {
  readonly name: string;
  readonly state: string;
  readonly placement: string;
  readonly windowSize: JsonU64;
  readonly defaultHeap: string;
  /** By blob_id. */
  readonly blobHeaps: Readonly<Record<string, string>>;
  /** "user NUMBER" or "group NUMBER". */
  readonly attachedBy: string;
  readonly scanouts: number;
  /** What is configured and waits. */
  readonly pending: readonly PendingRecord[];
  readonly quota: { readonly bytes: JsonU64; readonly mappings: JsonU64; readonly allocations: JsonU64 };
  readonly generation: JsonU64;
  readonly allocations: JsonU64;
  readonly allocatedBytes: JsonU64;
  readonly mappings: JsonU64;
  readonly mappedBytes: JsonU64;
  readonly frontendPid: number;
  /** VMs of that process; 0 when it has not told. */
  readonly frontendVms: number;
  /** Seconds since 1970. */
  readonly stateSince: number;
  readonly graceLeft: number;
  /** Null while no frontend has it attached, or has told. */
  readonly vmm: VmmRecord | null;
  /** Its frontend decides for it. The rest is of such a VM alone. */
  readonly decides: boolean;
  readonly grant: GrantRecord | null;
  readonly accountsVersion: JsonU64;
  readonly untoldBlobs: JsonU64;
  readonly strayBytes: JsonU64;
  readonly beyondGrantBytes: JsonU64;
  /** Why it is suspended; empty otherwise. */
  readonly suspension: string;
  /** Which journal has no room, so that new commands are refused; empty otherwise. */
  readonly outOfRoom: string;
};

export type GrantRecord = {
  readonly heaps: readonly { readonly heap: string; readonly bytes: JsonU64; readonly idle: JsonU64 }[];
  readonly mappings: JsonU64;
  readonly allocations: JsonU64;
};

export type PendingRecord = { readonly setting: string; readonly now: string; readonly next: string };

export type VmmRecord = {
  readonly state: string;
  /** 0: none, or in another pid namespace. */
  readonly pid: number;
  readonly queues: number;
  readonly runningQueues: number;
  readonly guestBytes: JsonU64;
  readonly windowBytes: JsonU64;
  readonly outOfReachChains: JsonU64;
  readonly problems: readonly { readonly kind: string; readonly message: string }[];
};

export type AllocationRecord = {
  readonly vm: string;
  readonly contextId: number;
  readonly blobId: JsonU64;
  readonly resourceId: number;
  readonly heap: string;
  readonly cache: string;
  readonly size: JsonU64;
  readonly chargedBytes: JsonU64;
  readonly mapped: boolean;
};

export type MappingRecord = {
  readonly vm: string;
  readonly resourceId: number;
  readonly offset: JsonU64;
  readonly size: JsonU64;
  readonly cache: string;
  readonly heap: string;
};

export type WindowRecord = {
  readonly vm: string;
  readonly size: JsonU64;
  readonly placement: string;
  readonly mappedBytes: JsonU64;
  readonly freeBytes: JsonU64;
  readonly largestFreeExtent: JsonU64;
  readonly holes: JsonU64;
  readonly mappings: JsonU64;
  readonly parkedBytes: JsonU64;
  readonly strayBytes: JsonU64;
};

export type RangeRecord = {
  readonly offset: JsonU64;
  readonly size: JsonU64;
  readonly resourceId: number;
  readonly cache: PictureCache;
  readonly parked: boolean;
};

export type WindowDetailRecord = {
  readonly window: WindowRecord;
  readonly ranges: readonly RangeRecord[];
  readonly truncated: boolean;
};

export type HeapRecord = {
  readonly name: string;
  readonly backing: string;
  readonly cache: string;
  readonly capacity: JsonU64;
  readonly used: JsonU64;
  readonly allocations: JsonU64;
  readonly path: string;
  readonly pending: readonly PendingRecord[];
  /** Granted and in no blob, bytes. */
  readonly idle: JsonU64;
};

export type EventRecord = {
  /** Seconds since 1970. */
  readonly time: number;
  readonly lost: JsonU64;
  readonly vm: string;
  readonly event: string;
  readonly data: Readonly<Record<string, JsonU64>>;
};

const { CacheType, Placement, Backing, VmState } = barkeep.v1;
const CACHE_NAMES: Readonly<Record<number, PictureCache>> = {
  [CacheType.CACHE_TYPE_CACHED]: 'cached',
  [CacheType.CACHE_TYPE_UNCACHED]: 'uncached',
  [CacheType.CACHE_TYPE_WC]: 'wc',
  [CacheType.CACHE_TYPE_NONE]: 'none',
};
const PLACEMENT_NAMES: Readonly<Record<number, string>> = {
  [Placement.PLACEMENT_WINDOW]: 'window',
  [Placement.PLACEMENT_PER_BLOB]: 'per-blob',
};
const BACKING_NAMES: Readonly<Record<number, string>> = {
  [Backing.BACKING_MEMFD]: 'memfd',
  [Backing.BACKING_HUGETLB]: 'hugetlb',
  [Backing.BACKING_FILE]: 'file',
};
const STATE_NAMES: Readonly<Record<number, string>> = {
  [VmState.VM_STATE_DETACHED]: 'detached',
  [VmState.VM_STATE_ATTACHED]: 'attached',
  [VmState.VM_STATE_ORPHANED]: 'orphaned',
  [VmState.VM_STATE_SUSPENDED]: 'suspended',
};

export function vmRecord(vm: AdminVm): VmRecord {
  return {
    name: vm.name ?? '',
    state: STATE_NAMES[vm.state ?? 0] ?? 'unknown',
    placement: PLACEMENT_NAMES[vm.placement ?? 0] ?? 'unknown',
    windowSize: u64(vm.windowSize),
    defaultHeap: vm.defaultHeap ?? '',
    blobHeaps: Object.fromEntries(
      (vm.blobHeaps ?? []).map(({ blobId, heap }) => [String(u64(blobId)), heap ?? '']),
    ),
    attachedBy: vm.attachedBy ?? '',
    scanouts: vm.scanouts ?? 0,
    pending: pendingRecords(vm.pending),
    quota: {
      bytes: u64(vm.quota?.bytes),
      mappings: u64(vm.quota?.mappings),
      allocations: u64(vm.quota?.allocations),
    },
    generation: u64(vm.generation),
    allocations: u64(vm.allocations),
    allocatedBytes: u64(vm.allocatedBytes),
    mappings: u64(vm.mappings),
    mappedBytes: u64(vm.mappedBytes),
    frontendPid: vm.frontendPid ?? 0,
    frontendVms: vm.frontendVms ?? 0,
    stateSince: vm.stateSince ?? 0,
    graceLeft: vm.graceLeft ?? 0,
    vmm: vm.vmm ? vmmRecord(vm.vmm) : null,
    decides: vm.decides ?? false,
    grant: vm.grant ? grantRecord(vm.grant) : null,
    accountsVersion: u64(vm.accountsVersion),
    untoldBlobs: u64(vm.untoldBlobs),
    strayBytes: u64(vm.strayBytes),
    beyondGrantBytes: u64(vm.beyondGrantBytes),
    suspension: vm.suspension ?? '',
    outOfRoom: vm.outOfRoom ?? '',
  };
}

function grantRecord({ heaps, mappings, allocations }: barkeep.v1.VmGrant.$Properties): GrantRecord {
  return {
    heaps: (heaps ?? []).map(({ heap, bytes, idle }) => ({
      heap: heap ?? '',
      bytes: u64(bytes),
      idle: u64(idle),
    })),
    mappings: u64(mappings),
    allocations: u64(allocations),
  };
}

function pendingRecords(
  pending: readonly barkeep.v1.PendingChange.$Properties[] | null | undefined,
): PendingRecord[] {
  return (pending ?? []).map(({ setting, now, next }) => ({
    setting: setting ?? '',
    now: now ?? '',
    next: next ?? '',
  }));
}

function vmmRecord(vmm: barkeep.v1.VmmStatus.$Properties): VmmRecord {
  return {
    state: VMM_STATES.get(vmm.state ?? 0) ?? 'unknown',
    pid: vmm.pid ?? 0,
    queues: vmm.queues ?? 0,
    runningQueues: vmm.runningQueues ?? 0,
    guestBytes: u64(vmm.guestBytes),
    windowBytes: u64(vmm.windowBytes),
    outOfReachChains: u64(vmm.outOfReachChains),
    problems: (vmm.problems ?? []).map(({ kind, message }) => ({
      kind: VMM_PROBLEMS.get(kind ?? 0) ?? 'unknown',
      message: message ?? '',
    })),
  };
}

export function allocationRecord(allocation: AdminAllocation): AllocationRecord {
  return {
    vm: allocation.vm ?? '',
    contextId: allocation.contextId ?? 0,
    blobId: u64(allocation.blobId),
    resourceId: allocation.resourceId ?? 0,
    heap: allocation.heap ?? '',
    cache: cacheName(allocation.cache),
    size: u64(allocation.size),
    chargedBytes: u64(allocation.chargedBytes),
    mapped: allocation.mapped ?? false,
  };
}

export function mappingRecord(mapping: AdminMapping): MappingRecord {
  return {
    vm: mapping.vm ?? '',
    resourceId: mapping.resourceId ?? 0,
    offset: u64(mapping.offset),
    size: u64(mapping.size),
    cache: cacheName(mapping.cache),
    heap: mapping.heap ?? '',
  };
}

export function windowRecord(window: AdminWindow): WindowRecord {
  return {
    vm: window.vm ?? '',
    size: u64(window.size),
    placement: PLACEMENT_NAMES[window.placement ?? 0] ?? 'unknown',
    mappedBytes: u64(window.mappedBytes),
    freeBytes: u64(window.freeBytes),
    largestFreeExtent: u64(window.largestFreeExtent),
    holes: u64(window.holes),
    mappings: u64(window.mappings),
    parkedBytes: u64(window.parkedBytes),
    strayBytes: u64(window.strayBytes),
  };
}

export function windowDetailRecord(detail: WindowDetail): WindowDetailRecord {
  return {
    window: windowRecord(detail.window ?? {}),
    ranges: detail.ranges.map((range) => ({
      offset: u64(range.offset),
      size: u64(range.size),
      resourceId: range.resourceId ?? 0,
      cache: cacheName(range.cache),
      parked: range.parked ?? false,
    })),
    truncated: detail.truncated,
  };
}

export function heapRecord(heap: AdminHeap): HeapRecord {
  return {
    name: heap.name ?? '',
    backing: BACKING_NAMES[heap.backing ?? 0] ?? 'unknown',
    cache: cacheName(heap.cache),
    capacity: u64(heap.capacity),
    used: u64(heap.used),
    allocations: u64(heap.allocations),
    path: heap.path ?? '',
    pending: pendingRecords(heap.pending),
    idle: u64(heap.idle),
  };
}

export function eventRecord(message: AdminEvent): EventRecord {
  return {
    time: message.time,
    lost: u64(message.lost),
    vm: message.vm,
    event: message.event ?? 'unknown',
    data: eventData(message),
  };
}

function eventData(message: AdminEvent): Record<string, JsonU64> {
  const {
    vmStateChanged,
    blobCreated,
    blobMapped,
    blobUnmapped,
    blobDestroyed,
    deviceReset,
    commandRefused,
  } = message;
  if (vmStateChanged) {
    const { state, reason } = vmStateChanged;
    return { state: STATE_NAMES[state ?? 0] ?? 'unknown', ...(reason && { reason }) };
  }
  if (blobCreated) return { resourceId: blobCreated.resourceId ?? 0, size: u64(blobCreated.size) };
  if (blobMapped) {
    return {
      resourceId: blobMapped.resourceId ?? 0,
      offset: u64(blobMapped.offset),
      size: u64(blobMapped.size),
      cache: cacheName(blobMapped.cache),
    };
  }
  if (blobUnmapped) return { resourceId: blobUnmapped.resourceId ?? 0 };
  if (blobDestroyed) return { resourceId: blobDestroyed.resourceId ?? 0 };
  if (deviceReset) return { generation: u64(deviceReset.generation) };
  if (commandRefused) {
    return {
      operation: commandRefused.operation ?? '',
      reason: reasonName(commandRefused.reason),
      message: commandRefused.message ?? '',
    };
  }
  return {};
}

/** A size for a table. */
export function bytesText(size: JsonU64): string {
  return typeof size === 'number' ? formatBytes(size) : `${size}B`;
}

/** An offset for a table. */
export function offsetText(offset: JsonU64): string {
  return `0x${BigInt(offset).toString(16)}`;
}

function cacheName(cache: barkeep.v1.CacheType | null | undefined): PictureCache {
  return CACHE_NAMES[cache ?? 0] ?? 'none';
}

function u64(value: WireU64): JsonU64 {
  const number = fromWire(value);
  return typeof number === 'number' ? number : number.toString();
}
