/**
 * Memory that carries out effects, page by page: a page holds a tag that some guest wrote, or nothing, which is zero.
 * It checks what the effects promise each other (a stash has something to copy, a restore finds zeros, …).
 */

import { expect } from 'vitest';
import type { Allocation, HeapPort } from '../../../../services/lib/domain/allocation.ts';
import type { Effect } from '../../../../services/lib/domain/effect.ts';

const PAGE = 4096;

/** Page number to tag; what is not there is zero. */
export type Pages = Map<number, string>;

/** Heaps with memory of their own for each blob: allocations are numbered, and numbers are used again. */
export class HeapMemory implements HeapPort {
  readonly live = new Map<number, Pages>();
  /** While true the machine has no memory, whatever the books say. */
  exhausted = false;

  allocate(_heap: string, _size: number): { id: number; fdOffset: number } | null {
    if (this.exhausted) {
      return null;
    }
    let id = 1;
    while (this.live.has(id)) {
      id += 1;
    }
    this.live.set(id, new Map());
    return { id, fdOffset: id * PAGE };
  }

  release(allocation: Allocation): void {
    expect(this.live.delete(allocation.id)).toBe(true);
  }
}

/** The memfd of one VM's window, and its side store. */
export class VmMemory {
  readonly window: Pages = new Map();
  readonly stashes = new Map<number, (string | undefined)[]>();
  readonly #heaps: HeapMemory;

  constructor(heaps: HeapMemory) {
    this.#heaps = heaps;
  }

  read(offset: number, length: number): (string | undefined)[] {
    return pages(offset, length).map((page) => this.window.get(page));
  }

  write(offset: number, length: number, content: readonly (string | undefined)[]): void {
    for (const [index, page] of pages(offset, length).entries()) {
      const tag = content[index];
      if (tag === undefined) {
        this.window.delete(page);
      } else {
        this.window.set(page, tag);
      }
    }
  }

  run(effects: readonly Effect[]): void {
    for (const effect of effects) {
      this.#run(effect);
    }
  }

  /** What a failing effect leaves behind: a restore has copied one page of several; nothing else has done anything. */
  fail(effect: Effect): void {
    if (effect.kind === 'restore') {
      this.write(effect.offset, PAGE, this.stashes.get(effect.resource)?.slice(0, 1) ?? []);
    }
  }

  #run(effect: Effect): void {
    switch (effect.kind) {
      case 'zero':
      case 'free':
        this.write(effect.offset, effect.length, []);
        return;
      case 'populate':
        expect(this.read(effect.offset, effect.length).every((tag) => tag === undefined)).toBe(true);
        return;
      case 'stash':
        expect(this.stashes.has(effect.resource)).toBe(false);
        this.stashes.set(effect.resource, this.read(effect.offset, effect.length));
        this.write(effect.offset, effect.length, []);
        return;
      case 'restore': {
        expect(this.read(effect.offset, effect.length).every((tag) => tag === undefined)).toBe(true);
        const content = this.stashes.get(effect.resource);
        expect(content).toHaveLength(effect.length / PAGE);
        this.write(effect.offset, effect.length, content ?? []);
        this.stashes.delete(effect.resource);
        return;
      }
      case 'drop-stash':
        expect(this.stashes.delete(effect.resource)).toBe(true);
        return;
      case 'release':
        this.#heaps.release(effect.allocation);
        return;
    }
  }
}

function pages(offset: number, length: number): number[] {
  return Array.from({ length: length / PAGE }, (_unused, index) => offset / PAGE + index);
}
