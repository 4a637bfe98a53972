// The descriptors that are held for one command, in the order in which they came: systemd's rules for FileDescriptorStoreMax= and names.
import { fstatSync } from 'node:fs';
import { isSameOpenFile } from '../lib/os/descriptor.ts';
import type { Fd } from '../lib/os/fd.ts';

/**
 * One environment string may have so many bytes, its name and final zero included (execve(2), MAX_ARG_STRLEN): all names together have to
 * fit into LISTEN_FDNAMES, or the successor could not be started at all.
 */
const NAMES_BYTES = 128 * 1024 - 'LISTEN_FDNAMES='.length - 1;

type Held = { readonly name: string; readonly fd: Fd; readonly file: string };
export type Refusal = 'full' | 'names-too-long' | 'duplicate';

export class HeldFds {
  readonly #limit: number;
  readonly #all = new Set<Held>();
  /** By device and inode: only files that agree in both can be one open file. */
  readonly #byFile = new Map<string, Set<Held>>();
  readonly #byName = new Map<string, Set<Held>>();
  #namesBytes = 0;

  /** `limit` is the most descriptors that are held at a time. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#all.size;
  }

  /** Takes the descriptor over. What is refused is closed; the reason is returned, null when it is held. */
  add(name: string, fd: Fd): Refusal | null {
    const held = { name, fd, file: fileOf(fd) };
    const refusal = this.#refusal(held);
    if (refusal !== null) {
      fd.close();
      return refusal;
    }
    this.#all.add(held);
    entry(this.#byFile, held.file).add(held);
    entry(this.#byName, name).add(held);
    this.#namesBytes += name.length + 1;
    return null;
  }

  #refusal({ name, fd, file }: Held): Refusal | null {
    for (const other of this.#byFile.get(file) ?? []) {
      if (isSameOpenFile(other.fd.number, fd.number)) return 'duplicate';
    }
    if (this.#all.size >= this.#limit) return 'full';
    return this.#namesBytes + name.length + 1 > NAMES_BYTES ? 'names-too-long' : null;
  }

  /** Closes everything of a name; how many there were. */
  remove(name: string): number {
    const found = [...(this.#byName.get(name) ?? [])];
    for (const held of found) {
      this.#all.delete(held);
      drop(this.#byFile, held.file, held);
      drop(this.#byName, name, held);
      this.#namesBytes -= name.length + 1;
      held.fd.close();
    }
    return found.length;
  }

  /** For the successor: descriptors, borrowed, and their names, in the same order. */
  list(): { readonly fds: readonly number[]; readonly names: readonly string[] } {
    const all = [...this.#all];
    return { fds: all.map(({ fd }) => fd.number), names: all.map(({ name }) => name) };
  }

  /** Closes everything. */
  close(): void {
    for (const name of [...this.#byName.keys()]) this.remove(name);
  }
}

function fileOf(fd: Fd): string {
  try {
    const { dev, ino } = fstatSync(fd.number, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    // A file system that does not answer: all of those are compared with each other.
    return 'unknown';
  }
}

function entry(map: Map<string, Set<Held>>, key: string): Set<Held> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}

function drop(map: Map<string, Set<Held>>, key: string, held: Held): void {
  const set = map.get(key);
  set?.delete(held);
  if (set?.size === 0) map.delete(key);
}
