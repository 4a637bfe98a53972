// The descriptor store as the survivor sees it: its holder (holder.ts) passed a socket as descriptor 3, what was stored before from 4 on, and
// the names of these in HELD_NAMES. The words on the socket are systemd's.
import { Fd } from '../../../../services/lib/os/fd.ts';
import { adoptSocket, send } from '../../../../services/lib/os/socket.ts';
import type { DescriptorStore } from '../../../../services/lib/vhost-user/recovery/descriptor-store.ts';

const SOCKET = 3;
const FIRST = 4;
const PATIENCE_MS = 5000;

export class HeldStore implements DescriptorStore {
  readonly #left = new Map<string, Fd[]>();
  /** Datagrams that were sent. */
  sent = 0;

  constructor() {
    adoptSocket(SOCKET);
    const names = process.env['HELD_NAMES'] ?? '';
    for (const [index, name] of names.split(':').filter(Boolean).entries()) {
      this.#left.set(name, [...(this.#left.get(name) ?? []), new Fd(FIRST + index)]);
    }
  }

  get left(): ReadonlyMap<string, readonly Fd[]> {
    return this.#left;
  }

  take(name: string): Fd[] {
    const fds = this.#left.get(name) ?? [];
    this.#left.delete(name);
    return fds;
  }

  put(name: string, fd: number): void {
    this.#tell(`FDSTORE=1\nFDNAME=${name}`, [fd]);
  }

  remove(name: string): void {
    this.#tell(`FDSTOREREMOVE=1\nFDNAME=${name}`, []);
  }

  #tell(text: string, fds: readonly number[]): void {
    const deadline = Date.now() + PATIENCE_MS;
    this.sent += 1;
    while (send(SOCKET, Buffer.from(text), fds) === 0) {
      if (Date.now() > deadline) throw new Error(`the holder does not read: ${text}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
