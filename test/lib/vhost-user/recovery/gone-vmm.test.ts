// A VMM that is gone with bytes on their way, in either direction, on either channel: with it goes everything that belonged to its connection,
// and the next VMM finds nothing of it, neither in the same process nor in a successor.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEventfd } from '../../../../services/lib/os/eventfd.ts';
import { closeAll, type Fd } from '../../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../../services/lib/os/memory.ts';
import { connect, send, socketPair } from '../../../../services/lib/os/socket.ts';
import type { WindowMapping } from '../../../../services/lib/vhost-user/backend-channel.ts';
import {
  type BackendServer,
  startBackendServer,
} from '../../../../services/lib/vhost-user/backend-server.ts';
import {
  BACKEND_REQUESTS,
  encodeFrontendRequest,
  encodeStatus,
} from '../../../../services/lib/wire/vhost-user.ts';
import { until } from '../../../support/until.ts';
import { TestHolder } from '../../runtime/test-holder.ts';
import {
  Driver,
  MIB,
  negotiate,
  openFds,
  Ram,
  RawVmm,
  recordingLog,
  TestDevice,
  VmmQueue,
} from '../fixtures.ts';

const PAGE = 4096;

let directory: string;
let path: string;
let store: TestHolder;
let device: TestDevice;
let log: ReturnType<typeof recordingLog>;
let server: BackendServer;
let ram: Ram;
let blob: Fd;
let cleanups: { close(): void }[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-gone-'));
  path = join(directory, 'gpu.sock');
  store = new TestHolder();
  ram = new Ram(4 * MIB);
  blob = createMemfd('blob', MIB);
  cleanups = [];
  await start();
});

afterEach(() => {
  for (const one of cleanups) one.close();
  server.close();
  store.close();
  ram.close();
  blob.close();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  device = new TestDevice();
  log = recordingLog();
  server = await startBackendServer({ device, log, listen: { path }, store });
}

/** One process leaves, the next one goes on. */
async function change(): Promise<void> {
  server.leave();
  store.giveBack();
  await start();
}

function connected(): RawVmm {
  const vmm = new RawVmm(connect(path, 'stream'));
  cleanups.push(vmm);
  return vmm;
}

async function withChannel(): Promise<{ vmm: RawVmm; channel: RawVmm }> {
  const vmm = connected();
  const channel = new RawVmm(await negotiate(vmm, [ram]));
  cleanups.push(channel);
  return { vmm, channel };
}

function page(index: number): WindowMapping {
  return { shmid: 1, fdOffset: 0, shmOffset: index * PAGE, length: PAGE, writable: true, fd: blob };
}

function pages(count: number): WindowMapping[] {
  return Array.from({ length: count }, (_, index) => page(index));
}

/** Answers requests on the back-end channel, barriers with failure; what they were. */
async function answer(channel: RawVmm, count: number): Promise<number[]> {
  const requests: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const { header, fds } = await channel.next();
    closeAll(fds);
    const isBarrier = header.request === BACKEND_REQUESTS.SHARED_OBJECT_REMOVE.number;
    channel.sendBytes(encodeStatus(header.request, isBarrier ? 1 : 0));
    requests.push(header.request);
  }
  return requests;
}

/** Memory is mapped and unmapped; every answer is the one to its request. */
async function expectMapping(channel: RawVmm): Promise<void> {
  const mapped = device.session.channel?.shmemMapAll(pages(2));
  expect(await answer(channel, 3)).toEqual([9, 9, 7]);
  expect(await mapped).toEqual([null, null]);
  const unmapped = device.session.channel?.shmemUnmapAll(pages(2));
  expect(await answer(channel, 3)).toEqual([10, 10, 7]);
  expect(await unmapped).toEqual([null, null]);
}

/** A whole VMM is served from its first request on. */
async function expectService(): Promise<void> {
  const { vmm, channel } = await withChannel();
  expect(await device.session.channel?.inherited()).toEqual([]);
  await expectMapping(channel);
  const queue = new VmmQueue(0, new Driver(ram, 16, 65536));
  cleanups.push(queue);
  await queue.start(vmm, 0);
  queue.driver.describe(0, { addr: MIB, len: 24 });
  queue.driver.offer(0);
  queue.ring();
  const chain = await until('the chain is popped', () => device.session.chains[0]);
  device.session.queues[0]?.pushAll([{ chain, reply: null }]);
  expect(queue.driver.takeUsed()).toEqual([{ id: 0, len: 0 }]);
  expect(await vmm.get('GET_QUEUE_NUM', null)).toBe(2);
  channel.close();
  vmm.close();
  await gone();
  ram.bytes(0, 4 * MIB).fill(0);
}

async function gone(): Promise<void> {
  await until('the back-end has seen the end of its VMM', () => !server.connected);
}

/** Sends until the back-end does not read any more, because nobody reads what it answers. */
async function block(vmm: RawVmm, request: Buffer): Promise<void> {
  let taken = 0;
  let count = 0;
  await until('the back-end stops reading', () => {
    const before = taken;
    while (send(vmm.socket.number, request) === request.length) taken += 1;
    count = taken === before ? count + 1 : 0;
    return count > 3;
  });
}

/** Asks for memory until the channel's socket is full, and then for more. */
async function fillChannel(vmm: RawVmm): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    void device.session.channel?.shmemMapAll(pages(200));
    void device.session.channel?.shmemUnmapAll(pages(200));
    await vmm.get('GET_QUEUE_NUM', null);
  }
  // More than the socket holds.
  expect(device.session.channel?.pending).toBeGreaterThan(1000);
}

/** What a VMM does last. It is gone, sockets and all, when this returns and the loop has not turned since. */
const LAST_ACTS: Record<string, () => Promise<void>> = {
  'a request whose reply it does not read': async () => {
    const vmm = connected();
    vmm.send('GET_FEATURES', null);
    vmm.close();
  },
  'a reply that lies in its socket': async () => {
    const vmm = connected();
    vmm.send('GET_FEATURES', null);
    await until('the reply is there', () => device.sessions.length > 0);
    vmm.close();
  },
  'more replies than its socket holds': async () => {
    const vmm = connected();
    await vmm.get('GET_FEATURES', null);
    vmm.send('SET_PROTOCOL_FEATURES', device.protocolFeatures);
    await block(vmm, encodeFrontendRequest('GET_SHMEM_CONFIG', null));
    vmm.close();
  },
  'more requests than are read at once': async () => {
    const vmm = connected();
    await vmm.get('GET_FEATURES', null);
    for (let count = 0; count < 200; count += 1) vmm.send('SET_OWNER', null);
    vmm.close();
  },
  'a part of a header': async () => {
    const vmm = connected();
    vmm.sendBytes(encodeFrontendRequest('SET_FEATURES', 1n).subarray(0, 7));
    vmm.close();
  },
  'a part of a payload': async () => {
    const { vmm, channel } = await withChannel();
    vmm.sendBytes(encodeFrontendRequest('SET_FEATURES', 1n).subarray(0, 15));
    channel.close();
    vmm.close();
  },
  'a part of a request, with its descriptor': async () => {
    const vmm = connected();
    const fd = createEventfd();
    await vmm.get('GET_FEATURES', null);
    vmm.sendBytes(encodeFrontendRequest('SET_VRING_CALL', { index: 0, noFd: false }).subarray(0, 13), [fd]);
    fd.close();
    vmm.close();
  },
  'requests of this side that it does not answer': async () => {
    const { vmm, channel } = await withChannel();
    void device.session.channel?.shmemMapAll(pages(3));
    void device.session.channel?.shmemUnmapAll(pages(3));
    channel.close();
    vmm.close();
  },
  'requests of this side, of which it answers some': async () => {
    const { vmm, channel } = await withChannel();
    void device.session.channel?.shmemMapAll(pages(3));
    await answer(channel, 2);
    channel.close();
    vmm.close();
  },
  'a part of an answer': async () => {
    const { vmm, channel } = await withChannel();
    void device.session.channel?.shmemMapAll(pages(2));
    await answer(channel, 1);
    const { header, fds } = await channel.next();
    closeAll(fds);
    channel.sendBytes(encodeStatus(header.request, 0).subarray(0, 14));
    channel.close();
    vmm.close();
  },
  'a channel that is closed before its own end': async () => {
    const { vmm, channel } = await withChannel();
    void device.session.channel?.shmemMapAll(pages(2));
    await answer(channel, 3);
    channel.close();
    void device.session.channel?.shmemUnmapAll(pages(2));
    await vmm.get('GET_QUEUE_NUM', null);
    vmm.close();
  },
  'a channel that is full': async () => {
    const { vmm, channel } = await withChannel();
    await fillChannel(vmm);
    channel.close();
    vmm.close();
  },
  'a queue that it stops while the device is at work': async () => {
    const { vmm, channel } = await withChannel();
    const queue = new VmmQueue(0, new Driver(ram, 16, 65536));
    cleanups.push(queue);
    await queue.start(vmm, 0);
    queue.driver.describe(0, { addr: MIB, len: 24 });
    queue.driver.offer(0);
    queue.ring();
    await until('the chain is popped', () => device.session.chains.length === 1);
    vmm.send('GET_VRING_BASE', { index: 0, value: 0 });
    vmm.send('GET_FEATURES', null);
    channel.close();
    await until('the request was read', () => server.connected);
    vmm.close();
    ram.bytes(0, 4 * MIB).fill(0);
  },
};

describe.each(Object.keys(LAST_ACTS))('after %s', (what) => {
  const act = async (): Promise<void> => await LAST_ACTS[what]?.();

  it('the next VMM is served as the first one', async () => {
    await act();
    await gone();
    await expectService();
    await expectService();
  });

  it('the next VMM is served as the first one although nobody has seen the end of the last', async () => {
    await act();
    await expectService();
    expect(log.text()).not.toMatch(/turned away/);
  });

  it('the next VMM of a successor is served as the first one', async () => {
    await act();
    await gone();
    await change();
    await expectService();
  });

  it('a successor that has to find out itself serves the next VMM as the first one', async () => {
    await act();
    await change();
    await expectService();
    await change();
    await expectService();
  });

  it('nothing is left in the store or open here', async () => {
    await expectService();
    const before = openFds();
    await act();
    await gone();
    for (const one of cleanups.splice(0)) one.close();
    expect(store.names).toEqual(['vu.listener', 'vu.replies', 'vu.requests', 'vu.state']);
    expect(openFds()).toBeLessThanOrEqual(before);
    // Of a message that was cut off in the middle the log may say more.
    if (!what.startsWith('a part')) expect(log.text()).not.toMatch(/^error/m);
  });
});

describe('a channel that takes the place of another one of the same VMM', () => {
  it.each([
    ['with requests on their way', async (_: RawVmm) => void device.session.channel?.shmemMapAll(pages(3))],
    ['that is full', (vmm: RawVmm) => fillChannel(vmm)],
  ])('%s begins with nothing', async (_, fill) => {
    const { vmm } = await withChannel();
    await fill(vmm);
    const [mine, theirs] = socketPair('stream');
    expect(await vmm.ask('SET_BACKEND_REQ_FD', null, [theirs])).toBe(0);
    theirs.close();
    const second = new RawVmm(mine);
    cleanups.push(second);
    await expectMapping(second);
    await change();
    await expectMapping(second);
  });
});
