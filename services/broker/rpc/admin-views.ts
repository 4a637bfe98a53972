// The broker's books in the contract's messages.

import type { BlobView } from '../../lib/domain/blob.ts';
import { OPERATIONS } from '../../lib/domain/command.ts';
import type { CounterFigures, Counters } from '../../lib/domain/counters.ts';
import type { CacheType, Heap } from '../../lib/domain/heap.ts';
import { CACHE_TYPES } from '../../lib/domain/heap.ts';
import { type Limits, UNLIMITED } from '../../lib/domain/quota.ts';
import { REFUSAL_REASONS } from '../../lib/domain/refusal.ts';
import { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { reasonNumber } from '../../lib/rpc/status-error.ts';
import { countFromWire, toWire } from '../../lib/rpc/u64.ts';
import type { HeapConfig, PlacementName } from '../../lib/runtime/config.ts';
import { readerText } from '../../lib/runtime/config-difference.ts';
import type { ConfigState } from '../../lib/runtime/config-file.ts';
import type { Distribution } from '../../lib/runtime/duration-histogram.ts';
import type { AttachedVm } from '../attached-vm.ts';
import type { BrokerEvent, TimedEvent } from '../events.ts';
import type { FollowedVm } from '../followed-vm.ts';
import type { FrontendFigures } from '../frontend-figures.ts';
import type { GrantDesk } from '../grants.ts';
import type { HeldDescriptors } from '../heaps/descriptor-store.ts';
import type { JournalFigures } from '../journal/journal.ts';
import type { Waiting } from '../terms.ts';
import type { VmEntry, VmState } from '../vm-directory.ts';
import { WIRE_CACHE } from './command-codec.ts';
import { WIRE_BACKING } from './grant-codec.ts';

type VmMessage = barkeep.v1.Vm.$Properties;
const v1 = barkeep.v1;

const STATES: Readonly<Record<VmState, barkeep.v1.VmState>> = {
  detached: v1.VmState.VM_STATE_DETACHED,
  attached: v1.VmState.VM_STATE_ATTACHED,
  orphaned: v1.VmState.VM_STATE_ORPHANED,
  suspended: v1.VmState.VM_STATE_SUSPENDED,
};
const PLACEMENTS: Readonly<Record<PlacementName, barkeep.v1.Placement>> = {
  window: v1.Placement.PLACEMENT_WINDOW,
  'per-blob': v1.Placement.PLACEMENT_PER_BLOB,
};

export function vmView({
  config,
  settings,
  state,
  stateSince,
  attached,
  owner,
  graceEnds,
  suspension,
  frontend,
  waiting,
}: VmEntry): VmMessage {
  const vm = attached?.vm;
  return {
    name: config.name,
    state: STATES[state],
    placement: PLACEMENTS[config.placement],
    windowSize: config.window,
    defaultHeap: config.heap,
    blobHeaps: [...config.blobHeaps].map(([blobId, heap]) => ({ blobId, heap })),
    attachedBy: readerText(config.attachedBy),
    scanouts: config.scanouts,
    pending: waiting?.changes.map((change) => ({ ...change })) ?? [],
    quota: quotaView(vm?.quota ?? settings.quota),
    generation: vm?.generation ?? 0,
    allocations: vm?.used.allocations ?? 0,
    allocatedBytes: vm?.used.bytes ?? 0,
    mappings: vm?.used.mappings ?? 0,
    mappedBytes: vm?.window.mappedBytes ?? 0,
    frontendPid: owner?.peer.pid ?? 0,
    stateSince: stateSince / 1000,
    graceLeft: state === 'orphaned' ? Math.max(0, (graceEnds - Date.now()) / 1000) : 0,
    frontendVms: state === 'attached' ? (frontend?.processVms ?? 0) : 0,
    ...(state === 'attached' && frontend?.vmm && { vmm: frontend.vmm }),
    ...(attached?.followed && followedView(attached.followed, frontend)),
    suspension,
    outOfRoom: outOfRoom(attached, frontend),
  };
}

/** For people. */
function outOfRoom(attached: AttachedVm | null, frontend: FrontendFigures | null): string {
  return [
    ...(frontend?.journalFull ? ["the frontend's: the host has no memory for it"] : []),
    ...(attached?.isOutOfRoom ? ["the broker's: there is no space in its run directory"] : []),
  ].join(', ');
}

/** Of a VM whose frontend decides. */
function followedView(followed: FollowedVm, frontend: FrontendFigures | null): VmMessage {
  const { grant, used, accountsVersion } = followed;
  const { heaps, mappings, allocations } = grant;
  return {
    decides: true,
    grant: {
      heaps: [...heaps].flatMap(([heap, bytes]) =>
        bytes > 0 ? [{ heap, bytes, idle: Math.max(0, bytes - (used.heaps.get(heap) ?? 0)) }] : [],
      ),
      mappings,
      allocations,
    },
    accountsVersion,
    untoldBlobs: countFromWire(frontend?.untoldBlobs),
    strayBytes: countFromWire(frontend?.strayBytes),
    beyondGrantBytes: followed.beyond.bytes,
  };
}

function quotaView({ bytes, mappings, allocations }: Limits): barkeep.v1.Quota.$Properties {
  const shown = (limit: number) => (limit === UNLIMITED ? 0 : limit);
  return { bytes: shown(bytes), mappings: shown(mappings), allocations: shown(allocations) };
}

export function allocationView(vm: string, blob: BlobView): barkeep.v1.Allocation.$Properties {
  return {
    vm,
    contextId: blob.context,
    blobId: toWire(blob.blobId),
    resourceId: blob.resource,
    heap: blob.heap,
    cache: WIRE_CACHE[blob.cache],
    size: blob.size,
    chargedBytes: blob.charged,
    mapped: blob.state === 'mapped',
  };
}

/** A mapped blob. */
export function mappingView(vm: string, blob: BlobView): barkeep.v1.Mapping.$Properties {
  return {
    vm,
    resourceId: blob.resource,
    offset: blob.range?.offset ?? 0,
    size: blob.size,
    cache: WIRE_CACHE[blob.cache],
    heap: blob.heap,
  };
}

/** A mapped or parked blob. */
export function rangeView(blob: BlobView): barkeep.v1.Range.$Properties {
  return {
    offset: blob.range?.offset ?? 0,
    size: blob.range?.length ?? 0,
    resourceId: blob.resource,
    cache: WIRE_CACHE[blob.cache],
    parked: blob.state === 'parked',
  };
}

/** Of a VM that nobody has attached: an empty window. */
export function windowView({ config, attached, frontend }: VmEntry): barkeep.v1.Window.$Properties {
  const figures = attached?.vm.window;
  return {
    vm: config.name,
    size: config.window,
    placement: PLACEMENTS[config.placement],
    mappedBytes: figures?.mappedBytes ?? 0,
    freeBytes: figures?.freeBytes ?? config.window,
    largestFreeExtent: figures?.largestFree ?? config.window,
    holes: figures?.holes ?? 1,
    mappings: figures?.mappings ?? 0,
    parkedBytes: figures?.parkedBytes ?? 0,
    strayBytes: attached?.followed ? countFromWire(frontend?.strayBytes) : (attached?.strayBytes ?? 0),
  };
}

export function heapView(
  heap: Heap,
  config: HeapConfig | undefined,
  waiting: Waiting<HeapConfig> | undefined,
): barkeep.v1.Heap.$Properties {
  const { name, backing, cache, capacity } = heap.settings;
  return {
    name,
    backing: WIRE_BACKING[backing],
    cache: WIRE_CACHE[cache],
    capacity,
    used: heap.usedBytes,
    allocations: heap.allocations,
    path: config?.path ?? '',
    pending: waiting?.changes.map((change) => ({ ...change })) ?? [],
    idle: heap.idleBytes,
  };
}

/** An attached, orphaned or suspended VM, and what is certain of what it did. */
export type OwnedVm = {
  readonly entry: VmEntry;
  readonly counted: CounterFigures;
  readonly mappings: Counters['mappings'];
};

export function vmStatisticsView(
  { entry, counted, mappings }: OwnedVm,
  hasLatencies: boolean,
): barkeep.v1.VmStatistics.$Properties {
  const { frontend } = entry;
  return {
    vm: vmView(entry),
    window: windowView(entry),
    caches: CACHE_TYPES.map((cache: CacheType) => {
      const { count, bytes } = mappings[cache];
      return { cache: WIRE_CACHE[cache], mappings: count, mappedBytes: bytes };
    }),
    operations: OPERATIONS.flatMap((operation) => {
      const { ok, refused, noop, repeated, abandoned } = counted.operations[operation];
      // A map that was undone for want of memory was refused, as far as anybody outside can tell.
      return [
        { operation, result: 'ok', count: ok - abandoned },
        { operation, result: 'refused', count: refused + abandoned },
        { operation, result: 'noop', count: noop },
        { operation, result: 'repeated', count: repeated },
      ].filter(({ count }) => count > 0);
    }),
    refusals: refusalsView(counted, countFromWire(frontend?.slotRefusals)),
    frontend: frontend === null || hasLatencies ? frontend : { ...frontend, latencies: [] },
  };
}

/** The broker's own refusals, and those that only the VM's frontend can know of. */
function refusalsView(counted: CounterFigures, slotRefusals: number): barkeep.v1.RefusalCount.$Properties[] {
  return [
    ...REFUSAL_REASONS.map((reason) => ({ reason: reasonNumber(reason), count: counted.refusals[reason] })),
    { reason: reasonNumber('VMM_SLOTS'), count: slotRefusals },
  ].filter(({ count }) => count > 0);
}

/** `figures` are null without a journal. */
export function journalView(
  figures: JournalFigures | null,
  held: HeldDescriptors | null,
): barkeep.v1.JournalStatistics.$Properties {
  if (figures === null) return { active: false };
  const { isWhole, ...counts } = figures;
  return {
    active: true,
    whole: isWhole,
    ...counts,
    storedFds: held?.count ?? 0,
    storeErrors: held?.errors ?? 0,
  };
}

export function configurationView({
  file,
  problem,
  takenAt,
  isChanged,
}: ConfigState): barkeep.v1.Configuration.$Properties {
  return {
    file,
    problems: problem?.split('\n') ?? [],
    lastReloadSuccessful: problem === null,
    lastReloadSuccessTime: takenAt / 1000,
    changed: isChanged,
  };
}

export function grantStatisticsView(
  { waits, figures }: GrantDesk,
  suspensions: number,
): barkeep.v1.GrantStatistics.$Properties {
  return { waitSeconds: histogramView(waits.distribution), ...figures, suspensions };
}

export function histogramView({ bounds, counts, sum }: Distribution): barkeep.v1.Histogram.$Properties {
  return { bounds: [...bounds], counts: [...counts], sum };
}

export function eventView({ event, time, lost }: TimedEvent): barkeep.v1.WatchEventsResponse.$Properties {
  return { time: time / 1000, lost, vm: event.vm, ...detailsOf(event) };
}

function detailsOf(event: BrokerEvent): Partial<barkeep.v1.WatchEventsResponse.$Properties> {
  switch (event.kind) {
    case 'state':
      return { vmStateChanged: { state: STATES[event.state], reason: event.reason } };
    case 'created':
      return { blobCreated: { resourceId: event.resource, size: event.size } };
    case 'mapped': {
      const { resource, offset, size, cache } = event;
      return { blobMapped: { resourceId: resource, offset, size, cache: WIRE_CACHE[cache] } };
    }
    case 'unmapped':
      return { blobUnmapped: { resourceId: event.resource } };
    case 'destroyed':
      return { blobDestroyed: { resourceId: event.resource } };
    case 'reset':
      return { deviceReset: { generation: event.generation } };
    case 'refused': {
      const { operation, reason, message } = event;
      return { commandRefused: { operation, reason: reasonNumber(reason), message } };
    }
  }
}
