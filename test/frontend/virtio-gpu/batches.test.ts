// Many commands at one kick: one batch where it can be one, the outcome of one command after the other always.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TIMED_OUT } from '../../../services/frontend/operation.ts';
import { encodeCommand } from '../../../services/lib/wire/virtio-gpu.ts';
import { turns } from '../../support/until.ts';
import {
  assignUuid,
  attach,
  create2d,
  createBlob,
  createGuestBlob,
  ctxCreate,
  ctxDestroy,
  detach,
  mapBlob,
  submit,
  unmapBlob,
  unref,
} from './commands.ts';
import { Bench, DONE, FakeQueue, mapped } from './fakes.ts';

const OK = 'OK_NODATA';
let bench: Bench;

beforeEach(() => {
  bench = new Bench();
  // The first map asks the VMM for the window; that is another test's matter.
  bench.session.reply = null;
});
afterEach(() => bench.close());

const UNKNOWN = { kind: 'refused', reason: 'RESOURCE_UNKNOWN', message: '' } as const;

describe('one kick', () => {
  it('is one batch, one used-index update, and answers in order', async () => {
    bench.kick(
      ctxCreate(1),
      createBlob(1, {}, [], { contextId: 1 }),
      mapBlob(1),
      attach(1, 1),
      createBlob(2, {}, [], { contextId: 1 }),
      mapBlob(2, 4096),
      attach(1, 2),
      submit(1, [], { flags: 1, fenceId: 5 }),
    );
    expect(bench.session.batches).toEqual(['create 1, map 1, create 2, map 2']);
    expect(bench.queue.pushes).toHaveLength(0);

    bench.session.asked[0]?.answer([DONE, mapped(), DONE, mapped()]);
    await turns();

    expect(bench.queue.pushes).toHaveLength(1);
    expect(bench.queue.heads).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(bench.queue.names).toEqual([OK, OK, 'OK_MAP_INFO', OK, OK, 'OK_MAP_INFO', OK, OK]);
  });

  it('with nothing for the broker is answered at once', () => {
    bench.kick(ctxCreate(1), createGuestBlob(1, 4096), attach(1, 1), unref(1));

    expect(bench.queue.names).toEqual([OK, OK, OK, OK]);
    expect(bench.session.asked).toHaveLength(0);
  });

  it('of a whole life goes to the broker in one batch', async () => {
    bench.kick(createBlob(1), mapBlob(1), unmapBlob(1), unref(1), createBlob(1), unref(1));

    expect(bench.session.batches).toEqual(['create 1, map 1, unmap 1, destroy 1, create 1, destroy 1']);
  });
});

describe('what depends on an answer', () => {
  it('is decided when the answer is there: attaching and naming a blob that is being made', async () => {
    bench.kick(
      ctxCreate(1),
      createBlob(1),
      attach(1, 1),
      assignUuid(1),
      createBlob(2),
      attach(1, 2),
      detach(1, 2),
    );
    bench.session.asked[0]?.answer([UNKNOWN, DONE]);
    await turns();

    expect(bench.queue.names.slice(1)).toEqual([
      'ERR_INVALID_RESOURCE_ID',
      'ERR_INVALID_RESOURCE_ID',
      'ERR_INVALID_RESOURCE_ID',
      OK,
      OK,
      OK,
    ]);
  });

  it('is decided in order: before an unref it is there, behind it it is not', async () => {
    bench.kick(ctxCreate(1), createBlob(1), attach(1, 1), unref(1), attach(1, 1));
    bench.session.asked[0]?.answer([DONE, DONE]);
    await turns();

    expect(bench.queue.names).toEqual([OK, OK, OK, OK, 'ERR_INVALID_RESOURCE_ID']);
  });

  it.each([
    ['done', DONE, [OK, 'ERR_INVALID_RESOURCE_ID', 'ERR_INVALID_RESOURCE_ID']],
    ['refused', UNKNOWN, ['ERR_INVALID_RESOURCE_ID', OK, 'ERR_INVALID_RESOURCE_ID']],
  ] as const)('cuts the batch: an image with the id of a blob that is %s', async (_, result, expected) => {
    bench.kick(createBlob(1), create2d(1), createBlob(1), createBlob(2));
    expect(bench.session.batches).toEqual(['create 1']);

    bench.session.asked[0]?.answer([result]);
    await turns();
    // With the image there, the broker is not asked for another blob of that id; without, it is, and refuses.
    const [, second] = bench.session.asked;
    second?.answer(
      second.operations.map((operation) =>
        'resourceId' in operation && operation.resourceId === 1 ? UNKNOWN : DONE,
      ),
    );
    await turns();

    expect(bench.queue.names).toEqual([...expected, OK]);
    expect(bench.queue.heads).toEqual([0, 1, 2, 3]);
    expect(bench.queue.pushes).toHaveLength(2);
  });

  it('an id becomes free for the guest’s own memory behind an unref', async () => {
    bench.kick(createBlob(1));
    bench.session.asked[0]?.answer([DONE]);
    bench.kick(unref(1), createGuestBlob(1, 4096));
    bench.session.asked[1]?.answer([DONE]);
    await turns();

    expect(bench.queue.names).toEqual([OK, OK, OK]);
  });

  it('a context that is destroyed is gone for what comes behind', async () => {
    bench.kick(ctxCreate(1), createBlob(1), attach(1, 1), ctxDestroy(1), attach(1, 1));
    bench.session.asked[0]?.answer([DONE]);
    await turns();

    expect(bench.queue.names).toEqual([OK, OK, OK, OK, 'ERR_INVALID_CONTEXT_ID']);
  });
});

describe('while a batch is under way', () => {
  it('nothing is taken from the queue; then everything that came is one batch', async () => {
    bench.kick(createBlob(1));
    bench.kick(createBlob(2));
    bench.kick(createBlob(3));
    expect(bench.session.batches).toEqual(['create 1']);

    bench.session.asked[0]?.answer([DONE]);
    await turns();

    expect(bench.session.batches).toEqual(['create 1', 'create 2, create 3']);
  });

  // The session can tell then that it waited through an outage already.
  it('what is kicked waits from its kick, whatever is before it in the queue', async () => {
    bench.kick(createBlob(1), create2d(1));
    bench.kick(createBlob(2));
    const kicked = performance.now();
    await turns();
    bench.session.asked[0]?.answer([TIMED_OUT]);
    await turns();

    expect(bench.session.batches).toEqual(['create 1', 'create 2']);
    expect(bench.session.asked[1]?.since).toBeLessThanOrEqual(kicked);
    expect(bench.session.asked[1]?.since).toBeGreaterThanOrEqual(bench.session.asked[0]?.since ?? Infinity);
  });

  it('the cursor queue goes on', () => {
    const cursor = { position: { scanoutId: 0, x: 1, y: 2 }, resourceId: 0, hotX: 0, hotY: 0 };
    bench.kick(createBlob(1));
    bench.cursor.add(encodeCommand('MOVE_CURSOR', {}, cursor), 0);
    bench.vmm.queueKicked(bench.cursor);

    expect(bench.cursor.pushes.flat().map(({ reply }) => reply)).toEqual([null]);
    expect(bench.counted('MOVE_CURSOR', 'NONE')).toBe(1);
  });

  it('the answers wait for a VM that was stopped', async () => {
    bench.kick(createBlob(1));
    bench.vmm.queueStopped(bench.queue);
    bench.session.asked[0]?.answer([DONE]);
    bench.vmm.queueStarted(bench.queue);
    bench.kick(assignUuid(1));
    await turns();

    expect(bench.queue.names).toEqual([OK, 'OK_RESOURCE_UUID']);
    expect(bench.session.resets).toBe(0);
  });
});

describe('the cursor queue', () => {
  it('takes cursor commands only', () => {
    bench.cursor.add(createBlob(1));
    bench.cursor.add(ctxCreate(1));
    bench.vmm.queueKicked(bench.cursor);

    expect(bench.cursor.names).toEqual(['ERR_UNSPEC', 'ERR_UNSPEC']);
    expect(bench.session.asked).toHaveLength(0);
  });
});

describe('a driver that starts afresh', () => {
  it('finds nothing of before; late answers are dropped', async () => {
    bench.kick(ctxCreate(1), createGuestBlob(1, 4096), createBlob(2), attach(1, 2));
    const before = bench.queue;
    bench.rebind();
    bench.session.asked[0]?.answer([DONE]);
    await turns();
    bench.kick(attach(1, 1), assignUuid(1), assignUuid(2), ctxCreate(1), createGuestBlob(1, 4096));

    expect(before.pushes.flat()).toEqual([]);
    expect(bench.queue.names).toEqual([
      'ERR_INVALID_CONTEXT_ID',
      'ERR_INVALID_RESOURCE_ID',
      'ERR_INVALID_RESOURCE_ID',
      OK,
      OK,
    ]);
    expect(bench.session.resets).toBe(1);
  });

  it('is one reset, though the VMM tells it in two ways', () => {
    bench.vmm.reset();
    bench.vmm.reset();

    expect(bench.session.resets).toBe(1);
  });

  it('that was never there is none', () => {
    const other = new Bench();
    other.rebind();
    other.vmm.reset();
    other.vmm.closed({ kind: 'disconnected', message: 'gone' });

    expect(other.session.resets).toBe(2);
    other.close();
  });

  it('is served anew by a session that was lost', () => {
    bench.vmm.reset();
    bench.session.isLost = true;
    bench.start();

    expect(bench.session.resets).toBe(2);
  });
});

describe('a VMM that is gone', () => {
  it('resets the device; the next one finds it empty', async () => {
    bench.kick(createGuestBlob(1, 4096));
    bench.vmm.closed({ kind: 'disconnected', message: 'gone' });
    const next = bench.device.connect({ adopted: false });
    const queue = new FakeQueue();
    next.channelOpened(bench.channel.asChannel());
    next.queueStarted(queue);
    queue.add(assignUuid(1));
    next.queueKicked(queue);

    expect(bench.session.resets).toBe(1);
    expect(queue.names).toEqual(['ERR_INVALID_RESOURCE_ID']);
  });
});

describe('answers that come after the guest was told of a failure', () => {
  const operation = (kind: 'create' | 'map' | 'unmap' | 'destroy', resourceId: number) =>
    ({
      kind,
      resourceId,
      contextId: 0,
      memory: 'host3d',
      flags: 1,
      blobId: 0,
      size: 4096,
      offset: 0,
    }) as const;

  it('are taken back where that is possible, before anything else', () => {
    bench.device.late([
      { operation: operation('create', 1), result: DONE },
      { operation: operation('map', 1), result: mapped() },
      { operation: operation('map', 2), result: mapped() },
      { operation: operation('create', 3), result: DONE },
      { operation: operation('destroy', 3), result: DONE },
      { operation: operation('create', 4), result: UNKNOWN },
    ]);

    expect(bench.session.batches).toEqual(['unmap 2, destroy 1']);
    expect(bench.session.asked[0]?.urgent).toBe(true);
  });

  it('bring the table up to date', async () => {
    bench.kick(createBlob(1));
    bench.session.asked[0]?.answer([DONE]);
    await turns();
    bench.kick(unref(1));
    bench.session.asked[1]?.answer([{ kind: 'failed', why: 'timeout' }]);
    await turns();
    bench.device.late([{ operation: operation('destroy', 1), result: { ...DONE } }]);
    bench.kick(assignUuid(1));

    expect(bench.queue.names).toEqual([OK, 'ERR_UNSPEC', 'ERR_INVALID_RESOURCE_ID']);
    expect(bench.session.asked).toHaveLength(2);
  });
});

describe('figures', () => {
  it('count each command by name and answer, and time each', async () => {
    bench.kick(ctxCreate(1), ctxCreate(1), createBlob(1), createBlob(2));
    bench.session.asked[0]?.answer([DONE, UNKNOWN]);
    await turns();
    const report = bench.statistics.report();
    const command = report.latencies?.find(({ stage }) => stage === 'command');

    expect(report.commands?.filter(({ count }) => Number(count) > 0)).toEqual([
      { command: 'RESOURCE_CREATE_BLOB', answer: 'OK_NODATA', count: 1 },
      { command: 'RESOURCE_CREATE_BLOB', answer: 'ERR_INVALID_RESOURCE_ID', count: 1 },
      { command: 'CTX_CREATE', answer: 'OK_NODATA', count: 1 },
      { command: 'CTX_CREATE', answer: 'ERR_INVALID_CONTEXT_ID', count: 1 },
    ]);
    expect(command?.histogram?.counts?.reduce((sum: number, count) => sum + Number(count), 0)).toBe(4);
    expect(bench.statistics.isChanged).toBe(false);
  });

  it('count malformed chains once', () => {
    bench.queue.statistics.malformed = 3;
    bench.device.countMalformed();
    bench.queue.statistics.malformed = 5;
    bench.device.countMalformed();
    bench.vmm.reset();

    expect(bench.statistics.report().malformedChains).toBe(5);
  });
});
