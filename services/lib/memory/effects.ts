// Carries out what the domain asks of memory. Effects that may be put off until the end of a batch are collected here, and the zeroing
// among them is merged; those that move bytes are carried out one by one.

import type { Allocation } from '../domain/allocation.ts';
import type { Effect } from '../domain/effect.ts';
import { faultPoint } from '../os/fault-point.ts';
import { INLINE_BYTES, Turn } from './inline-work.ts';
import type { WindowMemory } from './window-memory.ts';
import { ZeroRanges } from './zero-ranges.ts';

/** A range that could not get its pages, and the command that wanted them. */
export type FailedPopulate = { readonly number: number; readonly cause: string };

/** Where memory lies that is no part of the window: whoever has heaps. */
export interface AllocationMemory {
  /** Erases memory that nobody will use any more. The promise, if any, ends when the bytes are gone. */
  release(allocation: Allocation): Promise<void> | null;
  /** Gives erased memory back. */
  drop(allocation: Allocation): void;
}

type Populate = { readonly number: number; readonly offset: number; readonly length: number };

export class EffectExecutor {
  /** Null when each blob has memory of its own. */
  readonly #window: WindowMemory | null;
  readonly #heaps: AllocationMemory;
  readonly #zeros = new ZeroRanges();
  #populates: Populate[] = [];
  #releases: Allocation[] = [];
  #drops: number[] = [];
  /** What is erased, and what is not needed any more, until finish(). */
  #erased: Allocation[] = [];
  #unneeded: number[] = [];
  readonly #onStashed: (resource: number, inode: number) => void;
  /** What the last flush could not populate, until the caller takes it. */
  #failed: FailedPopulate[] = [];

  /** `onStashed`: the bytes of a blob are safe in a file of that inode, and will go from their place in the window next. */
  constructor(
    window: WindowMemory | null,
    heaps: AllocationMemory,
    onStashed: (resource: number, inode: number) => void = () => undefined,
  ) {
    this.#window = window;
    this.#heaps = heaps;
    this.#onStashed = onStashed;
  }

  /** True when something is collected. */
  get pending(): boolean {
    return (
      this.#zeros.count > 0 ||
      this.#populates.length > 0 ||
      this.#releases.length > 0 ||
      this.#drops.length > 0
    );
  }

  /**
   * True when an effect must not be collected with what is here already: zeroing a range after its pages were asked for, in the order
   * of collection, would lose the pages; the other way round they would stay behind.
   */
  conflicts(effect: Effect): boolean {
    return (
      (effect.kind === 'zero' || effect.kind === 'free') &&
      this.#populates.length > 0 &&
      this.#populates.some(
        ({ offset, length }) => offset < effect.offset + effect.length && effect.offset < offset + length,
      )
    );
  }

  /** Collects an effect of an outcome that is no barrier. */
  collect(effect: Effect, number: number): void {
    switch (effect.kind) {
      case 'zero':
      case 'free':
        this.#zeros.add(effect.offset, effect.length);
        break;
      case 'populate':
        this.#populates.push({ number, offset: effect.offset, length: effect.length });
        break;
      case 'release':
        this.#releases.push(effect.allocation);
        break;
      case 'drop-stash':
        this.#drops.push(effect.resource);
        break;
      default:
        throw new Error(`a ${effect.kind} moves bytes, and cannot be put off`);
    }
  }

  /** Carries out what was collected: null when it is done, a promise when it goes on. Rejects only for faults. */
  flush(): Promise<void> | null {
    const zeros = this.#zeros;
    const window = this.#window;
    if (this.#populates.length === 0 && this.#releases.length === 0 && this.#drops.length === 0) {
      if (zeros.count === 0) return null;
      if (window !== null && zeros.bytes <= INLINE_BYTES) {
        for (let index = 0; index < zeros.count; index += 1) {
          window.zeroInline(zeros.offsetAt(index), zeros.lengthAt(index));
        }
        zeros.clear();
        return null;
      }
    }
    return this.#flushAll();
  }

  /** Carries out one effect that moves bytes, or stands behind one that does. */
  carryOut(effect: Effect): Promise<void> | null {
    const window = this.#window;
    if (effect.kind === 'release') return this.#release(effect.allocation);
    if (window === null) throw new Error(`a ${effect.kind} was asked of a VM that has no window memory`);
    switch (effect.kind) {
      case 'zero':
      case 'free':
        return window.zero(effect.offset, effect.length);
      case 'populate':
        return window.populate(effect.offset, effect.length);
      case 'stash':
        return window.stash(effect.resource, effect.offset, effect.length, (inode) =>
          this.#onStashed(effect.resource, inode),
        );
      case 'restore': {
        const restored = window.restore(effect.resource, effect.offset, effect.length);
        const done = (): void => {
          faultPoint('broker.map-restored');
          this.#unneeded.push(effect.resource);
        };
        if (restored !== null) return restored.then(done);
        done();
        return null;
      }
      case 'drop-stash':
        this.#unneeded.push(effect.resource);
        return null;
    }
  }

  /**
   * Gives back what the effects so far have made free: only now, when nobody will do them again. Null when it is done, a promise when it
   * goes on.
   */
  finish(): Promise<void> | null {
    for (const allocation of this.#erased) this.#heaps.drop(allocation);
    this.#erased = [];
    if (this.#unneeded.length === 0) return null;
    const unneeded = this.#unneeded;
    this.#unneeded = [];
    const works = unneeded.flatMap((resource) => this.#window?.dropStash(resource) ?? []);
    return works.length === 0 ? null : Promise.all(works).then(() => undefined);
  }

  #release(allocation: Allocation): Promise<void> | null {
    this.#erased.push(allocation);
    return this.#heaps.release(allocation);
  }

  /** The maps whose pages the last flush could not get; the caller has to abandon them. */
  takeFailed(): readonly FailedPopulate[] {
    if (this.#failed.length === 0) return this.#failed;
    const failed = this.#failed;
    this.#failed = [];
    return failed;
  }

  // The ranges are copied out before the first await: the next batch collects into the same columns only after this one is done, but a
  // flush that fails must not leave anything behind.
  async #flushAll(): Promise<void> {
    const zeros: { offset: number; length: number }[] = [];
    for (let index = 0; index < this.#zeros.count; index += 1) {
      zeros.push({ offset: this.#zeros.offsetAt(index), length: this.#zeros.lengthAt(index) });
    }
    const populates = this.#populates;
    const releases = this.#releases;
    const drops = this.#drops;
    this.#zeros.clear();
    this.#populates = [];
    this.#releases = [];
    this.#drops = [];
    const turn = new Turn();
    this.#unneeded.push(...drops);
    for (const { offset, length } of zeros) {
      await turn.after(this.#window?.zero(offset, length) ?? null, length);
    }
    for (const { number, offset, length } of populates) {
      try {
        await turn.after(this.#window?.populate(offset, length) ?? null, length);
      } catch (error) {
        this.#failed.push({ number, cause: (error as Error).message });
      }
    }
    for (const allocation of releases) await turn.after(this.#release(allocation), allocation.size);
  }
}
