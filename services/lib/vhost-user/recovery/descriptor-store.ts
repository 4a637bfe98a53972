// Descriptors that have to outlive this process: what is asked of a store, and which of ours it holds under which name.
//
// Names are "vu." and a number that is used once. A holder keeps an open file once, whatever it is called (systemd's rule), and VMMs send the
// same descriptor again and again: so one that is held already keeps its name and is not stored a second time.
import { fstatSync } from 'node:fs';
import { isSameOpenFile } from '../../os/descriptor.ts';
import type { Fd } from '../../os/fd.ts';
import { duplicate } from '../../os/memory.ts';
import { RecoveryError } from '../errors.ts';
import type { FileIdentity, Note } from '../guest-memory.ts';

/** What this folder needs of a descriptor store; lib/runtime's FdStore is one. */
export type DescriptorStore = {
  /** Stores a duplicate. When it returns, a successor will get it, whatever happens to this process. Throws when nobody takes it. */
  put(name: string, fd: number): void;
  /** Everything of this name is closed at the holder. */
  remove(name: string): void;
  /** What came back from a predecessor under a name, the caller's from here on; empty when nothing did. */
  take(name: string): readonly Fd[];
  /** What came back and was not taken yet. */
  readonly left: ReadonlyMap<string, unknown>;
};

const PREFIX = 'vu.';

/** The fixed names; everything else of ours is numbered. */
export const STORED = {
  state: `${PREFIX}state`,
  outbox: `${PREFIX}replies`,
  requests: `${PREFIX}requests`,
  listener: `${PREFIX}listener`,
} as const;

/** Whether it is a numbered name of ours. */
export function isNumbered(name: string): boolean {
  return name.startsWith(PREFIX) && /^[0-9]+$/.test(name.slice(PREFIX.length));
}

type Held = { readonly fd: Fd; readonly file: string };

const NO_NOTE: Note = { name: 0, own: null };

export class HeldDescriptors {
  readonly #store: DescriptorStore;
  readonly #nextName: () => number;
  readonly #held = new Map<number, Held>();
  readonly #notes = new WeakMap<Fd, Note>();

  /** Takes over every numbered descriptor that came back. */
  constructor(store: DescriptorStore, nextName: () => number) {
    this.#store = store;
    this.#nextName = nextName;
    for (const name of [...store.left.keys()]) {
      const number = numberOf(name);
      if (number === null) continue;
      const [fd, ...others] = store.take(name);
      for (const other of others) other.close();
      if (fd) this.#held.set(number, { fd, file: fileOf(fd) });
    }
  }

  get count(): number {
    return this.#held.size;
  }

  has(name: number): boolean {
    return this.#held.has(name);
  }

  /** Stores a duplicate of a descriptor, unless that is done. Throws what the store throws. */
  hold(fd: Fd, name: number | null = null): number {
    const file = fileOf(fd);
    let found: number | null = null;
    for (const [number, held] of this.#held) {
      if (held.file === file && isSameOpenFile(held.fd.number, fd.number)) found = number;
    }
    if (found === null) {
      found = name ?? this.#nextName();
      this.#store.put(`${PREFIX}${found}`, fd.number);
      this.#held.set(found, { fd: duplicate(fd.number), file });
    }
    this.#notes.set(fd, { name: found, own: null });
    return found;
  }

  /** A descriptor that needs no place in the store. */
  noteOwn(fd: Fd, own: FileIdentity): void {
    this.#notes.set(fd, { name: 0, own });
  }

  noteOf(fd: Fd): Note {
    return this.#notes.get(fd) ?? NO_NOTE;
  }

  /** A stored descriptor, duplicated for the caller. Throws RecoveryError when it did not come back. */
  take(name: number, what: string): Fd {
    const held = this.#held.get(name);
    if (!held)
      throw new RecoveryError('MISSING', `${what} ("${PREFIX}${name}") did not come back from the store`);
    const fd = duplicate(held.fd.number);
    this.#notes.set(fd, { name, own: null });
    return fd;
  }

  /** Gives up everything that is not in `needed`; `dropped` is called after each. */
  keepOnly(needed: ReadonlySet<number>, dropped: () => void): void {
    for (const [name, { fd }] of this.#held) {
      if (needed.has(name)) continue;
      this.#store.remove(`${PREFIX}${name}`);
      this.#held.delete(name);
      fd.close();
      dropped();
    }
  }

  /** Closes the duplicates here; the store keeps its own. */
  close(): void {
    for (const { fd } of this.#held.values()) fd.close();
    this.#held.clear();
  }
}

/** Removes from a store everything that this folder has ever put there, so that the next start begins with nothing. */
export function discardStored(store: DescriptorStore): void {
  for (const name of [...store.left.keys()]) {
    if (!name.startsWith(PREFIX)) continue;
    for (const fd of store.take(name)) fd.close();
    store.remove(name);
  }
}

function numberOf(name: string): number | null {
  const [, digits] = /^vu\.([1-9][0-9]{0,9})$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
}

function fileOf(fd: Fd): string {
  const { dev, ino } = fstatSync(fd.number, { bigint: true });
  return `${dev}:${ino}`;
}
