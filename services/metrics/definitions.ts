// Every metric of the endpoint in one table: name, help, labels, and how it is read from the broker's statistics.
// Names follow the conventions of Prometheus: base units, _total for counters, no label that grows without bound.
// A counter has its series from the first scrape on, at zero, wherever it is known beforehand what can be counted (lib/rpc/counted.ts).
import { REFUSALS_OF_BROKER, REFUSALS_OF_FRONTEND, RESULTS_OF } from '../lib/rpc/counted.ts';
import { barkeep } from '../lib/rpc/gen/barkeep.js';
import { reasonName } from '../lib/rpc/status-error.ts';
import { countFromWire } from '../lib/rpc/u64.ts';
import { VMM_PROBLEMS, VMM_STATES } from '../lib/rpc/vmm-names.ts';

export type Statistics = barkeep.v1.GetStatisticsResponse;
export type VmStatistics = barkeep.v1.VmStatistics.$Properties;
type ProcessStatistics = barkeep.v1.ProcessStatistics.$Properties;
export type Histogram = barkeep.v1.Histogram.$Properties;

/** Takes one value: a sample, with the values of the definition's labels in their order. */
export type Add<Value> = (value: Value, ...labels: readonly string[]) => void;

type Named = { readonly name: string; readonly help: string; readonly labels: readonly string[] };
type Read<Subject> =
  | { readonly type: 'gauge' | 'counter'; readonly read: (subject: Subject, add: Add<number>) => void }
  | { readonly type: 'histogram'; readonly read: (subject: Subject, add: Add<Histogram>) => void };

/** Read from what is not of one VM, once a scrape. */
export type HostDefinition = Named & { readonly of: 'host' } & Read<Statistics>;
/** Read from each VM; its first label is the VM, which is added for it. */
export type VmDefinition = Named & { readonly of: 'vm' } & Read<VmStatistics>;
/** Of processes: the broker's, and those of frontends. */
export type ProcessDefinition = Named & { readonly of: 'process' } & Read<ProcessStatistics>;
export type Definition = HostDefinition | VmDefinition | ProcessDefinition;

/** The cache types as labels, by the contract's numbers. */
const CACHES: ReadonlyMap<number, string> = new Map([
  [barkeep.v1.CacheType.CACHE_TYPE_NONE, 'none'],
  [barkeep.v1.CacheType.CACHE_TYPE_CACHED, 'cached'],
  [barkeep.v1.CacheType.CACHE_TYPE_UNCACHED, 'uncached'],
  [barkeep.v1.CacheType.CACHE_TYPE_WC, 'wc'],
]);
const BACKINGS: Readonly<Record<number, string>> = {
  [barkeep.v1.Backing.BACKING_MEMFD]: 'memfd',
  [barkeep.v1.Backing.BACKING_HUGETLB]: 'hugetlb',
  [barkeep.v1.Backing.BACKING_FILE]: 'file',
};
const STATES: ReadonlyMap<number, string> = new Map([
  [barkeep.v1.VmState.VM_STATE_ATTACHED, 'attached'],
  [barkeep.v1.VmState.VM_STATE_ORPHANED, 'orphaned'],
  [barkeep.v1.VmState.VM_STATE_SUSPENDED, 'suspended'],
]);

/** Three histograms a VM, 63 series: as many as everything else together, so only where the configuration wants them. */
export const VM_STAGES: VmDefinition = {
  of: 'vm',
  name: 'barkeep_vm_stage_duration_seconds',
  type: 'histogram',
  help: 'Time by stage of each VM, as its frontend measured it; with metrics.vm_histograms only.',
  labels: ['vm', 'stage'],
  read: ({ frontend }, add) => {
    for (const { stage, histogram } of frontend?.latencies ?? []) if (histogram) add(histogram, stage ?? '');
  },
};

export const DEFINITIONS: readonly Definition[] = [
  // Mappings: what the guest sees in its window.
  perCache(
    'barkeep_mappings',
    'Live mappings in the window of a VM, by cache type.',
    (cache) => cache.mappings,
  ),
  perCache(
    'barkeep_mapped_bytes',
    'Bytes mapped in the window of a VM, by cache type.',
    (cache) => cache.mappedBytes,
  ),

  // Windows.
  perVm('gauge', 'barkeep_window_size_bytes', 'Size of the host-visible window.', (vm) => vm.window?.size),
  perVm(
    'gauge',
    'barkeep_window_free_bytes',
    'Bytes of the window that no blob occupies.',
    (vm) => vm.window?.freeBytes,
  ),
  perVm(
    'gauge',
    'barkeep_window_largest_free_extent_bytes',
    'The largest blob that still fits.',
    (vm) => vm.window?.largestFreeExtent,
  ),
  perVm(
    'gauge',
    'barkeep_window_holes',
    'Free extents of the window; many of them mean fragmentation.',
    (vm) => vm.window?.holes,
  ),
  perVm(
    'gauge',
    'barkeep_window_parked_bytes',
    'Ranges of blobs that were unmapped and may come back.',
    (vm) => vm.window?.parkedBytes,
  ),
  perVm(
    'gauge',
    'barkeep_stray_bytes',
    'Memory that the guest touched outside of any blob, at the last sweep.',
    (vm) => vm.window?.strayBytes,
  ),

  // VMs.
  perVm('gauge', 'barkeep_allocations', 'Live blobs of a VM.', (vm) => vm.vm?.allocations),
  perVm(
    'gauge',
    'barkeep_allocated_bytes',
    'Bytes that a VM holds, as charged to its quota.',
    (vm) => vm.vm?.allocatedBytes,
  ),
  perVm('gauge', 'barkeep_quota_bytes', 'Quota of bytes; 0 is no limit.', (vm) => vm.vm?.quota?.bytes),
  perVm(
    'gauge',
    'barkeep_quota_mappings',
    'Quota of live mappings; 0 is no limit.',
    (vm) => vm.vm?.quota?.mappings,
  ),
  perVm(
    'gauge',
    'barkeep_quota_allocations',
    'Quota of live blobs; 0 is no limit.',
    (vm) => vm.vm?.quota?.allocations,
  ),
  // Grants, of VMs that their frontends decide for.
  perGrant(
    'barkeep_grant_bytes',
    'Bytes of a heap that a VM may have in use without asking.',
    ({ bytes }) => bytes,
  ),
  perGrant('barkeep_grant_idle_bytes', 'Of barkeep_grant_bytes, what is in no blob.', ({ idle }) => idle),
  perVm(
    'gauge',
    'barkeep_untold_blobs',
    'Blobs that are other than the broker knows, as the frontend last reported.',
    (vm) => vm.vm?.untoldBlobs,
  ),
  once(
    'counter',
    'barkeep_grant_recalls_total',
    'Times that VMs were asked to give back what they do not use.',
    ({ grants }) => countFromWire(grants?.recalls),
  ),
  once(
    'counter',
    'barkeep_grant_refusals_total',
    'Requests for a grant that were refused what they needed.',
    ({ grants }) => countFromWire(grants?.refusals),
  ),
  once(
    'counter',
    'barkeep_vm_suspensions_total',
    'VMs that were suspended for what their frontends told.',
    ({ grants }) => countFromWire(grants?.suspensions),
  ),
  {
    of: 'host',
    name: 'barkeep_grant_wait_seconds',
    type: 'histogram',
    help: 'How long requests for a grant waited for others to give something back.',
    labels: [],
    read: ({ grants }, add) => {
      if (grants?.waitSeconds) add(grants.waitSeconds);
    },
  },

  perVm(
    'gauge',
    'barkeep_vm_beyond_grant_bytes',
    'Memory in the window that the grant of the VM does not account for, nor what is allowed beyond it.',
    (vm) => vm.vm?.beyondGrantBytes,
  ),
  perVm(
    'gauge',
    'barkeep_vm_out_of_room',
    '1 while a journal has no room for what new commands of the VM would leave: they are refused.',
    (vm) => Number((vm.vm?.outOfRoom ?? '') !== ''),
  ),
  perVm('gauge', 'barkeep_device_generation', 'Moves on at every device reset.', (vm) => vm.vm?.generation),
  labelled(
    'barkeep_vm_state',
    '1 for the state that the VM is in.',
    'state',
    STATES,
    (vm, state) => vm.vm?.state === state,
  ),
  labelled(
    'barkeep_vmm_state',
    '1 for how far the VMM has come; 0 for all while its frontend has not told.',
    'state',
    VMM_STATES,
    (vm, state) => vm.vm?.vmm?.state === state,
  ),
  labelled(
    'barkeep_vmm_problem',
    '1 for a mistake in how the VM was started, which `barkeep vm show` explains.',
    'problem',
    VMM_PROBLEMS,
    (vm, problem) => vm.vm?.vmm?.problems?.some(({ kind }) => kind === problem) ?? false,
  ),
  perVm(
    'gauge',
    'barkeep_vmm_queues_running',
    'Queues of the device that run; a virtio-gpu has 2.',
    (vm) => vm.vm?.vmm?.runningQueues,
  ),
  perVm(
    'gauge',
    'barkeep_vmm_guest_memory_bytes',
    'Guest memory that the VMM shares with the frontend.',
    (vm) => vm.vm?.vmm?.guestBytes,
  ),
  perVm(
    'gauge',
    'barkeep_vmm_window_bytes',
    'What the guest sees of its window, by the table of memory of the VMM.',
    (vm) => vm.vm?.vmm?.windowBytes,
  ),
  perFrontend(
    'barkeep_out_of_reach_chains_total',
    'Descriptor chains in guest memory that the VMM does not share.',
    (frontend) => frontend.outOfReachChains,
  ),
  once('gauge', 'barkeep_vms_configured', 'VMs in the configuration of the broker.', ({ vmsConfigured }) =>
    countFromWire(vmsConfigured),
  ),

  perVm(
    'gauge',
    'barkeep_vm_pending_changes',
    'Settings that are configured and wait until the VM is attached afresh.',
    (vm) => vm.vm?.pending?.length,
  ),

  // Heaps and the host.
  perHeap('barkeep_heap_capacity_bytes', 'Capacity of a heap.', (heap) => heap.capacity),
  perHeap('barkeep_heap_used_bytes', 'Bytes of a heap that blobs hold.', (heap) => heap.used),
  perHeap(
    'barkeep_heap_idle_bytes',
    'Bytes of a heap that are granted to VMs and in no blob: neither used nor free.',
    (heap) => heap.idle,
  ),
  perHeap('barkeep_heap_allocations', 'Live blobs in a heap.', (heap) => heap.allocations),
  perHeap(
    'barkeep_heap_pending_changes',
    'Settings that are configured and wait until no VM uses the heap.',
    (heap) => heap.pending?.length,
  ),
  once('gauge', 'barkeep_host_capacity_bytes', 'Limit over all heaps.', ({ hostCapacity }) =>
    countFromWire(hostCapacity),
  ),
  once('gauge', 'barkeep_host_used_bytes', 'Bytes that blobs hold over all heaps.', ({ hostUsed }) =>
    countFromWire(hostUsed),
  ),

  // Operations.
  {
    of: 'vm',
    name: 'barkeep_operations_total',
    type: 'counter',
    help: 'Operations of the broker by kind and result (ok, refused, noop, repeated).',
    labels: ['vm', 'operation', 'result'],
    read: ({ operations }, add) => {
      const counted = new Map(operations?.map((item) => [`${item.operation} ${item.result}`, item.count]));
      for (const [operation, results] of Object.entries(RESULTS_OF)) {
        for (const result of results) {
          add(countFromWire(counted.get(`${operation} ${result}`)), operation, result);
        }
      }
    },
  },
  {
    of: 'vm',
    name: 'barkeep_refusals_total',
    type: 'counter',
    help: 'Refused operations by reason.',
    labels: ['vm', 'reason'],
    read: ({ refusals, frontend }, add) => {
      const counted = new Map(refusals?.map(({ reason, count }) => [reasonName(reason), count]));
      for (const reason of REFUSALS_OF_BROKER) add(countFromWire(counted.get(reason)), reason);
      // What a frontend counts is not known before it has told, and no zero then.
      if (!frontend) return;
      for (const reason of REFUSALS_OF_FRONTEND) add(countFromWire(counted.get(reason)), reason);
    },
  },
  {
    of: 'vm',
    name: 'barkeep_commands_total',
    type: 'counter',
    help: 'Commands of the guest by virtio-gpu name and answer.',
    labels: ['vm', 'command', 'answer'],
    read: ({ frontend }, add) => {
      for (const { command, answer, count } of frontend?.commands ?? []) {
        add(countFromWire(count), command ?? '', answer ?? '');
      }
    },
  },
  perFrontend(
    'barkeep_malformed_chains_total',
    'Descriptor chains of the guest that were no commands.',
    (frontend) => frontend.malformedChains,
  ),

  // Latencies.
  {
    of: 'host',
    name: 'barkeep_stage_duration_seconds',
    type: 'histogram',
    help: 'Time by stage, of all VMs: vmm (mapping in the VMM, acknowledged), command (kick to used index), grant (a command that waited for a larger grant).',
    labels: ['stage'],
    read: ({ stages }, add) => {
      for (const { stage, histogram } of stages ?? []) if (histogram) add(histogram, stage ?? '');
    },
  },
  VM_STAGES,
  {
    of: 'host',
    name: 'barkeep_batch_duration_seconds',
    type: 'histogram',
    help: 'Time of a batch in the broker, from its arrival to its reply.',
    labels: [],
    read: ({ batchSeconds }, add) => {
      if (batchSeconds) add(batchSeconds);
    },
  },

  // The fd channel.
  {
    of: 'host',
    name: 'barkeep_fd_tokens_total',
    type: 'counter',
    help: 'One-time tokens of the fd channel by what became of them (issued, redeemed, refused).',
    labels: ['result'],
    read: ({ tokensIssued, tokensRedeemed, tokensRefused }, add) => {
      add(countFromWire(tokensIssued), 'issued');
      add(countFromWire(tokensRedeemed), 'redeemed');
      add(countFromWire(tokensRefused), 'refused');
    },
  },

  // The configuration's file.
  once(
    'gauge',
    'barkeep_config_last_reload_successful',
    '1 when the configuration file of the broker is right; 0 while the last good configuration stands in for it.',
    ({ configuration }) => Number(configuration?.lastReloadSuccessful ?? false),
  ),
  once(
    'gauge',
    'barkeep_config_last_reload_success_timestamp_seconds',
    'When what is in force was last seen in the file, in seconds since 1970.',
    ({ configuration }) => configuration?.lastReloadSuccessTime ?? 0,
  ),
  once(
    'gauge',
    'barkeep_config_changed',
    '1 when the configuration file says something else than what is in force: the next start takes it.',
    ({ configuration }) => Number(configuration?.changed ?? false),
  ),

  // What outlives the broker, and what this one took over.
  once('gauge', 'barkeep_journal_active', '1 when VMs survive the end of the broker.', ({ journal }) =>
    Number((journal?.active && journal.whole) ?? false),
  ),
  once('gauge', 'barkeep_journal_size_bytes', 'Length of the journal.', ({ journal }) =>
    countFromWire(journal?.size),
  ),
  once('counter', 'barkeep_journal_records_total', 'Records written to the journal.', ({ journal }) =>
    countFromWire(journal?.records),
  ),
  once('counter', 'barkeep_journal_bytes_total', 'Bytes written to the journal.', ({ journal }) =>
    countFromWire(journal?.bytes),
  ),
  once('counter', 'barkeep_journal_snapshots_total', 'Times that a new journal was begun.', ({ journal }) =>
    countFromWire(journal?.snapshots),
  ),
  once('counter', 'barkeep_journal_errors_total', 'Writes of the journal that failed.', ({ journal }) =>
    countFromWire(journal?.errors),
  ),
  once('gauge', 'barkeep_stored_fds', 'Descriptors in the fd store.', ({ journal }) =>
    countFromWire(journal?.storedFds),
  ),
  once('counter', 'barkeep_fd_store_errors_total', 'Calls that the fd store did not take.', ({ journal }) =>
    countFromWire(journal?.storeErrors),
  ),
  {
    of: 'host',
    name: 'barkeep_recovered_vms',
    type: 'gauge',
    help: 'VMs of an earlier broker that this one found at its start: adopted, or lost and reclaimed.',
    labels: ['result'],
    read: ({ recovery }, add) => {
      add(countFromWire(recovery?.vmsAdopted), 'adopted');
      add(countFromWire(recovery?.vmsLost), 'lost');
    },
  },
  {
    of: 'host',
    name: 'barkeep_recovered_fds',
    type: 'gauge',
    help: 'Descriptors that came back at the start of this broker: adopted, or orphaned (they belonged to nothing) and closed.',
    labels: ['result'],
    read: ({ recovery }, add) => {
      add(countFromWire(recovery?.fdsAdopted), 'adopted');
      add(countFromWire(recovery?.fdsOrphaned), 'orphaned');
    },
  },
  once(
    'gauge',
    'barkeep_recovery_seconds',
    'How long it took this broker to take over from an earlier one; 0 when there was none.',
    ({ recovery }) => recovery?.seconds ?? 0,
  ),

  // Processes: the broker's, this one, and each frontend's.
  ifKnown('barkeep_process_resident_memory_bytes', 'Resident memory.', (item) => item.residentBytes),
  perProcess('gauge', 'barkeep_process_heap_used_bytes', 'Used part of the JavaScript heap.', (item) =>
    countFromWire(item.heapUsedBytes),
  ),
  ifKnown('barkeep_process_open_fds', 'Open file descriptors.', (item) => item.openFds),
  perProcess('counter', 'barkeep_process_cpu_seconds_total', 'CPU time.', (item) => item.cpuSeconds ?? 0),
  perProcess(
    'gauge',
    'barkeep_process_start_time_seconds',
    'Start, in seconds since 1970.',
    (item) => item.startTime ?? 0,
  ),
  perProcess(
    'gauge',
    'barkeep_process_event_loop_lag_p50_seconds',
    'Median delay of the event loop over the last 30 to 60 seconds.',
    (item) => item.eventLoopLagP50 ?? 0,
  ),
  perProcess(
    'gauge',
    'barkeep_process_event_loop_lag_p99_seconds',
    '99th percentile of the delay of the event loop over the last 30 to 60 seconds.',
    (item) => item.eventLoopLagP99 ?? 0,
  ),
  perProcess(
    'gauge',
    'barkeep_process_event_loop_lag_max_seconds',
    'Longest delay of the event loop over the last 30 to 60 seconds.',
    (item) => item.eventLoopLagMax ?? 0,
  ),
];

type Count = Parameters<typeof countFromWire>[0];

function once(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  value: (statistics: Statistics) => number,
): HostDefinition {
  return { of: 'host', name, type, help, labels: [], read: (statistics, add) => add(value(statistics)) };
}

function perVm(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  value: (vm: VmStatistics) => Count,
): VmDefinition {
  return { of: 'vm', name, type, help, labels: ['vm'], read: (vm, add) => add(countFromWire(value(vm))) };
}

/** What a VM's frontend counts: it has no series until the frontend has told, because a zero then would be a counter that falls. */
function perFrontend(
  name: string,
  help: string,
  value: (frontend: barkeep.v1.FrontendStatistics.$Properties) => Count,
): VmDefinition {
  const read = ({ frontend }: VmStatistics, add: Add<number>) => {
    if (frontend) add(countFromWire(value(frontend)));
  };
  return { of: 'vm', name, type: 'counter', help, labels: ['vm'], read };
}

/** One series for each value of a label, 1 where it holds: those that do not hold are 0, and not absent. */
function labelled(
  name: string,
  help: string,
  label: string,
  values: ReadonlyMap<number, string>,
  holds: (vm: VmStatistics, value: number) => boolean,
): VmDefinition {
  const read = (vm: VmStatistics, add: Add<number>) => {
    for (const [value, word] of values) add(Number(holds(vm, value)), word);
  };
  return { of: 'vm', name, type: 'gauge', help, labels: ['vm', label], read };
}

function perCache(
  name: string,
  help: string,
  value: (cache: barkeep.v1.CacheStatistics.$Properties) => Count,
): VmDefinition {
  // Every cache type has its series from the first scrape on, so that a sum or a rate never misses its start.
  const read = ({ caches }: VmStatistics, add: Add<number>) => {
    for (const [number, cache] of CACHES) {
      const found = caches?.find((entry) => entry.cache === number);
      add(found ? countFromWire(value(found)) : 0, cache);
    }
  };
  return { of: 'vm', name, type: 'gauge', help, labels: ['vm', 'cache'], read };
}

function perGrant(
  name: string,
  help: string,
  value: (grant: barkeep.v1.HeapGrant.$Properties) => Count,
): VmDefinition {
  const read = ({ vm }: VmStatistics, add: Add<number>) => {
    for (const grant of vm?.grant?.heaps ?? []) add(countFromWire(value(grant)), grant.heap ?? '');
  };
  return { of: 'vm', name, type: 'gauge', help, labels: ['vm', 'heap'], read };
}

function perHeap(
  name: string,
  help: string,
  value: (heap: barkeep.v1.Heap.$Properties) => Count,
): HostDefinition {
  const read = ({ heaps }: Statistics, add: Add<number>) => {
    for (const heap of heaps ?? []) {
      const backing = BACKINGS[heap.backing ?? 0] ?? '';
      add(countFromWire(value(heap)), heap.name ?? '', backing, CACHES.get(heap.cache ?? 0) ?? '');
    }
  };
  return { of: 'host', name, type: 'gauge', help, labels: ['heap', 'backing', 'cache'], read };
}

function perProcess(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  value: (item: ProcessStatistics) => number,
): ProcessDefinition {
  const read = (item: ProcessStatistics, add: Add<number>) => add(value(item));
  const whose =
    'Of the broker, of this endpoint, and of each frontend (of several VMs: told with one of them).';
  return { of: 'process', name, type, help: `${help} ${whose}`, labels: ['service', 'vm'], read };
}

/** What a process without a descriptor may not find out about itself, and what is 0 then: it has no series. */
function ifKnown(name: string, help: string, value: (item: ProcessStatistics) => Count): ProcessDefinition {
  const known = perProcess('gauge', name, help, () => 0);
  const read = (item: ProcessStatistics, add: Add<number>) => {
    const found = countFromWire(value(item));
    if (found > 0) add(found);
  };
  return { ...known, type: 'gauge', read };
}
