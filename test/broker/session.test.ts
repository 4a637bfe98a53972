import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import {
  create,
  DEFAULT_CONFIG,
  destroy,
  fdsFallTo,
  inWords,
  MIB,
  map,
  openFds,
  PAGE,
  reset,
  results,
  TestBroker,
  unmap,
} from './harness.ts';

const { VmState } = barkeep.v1;
let broker: TestBroker;
beforeEach(async () => {
  broker = await TestBroker.start(`orphan_grace: 10s\n${DEFAULT_CONFIG}`);
});
afterEach(() => broker.end());

describe('a session', () => {
  it('attaches a VM and says what it has', async () => {
    const session = await broker.attach('web');
    expect(session.attached.session?.length).toBe(16);
    expect(session.attached.resumed).toBe(false);
    expect(session.attached.placement).toBe(barkeep.v1.Placement.PLACEMENT_WINDOW);
    expect(countFromWire(session.attached.windowSize)).toBe(256 * MIB);
    expect(countFromWire(session.attached.blobAlignment)).toBe(PAGE);
    expect(countFromWire(session.attached.generation)).toBe(1);
    expect(countFromWire(session.attached.lastNumber)).toBe(0);
    expect(session.attached.brokerVersion).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('runs batches in order, each answered by one reply a command', async () => {
    const session = await broker.attach('web');
    const answers = await session.run(create(1, PAGE), map(1, 0), unmap(1), unmap(1), destroy(1), destroy(1));
    expect(results(answers)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'RESOURCE_UNKNOWN']);
    expect(answers.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(answers[1]?.cache).toBe(barkeep.v1.CacheType.CACHE_TYPE_CACHED);
    expect(answers.map(({ wasMapped }) => wasMapped)).toEqual([false, false, true, false, false, false]);
  });

  it('answers batches that were sent without waiting, in their order', async () => {
    const session = await broker.attach('web');
    const offsets = Array.from({ length: 100 }, (_, index) => index * MIB);
    // Every tenth batch zeroes 64 MiB, which is done off the event loop: those behind it have to wait.
    const answers = await Promise.all(
      offsets.map((_, index) => session.run(index % 10 === 9 ? reset : create(index + 1, PAGE))),
    );
    expect(answers.flat().map(({ number }) => number)).toEqual(offsets.map((_, index) => index + 1));
    expect(new Set(results(answers.flat()))).toEqual(new Set(['ok']));
  });

  it('refuses without changing anything but the number', async () => {
    const session = await broker.attach('web');
    const answers = await session.run(
      create(0, PAGE),
      create(1, 0),
      create(1, 100),
      create(1, PAGE, { memory: 7 as never }),
      create(1, PAGE, { flags: 8 }),
      create(1, PAGE, { blobId: 9 }),
      create(1, PAGE),
      create(1, PAGE),
      map(2, 0),
      map(1, 1),
      map(1, 256 * MIB),
      map(1, 0),
      map(1, PAGE),
      create(2, PAGE),
      map(2, 0),
      create(3, PAGE, { flags: 0 }),
      map(3, PAGE),
    );
    expect(results(answers)).toEqual([
      'RESOURCE_ID_INVALID',
      'SIZE_INVALID',
      'SIZE_INVALID',
      'BLOB_FLAGS_INVALID',
      'BLOB_FLAGS_INVALID',
      'BLOB_ID_UNKNOWN',
      'ok',
      'RESOURCE_ID_IN_USE',
      'RESOURCE_UNKNOWN',
      'OFFSET_MISALIGNED',
      'OUTSIDE_WINDOW',
      'ok',
      'ALREADY_MAPPED',
      'ok',
      'OVERLAP',
      'ok',
      'NOT_MAPPABLE',
    ]);
    expect(answers[14]?.message).toContain('resource 1 is mapped at 0x0');
    const vm = await broker.vm('web');
    expect(countFromWire(vm.allocations)).toBe(3);
    expect(countFromWire(vm.mappings)).toBe(1);
  });

  it('carries u64 values exactly', async () => {
    const session = await broker.attach('web');
    const huge = { low: -4096, high: -1, unsigned: true } as never;
    const [big, far] = await session.run(create(1, huge), create(2, PAGE)).then(async () => {
      return session.run(create(3, huge), map(2, huge));
    });
    expect(big?.message).toContain('18446744073709547520');
    expect(far?.result).toBe('OUTSIDE_WINDOW');
    expect(far?.message).toContain('0xfffffffffffff000');
  });

  it('moves the generation on at a reset, and everything is gone', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, 0));
    const [answer] = await session.run(reset);
    expect(answer?.generation).toBe(2);
    const vm = await broker.vm('web');
    expect(countFromWire(vm.generation)).toBe(2);
    expect(countFromWire(vm.allocations)).toBe(0);
  });
});

describe('numbers', () => {
  it('give the same answer again until it is acknowledged', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, PAGE));
    session.send([{ number: 2, map: { resourceId: 1, offset: PAGE } }]);
    const again = await session.next();
    expect(again.batch?.replies?.map(inWords).map(({ result }) => result)).toEqual(['ok']);
    session.send([{ number: 2, map: { resourceId: 1, offset: PAGE } }], 2);
    const forgotten = await session.next();
    expect(forgotten.batch?.replies?.map(inWords).map(({ result }) => result)).toEqual(['NUMBER_FORGOTTEN']);
    expect(countFromWire((await broker.vm('web')).mappings)).toBe(1);
  });

  it('may leave no gap', async () => {
    const session = await broker.attach('web');
    session.send([{ number: 2, ...create(1, PAGE) }]);
    const answer = await session.next();
    expect(answer.batch?.replies?.map(inWords).map(({ result }) => result)).toEqual(['NUMBER_GAP']);
    expect(results(await session.run(create(1, PAGE)))).toEqual(['ok']);
  });

  it('cannot be acknowledged before they were given', async () => {
    const session = await broker.attach('web');
    session.send([{ number: 1, ...create(1, PAGE) }], 5);
    expect((await session.ended)?.reason).toBe('PROTOCOL');
  });

  it('are limited while nobody acknowledges', async () => {
    const session = await broker.attach('web');
    const many = Array.from({ length: 1024 }, () => unmap(1));
    for (let batch = 0; batch < 4; batch += 1) await session.run(...many);
    expect(results(await session.run(unmap(1)))).toEqual(['UNACKNOWLEDGED_LIMIT']);
  });
});

describe('attach', () => {
  it('says that a VM is unknown', async () => {
    const session = broker.openSession();
    session.call.write({ attach: { vm: 'nobody', secret: 'x' } });
    expect(await session.ended).toMatchObject({ reason: 'VM_UNKNOWN', data: { vm: 'nobody' } });
  });

  it('refuses a wrong secret, an empty one and that of another VM', async () => {
    const secrets = ['', 'f'.repeat(64), broker.secret('other')];
    const errors = await Promise.all(
      secrets.map((secret) => {
        const session = broker.openSession();
        session.call.write({ attach: { vm: 'web', secret } });
        return session.ended;
      }),
    );
    expect(errors.map((error) => error?.reason)).toEqual(Array(3).fill('VM_FORBIDDEN'));
  });

  it('refuses a second frontend, and names the first', async () => {
    const first = await broker.attach('web');
    const second = broker.openSession();
    second.call.write({ attach: { vm: 'web', secret: broker.secret('web') } });
    expect(await second.ended).toMatchObject({ reason: 'VM_ATTACHED', data: { pid: String(process.pid) } });
    expect(results(await first.run(create(1, PAGE)))).toEqual(['ok']);
  });

  it('refuses a session that it does not know', async () => {
    const session = broker.openSession();
    session.call.write({ attach: { vm: 'web', secret: broker.secret('web'), session: Buffer.alloc(16, 1) } });
    expect((await session.ended)?.reason).toBe('SESSION_UNKNOWN');
  });

  it('has to be the first message, and the only one', async () => {
    const batchFirst = broker.openSession();
    batchFirst.send([]);
    const twice = await broker.attach('web');
    twice.call.write({ attach: { vm: 'other', secret: broker.secret('other') } });
    const empty = broker.openSession();
    empty.call.write({});
    const errors = await Promise.all([batchFirst.ended, twice.ended, empty.ended]);
    expect(errors.map((error) => error?.reason)).toEqual(Array(3).fill('PROTOCOL'));
  });
});

describe('a frontend that vanishes', () => {
  it('finds everything as it was when it resumes', async () => {
    const first = await broker.attach('web');
    await first.run(create(1, PAGE), map(1, PAGE));
    const before = await first.window();
    before.bytes(PAGE, 4).set([1, 2, 3, 4]);
    before.close();
    first.vanish();
    await broker.waitForState('web', VmState.VM_STATE_ORPHANED);
    expect((await broker.vm('web')).graceLeft).toBeGreaterThan(5);

    const second = await broker.attach('web', first.attached.session ?? new Uint8Array());
    expect(second.attached.resumed).toBe(true);
    expect(countFromWire(second.attached.lastNumber)).toBe(2);
    const after = await second.window();
    expect([...after.bytes(PAGE, 4)]).toEqual([1, 2, 3, 4]);
    after.close();
    second.send([{ number: 2, ...map(1, PAGE) }]);
    expect((await second.next()).batch?.replies?.map(inWords)[0]?.result).toBe('ok');
    expect(results(await second.run(unmap(1)))).toEqual(['ok']);
  });

  it('takes its session over from a connection that has not ended yet', async () => {
    const first = await broker.attach('web');
    await first.run(create(1, PAGE));
    const second = await broker.attach('web', first.attached.session ?? new Uint8Array());
    expect((await first.ended)?.reason).toBe('VM_ATTACHED');
    expect(second.attached.resumed).toBe(true);
    expect(results(await second.run(map(1, 0)))).toEqual(['ok']);
    expect((await broker.vm('web')).state).toBe(VmState.VM_STATE_ATTACHED);
  });

  it('loses everything when it starts anew', async () => {
    const first = await broker.attach('web');
    await first.run(create(1, PAGE), map(1, 0));
    first.vanish();
    await broker.waitForState('web', VmState.VM_STATE_ORPHANED);
    const second = await broker.attach('web');
    expect(second.attached.resumed).toBe(false);
    expect(results(await second.run(create(1, PAGE), map(1, 0)))).toEqual(['ok', 'ok']);
    expect(second.attached.session).not.toEqual(first.attached.session);
  });

  it('in the middle of a batch: the batch is done, and its answers are kept', async () => {
    const first = await broker.attach('web');
    await first.run(create(1, 200 * MIB), map(1, 0));
    first.send([
      { number: 3, ...destroy(1) },
      { number: 4, ...create(2, PAGE) },
    ]);
    first.vanish();
    await broker.waitForState('web', VmState.VM_STATE_ORPHANED);
    const second = await broker.attach('web', first.attached.session ?? new Uint8Array());
    second.send([
      { number: 3, ...destroy(1) },
      { number: 4, ...create(2, PAGE) },
    ]);
    const { batch } = await second.next();
    expect(batch?.replies?.map(inWords).map(({ result }) => result)).toEqual(['ok', 'ok']);
    expect(countFromWire((await broker.vm('web')).allocations)).toBe(1);
  });
});

describe('the end', () => {
  it('reclaims everything at a detach, before the stream ends', async () => {
    const session = await broker.attach('web');
    await session.run(create(1, 64 * MIB), map(1, 0));
    await session.detach();
    const vm = await broker.vm('web');
    expect(vm.state).toBe(VmState.VM_STATE_DETACHED);
    expect(countFromWire(vm.allocatedBytes)).toBe(0);
  });

  it('comes when the grace is over', async () => {
    await broker.end();
    broker = await TestBroker.start(`orphan_grace: 50ms\n${DEFAULT_CONFIG}`);
    const session = await broker.attach('web');
    await session.run(create(1, PAGE));
    session.vanish();
    await broker.waitForState('web', VmState.VM_STATE_DETACHED);
    const resumed = broker.openSession();
    const request = { vm: 'web', secret: broker.secret('web'), session: session.attached.session ?? null };
    resumed.call.write({ attach: request });
    expect((await resumed.ended)?.reason).toBe('SESSION_UNKNOWN');
  });

  it('tells everybody that the broker shuts down', async () => {
    const session = await broker.attach('web');
    await broker.stop();
    expect((await session.ended)?.reason).toBe('SHUTTING_DOWN');
  });

  it('leaves no descriptor, after 1,000 connections either', async () => {
    const warm = await broker.attach('web');
    await warm.run(create(1, PAGE), map(1, 0));
    await warm.detach();
    const admin = broker.adminClient();
    await admin.call('listVms');
    const before = openFds();
    for (let round = 0; round < 50; round += 1) {
      const sessions = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const session = broker.openSession();
          const vm = ['web', 'other', 'own'][index] ?? 'nobody';
          const secret = index < 3 ? broker.secret(vm) : 'wrong';
          session.call.write({ attach: { vm, secret } });
          await Promise.race([session.next().catch(() => null), session.ended]);
          return session;
        }),
      );
      await Promise.all(sessions.slice(0, 3).map((session) => session.detach()));
      for (const session of sessions.slice(3)) session.vanish();
    }
    expect(await fdsFallTo(before)).toBeLessThanOrEqual(before);
  });
});
