/** The range tree said again without a tree: a list, searched from its start. Slow, and too simple to be wrong. */

import type { Extent, Range } from '../../../../services/lib/domain/range-tree.ts';

export class NaiveRanges {
  readonly size: number;
  list: Range[] = [];

  constructor(size: number) {
    this.size = size;
  }

  overlapping(offset: number, length: number): Range[] {
    return this.list.filter(
      (range) => range.offset < offset + length && offset < range.offset + range.length,
    );
  }

  insert(offset: number, length: number, owner: number, held: boolean): boolean {
    if (this.overlapping(offset, length).length > 0) {
      return false;
    }
    this.list = [...this.list, { offset, length, owner, held }].sort((a, b) => a.offset - b.offset);
    return true;
  }

  remove(offset: number): number | null {
    const found = this.list.find((range) => range.offset === offset);
    this.list = this.list.filter((range) => range !== found);
    return found === undefined ? null : found.owner;
  }

  setHeld(offset: number, held: boolean): boolean {
    const found = this.list.some((range) => range.offset === offset);
    this.list = this.list.map((range) => (range.offset === offset ? { ...range, held } : range));
    return found;
  }

  free(): Extent[] {
    const extents: Extent[] = [];
    let end = 0;
    for (const range of [...this.list, { offset: this.size, length: 0 }]) {
      if (range.offset > end) {
        extents.push({ offset: end, length: range.offset - end });
      }
      end = range.offset + range.length;
    }
    return extents;
  }

  firstFit(length: number): number | null {
    return this.free().find((extent) => extent.length >= length)?.offset ?? null;
  }

  get bytes(): number {
    return this.list.reduce((sum, range) => sum + range.length, 0);
  }

  get largestFree(): number {
    return Math.max(0, ...this.free().map((extent) => extent.length));
  }
}
