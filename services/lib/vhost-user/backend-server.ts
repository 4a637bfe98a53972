// Where VMMs connect: a socket at a path, or a descriptor that was inherited (QEMU's `--fd N`: a listening socket or a connected one).
//
// One VMM at a time, because a device belongs to one VM. A second connection is closed at once, and the log says who holds the first:
// left to wait, its VMM would hang without a word. When the first VMM is gone, the next one is served.
//
// With a descriptor store the sockets outlive this process: a successor goes on with both, and its VMM notices nothing (recovery/recovery.ts).
import { Fd } from '../os/fd.ts';
import { Poller } from '../os/poll.ts';
import { accept, adoptSocket, type PeerCredentials, peerCredentials } from '../os/socket.ts';
import { BackendConnection, type ConnectionOptions } from './backend-connection.ts';
import type { ConnectionEnd, Device, Log } from './device.ts';
import { messageOf } from './errors.ts';
import { asListeningSocket, type ListeningSocket, listenAtPath } from './listening-socket.ts';
import { checkOffer } from './offer.ts';
import type { ConnectionRecovery } from './recovery/connection-recovery.ts';
import type { DescriptorStore } from './recovery/descriptor-store.ts';
import { Recovery } from './recovery/recovery.ts';
import type { KnownVmm, VmmFacts } from './vmm-facts.ts';

const ACCEPT_RETRY_MS = 100;
/** Connections taken in one event: who connects without end shall not have the process to itself. The loop comes back for the rest. */
const MOST_ACCEPTED_PER_EVENT = 16;

export type BackendServerOptions = Pick<
  ConnectionOptions,
  'channelTimeoutMs' | 'drainTimeoutMs' | 'mostReadableBytes'
> & {
  readonly device: Device;
  readonly log: Log;
  /** A path to listen at, or the number of an inherited descriptor, which is taken over. */
  readonly listen: { readonly path: string; readonly mode?: number } | { readonly fd: number };
  /**
   * Where descriptors outlive this process. What came back from a predecessor comes before `listen`: an inherited descriptor is left alone
   * then, because in a successor its number may be that of anything. Without a store a VMM's connection ends with this process.
   */
  readonly store?: DescriptorStore;
  /** Every connection that ended. */
  readonly onConnectionEnd?: (end: ConnectionEnd) => void;
  /** The inherited connection ended: there will be no other. Never called for a listening socket. */
  readonly onFinished?: (end: ConnectionEnd) => void;
};

/**
 * Starts serving. Throws SocketPathError for a path that cannot be used, SystemError for a descriptor that is no socket (it stays open then),
 * TypeError for a device that offers what is not implemented, and RecoveryError when what a predecessor left cannot be gone on with: the
 * store is left as it is then, and discardStored() of recovery/descriptor-store.ts is the way out (the VM has to be restarted).
 */
export async function startBackendServer(options: BackendServerOptions): Promise<BackendServer> {
  checkOffer(options.device);
  if (!options.store) return new BackendServer(options, await openSocket(options));
  const recovery = new Recovery(options.store, options.device);
  let sockets: Sockets | null = null;
  try {
    sockets = await openStoredSocket(options, recovery);
    return new BackendServer(options, sockets, recovery);
  } catch (error) {
    if (sockets && 'listening' in sockets) sockets.listening.fd.close();
    recovery.leave();
    throw error;
  }
}

/** A listening socket; or one that is connected, whose end is the end. */
type Sockets = { readonly listening: ListeningSocket } | { readonly connected: Fd | null };

async function openSocket(
  { listen }: BackendServerOptions,
  bound?: (socket: ListeningSocket) => void,
): Promise<Sockets> {
  if ('path' in listen) return { listening: await listenAtPath(listen.path, listen.mode, bound) };
  const fd = new Fd(listen.fd);
  const { listening } = adoptSocket(fd.number);
  if (!listening) return { connected: fd };
  const socket = asListeningSocket(fd, { path: '', dev: 0n, ino: 0n });
  bound?.(socket);
  return { listening: socket };
}

async function openStoredSocket(options: BackendServerOptions, recovery: Recovery): Promise<Sockets> {
  const { listen } = options;
  const stored = recovery.takeListener();
  if (stored) {
    if ('fd' in listen || stored.record.path === '' || stored.record.path === listen.path) {
      return { listening: asListeningSocket(stored.fd, stored.record) };
    }
    // Started with another path: that one counts. A VMM that is connected stays so.
    asListeningSocket(stored.fd, stored.record).close();
    recovery.dropListener();
  } else if (recovery.connection && 'fd' in listen) {
    return { connected: null };
  }
  // Stored before anybody can connect: nobody waits at a socket that dies with this process.
  return await openSocket(options, ({ fd, record }) => recovery.storeListener(fd, record));
}

export class BackendServer {
  readonly #options: BackendServerOptions;
  readonly #log: Log;
  readonly #socket: ListeningSocket | null;
  readonly #recovery: Recovery | null;
  #poller: Poller | null = null;
  #current: { readonly connection: BackendConnection; readonly peer: PeerCredentials | null } | null = null;
  #closed = false;
  #connections = 0;
  /** Of the last connection that ended. */
  #past: VmmFacts | null = null;

  /** Use startBackendServer(). Takes the sockets over. Throws what BackendConnection does for a predecessor's connection. */
  constructor(options: BackendServerOptions, sockets: Sockets, recovery: Recovery | null = null) {
    this.#options = options;
    this.#log = options.log;
    this.#socket = 'listening' in sockets ? sockets.listening : null;
    this.#recovery = recovery;
    const adopted = recovery?.connection ?? null;
    if (adopted) this.#adopt(adopted);
    const accepted = adopted ? null : recovery?.takeAccepted();
    if (accepted) this.#serve(accepted);
    if (this.#socket) this.#watch(this.#socket.fd);
    else if ('connected' in sockets && sockets.connected) this.#serve(sockets.connected);
  }

  /** Whether a VMM is connected. */
  get connected(): boolean {
    return this.#current !== null;
  }

  /** Null: none has come yet. */
  get vmm(): KnownVmm | null {
    const connection = this.#connections;
    if (this.#current) return { isConnected: true, connection, facts: this.#current.connection.facts };
    return this.#past && { isConnected: false, connection, facts: this.#past };
  }

  /** Stops listening, ends the connection, removes the path. Later calls do nothing. */
  close(reason = 'the device is shut down'): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poller?.close();
    this.#socket?.close();
    this.#current?.connection.close(reason);
    this.#recovery?.discard();
  }

  /**
   * Stops serving so that a successor goes on: with a store nothing is ended, and neither VMM nor device hear of it. The process is about to
   * exit. Without a store this is close(). Later calls do nothing.
   */
  leave(): void {
    if (!this.#recovery) this.close();
    if (this.#closed) return;
    this.#closed = true;
    this.#poller?.close();
    this.#socket?.fd.close();
    this.#current?.connection.leave();
    this.#recovery?.leave();
  }

  #watch(listening: Fd): void {
    if (!this.#closed) this.#poller = new Poller(listening.number, () => this.#acceptSome(listening));
  }

  #acceptSome(listening: Fd): void {
    for (let count = 0; count < MOST_ACCEPTED_PER_EVENT; count += 1) {
      if (this.#closed) return;
      let socket: Fd | null;
      try {
        this.#recovery?.expectConnection();
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
    let recovery: ConnectionRecovery | null = null;
    try {
      recovery = this.#recovery?.connected(socket) ?? null;
      const connection = new BackendConnection(socket, this.#connectionOptions(peer, recovery));
      this.#current = { connection, peer };
      this.#log.info({ peer }, 'a VMM has connected');
    } catch (error) {
      socket.close();
      recovery?.disconnected();
      this.#log.error({ peer, problem: messageOf(error) }, 'a VMM cannot be served');
      this.#ended({ kind: 'failed', message: messageOf(error), error });
    }
  }

  #adopt(recovery: ConnectionRecovery): void {
    const socket = recovery.takeSocket();
    const peer = peerOf(socket);
    const connection = new BackendConnection(socket, this.#connectionOptions(peer, recovery));
    if (!connection.ended) this.#current = { connection, peer };
  }

  #connectionOptions(peer: PeerCredentials | null, recovery: ConnectionRecovery | null): ConnectionOptions {
    const { device, log, channelTimeoutMs, drainTimeoutMs, mostReadableBytes } = this.#options;
    this.#connections += 1;
    return {
      device,
      log,
      peer,
      recovery,
      ...(channelTimeoutMs !== undefined && { channelTimeoutMs }),
      ...(drainTimeoutMs !== undefined && { drainTimeoutMs }),
      ...(mostReadableBytes !== undefined && { mostReadableBytes }),
      onEnd: (end, facts) => {
        this.#past = facts;
        this.#ended(end);
      },
    };
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
