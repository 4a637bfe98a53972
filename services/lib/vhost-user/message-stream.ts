// One vhost-user socket as a stream of whole messages: frames what arrives together with its descriptors, and sends without blocking.
// Who closes what: received descriptors belong to the message, and so to whoever handles it; descriptors to send are borrowed for the
// duration of send() (those that have to wait are duplicated); the socket belongs to this object.
import { closeAll, type Fd } from '../os/fd.ts';
import { duplicate } from '../os/memory.ts';
import { Poller } from '../os/poll.ts';
import { adoptSocket, isHungUp, type Received, receive, send } from '../os/socket.ts';
import { SystemError } from '../os/system-error.ts';
import { decodeHeader, HEADER_BYTES, type Header, MOST_MESSAGE_FDS, WireError } from '../wire/vhost-user.ts';

/**
 * Messages handled in one event, and milliseconds that they may take all together: a peer that never stops sending cannot starve the rest of the
 * process, other VMs among it. The loop comes back for the rest.
 */
const MOST_MESSAGES_PER_EVENT = 64;
const MOST_MILLISECONDS_PER_EVENT = 1;

export type StreamMessage = {
  readonly header: Header;
  readonly payload: Buffer;
  /** Owned by the handler. */
  readonly fds: readonly Fd[];
};

/** `isLast`: nothing was behind these bytes a moment ago. */
export type Taken = Pick<Received, 'data' | 'fds' | 'truncated'> & { readonly isLast?: boolean };

/** How bytes get in and out: as in os/socket.ts, or so that a successor of this process can go on (recovery/inbox.ts, recovery/outbox.ts). */
export type StreamIo = {
  /** Up to `most` bytes, which are the rest of a header or of a payload; behind a header the payload may come along, and nothing else. */
  receive(socket: number, most: number): Taken | null;
  /** A message, or what is left of it. Returns how many bytes were taken. */
  send(socket: number, data: Uint8Array, fds: readonly number[]): number;
  /** What a predecessor had taken of a message that he did not finish. The descriptors are taken over. */
  readonly begun: { readonly bytes: Buffer; readonly fds: readonly Fd[] } | null;
};

const PLAIN: StreamIo = { receive, send, begun: null };

export type StreamHandlers = {
  /** Default: straight from and to the socket. */
  readonly io?: StreamIo;
  /**
   * Whether to read while something waits to be sent; default true.
   * The side that answers does not: a peer that does not listen to answers cannot make it buffer without end.
   * The side that asks has to: its peer may be blocked with an answer, and would never come to read what waits here.
   */
  readonly readWhileSending?: boolean;
  onMessage(message: StreamMessage): void;
  /** Last call. Null: the peer closed its end between two messages. WireError: malformed bytes. Otherwise a SystemError of the socket. */
  onEnd(error: unknown): void;
};

type Outgoing = { data: Buffer; fds: Fd[] };

export class MessageStream {
  readonly #socket: Fd;
  readonly #handlers: StreamHandlers;
  readonly #poller: Poller;
  readonly #readWhileSending: boolean;
  readonly #io: StreamIo;
  #header: Header | null = null;
  #bytes: Buffer;
  #fds: Fd[];
  readonly #outgoing: Outgoing[] = [];
  #paused = false;
  #closed = false;
  #isDrained = false;

  /** Takes the socket over, also when it throws. Throws SystemError when it is no socket. */
  constructor(socket: Fd, handlers: StreamHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#readWhileSending = handlers.readWhileSending ?? true;
    this.#io = handlers.io ?? PLAIN;
    this.#bytes = this.#io.begun?.bytes ?? Buffer.alloc(0);
    this.#fds = [...(this.#io.begun?.fds ?? [])];
    try {
      adoptSocket(socket.number);
      this.#poller = new Poller(
        socket.number,
        () => this.#readable(false),
        () => this.#writable(),
      );
    } catch (error) {
      closeAll(this.#fds);
      socket.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Sends one message after those before it. The descriptors stay the caller's. What the socket does not take now is sent when it can.
   * Errors of the socket are reported through onEnd, later.
   */
  send(data: Buffer, fds: readonly Fd[] = []): void {
    if (this.#closed) return;
    if (this.#outgoing.length > 0) {
      this.#keep(data, fds);
      return;
    }
    try {
      const numbers = fds.map((fd) => fd.number);
      const sent = this.#io.send(this.#socket.number, data, numbers);
      if (sent === data.length) return;
      this.#keep(data.subarray(sent), sent === 0 ? fds : []);
    } catch (error) {
      setImmediate(() => this.#end(error));
    }
  }

  /** Stops reading (the peer has to wait) until resume(). */
  pause(): void {
    if (this.#paused || this.#closed) return;
    this.#paused = true;
    this.#watch();
  }

  resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    this.#watch();
  }

  /**
   * Handles what has arrived, the end of the stream too, without waiting for the loop to say so. A peer that has gone ends it also while nothing
   * is read, or when there is more to read than one event allows: nobody is left to answer to.
   */
  poll(): void {
    this.#readable(true);
    if (this.isHungUp) this.#end(null);
  }

  /** The peer is gone, whatever it has left to be read. */
  get isHungUp(): boolean {
    return !this.#closed && isHungUp(this.#socket.number);
  }

  /** Closes the socket and what was not handled; onEnd is not called. Later calls do nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poller.close();
    closeAll(this.#fds);
    this.#fds = [];
    for (const { fds } of this.#outgoing) closeAll(fds);
    this.#outgoing.length = 0;
    this.#socket.close();
  }

  #watch(): void {
    const waiting = this.#outgoing.length > 0;
    this.#poller.wantReadable(!this.#paused && (!waiting || this.#readWhileSending));
    this.#poller.wantWritable(waiting);
  }

  #keep(data: Buffer, fds: readonly Fd[]): void {
    const kept: Fd[] = [];
    try {
      for (const fd of fds) kept.push(duplicate(fd.number));
    } catch (error) {
      closeAll(kept);
      setImmediate(() => this.#end(error));
      return;
    }
    this.#outgoing.push({ data, fds: kept });
    this.#watch();
  }

  #writable(): void {
    try {
      for (;;) {
        const next = this.#outgoing[0];
        if (!next) break;
        const numbers = next.fds.map((fd) => fd.number);
        const sent = this.#io.send(this.#socket.number, next.data, numbers);
        if (sent === 0) return;
        closeAll(next.fds);
        next.fds = [];
        next.data = next.data.subarray(sent);
        if (next.data.length > 0) return;
        this.#outgoing.shift();
      }
    } catch (error) {
      this.#end(error);
      return;
    }
    this.#watch();
  }

  /** `toTheEnd`: otherwise it stops when nothing seems to be left, and the loop calls again if something is. */
  #readable(toTheEnd: boolean): void {
    const end = toTheEnd ? Number.POSITIVE_INFINITY : performance.now() + MOST_MILLISECONDS_PER_EVENT;
    try {
      for (let count = 0; count < MOST_MESSAGES_PER_EVENT; count += 1) {
        if (this.#closed || this.#paused) return;
        if (this.#outgoing.length > 0 && !this.#readWhileSending) {
          // Not for data, then: an error of the socket is reported like this, and sending finds out which.
          this.#writable();
          return;
        }
        const message = this.#next();
        if (!message) return;
        this.#handlers.onMessage(message);
        if (performance.now() >= end || (this.#isDrained && !toTheEnd)) return;
      }
    } catch (error) {
      this.#end(error);
    }
  }

  /** The next whole message, or null when it is not all there (or the stream ended). */
  #next(): StreamMessage | null {
    for (;;) {
      const wanted = this.#header ? this.#header.size : HEADER_BYTES;
      if (this.#bytes.length < wanted && !this.#fill(wanted)) return null;
      if (!this.#header) {
        this.#header = decodeHeader(this.#bytes);
        this.#bytes = this.#bytes.subarray(HEADER_BYTES);
        continue;
      }
      const message = { header: this.#header, payload: this.#bytes, fds: this.#fds };
      this.#header = null;
      this.#bytes = Buffer.alloc(0);
      this.#fds = [];
      return message;
    }
  }

  // Never reads beyond the message at hand: descriptors arrive with the bytes that they were sent with, so those that come with this
  // message's bytes are this message's. Returns whether `wanted` bytes are there.
  #fill(wanted: number): boolean {
    while (this.#bytes.length < wanted) {
      const received = this.#io.receive(this.#socket.number, wanted - this.#bytes.length);
      if (!received) return false;
      this.#isDrained = received.isLast === true;
      this.#fds.push(...received.fds);
      if (received.truncated) {
        throw new WireError('message', 'descriptors were lost because too many came at once');
      }
      if (this.#fds.length > MOST_MESSAGE_FDS) {
        throw new WireError(
          'message',
          `${this.#fds.length} descriptors came with it, ${MOST_MESSAGE_FDS} is the most`,
        );
      }
      if (received.data.length === 0) {
        if (this.#header || this.#bytes.length > 0) {
          throw new WireError('message', 'the peer closed its end in the middle of it');
        }
        this.#end(null);
        return false;
      }
      this.#bytes = this.#bytes.length === 0 ? received.data : Buffer.concat([this.#bytes, received.data]);
    }
    return true;
  }

  #end(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#handlers.onEnd(isHangUp(error) ? null : error);
  }
}

/** A peer that is gone without having read everything ends the stream as any other does. */
function isHangUp(error: unknown): boolean {
  return error instanceof SystemError && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}
