// Statistics of a broker that never ran, for tests of what is made of them.
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';

export function vmStatistics(name: string, mappings: number): barkeep.v1.VmStatistics.$Properties {
  return {
    vm: {
      name,
      state: 2,
      allocations: mappings + 1,
      allocatedBytes: (mappings + 1) * 4096,
      quota: { bytes: 1024, mappings: 10 },
      decides: true,
      grant: { heaps: [{ heap: 'ram', bytes: 8192, idle: 4096 }], mappings: 5, allocations: 6 },
      untoldBlobs: 2,
      generation: 3,
      vmm: {
        state: 3,
        queues: 2,
        guestBytes: 0,
        problems: [{ kind: 1, message: 'share=on' }],
      },
    },
    window: {
      vm: name,
      size: 2 ** 30,
      freeBytes: 2 ** 29,
      largestFreeExtent: 2 ** 28,
      holes: 4,
      parkedBytes: 4096,
      strayBytes: 8192,
    },
    caches: [
      { cache: 1, mappings, mappedBytes: mappings * 4096 },
      { cache: 3, mappings: 1, mappedBytes: 2 ** 21 },
    ],
    operations: [
      { operation: 'map', result: 'ok', count: mappings },
      { operation: 'map', result: 'refused', count: 2 },
    ],
    refusals: [{ reason: 11, count: 2 }],
    frontend: {
      latencies: [
        { stage: 'rpc', histogram: { bounds: [0.00001, 0.0001, 0.001], counts: [1, 2, 3, 4], sum: 0.5 } },
      ],
      outOfReachChains: 5,
      commands: [{ command: 'RESOURCE_MAP_BLOB', answer: 'OK_MAP_INFO', count: mappings }],
      process: {
        residentBytes: 50_000_000,
        openFds: 20,
        cpuSeconds: 1.5,
        startTime: 1_700_000_000,
        eventLoopLagP50: 0.001,
      },
      malformedChains: 7,
    },
  };
}

export function statistics(
  vms: readonly barkeep.v1.VmStatistics.$Properties[],
): barkeep.v1.GetStatisticsResponse {
  // Through the wire, so that 64-bit fields have the form that a client gets.
  const message = barkeep.v1.GetStatisticsResponse.encode({
    version: '9.9.9',
    process: { residentBytes: 100_000_000, openFds: 33, cpuSeconds: 2, startTime: 1_700_000_000 },
    vms: [...vms],
    heaps: [{ name: 'ram', backing: 1, cache: 1, capacity: 2 ** 32, used: 4096, allocations: 1 }],
    hostCapacity: 2 ** 33,
    hostUsed: 4096,
    vmsConfigured: 5,
    stages: [{ stage: 'rpc', histogram: { bounds: [0.001], counts: [7, 1], sum: 0.02 } }],
    batchSeconds: { bounds: [0.001], counts: [5, 1], sum: 0.01 },
    grants: {
      waitSeconds: { bounds: [0.001], counts: [1, 0], sum: 0.0001 },
      recalls: 3,
      refusals: 1,
      suspensions: 1,
    },
    tokensIssued: 3,
    tokensRedeemed: 2,
    tokensRefused: 1,
    journal: {
      active: true,
      whole: true,
      size: 5000,
      records: 11,
      bytes: 6000,
      snapshots: 2,
      storedFds: 7,
    },
    recovery: { vmsAdopted: 4, vmsLost: 1, fdsAdopted: 6, fdsOrphaned: 2, seconds: 0.25 },
  }).finish();
  return barkeep.v1.GetStatisticsResponse.decode(message);
}
