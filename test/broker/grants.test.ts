// Requests for grants that compete: what can be had at once is given at once, the rest is asked back from those who do not use it, in the order of asking.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Grant } from '../../services/lib/domain/grant.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire, fromWire, toWire } from '../../services/lib/rpc/u64.ts';
import { stays, until } from '../support/until.ts';
import { amounts, DecidingClient, end, make, mapAt } from './deciding-client.ts';
import { create, destroy, MIB, PAGE, results, TestBroker } from './harness.ts';

/** Over all VMs: 64 MiB, of which the first to attach gets less than half. */
const CONFIG = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 64MiB }
  - { name: more, backing: memfd, cache: cached, capacity: 64MiB }
vms:
  - { name: a, window: 256MiB, heap: ram, blob_heaps: { 1: more } }
  - { name: b, window: 256MiB, heap: ram, blob_heaps: { 1: more } }
  - { name: c, window: 256MiB, heap: ram, blob_heaps: { 1: more }, quota: { bytes: 32MiB } }
  - { name: plain, window: 256MiB, heap: ram }
`;

let broker: TestBroker;
let clients: DecidingClient[] = [];
beforeEach(async () => {
  broker = await TestBroker.start(CONFIG);
});
afterEach(async () => {
  for (const client of clients) client.drop();
  clients = [];
  await broker.end();
  expect(broker.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
});

async function attach(name: string): Promise<DecidingClient> {
  const client = await DecidingClient.attach(name, broker);
  clients.push(client);
  return client;
}

/** Two or three that have nothing. */
async function attachAll<Names extends readonly string[]>(
  ...names: Names
): Promise<{ [Index in keyof Names]: DecidingClient }> {
  const all: DecidingClient[] = [];
  for (const name of names) {
    all.push(await attach(name));
    await all.at(-1)?.giveBack();
  }
  return all as { [Index in keyof Names]: DecidingClient };
}

function ram({ books }: DecidingClient): number {
  return books.grant.heaps.get('ram') ?? 0;
}

/** Exactly so much. */
function just(bytes: number, mappings = 0, allocations = 0): [Grant, Grant] {
  return [amounts(bytes, mappings, allocations), amounts(bytes, mappings, allocations)];
}

async function statistics(): Promise<barkeep.v1.GrantStatistics.$Properties> {
  const admin = broker.adminClient();
  const { grants } = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
  admin.close();
  return grants ?? {};
}

async function waits(): Promise<number> {
  const { waitSeconds } = await statistics();
  return (waitSeconds?.counts ?? []).reduce((total: number, count) => total + countFromWire(count), 0);
}

describe('a request for a grant', () => {
  it('for the last bytes of a heap is given by whoever does not use them', async () => {
    const [a, b] = await attachAll('a', 'b');
    expect(await a.ask(...just(60 * MIB))).toBe(null);
    b.request(...just(32 * MIB));
    await a.next('recall');
    // It uses some, and gives back the rest.
    await a.ask(...just(20 * MIB));
    expect(await b.granted()).toBe(null);
    expect([ram(a), ram(b)]).toEqual([20 * MIB, 32 * MIB]);
    expect(await waits()).toBe(1);
    expect(countFromWire((await statistics()).recalls)).toBe(1);
  });

  it('is answered with its own number, whatever took its place', async () => {
    const [a, b] = await attachAll('a', 'b');
    a.request(...just(60 * MIB), 7);
    expect(countFromWire((await a.next('grant')).grant?.number)).toBe(7);
    a.books.set(just(60 * MIB)[0]);
    b.request(...just(32 * MIB), 1);
    b.request(...just(16 * MIB), 2 ** 60);
    await a.next('recall');
    await a.giveBack();

    const { grant } = await b.next('grant');
    expect(fromWire(grant?.number)).toBe(2n ** 60n);
    expect(grant?.heaps?.map(({ bytes }) => countFromWire(bytes))).toEqual([16 * MIB]);
    // Who does not number, as frontends of before, is answered all the same.
    b.request(...just(20 * MIB));
    expect(countFromWire((await b.next('grant')).grant?.number)).toBe(0);
  });

  it('is refused at once when nobody could give back enough', async () => {
    const [a, b] = await attachAll('a', 'b');
    await a.ask(...just(60 * MIB, 0, 60));
    await a.told(make(1, 50 * MIB));
    const before = performance.now();
    expect(await b.ask(...just(20 * MIB))).toContain(
      `VM b needs ${20 * MIB} bytes of heap ram in all, but ${4 * MIB} are left for it: of ${64 * MIB} ${50 * MIB} are used and ${10 * MIB} granted beyond that`,
    );
    expect(performance.now() - before).toBeLessThan(900);
    expect(ram(b)).toBe(0);
    expect([await waits(), countFromWire((await statistics()).refusals)]).toEqual([0, 1]);
    await stays('nobody is asked', () => a.recalls === 0);
  });

  it('waits for a second for one who is silent, who keeps what he has', async () => {
    const [a, b] = await attachAll('a', 'b');
    await a.ask(...just(60 * MIB, 1, 1));
    const before = performance.now();
    expect(await b.ask(...just(20 * MIB))).toContain(`${60 * MIB} granted beyond that`);
    expect(performance.now() - before).toBeGreaterThan(950);
    await a.next('recall');
    expect(await a.told(make(1, 59 * MIB))).toEqual(['ok']);
  });

  it('finds nobody to ask where the holder is orphaned, and its amount when that is evicted', async () => {
    const [a, b] = await attachAll('a', 'b');
    await a.ask(...just(60 * MIB));
    a.drop();
    await broker.waitForState('a', barkeep.v1.VmState.VM_STATE_ORPHANED);
    expect(await b.ask(...just(20 * MIB))).toContain('bytes of heap ram in all');
    expect(await waits()).toBe(0);
    const admin = broker.adminClient();
    await admin.call('evictVm', { vm: 'a' });
    admin.close();
    expect(await b.ask(...just(20 * MIB))).toBe(null);
  });

  it('is served by what a VM had that is evicted meanwhile', async () => {
    const [a, b] = await attachAll('a', 'b');
    await a.ask(...just(60 * MIB));
    b.request(...just(20 * MIB));
    await a.next('recall');
    const admin = broker.adminClient();
    await admin.call('evictVm', { vm: 'a', force: true });
    admin.close();
    expect(await b.granted()).toBe(null);
  });

  it('is served in the order of asking: who needs more of what another waits for stands behind him', async () => {
    const [a, b, c] = await attachAll('a', 'b', 'c');
    await a.ask(...just(62 * MIB));
    b.request(...just(20 * MIB));
    await a.next('recall');
    // Two are left, which would do for c: but b was first.
    c.request(...just(2 * MIB));
    const answers: string[] = [];
    const both = [b.granted().then(() => answers.push('b')), c.granted().then(() => answers.push('c'))];
    await stays('nobody is answered', () => answers.length === 0);
    await a.ask(...just(44 * MIB));
    await until('b is answered', () => answers.length === 1);
    expect(answers).toEqual(['b']);
    await a.ask(...just(40 * MIB));
    await Promise.all(both);
    expect([ram(a), ram(b), ram(c)]).toEqual([40 * MIB, 20 * MIB, 2 * MIB]);
  });

  it('of something else, or for no more than is held, waits for nobody', async () => {
    const [a, b, c] = await attachAll('a', 'b', 'c');
    await a.ask(...just(62 * MIB));
    await c.ask(...just(2 * MIB));
    b.request(...just(20 * MIB));
    await a.next('recall');
    const other = {
      heaps: new Map([
        ['ram', 2 * MIB],
        ['more', 4 * MIB],
      ]),
      mappings: 1,
      allocations: 1,
    };
    expect(
      await c.ask(
        {
          ...other,
          heaps: new Map([
            ['ram', 30 * MIB],
            ['more', 30 * MIB],
          ]),
        },
        other,
      ),
    ).toBe(null);
    // And nothing beyond need meanwhile.
    expect(c.books.grant).toMatchObject({ mappings: 1, allocations: 1 });
    expect([ram(c), c.books.grant.heaps.get('more')]).toEqual([2 * MIB, 4 * MIB]);
    await a.giveBack();
    expect(await b.granted()).toBe(null);
  });

  it('is served by what a VM frees that the broker decides for', async () => {
    const [a, b] = await attachAll('a', 'b');
    const plain = await broker.attach('plain');
    expect(results(await plain.run(create(1, 30 * MIB)))).toEqual(['ok']);
    await a.ask(...just(30 * MIB));
    b.request(...just(20 * MIB));
    await a.next('recall');
    expect(results(await plain.run(destroy(1)))).toEqual(['ok']);
    expect(await b.granted()).toBe(null);
    plain.vanish();
  });

  it('is withdrawn with its stream, and those behind it go on', async () => {
    const [a, b, c] = await attachAll('a', 'b', 'c');
    await a.ask(...just(62 * MIB));
    b.request(...just(20 * MIB));
    await a.next('recall');
    c.request(...just(2 * MIB));
    b.drop();
    expect(await c.granted()).toBe(null);
    await b.connect();
    expect(ram(b)).toBe(0);
  });

  it('is asked for again from whoever has freed something since', async () => {
    const [a, b] = await attachAll('a', 'b');
    await a.ask(...just(60 * MIB, 1, 3));
    await a.told(make(1, 20 * MIB), make(2, 20 * MIB));
    b.request(...just(20 * MIB));
    await a.next('recall');
    await a.ask(amounts(50 * MIB, 1, 3));
    // It comes ahead of the acknowledgement.
    await a.told(end(1));
    expect(a.recalls).toBe(1);
    await a.giveBack();
    expect(await b.granted()).toBe(null);
  });

  it('of one who waits himself is answered when he gives back and asks anew', async () => {
    const [a, b] = await attachAll('a', 'b');
    await a.ask(...just(30 * MIB));
    await b.ask(...just(30 * MIB));
    a.request(...just(50 * MIB));
    await b.next('recall');
    b.request(...just(50 * MIB));
    await a.next('recall');
    // a is first; b gives way, and stands behind.
    b.request(...just(0));
    b.request(...just(50 * MIB));
    expect(await a.granted()).toBe(null);
    expect(ram(a)).toBe(50 * MIB);
    expect(await b.granted()).toBe(null);
    expect(ram(b)).toBe(0);
    await a.next('recall');
    await a.giveBack();
    expect(await b.granted()).toBe(null);
    expect(ram(b)).toBe(50 * MIB);
  });

  it('starves nobody: all who need what there is for one come to their turn', async () => {
    const three = await attachAll('a', 'b', 'c');
    const turns = new Map(three.map((client): [string, number] => [client.name, 0]));
    const live = async (client: DecidingClient): Promise<void> => {
      for (let turn = 0; turn < 8; turn += 1) {
        const refusal = await client.ask(...just(30 * MIB, 1, 1));
        if (refusal !== null) continue;
        expect(await client.told(make(1, 30 * MIB), mapAt(1, 0))).toEqual(['ok', 'ok']);
        await client.told(end(1));
        await client.giveBack();
        turns.set(client.name, (turns.get(client.name) ?? 0) + 1);
      }
    };
    await Promise.all(three.map(live));
    // A turn takes a few milliseconds: nobody is passed over for a second.
    expect([...turns.values()].every((count) => count >= 4)).toBe(true);
  });
});

describe('amounts', () => {
  it('of nothing are given, and what is in use stays whatever is asked', async () => {
    const [a] = await attachAll('a');
    await a.ask(...just(8 * MIB, 2, 3));
    await a.told(make(1, 4 * MIB), mapAt(1, 0));
    expect(await a.ask(amounts(0))).toBe(null);
    expect(a.books.grant).toMatchObject({ mappings: 1, allocations: 1 });
    expect(ram(a)).toBe(4 * MIB);
  });

  it('of 2^63 are all that may be had', async () => {
    const [a] = await attachAll('a');
    const most = toWire(2n ** 63n);
    const wanted = { heaps: [{ heap: 'ram', bytes: most }], mappings: most, allocations: most };
    a.send({ grantRequest: { wanted } });
    expect(await a.granted()).toBe(null);
    expect(ram(a)).toBe(32 * MIB);
    a.send({ grantRequest: { wanted, needed: wanted } });
    expect(await a.granted()).toContain(`needs ${2 ** 53 - 1} bytes of heap ram in all`);
    expect(ram(a)).toBe(32 * MIB);
  });

  it('are no more than the quota', async () => {
    const c = await attach('c');
    expect(await c.ask(amounts(2 ** 53 - 1))).toBe(null);
    expect(ram(c)).toBe(32 * MIB);
  });

  it.each([
    [
      'a heap that the VM cannot use',
      { wanted: { heaps: [{ heap: 'nowhere', bytes: 1 }] } },
      'names a heap that it cannot use',
    ],
    ['a heap twice', { wanted: { heaps: [{ heap: 'ram' }, { heap: 'ram' }] } }, 'names heap ram twice'],
    [
      'more needed than wanted',
      { needed: { mappings: 1 } },
      'names 1 mappings that it needs, and 0 that it wants',
    ],
    [
      'more bytes needed than wanted',
      {
        needed: { heaps: [{ heap: 'more', bytes: 4096 }] },
        wanted: { heaps: [{ heap: 'ram', bytes: 4096 }] },
      },
      'names 4096 bytes of heap more that it needs, and 0 that it wants',
    ],
    [
      'more needed than the quota',
      {
        needed: { heaps: [{ heap: 'ram', bytes: 33 * MIB }] },
        wanted: { heaps: [{ heap: 'ram', bytes: 33 * MIB }] },
      },
      `names ${33 * MIB} bytes, where its quota is ${32 * MIB}`,
    ],
  ])('that make no sense end the stream: %s', async (_, grantRequest, message) => {
    const c = await attach('c');
    await c.told(make(1, PAGE));
    c.send({ grantRequest });
    expect(await c.ended).toMatchObject({ reason: 'PROTOCOL', message: expect.stringContaining(message) });
    // And cost nothing else.
    await c.connect();
    expect(c.attached.resumed).toBe(true);
  });
});
