// A gRPC server on one Unix socket that knows who calls. grpc-js asks nobody for SO_PEERCRED; so the connections are accepted here,
// identified, and injected into its server with an address that names them: call.getPeer() then gives that name.
import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import {
  type ConnectionInjector,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import {
  bindFor,
  claimSocketPath,
  descriptorOf,
  type ReadCredentials,
  type SocketGroup,
} from './socket-path.ts';

/** One connection. Two connections of one process are two peers. */
export type Peer = {
  /** What call.getPeer() says: "unix:CONNECTION,pid=PID,uid=UID". */
  readonly name: string;
  /** 0 for a process of another pid namespace. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
};

/** The part of a logger that this folder uses; pino's fits. */
export type RpcLog = {
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
};

export type UnixServerOptions = {
  readonly path: string;
  /** SO_PEERCRED of a connected socket. */
  readonly credentials: ReadCredentials;
  readonly log: RpcLog;
  /** Who may connect besides the user of this process. Default: nobody. */
  readonly group?: SocketGroup;
  /** Connections at one time; further ones are closed at once, so that no caller can use up the descriptors. Default 1024. */
  readonly mostConnections?: number;
  /** After a connection has ended, however it did; nothing of it is called any more. */
  readonly onClose?: (peer: Peer) => void;
};

// The limits of one connection. A batch of 1024 commands takes about 40 KiB; 4 MiB is gRPC's own default, stated so that it stays.
const MOST_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Streams of one connection at one time; a frontend has one and a handful of unary calls. */
const MOST_STREAMS = 128;
/** A peer that does not answer a ping for 15 s is gone; without keepalive nobody would notice (a stopped process keeps its socket). */
const KEEPALIVE_TIME_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 15_000;

export class UnixServer {
  readonly path: string;
  readonly #options: UnixServerOptions;
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  readonly #listener: NetServer;
  readonly #peers = new Map<string, Peer>();
  readonly #socketsOfPeers = new Map<string, Socket>();
  readonly #sockets = new Set<Socket>();
  #connections = 0;
  #closing: Promise<void> | null = null;

  constructor(options: UnixServerOptions) {
    this.path = options.path;
    this.#options = options;
    this.#server = new Server({
      'grpc.max_receive_message_length': MOST_MESSAGE_BYTES,
      'grpc.max_concurrent_streams': MOST_STREAMS,
      'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      // Its books of every call cost more than the calls.
      'grpc.enable_channelz': 0,
    });
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = createServer((socket) => this.#accept(socket));
    this.#listener.maxConnections = options.mostConnections ?? 1024;
  }

  addService(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    this.#server.addService(definition, implementation);
  }

  /** Starts to listen. Rejects with SocketPathError when the path is not free, SocketGroupError when it cannot be given to its group, and with Node's own error otherwise. */
  async listen(): Promise<void> {
    await claimSocketPath(this.path, this.#options.credentials);
    const listening = once(this.#listener, 'listening');
    // Node binds within the call; what fails there comes as an event. Nobody is accepted before this turn of the loop has ended.
    try {
      bindFor(this.path, this.#options.group ?? null, () => this.#listener.listen(this.path));
    } catch (error) {
      this.#listener.close();
      throw error;
    }
    await listening;
    // accept() can fail later (EMFILE): connections are refused then, and the server goes on.
    this.#listener.on('error', (error) =>
      this.#options.log.warn({ err: error, path: this.path }, 'a connection could not be accepted'),
    );
  }

  /** Whose connection a call came on; null when it has ended meanwhile. */
  peerOf(call: { getPeer(): string }): Peer | null {
    return this.#peers.get(call.getPeer()) ?? null;
  }

  /** False when the connection of a peer has ended. */
  isConnected(peer: Peer): boolean {
    return this.#peers.has(peer.name);
  }

  /** The descriptor of a peer's connection, borrowed; null when it has ended. */
  descriptorOf(peer: Peer): number | null {
    const socket = this.#socketsOfPeers.get(peer.name);
    return socket === undefined ? null : descriptorOf(socket);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Accepts nothing more, lets calls end for `graceMs`, then breaks what is left. Removes the socket. Later calls wait for the first. */
  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#listener.listening) this.#listener.close(() => resolve());
      else resolve();
    });
    this.#injector.drain(graceMs);
    const force = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(force);
    this.#server.forceShutdown();
  }

  #accept(socket: Socket): void {
    const fd = descriptorOf(socket);
    if (fd === null) {
      socket.destroy();
      return;
    }
    let peer: Peer;
    try {
      const credentials = this.#options.credentials(fd);
      this.#connections += 1;
      const name = `unix:${this.#connections},pid=${credentials.pid},uid=${credentials.uid}`;
      peer = { name, pid: credentials.pid, uid: credentials.uid, gid: credentials.gid };
    } catch (error) {
      this.#options.log.warn(
        { err: error, path: this.path },
        'a connection was refused: its peer is not known',
      );
      socket.destroy();
      return;
    }
    // A Unix socket has no address of its own; Node's getter on the prototype gives undefined.
    Object.defineProperty(socket, 'remoteAddress', { value: peer.name });
    this.#peers.set(peer.name, peer);
    this.#socketsOfPeers.set(peer.name, socket);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#peers.delete(peer.name);
      this.#socketsOfPeers.delete(peer.name);
      this.#options.onClose?.(peer);
    });
    this.#injector.injectConnection(socket);
  }
}
