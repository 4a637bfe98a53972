/** Which blobs are other than they were: what has to be written down, and told to whoever follows. */

/** Blobs by resource id; one that is not in the books any more is gone. */
export interface Touched {
  /** All blobs of before are gone; `resources` came after that. */
  readonly everything: boolean;
  readonly resources: ReadonlySet<number>;
}

export const UNTOUCHED: Touched = { everything: false, resources: new Set() };

/** Collects. */
export class TouchedBlobs implements Touched {
  #everything = false;
  #resources = new Set<number>();

  get everything(): boolean {
    return this.#everything;
  }

  get resources(): ReadonlySet<number> {
    return this.#resources;
  }

  get isEmpty(): boolean {
    return !this.#everything && this.#resources.size === 0;
  }

  add(resource: number): void {
    this.#resources.add(resource);
  }

  addEverything(): void {
    this.#everything = true;
    this.#resources.clear();
  }

  /** What was touched after what is here. */
  merge({ everything, resources }: Touched): void {
    if (everything) this.addEverything();
    for (const resource of resources) this.#resources.add(resource);
  }

  /** Everything since the last call. */
  take(): Touched {
    if (this.isEmpty) return UNTOUCHED;
    const taken: Touched = { everything: this.#everything, resources: this.#resources };
    this.#everything = false;
    this.#resources = new Set();
    return taken;
  }
}
