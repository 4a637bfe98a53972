// A frontend that tells the truth about its blobs and touches more memory than it was granted: seen by what the kernel counts.
import { afterEach, describe, expect, it } from 'vitest';
import { beyondGrant, GRANT_ALLOWANCE, LATE_BYTES } from '../../services/lib/domain/grant.ts';
import { type Mapping, punchHole } from '../../services/lib/os/memory.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { stays, until } from '../support/until.ts';
import { amounts, DecidingClient, make, mapAt } from './deciding-client.ts';
import { failureOf, MIB, PAGE, TestBroker } from './harness.ts';
import { Remains } from './remains.ts';

const { VM_STATE_ATTACHED, VM_STATE_DETACHED, VM_STATE_SUSPENDED } = barkeep.v1.VmState;
const config = (looks: number): string => `
sweep_interval: 20ms
audit_looks: ${looks}
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
vms:
  - { name: greedy, window: 512MiB, heap: ram }
  - { name: good, window: 512MiB, heap: ram }
`;
/** Beyond what is granted, and allowed. */
const BEYOND = 8 * MIB;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(looks: number): Promise<{ broker: TestBroker; holder: TestHolder }> {
  const holder = new TestHolder();
  const broker = await TestBroker.start(config(looks), null, { store: holder });
  cleanups.push(async () => {
    await broker.end();
    holder.close();
  });
  return { broker, holder };
}

/** Has 16 MiB granted, and half of it in a blob. */
async function attach(broker: TestBroker, vm: string): Promise<{ client: DecidingClient; window: Mapping }> {
  const client = await DecidingClient.attach(vm, broker);
  const window = await client.window();
  cleanups.push(() => {
    window.close();
    client.drop();
  });
  await client.ask(amounts(16 * MIB, 10, 10), amounts(16 * MIB));
  await client.told(make(1, 8 * MIB), mapAt(1, 0));
  return { client, window };
}

/** As a guest or its frontend does, page by page. */
function touch(window: Mapping, from: number, to: number): void {
  for (let at = from; at < to; at += PAGE) window.bytes(at, 1)[0] = 1;
}

async function beyond(broker: TestBroker, vm = 'greedy'): Promise<number> {
  return countFromWire((await broker.vm(vm)).beyondGrantBytes);
}

function told({ log }: TestBroker, text: string): number {
  return log.filter((line) => line.includes(text)).length;
}

describe('what a VM holds beyond its grant', () => {
  it('is nothing up to what may be given back later, and swept; one byte more counts', () => {
    const grant = amounts(16 * MIB);
    expect(beyondGrant(16 * MIB + GRANT_ALLOWANCE, grant)).toBe(0);
    expect(beyondGrant(16 * MIB + GRANT_ALLOWANCE + 1, grant)).toBe(1);
    expect(GRANT_ALLOWANCE).toBeGreaterThan(LATE_BYTES);
  });
});

describe('a frontend that touches memory beyond its grant', () => {
  it('is warned of once, and suspended when it stays so; nobody else is, and a successor of the broker knows', async () => {
    const { broker, holder } = await start(5);
    const { client, window } = await attach(broker, 'greedy');
    const other = await attach(broker, 'good');
    touch(window, 0, 16 * MIB + GRANT_ALLOWANCE);
    touch(other.window, 0, 16 * MIB);
    await stays('it is within what is allowed', async () => (await beyond(broker)) === 0);

    touch(window, 16 * MIB + GRANT_ALLOWANCE, 16 * MIB + GRANT_ALLOWANCE + BEYOND);
    expect(await client.ended).toMatchObject({
      reason: 'VM_SUSPENDED',
      message: expect.stringContaining(
        `${BEYOND} more than it was granted and is allowed beyond that, at 5 looks`,
      ),
    });
    const vm = await broker.vm('greedy');
    expect([vm.state, countFromWire(vm.beyondGrantBytes)]).toEqual([VM_STATE_SUSPENDED, BEYOND]);
    expect(told(broker, 'more memory than its frontend was granted')).toBe(1);
    expect((await broker.vm('good')).state).toBe(VM_STATE_ATTACHED);
    expect((await failureOf(client.connect())).reason).toBe('VM_SUSPENDED');

    const remains = new Remains(broker, holder);
    cleanups.push(() => remains.end());
    const successor = await remains.succeed(config(5));
    expect((await successor.vm('greedy')).suspension).toContain('its window holds');
    const admin = broker.adminClient();
    await admin.call('evictVm', { vm: 'greedy' });
    admin.close();
    expect((await broker.vm('greedy')).state).toBe(VM_STATE_DETACHED);
  });

  it('and gives it back, is within again, and warned of anew the next time', async () => {
    const { broker } = await start(0);
    const { client, window } = await attach(broker, 'greedy');
    const end = 16 * MIB + GRANT_ALLOWANCE + BEYOND;
    const fd = await broker.redeem((await again(client)).window);
    cleanups.push(() => fd.close());
    for (let round = 1; round <= 2; round += 1) {
      touch(window, 0, end);
      await until('it is seen', async () => (await beyond(broker)) === BEYOND);
      punchHole(fd.number, 16 * MIB, end - 16 * MIB);
      await until('it is within', async () => (await beyond(broker)) === 0);
      expect(told(broker, 'more memory than its frontend was granted')).toBe(round);
    }
    expect((await broker.vm('greedy')).state).toBe(VM_STATE_ATTACHED);
  });
});

/** Another token for the window. */
async function again(client: DecidingClient): Promise<barkeep.v1.Attached.$Properties> {
  await client.connect();
  return client.attached;
}
