// The fd channel: a SOCK_SEQPACKET socket on which tokens become file descriptors (SCM_RIGHTS), which gRPC cannot carry.
// Or the other way round: a message with a descriptor hands memory over that a token was given for.
// One message of 32 bytes asks, one of 16 bytes answers: {status u32, reserved u32, size u64}, little endian (proto: MemoryHandle).
import { unlinkSync } from 'node:fs';
import { closeAll, type Fd } from '../lib/os/fd.ts';
import { Poller } from '../lib/os/poll.ts';
import { accept, listen, type PeerCredentials, peerCredentials, receive, send } from '../lib/os/socket.ts';
import { bindFor, claimSocketPath, type SocketGroup } from '../lib/rpc/socket-path.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { TOKEN_BYTES, type Tokens } from './tokens.ts';

export const FD_STATUS = { OK: 0, UNKNOWN: 1, RELEASED: 2, FAILED: 3 } as const;
type FdStatus = (typeof FD_STATUS)[keyof typeof FD_STATUS];

/** Connections at one time; further ones are closed at once. */
const MOST_CONNECTIONS = 1024;
/** Per wake-up: a socket that is still ready wakes us again, and others get their turn in between. */
const MOST_MESSAGES = 32;
const MOST_ACCEPTS = 32;
/** After accept() failed (no descriptor left), before it is tried again. */
const ACCEPT_PAUSE_MS = 100;

type Connection = { readonly fd: Fd; readonly peer: PeerCredentials; readonly poller: Poller };

export class FdChannel {
  readonly path: string;
  readonly #group: SocketGroup;
  readonly #tokens: Tokens;
  readonly #log: Logger;
  readonly #connections = new Set<Connection>();
  #listener: Fd | null = null;
  #poller: Poller | null = null;
  #pause: NodeJS.Timeout | null = null;
  /** The last accept() failed; it is logged once. */
  #starved = false;

  constructor(path: string, group: SocketGroup, tokens: Tokens, log: Logger) {
    this.path = path;
    this.#group = group;
    this.#tokens = tokens;
    this.#log = log;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Rejects with SocketPathError when the path is not free, SocketGroupError when it cannot be given to its group, and with SystemError otherwise. */
  async listen(): Promise<void> {
    await claimSocketPath(this.path, peerCredentials);
    bindFor(this.path, this.#group, () => {
      this.#listener = listen(this.path, 'seqpacket');
    });
    this.#watch();
  }

  /** Ends every connection and removes the socket. Later calls do nothing. */
  close(): void {
    if (this.#listener === null) return;
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#poller?.close();
    for (const connection of this.#connections) this.#end(connection);
    this.#listener.close();
    this.#listener = null;
    unlinkSync(this.path);
  }

  #watch(): void {
    if (this.#listener === null) return;
    this.#poller = new Poller(this.#listener.number, () => this.#acceptAll());
  }

  #acceptAll(): void {
    for (let count = 0; count < MOST_ACCEPTS && this.#listener !== null; count += 1) {
      let fd: Fd | null;
      try {
        fd = accept(this.#listener.number);
      } catch (error) {
        if (!this.#starved) {
          this.#log.warn({ err: error, path: this.path }, 'connections cannot be accepted at the moment');
        }
        this.#starved = true;
        this.#acceptLater();
        return;
      }
      this.#starved = false;
      if (fd === null) return;
      this.#open(fd);
    }
  }

  /** The waiting connection would wake us at once again, for nothing. */
  #acceptLater(): void {
    this.#poller?.close();
    this.#pause = setTimeout(() => this.#watch(), ACCEPT_PAUSE_MS);
  }

  #open(fd: Fd): void {
    if (this.#connections.size >= MOST_CONNECTIONS) {
      fd.close();
      return;
    }
    try {
      const peer = peerCredentials(fd.number);
      const poller = new Poller(fd.number, () => this.#serve(connection));
      const connection: Connection = { fd, peer, poller };
      this.#connections.add(connection);
    } catch (error) {
      this.#log.warn({ err: error, path: this.path }, 'a connection was refused: its peer is not known');
      fd.close();
    }
  }

  #serve(connection: Connection): void {
    try {
      for (let count = 0; count < MOST_MESSAGES && connection.fd.open; count += 1) {
        if (!this.#serveOne(connection)) return;
      }
    } catch (error) {
      // ECONNRESET, EPIPE: the peer is gone. Whatever it is, it costs this connection and no other.
      this.#log.debug({ err: error, peer: connection.peer }, 'a connection of the fd channel broke');
      this.#end(connection);
    }
  }

  /** False when there is nothing more to do now. */
  #serveOne(connection: Connection): boolean {
    const message = receive(connection.fd.number, TOKEN_BYTES + 1);
    if (message === null) return false;
    const { data, fds, truncated } = message;
    const [fd] = fds;
    if (data.length === TOKEN_BYTES && !truncated && fd !== undefined && fds.length === 1) {
      return this.#take(connection, data, fd);
    }
    if (data.length !== TOKEN_BYTES || truncated || fds.length > 0) {
      // An empty message is the end of the connection.
      closeAll(fds);
      this.#end(connection);
      return false;
    }
    const memory = this.#tokens.redeem(message.data, connection.peer);
    if (memory === 'unknown') this.#answer(connection, FD_STATUS.UNKNOWN, 0, []);
    else if (memory === 'released') this.#answer(connection, FD_STATUS.RELEASED, 0, []);
    else this.#give(connection, memory.fd, memory.fileSize);
    return true;
  }

  /** False when nothing was to be handed over: that costs the connection. */
  #take(connection: Connection, token: Buffer, fd: Fd): boolean {
    const outcome = this.#tokens.hand(token, connection.peer, fd);
    if (outcome !== 'taken') fd.close();
    if (outcome === 'unknown') this.#end(connection);
    else this.#answer(connection, outcome === 'taken' ? FD_STATUS.OK : FD_STATUS.FAILED, 0, []);
    return outcome !== 'unknown';
  }

  #give(connection: Connection, fd: number, size: number): void {
    try {
      this.#answer(connection, FD_STATUS.OK, size, [fd]);
    } catch (error) {
      // ETOOMANYREFS: the peer has more descriptors in flight than it may have open.
      this.#log.warn({ err: error, peer: connection.peer }, 'a descriptor could not be passed');
      this.#answer(connection, FD_STATUS.FAILED, 0, []);
    }
  }

  #answer(connection: Connection, status: FdStatus, size: number, fds: readonly number[]): void {
    const reply = Buffer.alloc(16);
    reply.writeUInt32LE(status, 0);
    reply.writeUInt32LE(size % 2 ** 32, 8);
    reply.writeUInt32LE(Math.floor(size / 2 ** 32), 12);
    // A peer that asks and asks without reading its answers fills its own socket.
    if (send(connection.fd.number, reply, fds) === 0) this.#end(connection);
  }

  #end(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    connection.poller.close();
    connection.fd.close();
  }
}
