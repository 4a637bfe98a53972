// Keeps a descriptor free for whoever connects next. When a process has none left, accept(2) fails and the kernel's queue of connections is
// closed, one by one: the endpoint that should show what is wrong would be gone in the very moment. So connections that only stand there make
// way for new ones, and one descriptor is held in reserve for when the others went elsewhere.
import { closeSync, openSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Scrapers keep one each, probes come and go. */
const MOST_CONNECTIONS = 16;
/** A limit that was lowered, or a host that has run out, announces itself by nothing. Milliseconds. */
const LOOK_INTERVAL = 1000;

export class Connections {
  readonly #open = new Set<Socket>();
  /** Those without a request, in the order of their last one. */
  readonly #idle = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #reserve = openDescriptor();

  /** Looks after the server's connections from here on, until close(). The server closes them at its end. */
  constructor(server: Server) {
    server.on('connection', (socket) => this.#add(socket));
    server.on('request', ({ socket }, response) => {
      this.#idle.delete(socket);
      response.once('close', () => {
        if (this.#open.has(socket)) this.#idle.add(socket);
      });
    });
    this.#timer = setInterval(() => this.#makeRoom(), LOOK_INTERVAL);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#reserve !== null) closeSync(this.#reserve);
    this.#reserve = null;
  }

  #add(socket: Socket): void {
    this.#open.add(socket);
    this.#idle.add(socket);
    socket.once('close', () => this.#forget(socket));
    if (this.#open.size > MOST_CONNECTIONS) this.#endOne();
    this.#makeRoom();
  }

  #makeRoom(): void {
    const free = openDescriptor();
    if (free !== null) {
      this.#reserve ??= openDescriptor();
      closeSync(free);
    } else if (this.#reserve !== null) {
      closeSync(this.#reserve);
      this.#reserve = null;
    } else if (this.#idle.size > 1) {
      this.#endOne();
    }
  }

  /** The one that has been silent the longest; where none is, the oldest. */
  #endOne(): void {
    const [surplus] = this.#idle.size > 1 ? this.#idle : this.#open;
    if (surplus === undefined) return;
    this.#forget(surplus);
    // Its descriptor is free when this returns.
    surplus.destroy();
  }

  #forget(socket: Socket): void {
    this.#open.delete(socket);
    this.#idle.delete(socket);
  }
}

/** Null where there is none left. */
function openDescriptor(): number | null {
  try {
    return openSync('/dev/null', 'r');
  } catch {
    return null;
  }
}
