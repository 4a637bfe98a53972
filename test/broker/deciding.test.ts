// VMs whose frontends decide for them: what those tell is in the broker's books, outlives the broker, and ends with the VM.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mapping } from '../../services/lib/os/memory.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { until } from '../support/until.ts';
import { amounts, DecidingClient, end, make, mapAt, placeOf, restart, take } from './deciding-client.ts';
import { create, MIB, map, PAGE, results, TestBroker } from './harness.ts';
import { Remains } from './remains.ts';

const { VmState } = barkeep.v1;
const CONFIG = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
  - { name: wc, backing: memfd, cache: wc, capacity: 64MiB }
  - { name: else, backing: memfd, cache: cached, capacity: 64MiB }
vms:
  - { name: web, window: 256MiB, heap: ram, blob_heaps: { 7: wc }, quota: { bytes: 512MiB, mappings: 5000 } }
  - { name: other, window: 256MiB, heap: ram }
  - { name: each, window: 256MiB, heap: ram, blob_heaps: { 7: wc }, placement: per-blob }
`;

let broker: TestBroker;
let holder: TestHolder;
const cleanups: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  holder = new TestHolder();
  broker = await TestBroker.start(CONFIG, null, { store: holder });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await broker.end();
  holder.close();
  expect(broker.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
});

async function attach(name = 'web'): Promise<DecidingClient> {
  const client = await DecidingClient.attach(name, broker);
  cleanups.push(() => client.drop());
  return client;
}

async function windowOf(client: DecidingClient): Promise<Mapping> {
  const window = await client.window();
  cleanups.push(() => window.close());
  return window;
}

/** The books of a VM as operators see them, by those of its client. */
async function expectSameBooks(client: DecidingClient, at = broker): Promise<void> {
  const admin = at.adminClient();
  const { vm } = await admin.call<barkeep.v1.GetVmResponse>('getVm', { vm: client.name });
  const { allocations } = await admin.call<barkeep.v1.ListAllocationsResponse>('listAllocations', {
    vm: client.name,
    pageSize: 1000,
  });
  const { window, ranges } = await admin.call<barkeep.v1.GetWindowResponse>('getWindow', { vm: client.name });
  admin.close();
  const { used, generation, window: figures } = client.vm;
  expect([vm?.allocatedBytes, vm?.mappings, vm?.allocations, vm?.generation].map(countFromWire)).toEqual([
    used.bytes,
    used.mappings,
    used.allocations,
    generation,
  ]);
  expect(
    allocations.map(({ resourceId, heap, size, mapped }) => [resourceId, heap, countFromWire(size), mapped]),
  ).toEqual(
    [...client.vm.blobs()]
      .sort((a, b) => a.resource - b.resource)
      .map(({ resource, heap, size, state }) => [resource, heap, size, state === 'mapped']),
  );
  expect(
    ranges.map(({ offset, size, resourceId, parked }) => [
      countFromWire(offset),
      countFromWire(size),
      resourceId,
      parked,
    ]),
  ).toEqual(
    [...client.vm.placedBlobs()].map(({ resource, range, state }) => [
      range?.offset,
      range?.length,
      resource,
      state === 'parked',
    ]),
  );
  expect([window?.freeBytes, window?.largestFreeExtent, window?.holes].map(countFromWire)).toEqual([
    figures.freeBytes,
    figures.largestFree,
    figures.holes,
  ]);
}

async function heap(name = 'ram', at = broker): Promise<{ used: number; idle: number }> {
  const admin = at.adminClient();
  const { heap: found } = await admin.call<barkeep.v1.GetHeapResponse>('getHeap', { heap: name });
  admin.close();
  return { used: countFromWire(found?.used), idle: countFromWire(found?.idle) };
}

describe('a frontend that decides', () => {
  it('is told by what, and given a grant, when it attaches', async () => {
    const web = await attach();

    expect(web.attached.resumed).toBe(false);
    expect(countFromWire(web.attached.accountsVersion)).toBe(0);
    expect(web.attached.rules).toMatchObject({
      defaultHeap: 'ram',
      blobHeaps: [{ heap: 'wc' }],
      heaps: [
        { name: 'ram', backing: 1, cache: 1 },
        { name: 'wc', backing: 1, cache: 3 },
      ],
      populate: false,
    });
    expect(countFromWire(web.attached.rules?.quotaBytes)).toBe(512 * MIB);
    expect(countFromWire(web.attached.rules?.quotaAllocations)).toBe(0);
    // The half of 64 MiB is kept for others; of a heap that it cannot use it has nothing.
    expect(web.books.grant).toEqual({
      heaps: new Map([
        ['ram', 256 * MIB],
        ['wc', 32 * MIB],
      ]),
      mappings: 1024,
      allocations: 1024,
    });
    expect(await heap()).toEqual({ used: 0, idle: 256 * MIB });
    expect(await heap('else')).toEqual({ used: 0, idle: 0 });
  });

  it('has its blobs in the window in per-blob placement, too', async () => {
    const each = await attach('each');

    expect(each.attached.placement).toBe(barkeep.v1.Placement.PLACEMENT_PER_BLOB);
    expect(countFromWire(each.attached.window?.size)).toBe(256 * MIB);
    expect(each.books.grant.heaps.get('wc')).toBe(32 * MIB);
    expect(await each.told(make(1, PAGE), mapAt(1, 0), take(1), make(2, PAGE), mapAt(2, 0))).toEqual(
      Array(5).fill('ok'),
    );
    await expectSameBooks(each);
    expect((await broker.vm('each')).decides).toBe(true);
  });

  it('tells what it decided, and has it acknowledged: the books are equal', async () => {
    const web = await attach();

    expect(
      await web.told(make(1, 2 * PAGE), mapAt(1, 0), make(2, MIB), mapAt(2, MIB), take(2), make(3, PAGE)),
    ).toEqual(Array(6).fill('ok'));
    expect(web.version).toBe(1);
    await expectSameBooks(web);
    // What came and went in between is nothing to the broker; another blob has the first one's id; one lies where another lay.
    await web.told(
      end(1),
      make(1, PAGE),
      make(9, PAGE),
      end(9),
      end(2),
      mapAt(3, MIB),
      restart,
      make(4, PAGE),
      mapAt(4, 0),
    );
    expect(web.version).toBe(2);
    await expectSameBooks(web);
    expect(await heap()).toEqual({ used: PAGE, idle: 256 * MIB - PAGE });
    expect((await broker.vm('web')).decides).toBe(true);
    expect(countFromWire((await broker.vm('web')).accountsVersion)).toBe(2);
  });

  it('has its decisions counted, refused ones too', async () => {
    const web = await attach();
    expect(await web.told(make(1, PAGE), mapAt(1, 1), mapAt(1, 0), take(1), take(1), end(8))).toEqual([
      'ok',
      'OFFSET_MISALIGNED',
      'ok',
      'ok',
      'ok',
      'RESOURCE_UNKNOWN',
    ]);
    const admin = broker.adminClient();
    const { vms } = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
    admin.close();
    const counted = vms[0]?.operations?.map(({ operation, result, count }) => [
      operation,
      result,
      countFromWire(count),
    ]);
    expect(counted).toEqual([
      ['create', 'ok', 1],
      ['map', 'ok', 1],
      ['map', 'refused', 1],
      ['unmap', 'ok', 1],
      ['unmap', 'noop', 1],
      ['destroy', 'refused', 1],
    ]);
  });

  it('tells in pieces, which count when the last is there', async () => {
    const web = await attach();
    const deeds = Array.from({ length: 700 }, (_, index) => [
      make(index + 1, PAGE),
      mapAt(index + 1, index * PAGE),
    ]);
    web.apply(...deeds.flat());
    web.tell({ piece: 100 });
    expect(await web.entered()).toBe(1);
    await expectSameBooks(web);
    // Gone in pieces as well, with ids that nobody knew among them.
    web.apply(...deeds.flatMap((_, index) => [end(index + 1), make(index + 5000, PAGE), end(index + 5000)]));
    web.tell({ piece: 50 });
    expect(await web.entered()).toBe(2);
    await expectSameBooks(web);
  });

  it('tells everything, and may leave numbers out then', async () => {
    const web = await attach();
    await web.told(make(1, PAGE), mapAt(1, 0), make(2, PAGE));
    web.apply(end(2), make(3, PAGE));
    web.version = 40;
    web.tell({ complete: true });
    expect(await web.entered()).toBe(41);
    await expectSameBooks(web);
  });

  it('goes on after its stream broke, whether the acknowledgement was lost or what it told', async () => {
    const web = await attach();
    await web.told(make(1, PAGE), mapAt(1, 0));
    // Entered, and its acknowledgement is never read.
    web.apply(make(2, PAGE));
    web.tell();
    await until('it is entered', async () => countFromWire((await broker.vm('web')).accountsVersion) === 2);
    web.drop();
    await broker.waitForState('web', VmState.VM_STATE_ORPHANED);
    await web.connect();
    expect([web.attached.resumed, countFromWire(web.attached.accountsVersion)]).toEqual([true, 2]);
    // Never arrives, and is told again by itself.
    web.drop();
    web.apply(make(3, PAGE), end(1));
    web.tell();
    await web.connect();
    web.tell();
    expect(await web.entered()).toBe(3);
    await expectSameBooks(web);
  });

  it.each([
    'web',
    'each',
  ])('has its window to itself: the broker touches nothing of it until the end (%s)', async (name) => {
    const web = await attach(name);
    const window = await windowOf(web);
    await web.told(make(1, PAGE), mapAt(1, 0));
    window.bytes(0, PAGE).fill(1);
    window.bytes(MIB, PAGE).fill(2);
    await web.told(end(1));
    expect([window.bytes(0, 1)[0], window.bytes(MIB, 1)[0]]).toEqual([1, 2]);
    // A successor's first sweep touches nothing either.
    const remains = new Remains(broker, holder);
    cleanups.push(() => remains.end());
    const successor = await remains.succeed(CONFIG);
    web.place = placeOf(successor);
    await web.connect();
    const other = await successor.attach('other');
    await other.run(create(1, PAGE), map(1, 0));
    expect([window.bytes(0, 1)[0], window.bytes(MIB, 1)[0]]).toEqual([1, 2]);
    // Until it is given up: then all of it reads as zero.
    await web.detach();
    expect([window.bytes(0, 1)[0], window.bytes(MIB, 1)[0]]).toEqual([0, 0]);
    other.vanish();
  });

  it.each([
    'web',
    'each',
  ])('outlives a broker with everything that was acknowledged, its grant too (%s)', async (name) => {
    const web = await attach(name);
    await web.told(
      make(1, PAGE),
      mapAt(1, 0),
      make(2, PAGE),
      mapAt(2, PAGE),
      take(2),
      make(3, PAGE),
      mapAt(3, PAGE),
    );
    await web.ask(amounts(3 * MIB, 10, 20), amounts(2 * MIB));
    const { grant } = web.books;
    expect(grant).toMatchObject({ mappings: 10, allocations: 20 });
    expect(grant.heaps.get('ram')).toBe(3 * MIB);
    // With a stashed blob, whose bytes no successor has to find.
    expect(web.vm.blob(2)?.state).toBe('stashed');
    const remains = new Remains(broker, holder);
    cleanups.push(() => remains.end());
    const successor = await remains.succeed(CONFIG);

    await expectSameBooks(web, successor);
    expect(await heap('ram', successor)).toEqual({ used: 3 * PAGE, idle: 3 * MIB - 3 * PAGE });
    web.apply(end(1));
    web.place = placeOf(successor);
    await web.connect();
    expect(web.attached.resumed).toBe(true);
    expect(web.books.grant).toEqual(grant);
    web.tell();
    expect(await web.entered()).toBe(2);
    await expectSameBooks(web, successor);
  });

  it('goes by the quota that it was told, until it attaches afresh', async () => {
    const web = await attach();
    await web.told(make(1, 200 * MIB));
    const remains = new Remains(broker, holder);
    cleanups.push(() => remains.end());
    const lowered = CONFIG.replace('bytes: 512MiB', 'bytes: 201MiB');
    const second = await remains.succeed(lowered);
    web.place = placeOf(second);
    await web.connect();
    expect(countFromWire(web.attached.rules?.quotaBytes)).toBe(512 * MIB);
    // What it decided by it meanwhile is no lie.
    expect(await web.told(make(2, 2 * MIB))).toEqual(['ok']);
    await web.detach();
    web.forget();
    await web.connect();
    expect(countFromWire(web.attached.rules?.quotaBytes)).toBe(201 * MIB);
  });

  it.each([
    ['detaches', (web: DecidingClient) => web.detach()],
    [
      'is evicted',
      async () => {
        const admin = broker.adminClient();
        await admin.call('evictVm', { vm: 'web', force: true });
        admin.close();
      },
    ],
    [
      'begins anew',
      async (web: DecidingClient) => {
        web.drop();
        await broker.waitForState('web', VmState.VM_STATE_ORPHANED);
        web.forget();
        await web.connect();
        await web.detach();
      },
    ],
  ])('gives everything back when it %s', async (_, leave) => {
    const web = await attach();
    await web.told(make(1, PAGE), mapAt(1, 0), make(2, MIB));
    await leave(web);
    await broker.waitForState('web', VmState.VM_STATE_DETACHED);
    expect(await heap()).toEqual({ used: 0, idle: 0 });
    expect(await heap('wc')).toEqual({ used: 0, idle: 0 });
    const admin = broker.adminClient();
    const { hostUsed } = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
    admin.close();
    expect(countFromWire(hostUsed)).toBe(0);
  });

  it('gives everything back when its grace is over', async () => {
    await broker.end();
    broker = await TestBroker.start(`orphan_grace: 50ms\n${CONFIG}`);
    const web = await attach();
    await web.told(make(1, PAGE), mapAt(1, 0));
    web.drop();
    await broker.waitForState('web', VmState.VM_STATE_DETACHED);
    expect(await heap()).toEqual({ used: 0, idle: 0 });
  });
});

describe('who decides is one', () => {
  it('batches and unary calls of a VM whose frontend decides are refused', async () => {
    const web = await attach();
    web.send({ batch: { commands: [{ number: 1, ...create(1, PAGE) }] } });
    expect(await web.ended).toMatchObject({
      reason: 'PROTOCOL',
      message: expect.stringContaining('its session was begun with decides: tell accounts'),
    });
    expect(countFromWire((await broker.vm('web')).allocations)).toBe(0);
  });

  it('accounts and requests for grants of a VM that is decided for are refused', async () => {
    for (const request of [{ accounts: { version: 1 } }, { grantRequest: {} }]) {
      const session = await broker.attach('other');
      session.call.write(request);
      expect(await session.ended).toMatchObject({
        reason: 'PROTOCOL',
        message: expect.stringContaining('the broker decides for it'),
      });
    }
  });

  it('a session is resumed as it was begun', async () => {
    const web = await attach();
    const session = web.attached.session ?? new Uint8Array();
    web.drop();
    const stream = broker.openSession();
    await expect(stream.attach({ vm: 'web', secret: broker.secret('web'), session })).rejects.toThrow(
      'was to be resumed without decides, but it was begun with',
    );
    const unary = broker.brokerClient();
    expect(
      await unary.refusal('attachVm', { vm: 'web', secret: broker.secret('web'), session }),
    ).toMatchObject({
      reason: 'PROTOCOL',
    });
    const other = await broker.attach('other');
    const again = broker.openSession();
    await expect(
      again.attach({
        vm: 'other',
        secret: broker.secret('other'),
        session: other.attached.session ?? new Uint8Array(),
        decides: true,
      }),
    ).rejects.toThrow('was to be resumed with decides, but it was begun without');
    // Neither lost anything.
    await web.connect();
    expect(results(await other.run(create(1, PAGE)))).toEqual(['ok']);
  });

  it('a VM with a heap of another kind is decided for whatever its frontend says', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-deciding-'));
    cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
    writeFileSync(join(directory, 'file'), Buffer.alloc(MIB));
    await broker.end();
    broker = await TestBroker.start(
      CONFIG.replace(
        'vms:',
        `  - { name: file, backing: file, cache: wc, path: ${directory}/file, capacity: 1MiB }\nvms:`,
      ).concat(
        '  - { name: own, window: 256MiB, heap: ram, blob_heaps: { 1: file }, placement: per-blob }\n',
      ),
    );
    const stream = broker.openSession();
    const attached = await stream.attach({ vm: 'own', secret: broker.secret('own'), decides: true });
    expect([attached.grant, attached.rules, attached.window]).toEqual([null, null, null]);
    expect(results(await stream.run(create(1, PAGE), map(1, 0)))).toEqual(['ok', 'ok']);
    const session = attached.session ?? new Uint8Array();
    stream.vanish();
    await broker.waitForState('own', VmState.VM_STATE_ORPHANED);
    const again = broker.openSession();
    const resumed = await again.attach({ vm: 'own', secret: broker.secret('own'), session, decides: true });
    expect(resumed.resumed).toBe(true);
    again.vanish();
  });

  it('a session in per-blob placement that was begun without goes on without, whatever its frontend wants now', async () => {
    const stream = await broker.attach('each');
    expect(results(await stream.run(create(1, PAGE), map(1, 0)))).toEqual(['ok', 'ok']);
    const session = stream.attached.session ?? new Uint8Array();
    stream.vanish();
    await broker.waitForState('each', VmState.VM_STATE_ORPHANED);
    const again = broker.openSession();
    const resumed = await again.attach({ vm: 'each', secret: broker.secret('each'), session, decides: true });

    expect([resumed.resumed, resumed.grant, resumed.window]).toEqual([true, null, null]);
    again.vanish();
  });

  it('nobody begins a session while somebody has one', async () => {
    const web = await attach();
    const second = new DecidingClient('web', placeOf(broker));
    await expect(second.connect()).rejects.toThrow('is attached by another connection');
    expect(await web.told(make(1, PAGE))).toEqual(['ok']);
  });
});

describe('operators', () => {
  it('see what a VM was granted, and its blobs as they come and go', async () => {
    const admin = broker.adminClient();
    const events: string[] = [];
    const watch = admin.stream<barkeep.v1.WatchEventsResponse>('watchEvents', { vm: 'web' });
    watch.on('error', () => undefined);
    watch.on('data', (event: barkeep.v1.WatchEventsResponse) => events.push(`${event.event}`));
    await new Promise((resolve) => watch.on('metadata', resolve));
    const web = await attach();
    await web.told(make(1, PAGE), mapAt(1, 0));
    await web.told(take(1), make(2, PAGE), end(2));
    await web.told(restart);
    await until('all events came', () => events.includes('blobDestroyed'));
    expect(events).toEqual([
      'vmStateChanged',
      'blobCreated',
      'blobMapped',
      'blobUnmapped',
      'deviceReset',
      'blobDestroyed',
    ]);
    watch.cancel();
    await web.told(make(1, 3 * PAGE));
    web.send({ statistics: { strayBytes: 4096, untoldBlobs: 12 } });
    await until('it has reported', async () => countFromWire((await broker.vm('web')).untoldBlobs) === 12);
    const { vm } = await admin.call<barkeep.v1.GetVmResponse>('getVm', { vm: 'web' });
    expect(
      vm?.grant?.heaps?.map(({ heap: name, bytes, idle }) => [
        name,
        countFromWire(bytes),
        countFromWire(idle),
      ]),
    ).toEqual([
      ['ram', 256 * MIB, 256 * MIB - 3 * PAGE],
      ['wc', 32 * MIB, 32 * MIB],
    ]);
    expect(countFromWire(vm?.strayBytes)).toBe(4096);
    admin.close();
  });

  it('open a blob that is mapped or parked, and learn where the bytes of a stashed one are', async () => {
    const web = await attach();
    const window = await windowOf(web);
    await web.told(make(1, PAGE), mapAt(1, 0), make(2, PAGE));
    window.bytes(0, 1)[0] = 7;
    const memory = broker.memoryClient();
    const open = (resourceId: number) =>
      memory.call<barkeep.v1.OpenBlobResponse>('openBlob', { vm: 'web', resourceId });
    const blob = await broker.mapMemory((await open(1)).memory, broker.paths.memoryFdSocket);
    expect(blob.bytes(0, 1)[0]).toBe(7);
    blob.close();
    await web.told(take(1), mapAt(2, 0));
    expect(await memory.refusal('openBlob', { vm: 'web', resourceId: 1 })).toMatchObject({
      reason: 'STASHED',
      message: expect.stringContaining("its bytes lie with the VM's frontend"),
    });
    await web.told(make(3, PAGE));
    expect(await memory.refusal('openBlob', { vm: 'web', resourceId: 3 })).toMatchObject({
      reason: 'NEVER_MAPPED',
    });
    memory.close();
  });
});
