// A hostile or broken VMM against the back-end: whatever it sends costs it its own connection at most; the next VMM is served, and nothing
// (descriptor, mapping) is left behind.
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEventfd } from '../../services/lib/os/eventfd.ts';
import { closeAll, Fd } from '../../services/lib/os/fd.ts';
import { createMemfd } from '../../services/lib/os/memory.ts';
import { connect, send, socketPair } from '../../services/lib/os/socket.ts';
import { type BackendServer, startBackendServer } from '../../services/lib/vhost-user/backend-server.ts';
import { DEFAULT_PROTOCOL_FEATURES } from '../../services/lib/vhost-user/offer.ts';
import {
  encodeFrontendRequest,
  encodeMessage,
  FRONTEND_REQUESTS,
  MOST_PAYLOAD_BYTES,
} from '../../services/lib/wire/vhost-user.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
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
} from '../lib/vhost-user/fixtures.ts';
import { turns, until } from '../support/until.ts';

let directory: string;
let server: BackendServer;
let device: TestDevice;
let log: ReturnType<typeof recordingLog>;
const cleanups: (() => void)[] = [];

function connected(): RawVmm {
  return new RawVmm(connect(join(directory, 'gpu.sock'), 'stream'));
}

/** More than the buffers of two sockets hold of requests and answers: about 600, of which each costs the kernel more than its bytes. */
const MANY = 20_000;

/** Asks until the socket takes no more although the back-end had its turns to read, or it was too often; how often. */
async function askAndAsk(vmm: RawVmm): Promise<number> {
  const request = encodeFrontendRequest('GET_FEATURES', null);
  let sent = 0;
  for (let refused = false; sent < MANY; ) {
    if (send(vmm.socket.number, request) === request.length) {
      sent += 1;
      refused = false;
    } else if (refused) return sent;
    else {
      refused = true;
      await turns(40);
    }
  }
  return sent;
}

/** The next VMM is served as if nothing had happened. */
async function expectService(): Promise<void> {
  const vmm = connected();
  expect(await vmm.get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
  vmm.close();
  await until('the connection has ended', () => !server.connected);
}

/** Shared mappings of memfds in this process. */
function mappings(): number {
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('memfd:')).length;
}

function header(request: number, flags: number, size: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(request, 0);
  bytes.writeUInt32LE(flags, 4);
  bytes.writeUInt32LE(size, 8);
  return bytes;
}

describe.each([
  { way: 'with a store, as in production', isKept: true },
  { way: 'alone', isKept: false },
])('a back-end $way', ({ isKept }) => {
  let holder: TestHolder;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'vhost-user-'));
    holder = new TestHolder();
    device = new TestDevice();
    log = recordingLog();
    server = await startBackendServer({
      device,
      log,
      listen: { path: join(directory, 'gpu.sock') },
      ...(isKept && { store: holder }),
    });
  });

  afterEach(() => {
    for (const cleanup of cleanups.splice(0).reverse()) cleanup();
    server.close();
    holder.close();
    rmSync(directory, { recursive: true, force: true });
  });

  describe('malformed messages', () => {
    const region = Buffer.alloc(32);
    const cases: readonly (readonly [what: string, bytes: Buffer, problem: RegExp])[] = [
      ['a header of version 0', header(1, 0, 0), /version 0/],
      ['a header of version 3', header(1, 3, 0), /version 3/],
      ['a payload of 4 GiB', header(1, 1, 0xffff_ffff), /4294967295 bytes is announced/],
      ['a payload just above the largest', header(1, 1, MOST_PAYLOAD_BYTES + 1), /2057 bytes is announced/],
      ['a reply', header(1, 5, 0), /a reply, although nothing was asked/],
      ['request 0', header(0, 1, 0), /request 0 is not known/],
      ['an unknown request', header(45, 1, 0), /request 45 is not known/],
      ['the largest request', header(0xffff_ffff, 1, 0), /request 4294967295 is not known/],
      ['a payload for GET_FEATURES', encodeMessage(1, Buffer.alloc(8)), /8 bytes, 0 are expected/],
      ['SET_FEATURES without a payload', encodeMessage(2, Buffer.alloc(0)), /0 bytes, 8 are expected/],
      ['SET_MEM_TABLE without a payload', encodeMessage(5, Buffer.alloc(0)), /at least 8/],
      [
        'SET_MEM_TABLE with more regions than bytes',
        encodeMessage(5, Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]), region])),
        /40 bytes, 264 are expected/,
      ],
      [
        'SET_MEM_TABLE with 2^32 - 1 regions',
        encodeMessage(5, Buffer.concat([Buffer.from([255, 255, 255, 255, 0, 0, 0, 0]), region])),
        /4294967295 regions, 8 is the most/,
      ],
      [
        'SET_MEM_TABLE with a region but no descriptor',
        encodeMessage(5, Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), region])),
        /1 regions with 0 descriptors/,
      ],
      ['ADD_MEM_REG without a descriptor', encodeMessage(37, Buffer.alloc(40)), /0 descriptors/],
      ['SET_BACKEND_REQ_FD without a descriptor', encodeMessage(21, Buffer.alloc(0)), /0 descriptors/],
      ['SET_VRING_KICK without a descriptor', encodeMessage(12, Buffer.alloc(8)), /no descriptor/],
      ['a SET_VRING_ADDR cut short', encodeMessage(9, Buffer.alloc(39)), /39 bytes, 40/],
      [
        'GET_CONFIG of 4 GiB',
        encodeMessage(24, Buffer.from([0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0])),
        /4294967295 bytes of configuration/,
      ],
      [
        'SET_CONFIG with less data than it says',
        encodeMessage(25, Buffer.from([0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1])),
        /13 bytes, 16 are expected/,
      ],
    ];

    it.each(
      cases,
    )('%s costs its sender the connection, and nobody else anything', async (_what, bytes, problem) => {
      const before = openFds();
      const vmm = connected();
      vmm.sendBytes(bytes);
      await vmm.ended();
      vmm.close();
      expect(log.text()).toMatch(problem);
      await expectService();
      expect(openFds()).toBe(before);
    });

    it.each([
      1, 11, 12, 13, 19,
    ])('a message that ends after %i bytes leaves nothing behind', async (length) => {
      const fd = createEventfd();
      cleanups.push(() => fd.close());
      const before = openFds();
      const vmm = connected();
      const whole = encodeFrontendRequest('SET_VRING_CALL', { index: 0, noFd: false });
      vmm.sendBytes(whole.subarray(0, length), [fd]);
      await turns();
      vmm.close();
      await until('the connection has ended', () => !server.connected);
      expect(log.text()).toMatch(/in the middle of it/);
      await expectService();
      expect(openFds()).toBe(before);
    });

    it('a message that arrives byte by byte is understood', async () => {
      const vmm = connected();
      for (const byte of encodeFrontendRequest('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES)) {
        vmm.sendBytes(Buffer.from([byte]));
        await turns(2);
      }
      expect(await vmm.get('GET_QUEUE_NUM', null)).toBe(2);
      vmm.close();
      await until('the connection has ended', () => !server.connected);
    });

    it('random bytes never do more than end a connection', async () => {
      const before = openFds();
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
          const vmm = connected();
          vmm.sendBytes(bytes);
          await turns(2);
          vmm.close();
          await until('the connection has ended', () => !server.connected);
        }),
        { numRuns: 300 },
      );
      await expectService();
      expect(openFds()).toBe(before);
    });

    it('random payloads of every request never do more than end a connection', async () => {
      const fd = createMemfd('any', 4096);
      cleanups.push(() => fd.close());
      const numbers = Object.values(FRONTEND_REQUESTS).map((format) => format.number);
      const sizes = fc.constantFrom(0, 8, 12, 16, 24, 28, 40, 72, 264);
      const before = openFds();
      const mapped = mappings();
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              request: fc.constantFrom(...numbers),
              payload: sizes.chain((size) => fc.uint8Array({ minLength: size, maxLength: size })),
              fds: fc.nat(2),
            }),
            { minLength: 1, maxLength: 8 },
          ),
          async (messages) => {
            const vmm = connected();
            vmm.send('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES);
            try {
              for (const { request, payload, fds } of messages) {
                vmm.sendBytes(encodeMessage(request, payload, { needReply: true }), Array(fds).fill(fd));
              }
            } catch {
              // The back-end has hung up on an earlier one already.
            }
            await turns(2);
            vmm.close();
            await until('the connection has ended', () => !server.connected);
          },
        ),
        { numRuns: 300 },
      );
      await expectService();
      expect(openFds()).toBe(before);
      expect(mappings()).toBe(mapped);
    });
  });

  describe('descriptors', () => {
    it.each([
      ['on a message that takes none', encodeFrontendRequest('GET_FEATURES', null), 1],
      ['more than one eventfd', encodeFrontendRequest('SET_VRING_CALL', { index: 0, noFd: false }), 2],
      [
        'an eventfd although none was announced',
        encodeFrontendRequest('SET_VRING_CALL', { index: 0, noFd: true }),
        1,
      ],
      ['more than regions', encodeFrontendRequest('SET_MEM_TABLE', []), 3],
      ['more than any message takes', encodeFrontendRequest('GET_FEATURES', null), 9],
      ['as many as the kernel passes', encodeFrontendRequest('GET_FEATURES', null), 253],
    ])('that are too many (%s) are closed, with the connection', async (_what, bytes, count) => {
      const fd = createEventfd();
      cleanups.push(() => fd.close());
      const before = openFds();
      const vmm = connected();
      vmm.sendBytes(bytes, Array(count).fill(fd));
      await vmm.ended();
      vmm.close();
      expect(log.text()).toMatch(/descriptor/);
      await expectService();
      expect(openFds()).toBe(before);
    });

    it('that come with a refused message are closed, thousands of times', async () => {
      const vmm = connected();
      vmm.send('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES);
      const fd = createEventfd();
      cleanups.push(() => fd.close());
      await vmm.get('GET_QUEUE_NUM', null);
      const before = openFds();
      for (let round = 0; round < 3000; round += 1) {
        expect(await vmm.ask('SET_VRING_CALL', { index: 9, noFd: false }, [fd])).toBe(1);
      }
      expect(openFds()).toBe(before);
      vmm.close();
      await until('the connection has ended', () => !server.connected);
    });

    it('that replace others close those, thousands of times', async () => {
      const vmm = connected();
      vmm.send('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES);
      const fd = createEventfd();
      cleanups.push(() => fd.close());
      await vmm.ask('SET_VRING_CALL', { index: 0, noFd: false }, [fd]);
      await vmm.ask('SET_VRING_ERR', { index: 0, noFd: false }, [fd]);
      await vmm.ask('SET_VRING_KICK', { index: 0, noFd: false }, [fd]);
      const before = openFds();
      for (let round = 0; round < 1000; round += 1) {
        expect(await vmm.ask('SET_VRING_CALL', { index: 0, noFd: false }, [fd])).toBe(0);
        expect(await vmm.ask('SET_VRING_ERR', { index: 0, noFd: false }, [fd])).toBe(0);
        expect(await vmm.ask('SET_VRING_KICK', { index: 0, noFd: false }, [fd])).toBe(0);
      }
      expect(openFds()).toBe(before);
      vmm.close();
      await until('the connection has ended', () => !server.connected);
    });

    it('of channels that replace each other are closed', async () => {
      const vmm = connected();
      vmm.send('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES);
      await vmm.get('GET_QUEUE_NUM', null);
      const before = openFds();
      for (let round = 0; round < 500; round += 1) {
        const [mine, theirs] = socketPair('stream');
        expect(await vmm.ask('SET_BACKEND_REQ_FD', null, [theirs])).toBe(0);
        closeAll([mine, theirs]);
      }
      // The last one's: here, held for a successor, and at the holder.
      expect(openFds() - before).toBeLessThanOrEqual(isKept ? 3 : 1);
      vmm.close();
      await until('the connection has ended', () => !server.connected);
    });

    it('of every wrong kind are refused as a doorbell', async () => {
      const vmm = connected();
      vmm.send('SET_PROTOCOL_FEATURES', DEFAULT_PROTOCOL_FEATURES);
      const [one, two] = socketPair('stream');
      const wrong = [
        one,
        two,
        createMemfd('memory', 4096),
        new Fd(openSync('/dev/null', 'r+')),
        new Fd(openSync('/', 'r')),
      ];
      cleanups.push(() => closeAll(wrong));
      for (const fd of wrong) {
        expect(await vmm.ask('SET_VRING_KICK', { index: 0, noFd: false }, [fd])).toBe(1);
        expect(await vmm.ask('SET_VRING_CALL', { index: 0, noFd: false }, [fd])).toBe(1);
        expect(await vmm.ask('SET_VRING_ERR', { index: 0, noFd: false }, [fd])).toBe(1);
      }
      vmm.close();
      await until('the connection has ended', () => !server.connected);
    });
  });

  describe('a VMM that does not listen', () => {
    it('is not buffered for without end, and is served again when it listens', async () => {
      const vmm = connected();
      const sent = await askAndAsk(vmm);
      expect(sent).toBeLessThan(MANY);
      for (let index = 0; index < sent; index += 1) expect((await vmm.next()).header.request).toBe(1);
      vmm.close();
      await until('the connection has ended', () => !server.connected);
    });

    it('ends when it goes away with answers unread', async () => {
      const before = openFds();
      const vmm = connected();
      expect(await askAndAsk(vmm)).toBeLessThan(MANY);
      vmm.close();
      await until('the connection has ended', () => !server.connected);
      await expectService();
      expect(openFds()).toBe(before);
    });
  });

  describe('a whole VM that disappears', () => {
    it('leaves no descriptor and no mapping behind, 200 times', async () => {
      const ram = new Ram(4 * MIB);
      const queue = new VmmQueue(0, new Driver(ram, 16, 0));
      cleanups.push(
        () => queue.close(),
        () => ram.close(),
      );
      const before = openFds();
      const mapped = mappings();
      for (let round = 0; round < 200; round += 1) {
        const vmm = connected();
        const channel = await negotiate(vmm, [ram]);
        await queue.start(vmm, 0);
        closeAll([channel]);
        vmm.close();
        await until('the connection has ended', () => !server.connected);
      }
      expect(openFds()).toBe(before);
      expect(mappings()).toBe(mapped);
      expect(device.sessions.length).toBe(200);
      expect(device.sessions.every((session) => session.end?.kind === 'disconnected')).toBe(true);
      expect(readdirSync('/proc/self/fd').length).toBe(before);
    });
  });
});
