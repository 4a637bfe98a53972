// A broker whose run directory is really full: VMs keep what they have, what is new is refused in words, what ends is written down all the same, and a
// successor finds all of it; with room everything goes on.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { canMount, SmallTmpfs } from '../support/small-tmpfs.ts';
import { stays, until } from '../support/until.ts';
import { amounts, DecidingClient, end, make } from './deciding-client.ts';
import {
  create,
  destroy,
  failureOf,
  MIB,
  map,
  PAGE,
  results,
  TestBroker,
  type TestSession,
  unmap,
} from './harness.ts';
import { Remains } from './remains.ts';

let disk: SmallTmpfs;
let holder: TestHolder;
let broker: TestBroker;
const cleanups: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  disk = SmallTmpfs.mount(4 * MIB)!;
  holder = new TestHolder();
  broker = await TestBroker.start(undefined, disk.directory, { store: holder });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await broker?.end();
  holder?.close();
  disk?.end();
});

async function attach(vm: string): Promise<TestSession> {
  const session = await broker.attach(vm);
  cleanups.push(() => session.vanish());
  return session;
}

async function decide(vm: string): Promise<DecidingClient> {
  const client = await DecidingClient.attach(vm, broker);
  cleanups.push(() => client.drop());
  return client;
}

/** Uses up what the journal took ahead for new commands, and no more. */
async function useUp(session: TestSession): Promise<void> {
  disk.fill();
  for (;;) {
    const answers = results(await session.run(...Array.from({ length: 400 }, () => destroy(999))));
    expect(new Set(answers)).toEqual(new Set(['RESOURCE_UNKNOWN']));
    const [answer] = results(await session.run(create(1000, PAGE)));
    if (answer !== 'ok') return;
    await session.run(destroy(1000));
  }
}

function told(text: string): number {
  return broker.log.filter((line) => line.includes(text)).length;
}

async function isWhole(): Promise<boolean> {
  const admin = broker.adminClient();
  const { journal } = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
  admin.close();
  return journal?.whole ?? false;
}

describe.skipIf(!canMount())('a journal without room', () => {
  it('costs nobody what he has; what is new is refused, and done when there is room', async () => {
    const own = await attach('own');
    const web = await decide('web');
    await own.run(create(1, PAGE), map(1, 0), create(2, PAGE));
    await web.told(make(1, PAGE));
    await useUp(own);

    const [refused] = await own.run(create(3, PAGE));
    expect(refused).toMatchObject({
      result: 'OUT_OF_MEMORY',
      message: expect.stringContaining('journal has no room'),
    });
    expect(results(await own.run(map(2, PAGE), unmap(1), destroy(1)))).toEqual(['OUT_OF_MEMORY', 'ok', 'ok']);
    expect(await web.ask(amounts(600 * MIB, 2000, 2000), amounts(600 * MIB))).toContain(
      'journal has no room',
    );
    // Within what it has it decides by itself, and that is entered.
    await web.told(end(1), make(5, PAGE));
    expect(await failureOf(broker.attach('other'))).toMatchObject({ reason: 'OUT_OF_MEMORY' });
    expect((await broker.vm('own')).outOfRoom).toContain("the broker's");
    expect([told('the journal has no room'), told('was removed'), await isWhole()]).toEqual([1, 0, true]);

    const remains = new Remains(broker, holder);
    cleanups.push(() => remains.end());
    const successor = await remains.succeed();
    expect(countFromWire((await successor.vm('own')).allocations)).toBe(1);
    expect(countFromWire((await successor.vm('web')).allocations)).toBe(1);

    disk.free();
    await until('there is room', async () => (await broker.vm('own')).outOfRoom === '');
    expect(results(await own.run(create(3, PAGE), map(3, 0), map(2, PAGE)))).toEqual(['ok', 'ok', 'ok']);
    expect(await web.ask(amounts(300 * MIB, 2000, 2000), amounts(300 * MIB))).toBeNull();
    await attach('other');
    expect([told('the journal has no room'), told('the journal has room again')]).toEqual([1, 1]);
  });

  it('has accounts wait that cannot be written down any more, and enters them when they can', async () => {
    const web = await decide('web');
    await web.told(...Array.from({ length: 900 }, (_, index) => make(index + 1, PAGE)));
    disk.fill();
    let isWaiting = false;
    while (!isWaiting) {
      web.tell({ complete: true });
      let isEntered = false;
      const entered = web.entered().then(() => {
        isEntered = true;
      });
      isWaiting = await stays('it is not entered', () => !isEntered).then(
        () => true,
        () => false,
      );
      if (isWaiting) {
        expect([told('was removed'), await isWhole()]).toEqual([0, true]);
        disk.free();
      }
      await entered;
    }
    await web.told(end(1));
    expect(countFromWire((await broker.vm('web')).allocations)).toBe(899);
    expect((await broker.vm('web')).state).toBe(barkeep.v1.VmState.VM_STATE_ATTACHED);
  });
});
