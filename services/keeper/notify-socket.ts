// The socket on which one command speaks to its keeper: at an abstract address, so that no file system is needed and nothing has to be
// removed. Anybody of the host's network namespace can send there; the kernel tells who did, and strangers are not listened to.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bindDatagram } from '../lib/os/datagram.ts';
import { closeAll, type Fd } from '../lib/os/fd.ts';
import { Poller } from '../lib/os/poll.ts';
import { type PeerCredentials, type Received, receive } from '../lib/os/socket.ts';
import { LONGEST_MESSAGE, type NotifyMessage, parseNotifyMessage } from './notify-message.ts';

export type NotifyListener = {
  /** Whether a sender is listened to. */
  isTrusted(sender: PeerCredentials): boolean;
  /** The descriptors are the listener's. */
  onMessage(message: NotifyMessage, fds: Fd[]): void;
  /** A datagram that was dropped, with its descriptors. */
  onDropped(reason: string, sender: PeerCredentials | null): void;
};

export class NotifySocket {
  /** For $NOTIFY_SOCKET. */
  readonly address = `@barkeep-keep-${randomBytes(16).toString('hex')}`;
  readonly #socket: Fd;
  readonly #poller: Poller;
  readonly #listener: NotifyListener;
  readonly #longestQueue = longestQueue();

  constructor(listener: NotifyListener) {
    this.#listener = listener;
    this.#socket = bindDatagram(this.address);
    this.#poller = new Poller(this.#socket.number, () => this.drain());
  }

  /**
   * Handles every datagram that lies in the queue. Before a successor is started this has to be done: what its predecessor sent before it
   * died is there. No more than the queue can hold: who sends as fast as this reads must not keep the process from everything else.
   */
  drain(): void {
    for (let handled = 0; handled < this.#longestQueue && this.#socket.open; handled++) {
      const received = this.#receive();
      if (received === null) return;
      this.#handle(received);
    }
  }

  /** A keeper that dies of an error loses everything: no memory at the moment is a reason to try again, at the next event. */
  #receive(): Received | null {
    try {
      // One byte more than may be, so that what is too long is seen to be.
      return receive(this.#socket.number, LONGEST_MESSAGE + 1);
    } catch (error) {
      this.#listener.onDropped((error as Error).message, null);
      return null;
    }
  }

  #handle({ data, fds, sender, truncated }: Received): void {
    const reason = this.#reasonToDrop(data, sender, truncated);
    if (reason === null) this.#listener.onMessage(parseNotifyMessage(data), fds);
    else {
      closeAll(fds);
      this.#listener.onDropped(reason, sender);
    }
  }

  #reasonToDrop(data: Buffer, sender: PeerCredentials | null, isTruncated: boolean): string | null {
    if (sender === null || !this.#listener.isTrusted(sender)) return 'its sender is not the command';
    // Descriptors that did not fit mean that this process has no more free: nothing may be kept by halves.
    if (isTruncated || data.length > LONGEST_MESSAGE) return 'it is too long, or its descriptors do not fit';
    return data.includes(0) ? 'it is no text' : null;
  }

  close(): void {
    this.#poller.close();
    this.#socket.close();
  }
}

/** Datagrams: what a socket was made with (unix(7)), and the one that the kernel lets in beyond it. */
function longestQueue(): number {
  try {
    return Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8')) + 1;
  } catch {
    // Without /proc: more than distributions set.
    return 4096;
  }
}
