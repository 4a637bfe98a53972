// AdminService: the broker's books as operators and the metrics endpoint see them, and the few things that they may do. It owns nothing but watches and tokens.
import { Metadata, type ServerWritableStream, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { BlobView } from '../../lib/domain/blob.ts';
import type { Heap } from '../../lib/domain/heap.ts';
import type { Host } from '../../lib/domain/host.ts';
import type { barkeep } from '../../lib/rpc/gen/barkeep.js';
import type { Handlers } from '../../lib/rpc/handlers.ts';
import { StatusError } from '../../lib/rpc/status-error.ts';
import type { Peer } from '../../lib/rpc/unix-server.ts';
import type { HeapConfig } from '../../lib/runtime/config.ts';
import type { ConfigState } from '../../lib/runtime/config-file.ts';
import type { ProcessFigures } from '../../lib/runtime/process-figures.ts';
import type { BatchRunner } from '../batch-runner.ts';
import type { Events, Watcher } from '../events.ts';
import { MOST_WATCHERS } from '../events.ts';
import type { GrantDesk } from '../grants.ts';
import type { HeldDescriptors } from '../heaps/descriptor-store.ts';
import type { Heaps } from '../heaps/heaps.ts';
import type { Journal } from '../journal/journal.ts';
import type { RecoveryFigures } from '../recovery.ts';
import type { StageDurations } from '../stage-durations.ts';
import type { Waiting } from '../terms.ts';
import type { Tokens } from '../tokens.ts';
import type { VmDirectory, VmEntry } from '../vm-directory.ts';
import {
  allocationView,
  configurationView,
  eventView,
  grantStatisticsView,
  heapView,
  histogramView,
  journalView,
  mappingView,
  type OwnedVm,
  rangeView,
  vmStatisticsView,
  vmView,
  windowView,
} from './admin-views.ts';
import type { MemoryHandle } from './command-codec.ts';
import type { Handles } from './handles.ts';
import { type Page, type PageRequest, pageOf, pageSizeOf, positionOf } from './pages.ts';

type V1 = typeof barkeep.v1;
type Message<Name extends keyof V1> = V1[Name] extends abstract new (
  ...args: never
) => infer Instance
  ? Instance
  : never;
type Owned = { readonly vm: string; readonly blob: BlobView };

export type AdminServices = {
  readonly directory: VmDirectory;
  readonly host: Host;
  readonly heapConfigs: readonly HeapConfig[];
  readonly waitingHeaps: ReadonlyMap<string, Waiting<HeapConfig>>;
  readonly heaps: Heaps;
  readonly tokens: Tokens;
  readonly handles: Handles;
  readonly events: Events;
  readonly runner: BatchRunner;
  readonly processFigures: ProcessFigures;
  readonly stageDurations: StageDurations;
  readonly grants: GrantDesk;
  readonly configuration: () => ConfigState;
  /** What the next broker would find, and what this one found. */
  readonly survival: {
    readonly journal: Journal | null;
    readonly held: HeldDescriptors | null;
    readonly recovered: RecoveryFigures;
  };
  readonly handlers: Handlers;
  readonly version: string;
};

/** proto: GetWindow. */
const MOST_RANGES = 10_000;
/** The owner of tokens that no VM's end makes void by itself; what they stand for goes with the VM all the same. */
const TOKEN_OWNER = '(admin)';

export function adminService(services: AdminServices): UntypedServiceImplementation {
  const { directory, host, handlers } = services;
  const heapConfigs = new Map(services.heapConfigs.map((config) => [config.name, config]));
  const heapOf = (heap: Heap) =>
    heapView(heap, heapConfigs.get(heap.settings.name), services.waitingHeaps.get(heap.settings.name));

  return {
    listVms: handlers.unary<Message<'ListVmsRequest'>, barkeep.v1.ListVmsResponse.$Properties>((request) => {
      const { items, nextPageToken } = pageOfVms(directory, request);
      return { vms: items.map(vmView), nextPageToken };
    }),
    getVm: handlers.unary<Message<'GetVmRequest'>, barkeep.v1.GetVmResponse.$Properties>(({ vm }) => ({
      vm: vmView(directory.entry(vm)),
    })),

    listAllocations: handlers.unary<
      Message<'ListAllocationsRequest'>,
      barkeep.v1.ListAllocationsResponse.$Properties
    >((request) => {
      const { items, nextPageToken } = pageOfBlobs(directory, request, byResource, (blob) => blob.resource);
      return { allocations: items.map(({ vm, blob }) => allocationView(vm, blob)), nextPageToken };
    }),
    getAllocation: handlers.unary<
      Message<'GetAllocationRequest'>,
      barkeep.v1.GetAllocationResponse.$Properties
    >(({ vm, resourceId }) => ({ allocation: allocationView(vm, blobOf(directory.entry(vm), resourceId)) })),

    listMappings: handlers.unary<Message<'ListMappingsRequest'>, barkeep.v1.ListMappingsResponse.$Properties>(
      (request) => {
        const offsetOf = (blob: BlobView) => blob.range?.offset ?? 0;
        const { items, nextPageToken } = pageOfBlobs(directory, request, mappedByOffset, offsetOf);
        return { mappings: items.map(({ vm, blob }) => mappingView(vm, blob)), nextPageToken };
      },
    ),
    getMapping: handlers.unary<Message<'GetMappingRequest'>, barkeep.v1.GetMappingResponse.$Properties>(
      ({ vm, resourceId }) => {
        const blob = blobOf(directory.entry(vm), resourceId);
        if (blob.state === 'mapped') return { mapping: mappingView(vm, blob) };
        throw new StatusError(
          'RESOURCE_UNKNOWN',
          `the mapping of resource ${resourceId} of VM "${vm}" was asked for, but the resource is not mapped`,
          { vm, resource: String(resourceId) },
        );
      },
    ),

    listWindows: handlers.unary<Message<'ListWindowsRequest'>, barkeep.v1.ListWindowsResponse.$Properties>(
      (request) => {
        const { items, nextPageToken } = pageOfVms(directory, request);
        return { windows: items.map(windowView), nextPageToken };
      },
    ),
    getWindow: handlers.unary<Message<'GetWindowRequest'>, barkeep.v1.GetWindowResponse.$Properties>(
      ({ vm }) => windowWithRanges(directory.entry(vm)),
    ),

    listHeaps: handlers.unary<Message<'ListHeapsRequest'>, barkeep.v1.ListHeapsResponse.$Properties>(
      (request) => {
        const { items, nextPageToken } = pageOfHeaps(host, request);
        return { heaps: items.map(heapOf), nextPageToken };
      },
    ),
    getHeap: handlers.unary<Message<'GetHeapRequest'>, barkeep.v1.GetHeapResponse.$Properties>(({ heap }) => {
      const found = host.heaps.get(heap);
      if (found !== undefined) return { heap: heapOf(found) };
      throw new StatusError(
        'HEAP_UNKNOWN',
        `heap "${heap}" was named, but the broker has none of that name; its heaps are ${[...host.heaps.keys()].join(', ')}`,
        { heap },
      );
    }),

    openBlob: handlers.unary<Message<'OpenBlobRequest'>, barkeep.v1.OpenBlobResponse.$Properties>(
      ({ vm, resourceId }, peer) => ({ memory: openBlob(services, vm, resourceId, peer) }),
    ),

    evictVm: handlers.unary<Message<'EvictVmRequest'>, barkeep.v1.EvictVmResponse.$Properties>(
      ({ vm, force }) => directory.evict(vm, force),
    ),

    watchEvents: handlers.stream<Message<'WatchEventsRequest'>, barkeep.v1.WatchEventsResponse.$Properties>(
      (call) => watchEvents(services, call),
    ),

    getConfiguration: handlers.unary<
      Message<'GetConfigurationRequest'>,
      barkeep.v1.GetConfigurationResponse.$Properties
    >(() => ({ configuration: configurationView(services.configuration()) })),

    getStatistics: handlers.unary<
      Message<'GetStatisticsRequest'>,
      barkeep.v1.GetStatisticsResponse.$Properties
    >((request) => {
      const { items, nextPageToken } = pageOfStatistics(directory, request);
      return {
        ...(request.pageToken === '' && hostStatistics(services, [...host.heaps.values()].map(heapOf))),
        vms: items.map((vm) => vmStatisticsView(vm, !request.withoutLatencies)),
        nextPageToken,
      };
    }),
  };
}

/** Everything but the VMs. */
function hostStatistics(
  services: AdminServices,
  heaps: barkeep.v1.Heap.$Properties[],
): barkeep.v1.GetStatisticsResponse.$Properties {
  const { host, survival, stageDurations } = services;
  const { issued, redeemed, refused } = services.tokens.counts;
  return {
    version: services.version,
    process: services.processFigures.read(),
    heaps,
    hostCapacity: host.limits.bytes,
    hostUsed: host.used.bytes,
    vmsConfigured: services.directory.entries.size,
    batchSeconds: histogramView(services.runner.durations.distribution),
    stages: [...stageDurations.entries()].map(([stage, distribution]) => ({
      stage,
      histogram: histogramView(distribution),
    })),
    tokensIssued: issued,
    tokensRedeemed: redeemed,
    tokensRefused: refused,
    configuration: configurationView(services.configuration()),
    journal: journalView(survival.journal?.figures ?? null, survival.held),
    recovery: survival.recovered,
    grants: grantStatisticsView(services.grants, services.directory.suspensions),
  };
}

/** VMs that somebody has: of all at once when no page is asked for, as it was before there were pages. */
function pageOfStatistics(directory: VmDirectory, request: PageRequest): Page<OwnedVm> {
  const after = positionOf(request);
  const vms: OwnedVm[] = [];
  for (const entry of directory.entries.values()) {
    if (after !== null && entry.config.name <= after.group) continue;
    if (entry.attached !== null)
      vms.push({ entry, counted: entry.attached.counted, mappings: entry.attached.vm.counters.mappings });
  }
  if (!request.pageSize && after === null) return { items: vms, nextPageToken: '' };
  return pageOf(vms, pageSizeOf(request), ({ entry }) => ({ group: entry.config.name, item: null }));
}

function pageOfVms(directory: VmDirectory, request: PageRequest): Page<VmEntry> {
  const after = positionOf(request);
  const entries = [...directory.entries.values()].filter(
    ({ config }) => after === null || config.name > after.group,
  );
  return pageOf(entries, pageSizeOf(request), ({ config }) => ({ group: config.name, item: null }));
}

function pageOfHeaps(host: Host, request: PageRequest): Page<Heap> {
  const after = positionOf(request);
  const heaps = [...host.heaps.values()]
    .filter(({ settings }) => after === null || settings.name > after.group)
    .sort((a, b) => (a.settings.name < b.settings.name ? -1 : 1));
  return pageOf(heaps, pageSizeOf(request), ({ settings }) => ({ group: settings.name, item: null }));
}

/** Blobs of one VM, or of all, from behind the request's position on. `blobsOf` gives a VM's in order of `keyOf`, those above `after`. */
function pageOfBlobs(
  directory: VmDirectory,
  request: PageRequest & { readonly vm: string },
  blobsOf: (entry: VmEntry, after: number) => Iterable<BlobView>,
  keyOf: (blob: BlobView) => number,
): Page<Owned> {
  const after = positionOf(request);
  const entries = request.vm === '' ? [...directory.entries.values()] : [directory.entry(request.vm)];
  function* source(): Generator<Owned, void, undefined> {
    for (const entry of entries) {
      const vm = entry.config.name;
      if (after !== null && vm < after.group) continue;
      const key = after !== null && vm === after.group ? (after.item ?? -1) : -1;
      for (const blob of blobsOf(entry, key)) yield { vm, blob };
    }
  }
  return pageOf(source(), pageSizeOf(request), ({ vm, blob }) => ({ group: vm, item: keyOf(blob) }));
}

function byResource({ attached }: VmEntry, after: number): BlobView[] {
  const blobs: BlobView[] = [];
  for (const blob of attached?.vm.blobs() ?? []) if (blob.resource > after) blobs.push(blob);
  return blobs.sort((a, b) => a.resource - b.resource);
}

function* mappedByOffset({ attached }: VmEntry, after: number): Generator<BlobView, void, undefined> {
  for (const blob of attached?.vm.placedBlobs() ?? []) {
    if (blob.state === 'mapped' && blob.range !== null && blob.range.offset > after) yield blob;
  }
}

function blobOf({ config, attached }: VmEntry, resource: number): BlobView {
  const blob = attached?.vm.blob(resource) ?? null;
  if (blob !== null) return blob;
  throw new StatusError(
    'RESOURCE_UNKNOWN',
    `resource ${resource} of VM "${config.name}" was named, but the VM has no blob of that id`,
    { vm: config.name, resource: String(resource) },
  );
}

function windowWithRanges(entry: VmEntry): barkeep.v1.GetWindowResponse.$Properties {
  const ranges: barkeep.v1.Range.$Properties[] = [];
  for (const blob of entry.attached?.vm.placedBlobs() ?? []) {
    if (ranges.length === MOST_RANGES) return { window: windowView(entry), ranges, truncated: true };
    ranges.push(rangeView(blob));
  }
  return { window: windowView(entry), ranges };
}

function openBlob(
  { directory, heaps, handles }: AdminServices,
  vm: string,
  resource: number,
  peer: Peer,
): MemoryHandle {
  const entry = directory.entry(vm);
  const { allocation, state, range, size } = blobOf(entry, resource);
  if (allocation !== null) {
    return handles.of(TOKEN_OWNER, peer, allocation.fdOffset, size, () => heaps.open(allocation));
  }
  const window = entry.attached?.window ?? null;
  if (window !== null && range !== null) {
    const source = () => (window.open ? { fd: window.fd, fileSize: window.size } : null);
    return handles.of(TOKEN_OWNER, peer, range.offset, size, source);
  }
  if (window !== null && state === 'stashed' && entry.attached?.followed) {
    throw new StatusError(
      'STASHED',
      `resource ${resource} of VM "${vm}" was to be opened, but it is not mapped and another blob has its place in the window: its bytes lie with the VM's frontend, which decides for it; open it while it is mapped`,
      { vm, resource: String(resource) },
    );
  }
  if (window !== null && state === 'stashed') {
    return handles.of(TOKEN_OWNER, peer, 0, size, () => (window.open ? window.stashOf(resource) : null));
  }
  throw new StatusError(
    'NEVER_MAPPED',
    `resource ${resource} of VM "${vm}" was to be opened, but it was never mapped, and has no memory before that; map it first`,
    { vm, resource: String(resource) },
  );
}

function watchEvents(
  { directory, events }: AdminServices,
  call: ServerWritableStream<barkeep.v1.WatchEventsRequest, barkeep.v1.WatchEventsResponse.$Properties>,
): void {
  const { vm } = call.request;
  if (vm !== '') directory.entry(vm);
  const watcher: Watcher | null = events.watch(
    vm === '' ? null : vm,
    (event) => call.write(eventView(event)),
    () => call.end(),
  );
  if (watcher === null) {
    throw new StatusError('WATCHER_LIMIT', `${MOST_WATCHERS} callers watch already, and no more may`);
  }
  // The headers say that the watch is on: what happens from now is not missed.
  call.sendMetadata(new Metadata());
  call.on('drain', () => watcher.resume());
  call.on('cancelled', () => watcher.close());
  call.on('close', () => watcher.close());
}
