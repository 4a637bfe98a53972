// Memory of their own for blobs of VMs whose frontends decide: made when it is asked for, there for who comes back, and gone when no blob has it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemfd, type Mapping } from '../../services/lib/os/memory.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { reasonName } from '../../services/lib/rpc/status-error.ts';
import { countFromWire, toWire } from '../../services/lib/rpc/u64.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { reserveHugePages } from '../support/huge-pages.ts';
import { until } from '../support/until.ts';
import { amounts, DecidingClient, end, make, mapAt, placeOf, restart } from './deciding-client.ts';
import { MIB, PAGE, TestBroker } from './harness.ts';
import { Remains } from './remains.ts';

/** More is zeroed off the event loop. */
const LARGE = 20 * MIB;
const FILE_BYTES = 64 * MIB;

let directory: string;
let broker: TestBroker;
let holder: TestHolder;
let config: string;
const cleanups: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-made-'));
  // What somebody else has left there.
  writeFileSync(join(directory, 'bar'), Buffer.alloc(FILE_BYTES, 0xaa));
  config = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
  - { name: bar, backing: file, cache: wc, capacity: 64MiB, path: ${directory}/bar }
vms:
  - { name: web, window: 256MiB, heap: bar, blob_heaps: { 7: ram }, placement: per-blob }
  - { name: other, window: 256MiB, heap: bar, placement: per-blob }
  - { name: windowed, window: 256MiB, heap: ram }
`;
  holder = new TestHolder();
  broker = await TestBroker.start(config, null, { store: holder });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await broker.end();
  holder.close();
  rmSync(directory, { recursive: true, force: true });
  expect(broker.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
});

async function attach(name = 'web', at = broker): Promise<DecidingClient> {
  const client = await DecidingClient.attach(name, at);
  cleanups.push(() => client.drop());
  return client;
}

async function mapped(client: DecidingClient, made: barkeep.v1.Memory.$Properties): Promise<Mapping> {
  const memory = await client.mapMemory(made.memory);
  cleanups.push(() => memory.close());
  return memory;
}

/** Asks for memory and makes blob `resource` of it. */
async function makeOwn(client: DecidingClient, resource: number, size: number): Promise<Mapping> {
  client.memoryNumber += 1;
  client.requestMemory(client.memoryNumber, size, 'bar');
  const made = await client.memory(client.memoryNumber);
  const memory = await mapped(client, made);
  expect(client.applyMade(make(resource, size), made)).toBe('ok');
  return memory;
}

function holds(memory: Mapping, byte: number, size: number): boolean {
  return memory.bytes(0, size).every((found) => found === byte);
}

async function usedOf(heap: string, at = broker): Promise<number[]> {
  const admin = at.adminClient();
  const { heap: found } = await admin.call<barkeep.v1.GetHeapResponse>('getHeap', { heap });
  admin.close();
  return [countFromWire(found?.used), countFromWire(found?.allocations)];
}

/** Has a grant for so many bytes of the file. */
async function grant(client: DecidingClient, bytes: number): Promise<void> {
  const wanted = amounts(bytes, 8, 8, 'bar');
  expect(await client.ask(wanted, wanted)).toBe(null);
}

async function told(client: DecidingClient): Promise<void> {
  client.tell();
  await client.entered();
}

describe('memory of its own', () => {
  it('reads as zero, is charged at once, and is the memory of its blob', async () => {
    const web = await attach();
    const memory = await makeOwn(web, 1, 2 * PAGE);
    expect(holds(memory, 0, 2 * PAGE)).toBe(true);
    memory.bytes(0, PAGE).fill(0x11);
    expect(await usedOf('bar')).toEqual([2 * PAGE, 1]);

    web.apply(mapAt(1, MIB), make(2, PAGE, 7), mapAt(2, 0));
    await told(web);

    expect(await usedOf('bar')).toEqual([2 * PAGE, 1]);
    expect(await usedOf('ram')).toEqual([PAGE, 1]);
    const admin = broker.memoryClient();
    const { mappings } = await admin.call<barkeep.v1.ListMappingsResponse>('listMappings', { vm: 'web' });
    expect(mappings.map(({ resourceId, heap, offset }) => [resourceId, heap, countFromWire(offset)])).toEqual(
      [
        [2, 'ram', 0],
        [1, 'bar', MIB],
      ],
    );
    // What operators open is what the guest has.
    const opened = await admin.call<barkeep.v1.OpenBlobResponse>('openBlob', { vm: 'web', resourceId: 1 });
    const seen = await broker.mapMemory(opened.memory, broker.paths.memoryFdSocket);
    cleanups.push(() => seen.close());
    expect([seen.bytes(0, 1)[0], seen.bytes(PAGE, 1)[0]]).toEqual([0x11, 0]);
    admin.close();
  });

  it('is erased when its blob is told to be gone, and whoever has it next finds nothing', async () => {
    const web = await attach();
    const memory = await makeOwn(web, 1, LARGE);
    memory.bytes(0, LARGE).fill(0x22);
    await told(web);
    web.apply(end(1));
    await told(web);
    await until('its bytes are gone', () => holds(memory, 0, LARGE));
    expect(await usedOf('bar')).toEqual([0, 0]);
    await web.giveBack();
    const other = await attach('other');
    await grant(other, LARGE);
    const next = await makeOwn(other, 1, LARGE);
    expect(holds(next, 0, LARGE)).toBe(true);
  });

  it('ends with a device reset, but for what was asked for after it', async () => {
    const web = await attach();
    await makeOwn(web, 1, PAGE);
    await told(web);
    web.memoryNumber += 1;
    web.requestMemory(web.memoryNumber, 2 * PAGE, 'bar');
    const made = await web.memory();
    web.apply(restart);
    await told(web);
    expect(await usedOf('bar')).toEqual([2 * PAGE, 1]);
    expect(web.applyMade(make(1, 2 * PAGE), made)).toBe('ok');
    await told(web);
    expect(await usedOf('bar')).toEqual([2 * PAGE, 1]);
  });

  it('is given back when its number is settled and no blob has it', async () => {
    const web = await attach();
    web.requestMemory(1, PAGE, 'bar');
    await web.memory();
    expect(await usedOf('bar')).toEqual([PAGE, 1]);
    web.vm.settleMemory(1);
    await told(web);
    expect(await usedOf('bar')).toEqual([0, 0]);
  });

  it('is given back when its number is settled before it is ready', async () => {
    const web = await attach();
    await grant(web, 2 * LARGE);
    web.requestMemory(1, LARGE, 'bar');
    web.vm.settleMemory(1);
    await told(web);
    expect(await usedOf('bar')).toEqual([0, 0]);
    // What comes next is answered, in whatever state the first was when it was settled.
    web.memoryNumber = 1;
    const memory = await makeOwn(web, 1, 2 * LARGE);
    expect(holds(memory, 0, 2 * LARGE)).toBe(true);
  });

  it('is erased when its VM is given up, in a blob or not', async () => {
    const web = await attach();
    const one = await makeOwn(web, 1, PAGE);
    one.bytes(0, PAGE).fill(0x33);
    await told(web);
    web.requestMemory(9, LARGE, 'bar');
    const other = await mapped(web, await web.memory());
    other.bytes(0, LARGE).fill(0x44);
    await web.detach();
    expect([holds(one, 0, PAGE), holds(other, 0, LARGE)]).toEqual([true, true]);
    expect(await usedOf('bar')).toEqual([0, 0]);
  });

  it('of huge pages comes from them', async (context) => {
    const pages = reserveHugePages(2);
    if ('why' in pages) return context.skip(pages.why);
    cleanups.push(() => pages.giveBack());
    const yaml = `
heaps: [{ name: huge, backing: hugetlb, cache: cached, capacity: 4MiB }]
vms: [{ name: web, window: 256MiB, heap: huge, placement: per-blob }]
`;
    const store = new TestHolder();
    const kept = await TestBroker.start(yaml, null, { store });
    cleanups.push(async () => {
      await kept.end();
      store.close();
    });
    const web = await attach('web', kept);
    expect(await web.make(make(1, 2 * MIB), 'huge')).toBe('ok');
    await told(web);
    expect(await usedOf('huge', kept)).toEqual([2 * MIB, 1]);
    const remains = new Remains(kept, store);
    cleanups.push(() => remains.end());
    const successor = await remains.succeed(yaml);
    web.place = placeOf(successor);
    await web.connect();
    web.requestMemory(1, 2 * MIB, 'huge');
    await mapped(web, await web.memory());
    web.apply(end(1));
    await told(web);
    expect(await usedOf('huge', successor)).toEqual([0, 0]);
  });
});

describe('who comes back', () => {
  it('has the same memory under the same number, with another token', async () => {
    const web = await attach();
    const memory = await makeOwn(web, 1, PAGE);
    memory.bytes(0, PAGE).fill(0x55);
    await web.connect();
    web.requestMemory(1, PAGE, 'bar');
    expect(holds(await mapped(web, await web.memory()), 0x55, PAGE)).toBe(true);
    expect(await usedOf('bar')).toEqual([PAGE, 1]);
  });

  it('finds it at the next broker: in blobs, and in none yet', async () => {
    const web = await attach();
    const inBlob = await makeOwn(web, 1, PAGE);
    inBlob.bytes(0, PAGE).fill(0x66);
    web.apply(mapAt(1, MIB));
    await told(web);
    web.memoryNumber += 1;
    web.requestMemory(2, LARGE, 'bar');
    const inNone = await mapped(web, await web.memory());
    inNone.bytes(0, PAGE).fill(0x77);

    let before = broker;
    let left = holder;
    // The second successor reads what the first has written anew.
    for (let life = 0; life < 2; life += 1) {
      const remains = new Remains(before, left);
      cleanups.push(() => remains.end());
      // Its lock on the file ends with it; what it does at its end nobody sees.
      await before.stop();
      const successor = await remains.succeed(config);
      web.place = placeOf(successor);
      await web.connect();
      expect(await usedOf('bar', successor)).toEqual([PAGE + LARGE, 2]);
      web.requestMemory(1, PAGE, 'bar');
      expect(holds(await mapped(web, await web.memory()), 0x66, PAGE)).toBe(true);
      web.requestMemory(2, LARGE, 'bar');
      expect(holds(await mapped(web, await web.memory()), 0x77, PAGE)).toBe(true);
      const admin = successor.adminClient();
      await until('a new journal is begun', async () => {
        const { journal } = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
        return countFromWire(journal?.snapshots) > 0;
      });
      admin.close();
      before = successor;
      left = remains.holder;
    }
    web.vm.settleMemory(2);
    web.apply(end(1));
    await told(web);
    expect(await usedOf('bar', before)).toEqual([0, 0]);
    await until('its bytes are gone', () => holds(inNone, 0, PAGE) && holds(inBlob, 0, PAGE));
  });

  it('does not find it any more when it was told to be gone, whatever the broker had done of that', async () => {
    const web = await attach();
    const memory = await makeOwn(web, 1, PAGE);
    memory.bytes(0, PAGE).fill(0x88);
    await told(web);
    web.apply(end(1));
    await told(web);
    const remains = new Remains(broker, holder);
    cleanups.push(() => remains.end());
    await broker.stop();
    const successor = await remains.succeed(config);
    web.place = placeOf(successor);
    await web.connect();
    expect(await usedOf('bar', successor)).toEqual([0, 0]);
    expect(holds(await makeOwn(web, 2, PAGE), 0, PAGE)).toBe(true);
    expect(
      readFileSync(join(directory, 'bar'))
        .subarray(0, PAGE)
        .every((byte) => byte === 0),
    ).toBe(true);
  });
});

describe('a VM that is lost, because another window came back for it', () => {
  it('leaves nobody the memory that its guest has mapped', async () => {
    const web = await attach();
    const memory = await makeOwn(web, 1, PAGE);
    memory.bytes(0, PAGE).fill(0x99);
    await told(web);
    const remains = new Remains(broker, holder);
    cleanups.push(() => remains.end());
    await broker.stop();
    const wrong = createMemfd('wrong', MIB);
    remains.holder.alter('w.web', null, wrong);
    wrong.close();
    const successor = await remains.succeed(config);
    expect((await successor.vm('web')).state).toBe(barkeep.v1.VmState.VM_STATE_DETACHED);
    const other = await attach('other', successor);
    const next = await makeOwn(other, 1, PAGE);
    next.bytes(0, PAGE).fill(0x11);
    expect([holds(memory, 0x99, PAGE), holds(next, 0x11, PAGE)]).toEqual([true, true]);
  });
});

describe('a request', () => {
  it('is refused beyond the grant, and stands for nothing then', async () => {
    const web = await attach();
    expect(await web.ask(amounts(2 * PAGE, 4, 4, 'bar'))).toBe(null);
    web.requestMemory(1, 4 * PAGE, 'bar');
    const { error } = await web.memory();
    expect([reasonName(error?.reason), error?.message]).toEqual([
      'HEAP_CAPACITY',
      expect.stringContaining('16384 bytes of heap bar'),
    ]);
    web.requestMemory(1, 2 * PAGE, 'bar');
    expect((await web.memory()).memory).toBeTruthy();
    expect(await usedOf('bar')).toEqual([2 * PAGE, 1]);
  });

  it.each([
    ['of number 0', { number: 0, heap: 'bar', size: PAGE }, 'number 0'],
    ['of a heap that there is not', { number: 1, heap: 'x', size: PAGE }, 'a heap that it cannot use'],
    ['of what lies in the window', { number: 1, heap: 'ram', size: PAGE }, 'in the memory of the window'],
    ['of no bytes', { number: 1, heap: 'bar' }, 'takes multiples of 4096'],
    ['of 2^63 bytes', { number: 1, heap: 'bar', size: toWire(2n ** 63n) }, 'takes multiples of 4096'],
  ])('that breaks the rules ends the stream: %s', async (_, memoryRequest, message) => {
    const web = await attach();
    web.send({ memoryRequest });
    expect(await web.ended).toMatchObject({ reason: 'PROTOCOL', message: expect.stringContaining(message) });
    expect(await usedOf('bar')).toEqual([0, 0]);
    await web.connect();
    expect(web.attached.resumed).toBe(true);
  });

  it('ends the stream in window placement, where no blob has memory of its own', async () => {
    const windowed = await attach('windowed');
    windowed.requestMemory(1, PAGE, 'ram');
    expect(await windowed.ended).toMatchObject({ reason: 'PROTOCOL' });
  });

  it('for what was settled ends the stream', async () => {
    const web = await attach();
    web.vm.settleMemory(4);
    await told(web);
    web.requestMemory(4, PAGE, 'bar');
    expect(await web.ended).toMatchObject({
      reason: 'PROTOCOL',
      message: expect.stringContaining('numbers up to 4 are settled'),
    });
  });
});
