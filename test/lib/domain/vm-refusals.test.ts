/** Every reason of a refusal, with its message, and that nothing but the number has changed. */

import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../services/lib/domain/effect.ts';
import { Host } from '../../../services/lib/domain/host.ts';
import { Desk, HOST, HUGE, PAGE } from './support/commands.ts';

function booksOf({ vm, host }: Desk) {
  return structuredClone({
    blobs: [...vm.blobs()],
    window: vm.window,
    used: vm.used,
    host: host.used,
    heaps: [...host.heaps.values()].map((heap) => [heap.usedBytes, heap.allocations]),
    mappings: vm.counters.mappings,
    generation: vm.generation,
  });
}

interface Case {
  name: string;
  desk: () => Desk;
  act: (desk: Desk) => Outcome;
  reason: string;
  message: string;
  metadata: Record<string, string>;
}

function with1(): Desk {
  const desk = new Desk();
  desk.create(1);
  return desk;
}

const noMemory = { allocate: () => null };

const CASES: Case[] = [
  {
    name: 'create: resource id 0',
    desk: () => new Desk(),
    act: (desk) => desk.create(0),
    reason: 'RESOURCE_ID_INVALID',
    message: 'resource id 0 was given: ids of blobs are from 1 to 2^32 - 1',
    metadata: { resource: '0' },
  },
  {
    name: 'create: a resource id above 2^32',
    desk: () => new Desk(),
    act: (desk) => desk.create(2 ** 32),
    reason: 'RESOURCE_ID_INVALID',
    message: 'resource id 4294967296 was given: ids of blobs are from 1 to 2^32 - 1',
    metadata: { resource: '4294967296' },
  },
  {
    name: 'map: resource id 0',
    desk: () => new Desk(),
    act: (desk) => desk.map(0, 0),
    reason: 'RESOURCE_ID_INVALID',
    message: 'resource id 0 was given: ids of blobs are from 1 to 2^32 - 1',
    metadata: { resource: '0' },
  },
  {
    name: 'create: an id in use',
    desk: with1,
    act: (desk) => desk.create(1),
    reason: 'RESOURCE_ID_IN_USE',
    message:
      'resource 1 was to be created, but VM desk has a blob of that id: destroy it first, or choose another id',
    metadata: { resource: '1' },
  },
  ...(['map', 'unmap', 'destroy'] as const).map((verb) => ({
    name: `${verb}: an unknown resource`,
    desk: with1,
    act: (desk: Desk) => desk[verb](2, 0),
    reason: 'RESOURCE_UNKNOWN',
    message: 'resource 2 was named, but VM desk has no blob of that id: create it first',
    metadata: { resource: '2' },
  })),
  {
    name: 'create: memory that is not the host’s',
    desk: () => new Desk(),
    // What a peer of another version might send past the types.
    act: (desk) => desk.create(1, { blobMem: 'guest' as 'host3d' }),
    reason: 'BLOB_FLAGS_INVALID',
    message: 'resource 1 asks for memory of type "guest", but the host provides host3d and host3d-guest',
    metadata: { resource: '1', blobMem: 'guest' },
  },
  {
    name: 'create: a flag without a meaning',
    desk: () => new Desk(),
    act: (desk) => desk.create(1, { flags: 9 }),
    reason: 'BLOB_FLAGS_INVALID',
    message: 'resource 1 has blob flags 0x9, but only the bits of 0x7 have a meaning: clear the others',
    metadata: { resource: '1', flags: '9' },
  },
  {
    name: 'create: the highest flag bit',
    desk: () => new Desk(),
    act: (desk) => desk.create(1, { flags: 0x8000_0001 }),
    reason: 'BLOB_FLAGS_INVALID',
    message:
      'resource 1 has blob flags 0x80000001, but only the bits of 0x7 have a meaning: clear the others',
    metadata: { resource: '1', flags: '2147483649' },
  },
  ...[0, 1, PAGE - 1, PAGE + 1, 2 ** 32 + 1, -PAGE, 2n ** 63n + 1n, 2n ** 64n, 2n ** 64n - 1n].map(
    (size) => ({
      name: `create: ${size} bytes`,
      desk: () => new Desk(),
      act: (desk: Desk) => desk.create(1, { size }),
      reason: 'SIZE_INVALID',
      message: `resource 1 has a size of ${size} bytes: heap ram (memfd) takes multiples of 4096 above 0`,
      metadata: { resource: '1', size: String(size), heap: 'ram', granule: '4096' },
    }),
  ),
  ...[PAGE, HUGE - PAGE, HUGE + PAGE].map((size) => ({
    name: `create: ${size} bytes of huge pages`,
    desk: () => new Desk({ memory: 'own' }),
    act: (desk: Desk) => desk.create(1, { blobId: 2, size }),
    reason: 'SIZE_INVALID',
    message: `resource 1 has a size of ${size} bytes: heap huge (hugetlb) takes multiples of 2097152 above 0`,
    metadata: { resource: '1', size: String(size), heap: 'huge', granule: '2097152' },
  })),
  ...[3, 2 ** 32, 2n ** 63n].map((blobId) => ({
    name: `create: blob_id ${blobId}, which leads nowhere`,
    desk: () => new Desk(),
    act: (desk: Desk) => desk.create(1, { blobId }),
    reason: 'BLOB_ID_UNKNOWN',
    message:
      `resource 1 names blob_id ${blobId}, which leads to no memory for VM desk: use 0 for fresh memory, or add the id to ` +
      'blob_heaps in the settings of the VM',
    metadata: { resource: '1', context: '1', blobId: String(blobId) },
  })),
  {
    name: 'create: huge pages in a window',
    desk: () => new Desk(),
    act: (desk) => desk.create(1, { blobId: 2 }),
    reason: 'PLACEMENT_MISMATCH',
    message:
      'resource 1 would come from heap huge (hugetlb), but VM desk has its blobs in the memfd of its window: use a memfd heap, ' +
      'or set the placement of the VM to per-blob',
    metadata: { resource: '1', heap: 'huge', backing: 'hugetlb', placement: 'window' },
  },
  {
    name: 'create: a file in a window, by the highest blob_id',
    desk: () => new Desk(),
    act: (desk) => desk.create(1, { blobId: 2n ** 64n - 1n }),
    reason: 'PLACEMENT_MISMATCH',
    message:
      'resource 1 would come from heap bar (file), but VM desk has its blobs in the memfd of its window: use a memfd heap, ' +
      'or set the placement of the VM to per-blob',
    metadata: { resource: '1', heap: 'bar', backing: 'file', placement: 'window' },
  },
  {
    name: 'create: one blob too many',
    desk: () => {
      const desk = new Desk({ quota: { bytes: HUGE, mappings: 1, allocations: 1 } });
      desk.create(1);
      return desk;
    },
    act: (desk) => desk.create(2),
    reason: 'QUOTA_ALLOCATIONS',
    message:
      'resource 2 would be one blob more, but VM desk has 1 of its quota of 1: destroy one, or raise the quota',
    metadata: { resource: '2', used: '1', limit: '1' },
  },
  {
    name: 'create: one page too many',
    desk: () => {
      const desk = new Desk({ quota: { bytes: 3 * PAGE, mappings: 9, allocations: 9 } });
      desk.create(1, { size: 2 * PAGE });
      return desk;
    },
    act: (desk) => desk.create(2, { size: 2 * PAGE }),
    reason: 'QUOTA_BYTES',
    message:
      'resource 2 needs 8192 bytes, but VM desk uses 8192 of its quota of 12288: destroy blobs, or raise the quota',
    metadata: { resource: '2', bytes: '8192', used: '8192', limit: '12288' },
  },
  ...[2n ** 63n, 2n ** 64n - 4096n].map((size) => ({
    name: `create: ${size} bytes, in whole pages`,
    desk: () => new Desk(),
    act: (desk: Desk) => desk.create(1, { size }),
    reason: 'QUOTA_BYTES',
    message: `resource 1 needs ${size} bytes, but VM desk uses 0 of its quota of 67108864: destroy blobs, or raise the quota`,
    metadata: { resource: '1', bytes: String(size), used: '0', limit: '67108864' },
  })),
  {
    name: 'create: more than the heap has',
    desk: with1,
    act: (desk) => desk.create(2, { size: 16 * HUGE }),
    reason: 'HEAP_CAPACITY',
    message:
      'resource 2 needs 33554432 bytes, but of heap ram 4096 of 33554432 are used: destroy blobs, or use another heap',
    metadata: { resource: '2', heap: 'ram', bytes: '33554432', used: '4096', limit: '33554432' },
  },
  {
    name: 'create: more than the host allows',
    desk: () => {
      const desk = new Desk({}, { limits: { bytes: HUGE, mappings: 1, allocations: 9 } });
      desk.create(1);
      return desk;
    },
    act: (desk) => desk.create(2, { size: HUGE }),
    reason: 'HOST_CAPACITY',
    message:
      "resource 2 needs 2097152 bytes, but all VMs together use 4096 of the host's 2097152: destroy blobs, or raise the host's limit",
    metadata: { resource: '2', kind: 'bytes', bytes: '2097152', used: '4096', limit: '2097152' },
  },
  {
    name: 'create: more blobs than the host allows',
    desk: () => {
      const desk = new Desk({}, { limits: { bytes: HUGE, mappings: 1, allocations: 1 } });
      desk.create(1);
      return desk;
    },
    act: (desk) => desk.create(2),
    reason: 'HOST_CAPACITY',
    message:
      "resource 2 would be one blob more, but all VMs together have 1 of the host's 1: destroy one, or raise the host's limit",
    metadata: { resource: '2', kind: 'allocations', used: '1', limit: '1' },
  },
  {
    name: 'create: the machine has no memory, though the books have',
    desk: () => new Desk({ memory: 'own' }, {}, noMemory),
    act: (desk) => desk.create(1),
    reason: 'OUT_OF_MEMORY',
    message:
      'resource 1 needs 4096 bytes of heap ram; the books have room for them, but the machine has not: ' +
      'free memory on the host, then create it again',
    metadata: { resource: '1', heap: 'ram', bytes: '4096' },
  },
  {
    name: 'map: a blob that is not mappable',
    desk: () => {
      const desk = new Desk();
      desk.create(1, { flags: 6 });
      return desk;
    },
    act: (desk) => desk.map(1, 0),
    reason: 'NOT_MAPPABLE',
    message: 'resource 1 was to be mapped, but its blob flags are 0x6: create it with USE_MAPPABLE (0x1)',
    metadata: { resource: '1', flags: '6' },
  },
  {
    name: 'map: a blob that is mapped',
    desk: () => {
      const desk = with1();
      desk.map(1, PAGE);
      return desk;
    },
    act: (desk) => desk.map(1, 3 * PAGE),
    reason: 'ALREADY_MAPPED',
    message: 'resource 1 was to be mapped at 0x3000, but it is mapped at 0x1000: unmap it first',
    metadata: { resource: '1', offset: '12288', mappedOffset: '4096' },
  },
  {
    name: 'map: between two pages',
    desk: with1,
    act: (desk) => desk.map(1, PAGE + 1),
    reason: 'OFFSET_MISALIGNED',
    message:
      'resource 1 was to be mapped at 0x1001, which is not a multiple of 4096: choose an offset that is',
    metadata: { resource: '1', offset: '4097', alignment: '4096' },
  },
  {
    name: 'map: huge pages between two huge pages',
    desk: () => {
      const desk = new Desk({ memory: 'own' });
      desk.create(1, { blobId: 2, size: HUGE });
      return desk;
    },
    act: (desk) => desk.map(1, PAGE),
    reason: 'OFFSET_MISALIGNED',
    message:
      'resource 1 was to be mapped at 0x1000, which is not a multiple of 2097152: choose an offset that is',
    metadata: { resource: '1', offset: '4096', alignment: '2097152' },
  },
  ...[8 * HUGE, 2 ** 52, 2n ** 63n, 2n ** 64n - 4096n].map((offset) => ({
    name: `map: at ${offset}, outside the window`,
    desk: with1,
    act: (desk: Desk) => desk.map(1, offset),
    reason: 'OUTSIDE_WINDOW',
    message:
      `resource 1 with 0x1000 bytes was to be mapped at 0x${offset.toString(16)}, but the window ends at 0x1000000: ` +
      'choose an offset at which all of it lies inside',
    metadata: { resource: '1', offset: String(offset), length: '4096', windowSize: '16777216' },
  })),
  {
    name: 'map: over another mapping',
    desk: () => {
      const desk = with1();
      desk.map(1, PAGE);
      desk.create(2, { size: 2 * PAGE });
      return desk;
    },
    act: (desk) => desk.map(2, 0),
    reason: 'OVERLAP',
    message:
      'resource 2 with 0x2000 bytes was to be mapped at 0x0, but resource 1 is mapped at 0x1000 with 0x1000 bytes: ' +
      'unmap that one first, or choose another offset',
    metadata: {
      resource: '2',
      offset: '0',
      length: '8192',
      otherResource: '1',
      otherOffset: '4096',
      otherLength: '4096',
    },
  },
  {
    name: 'map: one mapping too many',
    desk: () => {
      const desk = new Desk({ quota: { bytes: HUGE, mappings: 1, allocations: 9 } });
      desk.create(1);
      desk.create(2);
      desk.map(1, 0);
      return desk;
    },
    act: (desk) => desk.map(2, PAGE),
    reason: 'QUOTA_MAPPINGS',
    message:
      'resource 2 would be one mapping more, but VM desk has 1 of its quota of 1: unmap one, or raise the quota',
    metadata: { resource: '2', used: '1', limit: '1' },
  },
  {
    name: 'map: more mappings than the host allows',
    desk: () => {
      const desk = new Desk({}, { limits: { bytes: HUGE, mappings: 1, allocations: 9 } });
      desk.create(1);
      desk.create(2);
      desk.map(1, 0);
      return desk;
    },
    act: (desk) => desk.map(2, PAGE),
    reason: 'HOST_CAPACITY',
    message:
      "resource 2 would be one mapping more, but all VMs together have 1 of the host's 1: unmap one, or raise the host's limit",
    metadata: { resource: '2', kind: 'mappings', used: '1', limit: '1' },
  },
];

describe('a refusal', () => {
  it.each(CASES)('$name: $reason', ({ desk: arrange, act, reason, message, metadata }) => {
    const desk = arrange();
    const before = booksOf(desk);

    const outcome = act(desk);

    expect(outcome).toMatchObject({
      reply: {
        number: desk.number,
        generation: 1,
        result: 'refused',
        refusal: { reason, message, metadata },
      },
      effects: [],
      barrier: false,
    });
    expect(booksOf(desk)).toEqual(before);
    expect(desk.vm.lastNumber).toBe(desk.number);
    expect(desk.vm.counters.refusals).toMatchObject({ [reason]: 1 });
    expect(desk.vm.counters.operations[outcome.reply.kind].refused).toBe(1);
  });

  it('is given again, word for word, when its number comes again', () => {
    const desk = new Desk();
    const first = desk.create(0);
    const again = desk.vm.apply({ kind: 'unmap', number: 1, resource: 9 });

    expect(again.reply).toEqual(first.reply);
    expect(desk.vm.counters.operations.unmap.repeated).toBe(1);
    expect(desk.vm.counters.refusals.RESOURCE_ID_INVALID).toBe(1);
  });

  it('of a number changes not even the number', () => {
    const desk = with1();
    const before = booksOf(desk);
    const gap = desk.vm.apply({ kind: 'reset', number: 3 });
    const far = desk.vm.apply({ kind: 'reset', number: 2n ** 64n - 1n });
    desk.vm.acknowledge(1);
    const forgotten = desk.vm.apply({ kind: 'destroy', number: 1, resource: 1 });

    expect(gap.reply).toMatchObject({
      number: 3,
      resource: 0,
      refusal: {
        reason: 'NUMBER_GAP',
        message: 'command 3 came, but the last one executed was 1: send 2 next',
      },
    });
    expect(far.reply).toMatchObject({ number: 2n ** 64n - 1n, refusal: { reason: 'NUMBER_GAP' } });
    expect(forgotten.reply).toMatchObject({
      number: 1,
      resource: 1,
      refusal: { reason: 'NUMBER_FORGOTTEN' },
    });
    expect(booksOf(desk)).toEqual(before);
    expect(desk.vm.lastNumber).toBe(1);
    expect(desk.vm.counters.refusals).toMatchObject({ NUMBER_GAP: 2, NUMBER_FORGOTTEN: 1 });
  });

  it('comes when too many answers are not acknowledged, and ends with the acknowledgement', () => {
    const desk = new Desk();
    for (let count = 0; count < 4096; count += 1) {
      desk.unmap(1);
    }
    const refused = desk.vm.apply({ kind: 'reset', number: 4097 });
    desk.vm.acknowledge(4096);
    const accepted = desk.vm.apply({ kind: 'reset', number: 4097 });

    expect(refused.reply).toMatchObject({ result: 'refused', refusal: { reason: 'UNACKNOWLEDGED_LIMIT' } });
    expect(accepted.reply).toMatchObject({ result: 'ok' });
  });

  it('meets a command for a VM that is not here', () => {
    const host = new Host(HOST, noMemory);

    expect(host.apply('attic', { kind: 'unmap', number: 7, resource: 3 })).toEqual({
      reply: {
        kind: 'unmap',
        number: 7,
        generation: 0,
        result: 'refused',
        resource: 3,
        refusal: {
          reason: 'VM_UNKNOWN',
          message: 'a command for VM attic came, but the host has no VM of that name: attach it first',
          metadata: { vm: 'attic' },
        },
      },
      effects: [],
      barrier: false,
    });
    expect(host.unknownVms).toBe(1);
  });
});
