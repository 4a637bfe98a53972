// Many commands at one kick: one answer where it can be one, the outcome of one command after the other always.
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
  unref,
} from './commands.ts';
import { Bench, DONE, FakeQueue } from './fakes.ts';

const OK = 'OK_NODATA';
let bench: Bench;

beforeEach(() => {
  bench = new Bench('window', { isScripted: true });
});
afterEach(() => bench.close());

const UNKNOWN = { kind: 'refused', reason: 'RESOURCE_UNKNOWN', message: '' } as const;

describe('one kick', () => {
  it('is one used-index update, and answers in order', async () => {
    // The first map asks the VMM for the window; that is another test's matter.
    await bench.run(createBlob(9), mapBlob(9));
    const { length } = bench.queue.pushes;
    await bench.run(
      ctxCreate(1),
      createBlob(1, {}, [], { contextId: 1 }),
      mapBlob(1),
      attach(1, 1),
      createBlob(2, {}, [], { contextId: 1 }),
      mapBlob(2, 4096),
      attach(1, 2),
      submit(1, [], { flags: 1, fenceId: 5 }),
    );

    expect(bench.queue.pushes).toHaveLength(length + 1);
    expect(bench.queue.heads).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(bench.queue.names.slice(2)).toEqual([OK, OK, 'OK_MAP_INFO', OK, OK, 'OK_MAP_INFO', OK, OK]);
  });

  it('with nothing to be decided is answered at once', () => {
    bench.kick(ctxCreate(1), createGuestBlob(1, 4096), attach(1, 1), unref(1));

    expect(bench.queue.names).toEqual([OK, OK, OK, OK]);
    expect(bench.script.asked).toHaveLength(0);
  });
});

describe('what depends on an answer', () => {
  it('is decided when the answer is there: attaching and naming a blob that is being made', async () => {
    bench.script.reply = (operation) =>
      'resourceId' in operation && operation.resourceId === 1 ? UNKNOWN : DONE;
    await bench.run(
      ctxCreate(1),
      createBlob(1),
      attach(1, 1),
      assignUuid(1),
      createBlob(2),
      attach(1, 2),
      detach(1, 2),
    );

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
    await bench.run(ctxCreate(1), createBlob(1), attach(1, 1), unref(1), attach(1, 1));

    expect(bench.queue.names).toEqual([OK, OK, OK, OK, 'ERR_INVALID_RESOURCE_ID']);
  });

  it.each([
    ['done', DONE, [OK, 'ERR_INVALID_RESOURCE_ID', 'ERR_INVALID_RESOURCE_ID']],
    ['refused', UNKNOWN, ['ERR_INVALID_RESOURCE_ID', OK, 'ERR_INVALID_RESOURCE_ID']],
  ] as const)('waits: an image with the id of a blob that is %s', async (_, result, expected) => {
    bench.script.reply = null;
    await bench.run(createBlob(1), create2d(1), createBlob(1), createBlob(2));
    expect(bench.script.log).toBe('create 1');
    expect(bench.queue.names).toEqual([]);

    // With the image there, nobody is asked for another blob of that id; without, somebody is, and refuses.
    bench.script.reply = (operation) =>
      'resourceId' in operation && operation.resourceId === 1 ? UNKNOWN : DONE;
    bench.script.asked[0]?.answer(result);
    await turns();

    expect(bench.queue.names).toEqual([...expected, OK]);
    expect(bench.queue.heads).toEqual([0, 1, 2, 3]);
    expect(bench.queue.pushes).toHaveLength(2);
  });

  it('an id becomes free for the guest’s own memory behind an unref', async () => {
    await bench.run(createBlob(1));
    await bench.run(unref(1), createGuestBlob(1, 4096));

    expect(bench.queue.names).toEqual([OK, OK, OK]);
  });

  it('a context that is destroyed is gone for what comes behind', async () => {
    await bench.run(ctxCreate(1), createBlob(1), attach(1, 1), ctxDestroy(1), attach(1, 1));

    expect(bench.queue.names).toEqual([OK, OK, OK, OK, 'ERR_INVALID_CONTEXT_ID']);
  });
});

describe('while a command is waited for', () => {
  beforeEach(() => {
    bench.script.reply = null;
  });

  it('nothing is taken from the queue; then everything that came is one answer', async () => {
    await bench.run(createBlob(1));
    bench.kick(ctxCreate(2));
    bench.kick(ctxCreate(3));
    await turns();
    expect(bench.queue.names).toEqual([]);

    bench.script.asked[0]?.answer(DONE);
    await turns();

    expect(bench.queue.pushes.map(({ length }) => length)).toEqual([1, 2]);
  });

  // Who waits in vain can tell then that it waited already.
  it('what is kicked waits from its kick, whatever is before it in the queue', async () => {
    await bench.run(createBlob(1), create2d(1));
    bench.kick(createBlob(2));
    const kicked = performance.now();
    await turns();
    bench.script.asked[0]?.answer(TIMED_OUT);
    await turns();

    expect(bench.script.log).toBe('create 1, create 2');
    expect(bench.script.asked[1]?.since).toBeLessThanOrEqual(kicked);
    expect(bench.script.asked[1]?.since).toBeGreaterThanOrEqual(bench.script.asked[0]?.since ?? Infinity);
  });

  it('the cursor queue goes on', async () => {
    const cursor = { position: { scanoutId: 0, x: 1, y: 2 }, resourceId: 0, hotX: 0, hotY: 0 };
    await bench.run(createBlob(1));
    bench.cursor.add(encodeCommand('MOVE_CURSOR', {}, cursor), 0);
    bench.vmm.queueKicked(bench.cursor);

    expect(bench.cursor.pushes.flat().map(({ reply }) => reply)).toEqual([null]);
    expect(bench.counted('MOVE_CURSOR', 'NONE')).toBe(1);
  });

  it('the answers wait for a VM that was stopped', async () => {
    await bench.run(createBlob(1));
    bench.vmm.queueStopped(bench.queue);
    bench.script.asked[0]?.answer(DONE);
    bench.vmm.queueStarted(bench.queue);
    bench.kick(assignUuid(1));
    await turns();

    expect(bench.queue.names).toEqual([OK, 'OK_RESOURCE_UUID']);
    expect(bench.generations).toBe(0);
  });
});

describe('the cursor queue', () => {
  it('takes cursor commands only', () => {
    bench.cursor.add(createBlob(1));
    bench.cursor.add(ctxCreate(1));
    bench.vmm.queueKicked(bench.cursor);

    expect(bench.cursor.names).toEqual(['ERR_UNSPEC', 'ERR_UNSPEC']);
    expect(bench.script.asked).toHaveLength(0);
  });
});

describe('a driver that starts afresh', () => {
  it('finds nothing of before; late answers are dropped', async () => {
    bench.script.reply = null;
    bench.kick(ctxCreate(1), createGuestBlob(1, 4096), createBlob(2), attach(1, 2));
    await turns();
    const before = bench.queue;
    bench.rebind();
    bench.script.asked[0]?.answer(DONE);
    await turns();
    bench.kick(attach(1, 1), assignUuid(1), assignUuid(2), ctxCreate(1), createGuestBlob(1, 4096));

    expect(before.names).toEqual([OK, OK]);
    expect(bench.queue.names).toEqual([
      'ERR_INVALID_CONTEXT_ID',
      'ERR_INVALID_RESOURCE_ID',
      'ERR_INVALID_RESOURCE_ID',
      OK,
      OK,
    ]);
    expect(bench.generations).toBe(1);
  });

  it('is one reset, though the VMM tells it in two ways', () => {
    bench.vmm.reset();
    bench.vmm.reset();

    expect(bench.generations).toBe(1);
  });

  it('that was never there is none', () => {
    const other = new Bench();
    other.rebind();
    other.vmm.reset();
    other.vmm.closed({ kind: 'disconnected', message: 'gone' });

    expect(other.generations).toBe(2);
    other.close();
  });

  it('is served anew by a session that was lost', () => {
    bench.vmm.reset();
    expect(bench.session.begun).toBe(0);
    bench.session.isLost = true;
    bench.start();

    expect(bench.session.begun).toBe(1);
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

    expect(bench.generations).toBe(1);
    expect(queue.names).toEqual(['ERR_INVALID_RESOURCE_ID']);
  });
});

describe('figures', () => {
  it('count each command by name and answer, and time each', async () => {
    bench.script.reply = (operation) =>
      'resourceId' in operation && operation.resourceId === 2 ? UNKNOWN : DONE;
    await bench.run(ctxCreate(1), ctxCreate(1), createBlob(1), createBlob(2));
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
