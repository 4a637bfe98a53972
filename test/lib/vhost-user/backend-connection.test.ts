import { afterEach, describe, expect, it } from 'vitest';
import { createEventfd } from '../../../services/lib/os/eventfd.ts';
import { closeAll, type Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../services/lib/os/memory.ts';
import { socketPair } from '../../../services/lib/os/socket.ts';
import {
  BackendConnection,
  type ConnectionOptions,
} from '../../../services/lib/vhost-user/backend-connection.ts';
import type { ConnectionEnd } from '../../../services/lib/vhost-user/device.ts';
import { fileIdentity } from '../../../services/lib/vhost-user/guest-memory.ts';
import {
  checkOffer,
  DEFAULT_PROTOCOL_FEATURES,
  SUPPORTED_PROTOCOL_FEATURES,
} from '../../../services/lib/vhost-user/offer.ts';
import type { Chain } from '../../../services/lib/vhost-user/virtqueue.ts';
import type { VmmFacts } from '../../../services/lib/vhost-user/vmm-facts.ts';
import {
  bitSet,
  decodeBackendRequest,
  encodeFrontendRequest,
  encodeStatus,
  PROTOCOL_FEATURE,
} from '../../../services/lib/wire/vhost-user.ts';
import { stays, turns, until } from '../../support/until.ts';
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
  USER_BASE,
  VmmQueue,
} from './fixtures.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

class Pair {
  readonly vmm: RawVmm;
  readonly device: TestDevice;
  readonly log = recordingLog();
  readonly connection: BackendConnection;
  end: ConnectionEnd | null = null;

  constructor(device = new TestDevice(), options: Partial<ConnectionOptions> = {}) {
    const [mine, theirs] = socketPair('stream');
    this.vmm = new RawVmm(mine);
    this.device = device;
    this.connection = new BackendConnection(theirs, {
      device,
      log: this.log,
      peer: null,
      onEnd: (end) => {
        this.end = end;
      },
      ...options,
    });
    cleanups.push(() => {
      this.connection.close('end of test');
      this.vmm.close();
    });
  }

  get session() {
    return this.device.session;
  }

  /** Negotiated, with RAM and one queue that was not started yet. */
  async ready(): Promise<{ ram: Ram; queue: VmmQueue; channel: RawVmm }> {
    const ram = new Ram(4 * MIB);
    const channel = new RawVmm(await negotiate(this.vmm, [ram]));
    const queue = new VmmQueue(0, new Driver(ram, 16, 0));
    cleanups.push(() => {
      ram.close();
      queue.close();
      channel.close();
    });
    return { ram, queue, channel };
  }
}

function offer(queue: VmmQueue, head: number, request: string): void {
  const at = 65536 + head * 4096;
  queue.driver.ram.bytes(at, request.length).set(Buffer.from(request));
  queue.driver.describe(head, { addr: at, len: request.length, flags: 1, next: head + 1 });
  queue.driver.describe(head + 1, { addr: at + 2048, len: 64, flags: 2 });
  queue.driver.offer(head);
}

describe('negotiation', () => {
  it('answers like a back-end with shared memory', async () => {
    const { vmm, device } = new Pair();
    device.session.config.set([1, 2, 3, 4], 8);
    expect(await vmm.get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
    expect(await vmm.get('GET_PROTOCOL_FEATURES', null)).toBe(0x40_8629n);
    vmm.send('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES);
    expect(await vmm.get('GET_QUEUE_NUM', null)).toBe(2);
    expect(await vmm.get('GET_MAX_MEM_SLOTS', null)).toBe(4096);
    expect(await vmm.get('GET_SHMEM_CONFIG', null)).toEqual(new Map([[1, 256 * MIB]]));
    expect(await vmm.get('GET_STATUS', null)).toBe(0);
    expect(await vmm.ask('SET_STATUS', 15)).toBe(0);
    expect(await vmm.get('GET_STATUS', null)).toBe(15);
    const config = await vmm.get('GET_CONFIG', { offset: 8, flags: 0, data: Buffer.alloc(4) });
    expect(config?.data).toEqual(Buffer.from([1, 2, 3, 4]));
  });

  it('writes the configuration space inside its bounds only', async () => {
    const { vmm, session } = new Pair();
    vmm.send('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES);
    expect(await vmm.ask('SET_CONFIG', { offset: 4, flags: 0, data: Buffer.from([7]) })).toBe(0);
    expect(session.config[4]).toBe(7);
    expect(await vmm.ask('SET_CONFIG', { offset: 15, flags: 0, data: Buffer.alloc(2) })).toBe(1);
    expect(await vmm.ask('SET_CONFIG', { offset: 0xffff_ffff, flags: 0, data: Buffer.alloc(2) })).toBe(1);
    expect(await vmm.get('GET_CONFIG', { offset: 16, flags: 0, data: Buffer.alloc(1) })).toBeNull();
    expect(await vmm.get('GET_CONFIG', { offset: 0, flags: 0, data: Buffer.alloc(256) })).toBeNull();
  });

  it('tells a VMM without SHMEM what it found and what is needed', async () => {
    const pair = new Pair();
    pair.vmm.send('SET_PROTOCOL_FEATURES', bitSet(0, 3, 5, 9, 10));
    await pair.vmm.ended();
    expect(pair.end).toMatchObject({ kind: 'protocol', error: { code: 'MISSING_FEATURE' } });
    expect(pair.end?.message).toContain(
      '0x629 (MQ 0, REPLY_ACK 3, BACKEND_REQ 5, CONFIG 9, BACKEND_SEND_FD 10)',
    );
    expect(pair.end?.message).toContain('SHMEM 22 missing');
    expect(pair.log.text()).toContain('QEMU 11.1');
  });

  it('tells a VMM without protocol features at all', async () => {
    const pair = new Pair();
    pair.vmm.send('SET_FEATURES', bitSet(0, 3, 32));
    await pair.vmm.ended();
    expect(pair.end?.message).toMatch(/without PROTOCOL_FEATURES \(bit 30\)/);
  });

  it('does not start a queue for a VMM that skipped the back-end channel', async () => {
    const pair = new Pair();
    const ram = new Ram(4 * MIB);
    const queue = new VmmQueue(0, new Driver(ram, 16, 0));
    cleanups.push(
      () => ram.close(),
      () => queue.close(),
    );
    pair.vmm.send('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES);
    pair.vmm.send('SET_FEATURES', ALL_FEATURES);
    await pair.vmm.ask('SET_MEM_TABLE', [ram.region], [ram.fd]);
    await expect(queue.start(pair.vmm, 0)).rejects.toThrow(/closed the connection/);
    expect(pair.end?.message).toMatch(/never sent SET_BACKEND_REQ_FD/);
  });

  it.each([
    [
      'virtio',
      () => encodeFrontendRequest('SET_FEATURES', ALL_FEATURES | bitSet(29)),
      /RING_EVENT_IDX 29 too many/,
    ],
    [
      'protocol',
      () => encodeFrontendRequest('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES | bitSet(21)),
      /GPA_ADDRESSES 21 too many/,
    ],
  ])('ends with a VMM that acknowledges %s features nobody offered', async (_kind, bytes, problem) => {
    const pair = new Pair();
    pair.vmm.sendBytes(bytes());
    await pair.vmm.ended();
    expect(pair.end?.message).toMatch(problem);
  });

  it('acknowledges only when REPLY_ACK was negotiated', async () => {
    const { vmm } = new Pair();
    vmm.send('SET_OWNER', null, [], { needReply: true });
    expect(await vmm.get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
    vmm.send('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES);
    expect(await vmm.ask('SET_OWNER', null)).toBe(0);
  });

  it('checks what a device offers', () => {
    const device = new TestDevice();
    device.protocolFeatures = SUPPORTED_PROTOCOL_FEATURES;
    checkOffer(device);
    device.protocolFeatures = DEFAULT_PROTOCOL_FEATURES | bitSet(PROTOCOL_FEATURE.INFLIGHT_SHMFD);
    expect(() => checkOffer(device)).toThrow(/INFLIGHT_SHMFD 12/);
    device.protocolFeatures = bitSet(0, 3);
    expect(() => checkOffer(device)).toThrow(/has to offer/);
  });
});

describe('refusals', () => {
  const refused: readonly (readonly [string, (vmm: RawVmm, fd: Fd) => Promise<unknown>, RegExp])[] = [
    [
      'an unknown queue',
      (vmm) => vmm.ask('SET_VRING_NUM', { index: 2, value: 16 }),
      /no queue 2, only 0 to 1/,
    ],
    ['a huge queue index', (vmm) => vmm.ask('SET_VRING_BASE', { index: 0xffff_ffff, value: 0 }), /no queue/],
    ['a queue of 0 entries', (vmm) => vmm.ask('SET_VRING_NUM', { index: 0, value: 0 }), /0 entries/],
    ['a queue of 48 entries', (vmm) => vmm.ask('SET_VRING_NUM', { index: 0, value: 48 }), /48 entries/],
    ['too large a queue', (vmm) => vmm.ask('SET_VRING_NUM', { index: 0, value: 2048 }), /up to 1024/],
    ['a base above 65535', (vmm) => vmm.ask('SET_VRING_BASE', { index: 0, value: 65536 }), /no ring index/],
    ['ENABLE 2', (vmm) => vmm.ask('SET_VRING_ENABLE', { index: 0, value: 2 }), /neither 0 nor 1/],
    ['polling', (vmm) => vmm.ask('SET_VRING_KICK', { index: 0, noFd: true }), /a kick eventfd is needed/],
    [
      'a kick descriptor that cannot be watched',
      (vmm, fd) => vmm.ask('SET_VRING_KICK', { index: 0, noFd: false }, [fd]),
      /SET_VRING_KICK 12: the descriptor that came with it is no eventfd/,
    ],
    [
      'a call descriptor that is no eventfd',
      (vmm, fd) => vmm.ask('SET_VRING_CALL', { index: 0, noFd: false }, [fd]),
      /SET_VRING_CALL 13: the descriptor that came with it is no eventfd/,
    ],
    [
      'a misaligned ring',
      (vmm) =>
        vmm.ask('SET_VRING_ADDR', { index: 0, flags: 0, descriptors: 8, available: 2, used: 4, log: 0 }),
      /not aligned/,
    ],
    [
      'dirty logging',
      (vmm) =>
        vmm.ask('SET_VRING_ADDR', { index: 0, flags: 1, descriptors: 16, available: 2, used: 4, log: 0 }),
      /dirty logging/,
    ],
    [
      'an in-flight buffer',
      (vmm, fd) =>
        vmm.ask('SET_INFLIGHT_FD', { mmapSize: 4096, mmapOffset: 0, queues: 2, queueSize: 16 }, [fd]),
      /INFLIGHT_SHMFD 12, which is not offered/,
    ],
    [
      'RESET_DEVICE unless offered',
      (vmm) => vmm.ask('RESET_DEVICE', null),
      /RESET_DEVICE 13, which is not offered/,
    ],
    ['a log base', (vmm, fd) => vmm.ask('SET_LOG_BASE', Buffer.alloc(16), [fd]), /LOG_SHMFD 1/],
    ['postcopy', (vmm) => vmm.ask('POSTCOPY_LISTEN', Buffer.alloc(0)), /PAGEFAULT 8/],
    ['an IOTLB message', (vmm) => vmm.ask('IOTLB_MSG', Buffer.alloc(32)), /is not offered here/],
    ['a GPU socket', (vmm, fd) => vmm.ask('GPU_SET_SOCKET', Buffer.alloc(0), [fd]), /is not offered here/],
    [
      'a back-end channel that is no socket',
      (vmm, fd) => vmm.ask('SET_BACKEND_REQ_FD', null, [fd]),
      /ENOTSOCK/,
    ],
    ['a device status above 255', (vmm) => vmm.ask('SET_STATUS', 256), /no device status/],
    [
      'memory that is not there',
      (vmm, fd) =>
        vmm.ask(
          'SET_MEM_TABLE',
          [{ guestAddress: 0, size: MIB, userAddress: USER_BASE, mmapOffset: 0 }],
          [fd],
        ),
      /a file of 4096 bytes/,
    ],
  ];

  it.each(refused)('answers %s with failure and goes on', async (_what, ask, problem) => {
    const pair = new Pair();
    await pair.ready();
    const file = createMemfd('file', 4096);
    cleanups.push(() => file.close());
    const before = openFds();
    expect(await ask(pair.vmm, file)).toBe(1);
    expect(pair.log.text()).toMatch(problem);
    expect(await pair.vmm.get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
    expect(openFds()).toBe(before);
  });

  it('ends the connection when a refusal cannot be told', async () => {
    const pair = new Pair();
    await pair.ready();
    pair.vmm.send('SET_VRING_NUM', { index: 9, value: 16 });
    await pair.vmm.ended();
    expect(pair.end).toMatchObject({ kind: 'protocol', error: { code: 'NO_SUCH_QUEUE' } });
    expect(pair.session.end).toBe(pair.end);
  });

  it('ends the connection when the request waits for a reply of its own', async () => {
    const pair = new Pair();
    await pair.ready();
    pair.vmm.send('GET_INFLIGHT_FD', { mmapSize: 0, mmapOffset: 0, queues: 2, queueSize: 16 }, [], {
      needReply: true,
    });
    await pair.vmm.ended();
    expect(pair.end?.message).toMatch(/INFLIGHT_SHMFD 12/);
  });

  it('refuses changes of a queue that runs', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    expect(await pair.vmm.ask('SET_VRING_NUM', { index: 0, value: 16 })).toBe(1);
    expect(await pair.vmm.ask('SET_VRING_BASE', { index: 0, value: 1 })).toBe(1);
    const addresses = { index: 0, flags: 0, log: 0, ...queue.driver.setup };
    expect(await pair.vmm.ask('SET_VRING_ADDR', addresses)).toBe(1);
    expect(pair.log.text()).toMatch(/queue 0 is running/);
  });

  it('refuses to start a queue outside of guest memory', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    await pair.vmm.ask('SET_MEM_TABLE', []);
    await expect(queue.start(pair.vmm, 0)).rejects.toThrow(/does not start/);
    expect(pair.session.events).not.toContain('queueStarted 0');
  });
});

describe('what is known of the VMM', () => {
  it('grows with what it asks for', async () => {
    const pair = new Pair();
    expect(pair.connection.facts).toMatchObject({ isNegotiated: false, hasDriver: false, namedQueues: 0 });
    const { queue } = await pair.ready();
    expect(pair.connection.facts).toMatchObject({
      isNegotiated: true,
      hasDriver: true,
      runningQueues: 0,
      guestBytes: 4 * MIB,
    });
    await queue.start(pair.vmm, 0);
    expect(pair.connection.facts).toMatchObject({ namedQueues: 1, runningQueues: 1, stoppedQueues: 0 });
    await pair.vmm.get('GET_VRING_BASE', { index: 0, value: 0 });
    expect(pair.connection.facts).toMatchObject({ runningQueues: 0, stoppedQueues: 1 });
  });

  it('names a queue too many, also when the VMM is gone', async () => {
    const facts: VmmFacts[] = [];
    const pair = new Pair(new TestDevice(), { onEnd: (_end, last) => void facts.push(last) });
    await pair.ready();
    const fd = createEventfd();
    cleanups.push(() => fd.close());
    expect(await pair.vmm.ask('SET_VRING_CALL', { index: 2, noFd: false }, [fd])).toBe(1);
    pair.vmm.close();
    await until('facts.length === 1', () => facts.length === 1);
    expect(facts[0]?.refusal?.code).toBe('NO_SUCH_QUEUE');
  });

  it('names a ring that is in no shared memory, until it is', async () => {
    const pair = new Pair();
    const { queue, ram } = await pair.ready();
    await pair.vmm.ask('SET_MEM_TABLE', []);
    await expect(queue.start(pair.vmm, 0)).rejects.toThrow(/does not start/);
    expect(pair.connection.facts.refusal?.code).toBe('OUT_OF_REACH');
    await pair.vmm.ask('SET_MEM_TABLE', [ram.region], [ram.fd]);
    await queue.start(pair.vmm, 0);
    expect(pair.connection.facts).toMatchObject({ refusal: null, runningQueues: 1 });
  });

  it('counts commands in memory that is not shared', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    queue.driver.describe(0, { addr: 0x1_4000_0000, len: 64 });
    queue.driver.offer(0);
    queue.ring();
    await until(
      'pair.connection.facts.outOfReach.chains === 1',
      () => pair.connection.facts.outOfReach.chains === 1,
    );
    expect(pair.connection.facts.outOfReach.address).toBe(0x1_4000_0000);
  });

  it('says nothing of a loop in a chain, which is no matter of memory', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    queue.driver.describe(0, { addr: 65536, len: 64, flags: 1, next: 0 });
    queue.driver.offer(0);
    queue.ring();
    await until('queue.driver.takeUsed().length === 1', () => queue.driver.takeUsed().length === 1);
    expect(pair.connection.facts.outOfReach.chains).toBe(0);
  });
});

describe('a queue', () => {
  it('carries a request and its answer', async () => {
    const pair = new Pair();
    const { queue, ram } = await pair.ready();
    await queue.start(pair.vmm, 0);
    offer(queue, 0, 'map this');
    queue.ring();
    await until('chain 1 came', () => pair.session.chains.length === 1);
    const [chain] = pair.session.chains as [Chain];
    expect(chain.readable.toString()).toBe('map this');
    pair.session.queues[0]?.pushAll([{ chain, reply: Buffer.from('mapped') }]);
    expect(queue.driver.takeUsed()).toEqual([{ id: 0, len: 6 }]);
    expect(Buffer.from(ram.bytes(65536 + 2048, 6)).toString()).toBe('mapped');
    expect(queue.interrupted()).toBe(true);
  });

  it('does not start before it is enabled, and finds then what was queued', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    offer(queue, 0, 'early');
    pair.vmm.send('SET_VRING_NUM', { index: 0, value: 16 });
    pair.vmm.send('SET_VRING_ADDR', { index: 0, flags: 0, log: 0, ...queue.driver.setup });
    pair.vmm.send('SET_VRING_KICK', { index: 0, noFd: false }, [queue.kick]);
    queue.ring();
    await pair.vmm.get('GET_FEATURES', null);
    await turns();
    expect(pair.session.events).toEqual(['channelOpened', 'memoryChanged']);
    await pair.vmm.ask('SET_VRING_ENABLE', { index: 0, value: 1 });
    await until('chain 1 came', () => pair.session.chains.length === 1);
    expect(pair.session.events.slice(2)).toContain('queueStarted 0');
  });

  it('signals its error eventfd when the guest breaks it, and works after a new setup', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    queue.driver.setAvailableIndex(1000);
    queue.ring();
    await until('the queue failed', () => queue.failed());
    queue.driver.setAvailableIndex(0);
    const base = await queue.stop(pair.vmm);
    await queue.start(pair.vmm, base);
    offer(queue, 0, 'again');
    queue.ring();
    await until('chain 1 came', () => pair.session.chains.length === 1);
  });

  it('goes on after stop and cont, with the answers that came in between', async () => {
    const pair = new Pair(new TestDevice(), { drainTimeoutMs: 20 });
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    offer(queue, 0, 'slow');
    queue.ring();
    await until('chain 1 came', () => pair.session.chains.length === 1);
    const base = await queue.stop(pair.vmm);
    expect(base).toBe(1);
    expect(pair.log.text()).toMatch(/stopped with chains in flight/);
    const [chain] = pair.session.chains as [Chain];
    const live = pair.session.queues[0];
    live?.pushAll([{ chain, reply: Buffer.from('late') }]);
    expect(queue.driver.usedIndex).toBe(0);

    await queue.start(pair.vmm, base);
    expect(queue.driver.takeUsed()).toEqual([{ id: 0, len: 4 }]);
    expect(pair.session.queues[0]).toBe(live);
    expect(pair.session.events).not.toContain('reset');
  });

  it('is stopped only when its chains are answered', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    offer(queue, 0, 'slow');
    queue.ring();
    await until('chain 1 came', () => pair.session.chains.length === 1);
    const stopping = queue.stop(pair.vmm);
    await turns();
    expect(pair.session.events).not.toContain('queueStopped 0');
    const [chain] = pair.session.chains as [Chain];
    pair.session.queues[0]?.pushAll([{ chain, reply: Buffer.from('done') }]);
    expect(await stopping).toBe(1);
    expect(queue.driver.takeUsed()).toEqual([{ id: 0, len: 4 }]);
    expect(pair.session.events).toContain('queueStopped 0');
  });

  it('starts afresh when a driver comes with another base', async () => {
    const pair = new Pair(new TestDevice(), { drainTimeoutMs: 20 });
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    offer(queue, 0, 'old');
    queue.ring();
    await until('chain 1 came', () => pair.session.chains.length === 1);
    await queue.stop(pair.vmm);
    const [chain] = pair.session.chains as [Chain];
    const old = pair.session.queues[0];

    queue.driver.ram.bytes(0, 65536).fill(0);
    queue.driver.available = 0;
    await queue.start(pair.vmm, 0);
    expect(pair.session.events).toContain('reset');
    expect(pair.session.queues[0]).not.toBe(old);
    old?.pushAll([{ chain, reply: Buffer.from('stale') }]);
    expect(queue.driver.usedIndex).toBe(0);
    offer(queue, 0, 'new');
    queue.ring();
    await until('chain 2 came', () => pair.session.chains.length === 2);
    expect(pair.session.chains[1]?.readable.toString()).toBe('new');
  });

  it('starts afresh when the base is the old one and the ring is not', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    offer(queue, 0, 'old');
    queue.ring();
    await until('pair.session.chains.length === 1', () => pair.session.chains.length === 1);
    pair.session.queues[0]?.pushAll([
      { chain: pair.session.chains[0] as Chain, reply: Buffer.from('answer') },
    ]);
    const base = await queue.stop(pair.vmm);
    const old = pair.session.queues[0];
    await queue.start(pair.vmm, base);
    expect(pair.session.queues[0]).toBe(old);
    expect(pair.session.events).not.toContain('reset');

    await queue.stop(pair.vmm);
    queue.driver.ram.bytes(queue.driver.usedAt + 4, 8).fill(0);
    await queue.start(pair.vmm, base);

    expect(pair.session.queues[0]).not.toBe(old);
    expect(pair.session.events.filter((event) => event === 'reset')).toHaveLength(1);
  });

  it('knows that its driver is gone from the VMM letting go of what it had mapped', async () => {
    const pair = new Pair();
    const { queue, ram } = await pair.ready();
    const second = new VmmQueue(1, new Driver(ram, 16, MIB));
    cleanups.push(() => second.close());
    pair.session.held = true;
    await queue.start(pair.vmm, 0);
    await second.start(pair.vmm, 0);
    await queue.stop(pair.vmm);
    // As long as a queue runs there is a driver, whatever the mappings say.
    pair.session.held = false;
    await stays('no reset', () => !pair.session.events.includes('reset'), 300);

    pair.session.held = true;
    await second.stop(pair.vmm);
    await stays('no reset', () => !pair.session.events.includes('reset'), 300);

    pair.session.held = false;
    await until('the reset is concluded', () => pair.session.events.includes('reset'));
    expect(pair.connection.facts).toMatchObject({ hasDriver: false, runningQueues: 0, stoppedQueues: 0 });
    // Whatever comes next is a fresh driver, and told once.
    await queue.start(pair.vmm, 0);
    expect(pair.session.events.filter((event) => event === 'reset')).toHaveLength(1);
  });

  it('goes on at cont, however long the VM stood, and looks no more', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    pair.session.held = true;
    await queue.start(pair.vmm, 0);
    const base = await queue.stop(pair.vmm);
    await stays('no reset', () => !pair.session.events.includes('reset'), 300);
    await queue.start(pair.vmm, base);
    pair.session.held = false;
    await stays('no reset', () => !pair.session.events.includes('reset'), 300);

    expect(pair.session.events).not.toContain('reset');
  });

  it('starts afresh when a fresh driver is faster than the look, and the VMM has let go', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    pair.session.held = true;
    await queue.start(pair.vmm, 0);
    const base = await queue.stop(pair.vmm);
    pair.session.held = false;
    await queue.start(pair.vmm, base);

    expect(pair.session.events.filter((event) => event === 'reset')).toHaveLength(1);
  });

  it('concludes nothing from a mapping that nobody was seen to hold', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    pair.session.held = false;
    await queue.start(pair.vmm, 0);
    const base = await queue.stop(pair.vmm);
    await stays('no reset', () => !pair.session.events.includes('reset'), 300);
    await queue.start(pair.vmm, base);

    expect(pair.session.events).not.toContain('reset');
  });

  it('is not resumed by a second queue that starts afresh later', async () => {
    const pair = new Pair();
    const { queue, ram } = await pair.ready();
    const second = new VmmQueue(1, new Driver(ram, 16, MIB));
    cleanups.push(() => second.close());
    await queue.start(pair.vmm, 0);
    await second.start(pair.vmm, 7);
    await queue.stop(pair.vmm);
    await second.stop(pair.vmm);
    await queue.start(pair.vmm, 0);
    await second.start(pair.vmm, 0);
    expect(pair.session.events.filter((event) => event === 'reset').length).toBe(1);
    offer(queue, 0, 'alive');
    queue.ring();
    await until('chain 1 came', () => pair.session.chains.length === 1);
  });

  it('stops for RESET_OWNER and for RESET_DEVICE, and the session forgets', async () => {
    const device = new TestDevice();
    device.protocolFeatures = SUPPORTED_PROTOCOL_FEATURES;
    const pair = new Pair(device);
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    expect(await pair.vmm.ask('RESET_DEVICE', null)).toBe(0);
    await queue.start(pair.vmm, 0);
    expect(await pair.vmm.ask('RESET_OWNER', null)).toBe(0);
    expect(pair.session.events.filter((event) => event === 'reset').length).toBe(2);
    offer(queue, 0, 'nobody listens');
    queue.ring();
    await turns();
    expect(pair.session.chains).toEqual([]);
  });
});

describe('memory', () => {
  it('tells the session which of its own memory the guest sees', async () => {
    const pair = new Pair();
    const { ram } = await pair.ready();
    const window = createMemfd('window', 256 * MIB);
    cleanups.push(() => window.close());
    pair.device.own = [fileIdentity(window.number)];
    const region = { guestAddress: 512 * GIB, size: 256 * MIB, userAddress: USER_BASE + GIB, mmapOffset: 0 };
    expect(await pair.vmm.ask('SET_MEM_TABLE', [ram.region, region], [ram.fd, window])).toBe(0);
    expect(pair.session.ownRegions.map((own) => own.guestAddress)).toEqual([512 * GIB]);
    expect(await pair.vmm.ask('SET_MEM_TABLE', [ram.region], [ram.fd])).toBe(0);
    expect(pair.session.ownRegions).toEqual([]);
  });

  it('that is missing while no queue runs means that the driver is gone; while one runs it does not', async () => {
    const pair = new Pair();
    const { ram, queue } = await pair.ready();
    const window = createMemfd('window', 256 * MIB);
    cleanups.push(() => window.close());
    pair.device.own = [fileIdentity(window.number)];
    const region = { guestAddress: 512 * GIB, size: 256 * MIB, userAddress: USER_BASE + GIB, mmapOffset: 0 };
    const show = () => pair.vmm.ask('SET_MEM_TABLE', [ram.region, region], [ram.fd, window]);
    const hide = () => pair.vmm.ask('SET_MEM_TABLE', [ram.region], [ram.fd]);
    await show();
    await queue.start(pair.vmm, 0);
    await hide();
    await show();
    await queue.stop(pair.vmm);
    expect(pair.session.events).not.toContain('reset');

    await hide();
    await queue.start(pair.vmm, 0);

    expect(pair.session.events.filter((event) => event === 'reset')).toHaveLength(1);
  });

  it('is added and removed slot by slot, hundreds of times', async () => {
    const pair = new Pair();
    await pair.ready();
    const blob = createMemfd('blob', 4096);
    cleanups.push(() => blob.close());
    pair.device.own = [fileIdentity(blob.number)];
    const before = openFds();
    const region = (index: number) => ({
      guestAddress: 512 * GIB + index * 4096,
      size: 4096,
      userAddress: USER_BASE + GIB + index * 4096,
      mmapOffset: 0,
    });
    for (let index = 0; index < 500; index += 1) {
      expect(await pair.vmm.ask('ADD_MEM_REG', region(index), [blob])).toBe(0);
    }
    expect(pair.session.ownRegions.length).toBe(500);
    for (let index = 0; index < 500; index += 1) {
      expect(await pair.vmm.ask('REM_MEM_REG', region(index), index % 2 === 0 ? [blob] : [])).toBe(0);
    }
    expect(pair.session.ownRegions).toEqual([]);
    expect(await pair.vmm.ask('REM_MEM_REG', region(0))).toBe(1);
    expect(openFds()).toBe(before);
  });

  it('is served while the device waits for an answer on the back-end channel', async () => {
    const pair = new Pair();
    const { ram, channel } = await pair.ready();
    const blob = createMemfd('blob', 4096);
    cleanups.push(() => blob.close());
    const mapping = pair.session.channel?.shmemMap({
      shmid: 1,
      fd: blob,
      fdOffset: 0,
      shmOffset: 0,
      length: 4096,
      writable: true,
    });
    const { header, payload, fds } = await channel.next();
    expect(decodeBackendRequest(header.request, payload, fds.length)?.name).toBe('SHMEM_MAP');
    closeAll(fds);
    // Like QEMU: first the table with an acknowledgement, then the answers.
    expect(await pair.vmm.ask('SET_MEM_TABLE', [ram.region], [ram.fd])).toBe(0);
    channel.sendBytes(encodeStatus(9, 0));
    channel.sendBytes(encodeStatus(7, 1));
    await mapping;
  });
});

describe('the end', () => {
  it('leaves nothing behind when the VMM goes away in the middle of everything', async () => {
    const before = openFds();
    const pair = new Pair();
    const ram = new Ram(4 * MIB);
    const channel = await negotiate(pair.vmm, [ram]);
    const queue = new VmmQueue(0, new Driver(ram, 16, 0));
    await queue.start(pair.vmm, 0);
    offer(queue, 0, 'unanswered');
    queue.ring();
    await until('chain 1 came', () => pair.session.chains.length === 1);
    const live = pair.session.queues[0];
    pair.vmm.close();
    await until('the connection ended', () => pair.end !== null);
    expect(pair.end).toEqual({ kind: 'disconnected', message: 'the VMM closed the connection' });
    expect(pair.session.channel?.closed).toBe(true);
    live?.pushAll([{ chain: pair.session.chains[0] as Chain, reply: Buffer.from('x') }]);
    expect(queue.driver.usedIndex).toBe(0);
    channel.close();
    queue.close();
    ram.close();
    expect(openFds()).toBe(before);
  });

  it('comes when a session throws, with the reason', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    pair.session.onKick = () => {
      throw new Error('a bug of the device');
    };
    queue.ring();
    await pair.vmm.ended();
    expect(pair.end).toMatchObject({ kind: 'failed', message: 'kick of queue 0: a bug of the device' });
  });

  it('comes when the session asks for it, also from inside a kick', async () => {
    const pair = new Pair();
    const { queue } = await pair.ready();
    await queue.start(pair.vmm, 0);
    pair.session.onKick = () => pair.session.vmm.close('evicted');
    queue.ring();
    await pair.vmm.ended();
    expect(pair.end).toEqual({ kind: 'closed', message: 'evicted' });
    expect(pair.session.events.at(-1)).toBe('closed');
  });
});
