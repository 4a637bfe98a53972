// The rendering contexts that the guest made (virtio 1.3, 5.7.6.8: CTX_CREATE). This device has no renderer: a context is an id that
// blobs, fences and attachments may name.
import type { Changes } from '../state/changes.ts';

/** More than any guest opens (Linux makes one a process that uses the device); keeps a hostile one from filling this process' memory. */
export const MOST_CONTEXTS = 65_536;

export class Contexts {
  readonly #ids = new Set<number>();
  readonly #changes: Changes | null;

  constructor(changes: Changes | null = null) {
    this.#changes = changes;
  }

  get ids(): ReadonlySet<number> {
    return this.#ids;
  }

  get size(): number {
    return this.#ids.size;
  }

  get isFull(): boolean {
    return this.#ids.size >= MOST_CONTEXTS;
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  add(id: number): void {
    this.#ids.add(id);
    this.#changes?.add({ kind: 'context', id });
  }

  /** False when there is no such context. */
  delete(id: number): boolean {
    if (!this.#ids.delete(id)) return false;
    this.#changes?.add({ kind: 'context-gone', id });
    return true;
  }

  /** A predecessor's. */
  restore(ids: Iterable<number>): void {
    for (const id of ids) this.#ids.add(id);
  }

  clear(): void {
    this.#ids.clear();
  }
}
