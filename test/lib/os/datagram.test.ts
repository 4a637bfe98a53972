// Datagram sockets, their senders' credentials, and what a process can know of its own descriptors.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bindDatagram, connectDatagram } from '../../../services/lib/os/datagram.ts';
import { isCloseOnExec, isSameOpenFile, setCloseOnExec } from '../../../services/lib/os/descriptor.ts';
import { createEventfd } from '../../../services/lib/os/eventfd.ts';
import { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, duplicate } from '../../../services/lib/os/memory.ts';
import { reapOrphans } from '../../../services/lib/os/reap.ts';
import { receive, send } from '../../../services/lib/os/socket.ts';

let directory: string;
let open: Fd[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-datagram-'));
  open = [];
});
afterEach(() => {
  for (const fd of open) fd.close();
  rmSync(directory, { recursive: true, force: true });
});

function owned(fd: Fd): number {
  open.push(fd);
  return fd.number;
}

const self = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };

describe('datagrams', () => {
  test.each([
    ['a path', () => join(directory, 'socket')],
    ['an abstract address', () => `@barkeep-test-${process.pid}`],
  ])('at %s come with descriptors and their sender', (_, address) => {
    const receiver = owned(bindDatagram(address()));
    const sender = owned(connectDatagram(address(), 1000));
    const file = owned(createMemfd('file', 4096));
    expect(send(sender, Buffer.from('one'), [file, file])).toBe(3);
    expect(send(sender, Buffer.from('two'))).toBe(3);
    const first = receive(receiver, 100);
    const second = receive(receiver, 100);
    for (const fd of first?.fds ?? []) owned(fd);
    expect(first).toMatchObject({ data: Buffer.from('one'), truncated: false, sender: self });
    expect(first?.fds.map(({ number }) => isSameOpenFile(number, file))).toEqual([true, true]);
    expect(second).toMatchObject({ data: Buffer.from('two'), fds: [], sender: self });
    expect(receive(receiver, 100)).toBeNull();
  });

  test('an abstract address leaves no file, and goes with its socket', () => {
    const address = `@${directory}/abstract`;
    bindDatagram(address).close();
    expect(() => statSync(join(directory, 'abstract'))).toThrow('ENOENT');
    expect(() => connectDatagram(address, 10)).toThrow('ECONNREFUSED');
  });

  test('253 descriptors fit beside the credentials', () => {
    const address = `@barkeep-test-${process.pid}`;
    const receiver = owned(bindDatagram(address));
    const file = owned(createMemfd('file', 4096));
    send(owned(connectDatagram(address, 1000)), Buffer.from('x'), Array(253).fill(file));
    const received = receive(receiver, 10);
    for (const fd of received?.fds ?? []) owned(fd);
    expect([received?.fds.length, received?.truncated, received?.sender]).toEqual([253, false, self]);
  });

  test('a receiver that does not read is waited for, and not for ever', () => {
    const address = `@barkeep-test-${process.pid}`;
    owned(bindDatagram(address));
    const sender = owned(connectDatagram(address, 50));
    const start = performance.now();
    while (send(sender, Buffer.from('x')) > 0);
    expect(performance.now() - start).toBeGreaterThan(45);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('an address that is too long is refused with its length', () => {
    expect(() => bindDatagram(`@${'x'.repeat(108)}`)).toThrow('108 bytes; 107 is the most');
    expect(() => bindDatagram('x'.repeat(108))).toThrow('108 bytes; 107 is the most');
  });
});

describe('descriptors', () => {
  test('are close-on-exec or not', () => {
    const fd = owned(createEventfd());
    expect(isCloseOnExec(fd)).toBe(true);
    setCloseOnExec(fd, false);
    expect(isCloseOnExec(fd)).toBe(false);
    expect(() => setCloseOnExec(9999, true)).toThrow('EBADF');
    expect(() => isCloseOnExec(9999)).toThrow('EBADF');
  });

  test('are told apart by their open file, not by the file', () => {
    const one = owned(createMemfd('one', 4096));
    const reopened = owned(new Fd(openSync(`/proc/self/fd/${one}`, 'r+')));
    expect(isSameOpenFile(one, owned(duplicate(one)))).toBe(true);
    expect(isSameOpenFile(one, reopened)).toBe(false);
    expect(isSameOpenFile(owned(createEventfd()), owned(createEventfd()))).toBe(false);
  });
});

describe('orphans', () => {
  test('that are known are left to Node', async () => {
    const child = spawn('true', { stdio: 'ignore' });
    const ended = once(child, 'exit');
    const known = new Set([child.pid ?? 0]);
    expect(reapOrphans(known)).toBe(0);
    expect(await ended).toEqual([0, null]);
  });
});
