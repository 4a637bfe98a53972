// Frontends that decide, and lie: each is suspended with a reason, nothing of what it said is entered, and nobody else notices.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mapping } from '../../services/lib/os/memory.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire, toWire } from '../../services/lib/rpc/u64.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { until } from '../support/until.ts';
import {
  amounts,
  DecidingClient,
  encodeBlob,
  end,
  make,
  mapAt,
  placeOf,
  type WireAccounts,
  type WireBlob,
} from './deciding-client.ts';
import { create, failureOf, MIB, map, PAGE, TestBroker } from './harness.ts';
import { Remains } from './remains.ts';

const { VM_STATE_SUSPENDED, VM_STATE_DETACHED, VM_STATE_ATTACHED } = barkeep.v1.VmState;
const CONFIG = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
  - { name: wc, backing: memfd, cache: wc, capacity: 1GiB }
vms:
  - { name: liar, window: 256MiB, heap: ram, blob_heaps: { 7: wc }, quota: { mappings: 3 } }
  - { name: sly, window: 256MiB, heap: ram, blob_heaps: { 7: wc }, quota: { mappings: 3 }, placement: per-blob }
  - { name: good, window: 256MiB, heap: ram }
  - { name: plain, window: 256MiB, heap: ram }
`;

let broker: TestBroker;
let holder: TestHolder;
let good: DecidingClient;
let goodWindow: Mapping;
const cleanups: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  holder = new TestHolder();
  broker = await TestBroker.start(CONFIG, null, { store: holder });
  good = await DecidingClient.attach('good', broker);
  await good.told(make(1, 2 * PAGE), mapAt(1, 0));
  goodWindow = await good.window();
  goodWindow.bytes(0, 2 * PAGE).fill(0x77);
});
afterEach(async () => {
  // Whatever happened, the other VM goes on, its memory is as it was, and the broker had no fault of its own.
  expect(await good.told(make(99, PAGE), mapAt(99, MIB), end(99))).toEqual(['ok', 'ok', 'ok']);
  expect(goodWindow.bytes(0, 2 * PAGE).every((byte) => byte === 0x77)).toBe(true);
  goodWindow.close();
  good.drop();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await broker.end();
  holder.close();
  expect(faults(broker)).toEqual([]);
});

/** Errors in the log, but for what says that a VM is suspended. */
function faults({ log }: TestBroker): string[] {
  return log.filter((line) => /"level":(50|60)/.test(line) && !line.includes('its VM is suspended'));
}

/** Has a blob of two pages, mapped at 1 MiB, and one of a page that is parked; and grants for little more. */
async function attachLiar(name = 'liar'): Promise<DecidingClient> {
  const liar = await DecidingClient.attach(name, broker);
  cleanups.push(() => liar.drop());
  await liar.told(make(1, 2 * PAGE), mapAt(1, MIB), make(2, PAGE), mapAt(2, 0), {
    kind: 'unmap',
    resource: 2,
  });
  await liar.ask(amounts(8 * PAGE, 3, 4));
  return liar;
}

async function hostBooks(at = broker): Promise<unknown> {
  const admin = at.adminClient();
  const { heaps, hostUsed } = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
  admin.close();
  return [
    countFromWire(hostUsed),
    heaps.map(({ used, idle, allocations }) => [used, idle, allocations].map(countFromWire)),
  ];
}

async function evict(vm: string): Promise<void> {
  const admin = broker.adminClient();
  await admin.call('evictVm', { vm });
  admin.close();
}

const BLOB: WireBlob = encodeBlob({
  resource: 5,
  context: 0,
  blobId: 0,
  blobMem: 'host3d',
  flags: 1,
  size: PAGE,
  heap: 'ram',
  allocation: null,
  state: 'mapped',
  offset: 4 * MIB,
});
const created = BLOB.created!;
const told = (...blobs: WireBlob[]): WireAccounts => ({ version: 2, generation: 1, blobs });

const LIES: [string, WireAccounts, string][] = [
  [
    'more bytes than granted',
    told({ ...BLOB, created: { ...created, size: 6 * PAGE } }),
    '36864 bytes of heap ram where 32768 are granted',
  ],
  [
    'bytes of a heap that nothing is granted of',
    told({ ...BLOB, created: { ...created, blobId: 7 }, heap: 'wc' }),
    '4096 bytes of heap wc where 0 are granted',
  ],
  [
    'more mappings than the quota',
    told(
      BLOB,
      { ...encodeBlob({ ...snapshot(6), offset: 5 * MIB }) },
      { ...encodeBlob({ ...snapshot(2), size: PAGE, offset: 0 }) },
    ),
    '4 mappings where 3 are granted',
  ],
  ['a blob over another', told({ ...BLOB, offset: MIB + PAGE }), 'where resource 1 lies'],
  [
    'two blobs in one place',
    told(BLOB, encodeBlob({ ...snapshot(6), offset: 4 * MIB })),
    'where another blob is told to lie',
  ],
  ['a blob outside of the window', told({ ...BLOB, offset: 256 * MIB }), 'the window ends at'],
  ['a blob that is told twice', told(BLOB, BLOB), 'a blob is told twice'],
  [
    'a blob that is there and gone',
    { ...told({ ...BLOB, created: { ...created, resourceId: 1 } }), destroyed: [1] },
    'is told, and told to be gone',
  ],
  ['an id of 0', told({ ...BLOB, created: { ...created, resourceId: 0 } }), 'ids of blobs are from 1'],
  [
    'a size of 2^63',
    told({ ...BLOB, created: { ...created, size: toWire(2n ** 63n) } }),
    'a size of resource 5 above 2^53 - 1',
  ],
  [
    'an offset of 2^63',
    told({ ...BLOB, offset: toWire(2n ** 63n) }),
    'an offset of resource 5 above 2^53 - 1',
  ],
  ['no size', told({ ...BLOB, created: { ...created, size: 0 } }), 'has a size of 0 bytes'],
  ['another heap than the blob_id leads to', told({ ...BLOB, heap: 'wc' }), 'its blob_id leads to ram'],
  [
    'a heap that nobody knows',
    told({ ...BLOB, heap: 'x'.repeat(100_000) }),
    'resource 5 has memory of no heap that the VM can use',
  ],
  ['a place that there is not', told({ ...BLOB, place: 9 as never }), 'is in no place that there is'],
  ['no place', told({ ...BLOB, place: 0 }), 'is in no place that there is'],
  ['no memory', told({ ...BLOB, created: { ...created, memory: 1 as never } }), 'has memory of no type'],
  ['a blob without what created it', told({ heap: 'ram', place: 1 }), 'without what created it'],
  ['the version that was entered', { version: 1, generation: 1 }, 'version 1 came where 2 is next'],
  ['version 0', { generation: 1 }, 'version 0 came where 2 is next'],
  ['a version of the future', { version: 3, generation: 1 }, 'version 3 came where 2 is next'],
  [
    'everything, in a version of the past',
    { version: 1, complete: true, generation: 1 },
    'version 1 came where 2 is next',
  ],
  ['version 2^64 - 1', { version: toWire(2n ** 64n - 1n), complete: true }, 'a version above 2^53 - 1'],
  ['an earlier generation', { version: 2, generation: 0 }, 'generation 0 comes after 1'],
  ['generation 2^64 - 1', { version: 2, generation: toWire(2n ** 64n - 1n) }, 'a generation above 2^53 - 1'],
  [
    'a count that falls',
    { version: 2, generation: 1, decisions: [{ operation: 1, result: 1, count: 1 }] },
    'the count of create ok falls',
  ],
  [
    'counts without end',
    { version: 2, generation: 1, refusals: Array(257).fill({ reason: 1, count: 1 }) },
    'more counts than there are',
  ],
  [
    'more blobs than a message may have',
    told(...Array<WireBlob>(1025).fill(BLOB)),
    '1025 blobs in one message',
  ],
  [
    'more ids than a message may have',
    { version: 2, generation: 1, destroyed: Array<number>(4097).fill(1) },
    '4097 ids in one message',
  ],
  [
    'more blobs than are granted',
    told(...Array<WireBlob>(5).fill(BLOB)),
    '5 blobs are told, where 4 are granted',
  ],
];

function snapshot(resource: number) {
  return {
    resource,
    context: 0,
    blobId: 0,
    blobMem: 'host3d',
    flags: 1,
    size: PAGE,
    heap: 'ram',
    allocation: null,
    state: 'mapped',
    offset: 0,
  } as const;
}

/** One in each placement. */
const LIARS = ['liar', 'sly'] as const;

describe.each(LIARS)('a lie of VM %s', (name) => {
  it.each(LIES)('suspends its VM: %s', async (_, accounts, reason) => {
    const liar = await attachLiar(name);
    const before = await hostBooks();
    liar.tellAnything(accounts);
    const error = await liar.ended;
    expect(error).toMatchObject({ reason: 'VM_SUSPENDED', message: expect.stringContaining(reason) });
    expect(error?.message.length).toBeLessThan(1000);

    const vm = await broker.vm(name);
    expect([vm.state, vm.suspension?.includes(reason), vm.frontendPid]).toEqual([
      VM_STATE_SUSPENDED,
      true,
      0,
    ]);
    expect(await hostBooks()).toEqual(before);
  });
});

describe('a lie about memory of its own', () => {
  const OWN: WireBlob = {
    ...BLOB,
    created: { ...created, blobId: 7 },
    heap: 'bar',
    place: 1,
    offset: 0,
    memory: 1,
  };
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-lies-'));
  const config = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
  - { name: bar, backing: file, cache: wc, capacity: 1MiB, path: ${directory}/bar }
vms: [{ name: mixer, window: 256MiB, heap: ram, blob_heaps: { 7: bar }, placement: per-blob }]
`;
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each<[string, WireAccounts, string]>([
    ['that was never made', told({ ...OWN, memory: 9 }), 'memory 9, which it was never given'],
    ['that is none', told({ ...OWN, memory: 0 }), 'resource 5 has no memory'],
    ['in the window', told({ ...BLOB, memory: 1 }), 'where it lies in that of the window'],
    [
      'of another size',
      told({ ...OWN, created: { ...created, blobId: 7, size: 2 * PAGE } }),
      'its memory 1 is 4096 bytes of bar',
    ],
    [
      'of two blobs',
      told(OWN, { ...OWN, created: { ...created, blobId: 7, resourceId: 6 } }),
      'have the same memory 1',
    ],
    ['that is parked', told({ ...OWN, place: 3 }), 'is parked'],
    ['of number 2^63', told({ ...OWN, memory: toWire(2n ** 63n) }), 'a memory of resource 5 above 2^53 - 1'],
    [
      'that is settled up to 2^63',
      { version: 2, generation: 1, settledMemory: toWire(2n ** 63n) },
      'a number of memory above 2^53 - 1',
    ],
  ])('suspends its VM: %s', async (_, accounts, reason) => {
    writeFileSync(join(directory, 'bar'), Buffer.alloc(MIB));
    const mixed = await TestBroker.start(config);
    cleanups.push(() => mixed.end());
    const mixer = await DecidingClient.attach('mixer', mixed);
    cleanups.push(() => mixer.drop());
    await mixer.told();
    mixer.requestMemory(1, PAGE, 'bar');
    await mixer.memory();
    const before = await hostBooks(mixed);
    mixer.tellAnything(accounts);
    const error = await mixer.ended;
    expect(error).toMatchObject({ reason: 'VM_SUSPENDED', message: expect.stringContaining(reason) });
    expect(await hostBooks(mixed)).toEqual(before);
    expect(faults(mixed)).toEqual([]);
  });
});

describe('pieces', () => {
  it('without end end when there are more blobs than could be', async () => {
    const liar = await attachLiar();
    const piece: WireAccounts = { ...told(BLOB), continues: true };
    for (let count = 0; count < 5; count += 1) liar.tellAnything(piece);
    expect(await liar.ended).toMatchObject({
      reason: 'VM_SUSPENDED',
      message: expect.stringContaining('5 blobs are told, where 4 are granted'),
    });
  });

  it('of ids that nobody knows end after a million', async () => {
    const liar = await attachLiar();
    const destroyed = Array.from({ length: 4096 }, (_, index) => 1000 + index);
    for (let count = 0; count < 257; count += 1) {
      liar.tellAnything({ version: 2, continues: true, destroyed });
    }
    expect(await liar.ended).toMatchObject({
      reason: 'VM_SUSPENDED',
      message: expect.stringContaining('ids in one version'),
    });
  });

  it.each([
    ['nothing', [{ version: 2, continues: true }], 'a piece that continues tells nothing'],
    [
      'of two versions',
      [{ ...told(BLOB), continues: true }, { version: 3 }],
      'version 3 begins before version 2 is whole',
    ],
    [
      'of which one is complete',
      [
        { ...told(BLOB), continues: true },
        { ...told(), complete: true },
      ],
      'version 2 begins before version 2 is whole',
    ],
  ])('that tell %s are none', async (_, messages: WireAccounts[], reason) => {
    const liar = await attachLiar();
    for (const message of messages) liar.tellAnything(message);
    expect(await liar.ended).toMatchObject({
      reason: 'VM_SUSPENDED',
      message: expect.stringContaining(reason),
    });
  });
});

describe.each(LIARS)('a suspended VM (%s)', (name) => {
  it('keeps its memory and its charge, is attached by nobody, and is free again after an eviction', async () => {
    const liar = await attachLiar(name);
    const window = await liar.window();
    cleanups.push(() => window.close());
    window.bytes(MIB, PAGE).fill(3);
    liar.tellAnything({ version: 9 });
    await liar.ended;

    expect((await failureOf(liar.connect())).reason).toBe('VM_SUSPENDED');
    liar.forget();
    expect(await failureOf(liar.connect())).toMatchObject({
      reason: 'VM_SUSPENDED',
      message: expect.stringContaining(`barkeep vm evict ${name}`),
    });
    expect(window.bytes(MIB, PAGE).every((byte) => byte === 3)).toBe(true);
    const vm = await broker.vm(name);
    expect([vm.allocations, vm.mappings].map(countFromWire)).toEqual([2, 1]);

    // Nobody has to be forced: no frontend has it.
    await evict(name);
    expect((await broker.vm(name)).state).toBe(VM_STATE_DETACHED);
    expect((await broker.vm(name)).suspension).toBe('');
    expect(window.bytes(MIB, PAGE).every((byte) => byte === 0)).toBe(true);
    await liar.connect();
    expect(await liar.told(make(1, PAGE))).toEqual(['ok']);
    expect((await broker.vm(name)).state).toBe(VM_STATE_ATTACHED);
  });

  it('is suspended still when another broker comes, and its grace never ends', async () => {
    const liar = await attachLiar(name);
    liar.tellAnything({ version: 9 });
    await liar.ended;
    const before = await hostBooks();
    const remains = new Remains(broker, holder);
    cleanups.push(() => remains.end());
    const successor = await remains.succeed(`orphan_grace: 50ms\n${CONFIG}`);
    const vm = await successor.vm(name);
    expect([vm.state, vm.suspension]).toEqual([
      VM_STATE_SUSPENDED,
      expect.stringContaining('version 9 came where 2'),
    ]);
    expect(vm.graceLeft).toBe(0);
    expect(await hostBooks(successor)).toEqual(before);
    liar.place = placeOf(successor);
    expect((await failureOf(liar.connect())).reason).toBe('VM_SUSPENDED');
    // The second broker writes it down itself as well.
    const admin = successor.adminClient();
    await until('a new journal is begun', async () => {
      const { journal } = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
      return countFromWire(journal?.snapshots) > 0;
    });
    admin.close();
    const second = new Remains(successor, remains.holder);
    cleanups.push(() => second.end());
    const third = await second.succeed(CONFIG);
    expect(await third.vm(name)).toMatchObject({ state: VM_STATE_SUSPENDED, suspension: vm.suspension });
    expect(await hostBooks(third)).toEqual(before);
    const evictor = third.adminClient();
    await evictor.call('evictVm', { vm: name });
    evictor.close();
    expect((await third.vm(name)).state).toBe(VM_STATE_DETACHED);
  });
});

describe('a suspension', () => {
  it('is told to those who watch, and counted', async () => {
    const liar = await attachLiar();
    const admin = broker.adminClient();
    const watch = admin.stream<barkeep.v1.WatchEventsResponse>('watchEvents', { vm: 'liar' });
    watch.on('error', () => undefined);
    const event = new Promise<barkeep.v1.WatchEventsResponse>((resolve) => watch.once('data', resolve));
    await new Promise((resolve) => watch.on('metadata', resolve));
    liar.tellAnything({ version: 9 });
    expect((await event).vmStateChanged).toMatchObject({
      state: VM_STATE_SUSPENDED,
      reason: expect.stringContaining('version 9 came where 2'),
    });
    watch.cancel();
    const { grants } = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
    expect(countFromWire(grants?.suspensions)).toBe(1);
    admin.close();
  });
});

describe('others on the same broker', () => {
  it('are answered as fast as before while liars come and go', async () => {
    const plain = await broker.attach('plain');
    cleanups.push(() => plain.vanish());
    const round = async (): Promise<number> => {
      const start = performance.now();
      await plain.run(create(1, PAGE), map(1, 0), { destroy: { resourceId: 1 } });
      return performance.now() - start;
    };
    const rounds = async (count: number): Promise<number> => {
      const times: number[] = [];
      for (let index = 0; index < count; index += 1) times.push(await round());
      return times.sort((a, b) => a - b)[Math.floor(count / 2)]!;
    };
    await rounds(20);
    const alone = await rounds(60);
    let lies = 0;
    let isOver = false;
    const lying = (async (): Promise<void> => {
      while (!isOver) {
        const liar = await DecidingClient.attach('liar', broker);
        liar.tellAnything(told(BLOB, BLOB));
        expect((await liar.ended)?.reason).toBe('VM_SUSPENDED');
        liar.drop();
        await evict('liar');
        lies += 1;
      }
    })();
    const beside = await rounds(60);
    isOver = true;
    await lying;
    expect(lies).toBeGreaterThan(0);
    // The liar's work is in the same process, and so is this test's: several times as long is noise, a hang is not.
    expect(beside).toBeLessThan(10 * alone + 50);
  });
});

describe('random accounts', () => {
  const u64 = fc.oneof(
    fc.nat(3).map((value) => value * PAGE),
    fc.bigInt(0n, 2n ** 64n - 1n).map(toWire),
  );
  const blob = fc.record(
    {
      created: fc.record(
        {
          contextId: fc.nat(),
          resourceId: fc.nat(6),
          memory: fc.nat(4) as never,
          flags: fc.oneof(fc.nat(8), fc.nat()),
          blobId: fc.oneof(fc.constantFrom(0, 7), u64),
          size: u64,
        },
        { requiredKeys: [] },
      ),
      heap: fc.oneof(fc.constantFrom('ram', 'wc'), fc.string({ maxLength: 300 })),
      place: fc.nat(5) as never,
      offset: u64,
    },
    { requiredKeys: [] },
  );
  const accounts = fc.record(
    {
      version: fc.oneof({ weight: 8, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: u64 as never }),
      complete: fc.boolean(),
      continues: fc.boolean(),
      destroyed: fc.array(fc.nat(9), { maxLength: 5 }),
      blobs: fc.array(blob as fc.Arbitrary<WireBlob>, { maxLength: 4 }),
      generation: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(1, 2) },
        { weight: 1, arbitrary: u64 as never },
      ),
      decisions: fc.array(
        fc.record({ operation: fc.nat(7) as never, result: fc.nat(5) as never, count: fc.nat(50) }),
        { maxLength: 3 },
      ),
      refusals: fc.array(fc.record({ reason: fc.nat(60) as never, count: fc.nat(50) }), { maxLength: 3 }),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<WireAccounts>;

  it('are entered or suspend their VM, and the books of the host are exact after its end', async () => {
    const empty = await hostBooks();
    const seen = { entered: 0, suspended: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(accounts, { minLength: 1, maxLength: 6 }), async (messages) => {
        const liar = await DecidingClient.attach('liar', broker);
        for (const message of messages) liar.tellAnything(message);
        // It says at the end whether it still has a session.
        liar.request(amounts(0));
        const outcome = await Promise.race([
          liar.ended.then((error) => error?.reason ?? 'ended'),
          (async () => {
            for (;;) {
              const answer = await liar.next('entered').catch(() => null);
              if (answer === null) return 'open';
              seen.entered += 1;
            }
          })(),
        ]);
        const { state } = await broker.vm('liar');
        if (state === VM_STATE_SUSPENDED) seen.suspended += 1;
        expect(['VM_SUSPENDED', 'open']).toContain(outcome);
        liar.drop();
        const admin = broker.adminClient();
        await admin.call('evictVm', { vm: 'liar', force: true });
        admin.close();
        expect(await hostBooks()).toEqual(empty);
      }),
      { numRuns: 60 },
    );
    expect(seen.entered).toBeGreaterThan(0);
    expect(seen.suspended).toBeGreaterThan(0);
  }, 120_000);
});
