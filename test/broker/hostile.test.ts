// What a caller that breaks the rules gets: an error of its own, and nothing of anybody else's.

import { connect } from 'node:net';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { array, assert, asyncProperty, integer, oneof, record, uint8Array } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { brokerServiceDefinition } from '../../services/lib/rpc/service-definition.ts';
import { readError } from '../../services/lib/rpc/status-error.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { until } from '../support/until.ts';
import {
  create,
  DEFAULT_CONFIG,
  fdsFallTo,
  map,
  openFds,
  PAGE,
  results,
  TestBroker,
  type TestSession,
  unmap,
} from './harness.ts';

let broker: TestBroker;
let good: TestSession;
/** A Session stream on which any bytes can be sent as a message. */
function rawSession() {
  const { session } = brokerServiceDefinition;
  const definition = { session: { ...session, requestSerialize: (bytes: Buffer) => bytes } };
  const Constructor = makeGenericClientConstructor(definition as never, 'raw');
  const client = new Constructor(`unix:${broker.paths.brokerSocket}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_send_message_length': -1,
  });
  const call = (client as unknown as { session: () => NodeJS.ReadWriteStream }).session();
  call.on('data', () => undefined);
  const ended = new Promise<string>((resolve) => {
    call.on('error', (error: Error) => resolve(`${readError(error).reason ?? readError(error).code}`));
    call.on('end', () => resolve('ended'));
  });
  return { call, ended, close: () => client.close() };
}

/** Everything that this broker was asked of a VM and refused. */
async function refused(vm: string): Promise<number> {
  const admin = broker.adminClient();
  const { vms } = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
  admin.close();
  const operations = vms.find((one) => one.vm?.name === vm)?.operations ?? [];
  return operations
    .filter(({ result }) => result === 'refused')
    .reduce((sum, { count }) => sum + countFromWire(count), 0);
}

/** So many commands that are refused, and their answers; what was answered before is acknowledged. */
async function refuse(session: TestSession, count: number): Promise<void> {
  const { number: before } = session;
  session.number += count;
  const commands = Array.from({ length: count }, (_, index) => ({ number: before + 1 + index, ...unmap(1) }));
  session.send(commands, before);
  await session.next();
}

describe.each([
  { way: 'with journal and store, as in production', isKept: true },
  { way: 'alone', isKept: false },
])('a broker $way', ({ isKept }) => {
  let holder: TestHolder;
  beforeEach(async () => {
    holder = new TestHolder();
    broker = await TestBroker.start(DEFAULT_CONFIG, null, isKept ? { store: holder } : {});
    good = await broker.attach('other');
    await good.run(create(1, PAGE), map(1, 0));
  });
  afterEach(async () => {
    // Whatever happened, the other VM goes on, and the broker had no fault of its own.
    expect(results(await good.run(unmap(1), map(1, PAGE)))).toEqual(['ok', 'ok']);
    expect(countFromWire((await broker.vm('other')).mappings)).toBe(1);
    await broker.end();
    holder.close();
    expect(broker.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  });

  describe('messages', () => {
    it('with more commands than a batch may have are refused', async () => {
      const session = await broker.attach('web');
      session.send(
        Array.from({ length: 1025 }, (_, index) => ({ number: index + 1, ...create(index + 1, PAGE) })),
      );
      expect((await session.ended)?.reason).toBe('PROTOCOL');
      expect(countFromWire((await broker.vm('web')).allocations)).toBe(0);
    });

    it('with a command that asks nothing are refused as a whole', async () => {
      const session = await broker.attach('web');
      session.send([{ number: 1, ...create(1, PAGE) }, { number: 2 }]);
      expect((await session.ended)?.reason).toBe('PROTOCOL');
      expect(countFromWire((await broker.vm('web')).allocations)).toBe(0);
    });

    it('with statistics that would fill the metrics are refused', async () => {
      const session = await broker.attach('web');
      const commands = Array.from({ length: 513 }, (_, index) => ({
        command: `C${index}`,
        answer: 'OK',
        count: 1,
      }));
      session.call.write({ statistics: { commands } });
      expect((await session.ended)?.reason).toBe('PROTOCOL');
    });

    it('larger than 4 MiB are refused', async () => {
      const raw = rawSession();
      raw.call.write(Buffer.alloc(5 * 2 ** 20, 1));
      expect(await raw.ended).toBe('8');
      raw.close();
    });

    it('of any bytes end their own stream at most', async () => {
      await assert(
        asyncProperty(uint8Array({ maxLength: 300 }), async (bytes) => {
          const raw = rawSession();
          raw.call.write(Buffer.from(bytes));
          raw.call.end();
          const outcome = await raw.ended;
          raw.close();
          expect(['PROTOCOL', 'VM_UNKNOWN', 'VM_FORBIDDEN', '13', '3', '8', 'ended']).toContain(outcome);
        }),
        { numRuns: 100 },
      );
    });
  });

  describe('commands', () => {
    it('of any kind, number and size are answered one by one', async () => {
      const session = await broker.attach('web');
      const u32 = integer({ min: 0, max: 2 ** 32 - 1 });
      const long = record({
        low: integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        high: integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      });
      const u64 = oneof(integer({ min: 0, max: 2 ** 40 }), long) as never as ReturnType<typeof integer>;
      const few = integer({ min: 0, max: 4 });
      const page = integer({ min: 0, max: 6 }).map((count) => count * PAGE);
      const command = oneof(
        record({
          create: record({
            resourceId: oneof(few, u32),
            memory: integer({ min: 0, max: 4 }),
            flags: oneof(few, u32),
            blobId: oneof(few, u64),
            size: oneof(page, u64),
          }),
        }),
        record({ map: record({ resourceId: oneof(few, u32), offset: oneof(page, u64) }) }),
        record({ unmap: record({ resourceId: few }) }),
        record({ destroy: record({ resourceId: few }) }),
      );
      await assert(
        asyncProperty(array(command, { minLength: 1, maxLength: 40 }), async (commands) => {
          const first = session.number + 1;
          session.number += commands.length;
          session.send(
            commands.map((item, index) => ({ number: first + index, ...item })) as never,
            first - 1,
          );
          const { batch } = await session.next();
          expect(batch?.replies?.map(({ number }) => countFromWire(number))).toEqual(
            commands.map((_, index) => first + index),
          );
          expect(batch?.replies?.every(({ result }) => result !== undefined)).toBe(true);
        }),
        { numRuns: 150 },
      );
      expect((await broker.vm('web')).state).toBe(2);
    });
  });

  describe('connections', () => {
    it('that do not read their answers are not read either, and go on when they do', async () => {
      const session = await broker.attach('web');
      session.call.pause();
      const batches = 300;
      const commands = 1000;
      const batch = Array.from({ length: commands }, () => unmap(1));
      for (let count = 0; count < batches; count += 1) {
        const numbered = batch.map((command, index) => ({
          number: count * commands + 1 + index,
          ...command,
        }));
        session.send(numbered, Math.max(0, (count - 2) * commands));
      }
      let executed = -1;
      await until(
        'the broker executes nothing more',
        async () => {
          const before = executed;
          executed = await refused('web');
          return executed > 0 && executed === before;
        },
        { every: 200 },
      );
      // What the buffers on the way hold; the answers to all of it would be 30 MB.
      expect(executed).toBeLessThan((batches / 3) * commands);
      session.call.resume();
      let answers = 0;
      for (let count = 0; count < batches; count += 1) {
        for (const { number } of (await session.next()).batch?.replies ?? []) {
          answers += 1;
          if (countFromWire(number) !== answers) expect(countFromWire(number)).toBe(answers);
        }
      }
      expect(answers).toBe(batches * commands);
      expect(await refused('web')).toBe(batches * commands);
    });

    it('that watch and do not read lose events, are told how many, and cost the broker no more than some', async () => {
      const admin = broker.adminClient();
      const events = admin.stream<barkeep.v1.WatchEventsResponse>('watchEvents', { vm: 'web' });
      await new Promise((resolve) => events.once('metadata', resolve));
      events.on('error', () => undefined);
      const session = await broker.attach('web');
      const batches = 40;
      const commands = 1000;
      for (let count = 0; count < batches; count += 1) {
        await refuse(session, commands);
      }
      let told = 0;
      let lost = 0;
      events.on('data', (event: barkeep.v1.WatchEventsResponse) => {
        lost += countFromWire(event.lost);
        if (event.commandRefused) told += 1;
      });
      // The next event carries the count of the lost ones.
      await until(
        'every refusal was told to the watcher, or counted as lost',
        async () => {
          if (told + lost === (await refused('web'))) return true;
          await refuse(session, 1);
          return false;
        },
        { every: 20, found: () => [told, lost] },
      );
      expect(lost).toBeGreaterThan(0);
      session.vanish();
      events.cancel();
      admin.close();
    });

    it('that vanish in the middle of anything leave nothing', async () => {
      const before = openFds();
      for (let round = 0; round < 30; round += 1) {
        const session = broker.openSession();
        session.call.write({ attach: { vm: 'web', secret: broker.secret('web') } });
        // Not earlier: a client of grpc-js that is closed while it connects keeps that connection, and it is in this process.
        if (round % 3 === 0) await session.connected();
        else await session.next().catch(() => null);
        if (round % 3 > 1) session.send([{ number: 1, ...create(1, PAGE) }]);
        session.vanish();
        await session.ended;
      }
      const noise = connect(broker.paths.brokerSocket);
      noise.on('error', () => undefined);
      noise.end(Buffer.alloc(100_000, 0x55));
      noise.resume();
      await new Promise((resolve) => noise.once('close', resolve));
      await until('no session is attached', async () => (await broker.vm('web')).state !== 2);
      // The VM is orphaned by now: its window is all that is left of it. The look at it took a connection.
      expect(await fdsFallTo(before + 3)).toBeLessThanOrEqual(before + 3);
    });
  });
});
