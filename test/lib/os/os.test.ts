import { execFileSync } from 'node:child_process';
import { fstatSync, ftruncateSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createEventfd, drainEventfd, signalEventfd } from '../../../services/lib/os/eventfd.ts';
import { closeAll, Fd } from '../../../services/lib/os/fd.ts';
import { isMarkedElsewhere, mark, tryLock } from '../../../services/lib/os/lock.ts';
import {
  accessMode,
  checkedPage,
  createMemfd,
  duplicate,
  FIXED_SIZE_SEALS,
  getSeals,
  Mapping,
  nextData,
  PAGE_SIZE,
  populate,
  populateAsync,
  punchHole,
  punchHoleAsync,
} from '../../../services/lib/os/memory.ts';
import { Poller } from '../../../services/lib/os/poll.ts';
import {
  accept,
  connect,
  listen,
  peerCredentials,
  receive,
  send,
  socketPair,
} from '../../../services/lib/os/socket.ts';
import { SystemError } from '../../../services/lib/os/system-error.ts';

const MIB = 1024 * 1024;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function memfd(size: number): Fd {
  const fd = createMemfd('test', size);
  cleanups.push(() => fd.close());
  return fd;
}

function openFds(): number {
  return readdirSync('/proc/self/fd').length;
}

describe("the host's page", () => {
  it('is what the host says', () => {
    expect(PAGE_SIZE).toBe(Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })));
  });

  it.each([4096, 16_384, 65_536])('may have %i bytes', (bytes) => {
    expect(checkedPage(bytes)).toBe(bytes);
  });

  it.each([0, -1, 2048, 8192, 2 ** 21])('of %i bytes is told in words', (bytes) => {
    expect(() => checkedPage(bytes)).toThrow(`the host's page is ${bytes} bytes (sysconf _SC_PAGESIZE)`);
  });
});

describe('memfd', () => {
  it('is sealed against a change of its size', () => {
    const fd = memfd(MIB);
    expect(getSeals(fd.number)).toBe(FIXED_SIZE_SEALS);
    expect(accessMode(fd.number)).toBe('read-write');
    expect(fstatSync(fd.number).size).toBe(MIB);
  });

  it('reads zero again after a hole was punched, in mappings too', async () => {
    const fd = memfd(MIB);
    const mapping = Mapping.ofFile(fd.number, 0, MIB);
    cleanups.push(() => mapping.close());
    mapping.bytes(0, MIB).fill(7);
    punchHole(fd.number, PAGE_SIZE, PAGE_SIZE);
    await punchHoleAsync(fd.number, 4 * PAGE_SIZE, PAGE_SIZE);
    expect(nextData(fd.number, PAGE_SIZE, MIB)).toEqual({ offset: 2 * PAGE_SIZE, length: 2 * PAGE_SIZE });
    expect(mapping.bytes(PAGE_SIZE - 1, 2)).toEqual(new Uint8Array([7, 0]));
    expect(mapping.bytes(4 * PAGE_SIZE, 1)[0]).toBe(0);
  });

  it('shows only pages that were touched as data', () => {
    const fd = memfd(MIB);
    const mapping = Mapping.ofFile(fd.number, 0, MIB);
    cleanups.push(() => mapping.close());
    expect(nextData(fd.number, 0, MIB)).toBeNull();
    mapping.bytes(8 * PAGE_SIZE, 1)[0] = 1;
    expect(nextData(fd.number, 0, MIB)).toEqual({ offset: 8 * PAGE_SIZE, length: PAGE_SIZE });
    expect(nextData(fd.number, 9 * PAGE_SIZE, MIB)).toBeNull();
  });

  it('has pages that nobody touched after populate()', async () => {
    const fd = memfd(MIB);
    populate(fd.number, 0, 4 * PAGE_SIZE);
    await populateAsync(fd.number, 8 * PAGE_SIZE, PAGE_SIZE);
    expect(fstatSync(fd.number).blocks * 512).toBe(5 * PAGE_SIZE);
  });

  it('is seen by a second mapping, above 4 GiB too', () => {
    const size = 6 * 1024 ** 3;
    const fd = memfd(size);
    const one = Mapping.ofFile(fd.number, 0, size);
    const two = Mapping.ofFile(fd.number, size - 2 * PAGE_SIZE, 2 * PAGE_SIZE);
    cleanups.push(
      () => one.close(),
      () => two.close(),
    );
    one.bytes(size - PAGE_SIZE, 4).set([1, 2, 3, 4]);
    expect([...two.bytes(PAGE_SIZE, 4)]).toEqual([1, 2, 3, 4]);
    one.bytes(1024 ** 3 - 2, 4).set([9, 9, 9, 9]);
    expect([...one.bytes(1024 ** 3, 2)]).toEqual([9, 9]);
    expect(() => one.bytes(size - 2, 4)).toThrow(RangeError);
    expect(() => one.bytes(-1, 4)).toThrow(RangeError);
  });

  it('says what was asked when a call fails', () => {
    expect(() => Mapping.ofFile(9999, 0, PAGE_SIZE)).toThrow(
      'map 4096 bytes at 0 of descriptor 9999: mmap failed with EBADF',
    );
    expect(() => punchHole(9999, 0, PAGE_SIZE)).toThrow(SystemError);
  });
});

describe('Fd', () => {
  it('closes once and refuses to be used afterwards', () => {
    const before = openFds();
    const fd = createMemfd('test', PAGE_SIZE);
    const copy = duplicate(fd.number);
    fd.close();
    fd.close();
    copy.close();
    expect(() => fd.number).toThrow('closed or given away');
    expect(openFds()).toBe(before);
  });
});

describe('sockets', () => {
  it('carry descriptors and bytes together', () => {
    const [a, b] = socketPair('stream');
    const fd = memfd(PAGE_SIZE);
    cleanups.push(() => closeAll([a, b]));
    expect(send(a.number, Buffer.from('hello'), [fd.number, fd.number])).toBe(5);
    const message = receive(b.number, 100);
    cleanups.push(() => closeAll(message?.fds ?? []));
    expect(message?.data.toString()).toBe('hello');
    expect(message?.fds.map((item) => fstatSync(item.number).ino)).toEqual(
      Array(2).fill(fstatSync(fd.number).ino),
    );
    expect(message?.truncated).toBe(false);
    expect(receive(b.number, 100)).toBeNull();
  });

  it('give an empty message when the peer is gone, and EPIPE to who writes', () => {
    const [a, b] = socketPair('stream');
    cleanups.push(() => closeAll([a, b]));
    b.close();
    expect(receive(a.number, 10)?.data.length).toBe(0);
    expect(() => send(a.number, Buffer.from('x'))).toThrow('EPIPE');
  });

  it('say when a seqpacket message did not fit', () => {
    const [a, b] = socketPair('seqpacket');
    cleanups.push(() => closeAll([a, b]));
    send(a.number, Buffer.alloc(33));
    expect(receive(b.number, 32)?.truncated).toBe(true);
  });

  it('listen, accept and know the peer', () => {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-os-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 's');
    const listener = listen(path, 'seqpacket');
    const client = connect(path, 'seqpacket');
    const server = accept(listener.number) as Fd;
    cleanups.push(() => closeAll([listener, client, server]));
    expect(statSync(path).isSocket()).toBe(true);
    expect(accept(listener.number)).toBeNull();
    expect(peerCredentials(server.number)).toEqual({
      pid: process.pid,
      uid: process.getuid?.(),
      gid: process.getgid?.(),
    });
    expect(() => listen(path, 'stream')).toThrow(`listen on ${path}: bind failed with EADDRINUSE`);
    expect(() => connect(join(directory, 'none'), 'stream')).toThrow('ENOENT');
    expect(() => connect(`/${'x'.repeat(200)}`, 'stream')).toThrow('107 is the most');
  });
});

describe('eventfd and Poller', () => {
  it('wake a callback, and promises made in it go on', async () => {
    const fd = createEventfd();
    const woken = new Promise<boolean>((resolve) => {
      const poller = new Poller(fd.number, () => {
        const drained = drainEventfd(fd.number);
        poller.close();
        Promise.resolve().then(() => resolve(drained));
      });
    });
    signalEventfd(fd.number);
    expect(await woken).toBe(true);
    expect(drainEventfd(fd.number)).toBe(false);
    fd.close();
    expect(() => signalEventfd(9999)).toThrow('EBADF');
  });
});

describe('tryLock', () => {
  it('has one owner, and goes with the descriptor', () => {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-os-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const one = new Fd(openSync(join(directory, 'lock'), 'w'));
    const two = new Fd(openSync(join(directory, 'lock'), 'w'));
    expect(tryLock(one.number)).toBe(true);
    expect(tryLock(two.number)).toBe(false);
    one.close();
    expect(tryLock(two.number)).toBe(true);
    two.close();
  });
});

describe('mark', () => {
  it('goes with the last duplicate and the last mapping, and does not hinder others', () => {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-os-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const open = () => new Fd(openSync(join(directory, 'marked'), 'a+'));
    const [one, two] = [open(), open()];
    ftruncateSync(one.number, PAGE_SIZE);
    mark(one.number);
    const seen = [isMarkedElsewhere(one.number), isMarkedElsewhere(two.number), tryLock(two.number)];
    const other = duplicate(one.number);
    one.close();
    seen.push(isMarkedElsewhere(two.number));
    const mapping = Mapping.ofFile(other.number, 0, PAGE_SIZE);
    other.close();
    seen.push(isMarkedElsewhere(two.number));
    mapping.close();
    seen.push(isMarkedElsewhere(two.number));
    expect(seen).toEqual([false, true, true, true, true, false]);
    mark(two.number);
    two.close();
  });
});
