// A broker whose holder of descriptors died, and whose journal did not: VMs that their frontends decide for go on, and their windows come from there.
// Nothing else is taken for one.
import { constants, ftruncateSync, openSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fd } from '../../services/lib/os/fd.ts';
import { createMemfd, duplicate, Mapping } from '../../services/lib/os/memory.ts';
import { connect, receive, send } from '../../services/lib/os/socket.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { until } from '../support/until.ts';
import { DecidingClient, end, make, mapAt, placeOf } from './deciding-client.ts';
import { DEFAULT_CONFIG, failureOf, MIB, PAGE, TestBroker } from './harness.ts';
import { Remains } from './remains.ts';

const WINDOW = 256 * MIB;
const { VM_STATE_ATTACHED, VM_STATE_DETACHED } = barkeep.v1.VmState;
/** proto: MemoryHandle. */
const TAKEN = 0;
const REFUSED = 3;

const cleanups: (() => Promise<void> | void)[] = [];
let broker: TestBroker;
let holder: TestHolder;
let web: DecidingClient;
let window: Fd;
beforeEach(async () => {
  holder = new TestHolder();
  broker = await TestBroker.start(DEFAULT_CONFIG, null, { store: holder });
  web = await DecidingClient.attach('web', broker);
  await web.told(make(1, 2 * PAGE), mapAt(1, 0), make(2, PAGE));
  window = await broker.redeem(web.attached.window);
  write(window, 'what the guest wrote');
  cleanups.push(async () => {
    web.drop();
    window.close();
    await broker.end();
    holder.close();
  });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function write(fd: Fd, text: string): void {
  const mapping = Mapping.ofFile(fd.number, 0, PAGE);
  mapping.bytes(0, text.length).set(Buffer.from(text));
  mapping.close();
}

function read(fd: Fd, length: number): string {
  const mapping = Mapping.ofFile(fd.number, 0, PAGE);
  const text = Buffer.from(mapping.bytes(0, length)).toString();
  mapping.close();
  return text;
}

/** What follows when broker and holder are killed now: it has the journal, and no descriptor. */
async function succeed(): Promise<{ successor: TestBroker; remains: Remains }> {
  const nothing = new TestHolder();
  const remains = new Remains(broker, nothing);
  nothing.close();
  cleanups.push(() => remains.end());
  const successor = await remains.succeed(DEFAULT_CONFIG);
  web.place = placeOf(successor);
  return { successor, remains };
}

/** The status; null when the connection was ended. */
async function hand(
  at: TestBroker,
  fd: Fd,
  token = web.attached.windowWanted?.token,
): Promise<number | null> {
  const socket = connect(at.paths.fdSocket, 'seqpacket');
  try {
    send(socket.number, token ?? new Uint8Array(32), [fd.number]);
    const { data, fds } = await until('it is answered', () => receive(socket.number, 64));
    expect(fds).toEqual([]);
    return data.length === 0 ? null : data.readUInt32LE(0);
  } finally {
    socket.close();
  }
}

describe('a broker that has lost the descriptors of a VM', () => {
  it('goes on with it, tells as before, and gets its window from whoever decides for it', async () => {
    const { successor, remains } = await succeed();
    const grant = web.books.grant;
    await web.connect();
    expect([web.attached.resumed, web.attached.window]).toEqual([true, null]);
    expect(web.books.grant).toEqual(grant);
    expect(await web.told(end(2), make(3, PAGE), mapAt(3, 4 * PAGE))).toEqual(['ok', 'ok', 'ok']);

    expect(await hand(successor, window)).toBe(TAKEN);
    expect(remains.holder.names).toContain('w.web');
    await web.connect();
    expect(web.attached.windowWanted).toBeNull();
    const again = await successor.redeem(web.attached.window);
    expect(read(again, 20)).toBe('what the guest wrote');
    again.close();
    expect(countFromWire((await successor.vm('web')).allocations)).toBe(2);

    // From here on it outlives the broker as it did, and ends as it did.
    const next = new Remains(successor, remains.holder);
    cleanups.push(() => next.end());
    const third = await next.succeed(DEFAULT_CONFIG);
    web.place = placeOf(third);
    await web.connect();
    expect([web.attached.resumed, web.attached.windowWanted]).toEqual([true, null]);
    await web.detach();
    expect(read(window, 20)).toBe('\0'.repeat(20));
  });

  it('knows its window still when it dies before it has got it', async () => {
    const { successor, remains } = await succeed();
    const next = new Remains(successor, remains.holder);
    cleanups.push(() => next.end());
    const third = await next.succeed(DEFAULT_CONFIG);
    web.place = placeOf(third);
    await web.connect();
    expect(await hand(third, window)).toBe(TAKEN);
  });

  it('takes nothing else for it', async () => {
    const { successor } = await succeed();
    const others: Record<string, Fd> = {
      'another memfd': createMemfd('window', WINDOW),
      'one of another size': createMemfd('window', 2 * WINDOW),
      'a file': new Fd(openSync(import.meta.filename, 'r')),
      'the window, to be read only': new Fd(openSync(`/proc/self/fd/${window.number}`, constants.O_RDONLY)),
    };
    for (const [what, other] of Object.entries(others)) {
      await web.connect();
      expect([what, await hand(successor, other)]).toEqual([what, REFUSED]);
      // Once is once.
      expect([what, await hand(successor, window)]).toEqual([what, null]);
      other.close();
    }
    expect(() => ftruncateSync(window.number, 2 * WINDOW)).toThrow();
    expect(successor.log.filter((line) => line.includes('is not taken for the window'))).toHaveLength(4);
    await web.connect();
    expect(await hand(successor, window)).toBe(TAKEN);
    expect((await successor.vm('web')).state).toBe(VM_STATE_ATTACHED);
  });

  it('wants nothing of a VM that was evicted, whoever says that he had it', async () => {
    const { successor } = await succeed();
    await web.connect();
    const token = web.attached.windowWanted?.token;
    const admin = successor.adminClient();
    await admin.call('evictVm', { vm: 'web', force: true });
    admin.close();
    expect(await hand(successor, window, token)).toBeNull();
    expect((await failureOf(web.connect())).reason).toBe('SESSION_UNKNOWN');
    expect((await successor.vm('web')).state).toBe(VM_STATE_DETACHED);
    const after = new Remains(successor, new TestHolder());
    cleanups.push(() => after.end());
    web.place = placeOf(await after.succeed(DEFAULT_CONFIG));
    expect((await failureOf(web.connect())).reason).toBe('SESSION_UNKNOWN');
  });

  it('believes no grant but the one that it gave', async () => {
    const { successor } = await succeed();
    await web.connect();
    const size = 300 * MIB;
    expect(countFromWire(web.attached.grant?.heaps?.[0]?.bytes)).toBeLessThan(size);
    web.books.set({ heaps: new Map([['ram', 2 * size]]), mappings: 10, allocations: 10 });
    expect(web.apply(make(9, size))).toEqual(['ok']);
    web.tell();
    expect((await web.ended)?.reason).toBe('VM_SUSPENDED');
    expect(await hand(successor, duplicateOf(window))).toBeNull();
  });

  it('gives the memory back of one whom nobody comes for', async () => {
    const nothing = new TestHolder();
    const remains = new Remains(broker, nothing);
    nothing.close();
    cleanups.push(() => remains.end());
    const successor = await remains.succeed(`orphan_grace: 10ms\n${DEFAULT_CONFIG}`);
    await successor.waitForState('web', VM_STATE_DETACHED);
    const admin = successor.adminClient();
    const { heap } = await admin.call<barkeep.v1.GetHeapResponse>('getHeap', { heap: 'ram' });
    admin.close();
    expect([countFromWire(heap?.used), countFromWire(heap?.idle)]).toEqual([0, 0]);
  });
});

function duplicateOf(fd: Fd): Fd {
  const copy = duplicate(fd.number);
  cleanups.push(() => copy.close());
  return copy;
}
