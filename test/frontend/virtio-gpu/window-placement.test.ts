// Window placement: the window is mapped once, and never on the way of a command after that.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, duplicate } from '../../../services/lib/os/memory.ts';
import { fileIdentity } from '../../../services/lib/vhost-user/guest-memory.ts';
import { turns, until } from '../../support/until.ts';
import { createBlob, ctxCreate, mapBlob, unmapBlob } from './commands.ts';
import { attachment, Bench, handle, PAGE, refused, timedOut, WINDOW_SIZE } from './fakes.ts';

const WHOLE = `0+${WINDOW_SIZE}`;
let bench: Bench;

beforeEach(() => {
  bench = new Bench('window', { isScripted: true });
});
afterEach(() => bench.close());

describe('the window', () => {
  it('is mapped with the first blob, and once', async () => {
    await bench.run(ctxCreate(1));
    expect(bench.channel.log).toEqual([]);

    await bench.run(createBlob(1));
    await bench.run(mapBlob(1));
    await bench.run(createBlob(2), mapBlob(2, 4096), unmapBlob(1), mapBlob(1, 8192));

    expect(bench.channel.log).toEqual([`map ${WHOLE}`]);
    expect(bench.channel.calls[0]?.ranges[0]).toMatchObject({ shmid: 1, fdOffset: 0, writable: true });
  });

  it('is there before the guest hears of its blob', async () => {
    bench.channel.reply = null;
    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual(['OK_NODATA']);

    bench.channel.calls[0]?.resolve([null]);
    await turns();

    expect(bench.queue.names).toEqual(['OK_NODATA', 'OK_MAP_INFO']);
  });

  it('is own memory, which is not mapped here again', async () => {
    await bench.run(mapBlob(1));
    const other = createMemfd('other', WINDOW_SIZE);

    expect(bench.device.isOwnMemory(fileIdentity(bench.window.number))).toBe(true);
    expect(bench.device.isOwnMemory(fileIdentity(other.number))).toBe(false);
    other.close();
  });

  it('stays mapped over stop and cont', async () => {
    await bench.run(mapBlob(1));
    bench.vmm.queueStopped(bench.queue);
    expect(bench.vmm.isHeld()).toBe(true);
    expect(bench.showMemory(bench.window)).toBe(false);
    bench.vmm.queueStarted(bench.queue);
    await bench.run(mapBlob(2, 4096));

    expect(bench.channel.log).toHaveLength(1);
    expect(bench.generations).toBe(0);
  });

  it('is mapped again when the VMM dropped it, as its table tells', async () => {
    await bench.run(mapBlob(1));
    bench.vmm.queueStopped(bench.queue);
    bench.vmm.queueStopped(bench.cursor);
    expect(bench.showMemory()).toBe(true);

    bench.rebind();
    await bench.run(mapBlob(1));

    expect(bench.channel.log).toEqual([`map ${WHOLE}`, `map ${WHOLE}`]);
    expect(bench.generations).toBe(1);
  });

  it('is mapped again when the VMM let go of it, before any table tells', async () => {
    await bench.run(mapBlob(1));
    bench.vmm.queueStopped(bench.queue);
    bench.channel.drop();
    expect(bench.vmm.isHeld()).toBe(false);

    bench.rebind();
    expect(bench.vmm.isHeld()).toBeNull();
    await bench.run(mapBlob(1));

    expect(bench.channel.log).toEqual([`map ${WHOLE}`, `map ${WHOLE}`]);
    expect(bench.vmm.isHeld()).toBe(true);
  });

  it('is asked for again when the table shows it no more; a refusal is cleared once', async () => {
    await bench.run(mapBlob(1));
    bench.showMemory();
    let isThere = true;
    bench.channel.reply = (kind) => {
      const answer = kind === 'map' && isThere ? refused() : null;
      isThere = false;
      return answer;
    };

    expect(await bench.run(mapBlob(1))).toEqual(['OK_MAP_INFO']);
    expect(bench.channel.log).toEqual([`map ${WHOLE}`, `map ${WHOLE}`, `unmap ${WHOLE}`, `map ${WHOLE}`]);
  });

  it('is mapped for the next VMM, too', async () => {
    await bench.run(mapBlob(1));
    bench.vmm.closed({ kind: 'disconnected', message: 'gone' });
    bench.device.connect({ adopted: false }).channelOpened(bench.channel.asChannel());
    bench.rebind();
    await bench.run(mapBlob(1));

    expect(bench.channel.log).toHaveLength(2);
  });
});

describe('a window that the VMM does not map', () => {
  it.each([
    ['refuses', refused, [`map ${WHOLE}`, `unmap ${WHOLE}`, `map ${WHOLE}`]],
    ['is silent', timedOut, [`map ${WHOLE}`, `unmap ${WHOLE}`]],
  ] as const)('because it %s: no map is decided, the guest hears ERR_UNSPEC', async (_, error, log) => {
    bench.channel.reply = (kind) => (kind === 'map' ? error() : null);

    const names = await bench.run(createBlob(1), mapBlob(1), createBlob(2), mapBlob(2, 4096));

    expect(names).toEqual(['OK_NODATA', 'ERR_UNSPEC', 'OK_NODATA', 'ERR_UNSPEC']);
    expect(bench.script.log).toBe('create 1, create 2');
    expect(bench.channel.log).toEqual([...log, ...log]);

    bench.channel.reply = () => null;
    expect(await bench.run(mapBlob(1))).toEqual(['OK_MAP_INFO']);
  });

  it('because its table has no room: it is not even asked', async () => {
    bench.showTable([], 8);

    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual(['OK_NODATA', 'ERR_OUT_OF_MEMORY']);
    expect(bench.channel.log).toEqual([]);
    expect(bench.script.log).toBe('create 1');
    expect(bench.statistics.report().slotRefusals).toBe(1);

    bench.showTable([], 7);
    expect(await bench.run(mapBlob(1))).toEqual(['OK_MAP_INFO']);
  });

  it('although it says so: its table has to show it within 250 ms', async () => {
    bench.channel.onTable = null;
    bench.kick(createBlob(1), mapBlob(1));
    const answers = () => bench.queue.names;
    await until('the map is answered', () => answers().length === 2, { found: answers });

    expect(answers()).toEqual(['OK_NODATA', 'ERR_UNSPEC']);
    expect(bench.channel.log).toEqual([`map ${WHOLE}`, `unmap ${WHOLE}`]);
    expect(bench.script.log).toBe('create 1');
    expect(bench.errors).toEqual([]);
  });

  it('because there is no VMM to ask any more', async () => {
    bench.vmm.closed({ kind: 'disconnected', message: 'gone' });
    bench.rebind();

    expect(await bench.run(mapBlob(1))).toEqual(['ERR_UNSPEC']);
    expect(bench.channel.log).toEqual([]);
  });
});

describe('a reset while the window is being mapped', () => {
  it('leaves the mapping to the driver that comes', async () => {
    bench.channel.reply = null;
    await bench.run(mapBlob(1));
    bench.rebind();
    const names = bench.run(mapBlob(5));
    bench.channel.calls[0]?.resolve([null]);
    await turns();

    expect(await names).toEqual(['OK_MAP_INFO']);
    expect(bench.channel.log).toEqual([`map ${WHOLE}`]);
  });
});

describe('a new session', () => {
  it('has a new window, which takes the place of the old one', async () => {
    await bench.run(mapBlob(1));
    bench.fetch = async () => createMemfd('another', WINDOW_SIZE);
    bench.device.adopt(attachment('window'));
    await turns();
    await bench.run(mapBlob(1));

    expect(bench.channel.log).toEqual([`map ${WHOLE}`, `unmap ${WHOLE}`, `map ${WHOLE}`]);
  });

  it('has a new window also while the old one is being mapped', async () => {
    bench.channel.reply = null;
    await bench.run(mapBlob(1));
    bench.fetch = async () => createMemfd('another', WINDOW_SIZE);
    bench.device.adopt(attachment('window'));
    await turns();
    bench.channel.reply = () => null;
    bench.channel.calls[0]?.resolve([null]);
    await turns();

    expect(bench.queue.names).toEqual(['OK_MAP_INFO']);
    expect(bench.channel.log).toEqual([`map ${WHOLE}`, `unmap ${WHOLE}`, `map ${WHOLE}`]);
    expect(bench.vmm.isHeld()).toBe(true);
  });

  it('with a window of another size cannot map anything', async () => {
    bench.device.adopt(attachment('window', WINDOW_SIZE * 2));

    expect(await bench.run(mapBlob(1))).toEqual(['ERR_UNSPEC']);
    expect(bench.channel.log).toEqual([]);
  });

  it('may come with the other placement', async () => {
    bench.fetch = async () => createMemfd('another', WINDOW_SIZE);
    bench.device.adopt(attachment('per-blob'));
    expect(await bench.run(createBlob(1), mapBlob(1, 4096))).toEqual(['OK_NODATA', 'OK_MAP_INFO']);
    expect(bench.channel.log).toEqual(['map 4096+4096']);

    expect(bench.device.isOwnMemory(fileIdentity(bench.window.number))).toBe(false);
  });

  it('with a window that is too small, or not sealed, fails the maps, and nothing else', async () => {
    for (const wrong of [createMemfd('small', PAGE), await unsealed(WINDOW_SIZE)]) {
      bench.fetch = async () => wrong;
      bench.device.adopt(attachment('window'));
      await turns();

      expect(await bench.run(mapBlob(1))).toEqual(['ERR_UNSPEC']);
      expect(wrong.open).toBe(false);
    }
    expect(bench.channel.log).toEqual([]);
    expect(bench.session.attachedAgain).toEqual([]);
  });

  it('is told by what was given last, whichever descriptor comes first', async () => {
    const [first, second] = [createMemfd('first', WINDOW_SIZE), createMemfd('second', WINDOW_SIZE)];
    let deliver: (fd: Fd) => void = () => {};
    bench.fetch = () => new Promise((resolve) => (deliver = resolve));
    bench.device.adopt(attachment('window'));
    bench.fetch = async () => second;
    bench.device.adopt(attachment('window'));
    await turns();
    deliver(first);
    await bench.run(mapBlob(1));

    expect(first.open).toBe(false);
    expect(bench.device.isOwnMemory(fileIdentity(second.number))).toBe(true);
  });
});

describe('a window that the fd channel does not hand over', () => {
  const unfetched = (): Promise<Fd> => Promise.reject(new Error('the broker closed the connection'));

  it('is asked for again: the map waits for it, and is answered then', async () => {
    bench.fetch = unfetched;
    const asked = attachment('window');
    bench.device.adopt(asked);

    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([]);
    expect(bench.session.attachedAgain).toEqual([asked.window]);

    bench.fetch = async () => createMemfd('another', WINDOW_SIZE);
    bench.device.verify(attachment('window'));
    await turns();
    expect(bench.queue.names).toEqual(['OK_NODATA', 'OK_MAP_INFO']);
    expect(bench.channel.log).toEqual([`map ${WHOLE}`]);
  });

  it('keeps the guest waiting until the time is up, and no map after it has come', async () => {
    const other = new Bench('window', { answerTimeout: 30, isScripted: true });
    try {
      other.fetch = unfetched;
      other.device.adopt(attachment('window'));
      other.kick(createBlob(1), mapBlob(1));
      await until('the map is answered', () => other.queue.names.length === 2);
      expect(other.queue.names).toEqual(['ERR_UNSPEC', 'ERR_UNSPEC']);
      expect(other.script.log).toBe('');

      other.fetch = async () => createMemfd('another', WINDOW_SIZE);
      other.device.verify(attachment('window'));
      await turns();
      expect(await other.run(mapBlob(1))).toEqual(['OK_MAP_INFO']);
    } finally {
      other.close();
    }
  });
});

describe('a successor', () => {
  let deliver: (fd: Fd) => void;

  beforeEach(() => {
    bench.close();
    bench = new Bench('window', { isSuccessor: true, isScripted: true });
    bench.fetch = () => new Promise((resolve) => (deliver = resolve));
  });

  it('answers no map before it has compared its window with that of the session', async () => {
    // Commands may be answered before and after the session goes on.
    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([]);
    bench.device.verify(attachment('window'));
    await turns();
    expect(bench.queue.names).toEqual([]);

    const again = duplicate(bench.window.number);
    deliver(again);
    await turns();
    expect(bench.queue.names).toEqual(['OK_NODATA', 'OK_MAP_INFO']);
    expect(bench.channel.log).toEqual([]);
    expect([again.open, bench.kept]).toEqual([false, []]);
  });

  it('takes a window that is another one out of the VMM, and shows that of the session, before it answers', async () => {
    bench.device.verify(attachment('window'));
    await bench.run(createBlob(1), mapBlob(1));
    const another = createMemfd('another', WINDOW_SIZE);
    const file = fileIdentity(another.number);
    bench.channel.reply = (kind) => {
      expect(bench.queue.names, kind).not.toContain('OK_MAP_INFO');
      return null;
    };
    deliver(another);
    await turns();

    expect(bench.channel.log).toEqual([`unmap ${WHOLE}`, `map ${WHOLE}`]);
    expect(bench.channel.held.map((fd) => fileIdentity(fd.number))).toEqual([file]);
    expect(bench.queue.names).toEqual(['OK_NODATA', 'OK_MAP_INFO']);
    expect(bench.kept).toEqual([file]);
  });

  it('hands its window to a broker that has lost it, and answers maps when that has taken it', async () => {
    const wanted = { ...attachment('window'), window: null, windowWanted: handle(0, WINDOW_SIZE) };
    // It may not be that of the session: then it is asked for again, and nothing is answered.
    bench.device.verify(wanted);
    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual([]);
    expect(bench.session.attachedAgain).toEqual([wanted.windowWanted]);

    const given: number[] = [];
    let take: () => void = () => {};
    bench.give = (_, fd) => {
      given.push(Number(fileIdentity(fd).ino));
      return new Promise((resolve) => {
        take = resolve;
      });
    };
    bench.device.verify(wanted);
    await turns();
    expect([given, bench.queue.names]).toEqual([[Number(fileIdentity(bench.window.number).ino)], []]);
    take();
    await turns();
    expect(bench.queue.names).toEqual(['OK_NODATA', 'OK_MAP_INFO']);
    expect([bench.channel.log, bench.fetched]).toEqual([[], []]);
  });

  it('asks once: a session that goes on again has the same window', async () => {
    bench.device.verify(attachment('window'));
    deliver(duplicate(bench.window.number));
    await turns();
    bench.device.verify(attachment('window'));

    expect(bench.fetched).toHaveLength(1);
    expect(await bench.run(mapBlob(1))).toEqual(['OK_MAP_INFO']);
  });
});

/** A file that could grow or shrink under the guest. */
async function unsealed(size: number): Promise<Fd> {
  const directory = await mkdtemp(join(tmpdir(), 'barkeep-unsealed-'));
  const file = await open(join(directory, 'window'), 'w+');
  try {
    await file.truncate(size);
    return duplicate(file.fd);
  } finally {
    await file.close();
    await rm(directory, { recursive: true });
  }
}
