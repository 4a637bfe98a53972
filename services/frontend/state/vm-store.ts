// The fd store of one VM. A process may have many VMs and has one store: the names of each begin with the VM's, so that what comes back is sorted by
// them, and nobody takes what is another's.
//
//   web-1/gpu.journal  web-1/vu.state  web-2/gpu.journal ...
//
// To be served may fail for one VM alone (its socket is taken, say), and is tried again by the same process. So until a VM is served, duplicates of
// what the holder has of it are kept here: the next attempt begins with what a successor would find.
import { closeAll, type Fd } from '../../lib/os/fd.ts';
import { duplicate } from '../../lib/os/memory.ts';
import type { FdStore } from '../../lib/runtime/fd-store.ts';

/** No name of a VM has it in it. */
const SEPARATOR = '/';

type Store = Pick<FdStore, 'put' | 'remove' | 'take' | 'left'>;

export class VmStore {
  readonly #store: Store;
  readonly #prefix: string;
  /** What the holder has, by names without the VM; null once the VM is served. */
  #held: Map<string, Fd[]> | null = new Map();
  /** What the attempt at hand has not taken yet. */
  #left = new Map<string, Fd[]>();

  /** Takes everything of the VM that came back. */
  constructor(store: Store, vm: string) {
    this.#store = store;
    this.#prefix = vm + SEPARATOR;
    for (const name of [...store.left.keys()]) {
      if (name.startsWith(this.#prefix)) this.#hold(name.slice(this.#prefix.length), store.take(name));
    }
    this.begin();
  }

  /** A new attempt: what the holder has is left to be taken. */
  begin(): void {
    this.#closeLeft();
    for (const [name, fds] of this.#held ?? [])
      this.#left.set(
        name,
        fds.map((fd) => duplicate(fd.number)),
      );
  }

  /** The VM is served: there will be no other attempt. */
  settle(): void {
    for (const fds of this.#held?.values() ?? []) closeAll(fds);
    this.#held = null;
    this.#closeLeft();
  }

  /** See FdStore; here and below names are without the VM. */
  get left(): ReadonlyMap<string, readonly Fd[]> {
    return this.#left;
  }

  /** See FdStore. */
  take(name: string): Fd[] {
    const fds = this.#left.get(name) ?? [];
    this.#left.delete(name);
    return fds;
  }

  /** See FdStore. */
  put(name: string, ...fds: readonly number[]): void {
    this.#store.put(this.#prefix + name, ...fds);
    if (this.#held !== null) this.#hold(name, fds.map(duplicate));
  }

  /** See FdStore. */
  remove(name: string): void {
    this.#store.remove(this.#prefix + name);
    closeAll(this.#held?.get(name) ?? []);
    this.#held?.delete(name);
  }

  /** See FdStore. */
  discardLeft(): string[] {
    const names = [...this.#left.keys()];
    for (const name of names) {
      closeAll(this.take(name));
      this.remove(name);
    }
    return names;
  }

  #hold(name: string, fds: readonly Fd[]): void {
    this.#held?.set(name, [...(this.#held.get(name) ?? []), ...fds]);
  }

  #closeLeft(): void {
    for (const fds of this.#left.values()) closeAll(fds);
    this.#left.clear();
  }
}

/** Closes what came back for none of these VMs, here and at the holder. Returns its names. */
export function discardOfOthers(store: Pick<FdStore, 'discardLeft'>, vms: readonly string[]): string[] {
  const own = new Set(vms);
  const isOwn = (name: string): boolean => own.has(name.slice(0, Math.max(0, name.indexOf(SEPARATOR))));
  return store.discardLeft((name) => !isOwn(name));
}
