import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barkeep, type grpc } from '../../services/lib/rpc/gen/barkeep.js';
import { readError, reasonName } from '../../services/lib/rpc/status-error.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { BOUNDS } from '../../services/lib/runtime/duration-histogram.ts';
import { until } from '../support/until.ts';
import {
  create,
  DEFAULT_CONFIG,
  destroy,
  failureOf,
  MIB,
  map,
  PAGE,
  reset,
  TestBroker,
  type Unary,
  unmap,
} from './harness.ts';

const { CacheType, VmState, Placement, Backing } = barkeep.v1;
type V1 = typeof barkeep.v1;
type Message<Name extends keyof V1> = V1[Name] extends abstract new (
  ...args: never
) => infer Item
  ? Item
  : never;

let broker: TestBroker;
let admin: Unary;
beforeEach(async () => {
  broker = await TestBroker.start(`host_capacity: 2GiB\n${DEFAULT_CONFIG}`);
  admin = broker.adminClient();
});
afterEach(() => broker.end());

describe('lists and lookups', () => {
  it('name VMs in order, with what each has', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, 2 * PAGE), map(1, 0), create(2, PAGE));
    const { vms } = await admin.call<Message<'ListVmsResponse'>>('listVms');
    expect(vms.map(({ name, state }) => [name, state])).toEqual([
      ['other', VmState.VM_STATE_DETACHED],
      ['own', VmState.VM_STATE_DETACHED],
      ['web', VmState.VM_STATE_ATTACHED],
    ]);
    const web = await broker.vm('web');
    expect(web).toMatchObject({
      placement: Placement.PLACEMENT_WINDOW,
      defaultHeap: 'ram',
      frontendPid: process.pid,
    });
    expect([web.allocations, web.allocatedBytes, web.mappings, web.mappedBytes].map(countFromWire)).toEqual([
      2,
      3 * PAGE,
      1,
      2 * PAGE,
    ]);
    expect(Math.abs((web.stateSince ?? 0) - Date.now() / 1000)).toBeLessThan(10);
  });

  it('show allocations by resource id and mappings by offset, over all VMs and pages', async () => {
    const [web, other] = [await broker.attach('web'), await broker.attach('other')];
    await web.run(
      create(9, PAGE),
      create(2, PAGE),
      create(5, PAGE),
      map(9, 0),
      map(2, 8 * PAGE),
      map(5, 4 * PAGE),
    );
    await web.run(unmap(5));
    await other.run(create(1, PAGE), map(1, PAGE));
    const allocations: (string | number | undefined)[][] = [];
    let pageToken = '';
    do {
      const request = { pageSize: 3, pageToken };
      const page = await admin.call<Message<'ListAllocationsResponse'>>('listAllocations', request);
      allocations.push(...page.allocations.map(({ vm, resourceId }) => [vm ?? '', resourceId ?? 0]));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(allocations).toEqual([
      ['other', 1],
      ['web', 2],
      ['web', 5],
      ['web', 9],
    ]);
    const first = await admin.call<Message<'ListMappingsResponse'>>('listMappings', {
      vm: 'web',
      pageSize: 1,
    });
    const rest = await admin.call<Message<'ListMappingsResponse'>>('listMappings', {
      vm: 'web',
      pageToken: first.nextPageToken,
    });
    const mappings = [...first.mappings, ...rest.mappings];
    expect(mappings.map(({ resourceId, offset }) => [resourceId, countFromWire(offset)])).toEqual([
      [9, 0],
      [2, 8 * PAGE],
    ]);
    expect(mappings[0]).toMatchObject({ vm: 'web', heap: 'ram', cache: CacheType.CACHE_TYPE_CACHED });
  });

  it('show windows with everything that lies in them', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, PAGE), create(2, PAGE), map(2, 3 * PAGE), unmap(2));
    const { window, ranges } = await admin.call<Message<'GetWindowResponse'>>('getWindow', { vm: 'web' });
    expect(
      ranges.map(({ resourceId, offset, parked }) => [resourceId, countFromWire(offset), parked]),
    ).toEqual([
      [1, PAGE, false],
      [2, 3 * PAGE, true],
    ]);
    const figures = [
      window?.size,
      window?.mappedBytes,
      window?.parkedBytes,
      window?.freeBytes,
      window?.holes,
    ];
    expect(figures.map(countFromWire)).toEqual([256 * MIB, PAGE, PAGE, 256 * MIB - 2 * PAGE, 3]);
    expect(countFromWire(window?.largestFreeExtent)).toBe(256 * MIB - 4 * PAGE);
    const { windows } = await admin.call<Message<'ListWindowsResponse'>>('listWindows');
    expect(windows.map(({ vm }) => vm)).toEqual(['other', 'own', 'web']);
    expect(countFromWire(windows[0]?.freeBytes)).toBe(256 * MIB);
  });

  it('show heaps with what is used of them', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, MIB));
    const { heap } = await admin.call<Message<'GetHeapResponse'>>('getHeap', { heap: 'ram' });
    expect(heap).toMatchObject({
      name: 'ram',
      backing: Backing.BACKING_MEMFD,
      cache: CacheType.CACHE_TYPE_CACHED,
    });
    expect([heap?.capacity, heap?.used, heap?.allocations].map(countFromWire)).toEqual([1024 * MIB, MIB, 1]);
    const { heaps } = await admin.call<Message<'ListHeapsResponse'>>('listHeaps');
    expect(heaps.length).toBe(1);
  });

  it('look up one thing', async () => {
    const session = await broker.attach('web');
    await session.run(create(7, PAGE, { contextId: 3 }), map(7, PAGE));
    const key = { vm: 'web', resourceId: 7 };
    const { allocation } = await admin.call<Message<'GetAllocationResponse'>>('getAllocation', key);
    const { mapping } = await admin.call<Message<'GetMappingResponse'>>('getMapping', key);
    expect(allocation).toMatchObject({ vm: 'web', contextId: 3, resourceId: 7, heap: 'ram', mapped: true });
    expect(countFromWire(mapping?.offset)).toBe(PAGE);
  });

  it('say what is not there', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, PAGE));
    const errors = await Promise.all([
      admin.refusal('getVm', { vm: 'nobody' }),
      admin.refusal('getWindow', { vm: '' }),
      admin.refusal('getHeap', { heap: 'none' }),
      admin.refusal('getAllocation', { vm: 'web', resourceId: 2 }),
      admin.refusal('getMapping', { vm: 'web', resourceId: 1 }),
      admin.refusal('listAllocations', { vm: 'nobody' }),
      admin.refusal('listVms', { pageSize: 1001 }),
      admin.refusal('listVms', { pageToken: '////' }),
    ]);
    expect(errors.map((error) => error.reason)).toEqual([
      'VM_UNKNOWN',
      'VM_UNKNOWN',
      'HEAP_UNKNOWN',
      'RESOURCE_UNKNOWN',
      'RESOURCE_UNKNOWN',
      'VM_UNKNOWN',
      'PAGE_INVALID',
      'PAGE_INVALID',
    ]);
  });
});

describe('a blob opened by who may open memory', () => {
  let opener: ReturnType<TestBroker['memoryClient']>;
  beforeEach(() => {
    opener = broker.memoryClient();
  });

  it('is the very memory that the guest sees: mapped, parked, moved away, or its own', async () => {
    const [web, own] = [await broker.attach('web'), await broker.attach('own')];
    const window = await web.window();
    const open = async (vm: string, resourceId: number) => {
      const { memory } = await opener.call<Message<'OpenBlobResponse'>>('openBlob', { vm, resourceId });
      const mapping = await broker.mapMemory(memory, broker.paths.memoryFdSocket);
      const byte = mapping.bytes(0, 1)[0];
      mapping.bytes(1, 1)[0] = 77;
      mapping.close();
      return byte;
    };
    await web.run(create(1, PAGE), map(1, PAGE), create(2, PAGE));
    window.bytes(PAGE, 1)[0] = 5;
    expect(await open('web', 1)).toBe(5);
    expect(window.bytes(PAGE + 1, 1)[0]).toBe(77);
    await web.run(unmap(1));
    expect(await open('web', 1)).toBe(5);
    await web.run(map(2, PAGE));
    expect(await open('web', 1)).toBe(5);
    window.close();
    const [, mapped] = await own.run(create(1, PAGE), map(1, 0));
    const memory = await broker.mapMemory(mapped?.memory);
    memory.bytes(0, 1)[0] = 6;
    memory.close();
    expect(await open('own', 1)).toBe(6);
  });

  it('has to have been mapped once', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, PAGE));
    const error = await opener.refusal('openBlob', { vm: 'web', resourceId: 1 });
    expect(error.reason).toBe('NEVER_MAPPED');
    expect((await opener.refusal('openBlob', { vm: 'web', resourceId: 9 })).reason).toBe('RESOURCE_UNKNOWN');
  });
});

describe('events', () => {
  it('tell every change, and only changes', async () => {
    const seen: Message<'WatchEventsResponse'>[] = [];
    const stream = admin.stream<Message<'WatchEventsResponse'>>('watchEvents');
    stream.on('data', (event: Message<'WatchEventsResponse'>) => seen.push(event));
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.once('metadata', resolve));
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, PAGE), map(1, 0), unmap(1), unmap(1), destroy(1), reset);
    session.send([{ number: 1, ...create(1, PAGE) }]);
    await session.next();
    await session.detach();
    await until('eight events came', () => seen.length === 8, { found: () => seen });
    stream.cancel();
    expect(seen.map(({ event }) => event)).toEqual([
      'vmStateChanged',
      'blobCreated',
      'blobMapped',
      'commandRefused',
      'blobUnmapped',
      'blobDestroyed',
      'deviceReset',
      'vmStateChanged',
    ]);
    expect(seen.every(({ vm }) => vm === 'web')).toBe(true);
    expect(reasonName(seen[3]?.commandRefused?.reason)).toBe('ALREADY_MAPPED');
    expect(countFromWire(seen[2]?.blobMapped?.offset)).toBe(PAGE);
    expect(countFromWire(seen[6]?.deviceReset?.generation)).toBe(2);
  });

  it('are only those of one VM when one is named', async () => {
    const stream = admin.stream<Message<'WatchEventsResponse'>>('watchEvents', { vm: 'other' });
    const seen: string[] = [];
    stream.on('data', ({ vm }: Message<'WatchEventsResponse'>) => seen.push(vm));
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.once('metadata', resolve));
    await broker.attach('web');
    await broker.attach('other');
    await until('an event came', () => seen.length > 0);
    stream.cancel();
    expect(seen).toEqual(['other']);
  });

  it('of a VM that is not there are refused', async () => {
    const stream = admin.stream('watchEvents', { vm: 'nobody' });
    const error = await new Promise<Error>((resolve) => stream.once('error', resolve));
    expect(readError(error).reason).toBe('VM_UNKNOWN');
  });

  it('do not stop the broker when nobody reads them', async () => {
    const stream = admin.stream('watchEvents');
    stream.on('error', () => undefined);
    stream.pause();
    await new Promise((resolve) => stream.once('metadata', resolve));
    const session = await broker.attach('web');
    for (let round = 0; round < 100; round += 1) {
      const commands = Array.from({ length: 200 }, () => unmap(1));
      session.number += commands.length;
      session.send(
        commands.map((command, index) => ({
          number: session.number - commands.length + 1 + index,
          ...command,
        })),
        session.number - commands.length,
      );
      await session.next();
    }
    stream.cancel();
    expect((await broker.vm('web')).state).toBe(VmState.VM_STATE_ATTACHED);
  });
});

describe('statistics', () => {
  it('agree with what was done', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, 0), map(1, 0), unmap(1), unmap(1), map(1, 0));
    session.send([{ number: 1, ...create(1, PAGE) }]);
    await session.next();
    session.call.write({
      statistics: {
        latencies: [{ stage: 'rpc', histogram: { bounds: [1], counts: [2, 3], sum: 4 } }],
        commands: [{ command: 'RESOURCE_MAP_BLOB', answer: 'OK_MAP_INFO', count: 5 }],
        malformedChains: 6,
        slotRefusals: 7,
      },
    });
    await session.run(unmap(9));
    const answer = await admin.call<Message<'GetStatisticsResponse'>>('getStatistics');
    expect(answer.vms.map(({ vm }) => vm?.name)).toEqual(['web']);
    const [web] = answer.vms;
    const operations = Object.fromEntries(
      (web?.operations ?? []).map(({ operation, result, count }) => [
        `${operation} ${result}`,
        countFromWire(count),
      ]),
    );
    expect(operations).toEqual({
      'create ok': 1,
      'create repeated': 1,
      'map ok': 2,
      'map refused': 1,
      'unmap ok': 1,
      'unmap noop': 1,
      'unmap refused': 1,
    });
    expect(
      (web?.refusals ?? []).map(({ reason, count }) => [reasonName(reason), countFromWire(count)]),
    ).toEqual([
      ['RESOURCE_UNKNOWN', 1],
      ['ALREADY_MAPPED', 1],
      ['VMM_SLOTS', 7],
    ]);
    const cached = web?.caches?.find(({ cache }) => cache === CacheType.CACHE_TYPE_CACHED);
    expect([cached?.mappings, cached?.mappedBytes].map(countFromWire)).toEqual([1, PAGE]);
    expect(countFromWire(web?.frontend?.malformedChains)).toBe(6);
    expect(countFromWire(web?.frontend?.commands?.[0]?.count)).toBe(5);
    expect([answer.hostCapacity, answer.hostUsed, answer.vmsConfigured].map(countFromWire)).toEqual([
      2048 * MIB,
      PAGE,
      3,
    ]);
    const batches = answer.batchSeconds?.counts?.reduce(
      (sum: number, count) => sum + countFromWire(count),
      0,
    );
    expect(batches).toBe(3);
    expect(answer.batchSeconds?.counts?.length).toBe((answer.batchSeconds?.bounds?.length ?? 0) + 1);
    expect(countFromWire(answer.tokensIssued)).toBe(1);
  });

  it('describe the process', async () => {
    const { process: figures } = await admin.call<Message<'GetStatisticsResponse'>>('getStatistics');
    expect(countFromWire(figures?.residentBytes)).toBeGreaterThan(10 * MIB);
    expect(countFromWire(figures?.openFds)).toBeGreaterThan(10);
    expect(figures?.cpuSeconds).toBeGreaterThan(0);
    expect(figures?.eventLoopLagP99).toBeGreaterThanOrEqual(figures?.eventLoopLagP50 ?? Number.NaN);
    expect(Math.abs((figures?.startTime ?? 0) - (Date.now() / 1000 - process.uptime()))).toBeLessThan(1);
  });

  it('come in pages of VMs, what is not of one VM with the first', async () => {
    for (const vm of ['web', 'own', 'other']) await broker.attach(vm);
    const page = (request: object) => admin.call<Message<'GetStatisticsResponse'>>('getStatistics', request);
    const first = await page({ pageSize: 2 });
    expect(first.vms.map(({ vm }) => vm?.name)).toEqual(['other', 'own']);
    expect([first.version, first.heaps.length, first.process === null]).not.toContain('');
    const second = await page({ pageSize: 2, pageToken: first.nextPageToken });
    expect(second.vms.map(({ vm }) => vm?.name)).toEqual(['web']);
    expect([second.nextPageToken, second.version, second.heaps, second.process]).toEqual(['', '', [], null]);
    // All at once, as it was before there were pages.
    const whole = await page({});
    expect([whole.vms.length, whole.nextPageToken]).toEqual([3, '']);
    expect((await admin.refusal('getStatistics', { pageSize: 1001 })).reason).toBe('PAGE_INVALID');
  });

  it('add the durations of all VMs up, and leave out those of each where they are not wanted', async () => {
    const report = async (vm: string, counts: number[]) => {
      const session = await broker.attach(vm);
      const histogram = {
        bounds: [...BOUNDS],
        counts: [...counts, ...BOUNDS].slice(0, 19).map(Math.floor),
        sum: 1,
      };
      session.call.write({ statistics: { latencies: [{ stage: 'rpc', histogram }] } });
      await session.run(unmap(9));
    };
    await report('web', [1, 2, 3]);
    await report('other', [10, 20, 30]);
    const { stages, vms } = await admin.call<Message<'GetStatisticsResponse'>>('getStatistics', {
      withoutLatencies: true,
    });
    expect(stages.map(({ stage, histogram }) => [stage, histogram?.sum])).toEqual([['rpc', 2]]);
    expect(stages[0]?.histogram?.counts?.slice(0, 3).map(countFromWire)).toEqual([11, 22, 33]);
    expect(vms.map(({ frontend }) => frontend?.latencies)).toEqual([[], []]);
  });

  it('leave out a VM that is gone', async () => {
    const session = await broker.attach('web');
    await session.detach();
    const answer = await admin.call<Message<'GetStatisticsResponse'>>('getStatistics');
    expect(answer.vms).toEqual([]);
  });
});

describe('health', () => {
  it('serves, knows its services, and tells watchers of the end', async () => {
    const health = broker.healthClient();
    type Health = grpc.health.v1.HealthCheckResponse;
    expect((await health.call<Health>('check')).status).toBe(1);
    expect((await health.call<Health>('check', { service: 'barkeep.v1.BrokerService' })).status).toBe(1);
    expect((await health.refusal('check', { service: 'nothing' })).code).toBe(5);
    const seen: number[] = [];
    const stream = health.stream<Health>('watch');
    stream.on('data', ({ status }: Health) => seen.push(status));
    const ended = new Promise((resolve) => stream.on('end', resolve));
    stream.on('error', () => undefined);
    await until('the state was told', () => seen.length > 0);
    await broker.stop();
    await ended;
    expect(seen).toEqual([1, 2]);
  });
});

describe('an eviction', () => {
  const evict = (vm: string, force = false) => {
    const admin = broker.adminClient();
    return admin.call<{ evicted: boolean }>('evictVm', { vm, force }).finally(() => admin.close());
  };

  it('reclaims an orphan at once, and its memory reads as zero', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, 0));
    const window = await session.window();
    window.bytes(0, 1)[0] = 7;
    session.vanish();
    await broker.waitForState('web', VmState.VM_STATE_ORPHANED);
    expect((await evict('web')).evicted).toBe(true);
    expect(window.bytes(0, 1)[0]).toBe(0);
    window.close();
    expect((await broker.vm('web')).state).toBe(VmState.VM_STATE_DETACHED);
    expect((await failureOf(broker.attach('web', session.attached.session ?? undefined))).reason).toBe(
      'SESSION_UNKNOWN',
    );
    expect((await evict('web')).evicted).toBe(false);
  });

  it('takes an attached VM from its frontend only by force, and tells it', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, PAGE));
    const refused = await failureOf(evict('web'));
    expect([refused.reason, refused.data['vm']]).toEqual(['VM_IN_USE', 'web']);
    expect(await session.run(create(2, PAGE))).toMatchObject([{ result: 'ok' }]);
    expect((await evict('web', true)).evicted).toBe(true);
    expect((await session.ended)?.reason).toBe('SESSION_UNKNOWN');
    expect((await broker.attach('web')).attached.resumed).toBe(false);
  });

  it('of a VM that is not configured is an error', async () => {
    expect((await failureOf(evict('nobody'))).reason).toBe('VM_UNKNOWN');
  });
});
