// Per-blob placement: a mapping in the VMM for each blob, in the one order that is safe.
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Operation, Result } from '../../../services/frontend/operation.ts';
import { MOST_REGIONS } from '../../../services/frontend/virtio-gpu/vmm-slots.ts';
import { createMemfd, duplicate } from '../../../services/lib/os/memory.ts';
import { fileIdentity } from '../../../services/lib/vhost-user/guest-memory.ts';
import { turns } from '../../support/until.ts';
import { createBlob, mapBlob, unmapBlob, unref } from './commands.ts';
import { Bench, broken, channelClosed, DONE, handle, mapped, refused, timedOut } from './fakes.ts';

const OK = 'OK_NODATA';
let bench: Bench;

/** Gives every blob memory of its own. */
const withMemory = (operation: Operation): Result =>
  operation.kind === 'map' ? mapped(1, handle(operation.resourceId)) : DONE;

beforeEach(() => {
  bench = new Bench('per-blob');
  bench.session.reply = withMemory;
});
afterEach(() => bench.close());

const openFds = () => readdirSync('/proc/self/fd').length;

describe('MAP_BLOB', () => {
  it('asks the broker, fetches the memory, maps it, and answers then', async () => {
    bench.channel.reply = null;
    await bench.run(createBlob(1), mapBlob(1, 0x3000));
    expect(bench.session.batches).toEqual(['create 1, map 1']);
    expect(bench.fetched).toEqual([handle(1)]);
    expect(bench.channel.log).toEqual(['map 12288+4096']);
    expect(bench.queue.names).toEqual([]);

    bench.channel.calls[0]?.resolve([null]);
    await turns();

    expect(bench.queue.names).toEqual([OK, 'OK_MAP_INFO']);
  });

  it('maps everything of a kick together, with one barrier', async () => {
    await bench.run(
      createBlob(1),
      mapBlob(1),
      createBlob(2),
      mapBlob(2, 4096),
      createBlob(3),
      mapBlob(3, 8192),
    );

    expect(bench.channel.log).toEqual(['map 0+4096 4096+4096 8192+4096']);
    expect(bench.session.asked).toHaveLength(1);
  });

  it('carries where the memory begins in its file', async () => {
    bench.session.reply = (operation) =>
      operation.kind === 'map' ? mapped(2, { ...handle(1, 8192), fdOffset: 1 << 20 }) : DONE;

    await bench.run(createBlob(1), mapBlob(1, 0x5000));

    expect(bench.channel.calls[0]?.ranges[0]).toMatchObject({
      shmid: 1,
      fdOffset: 1 << 20,
      shmOffset: 0x5000,
      length: 8192,
      writable: true,
    });
  });

  it('keeps the descriptor between maps', async () => {
    await bench.run(createBlob(1), mapBlob(1), unmapBlob(1), mapBlob(1, 4096));

    expect(bench.fetched).toHaveLength(1);
    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096', 'map 4096+4096']);
  });

  it('that the broker refuses never reaches the VMM', async () => {
    bench.session.reply = () => ({ kind: 'refused', reason: 'OVERLAP', message: '' });

    expect(await bench.run(mapBlob(1))).toEqual(['ERR_INVALID_PARAMETER']);
    expect(bench.channel.log).toEqual([]);
  });
});

describe('UNMAP_BLOB and RESOURCE_UNREF', () => {
  it.each([
    ['unmap', unmapBlob(1)],
    ['destroy', unref(1)],
  ])('take the mapping out of the VMM before the broker hears of the %s', async (kind, command) => {
    await bench.run(createBlob(1), mapBlob(1));
    bench.channel.reply = null;
    bench.kick(command);
    await turns();
    expect(bench.channel.log.at(-1)).toBe('unmap 0+4096');
    expect(bench.session.batches).toHaveLength(1);

    bench.channel.calls.at(-1)?.resolve([null]);
    await turns();

    expect(bench.session.batches.at(-1)).toBe(`${kind} 1`);
    expect(bench.queue.names.at(-1)).toBe(OK);
  });

  it('of the same kick are one unmapping', async () => {
    await bench.run(createBlob(1), mapBlob(1), createBlob(2), mapBlob(2, 4096));
    await bench.run(unmapBlob(1), unref(1), unref(2));

    expect(bench.channel.log).toEqual(['map 0+4096 4096+4096', 'unmap 0+4096 4096+4096']);
    expect(bench.session.batches.at(-1)).toBe('unmap 1, destroy 1, destroy 2');
  });

  it('of a blob that is not mapped do not trouble the VMM', async () => {
    await bench.run(createBlob(1), unmapBlob(1), unref(1));

    expect(bench.channel.log).toEqual([]);
  });

  it('make room for another blob at the same offset, in one kick', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    await bench.run(unmapBlob(1), unref(1), createBlob(2), mapBlob(2));

    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096', 'map 0+4096']);
    expect(bench.session.batches.at(-1)).toBe('unmap 1, destroy 1, create 2, map 2');
  });

  it('of the same id again fetch the new blob’s memory', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    await bench.run(unref(1), createBlob(1), mapBlob(1));

    expect(bench.fetched).toHaveLength(2);
    expect(bench.queue.names).toEqual([OK, 'OK_MAP_INFO', OK, OK, 'OK_MAP_INFO']);
  });
});

describe('a kick that maps and unmaps the same blob', () => {
  it('is cut between the two', async () => {
    const names = await bench.run(createBlob(1), mapBlob(1), unmapBlob(1), unref(1), createBlob(2));

    expect(names).toEqual([OK, 'OK_MAP_INFO', OK, OK, OK]);
    expect(bench.session.batches).toEqual(['create 1, map 1', 'unmap 1, destroy 1, create 2']);
    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096']);
  });
});

describe('a VMM that does not do its part', () => {
  it('in one map of several: the broker takes that one back', async () => {
    bench.channel.reply = (kind, range) => (kind === 'map' && range.shmOffset === 4096 ? refused() : null);

    const names = await bench.run(
      createBlob(1),
      mapBlob(1),
      createBlob(2),
      mapBlob(2, 4096),
      createBlob(3),
      mapBlob(3, 8192),
    );

    expect(names).toEqual([OK, 'OK_MAP_INFO', OK, 'ERR_UNSPEC', OK, 'OK_MAP_INFO']);
    expect(bench.session.batches.at(-1)).toBe('unmap 2');
    expect(bench.channel.log).toEqual(['map 0+4096 4096+4096 8192+4096']);
  });

  it('in time: what may be there is taken out', async () => {
    bench.channel.reply = (kind) => (kind === 'map' ? timedOut() : null);

    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, 'ERR_UNSPEC']);
    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096']);
    expect(bench.session.batches.at(-1)).toBe('unmap 1');
  });

  it.each([
    ['refuses', refused],
    ['is silent', timedOut],
    ['is gone', channelClosed],
  ])('in an unmap (it %s): the broker keeps the blob, and other commands go on', async (_, error) => {
    await bench.run(createBlob(1), mapBlob(1), createBlob(2), mapBlob(2, 4096));
    bench.channel.reply = (kind, range) => (kind === 'unmap' && range.shmOffset === 0 ? error() : null);

    const names = await bench.run(unmapBlob(1), unref(1), unmapBlob(2), unref(2));

    expect(names).toEqual(['ERR_UNSPEC', 'ERR_UNSPEC', OK, OK]);
    expect(bench.session.batches.at(-1)).toBe('unmap 2, destroy 2');

    bench.channel.reply = () => null;
    expect(await bench.run(unref(1))).toEqual([OK]);
  });

  it('in the only unmap of a kick: the broker is not asked at all', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    bench.channel.reply = refused;

    expect(await bench.run(unref(1))).toEqual(['ERR_UNSPEC']);
    expect(bench.session.asked).toHaveLength(1);
  });

  it('because it is not there', async () => {
    bench.vmm.closed({ kind: 'disconnected', message: 'gone' });
    bench.rebind();

    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, 'ERR_UNSPEC']);
    expect(bench.session.batches.at(-1)).toBe('unmap 1');
  });
});

describe("the VMM's memory slots", () => {
  const fill = async (count: number) => {
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    return (await bench.run(...ids.flatMap((id) => [createBlob(id), mapBlob(id, id * 4096)]))).filter(
      (name) => name === 'OK_MAP_INFO',
    ).length;
  };
  const refusals = () => Number(bench.statistics.report().slotRefusals);

  it.each([1, 2, 64])('are shared with the VM, whose table has %i other regions', async (others) => {
    bench.showTable([], others);

    expect(await fill(510)).toBe(MOST_REGIONS - others);

    expect(refusals()).toBe(510 - (MOST_REGIONS - others));
    expect(bench.queue.names.at(-1)).toBe('ERR_OUT_OF_MEMORY');
    expect(bench.session.batches.at(-1)?.split(', ')).toHaveLength(510 - (MOST_REGIONS - others));
    expect(bench.session.batches.at(-1)).toMatch(/unmap 510$/);
  });

  it('that are used up by DIMMs leave no map, and say so once', async () => {
    bench.showTable([], MOST_REGIONS);

    expect(await bench.run(createBlob(1), mapBlob(1), mapBlob(2, 4096))).toEqual([
      OK,
      'ERR_OUT_OF_MEMORY',
      'ERR_OUT_OF_MEMORY',
    ]);
    expect(bench.fetched).toEqual([]);
    expect(bench.channel.log).toEqual([]);
  });

  it('come back with an unmap, also one of the same kick', async () => {
    bench.showTable([], MOST_REGIONS - 1);
    await bench.run(createBlob(1), mapBlob(1), createBlob(2));
    expect(await bench.run(mapBlob(2, 4096))).toEqual(['ERR_OUT_OF_MEMORY']);

    expect(await bench.run(unmapBlob(1), mapBlob(2, 4096), mapBlob(1, 8192))).toEqual([
      OK,
      'OK_MAP_INFO',
      'ERR_OUT_OF_MEMORY',
    ]);
  });

  it('come back with a reset and with another VMM', async () => {
    bench.showTable([], MOST_REGIONS - 1);
    await bench.run(createBlob(1), mapBlob(1));
    bench.rebind();
    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, 'OK_MAP_INFO']);
  });

  it('are taken by what the table shows and the books do not', async () => {
    const heap = createMemfd('heap', 1 << 20);
    bench.showTable([heap, heap], MOST_REGIONS - 2);

    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, 'ERR_OUT_OF_MEMORY']);
    bench.showTable([heap], MOST_REGIONS - 2);
    expect(await bench.run(mapBlob(1))).toEqual(['OK_MAP_INFO']);
    heap.close();
  });
});

describe('memory that does not come', () => {
  it('costs that map, and no other', async () => {
    const { fetch } = bench;
    bench.fetch = (memory) =>
      memory.token[0] === 1 ? Promise.reject(new Error('the token is used up')) : fetch(memory);

    const names = await bench.run(createBlob(1), mapBlob(1), createBlob(2), mapBlob(2, 4096));

    expect(names).toEqual([OK, 'ERR_UNSPEC', OK, 'OK_MAP_INFO']);
    expect(bench.session.batches.at(-1)).toBe('unmap 1');
    expect(bench.channel.log).toEqual(['map 4096+4096']);
  });

  it('is asked for again when the broker has died with its token', async () => {
    const { fetch } = bench;
    bench.fetch = (memory) =>
      memory.token[0] === 1 ? Promise.reject(new Error('the broker closed the connection')) : fetch(memory);
    bench.session.again = () => Promise.resolve(handle(9));

    const names = await bench.run(createBlob(1), mapBlob(1));

    expect(names).toEqual([OK, 'OK_MAP_INFO']);
    expect(bench.channel.log).toEqual(['map 0+4096']);
  });

  it('because the broker offered none', async () => {
    bench.session.reply = (operation) => (operation.kind === 'map' ? mapped() : DONE);

    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, 'ERR_UNSPEC']);
    expect(bench.session.batches.at(-1)).toBe('unmap 1');
  });
});

describe('many blobs that come to nothing at once', () => {
  const MAPS = [1, 2, 3].map((id) => mapBlob(id, id * 4096));
  beforeEach(() => bench.run(createBlob(1), createBlob(2), createBlob(3)));

  // A VMM that ends with maps on their way did nothing wrong.
  it.each([
    ['the VMM is gone', [channelClosed, channelClosed, channelClosed], 30],
    ['the VMM broke the protocol', [broken, broken, broken], 50],
    ['the VMM refused one, and then was gone', [refused, channelClosed, channelClosed], 50],
  ] as const)('are one line of the log: %s', async (_, results, level) => {
    const errors = [...results];
    bench.channel.reply = () => errors.shift()?.() ?? null;
    await bench.run(...MAPS);

    expect(bench.lines).toMatchObject([{ level, blobs: 3, msg: 'the VMM did not map a blob' }]);
  });

  it('are one line of the log: they cannot be taken out', async () => {
    await bench.run(...MAPS);
    bench.channel.reply = channelClosed;
    await bench.run(unref(1), unref(2), unref(3));

    expect(bench.lines).toMatchObject([
      { level: 30, blobs: 3, msg: expect.stringContaining('did not unmap') },
    ]);
  });

  it('are one line of the log: their memory cannot be had', async () => {
    bench.fetch = () => Promise.reject(new Error('the channel was closed'));
    bench.session.again = () => Promise.reject(new Error('the session was closed'));
    await bench.run(...MAPS);

    expect(bench.lines).toMatchObject([
      { level: 50, blobs: 3, problem: 'the session was closed', msg: "a blob's memory cannot be fetched" },
    ]);
  });
});

describe('a reset', () => {
  it('while a map is under way: what came too late is taken out before anything new', async () => {
    bench.channel.reply = null;
    await bench.run(createBlob(1), mapBlob(1));
    const before = bench.queue;
    bench.rebind();
    bench.kick(createBlob(1), mapBlob(1));
    await turns();
    expect(bench.channel.log).toEqual(['map 0+4096']);

    bench.channel.calls[0]?.resolve([null]);
    await turns();
    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096']);
    bench.channel.reply = () => null;
    bench.channel.calls[1]?.resolve([null]);
    await turns();

    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096', 'map 0+4096']);
    expect(bench.queue.names).toEqual([OK, 'OK_MAP_INFO']);
    expect(before.pushes.flat()).toEqual([]);
  });

  it('while memory is fetched: it is closed when it comes', async () => {
    const fd = createMemfd('late', 4096);
    let deliver: () => void = () => {};
    bench.fetch = () =>
      new Promise((resolve) => {
        deliver = () => resolve(fd);
      });
    await bench.run(createBlob(1), mapBlob(1));
    bench.rebind();
    deliver();
    await turns();

    expect(fd.open).toBe(false);
    expect(bench.channel.log).toEqual([]);
  });

  it.each([
    ['a reset', [], () => bench.rebind()],
    ['nothing', ["a blob's memory cannot be fetched"], () => {}],
  ] as const)('memory that cannot be had after %s is an error %j', async (_, errors, happen) => {
    let fail: () => void = () => {};
    bench.fetch = () =>
      new Promise((_resolve, reject) => {
        fail = () => reject(new Error('the channel was closed'));
      });
    bench.session.memoryAgain = () => Promise.reject(new Error('the session was closed'));
    await bench.run(createBlob(1), mapBlob(1));
    happen();
    fail();
    await turns();

    expect(bench.errors).toEqual(errors);
  });

  it('while a refused map waits for the broker does not hold the next driver up', async () => {
    bench.channel.reply = refused;
    const { session } = bench;
    session.reply = (operation) => withMemory(operation);
    await bench.run(createBlob(1));
    // The broker's answer to the unmap never comes: a reset drops it.
    session.execute = (operations, started, done, urgent) => {
      if (operations[0]?.kind !== 'unmap')
        Object.getPrototypeOf(session).execute.call(session, operations, started, done, urgent);
    };
    expect(await bench.run(mapBlob(1))).toEqual([]);
    bench.rebind();
    bench.channel.reply = () => null;

    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, 'OK_MAP_INFO']);
  });

  it('leaves no descriptor', async () => {
    const before = openFds();
    await bench.run(...[1, 2, 3].flatMap((id) => [createBlob(id), mapBlob(id, id * 4096)]));
    expect(openFds()).toBe(before + 3);

    bench.rebind();

    expect(openFds()).toBe(before);
  });
});

describe('descriptors', () => {
  it('end with their blob', async () => {
    const before = openFds();
    await bench.run(createBlob(1), mapBlob(1));
    await bench.run(unref(1));

    expect(openFds()).toBe(before);
  });

  it('end with a blob whose end came late', async () => {
    const before = openFds();
    await bench.run(createBlob(1), mapBlob(1), unmapBlob(1));
    bench.device.late([{ operation: { kind: 'destroy', resourceId: 1 }, result: DONE }]);

    expect(openFds()).toBe(before);
  });
});

describe('own memory', () => {
  it('is what the VMM shows of blobs, until it does not show it any more', async () => {
    const heap = createMemfd('heap', 1 << 20);
    bench.fetch = async () => duplicate(heap.number);
    const file = fileIdentity(heap.number);
    expect(bench.device.isOwnMemory(file)).toBe(false);

    await bench.run(createBlob(1), mapBlob(1), createBlob(2), mapBlob(2, 4096));
    expect(bench.device.isOwnMemory(file)).toBe(true);
    bench.showMemory(heap, heap);
    await bench.run(unref(1));
    bench.showMemory(heap);
    expect(bench.device.isOwnMemory(file)).toBe(true);
    await bench.run(unref(2));
    expect(bench.device.isOwnMemory(file)).toBe(true);
    bench.showMemory();

    expect(bench.device.isOwnMemory(file)).toBe(false);
    heap.close();
  });

  it('that is gone although nobody asked for it is missing', async () => {
    const heap = createMemfd('heap', 1 << 20);
    bench.fetch = async () => duplicate(heap.number);
    await bench.run(createBlob(1), mapBlob(1));
    bench.showMemory(heap);
    bench.vmm.queueStopped(bench.queue);
    bench.vmm.queueStopped(bench.cursor);
    expect(bench.vmm.isHeld()).toBeNull();

    expect(bench.showMemory()).toBe(true);
    heap.close();
  });
});

describe('figures', () => {
  it('time what the VMM does', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    await bench.run(unref(1));
    const vmm = bench.statistics.report().latencies?.find(({ stage }) => stage === 'vmm');

    expect(vmm?.histogram?.counts?.reduce((sum: number, count) => sum + Number(count), 0)).toBe(2);
  });
});
