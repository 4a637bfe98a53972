// Where VMMs connect: a socket at a path, or a descriptor that was inherited (QEMU's `--fd N`: a listening socket or a connected one).
//
// One VMM at a time, because a device belongs to one VM. A second connection is closed at once, and the log says who holds the first:
// left to wait, its VMM would hang without a word. When the first VMM is gone, the next one is served.
import { Fd } from '../os/fd.ts';
import { Poller } from '../os/poll.ts';
import { accept, adoptSocket, type PeerCredentials, peerCredentials } from '../os/socket.ts';
import { BackendConnection, type ConnectionOptions, checkOffer } from './backend-connection.ts';
import type { ConnectionEnd, Device, Log } from './device.ts';
import { messageOf } from './errors.ts';
import { type ListeningSocket, listenAtPath } from './listening-socket.ts';

const ACCEPT_RETRY_MS = 100;

export type BackendServerOptions = Pick<
  ConnectionOptions,
  'channelTimeoutMs' | 'drainTimeoutMs' | 'mostReadableBytes'
> & {
  readonly device: Device;
  readonly log: Log;
  /** A path to listen at, or the number of an inherited descriptor, which is taken over. */
  readonly listen: { readonly path: string; readonly mode?: number } | { readonly fd: number };
  /** Every connection that ended. */
  readonly onConnectionEnd?: (end: ConnectionEnd) => void;
  /** The inherited connection ended: there will be no other. Never called for a listening socket. */
  readonly onFinished?: (end: ConnectionEnd) => void;
};

/**
 * Starts serving. Throws SocketPathError for a path that cannot be used, SystemError for a descriptor that is no socket (it stays open then),
 * and TypeError for a device that offers what is not implemented.
 */
export async function startBackendServer(options: BackendServerOptions): Promise<BackendServer> {
  checkOffer(options.device);
  if ('path' in options.listen) {
    const socket = await listenAtPath(options.listen.path, options.listen.mode);
    return new BackendServer(options, socket);
  }
  const fd = new Fd(options.listen.fd);
  const { listening } = adoptSocket(fd.number);
  if (listening) return new BackendServer(options, { fd, close: () => fd.close() });
  return new BackendServer(options, null, fd);
}

export class BackendServer {
  readonly #options: BackendServerOptions;
  readonly #log: Log;
  readonly #socket: ListeningSocket | null;
  #poller: Poller | null = null;
  #current: { readonly connection: BackendConnection; readonly peer: PeerCredentials | null } | null = null;
  #closed = false;

  /** Use startBackendServer(). Takes the sockets over. */
  constructor(options: BackendServerOptions, socket: ListeningSocket | null, connected?: Fd) {
    this.#options = options;
    this.#log = options.log;
    this.#socket = socket;
    if (socket) this.#watch(socket.fd);
    if (connected) this.#serve(connected);
  }

  /** Whether a VMM is connected. */
  get connected(): boolean {
    return this.#current !== null;
  }

  /** Stops listening, ends the connection, removes the path. Later calls do nothing. */
  close(reason = 'the device is shut down'): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poller?.close();
    this.#socket?.close();
    this.#current?.connection.close(reason);
  }

  #watch(listening: Fd): void {
    if (!this.#closed) this.#poller = new Poller(listening.number, () => this.#acceptAll(listening));
  }

  #acceptAll(listening: Fd): void {
    for (;;) {
      if (this.#closed) return;
      let socket: Fd | null;
      try {
        socket = accept(listening.number);
      } catch (error) {
        // Out of descriptors, most likely: the connection stays in the backlog and is tried again, but not in a busy loop.
        this.#log.error({ problem: messageOf(error) }, 'a connection cannot be accepted');
        this.#poller?.close();
        this.#poller = null;
        setTimeout(() => this.#watch(listening), ACCEPT_RETRY_MS).unref();
        return;
      }
      if (!socket) return;
      // A VMM that was restarted may be here before the end of its predecessor was read.
      this.#current?.connection.poll();
      if (this.#current) {
        this.#log.warn(
          { peer: peerOf(socket), connected: this.#current.peer },
          'a second VMM is turned away: this device belongs to the one that is connected',
        );
        socket.close();
      } else {
        this.#serve(socket);
      }
    }
  }

  #serve(socket: Fd): void {
    const peer = peerOf(socket);
    const { device, log, channelTimeoutMs, drainTimeoutMs, mostReadableBytes } = this.#options;
    try {
      const connection = new BackendConnection(socket, {
        device,
        log,
        peer,
        ...(channelTimeoutMs !== undefined && { channelTimeoutMs }),
        ...(drainTimeoutMs !== undefined && { drainTimeoutMs }),
        ...(mostReadableBytes !== undefined && { mostReadableBytes }),
        onEnd: (end) => this.#ended(end),
      });
      this.#current = { connection, peer };
      this.#log.info({ peer }, 'a VMM has connected');
    } catch (error) {
      this.#log.error({ peer, problem: messageOf(error) }, 'a VMM cannot be served');
      this.#ended({ kind: 'failed', message: messageOf(error), error });
    }
  }

  #ended(end: ConnectionEnd): void {
    this.#current = null;
    this.#options.onConnectionEnd?.(end);
    if (!this.#socket) this.#options.onFinished?.(end);
  }
}

function peerOf(socket: Fd): PeerCredentials | null {
  try {
    return peerCredentials(socket.number);
  } catch {
    return null;
  }
}
