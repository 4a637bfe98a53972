// Every metric of the endpoint in one table: name, help, labels, and how it is read from the broker's statistics.
// Names follow the conventions of Prometheus: base units, _total for counters, no label that grows without bound.
import { barkeep } from '../lib/rpc/gen/barkeep.js';
import { reasonName } from '../lib/rpc/status-error.ts';
import { countFromWire } from '../lib/rpc/u64.ts';
import { VMM_PROBLEMS, VMM_STATES } from '../lib/rpc/vmm-names.ts';

type Statistics = barkeep.v1.GetStatisticsResponse;
type VmStatistics = barkeep.v1.VmStatistics.$Properties;
type ProcessStatistics = barkeep.v1.ProcessStatistics.$Properties;
type Histogram = barkeep.v1.Histogram.$Properties;

export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: Labels, value: number];
export type HistogramSample = readonly [labels: Labels, histogram: Histogram];

type Named = { readonly name: string; readonly help: string; readonly labels: readonly string[] };
export type ValueDefinition = Named & {
  readonly type: 'gauge' | 'counter';
  readonly read: (statistics: Statistics) => readonly Sample[];
};
export type HistogramDefinition = Named & {
  readonly type: 'histogram';
  readonly read: (statistics: Statistics) => readonly HistogramSample[];
};
export type Definition = ValueDefinition | HistogramDefinition;

/** The cache types as labels, by the contract's numbers. */
const CACHES: Readonly<Record<number, string>> = {
  [barkeep.v1.CacheType.CACHE_TYPE_NONE]: 'none',
  [barkeep.v1.CacheType.CACHE_TYPE_CACHED]: 'cached',
  [barkeep.v1.CacheType.CACHE_TYPE_UNCACHED]: 'uncached',
  [barkeep.v1.CacheType.CACHE_TYPE_WC]: 'wc',
};
const BACKINGS: Readonly<Record<number, string>> = {
  [barkeep.v1.Backing.BACKING_MEMFD]: 'memfd',
  [barkeep.v1.Backing.BACKING_HUGETLB]: 'hugetlb',
  [barkeep.v1.Backing.BACKING_FILE]: 'file',
};
const STATES: ReadonlyMap<number, string> = new Map([
  [barkeep.v1.VmState.VM_STATE_ATTACHED, 'attached'],
  [barkeep.v1.VmState.VM_STATE_ORPHANED, 'orphaned'],
]);

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
  perVm(
    'counter',
    'barkeep_out_of_reach_chains_total',
    'Descriptor chains in guest memory that the VMM does not share, since the driver started.',
    (vm) => vm.vm?.vmm?.outOfReachChains,
  ),
  {
    name: 'barkeep_vms_configured',
    type: 'gauge',
    help: 'VMs in the configuration of the broker.',
    labels: [],
    read: (statistics) => [[{}, countFromWire(statistics.vmsConfigured)]],
  },

  perVm(
    'gauge',
    'barkeep_vm_pending_changes',
    'Settings that are configured and wait until the VM is attached afresh.',
    (vm) => vm.vm?.pending?.length,
  ),

  // Heaps and the host.
  perHeap('barkeep_heap_capacity_bytes', 'Capacity of a heap.', (heap) => heap.capacity),
  perHeap('barkeep_heap_used_bytes', 'Bytes of a heap that blobs hold.', (heap) => heap.used),
  perHeap('barkeep_heap_allocations', 'Live blobs in a heap.', (heap) => heap.allocations),
  perHeap(
    'barkeep_heap_pending_changes',
    'Settings that are configured and wait until no VM uses the heap.',
    (heap) => heap.pending?.length,
  ),
  {
    name: 'barkeep_host_capacity_bytes',
    type: 'gauge',
    help: 'Limit over all heaps.',
    labels: [],
    read: (statistics) => [[{}, countFromWire(statistics.hostCapacity)]],
  },
  {
    name: 'barkeep_host_used_bytes',
    type: 'gauge',
    help: 'Bytes that blobs hold over all heaps.',
    labels: [],
    read: (statistics) => [[{}, countFromWire(statistics.hostUsed)]],
  },

  // Operations.
  {
    name: 'barkeep_operations_total',
    type: 'counter',
    help: 'Operations of the broker by kind and result (ok, refused, noop).',
    labels: ['vm', 'operation', 'result'],
    read: (statistics) =>
      vmsOf(statistics).flatMap(([vm, item]) =>
        (item.operations ?? []).map(
          ({ operation, result, count }): Sample => [
            { vm, operation: operation ?? '', result: result ?? '' },
            countFromWire(count),
          ],
        ),
      ),
  },
  {
    name: 'barkeep_refusals_total',
    type: 'counter',
    help: 'Refused operations by reason.',
    labels: ['vm', 'reason'],
    read: (statistics) =>
      vmsOf(statistics).flatMap(([vm, item]) =>
        (item.refusals ?? []).map(
          ({ reason, count }): Sample => [{ vm, reason: reasonName(reason) }, countFromWire(count)],
        ),
      ),
  },
  {
    name: 'barkeep_commands_total',
    type: 'counter',
    help: 'Commands of the guest by virtio-gpu name and answer.',
    labels: ['vm', 'command', 'answer'],
    read: (statistics) =>
      vmsOf(statistics).flatMap(([vm, item]) =>
        (item.frontend?.commands ?? []).map(
          ({ command, answer, count }): Sample => [
            { vm, command: command ?? '', answer: answer ?? '' },
            countFromWire(count),
          ],
        ),
      ),
  },
  perVm(
    'counter',
    'barkeep_malformed_chains_total',
    'Descriptor chains of the guest that were no commands.',
    (vm) => vm.frontend?.malformedChains,
  ),

  // Latencies.
  {
    name: 'barkeep_stage_duration_seconds',
    type: 'histogram',
    help: 'Time by stage: rpc (batch to the broker and back), vmm (mapping in the VMM, acknowledged), command (kick to used index).',
    labels: ['vm', 'stage'],
    read: (statistics) =>
      vmsOf(statistics).flatMap(([vm, item]) =>
        (item.frontend?.latencies ?? []).flatMap(({ stage, histogram }): HistogramSample[] =>
          histogram ? [[{ vm, stage: stage ?? '' }, histogram]] : [],
        ),
      ),
  },
  {
    name: 'barkeep_batch_duration_seconds',
    type: 'histogram',
    help: 'Time of a batch in the broker, from its arrival to its reply.',
    labels: [],
    read: (statistics) => (statistics.batchSeconds ? [[{}, statistics.batchSeconds]] : []),
  },

  // The fd channel.
  {
    name: 'barkeep_fd_tokens_total',
    type: 'counter',
    help: 'One-time tokens of the fd channel by what became of them (issued, redeemed, refused).',
    labels: ['result'],
    read: (statistics) => [
      [{ result: 'issued' }, countFromWire(statistics.tokensIssued)],
      [{ result: 'redeemed' }, countFromWire(statistics.tokensRedeemed)],
      [{ result: 'refused' }, countFromWire(statistics.tokensRefused)],
    ],
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
    name: 'barkeep_recovered_vms',
    type: 'gauge',
    help: 'VMs of an earlier broker that this one found at its start: adopted, or lost and reclaimed.',
    labels: ['result'],
    read: ({ recovery }) => [
      [{ result: 'adopted' }, countFromWire(recovery?.vmsAdopted)],
      [{ result: 'lost' }, countFromWire(recovery?.vmsLost)],
    ],
  },
  {
    name: 'barkeep_recovered_fds',
    type: 'gauge',
    help: 'Descriptors that came back at the start of this broker: adopted, or orphaned (they belonged to nothing) and closed.',
    labels: ['result'],
    read: ({ recovery }) => [
      [{ result: 'adopted' }, countFromWire(recovery?.fdsAdopted)],
      [{ result: 'orphaned' }, countFromWire(recovery?.fdsOrphaned)],
    ],
  },
  once(
    'gauge',
    'barkeep_recovery_seconds',
    'How long it took this broker to take over from an earlier one; 0 when there was none.',
    ({ recovery }) => recovery?.seconds ?? 0,
  ),

  // Processes: the broker's own, and each frontend's.
  perProcess('gauge', 'barkeep_process_resident_memory_bytes', 'Resident memory.', (item) =>
    countFromWire(item.residentBytes),
  ),
  perProcess('gauge', 'barkeep_process_heap_used_bytes', 'Used part of the JavaScript heap.', (item) =>
    countFromWire(item.heapUsedBytes),
  ),
  perProcess('gauge', 'barkeep_process_open_fds', 'Open file descriptors.', (item) =>
    countFromWire(item.openFds),
  ),
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
    'Median delay of the event loop since the last report.',
    (item) => item.eventLoopLagP50 ?? 0,
  ),
  perProcess(
    'gauge',
    'barkeep_process_event_loop_lag_p99_seconds',
    '99th percentile of the delay of the event loop since the last report.',
    (item) => item.eventLoopLagP99 ?? 0,
  ),
  perProcess(
    'gauge',
    'barkeep_process_event_loop_lag_max_seconds',
    'Longest delay of the event loop since the last report.',
    (item) => item.eventLoopLagMax ?? 0,
  ),
];

type Count = Parameters<typeof countFromWire>[0];

function vmsOf(statistics: Statistics): (readonly [string, VmStatistics])[] {
  return (statistics.vms ?? []).map((item) => [item.vm?.name ?? '', item]);
}

function processesOf(statistics: Statistics): (readonly [Labels, ProcessStatistics])[] {
  const frontends = vmsOf(statistics).flatMap(([vm, item]) =>
    item.frontend?.process ? [[{ service: 'frontend', vm }, item.frontend.process] as const] : [],
  );
  return statistics.process ? [[{ service: 'broker', vm: '' }, statistics.process], ...frontends] : frontends;
}

function once(
  type: ValueDefinition['type'],
  name: string,
  help: string,
  value: (statistics: Statistics) => number,
): ValueDefinition {
  return { name, type, help, labels: [], read: (statistics) => [[{}, value(statistics)]] };
}

function perVm(
  type: ValueDefinition['type'],
  name: string,
  help: string,
  value: (vm: VmStatistics) => Count,
): ValueDefinition {
  const read = (statistics: Statistics) =>
    vmsOf(statistics).map(([vm, item]): Sample => [{ vm }, countFromWire(value(item))]);
  return { name, type, help, labels: ['vm'], read };
}

/** One series for each value of a label, 1 where it holds: those that do not hold are 0, and not absent. */
function labelled(
  name: string,
  help: string,
  label: string,
  values: ReadonlyMap<number, string>,
  holds: (vm: VmStatistics, value: number) => boolean,
): ValueDefinition {
  const read = (statistics: Statistics) =>
    vmsOf(statistics).flatMap(([vm, item]) =>
      [...values].map(([value, word]): Sample => [{ vm, [label]: word }, Number(holds(item, value))]),
    );
  return { name, type: 'gauge', help, labels: ['vm', label], read };
}

function perCache(
  name: string,
  help: string,
  value: (cache: barkeep.v1.CacheStatistics.$Properties) => Count,
): ValueDefinition {
  // Every cache type has its series from the first scrape on, so that a sum or a rate never misses its start.
  const read = (statistics: Statistics) =>
    vmsOf(statistics).flatMap(([vm, item]) =>
      Object.entries(CACHES).map(([number, cache]): Sample => {
        const found = item.caches?.find((entry) => entry.cache === Number(number));
        return [{ vm, cache }, found ? countFromWire(value(found)) : 0];
      }),
    );
  return { name, type: 'gauge', help, labels: ['vm', 'cache'], read };
}

function perHeap(
  name: string,
  help: string,
  value: (heap: barkeep.v1.Heap.$Properties) => Count,
): ValueDefinition {
  const read = (statistics: Statistics) =>
    (statistics.heaps ?? []).map((heap): Sample => {
      const labels = {
        heap: heap.name ?? '',
        backing: BACKINGS[heap.backing ?? 0] ?? '',
        cache: CACHES[heap.cache ?? 0] ?? '',
      };
      return [labels, countFromWire(value(heap))];
    });
  return { name, type: 'gauge', help, labels: ['heap', 'backing', 'cache'], read };
}

function perProcess(
  type: ValueDefinition['type'],
  name: string,
  help: string,
  value: (item: ProcessStatistics) => number,
): ValueDefinition {
  const read = (statistics: Statistics) =>
    processesOf(statistics).map(([labels, item]): Sample => [labels, value(item)]);
  return { name, type, help: `${help} Of the broker and of each frontend.`, labels: ['service', 'vm'], read };
}
