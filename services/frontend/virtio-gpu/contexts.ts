// The rendering contexts that the guest made (virtio 1.3, 5.7.6.8: CTX_CREATE). This device has no renderer: a context is an id that
// blobs, fences and attachments may name.

/** More than any guest opens (Linux makes one a process that uses the device); keeps a hostile one from filling this process' memory. */
export const MOST_CONTEXTS = 65_536;

export class Contexts {
  readonly #ids = new Set<number>();

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
  }

  /** False when there is no such context. */
  delete(id: number): boolean {
    return this.#ids.delete(id);
  }

  clear(): void {
    this.#ids.clear();
  }
}
