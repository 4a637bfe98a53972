// A holder of descriptors in this process, and the store of the services that it holds them for: what was put comes back in giveBack().
import { fstatSync } from 'node:fs';
import { closeAll, type Fd } from '../../../services/lib/os/fd.ts';
import { duplicate } from '../../../services/lib/os/memory.ts';
import type { FdStore } from '../../../services/lib/runtime/fd-store.ts';

type Held = [name: string, fd: Fd][];

export class TestHolder
  implements Pick<FdStore, 'active' | 'left' | 'take' | 'discardLeft' | 'put' | 'remove'>
{
  readonly active = true;
  readonly #held: Held = [];
  readonly #left = new Map<string, Fd[]>();
  /** Descriptors that were ever put. */
  puts = 0;

  get left(): ReadonlyMap<string, readonly Fd[]> {
    return this.#left;
  }

  get names(): string[] {
    return this.#held.map(([name]) => name).sort();
  }

  put(name: string, ...fds: readonly number[]): void {
    for (const fd of fds) this.#held.push([name, duplicate(fd)]);
    this.puts += fds.length;
  }

  remove(name: string): void {
    for (const entry of [...this.#held]) {
      if (entry[0] !== name) continue;
      entry[1].close();
      this.#held.splice(this.#held.indexOf(entry), 1);
    }
  }

  take(name: string): Fd[] {
    const fds = this.#left.get(name) ?? [];
    this.#left.delete(name);
    return fds;
  }

  discardLeft(isMeant: (name: string) => boolean = () => true): string[] {
    const names = [...this.#left.keys()].filter(isMeant);
    for (const name of names) {
      closeAll(this.take(name));
      this.remove(name);
    }
    return names;
  }

  /** The holder of a successor: it holds the same, and gives it back. */
  copy(): TestHolder {
    const copy = new TestHolder();
    for (const [name, fd] of this.#held) copy.put(name, fd.number);
    copy.giveBack();
    return copy;
  }

  /** Gives back what it holds, as to a process that starts. */
  giveBack(): void {
    closeAll([...this.#left.values()].flat());
    this.#left.clear();
    for (const [name, fd] of this.#held) {
      this.#left.set(name, [...(this.#left.get(name) ?? []), duplicate(fd.number)]);
    }
  }

  /** Holds under `name` what it holds under `from` (null: nothing). */
  alter(name: string, from: string | null, fd: Fd | null = null): void {
    const source = fd ?? this.#held.find(([held]) => held === from)?.[1] ?? null;
    const kept = source === null ? null : duplicate(source.number);
    this.remove(name);
    if (kept !== null) this.#held.push([name, kept]);
    this.giveBack();
  }

  /** Of what it holds under a name. */
  inodeOf(name: string): number {
    return fstatSync(this.#held.find(([held]) => held === name)?.[1].number ?? -1).ino;
  }

  close(): void {
    closeAll(this.#held.map(([, fd]) => fd));
    closeAll([...this.#left.values()].flat());
    this.#held.length = 0;
    this.#left.clear();
  }
}
