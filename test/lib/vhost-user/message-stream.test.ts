// A stream of messages by itself: what arrives in which pieces, what is sent when the socket takes it, who owns which descriptor, and how it ends.
// What comes and goes is scripted; the socket pair is real, for its readiness.
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEventfd } from '../../../services/lib/os/eventfd.ts';
import { closeAll, type Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../services/lib/os/memory.ts';
import { send, socketPair } from '../../../services/lib/os/socket.ts';
import { SystemError } from '../../../services/lib/os/system-error.ts';
import {
  MessageStream,
  type StreamHandlers,
  type StreamIo,
  type StreamMessage,
  type Taken,
} from '../../../services/lib/vhost-user/message-stream.ts';
import {
  encodeMessage,
  HEADER_BYTES,
  MOST_MESSAGE_FDS,
  MOST_PAYLOAD_BYTES,
  WireError,
} from '../../../services/lib/wire/vhost-user.ts';
import { turns } from '../../support/until.ts';
import { openFds } from './fixtures.ts';

const PAYLOAD = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
const MESSAGE = encodeMessage(7, PAYLOAD);
// <errno.h>
const ERRNO = { EIO: 5, EPIPE: 32, ECONNRESET: 104 } as const;
/** Handled in one event at most (MOST_MESSAGES_PER_EVENT). */
const A_BURST = 64;

type Piece = { readonly data: Buffer; readonly fds?: readonly Fd[]; readonly truncated?: boolean };

/** A socket whose every byte is the test's choice. */
class ScriptedIo implements StreamIo {
  begun: StreamIo['begun'] = null;
  /** What arrives, and then nothing is there. An error is thrown; no bytes are the peer's end. */
  readonly arrives: (Piece | Error)[] = [];
  /** How many bytes each send takes; when none is left, all of them. */
  readonly takes: (number | Error)[] = [];
  /** What was asked for, each time. */
  readonly asked: number[] = [];
  readonly sent: { readonly data: string; readonly fds: readonly number[] }[] = [];
  isLast: boolean | undefined;

  receive(_socket: number, most: number): Taken | null {
    this.asked.push(most);
    const next = this.arrives.shift();
    if (next === undefined) return null;
    if (next instanceof Error) throw next;
    const { data, fds = [], truncated = false } = next;
    // As the kernel does it: descriptors come with the first byte of what they were sent with.
    if (data.length > most) this.arrives.unshift({ data: data.subarray(most) });
    const taken = { data: Buffer.from(data.subarray(0, most)), fds: [...fds], truncated };
    return this.isLast === undefined ? taken : { ...taken, isLast: this.isLast };
  }

  send(_socket: number, data: Uint8Array, fds: readonly number[]): number {
    const next = this.takes.shift();
    if (next instanceof Error) throw next;
    const taken = Math.min(next ?? data.length, data.length);
    this.sent.push({ data: Buffer.from(data.subarray(0, taken)).toString('hex'), fds: [...fds] });
    return taken;
  }
}

let before: number;
let io = new ScriptedIo();
let peer: Fd;
let stream: MessageStream;
let messages: StreamMessage[];
let ends: unknown[];
const owned: Fd[] = [];

beforeAll(() => {
  // What the first poll of a process opens for good is there before the count.
  start();
  stream.close();
  peer.close();
});

beforeEach(() => {
  before = openFds();
  io = new ScriptedIo();
  messages = [];
  ends = [];
});

afterEach(() => {
  stream.close();
  for (const { fds } of messages) closeAll([...fds]);
  closeAll(owned.splice(0));
  peer.close();
  // Nothing that was received, duplicated or taken over is left, whatever happened.
  expect(openFds()).toBe(before);
});

function start(handlers: Partial<StreamHandlers> = {}): void {
  const [mine, theirs] = socketPair('stream');
  peer = theirs;
  stream = new MessageStream(mine, {
    io,
    onMessage: (message) => messages.push(message),
    onEnd: (error) => ends.push(error),
    ...handlers,
  });
}

const eventfds = (count: number): Fd[] => Array.from({ length: count }, () => createEventfd());
const heard = () =>
  messages.map(({ header, payload, fds }) => [header.request, payload.toString('hex'), fds.length]);
const whole = (fds = 0) => [7, PAYLOAD.toString('hex'), fds];
const arrive = (...pieces: (Piece | Error | Buffer)[]) =>
  io.arrives.push(...pieces.map((piece) => (Buffer.isBuffer(piece) ? { data: piece } : piece)));
/** The real socket of the stream has something to read, from now on: nobody takes it. */
const makeReadable = () => send(peer.number, Buffer.from('x'));

describe('a message', () => {
  it.each(
    Array.from({ length: MESSAGE.length - 1 }, (_, index) => index + 1),
  )('cut after %i bytes is one message, with the descriptors of both pieces', (cut) => {
    start();
    arrive({ data: MESSAGE.subarray(0, cut), fds: eventfds(1) });
    stream.poll();
    expect(heard()).toEqual([]);

    arrive({ data: MESSAGE.subarray(cut), fds: eventfds(1) });
    stream.poll();

    expect(heard()).toEqual([whole(2)]);
    expect(ends).toEqual([]);
  });

  it('that comes byte by byte is one', () => {
    start();
    for (const byte of MESSAGE) {
      arrive(Buffer.from([byte]));
      stream.poll();
    }

    expect(heard()).toEqual([whole()]);
  });

  it.each([0, 1, MOST_PAYLOAD_BYTES])('of %i bytes of payload has them', (size) => {
    start();
    arrive(encodeMessage(1, Buffer.alloc(size, 0xab)));
    stream.poll();

    expect(heard()).toEqual([[1, 'ab'.repeat(size), 0]]);
  });

  it('is asked for by itself: what is behind it stays in the socket, where its descriptors are', () => {
    start();
    arrive(Buffer.concat([MESSAGE, MESSAGE, encodeMessage(1, Buffer.alloc(0)), MESSAGE]));
    stream.poll();

    expect(heard()).toEqual([whole(), whole(), [1, '', 0], whole()]);
    const both = [HEADER_BYTES, PAYLOAD.length];
    expect(io.asked).toEqual([...both, ...both, HEADER_BYTES, ...both, HEADER_BYTES]);
  });

  it('has its own descriptors, in order, and not those of the next one', () => {
    start();
    const [one, two, three] = eventfds(3) as [Fd, Fd, Fd];
    arrive({ data: MESSAGE, fds: [one, two] }, { data: MESSAGE, fds: [three] }, MESSAGE);
    stream.poll();

    expect(messages.map(({ fds }) => fds)).toEqual([[one, two], [three], []]);
  });

  it('has a payload of its own, that the next one does not change', () => {
    start();
    arrive(MESSAGE, encodeMessage(7, Buffer.alloc(8)));
    stream.poll();

    expect(heard()).toEqual([whole(), [7, '00'.repeat(8), 0]]);
  });

  it('may have as many descriptors as any takes', () => {
    start();
    arrive({ data: MESSAGE, fds: eventfds(MOST_MESSAGE_FDS) });
    stream.poll();

    expect(heard()).toEqual([whole(MOST_MESSAGE_FDS)]);
  });

  it.each([
    [
      'more descriptors than any takes',
      () => arrive({ data: MESSAGE, fds: eventfds(MOST_MESSAGE_FDS + 1) }),
      /9 descriptors came with it, 8 is the most/,
    ],
    [
      'too many in two pieces',
      () =>
        arrive(
          { data: MESSAGE.subarray(0, 12), fds: eventfds(5) },
          { data: MESSAGE.subarray(12), fds: eventfds(4) },
        ),
      /9 descriptors came with it/,
    ],
    [
      'descriptors that did not fit',
      () => arrive({ data: MESSAGE, fds: eventfds(2), truncated: true }),
      /descriptors were lost because too many came at once/,
    ],
    ['a version that is none', () => arrive(Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])), /version 2/],
    [
      'a payload beyond the largest',
      () => {
        const header = Buffer.from(MESSAGE.subarray(0, HEADER_BYTES));
        header.writeUInt32LE(MOST_PAYLOAD_BYTES + 1, 8);
        arrive({ data: header, fds: eventfds(1) });
      },
      /2057 bytes is announced/,
    ],
  ])('with %s ends the stream, and closes what came', (_, arrives, problem) => {
    start();
    arrives();
    arrive(MESSAGE);
    stream.poll();

    expect(ends).toEqual([expect.any(WireError)]);
    expect((ends[0] as WireError).message).toMatch(problem);
    expect([heard(), stream.closed]).toEqual([[], true]);
  });
});

describe('the end', () => {
  it('between two messages is one', () => {
    start();
    arrive(MESSAGE, Buffer.alloc(0));
    stream.poll();

    expect([heard(), ends, stream.closed]).toEqual([[whole()], [null], true]);
  });

  it.each(
    Array.from({ length: MESSAGE.length - 1 }, (_, index) => index + 1),
  )('after %i bytes of a message is none', (cut) => {
    start();
    arrive({ data: MESSAGE.subarray(0, cut), fds: eventfds(1) }, Buffer.alloc(0));
    stream.poll();

    expect(ends).toEqual([expect.any(WireError)]);
    expect((ends[0] as WireError).message).toMatch(/closed its end in the middle of it/);
    expect(heard()).toEqual([]);
  });

  it.each(['ECONNRESET', 'EPIPE'] as const)('by %s is the peer’s', (code) => {
    start();
    arrive(new SystemError('recvmsg', ERRNO[code], 'receive'));
    stream.poll();

    expect(ends).toEqual([null]);
  });

  it('by another error of the socket tells which', () => {
    start();
    const error = new SystemError('recvmsg', ERRNO.EIO, 'receive');
    arrive(error);
    stream.poll();

    expect(ends).toEqual([error]);
  });

  it('by an error of whoever handles a message tells which', () => {
    const error = new Error('no');
    start({
      onMessage: () => {
        throw error;
      },
    });
    arrive(MESSAGE, MESSAGE);
    stream.poll();

    expect([ends, io.arrives.length]).toEqual([[error], 1]);
  });

  it('is told once, and nothing after it', async () => {
    start();
    arrive(Buffer.alloc(0), MESSAGE);
    stream.poll();
    stream.poll();
    stream.send(MESSAGE);
    stream.pause();
    stream.resume();
    stream.close();
    await turns();

    expect([ends, heard(), io.sent]).toEqual([[null], [], []]);
  });

  it('is not told to who closes, even in the middle of what came', () => {
    start({
      onMessage: (message) => {
        messages.push(message);
        stream.close();
      },
    });
    arrive(MESSAGE, MESSAGE);
    stream.poll();

    expect([heard(), ends, stream.closed]).toEqual([[whole()], [], true]);
  });

  it('of a peer that is gone is found while nothing is read', () => {
    start();
    stream.pause();
    expect(stream.isHungUp).toBe(false);
    peer.close();
    expect(stream.isHungUp).toBe(true);
    stream.poll();

    expect([ends, stream.isHungUp]).toEqual([[null], false]);
  });

  it('of a socket that is none is an error at once, and takes all of it over', () => {
    start();
    stream.close();
    io.begun = { bytes: MESSAGE.subarray(0, 3), fds: eventfds(1) };
    const memory = createMemfd('no socket', 4096);

    expect(() => new MessageStream(memory, { io, onMessage: () => {}, onEnd: () => {} })).toThrow(
      SystemError,
    );
  });
});

describe('reading', () => {
  it('takes so many messages in one event, and the rest in the next', () => {
    start();
    arrive(Buffer.concat(Array(A_BURST + 3).fill(MESSAGE)));
    stream.poll();
    expect(messages).toHaveLength(A_BURST);

    stream.poll();
    expect(messages).toHaveLength(A_BURST + 3);
  });

  it('stops at once when it is paused, and goes on', () => {
    start({
      onMessage: (message) => {
        messages.push(message);
        if (messages.length === 2) stream.pause();
      },
    });
    arrive(Buffer.concat([MESSAGE, MESSAGE, MESSAGE]));
    stream.poll();
    stream.poll();
    expect(messages).toHaveLength(2);

    stream.resume();
    stream.poll();
    expect(messages).toHaveLength(3);
  });

  it('happens when there is something, and does not while it is paused', async () => {
    start();
    stream.pause();
    arrive(MESSAGE);
    makeReadable();
    await turns();
    expect([heard(), io.asked]).toEqual([[], []]);

    stream.resume();
    await turns();
    expect(heard()).toEqual([whole()]);
  });

  it.each([
    ['stops behind the last message', true, 2],
    ['asks until nothing is there when it is not told', undefined, 3],
  ])('in an event %s', async (_, isLast, asks) => {
    io.isLast = isLast;
    arrive(MESSAGE);
    let asked = 0;
    start({
      onMessage: (message) => {
        messages.push(message);
        setImmediate(() => {
          asked = io.asked.length;
          stream.close();
        });
      },
    });
    makeReadable();
    await turns();

    expect([heard(), asked]).toEqual([[whole()], asks]);
  });

  it.each([
    ['in a header', 5, []],
    ['behind a header', HEADER_BYTES, [HEADER_BYTES]],
    ['in a payload', HEADER_BYTES + 3, []],
    ['with all of it', MESSAGE.length, []],
  ])('goes on where a predecessor stood: %s', (_, length) => {
    io.begun = { bytes: Buffer.from(MESSAGE.subarray(0, length)), fds: eventfds(1) };
    start();
    if (length < MESSAGE.length) arrive({ data: MESSAGE.subarray(length), fds: eventfds(1) });
    stream.poll();

    expect(heard()).toEqual([whole(length < MESSAGE.length ? 2 : 1)]);
  });
});

describe('sending', () => {
  const [ONE, TWO] = [encodeMessage(1, PAYLOAD), encodeMessage(2, PAYLOAD)];
  const hex = (...parts: Buffer[]) => Buffer.concat(parts).toString('hex');
  const memory = () => {
    const fd = createEventfd();
    owned.push(fd);
    return fd;
  };
  const bytesSent = () => io.sent.map(({ data }) => data).join('');

  it('is done at once when the socket takes it, with descriptors that stay the caller’s', () => {
    start();
    const fd = memory();
    stream.send(ONE, [fd]);

    expect(io.sent).toEqual([{ data: hex(ONE), fds: [fd.number] }]);
    expect(fd.open).toBe(true);
  });

  it.each([
    1,
    HEADER_BYTES,
    ONE.length - 1,
  ])('of which %i bytes are taken sends the rest later, without the descriptors: those are there', async (taken) => {
    start();
    const fd = memory();
    io.takes.push(taken);
    stream.send(ONE, [fd]);
    await turns();

    expect(bytesSent()).toBe(hex(ONE));
    expect(io.sent.map(({ fds }) => fds)).toEqual([[fd.number], []]);
  });

  it('of which nothing is taken sends all of it later, with copies of the descriptors', async () => {
    start();
    const fd = memory();
    io.takes.push(0);
    stream.send(ONE, [fd]);
    fd.close();
    await turns();

    expect(io.sent.at(-1)).toEqual({ data: hex(ONE), fds: [expect.any(Number)] });
    // The copy is gone: socket, peer, and nothing else.
    expect(openFds()).toBe(before + 2);
  });

  it('keeps the order, whatever the socket takes', async () => {
    start();
    io.takes.push(3, 0, 5, 0, 1);
    for (const message of [ONE, TWO, ONE]) stream.send(message);
    expect(bytesSent()).toBe(hex(ONE.subarray(0, 3)));
    await turns(20);

    expect(bytesSent()).toBe(hex(ONE, TWO, ONE));
  });

  it('that is overtaken by close() keeps nothing', () => {
    start();
    io.takes.push(0);
    stream.send(ONE, [memory()]);
    stream.send(TWO, [memory()]);
    stream.close();

    expect(bytesSent()).toBe('');
  });

  it.each([
    ['at once', [new SystemError('sendmsg', ERRNO.EIO, 'send')]],
    ['later', [0, new SystemError('sendmsg', ERRNO.EIO, 'send')]],
  ])('that fails %s ends the stream, never within send()', async (_, takes) => {
    start();
    io.takes.push(...takes);
    stream.send(ONE, [memory()]);
    expect(ends).toEqual([]);
    await turns();

    expect(ends).toEqual([takes.at(-1)]);
    expect(stream.closed).toBe(true);
  });

  it('to a peer that is gone is the peer’s end', async () => {
    start();
    io.takes.push(new SystemError('sendmsg', ERRNO.EPIPE, 'send'));
    stream.send(ONE);
    await turns();

    expect(ends).toEqual([null]);
  });
});

describe('while an answer waits', () => {
  const NEVER = Array<number>(10_000).fill(0);

  it('who answers does not read: a peer that does not listen is not answered without end', async () => {
    start({ readWhileSending: false });
    io.takes.push(...NEVER);
    stream.send(MESSAGE);
    arrive(MESSAGE);
    makeReadable();
    await turns(20);
    stream.poll();
    expect([io.asked, heard()]).toEqual([[], []]);

    io.takes.length = 0;
    await turns(20);
    expect(heard()).toEqual([whole()]);
  });

  it('it stops behind the message whose answer has to wait', () => {
    start({
      readWhileSending: false,
      onMessage: (message) => {
        messages.push(message);
        stream.send(MESSAGE);
      },
    });
    io.takes.push(MESSAGE.length, ...NEVER);
    arrive(Buffer.concat([MESSAGE, MESSAGE, MESSAGE]));
    stream.poll();

    expect(heard()).toEqual([whole(), whole()]);
  });

  it('who asks reads on: its peer may be waiting to be read', async () => {
    start();
    io.takes.push(...NEVER);
    stream.send(MESSAGE);
    arrive(MESSAGE);
    makeReadable();
    await turns(20);

    expect(heard()).toEqual([whole()]);
  });

  it('a peer that is gone is noticed all the same', () => {
    start({ readWhileSending: false });
    io.takes.push(...NEVER);
    stream.send(MESSAGE);
    peer.close();
    stream.poll();

    expect(ends).toEqual([null]);
  });
});
