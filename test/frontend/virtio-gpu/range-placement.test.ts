// Per-blob placement: a mapping in the VMM for each blob, of its range of the window's memory.
import { readSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MOST_REGIONS } from '../../../services/frontend/virtio-gpu/vmm-slots.ts';
import { createMemfd, duplicate } from '../../../services/lib/os/memory.ts';
import type { MappedRange } from '../../../services/lib/vhost-user/backend-channel.ts';
import { fileIdentity } from '../../../services/lib/vhost-user/guest-memory.ts';
import { turns, until } from '../../support/until.ts';
import { assignUuid, createBlob, ctxCreate, mapBlob, submit, unmapBlob, unref } from './commands.ts';
import {
  attachment,
  Bench,
  broken,
  channelClosed,
  deciding,
  handle,
  PAGE,
  refused,
  timedOut,
  WINDOW_SIZE,
} from './fakes.ts';

const OK = 'OK_NODATA';
const MAPPED = 'OK_MAP_INFO';
let bench: Bench;
let benches: Bench[] = [];

function open(options: ConstructorParameters<typeof Bench>[1] = {}): Bench {
  const opened = new Bench('per-blob', { decides: deciding(), ...options });
  benches.push(opened);
  return opened;
}

beforeEach(() => {
  bench = open();
});
afterEach(() => {
  for (const one of benches) one.close();
  benches = [];
});

function write(offset: number, text: string): void {
  writeSync(bench.window.number, text, offset);
}
function read(offset: number, length = 5): string {
  const bytes = Buffer.alloc(length);
  readSync(bench.window.number, bytes, 0, length, offset);
  return bytes.toString();
}
const ZERO = '\0'.repeat(5);

describe('MAP_BLOB', () => {
  it('shows the range of the window where the blob is mapped, and is answered then', async () => {
    bench.channel.reply = null;
    await bench.run(createBlob(1), mapBlob(1, 0x3000));
    expect(bench.channel.calls).toMatchObject([
      {
        kind: 'map',
        ranges: [{ shmid: 1, fdOffset: 0x3000, shmOffset: 0x3000, length: 4096, writable: true }],
      },
    ]);
    expect(bench.queue.names).toEqual([]);

    bench.channel.calls[0]?.resolve([null]);
    await turns();

    expect(bench.queue.names).toEqual([OK, MAPPED]);
  });

  it('fetches nothing', async () => {
    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, MAPPED]);

    expect(bench.fetched).toEqual([]);
  });

  it('of a kick are one request and one answer', async () => {
    await bench.run(
      createBlob(1),
      mapBlob(1),
      createBlob(2),
      mapBlob(2, 4096),
      createBlob(3),
      mapBlob(3, 8192),
    );

    expect(bench.channel.log).toEqual(['map 0+4096 4096+4096 8192+4096']);
    expect(bench.queue.pushes).toHaveLength(1);
  });

  it('is of a range that reads as zero, whatever the guest wrote there before', async () => {
    write(8192, 'stray');
    await bench.run(createBlob(1), mapBlob(1, 8192));

    expect(read(8192)).toBe(ZERO);
  });

  it('is not recorded before the VMM has it', async () => {
    bench.channel.reply = null;
    await bench.run(createBlob(1), mapBlob(1));
    expect(bench.records.filter(({ kind }) => kind === 'answered')).toEqual([]);

    bench.channel.calls[0]?.resolve([null]);
    await turns();

    const [record] = bench.records.filter((one) => one.kind === 'answered');
    expect(record).toMatchObject({ answers: [{ chain: 0 }, { chain: 1 }] });
  });

  it('that the rules refuse never reaches the VMM', async () => {
    await bench.run(createBlob(1), mapBlob(1), createBlob(2));

    expect(await bench.run(mapBlob(2, 0), mapBlob(1, 8192))).toEqual([
      'ERR_INVALID_PARAMETER',
      'ERR_INVALID_PARAMETER',
    ]);
    expect(bench.channel.log).toEqual(['map 0+4096']);
  });

  it('elsewhere, while another blob has its place, takes its content along', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    write(0, 'first');
    await bench.run(unmapBlob(1));
    bench.kick(createBlob(2), mapBlob(2));
    await until('the other blob is mapped', () => bench.queue.names.length === 5);
    expect(read(0)).toBe(ZERO);
    bench.kick(mapBlob(1, 0x5000));
    await until('it is mapped elsewhere', () => bench.queue.names.length === 6);

    expect(bench.queue.names).toEqual([OK, MAPPED, OK, OK, MAPPED, MAPPED]);
    expect(read(0x5000)).toBe('first');
    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096', 'map 0+4096', 'map 20480+4096']);
  });
});

describe('UNMAP_BLOB and RESOURCE_UNREF', () => {
  it.each([
    ['unmap', unmapBlob(1), 'first'],
    ['destroy', unref(1), ZERO],
  ])('take the mapping out of the VMM before anything else (%s)', async (_, command, content) => {
    await bench.run(createBlob(1), mapBlob(1));
    write(0, 'first');
    bench.channel.reply = null;
    const recorded = bench.records.length;
    await bench.run(command);
    expect(bench.channel.log.at(-1)).toBe('unmap 0+4096');
    expect([read(0), bench.records.length, bench.queue.names.length]).toEqual(['first', recorded, 2]);

    bench.channel.calls.at(-1)?.resolve([null]);
    await turns();

    expect(bench.queue.names.at(-1)).toBe(OK);
    await until('memory is as the answer says', () => read(0) === content);
  });

  it('of the same kick are one unmapping', async () => {
    await bench.run(createBlob(1), mapBlob(1), createBlob(2), mapBlob(2, 4096));
    expect(await bench.run(unmapBlob(1), unref(1), unref(2))).toEqual([OK, OK, OK]);

    expect(bench.channel.log).toEqual(['map 0+4096 4096+4096', 'unmap 0+4096 4096+4096']);
    expect(bench.queue.pushes).toHaveLength(2);
  });

  it('of a blob that is not mapped do not trouble the VMM', async () => {
    await bench.run(createBlob(1), unmapBlob(1), unref(1));

    expect(bench.channel.log).toEqual([]);
  });

  it('make room for another blob at the same offset, in one kick with one answer', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    write(0, 'first');
    expect(await bench.run(unmapBlob(1), unref(1), createBlob(2), mapBlob(2))).toEqual([OK, OK, OK, MAPPED]);

    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096', 'map 0+4096']);
    expect(read(0)).toBe(ZERO);
    expect(bench.queue.pushes).toHaveLength(2);
  });

  it('that the queue refuses for their form leave a blob that can be ended all the same', async () => {
    await bench.run(createBlob(1), mapBlob(1), createBlob(2), mapBlob(2, 4096));
    const malformed = Buffer.from(unref(1));
    malformed.writeUInt32LE(2, 4);
    malformed.writeUInt8(255, 20);

    expect(await bench.run(unref(2), malformed)).toEqual([OK, 'ERR_INVALID_PARAMETER']);

    expect(await bench.run(unref(1), createBlob(3), mapBlob(3))).toEqual([OK, OK, MAPPED]);
  });
});

describe('a kick that maps and unmaps the same blob', () => {
  it('is cut between the two', async () => {
    const names = await bench.run(createBlob(1), mapBlob(1), unmapBlob(1), unref(1), createBlob(2));

    expect(names).toEqual([OK, MAPPED, OK, OK, OK]);
    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096']);
    expect(bench.queue.pushes.map((push) => push.length)).toEqual([2, 3]);
  });

  it('any number of times', async () => {
    const again = [mapBlob(1), unmapBlob(1), mapBlob(1), unmapBlob(1), mapBlob(1), unref(1)];

    expect(await bench.run(createBlob(1), ...again)).toEqual([OK, MAPPED, OK, MAPPED, OK, MAPPED, OK]);
    expect(bench.channel.log).toEqual([1, 2, 3].flatMap(() => ['map 0+4096', 'unmap 0+4096']));
  });
});

describe('what needs no VMM', () => {
  it.each([
    ['an answer that is read', assignUuid(9), 'OK_RESOURCE_UUID'],
    ['a fence', submit(1, [], { flags: 1, fenceId: 7 }), OK],
  ])('does not wait for it, if the guest may be waiting: %s', async (_, command, answer) => {
    await bench.run(ctxCreate(1), createBlob(9), mapBlob(9, 0x9000));
    bench.channel.reply = null;

    expect(await bench.run(command, mapBlob(8), unref(9))).toEqual([answer]);

    bench.channel.calls.at(-1)?.resolve([null]);
    await turns();
    expect(bench.queue.names.slice(4)).toEqual(['ERR_INVALID_RESOURCE_ID', OK]);
  });

  it('and nobody waits for is answered with what stands behind it, once', async () => {
    await bench.run(ctxCreate(1), createBlob(1), mapBlob(1));

    expect(bench.queue.pushes).toHaveLength(1);
  });
});

describe('a command that takes long', () => {
  it('lets those in front of it be mapped and answered', async () => {
    benches.pop()?.close();
    bench = open({ decides: deciding(2 * PAGE) });
    bench.session.askGrant = () => true;

    expect(
      await bench.run(createBlob(1), mapBlob(1), createBlob(2, { size: 2 * PAGE }), mapBlob(2, 8192)),
    ).toEqual([OK, MAPPED]);
    expect(bench.channel.log).toEqual(['map 0+4096']);

    bench.device.news({
      kind: 'grant',
      grant: { heaps: [{ heap: 'ram', bytes: 8 * PAGE }], mappings: 10, allocations: 10 },
    });
    await until('the others are answered', () => bench.queue.names.length === 4);

    expect(bench.queue.names).toEqual([OK, MAPPED, OK, MAPPED]);
    expect(bench.channel.log).toEqual(['map 0+4096', 'map 8192+8192']);
  });
});

describe('a VMM that does not do its part', () => {
  it('in one map of several: the blob is unmapped again, and its place is free', async () => {
    bench.channel.reply = (kind, range) => (kind === 'map' && range.shmOffset === 4096 ? refused() : null);

    const names = await bench.run(
      createBlob(1),
      mapBlob(1),
      createBlob(2),
      mapBlob(2, 4096),
      createBlob(3),
      mapBlob(3, 8192),
    );

    expect(names).toEqual([OK, MAPPED, OK, 'ERR_UNSPEC', OK, MAPPED]);
    bench.channel.reply = () => null;
    expect(await bench.run(unmapBlob(2), unref(2), createBlob(4), mapBlob(4, 4096))).toEqual([
      OK,
      OK,
      OK,
      MAPPED,
    ]);
    expect(bench.channel.log).toEqual(['map 0+4096 4096+4096 8192+4096', 'map 4096+4096']);
    expect(bench.counted('RESOURCE_MAP_BLOB', MAPPED)).toBe(3);
  });

  it('in a map of a blob that had bytes: it has them still', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    write(0, 'first');
    await bench.run(unmapBlob(1));
    bench.channel.reply = refused;
    expect(await bench.run(mapBlob(1))).toEqual(['ERR_UNSPEC']);
    bench.channel.reply = () => null;

    expect(await bench.run(mapBlob(1))).toEqual([MAPPED]);
    expect(read(0)).toBe('first');
  });

  it('in time: what may be there is taken out', async () => {
    bench.channel.reply = (kind) => (kind === 'map' ? timedOut() : null);

    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, 'ERR_UNSPEC']);
    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096']);

    bench.channel.reply = () => null;
    expect(await bench.run(createBlob(2), mapBlob(2))).toEqual([OK, MAPPED]);
  });

  it('in time, and there is nothing to be taken out', async () => {
    bench.channel.reply = (kind) => (kind === 'map' ? timedOut() : refused());

    expect(await bench.run(createBlob(1), mapBlob(1), unref(1))).toEqual([OK, 'ERR_UNSPEC', OK]);
  });

  it('at all: what may be there keeps its place until it is known to be gone', async () => {
    bench.channel.reply = timedOut;
    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, 'ERR_UNSPEC']);
    bench.channel.reply = () => null;

    expect(await bench.run(createBlob(2), mapBlob(2))).toEqual([OK, 'ERR_INVALID_PARAMETER']);
    expect(await bench.run(unmapBlob(1), unref(1), mapBlob(2))).toEqual([OK, OK, MAPPED]);
    expect(bench.channel.log.slice(-2)).toEqual(['unmap 0+4096', 'map 0+4096']);
  });

  it.each([
    ['refuses', refused],
    ['is silent', timedOut],
    ['is gone', channelClosed],
  ])('in an unmap (it %s): the blob stays mapped, and other commands go on', async (_, error) => {
    await bench.run(createBlob(1), mapBlob(1), createBlob(2), mapBlob(2, 4096));
    write(0, 'first');
    bench.channel.reply = (kind, range) => (kind === 'unmap' && range.shmOffset === 0 ? error() : null);

    const names = await bench.run(unmapBlob(1), unref(1), unmapBlob(2), unref(2));

    expect(names).toEqual(['ERR_UNSPEC', 'ERR_UNSPEC', OK, OK]);
    expect(bench.channel.log.at(-1)).toBe('unmap 0+4096 4096+4096');
    expect(read(0)).toBe('first');
    bench.channel.reply = () => null;
    expect(await bench.run(unref(1))).toEqual([OK]);
  });

  it('because it is not there', async () => {
    bench.vmm.closed({ kind: 'disconnected', message: 'gone' });
    bench.rebind();

    bench.kick(createBlob(1), mapBlob(1), unref(1));
    await until('they are answered', () => bench.queue.names.length === 3);

    expect(bench.queue.names).toEqual([OK, 'ERR_UNSPEC', OK]);
  });
});

describe('many blobs that come to nothing at once', () => {
  const MAPS = [1, 2, 3].map((id) => mapBlob(id, id * 4096));
  beforeEach(() => bench.run(createBlob(1), createBlob(2), createBlob(3)));

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
});

describe("the VMM's memory slots", () => {
  const fill = async (count: number) => {
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    const blobs = ids.flatMap((id) => [createBlob(id), mapBlob(id, (id % 256) * 4096)]);
    return (await bench.run(...blobs)).filter((name) => name === MAPPED).length;
  };

  it('are shared with the VM: what is beyond them is refused, and takes no place', async () => {
    bench.showTable([], MOST_REGIONS - 100);

    expect(await fill(200)).toBe(100);

    expect(Number(bench.statistics.report().slotRefusals)).toBe(100);
    expect(bench.queue.names.at(-1)).toBe('ERR_OUT_OF_MEMORY');
    expect(bench.lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('no memory slot left')]);
    // One goes and another comes.
    expect(await bench.run(unref(1), mapBlob(200, 4096 * 200))).toEqual([OK, MAPPED]);
  });

  it('are taken by what the table shows and the accounts do not', async () => {
    bench.showTable([bench.window, bench.window], MOST_REGIONS - 2);
    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([OK, 'ERR_OUT_OF_MEMORY']);
    bench.showTable([bench.window], MOST_REGIONS - 2);

    expect(await bench.run(mapBlob(1))).toEqual([MAPPED]);
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
    await until('it is taken out', () => bench.channel.log.length === 2);
    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096']);
    bench.channel.reply = () => null;
    bench.channel.calls[1]?.resolve([null]);
    await until('the new one is answered', () => bench.queue.names.length === 2);

    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096', 'map 0+4096']);
    expect(bench.queue.names).toEqual([OK, MAPPED]);
    expect(before.pushes.flat()).toEqual([]);
  });

  it('ends every mapping, without a word to the VMM, and every byte', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    write(0, 'first');
    bench.rebind();
    bench.kick(createBlob(1), mapBlob(1));
    await until('it is answered', () => bench.queue.names.length === 2);

    expect(bench.queue.names).toEqual([OK, MAPPED]);
    expect(bench.channel.log).toEqual(['map 0+4096', 'map 0+4096']);
    expect(read(0)).toBe(ZERO);
  });
});

describe('a session that begins anew', () => {
  it('has another window: blobs are mapped from there, and what the VMM shows of the old one is no memory of the guest', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    const old = fileIdentity(bench.window.number);
    const another = createMemfd('another-window', WINDOW_SIZE);
    const asked: bigint[] = [];
    const { shmemMapAll } = bench.channel;
    bench.channel.shmemMapAll = (mappings) => {
      for (const { fd } of mappings) asked.push(fileIdentity(fd.number).ino);
      return shmemMapAll.call(bench.channel, mappings);
    };
    bench.fetch = () => Promise.resolve(duplicate(another.number));
    bench.session.isLost = true;
    bench.device.sessionLost();
    expect(await bench.run(createBlob(2), unmapBlob(1), unref(1))).toEqual(Array(3).fill('ERR_UNSPEC'));
    expect(bench.channel.log).toEqual(['map 0+4096', 'unmap 0+4096']);
    asked.length = 0;
    bench.vmm.reset();
    bench.session.isLost = false;
    bench.device.adopt({
      ...attachment('per-blob'),
      decides: deciding(),
      window: handle(0, WINDOW_SIZE),
    });
    bench.rebind();
    bench.kick(createBlob(2), mapBlob(2));
    await until('it is answered', () => bench.queue.names.length === 2);

    expect(bench.queue.names).toEqual([OK, MAPPED]);
    const { ino } = fileIdentity(another.number);
    expect(asked).toEqual([ino]);
    expect(bench.device.isOwnMemory(fileIdentity(another.number))).toBe(true);
    expect(bench.device.isOwnMemory(old)).toBe(true);
    bench.vmm.closed({ kind: 'disconnected', message: 'gone' });
    expect(bench.device.isOwnMemory(old)).toBe(false);
    another.close();
  });
});

describe('a successor', () => {
  const succeed = (left: readonly number[]): Bench => {
    const file = fileIdentity(bench.window.number);
    const next = open({ predecessor: bench });
    next.channel.left = left.map(
      (offset): MappedRange => ({
        shmid: 1,
        fdOffset: offset,
        shmOffset: offset,
        length: PAGE,
        writable: true,
        file,
      }),
    );
    return next;
  };

  it('gives recorded answers again, and touches neither memory nor VMM for them', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    write(0, 'first');
    const next = succeed([0]);

    expect(await next.run(createBlob(7), mapBlob(7))).toEqual([OK, MAPPED]);

    expect(next.channel.log).toEqual([]);
    expect(read(0)).toBe('first');
    expect(await next.run(unmapBlob(1), unref(1))).toEqual([OK, OK]);
    expect(next.channel.log).toEqual(['unmap 0+4096']);
    await until('its pages are given back', () => read(0) === ZERO);
  });

  it('decides again what is not recorded, although the VMM has it', async () => {
    bench.channel.reply = null;
    await bench.run(createBlob(1), mapBlob(1));
    write(0, 'stray');
    const next = succeed([0]);

    expect(await next.run(createBlob(1), mapBlob(1))).toEqual([OK, MAPPED]);

    expect(next.channel.log).toEqual(['map 0+4096']);
    expect(read(0)).toBe(ZERO);
  });

  it('takes out of the VMM what the guest was never told of, and puts in what it was told of', async () => {
    await bench.run(
      createBlob(1),
      mapBlob(1),
      createBlob(2),
      mapBlob(2, 4096),
      createBlob(3),
      mapBlob(3, 8192),
    );
    write(0, 'first');
    const next = succeed([4096, 0x7000]);
    next.queue.add(createBlob(1));
    await next.run(mapBlob(1), createBlob(2), mapBlob(2), createBlob(3), mapBlob(3), unref(3));
    await next.run();

    expect(next.channel.log).toEqual(['unmap 8192+4096', 'unmap 28672+4096', 'map 0+4096']);
    expect(read(0)).toBe('first');
  });

  it('of a session that is gone waits for the next one, and then decides', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    bench.records.push({ kind: 'reset' }, { kind: 'session-gone' });
    const next = open({ predecessor: bench, decides: null });
    next.kick(createBlob(2), mapBlob(2));
    await turns();
    expect(next.queue.names).toEqual([]);

    next.device.adopt({ ...attachment('per-blob'), decides: deciding(), window: handle(0, WINDOW_SIZE) });
    await until('it is answered', () => next.queue.names.length === 2);

    expect(next.queue.names).toEqual([OK, MAPPED]);
  });
});

describe('own memory', () => {
  it('is the window', async () => {
    expect(bench.device.isOwnMemory(fileIdentity(bench.window.number))).toBe(true);
  });

  it('that is gone although nobody asked for it is missing', async () => {
    await bench.run(createBlob(1), mapBlob(1));
    bench.showMemory(bench.window);
    expect(bench.vmm.isHeld()).toBeNull();

    expect(bench.showMemory()).toBe(true);
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
