import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, type Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../services/lib/os/memory.ts';
import { socketPair } from '../../../services/lib/os/socket.ts';
import { BackendChannel, type WindowRange } from '../../../services/lib/vhost-user/backend-channel.ts';
import { fileIdentity } from '../../../services/lib/vhost-user/guest-memory.ts';
import {
  type BackendMessage,
  decodeBackendRequest,
  encodeMessage,
  encodeStatus,
} from '../../../services/lib/wire/vhost-user.ts';
import { standStill } from '../../support/stand-still.ts';
import { pace, turns, until } from '../../support/until.ts';
import { openFds, RawVmm, recordingLog } from './fixtures.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

const range: WindowRange = { shmid: 1, fdOffset: 4096, shmOffset: 8192, length: 4096, writable: true };

class Peer {
  readonly vmm: RawVmm;
  readonly channel: BackendChannel;
  readonly log = recordingLog();

  constructor(timeoutMs = 5000) {
    const [mine, theirs] = socketPair('stream');
    this.vmm = new RawVmm(mine);
    this.channel = new BackendChannel(theirs, { log: this.log, timeoutMs });
    cleanups.push(() => {
      this.channel.close();
      this.vmm.close();
    });
  }

  async next(): Promise<{ message: BackendMessage; needReply: boolean; fds: Fd[] }> {
    const { header, payload, fds } = await this.vmm.next();
    const message = decodeBackendRequest(header.request, payload, fds.length) as BackendMessage;
    return { message, needReply: header.needReply, fds };
  }

  answer(request: number, status: number): void {
    this.vmm.sendBytes(encodeStatus(request, status));
  }
}

function memfd(): Fd {
  const fd = createMemfd('blob', 65536);
  cleanups.push(() => fd.close());
  return fd;
}

/** Whether a promise has settled by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  await turns();
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe('back-end channel', () => {
  it('maps only when acknowledgement and barrier were answered', async () => {
    const peer = new Peer();
    const fd = memfd();
    const mapping = peer.channel.shmemMap({ ...range, fd });

    const map = await peer.next();
    expect(map.message).toEqual({ name: 'SHMEM_MAP', body: range });
    expect(map.needReply).toBe(true);
    expect(fileIdentity(map.fds[0]?.number as number)).toEqual(fileIdentity(fd.number));
    closeAll(map.fds);
    const barrier = await peer.next();
    expect(barrier.message.name).toBe('SHARED_OBJECT_REMOVE');
    expect(barrier.needReply).toBe(true);

    peer.answer(9, 0);
    expect(await settled(mapping)).toBe(false);
    peer.answer(7, 1);
    await mapping;
    expect(peer.channel.pending).toBe(0);
  });

  it('unmaps with the same range and without a descriptor', async () => {
    const peer = new Peer();
    const unmapping = peer.channel.shmemUnmap(range);
    expect((await peer.next()).message).toEqual({ name: 'SHMEM_UNMAP', body: range });
    expect((await peer.next()).message.name).toBe('SHARED_OBJECT_REMOVE');
    peer.answer(10, 0);
    peer.answer(7, 1);
    await unmapping;
  });

  it('sends a batch with one barrier and reports each result', async () => {
    const peer = new Peer();
    const fd = memfd();
    const results = peer.channel.shmemMapAll(
      [0, 1, 2].map((index) => ({ ...range, shmOffset: index * 4096, fd })),
    );
    const names: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      const { message, fds } = await peer.next();
      names.push(message.name);
      closeAll(fds);
    }
    expect(names).toEqual(['SHMEM_MAP', 'SHMEM_MAP', 'SHMEM_MAP', 'SHARED_OBJECT_REMOVE']);
    peer.answer(9, 0);
    peer.answer(9, 1);
    peer.answer(9, 0);
    peer.answer(7, 1);
    expect((await results).map((result) => result?.code ?? 'ok')).toEqual(['ok', 'REFUSED', 'ok']);
    expect(await peer.channel.shmemMapAll([])).toEqual([]);
  });

  it('pipelines: a second request does not wait for the first one', async () => {
    const peer = new Peer();
    const fd = memfd();
    const first = peer.channel.shmemMap({ ...range, fd });
    const second = peer.channel.shmemUnmap(range);
    const seen: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      const { message, fds } = await peer.next();
      seen.push(message.name);
      closeAll(fds);
    }
    expect(seen).toEqual(['SHMEM_MAP', 'SHARED_OBJECT_REMOVE', 'SHMEM_UNMAP', 'SHARED_OBJECT_REMOVE']);
    peer.answer(9, 0);
    peer.answer(7, 1);
    await first;
    expect(await settled(second)).toBe(false);
    peer.answer(10, 1);
    peer.answer(7, 1);
    await expect(second).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('lets the descriptor be closed as soon as the call returned, even when the socket is full', async () => {
    const peer = new Peer();
    const fd = createMemfd('blob', 65536);
    const identity = fileIdentity(fd.number);
    const batches = Array.from({ length: 600 }, () => peer.channel.shmemMap({ ...range, fd }));
    fd.close();
    const inodes = new Set<bigint>();
    for (let index = 0; index < 1200; index += 1) {
      const { message, fds } = await peer.next();
      for (const received of fds) inodes.add(fileIdentity(received.number).ino);
      closeAll(fds);
      peer.answer(message.name === 'SHMEM_MAP' ? 9 : 7, 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(batches);
    expect([...inodes]).toEqual([identity.ino]);
  });

  it('gives up after its time-out, and takes a mapping that comes later away again', async () => {
    const peer = new Peer(30);
    const fd = memfd();
    await expect(peer.channel.shmemMap({ ...range, fd })).rejects.toMatchObject({ code: 'TIMEOUT' });
    closeAll((await peer.next()).fds);
    await peer.next();
    peer.answer(9, 0);
    const undo = await peer.next();
    expect(undo.message).toEqual({ name: 'SHMEM_UNMAP', body: { ...range, fd: undefined } });
    expect(peer.channel.closed).toBe(false);
  });

  it('takes an answer that came while this process stood still', async () => {
    const peer = new Peer(100);
    const mapping = peer.channel.shmemMap({ ...range, fd: memfd() });
    peer.answer(9, 0);
    peer.answer(7, 1);
    standStill(300);

    await mapping;
    expect(peer.log.lines).toEqual([]);
  });

  it('waits for a VMM that is slow for as long as it goes on answering', async () => {
    // So far from each answer's pace that a busy machine does not reach it, and not so far as all of them together.
    const limit = 1000;
    const peer = new Peer(limit);
    const fd = memfd();
    const start = performance.now();
    const batch = peer.channel.shmemMapAll(
      [0, 1, 2, 3, 4].map((index) => ({ ...range, shmOffset: index * 4096, fd })),
    );
    for (let index = 0; index < 6; index += 1) {
      const { message, fds } = await peer.next();
      closeAll(fds);
      await pace(limit / 4);
      peer.answer(message.name === 'SHMEM_MAP' ? 9 : 7, 0);
    }

    expect(await batch).toEqual([null, null, null, null, null]);
    expect(performance.now() - start).toBeGreaterThan(limit);
  });

  it('gives up everything that is due, with one line, when an answer stays out in the middle of a batch', async () => {
    const peer = new Peer(60);
    const fd = memfd();
    const batch = peer.channel.shmemMapAll(
      [0, 1, 2].map((index) => ({ ...range, shmOffset: index * 4096, fd })),
    );
    closeAll((await peer.next()).fds);
    peer.answer(9, 0);

    expect((await batch).map((result) => result?.code ?? 'ok')).toEqual(['TIMEOUT', 'TIMEOUT', 'TIMEOUT']);
    expect(peer.log.text().match(/the VMM does not answer/g)).toHaveLength(1);
  });

  it('rejects everything pending when the VMM goes away, and what comes after', async () => {
    const peer = new Peer();
    const fd = memfd();
    const first = peer.channel.shmemMap({ ...range, fd });
    const second = peer.channel.shmemUnmap(range);
    const both = Promise.allSettled([first, second]);
    peer.vmm.close();
    expect((await both).map((result) => result.status)).toEqual(['rejected', 'rejected']);
    await expect(peer.channel.shmemUnmap(range)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(peer.channel.closed).toBe(true);
  });

  it.each<[string, Buffer]>([
    ['a reply to another request', encodeStatus(10, 0)],
    ['a request', encodeMessage(9, Buffer.alloc(8))],
    ['a reply of the wrong size', encodeMessage(9, Buffer.alloc(4), { reply: true })],
    [
      'a reply of another version',
      Buffer.concat([Buffer.from([9, 0, 0, 0, 6, 0, 0, 0, 8, 0, 0, 0]), Buffer.alloc(8)]),
    ],
    ['an enormous reply', Buffer.from([9, 0, 0, 0, 5, 0, 0, 0, 255, 255, 255, 255])],
  ])('is closed by %s, and rejects what is pending', async (_what, bytes) => {
    const peer = new Peer();
    const fd = memfd();
    const mapping = peer.channel.shmemMap({ ...range, fd });
    peer.vmm.sendBytes(bytes);
    await expect(mapping).rejects.toMatchObject({ code: 'BROKEN' });
    expect(peer.channel.closed).toBe(true);
  });

  it('is closed by an answer to nothing', async () => {
    const peer = new Peer();
    peer.answer(9, 0);
    await until('the channel is closed', () => peer.channel.closed);
    expect(peer.log.text()).toMatch(/nothing was due/);
  });

  it('closes descriptors that come with an answer', async () => {
    const peer = new Peer();
    const fd = memfd();
    const before = openFds();
    const mapping = peer.channel.shmemMap({ ...range, fd });
    peer.vmm.sendBytes(encodeStatus(9, 0), [fd, fd]);
    peer.vmm.sendBytes(encodeStatus(7, 1), [fd]);
    await mapping;
    // The descriptor that travelled to the peer was never read there.
    expect(openFds()).toBe(before);
  });
});
