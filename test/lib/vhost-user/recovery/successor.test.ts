// Successors within one process: the back-end leaves between any two bytes of its VMM, and another one goes on with what is in the store.
import { afterEach, describe, expect, it } from 'vitest';
import { createEventfd } from '../../../../services/lib/os/eventfd.ts';
import { closeAll, type Fd } from '../../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../../services/lib/os/memory.ts';
import { receive, socketPair } from '../../../../services/lib/os/socket.ts';
import {
  type BackendServer,
  startBackendServer,
} from '../../../../services/lib/vhost-user/backend-server.ts';
import { fileIdentity } from '../../../../services/lib/vhost-user/guest-memory.ts';
import { discardStored } from '../../../../services/lib/vhost-user/recovery/descriptor-store.ts';
import { encodeFrontendRequest, encodeStatus } from '../../../../services/lib/wire/vhost-user.ts';
import { turns, until } from '../../../support/until.ts';
import { TestHolder } from '../../runtime/test-holder.ts';
import {
  ALL_FEATURES,
  Driver,
  GIB,
  MIB,
  negotiate,
  openFds,
  Ram,
  RawVmm,
  recordingLog,
  TestDevice,
  VmmQueue,
} from '../fixtures.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

class Back {
  readonly store = new TestHolder();
  readonly log = recordingLog();
  device = new TestDevice();
  server: BackendServer | null = null;
  changes = 0;

  async start(socket: Fd): Promise<void> {
    this.server = await startBackendServer({
      device: this.device,
      log: this.log,
      listen: { fd: socket.release() },
      store: this.store,
    });
  }

  /** One process leaves, the next one goes on. Descriptor 0 is not the VMM's socket any more, and is left alone. */
  async change(): Promise<void> {
    this.server?.leave();
    this.store.giveBack();
    const { own } = this.device;
    this.device = new TestDevice();
    this.device.own = own;
    this.server = await startBackendServer({
      device: this.device,
      log: this.log,
      listen: { fd: 0 },
      store: this.store,
    });
    this.changes += 1;
  }
}

async function start(): Promise<{ back: Back; vmm: RawVmm }> {
  const [mine, theirs] = socketPair('stream');
  const back = new Back();
  const vmm = new RawVmm(mine);
  cleanups.push(() => {
    vmm.close();
    back.server?.close();
    back.store.close();
  });
  await back.start(theirs);
  return { back, vmm };
}

function ram(size = 4 * MIB): Ram {
  const made = new Ram(size);
  cleanups.push(() => made.close());
  return made;
}

describe('a successor', () => {
  it('goes on after every byte of a handshake, and every reply comes once', async () => {
    const { back, vmm } = await start();
    const messages: [Buffer, Fd[]][] = [
      [encodeFrontendRequest('GET_FEATURES', null), []],
      [encodeFrontendRequest('GET_PROTOCOL_FEATURES', null), []],
      [encodeFrontendRequest('SET_PROTOCOL_FEATURES', back.device.protocolFeatures), []],
      [encodeFrontendRequest('SET_FEATURES', ALL_FEATURES, { needReply: true }), []],
      [
        encodeFrontendRequest('SET_VRING_CALL', { index: 1, noFd: false }, { needReply: true }),
        [createEventfd()],
      ],
      [encodeFrontendRequest('GET_CONFIG', { offset: 0, flags: 0, data: Buffer.alloc(16) }), []],
    ];
    for (const [bytes, fds] of messages) {
      for (let at = 0; at < bytes.length; at += 1) {
        vmm.sendBytes(bytes.subarray(at, at + 1), at === 0 ? fds : []);
        await turns(2);
        await back.change();
      }
      closeAll(fds);
      await turns(2);
    }
    const requests: number[] = [];
    for (let count = 0; count < 5; count += 1) requests.push((await vmm.next()).header.request);
    expect(requests).toEqual([1, 15, 2, 13, 24]);
    await turns();
    expect(receive(vmm.socket.number, 1)).toBeNull();
    expect(back.changes).toBeGreaterThan(100);
  });

  it.each([
    0, 1, 2, 3, 5,
  ])('takes messages that came at once with descriptors one by one, %i turns of the loop later', async (later) => {
    const { back, vmm } = await start();
    const guest = ram();
    await negotiate(vmm, [guest]).then((fd) => cleanups.push(() => fd.close()));
    const queue = new VmmQueue(0, new Driver(guest, 16, 65536));
    cleanups.push(() => queue.close());
    const { index, driver } = queue;
    vmm.send('SET_VRING_NUM', { index, value: 16 });
    vmm.send('SET_VRING_BASE', { index, value: 0 });
    vmm.send('SET_VRING_ADDR', { index, flags: 0, log: 0, ...driver.setup });
    vmm.send('SET_VRING_KICK', { index, noFd: false }, [queue.kick]);
    vmm.send('SET_VRING_CALL', { index, noFd: false }, [queue.call]);
    vmm.send('SET_VRING_ERR', { index, noFd: false }, [queue.error]);
    await turns(later);
    await back.change();
    expect(await vmm.ask('SET_VRING_ENABLE', { index, value: 1 })).toBe(0);
    driver.describe(0, { addr: MIB, len: 24 });
    driver.offer(0);
    queue.ring();
    await until('the chain came', () => back.device.session.chains.length === 1);
    await back.change();
    // Popped, and not published: popped again.
    await until('the chain came', () => back.device.session.chains.length === 1);
    back.device.session.queues[0]?.pushAll([{ chain: back.device.session.chains[0]!, reply: null }]);
    expect(driver.takeUsed()).toEqual([{ id: 0, len: 0 }]);
    await back.change();
    await turns();
    expect(back.device.session.chains).toEqual([]);
    expect(queue.interrupted()).toBe(true);
  });

  it('sends the rest of replies that the VMM does not read, from a ring of bytes that went round many times', async () => {
    const { back, vmm } = await start();
    await negotiate(vmm, [ram()]).then((fd) => cleanups.push(() => fd.close()));
    const expected = await vmm.get('GET_SHMEM_CONFIG', null);
    // 200 replies of 2,068 bytes: a socket holds half of them, the outbox 31.
    for (let count = 0; count < 200; count += 1) vmm.send('GET_SHMEM_CONFIG', null);
    for (let round = 0; round < 10; round += 1) {
      await turns(2);
      await back.change();
    }
    for (let count = 0; count < 200; count += 1) {
      if (count % 40 === 0) await back.change();
      const { header, payload } = await vmm.next();
      expect(header.request).toBe(44);
      expect(payload.readBigUInt64LE(16)).toBe(BigInt(expected.get(1) ?? 0));
    }
    await turns();
    expect(receive(vmm.socket.number, 1)).toBeNull();
  });

  it("does not store the device's own memory, and knows it after a change", async () => {
    const { back, vmm } = await start();
    const guest = ram();
    const window = createMemfd('window', MIB);
    cleanups.push(() => window.close());
    back.device.own = [fileIdentity(window.number)];
    await negotiate(vmm, [guest]).then((fd) => cleanups.push(() => fd.close()));
    const before = back.store.puts;
    const region = { guestAddress: 32 * GIB, size: MIB, userAddress: 0x5000_0000, mmapOffset: 0 };
    vmm.send('ADD_MEM_REG', region, [window], { needReply: true });
    await turns(2);
    await back.change();
    expect((await vmm.next()).payload.readUInt32LE(0)).toBe(0);
    expect(back.store.puts).toBe(before);
    await back.change();
    expect(back.device.session.ownRegions.map(({ guestAddress }) => guestAddress)).toEqual([32 * GIB]);
    expect(await vmm.ask('REM_MEM_REG', region)).toBe(0);
    expect(back.device.session.ownRegions).toEqual([]);
  });

  it('keeps a descriptor that comes again and again under one name', async () => {
    const { back, vmm } = await start();
    await negotiate(vmm, [ram()]).then((fd) => cleanups.push(() => fd.close()));
    const call = createEventfd();
    cleanups.push(() => call.close());
    await vmm.ask('SET_VRING_CALL', { index: 0, noFd: false }, [call]);
    const { puts } = back.store;
    const { length: size } = back.store.names;
    for (let count = 0; count < 5; count += 1) {
      await vmm.ask('SET_VRING_CALL', { index: count % 2, noFd: false }, [call]);
      await vmm.ask('SET_VRING_ERR', { index: 0, noFd: false }, [call]);
    }
    expect(back.store.puts).toBe(puts);
    expect(back.store.names.length).toBe(size);
    // Gone from one place and needed in another: it stays.
    await vmm.ask('SET_VRING_CALL', { index: 0, noFd: true });
    await vmm.ask('SET_VRING_CALL', { index: 1, noFd: true });
    expect(back.store.names.length).toBe(size);
    await vmm.ask('SET_VRING_ERR', { index: 0, noFd: true });
    expect(back.store.names.length).toBe(size - 1);
  });

  it('takes nine descriptors with one message for what they are, and leaves none behind', async () => {
    const { back, vmm } = await start();
    await negotiate(vmm, [ram()]).then((fd) => cleanups.push(() => fd.close()));
    const nine = Array.from({ length: 9 }, () => createEventfd());
    cleanups.push(() => closeAll(nine));
    const before = openFds();
    vmm.send('SET_VRING_CALL', { index: 0, noFd: false }, nine, { needReply: true });
    await vmm.ended();
    expect(back.device.session.end?.message).toMatch(/9 descriptors came with it, 8 is the most/);
    expect(openFds()).toBeLessThan(before);
    expect(back.store.names).toEqual(['vu.replies', 'vu.requests', 'vu.state']);
  });

  it('takes eight regions although the next message brings a descriptor of its own', async () => {
    const { back, vmm } = await start();
    await negotiate(vmm, [ram()]).then((fd) => cleanups.push(() => fd.close()));
    const rams = Array.from(
      { length: 8 },
      (_, index) => new Ram(MIB, index * MIB, 0x7f00_0000_0000 + index * MIB),
    );
    cleanups.push(() => {
      for (const one of rams) one.close();
    });
    const call = createEventfd();
    cleanups.push(() => call.close());
    const table = encodeFrontendRequest(
      'SET_MEM_TABLE',
      rams.map(({ region }) => region),
      { needReply: true },
    );
    // Header and table in two writes, as some front-ends do it.
    vmm.sendBytes(
      table.subarray(0, 12),
      rams.map(({ fd }) => fd),
    );
    vmm.sendBytes(table.subarray(12));
    vmm.send('SET_VRING_CALL', { index: 0, noFd: false }, [call], { needReply: true });
    expect((await vmm.next()).payload.readUInt32LE(0)).toBe(0);
    expect((await vmm.next()).payload.readUInt32LE(0)).toBe(0);
    await back.change();
    expect(back.device.session.memory?.regionCount).toBe(8);
  });

  it('hears the answers that were due to its predecessor, and does not ask for what is mapped', async () => {
    const { back, vmm } = await start();
    const channel = new RawVmm(await negotiate(vmm, [ram()]));
    cleanups.push(() => channel.close());
    const blob = createMemfd('blob', MIB);
    cleanups.push(() => blob.close());
    const at = (shmOffset: number) => ({
      shmid: 1,
      fdOffset: 0,
      shmOffset,
      length: 4096,
      writable: true,
      fd: blob,
    });
    void back.device.session.channel?.shmemMapAll([at(0), at(4096)]);
    await back.change();
    const results = back.device.session.channel?.shmemMapAll([at(0), at(4096), at(8192)]);
    // Two maps and a barrier of the predecessor's, the successor's fence; then what is missing, and a barrier.
    const take = async (status: number) => {
      const { header, fds } = await channel.next();
      closeAll(fds);
      channel.sendBytes(encodeStatus(header.request, status));
      return header.request;
    };
    expect([await take(0), await take(1), await take(1), await take(1)]).toEqual([9, 9, 7, 7]);
    expect([await take(0), await take(0), await take(1)]).toEqual([9, 9, 7]);
    expect(await results).toEqual([null, null, null]);
    expect(await back.device.session.channel?.inherited()).toEqual([]);
    await back.change();
    const inherited = await back.device.session.channel?.inherited();
    expect(inherited?.map(({ shmOffset }) => shmOffset)).toEqual([0, 4096, 8192]);
    expect(inherited?.[0]?.file.ino).toBe(fileIdentity(blob.number).ino);
  });

  it('asks again, with an unmap before it, for what the VMM may have dropped since', async () => {
    const { back, vmm } = await start();
    const guest = ram();
    const channel = new RawVmm(await negotiate(vmm, [guest]));
    cleanups.push(() => channel.close());
    const queue = new VmmQueue(0, new Driver(guest, 16, 65536));
    cleanups.push(() => queue.close());
    await queue.start(vmm, 0);
    const blob = createMemfd('blob', MIB);
    cleanups.push(() => blob.close());
    const mapping = { shmid: 1, fdOffset: 0, shmOffset: 0, length: 4096, writable: true, fd: blob };
    const answerAll = async (statuses: readonly number[]) => {
      const requests: number[] = [];
      for (const status of statuses) {
        const { header, fds } = await channel.next();
        closeAll(fds);
        channel.sendBytes(encodeStatus(header.request, status));
        requests.push(header.request);
      }
      return requests;
    };
    void back.device.session.channel?.shmemMap(mapping);
    expect(await answerAll([0, 1])).toEqual([9, 7]);
    await turns();
    await back.change();
    await queue.stop(vmm);
    const again = back.device.session.channel?.shmemMapAll([mapping]);
    expect(await answerAll([0, 0, 1])).toEqual([10, 9, 7]);
    expect(await again).toEqual([null]);
  });

  it('begins with nothing after what was stored is discarded', async () => {
    const { back, vmm } = await start();
    await negotiate(vmm, [ram()]).then((fd) => cleanups.push(() => fd.close()));
    back.server?.leave();
    back.store.giveBack();
    discardStored(back.store);
    expect(back.store.names.length).toBe(0);
    await vmm.ended();
  });

  it('leaves no descriptor behind after a hundred changes', async () => {
    const { back, vmm } = await start();
    const guest = ram();
    await negotiate(vmm, [guest]).then((fd) => cleanups.push(() => fd.close()));
    const queue = new VmmQueue(0, new Driver(guest, 16, 65536));
    cleanups.push(() => queue.close());
    await queue.start(vmm, 0);
    await back.change();
    const before = openFds();
    const { length: size } = back.store.names;
    for (let count = 0; count < 100; count += 1) {
      await back.change();
      expect(await vmm.get('GET_QUEUE_NUM', null)).toBe(2);
    }
    expect(openFds()).toBe(before);
    expect(back.store.names.length).toBe(size);
  });
});
