// The back-end channel that the VMM has opened, if it has: a VMM may open another one at any time, and the old one is closed then.
import type { Fd } from '../os/fd.ts';
import { adoptSocket } from '../os/socket.ts';
import { BackendChannel } from './backend-channel.ts';
import { messageOf, VhostUserError } from './errors.ts';
import type { Log } from './log.ts';
import type { ChannelRecord } from './recovery/channel-record.ts';

export type ChannelSlotOptions = {
  readonly log: Log;
  /** See BackendChannel. */
  readonly timeoutMs?: number;
  /** For the channel whose socket has this name in the store; null when nobody will go on with it. */
  readonly record: (name: number) => ChannelRecord | null;
};

export class ChannelSlot {
  readonly #options: ChannelSlotOptions;
  #current: BackendChannel | null = null;
  #name = 0;

  constructor(options: ChannelSlotOptions) {
    this.#options = options;
  }

  get current(): BackendChannel | null {
    return this.#current;
  }

  /** The channel's socket in the store; 0 without one. */
  get name(): number {
    return this.#name;
  }

  /** A predecessor's channel. Takes the socket over. Throws SystemError when it is none. */
  restore(socket: Fd, name: number): void {
    this.#current = this.#open(socket, name);
    this.#name = name;
  }

  /** The VMM has sent a socket, which is taken over. Throws VhostUserError when it is none. */
  replace(socket: Fd, name: number): BackendChannel {
    let channel: BackendChannel;
    try {
      channel = this.#open(socket, name);
    } catch (error) {
      throw new VhostUserError('BAD_DESCRIPTOR', 'refuse', `SET_BACKEND_REQ_FD 21: ${messageOf(error)}`);
    }
    this.#current?.close();
    this.#current = channel;
    this.#name = name;
    return channel;
  }

  close(): void {
    this.#current?.close();
  }

  #open(socket: Fd, name: number): BackendChannel {
    const { log, timeoutMs, record } = this.#options;
    try {
      adoptSocket(socket.number);
    } catch (error) {
      socket.close();
      throw error;
    }
    return new BackendChannel(socket, {
      log,
      record: record(name),
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  }
}
