// One vhost-user socket as a stream of whole messages with their descriptors; used for both sockets of a connection and by both roles.
import type { Fd } from '../../services/lib/os/fd.ts';
import { closeAll } from '../../services/lib/os/fd.ts';
import { Poller } from '../../services/lib/os/poll.ts';
import { receive, send } from '../../services/lib/os/socket.ts';
import { decodeHeader, HEADER_BYTES, type Header } from '../../services/lib/wire/vhost-user.ts';

/** A message as it arrived. Whoever is given it owns the descriptors. */
export type RawMessage = { readonly header: Header; readonly payload: Buffer; readonly fds: Fd[] };

export type MessageSocketEvents = {
  onMessage(message: RawMessage): void;
  /** The peer went away (null) or the stream is broken. Called once, never after close(). */
  onEnd(error: Error | null): void;
};

/**
 * Owns the socket. A header is read alone and its payload after it, never more: descriptors are attached to the byte they were sent with,
 * and a larger read could take them together with bytes of the message before.
 */
export class MessageSocket {
  readonly #fd: Fd;
  readonly #events: MessageSocketEvents;
  readonly #poller: Poller;
  #outgoing: { data: Uint8Array; fds: readonly number[] }[] = [];
  #header: Header | null = null;
  #parts: Buffer[] = [];
  #missing = HEADER_BYTES;
  #fds: Fd[] = [];
  #closed = false;

  constructor(fd: Fd, events: MessageSocketEvents) {
    this.#fd = fd;
    this.#events = events;
    this.#poller = new Poller(
      fd.number,
      () => this.#read(),
      () => this.#flush(),
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The socket's descriptor, borrowed. */
  get fd(): number {
    return this.#fd.number;
  }

  /**
   * Sends one message. Descriptors are borrowed until the message has left: keep them open until its reply, or until drained().
   * Throws SystemError (EPIPE, ...) when the peer is gone.
   */
  send(data: Uint8Array, fds: readonly number[] = []): void {
    if (this.#closed) throw new Error('this socket was closed before');
    this.#outgoing.push({ data, fds });
    this.#flush();
  }

  /** Whether everything that was sent has been taken by the kernel. */
  get drained(): boolean {
    return this.#outgoing.length === 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poller.close();
    closeAll(this.#fds);
    this.#fds = [];
    this.#fd.close();
  }

  #flush(): void {
    while (this.#outgoing.length > 0) {
      const first = this.#outgoing[0]!;
      const taken = send(this.#fd.number, first.data, first.fds);
      if (taken < first.data.length) {
        if (taken > 0) this.#outgoing[0] = { data: first.data.subarray(taken), fds: [] };
        this.#poller.wantWritable(true);
        return;
      }
      this.#outgoing.shift();
    }
    this.#poller.wantWritable(false);
  }

  #read(): void {
    while (!this.#closed) {
      try {
        if (!this.#readPart()) return;
      } catch (error) {
        this.#end(error as Error);
        return;
      }
    }
  }

  // One recvmsg; false when nothing more is there.
  #readPart(): boolean {
    const part = receive(this.#fd.number, this.#missing);
    if (part === null) return false;
    this.#fds.push(...part.fds);
    if (part.data.length === 0) {
      this.#end(null);
      return false;
    }
    this.#parts.push(part.data);
    this.#missing -= part.data.length;
    if (this.#missing > 0) return true;
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    if (this.#header === null) {
      const header = decodeHeader(bytes);
      if (header.size === 0) this.#deliver(header, Buffer.alloc(0));
      else {
        this.#header = header;
        this.#missing = header.size;
      }
    } else {
      this.#deliver(this.#header, bytes);
    }
    return true;
  }

  #deliver(header: Header, payload: Buffer): void {
    const fds = this.#fds;
    this.#fds = [];
    this.#header = null;
    this.#missing = HEADER_BYTES;
    this.#events.onMessage({ header, payload, fds });
  }

  #end(error: Error | null): void {
    if (this.#closed) return;
    this.close();
    this.#events.onEnd(error);
  }
}
