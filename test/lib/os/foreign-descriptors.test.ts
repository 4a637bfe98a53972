import { afterEach, describe, expect, it } from 'vitest';
import { createEventfd, isEventfd, signalEventfd } from '../../../services/lib/os/eventfd.ts';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../services/lib/os/memory.ts';
import { Poller } from '../../../services/lib/os/poll.ts';
import { adoptSocket, setNonBlocking, socketPair } from '../../../services/lib/os/socket.ts';
import { ERRNO } from '../../../services/lib/os/system-error.ts';
import { turns, until } from '../../support/until.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function owned(fd: Fd): Fd {
  cleanups.push(() => fd.close());
  return fd;
}

describe('descriptors that came from elsewhere', () => {
  it('are told apart as sockets', () => {
    const [one, two] = socketPair('seqpacket');
    owned(one);
    owned(two);
    const file = owned(createMemfd('file', 4096));
    expect(adoptSocket(one.number)).toEqual({ type: 'seqpacket', listening: false });
    expect(() => adoptSocket(file.number)).toThrow(expect.objectContaining({ errno: ERRNO.ENOTSOCK }));
    expect(() => adoptSocket(9999)).toThrow(expect.objectContaining({ errno: ERRNO.EBADF }));
    expect(() => setNonBlocking(9999)).toThrow(expect.objectContaining({ errno: ERRNO.EBADF }));
  });

  it('are told apart as eventfds', () => {
    const [one, two] = socketPair('stream');
    owned(one);
    owned(two);
    expect(isEventfd(owned(createEventfd()).number)).toBe(true);
    expect(isEventfd(one.number)).toBe(false);
  });

  it('are watched only when they can be: koffi would abort the process', () => {
    const file = owned(createMemfd('file', 4096));
    const watch = () => new Poller(file.number, () => {});
    expect(watch).toThrow(expect.objectContaining({ errno: ERRNO.EPERM }));
  });
});

describe('Poller', () => {
  it('can leave its descriptor alone for a while', async () => {
    const fd = owned(createEventfd());
    let events = 0;
    const poller = new Poller(fd.number, () => {
      events += 1;
    });
    cleanups.push(() => poller.close());
    poller.wantReadable(false);
    signalEventfd(fd.number);
    await turns();
    expect(events).toBe(0);
    poller.wantReadable(true);
    await until('it is told', () => events > 0);
  });
});
