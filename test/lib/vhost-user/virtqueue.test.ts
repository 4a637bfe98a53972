import { afterEach, describe, expect, it } from 'vitest';
import { createEventfd, drainEventfd } from '../../../services/lib/os/eventfd.ts';
import { GuestMemory } from '../../../services/lib/vhost-user/guest-memory.ts';
import {
  type Chain,
  type Doorbells,
  MOST_BATCH_BYTES,
  Virtqueue,
} from '../../../services/lib/vhost-user/virtqueue.ts';
import { DESCRIPTOR_FLAG, writeDescriptor } from '../../../services/lib/wire/split-ring.ts';
import {
  Driver,
  type DriverDescriptor,
  duplicateOf,
  GIB,
  MIB,
  Ram,
  recordingLog,
  USER_BASE,
} from './fixtures.ts';

const { next: NEXT, write: WRITE, indirect: INDIRECT } = DESCRIPTOR_FLAG;
const SIZE = 16;
/** Where tests put buffers: behind the ring. */
const DATA = 64 * 1024;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

type Setup = {
  readonly ram: Ram;
  readonly memory: GuestMemory;
  readonly driver: Driver;
  readonly queue: Virtqueue;
  readonly log: ReturnType<typeof recordingLog>;
  interrupts(): number;
  brokenSignalled(): boolean;
};

function setup(
  options: {
    size?: number;
    ramSize?: number;
    guestAddress?: number;
    indirect?: boolean;
    mostReadableBytes?: number;
    lastAvailable?: number;
    prepare?: (driver: Driver) => void;
  } = {},
): Setup {
  const ram = new Ram(options.ramSize ?? 2 * MIB, options.guestAddress ?? 0);
  const memory = new GuestMemory(() => false);
  memory.replaceTable([ram.region], [duplicateOf(ram.fd)]);
  const doorbells: Doorbells = { call: createEventfd(), error: createEventfd() };
  const log = recordingLog();
  const driver = new Driver(ram, options.size ?? SIZE, 0);
  options.prepare?.(driver);
  const queue = new Virtqueue(
    {
      index: 0,
      size: driver.size,
      memory,
      doorbells,
      indirect: options.indirect ?? true,
      ...(options.mostReadableBytes !== undefined && { mostReadableBytes: options.mostReadableBytes }),
      log,
    },
    driver.setup,
    options.lastAvailable ?? 0,
  );
  queue.resume(driver.setup);
  cleanups.push(() => {
    doorbells.call?.close();
    doorbells.error?.close();
    memory.close();
    ram.close();
  });
  return {
    ram,
    memory,
    driver,
    queue,
    log,
    interrupts: () => queue.statistics.interrupts,
    brokenSignalled: () => drainEventfd(doorbells.error?.number as number),
  };
}

/** Two descriptors: `request` to read, `room` bytes to write into. */
function command(s: Setup, head: number, request: Uint8Array, room = 64): void {
  const at = DATA + head * 4096;
  s.ram.bytes(at, request.length).set(request);
  s.driver.describe(head, { addr: at, len: request.length, flags: NEXT, next: head + 1 });
  s.driver.describe(head + 1, { addr: at + 2048, len: room, flags: WRITE });
}

function replyOf(s: Setup, head: number, length: number): Uint8Array {
  return Uint8Array.from(s.ram.bytes(DATA + head * 4096 + 2048, length));
}

const text = (value: string) => Buffer.from(value);

describe('virtqueue', () => {
  it('takes a chain and gives its answer', () => {
    const s = setup();
    command(s, 0, text('map this'));
    s.driver.offer(0);
    const chains = s.queue.popAll();
    expect(chains.map((chain) => chain.readable.toString())).toEqual(['map this']);
    expect(chains[0]?.writable).toEqual([{ address: DATA + 2048, length: 64 }]);
    expect(s.queue.inFlight).toBe(1);

    s.queue.pushAll([{ chain: chains[0] as Chain, reply: text('done') }]);
    expect(s.driver.takeUsed()).toEqual([{ id: 0, len: 4 }]);
    expect(Buffer.from(replyOf(s, 0, 4)).toString()).toBe('done');
    expect(s.interrupts()).toBe(1);
    expect(s.queue.inFlight).toBe(0);
  });

  it('answers a batch in the order in which it is given, with one interrupt', () => {
    const s = setup();
    for (const head of [4, 0, 2]) command(s, head, text(`request ${head}`));
    s.driver.offer(4, 0, 2);
    const chains = s.queue.popAll();
    expect(chains.map((chain) => chain.head)).toEqual([4, 0, 2]);
    s.queue.pushAll([...chains].reverse().map((chain) => ({ chain, reply: text(`reply ${chain.head}`) })));
    expect(s.driver.takeUsed()).toEqual([
      { id: 2, len: 7 },
      { id: 0, len: 7 },
      { id: 4, len: 7 },
    ]);
    expect(Buffer.from(replyOf(s, 2, 7)).toString()).toBe('reply 2');
    expect(s.interrupts()).toBe(1);
  });

  it('gives an answer at once, whatever is in front of it, and says which is the first without one', () => {
    const s = setup();
    for (const head of [0, 2, 4]) command(s, head, text('x'));
    s.driver.offer(0, 2, 4);
    const [first, second, third] = s.queue.popAll() as [Chain, Chain, Chain];
    const published: number[] = [];
    for (const chain of [third, first, second]) {
      s.queue.pushAll([{ chain, reply: null }]);
      published.push(s.queue.published);
    }
    expect(s.driver.takeUsed().map((element) => element.id)).toEqual([4, 0, 2]);
    expect(published).toEqual([0, 1, 3]);
    expect(s.interrupts()).toBe(3);
  });

  it('takes a head again that was answered before an older chain', () => {
    const s = setup();
    for (const head of [0, 2]) command(s, head, text('x'));
    s.driver.offer(0, 2);
    const [oldest, second] = s.queue.popAll() as [Chain, Chain];
    s.queue.pushAll([{ chain: second, reply: null }]);
    expect(s.driver.takeUsed().map(({ id }) => id)).toEqual([2]);
    // Once round the ring, past the entry of the one that is still in flight.
    for (let round = 0; round < SIZE; round += 1) {
      s.driver.offer(2);
      s.queue.pushAll(s.queue.popAll().map((chain) => ({ chain, reply: null })));
      expect(s.driver.takeUsed().map(({ id }) => id)).toEqual([2]);
    }
    expect(s.queue.inFlight).toBe(1);
    s.queue.pushAll([{ chain: oldest, reply: null }]);
    expect(s.driver.takeUsed().map(({ id }) => id)).toEqual([0]);
    expect(s.queue.published).toBe(SIZE + 2);
  });

  it('goes on for ever: indices wrap at 65536', () => {
    const s = setup();
    let answered = 0;
    for (let round = 0; round < 9000; round += 1) {
      for (const head of [0, 2, 4, 6, 8, 10, 12, 14]) s.driver.describe(head, { addr: DATA, len: 8 });
      s.driver.offer(0, 2, 4, 6, 8, 10, 12, 14);
      s.queue.pushAll(s.queue.popAll().map((chain) => ({ chain, reply: null })));
      answered += s.driver.takeUsed().length;
    }
    expect(answered).toBe(72_000);
    expect(s.queue.statistics).toMatchObject({ chains: 72_000, malformed: 0, interrupts: 9000 });
  });

  it('does not interrupt a driver that does not want it', () => {
    const s = setup();
    command(s, 0, text('x'));
    s.driver.setAvailableFlags(1);
    s.driver.offer(0);
    s.queue.pushAll(s.queue.popAll().map((chain) => ({ chain, reply: null })));
    expect(s.driver.takeUsed().length).toBe(1);
    expect(s.interrupts()).toBe(0);
  });

  it('reads across descriptors and writes across them', () => {
    const s = setup();
    s.ram.bytes(DATA, 6).set(text('abcdef'));
    s.driver.describe(0, { addr: DATA, len: 2, flags: NEXT, next: 5 });
    s.driver.describe(5, { addr: DATA + 2, len: 4, flags: NEXT, next: 3 });
    s.driver.describe(3, { addr: DATA + 100, len: 3, flags: WRITE | NEXT, next: 7 });
    s.driver.describe(7, { addr: DATA + 200, len: 3, flags: WRITE });
    s.driver.offer(0);
    const [chain] = s.queue.popAll() as [Chain];
    expect(chain.readable.toString()).toBe('abcdef');
    expect(chain.writableBytes).toBe(6);
    s.queue.pushAll([{ chain, reply: text('12345') }]);
    expect(s.driver.takeUsed()).toEqual([{ id: 0, len: 5 }]);
    expect(Buffer.from(s.ram.bytes(DATA + 100, 3)).toString()).toBe('123');
    expect(Buffer.from(s.ram.bytes(DATA + 200, 3)).toString()).toBe('45\0');
  });

  it('cuts a reply off where the buffer ends, and says so', () => {
    const s = setup();
    command(s, 0, text('x'), 3);
    s.driver.offer(0);
    s.queue.pushAll(s.queue.popAll().map((chain) => ({ chain, reply: text('0123456789') })));
    expect(s.driver.takeUsed()).toEqual([{ id: 0, len: 3 }]);
    expect(Buffer.from(replyOf(s, 0, 5)).toString()).toBe('012\0\0');
    expect(s.queue.statistics.truncated).toBe(1);
  });

  it('answers a chain without room with length 0', () => {
    const s = setup();
    s.driver.describe(0, { addr: DATA, len: 4 });
    s.driver.offer(0);
    s.queue.pushAll(s.queue.popAll().map((chain) => ({ chain, reply: text('reply') })));
    expect(s.driver.takeUsed()).toEqual([{ id: 0, len: 0 }]);
  });

  it('follows an indirect table, alone or behind direct descriptors', () => {
    const s = setup();
    s.ram.bytes(DATA, 4).set(text('abcd'));
    const table = s.ram.view(DATA + 4096, 3 * 16);
    writeDescriptor(table, 0, { addr: DATA + 2, len: 2, flags: NEXT, next: 2 });
    writeDescriptor(table, 32, { addr: DATA + 100, len: 8, flags: WRITE, next: 0 });
    s.driver.describe(0, { addr: DATA + 4096, len: 48, flags: INDIRECT });
    s.driver.describe(2, { addr: DATA, len: 2, flags: NEXT, next: 3 });
    s.driver.describe(3, { addr: DATA + 4096, len: 48, flags: INDIRECT | WRITE });
    s.driver.offer(0, 2);
    const chains = s.queue.popAll();
    expect(chains.map((chain) => [chain.readable.toString(), chain.writableBytes])).toEqual([
      ['cd', 8],
      ['abcd', 8],
    ]);
  });

  it('takes an indirect chain that is longer than the queue, as Linux makes them', () => {
    const s = setup();
    const table = s.ram.view(DATA + 4096, 300 * 16);
    for (let index = 0; index < 300; index += 1) {
      const flags = index === 299 ? 0 : NEXT;
      writeDescriptor(table, index * 16, { addr: DATA, len: 4, flags, next: index + 1 });
    }
    s.driver.describe(0, { addr: DATA + 4096, len: 300 * 16, flags: INDIRECT });
    s.driver.offer(0);
    expect(s.queue.popAll().map((chain) => chain.readableBytes)).toEqual([1200]);
  });

  it('works above 4 GiB', () => {
    const s = setup({ guestAddress: 5 * GIB });
    s.ram.bytes(DATA, 4).set(text('high'));
    s.driver.describe(0, { addr: 5 * GIB + DATA, len: 4, flags: NEXT, next: 1 });
    s.driver.describe(1, { addr: 5 * GIB + DATA + 2048, len: 4, flags: WRITE });
    s.driver.offer(0);
    const chains = s.queue.popAll();
    expect(chains[0]?.readable.toString()).toBe('high');
    s.queue.pushAll([{ chain: chains[0] as Chain, reply: text('pong') }]);
    expect(Buffer.from(s.ram.bytes(DATA + 2048, 4)).toString()).toBe('pong');
  });

  it('copies the readable part up to its bound and tells how long it was', () => {
    const s = setup({ mostReadableBytes: 1000, ramSize: 4 * MIB });
    s.ram.bytes(DATA, 2048).fill(1);
    s.driver.describe(0, { addr: DATA, len: 600, flags: NEXT, next: 1 });
    s.driver.describe(1, { addr: DATA, len: 3 * MIB });
    s.driver.offer(0);
    const [chain] = s.queue.popAll() as [Chain];
    expect(chain.readable.length).toBe(1000);
    expect(chain.readableBytes).toBe(600 + 3 * MIB);
    expect(chain.readable.every((byte) => byte === 1)).toBe(true);
  });

  it('ends a batch of very long chains early', () => {
    const s = setup({ size: 64, ramSize: 4 * MIB });
    const heads = Array.from({ length: 64 }, (_, index) => index);
    for (const head of heads) s.driver.describe(head, { addr: DATA, len: 2 * MIB });
    s.driver.offer(...heads);
    expect(s.queue.popAll().length).toBe(MOST_BATCH_BYTES / MIB);
    expect(s.queue.popAll().length).toBe(MOST_BATCH_BYTES / MIB);
    expect(s.queue.inFlight).toBe((2 * MOST_BATCH_BYTES) / MIB);
  });

  it('keeps a copy: what the guest changes after the pop changes nothing', () => {
    const s = setup();
    command(s, 0, text('good'));
    s.driver.offer(0);
    const [chain] = s.queue.popAll() as [Chain];
    s.ram.bytes(DATA, 4).set(text('evil'));
    s.driver.describe(1, { addr: 2 ** 40, len: 64, flags: WRITE });
    expect(chain.readable.toString()).toBe('good');
    s.queue.pushAll([{ chain, reply: text('done') }]);
    expect(Buffer.from(replyOf(s, 0, 4)).toString()).toBe('done');
  });

  it('refuses a second answer and the answer to a foreign chain', () => {
    const s = setup();
    command(s, 0, text('x'));
    s.driver.offer(0);
    const [chain] = s.queue.popAll() as [Chain];
    s.queue.pushAll([{ chain, reply: null }]);
    expect(() => s.queue.pushAll([{ chain, reply: null }])).toThrow(TypeError);
    expect(() => s.queue.pushAll([{ chain: { ...chain }, reply: null }])).toThrow(TypeError);
  });
});

describe('a hostile guest', () => {
  type Hostile = readonly [what: string, problem: RegExp, prepare: (s: Setup) => number];
  const one = (head: number, ...descriptors: readonly DriverDescriptor[]) => {
    return (s: Setup) => {
      for (const [index, descriptor] of descriptors.entries()) s.driver.describe(head + index, descriptor);
      return head;
    };
  };
  const table = (length: number, flags: number, ...entries: readonly DriverDescriptor[]) => {
    return (s: Setup) => {
      const view = s.ram.view(DATA + 4096, 2 * 65536);
      for (const [index, entry] of entries.entries()) {
        writeDescriptor(view, index * 16, { flags: 0, next: 0, ...entry });
      }
      s.driver.describe(0, { addr: DATA + 4096, len: length, flags: INDIRECT | flags, next: 1 });
      return 0;
    };
  };
  const END = 2 * MIB;
  const chains: readonly Hostile[] = [
    ['a head equal to the queue size', /head 16/, () => SIZE],
    ['the largest head', /head 65535/, () => 0xffff],
    ['a next that points to itself', /more than 16/, one(0, { addr: DATA, len: 4, flags: NEXT, next: 0 })],
    [
      'a loop of two',
      /more than 16/,
      one(0, { addr: DATA, len: 4, flags: NEXT, next: 1 }, { addr: DATA, len: 4, flags: NEXT, next: 0 }),
    ],
    [
      'a next outside of the table',
      /descriptor 16 of/,
      one(0, { addr: DATA, len: 4, flags: NEXT, next: 16 }),
    ],
    ['a length of zero', /0 bytes/, one(0, { addr: DATA, len: 0 })],
    [
      'a readable descriptor behind a writable one',
      /behind a writable/,
      one(0, { addr: DATA, len: 4, flags: WRITE | NEXT, next: 1 }, { addr: DATA, len: 4 }),
    ],
    ['an address behind the end of memory', /outside of memory/, one(0, { addr: END, len: 1 })],
    ['a range that ends behind memory', /outside of memory/, one(0, { addr: END - 4, len: 5 })],
    ['a writable range that ends behind memory', /outside/, one(0, { addr: END - 4, len: 5, flags: WRITE })],
    ['a length of 4 GiB - 1', /outside of memory/, one(0, { addr: 0, len: 0xffff_ffff })],
    ['an address of 2^53 - 1', /outside of memory/, one(0, { addr: 2 ** 53 - 1, len: 0xffff_ffff })],
    ['an address of 2^53', /above 2\^53/, one(0, { addr: 2n ** 53n, len: 1 })],
    ['the last address', /above 2\^53/, one(0, { addr: 0xffff_ffff_ffff_ffffn, len: 0xffff_ffff })],
    ['an indirect table of 0 bytes', /table of 0 bytes/, table(0, 0)],
    ['an indirect table of 15 bytes', /table of 15 bytes/, table(15, 0)],
    ['an indirect table of 4 GiB - 16', /table of 4294967280/, table(0xffff_fff0, 0)],
    ['an indirect table with a next', /with a next/, table(16, NEXT, { addr: DATA, len: 4 })],
    [
      'an indirect table in an indirect table',
      /inside of an indirect/,
      table(32, 0, { addr: DATA + 4096, len: 16, flags: INDIRECT }),
    ],
    [
      'a loop in an indirect table',
      /more than 1024/,
      table(16, 0, { addr: DATA, len: 4, flags: NEXT, next: 0 }),
    ],
    [
      'a next outside of the indirect table',
      /descriptor 2 of a table with 2/,
      table(32, 0, { addr: DATA, len: 4, flags: NEXT, next: 2 }),
    ],
    [
      'an indirect table outside of memory',
      /outside of memory/,
      (s) => {
        s.driver.describe(0, { addr: END - 8, len: 16, flags: INDIRECT });
        return 0;
      },
    ],
  ];

  it.each(chains)('gets length 0 for %s, and the queue goes on', (_what, problem, prepare) => {
    const s = setup();
    const head = prepare(s);
    s.driver.offer(head);
    expect(s.queue.popAll()).toEqual([]);
    expect(s.driver.takeUsed()).toEqual([{ id: head, len: 0 }]);
    expect(s.log.text()).toMatch(problem);
    expect(s.queue.statistics.malformed).toBe(1);

    command(s, 4, text('still here'));
    s.driver.offer(4);
    const [chain] = s.queue.popAll() as [Chain];
    expect(chain.readable.toString()).toBe('still here');
    s.queue.pushAll([{ chain, reply: text('yes') }]);
    expect(s.driver.takeUsed()).toEqual([{ id: 4, len: 3 }]);
    expect(s.brokenSignalled()).toBe(false);
  });

  it('gets length 0 for an indirect descriptor that was not negotiated', () => {
    const s = setup({ indirect: false });
    s.driver.describe(0, { addr: DATA, len: 16, flags: INDIRECT });
    s.driver.offer(0);
    expect(s.queue.popAll()).toEqual([]);
    expect(s.driver.takeUsed()).toEqual([{ id: 0, len: 0 }]);
  });

  it('gets one answer and one length 0 for the same head twice', () => {
    const s = setup();
    command(s, 0, text('once'));
    s.driver.offer(0, 0);
    const chains = s.queue.popAll();
    expect(chains.map((chain) => chain.head)).toEqual([0]);
    s.driver.offer(0);
    expect(s.queue.popAll()).toEqual([]);
    s.queue.pushAll([{ chain: chains[0] as Chain, reply: text('done') }]);
    expect(s.driver.takeUsed()).toEqual([
      { id: 0, len: 0 },
      { id: 0, len: 0 },
      { id: 0, len: 4 },
    ]);
    s.driver.offer(0);
    expect(s.queue.popAll().length).toBe(1);
  });

  it('gets length 0 for a malformed chain at once, between good ones', () => {
    const s = setup();
    command(s, 0, text('first'));
    s.driver.describe(2, { addr: DATA, len: 0 });
    command(s, 4, text('last'));
    s.driver.offer(0, 2, 4);
    const chains = s.queue.popAll();
    expect(chains.map((chain) => chain.head)).toEqual([0, 4]);
    expect(s.driver.usedIndex).toBe(1);
    s.queue.pushAll(chains.map((chain) => ({ chain, reply: text('ok') })));
    expect(s.driver.takeUsed()).toEqual([
      { id: 2, len: 0 },
      { id: 0, len: 2 },
      { id: 4, len: 2 },
    ]);
  });

  it.each([
    ['jumps by more than the queue', SIZE + 1],
    ['jumps half way round', 0x8000],
    ['goes backwards', 0xffff],
  ])('breaks its queue when the available index %s', (_what, index) => {
    const s = setup();
    s.driver.setAvailableIndex(index);
    expect(s.queue.popAll()).toEqual([]);
    expect(s.queue.state).toBe('broken');
    expect(s.brokenSignalled()).toBe(true);
    expect(s.log.text()).toMatch(/queue is broken/);
    s.driver.setAvailableIndex(1);
    expect(s.queue.popAll()).toEqual([]);
    expect(s.driver.usedIndex).toBe(0);
  });

  it('breaks its queue when it has more chains in flight than the queue has entries', () => {
    const s = setup();
    const heads = Array.from({ length: SIZE }, (_, index) => index);
    for (const head of heads) s.driver.describe(head, { addr: DATA, len: 4 });
    s.driver.offer(...heads);
    const chains = s.queue.popAll();
    expect(chains.length).toBe(SIZE);
    s.driver.offer(0);
    expect(s.queue.popAll()).toEqual([]);
    expect(s.queue.state).toBe('broken');
    s.queue.pushAll(chains.map((chain) => ({ chain, reply: text('late') })));
    expect(s.driver.usedIndex).toBe(0);
  });

  it('does not fill the log', () => {
    const s = setup();
    for (let round = 0; round < 1000; round += 1) {
      s.driver.describe(0, { addr: DATA, len: 0 });
      s.driver.offer(0);
      s.queue.popAll();
    }
    expect(s.queue.statistics.malformed).toBe(1000);
    expect(s.log.lines.length).toBeLessThan(12);
  });

  it('never makes the device write outside of its memory, whatever its descriptors say', () => {
    // The guest's data is the middle of a file whose other parts are not the guest's; the ring lies elsewhere, so that it survives.
    const s = setup({ guestAddress: GIB });
    const file = new Ram(4 * MIB);
    cleanups.push(() => file.close());
    file.bytes(0, MIB).fill(0xaa);
    file.bytes(3 * MIB, MIB).fill(0xaa);
    const data = { guestAddress: 0, size: 2 * MIB, userAddress: USER_BASE + GIB, mmapOffset: MIB };
    s.memory.addRegion(data, duplicateOf(file.fd));
    const random = generator(42);
    const reply = Buffer.alloc(300, 0x55);
    let good = 0;
    for (let round = 0; round < 3000; round += 1) {
      for (let index = 0; index < SIZE; index += 1) {
        s.driver.describe(index, {
          addr: Math.floor(random() * 2.1 * MIB),
          len: Math.floor(random() ** 12 * 2 ** 32),
          flags: Math.floor(random() ** 2 * 8),
          next: Math.floor(random() * 20),
        });
      }
      s.driver.offer(Math.floor(random() * 17));
      const chains = s.queue.popAll();
      good += chains.length;
      s.queue.pushAll(chains.map((chain) => ({ chain, reply })));
    }
    expect(s.queue.state).toBe('running');
    expect(s.queue.statistics.chains).toBe(3000);
    expect(good).toBeGreaterThan(100);
    expect(file.bytes(MIB, 2 * MIB).some((byte) => byte === 0x55)).toBe(true);
    expect(file.bytes(0, MIB).every((byte) => byte === 0xaa)).toBe(true);
    expect(file.bytes(3 * MIB, MIB).every((byte) => byte === 0xaa)).toBe(true);
  });
});

describe('stop and resume', () => {
  it('starts at the index that it is given', () => {
    const s = setup({
      lastAvailable: 65535,
      prepare: (driver) => {
        driver.setAvailableIndex(65535);
        driver.ram.view(driver.usedAt, 4).setUint16(2, 65535, true);
      },
    });
    s.driver.usedSeen = 65535;
    command(s, 2, text('x'));
    s.driver.offer(2);
    s.queue.pushAll(s.queue.popAll().map((chain) => ({ chain, reply: null })));
    expect(s.driver.takeUsed()).toEqual([{ id: 2, len: 0 }]);
    expect(s.driver.usedIndex).toBe(0);
    expect(s.queue.suspend()).toBe(0);
  });

  it('pops nothing while paused, and goes on afterwards', () => {
    const s = setup();
    command(s, 0, text('x'));
    command(s, 2, text('y'));
    s.driver.offer(0);
    const chains = s.queue.popAll();
    s.queue.setEnabled(false);
    s.driver.offer(2);
    expect(s.queue.popAll()).toEqual([]);
    s.queue.pushAll([{ chain: chains[0] as Chain, reply: null }]);
    expect(s.driver.takeUsed()).toEqual([{ id: 0, len: 0 }]);
    s.queue.setEnabled(true);
    expect(s.queue.popAll().length).toBe(1);
  });

  it('keeps answers while it is suspended and gives them when it goes on', () => {
    const s = setup();
    command(s, 0, text('x'));
    s.driver.offer(0);
    const [chain] = s.queue.popAll() as [Chain];
    expect(s.queue.suspend()).toBe(1);
    s.queue.pushAll([{ chain, reply: text('kept') }]);
    expect(s.driver.usedIndex).toBe(0);
    expect(s.queue.inFlight).toBe(1);
    s.queue.resume(s.driver.setup);
    expect(s.driver.takeUsed()).toEqual([{ id: 0, len: 4 }]);
    expect(Buffer.from(replyOf(s, 0, 4)).toString()).toBe('kept');
  });

  it('tells when the last chain in flight was answered', () => {
    const s = setup();
    let idle = 0;
    command(s, 0, text('x'));
    command(s, 2, text('y'));
    s.driver.offer(0, 2);
    const [first, second] = s.queue.popAll() as [Chain, Chain];
    s.queue.drain(() => {
      idle += 1;
    });
    s.queue.pushAll([{ chain: first, reply: null }]);
    expect(idle).toBe(0);
    s.queue.pushAll([{ chain: second, reply: null }]);
    expect(idle).toBe(1);
    s.queue.suspend();
    s.queue.drain(() => {
      idle += 1;
    });
    expect(idle).toBe(2);
  });

  it('drops answers once it was discarded', () => {
    const s = setup();
    command(s, 0, text('x'));
    s.driver.offer(0);
    const chains = s.queue.popAll();
    s.queue.discard();
    s.queue.pushAll(chains.map((chain) => ({ chain, reply: text('late') })));
    expect(s.driver.usedIndex).toBe(0);
    expect(s.queue.popAll()).toEqual([]);
    expect(s.queue.inFlight).toBe(0);
  });

  it('refuses a ring outside of guest memory', () => {
    const s = setup();
    s.queue.suspend();
    const bad = { ...s.driver.setup, used: USER_BASE + 2 * MIB - 64 };
    expect(() => s.queue.resume(bad)).toThrow(/used part of queue 0/);
    expect(() => s.queue.resume({ ...bad, available: 0xffff_ffff_ffff_fffen })).toThrow(/available part/);
    s.queue.resume(s.driver.setup);
    expect(s.queue.state).toBe('running');
  });
});

describe('memory that changes under a queue', () => {
  it('is found again where it is now', () => {
    const s = setup();
    command(s, 0, text('x'));
    s.driver.offer(0);
    const [chain] = s.queue.popAll() as [Chain];
    const extra = new Ram(MIB, GIB, USER_BASE + GIB);
    cleanups.push(() => extra.close());
    s.memory.replaceTable([], []);
    s.memory.replaceTable([extra.region, s.ram.region], [duplicateOf(extra.fd), duplicateOf(s.ram.fd)]);
    s.queue.pushAll([{ chain, reply: text('done') }]);
    expect(s.driver.takeUsed()).toEqual([{ id: 0, len: 4 }]);
    s.driver.offer(0);
    expect(s.queue.popAll().length).toBe(1);
  });

  it('breaks the queue when the ring is gone, and touches nothing', () => {
    const s = setup();
    command(s, 0, text('x'));
    s.driver.offer(0);
    const chains = s.queue.popAll();
    s.memory.replaceTable([], []);
    s.queue.pushAll(chains.map((chain) => ({ chain, reply: text('lost') })));
    expect(s.queue.state).toBe('broken');
    expect(s.brokenSignalled()).toBe(true);
    expect(s.driver.usedIndex).toBe(0);
  });

  it('ends a reply where a buffer is gone', () => {
    const s = setup();
    const extra = new Ram(MIB, GIB, USER_BASE + GIB);
    cleanups.push(() => extra.close());
    s.memory.addRegion(extra.region, duplicateOf(extra.fd));
    s.driver.describe(0, { addr: DATA, len: 2, flags: WRITE | NEXT, next: 1 });
    s.driver.describe(1, { addr: GIB, len: 2, flags: WRITE });
    s.driver.offer(0);
    const [chain] = s.queue.popAll() as [Chain];
    s.memory.removeRegion(extra.region);
    s.queue.pushAll([{ chain, reply: text('abcd') }]);
    expect(s.driver.takeUsed()).toEqual([{ id: 0, len: 2 }]);
  });
});

/** A small reproducible generator (mulberry32) of numbers from 0 to 1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
