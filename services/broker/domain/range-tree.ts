/**
 * Ranges inside [0, size) that do not overlap, and the gaps between them.
 *
 *     0                                                        size
 *     |....[== A ==][= B =]......[=== C ===]....................| S
 *      gap A=4       gap B=0  gap C=6            gap S=20
 *
 * Every range knows the gap before it; S is a range of no length at the end, always there, that knows the
 * last gap. So each byte belongs to exactly one range or one gap, a gap is changed by touching one node,
 * and the largest gap below a node is enough to answer "largest free extent" at the root and "first fit"
 * on one way down.
 *
 * The tree is an AVL tree: offsets come from guests, and a tree that is balanced by luck can be talked out
 * of its balance by whoever knows its dice. Nodes are slots of typed arrays, 46 bytes each and nothing for
 * the garbage collector to follow; slot 0 stands for "no node".
 *
 * A range is held or not: the window holds what is mapped and may displace what is merely parked. Every
 * node knows whether one at or below it is held, so "is anything held in here?" does not walk over the rest.
 */

export interface Range {
  readonly offset: number;
  readonly length: number;
  /** Whatever the caller gave: a u32. */
  readonly owner: number;
  readonly held: boolean;
}

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

const NIL = 0;
/** The bits of a node's marks: the range itself is held; it or one below it is. */
const HELD = 1;
const HELD_BELOW = 2;
const FIRST_SLOTS = 16;
/** From here on the arrays grow by half: at 100,000 ranges, doubling would leave up to 4 MB unused. */
const SLOTS_TO_DOUBLE = 65_536;
/** An AVL tree of 2^32 nodes is at most 1.45 * 32 = 47 deep. */
const MAX_DEPTH = 64;

/** The way down of the call that runs: calls never overlap, so one is enough for all trees. */
const path = new Uint32Array(MAX_DEPTH);

export class RangeTree {
  /** Bytes covered: ranges lie in [0, size). */
  readonly size: number;
  #offset = new Float64Array(0);
  #length = new Float64Array(0);
  #gap = new Float64Array(0);
  #maxGap = new Float64Array(0);
  #owner = new Uint32Array(0);
  #left = new Uint32Array(0);
  #right = new Uint32Array(0);
  #height = new Uint8Array(0);
  #marks = new Uint8Array(0);
  #root = NIL;
  /** Slots below have been used; those given back are chained through #left from #spare. */
  #slots = 0;
  #spare = NIL;
  #count = 0;
  #bytes = 0;
  #holes = 0;

  /** @param size a safe integer > 0 */
  constructor(size: number) {
    this.size = size;
    this.clear();
  }

  /** Number of ranges. */
  get count(): number {
    return this.#count;
  }

  /** Sum of the ranges' lengths. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of maximal free extents, those at the two ends included: 1 for an empty tree, 0 for a full one. */
  get holes(): number {
    return this.#holes;
  }

  /** Length of the largest free extent; 0 when full. */
  get largestFree(): number {
    return this.#maxGap[this.#root]!;
  }

  /** Levels of the tree: what a lookup costs. */
  get depth(): number {
    return this.#height[this.#root]!;
  }

  /** The first range that shares a byte with [offset, offset + length), or null. `length` >= 1. */
  firstOverlap(offset: number, length: number): Range | null {
    const offsets = this.#offset;
    const lengths = this.#length;
    let found = NIL;
    let node = this.#root;
    while (node !== NIL) {
      if (offsets[node]! + lengths[node]! > offset) {
        found = node;
        node = this.#left[node]!;
      } else {
        node = this.#right[node]!;
      }
    }
    const hit = found !== NIL && lengths[found]! > 0 && offsets[found]! < offset + length;
    return hit ? this.#range(found) : null;
  }

  /** The first held range that shares a byte with [offset, offset + length), or null. `length` >= 1. */
  firstHeldOverlap(offset: number, length: number): Range | null {
    const end = offset + length;
    let depth = 0;
    let node = this.#root;
    while (node !== NIL) {
      if (this.#offset[node]! + this.#length[node]! > offset) {
        path[depth++] = node;
        node = this.#left[node]!;
      } else {
        node = this.#right[node]!;
      }
    }
    // The path has, deepest first, ranges in order of offset; between two of them lies the right side of the first.
    for (let level = depth - 1; level >= 0; level -= 1) {
      node = path[level]!;
      if (this.#offset[node]! >= end) {
        return null;
      }
      if ((this.#marks[node]! & HELD) !== 0) {
        return this.#range(node);
      }
      if ((this.#marks[this.#right[node]!]! & HELD_BELOW) !== 0) {
        const first = this.#firstHeld(this.#right[node]!);
        return this.#offset[first]! < end ? this.#range(first) : null;
      }
    }
    return null;
  }

  /**
   * Adds [offset, offset + length). `length` >= 1, the end not above `size`, all safe integers.
   * @returns false when it overlaps a range, held or not: then nothing changed.
   */
  insert(offset: number, length: number, owner: number, held: boolean): boolean {
    let depth = 0;
    let next = NIL;
    let node = this.#root;
    while (node !== NIL) {
      path[depth++] = node;
      if (offset < this.#offset[node]!) {
        next = node;
        node = this.#left[node]!;
      } else {
        node = this.#right[node]!;
      }
    }
    // Nothing lies between the last range at or before `offset` and `next`: its gap is all there is to take.
    const gap = this.#gap[next]!;
    const start = this.#offset[next]! - gap;
    const end = offset + length;
    if (next === NIL || offset < start || end > this.#offset[next]!) {
      return false;
    }
    const parent = path[depth - 1]!;
    const added = this.#take(offset, length, offset - start, owner, held ? HELD | HELD_BELOW : 0);
    if (offset < this.#offset[parent]!) {
      this.#left[parent] = added;
    } else {
      this.#right[parent] = added;
    }
    const rest = this.#offset[next]! - end;
    this.#gap[next] = rest;
    this.#holes += (offset > start ? 1 : 0) + (rest > 0 ? 1 : 0) - 1;
    this.#count += 1;
    this.#bytes += length;
    this.#climb(depth);
    return true;
  }

  /** Holds the range that starts at `offset`, or lets it go. @returns false when none starts there. */
  setHeld(offset: number, held: boolean): boolean {
    let depth = 0;
    let node = this.#root;
    while (node !== NIL && this.#offset[node] !== offset) {
      path[depth++] = node;
      node = offset < this.#offset[node]! ? this.#left[node]! : this.#right[node]!;
    }
    if (node === NIL || this.#length[node] === 0) {
      return false;
    }
    this.#marks[node] = held ? HELD : 0;
    this.#sum(node);
    for (let level = depth - 1; level >= 0; level -= 1) {
      this.#sum(path[level]!);
    }
    return true;
  }

  /** Removes the range that starts at `offset`. @returns its owner, or null when none starts there. */
  remove(offset: number): number | null {
    let depth = 0;
    let next = NIL;
    let node = this.#root;
    while (node !== NIL && this.#offset[node] !== offset) {
      path[depth++] = node;
      if (offset < this.#offset[node]!) {
        next = node;
        node = this.#left[node]!;
      } else {
        node = this.#right[node]!;
      }
    }
    if (node === NIL || this.#length[node] === 0) {
      return null;
    }
    const owner = this.#owner[node]!;
    const length = this.#length[node]!;
    const gap = this.#gap[node]!;
    let gone = node;
    if (this.#right[node] !== NIL) {
      // The next range moves into this slot, and its own slot, which has no left child, goes instead.
      path[depth++] = node;
      gone = this.#right[node]!;
      while (this.#left[gone] !== NIL) {
        path[depth++] = gone;
        gone = this.#left[gone]!;
      }
      this.#offset[node] = this.#offset[gone]!;
      this.#length[node] = this.#length[gone]!;
      this.#owner[node] = this.#owner[gone]!;
      this.#gap[node] = this.#gap[gone]!;
      this.#marks[node] = this.#marks[gone]! & HELD;
      next = node;
    }
    const child = gone === node ? this.#left[gone]! : this.#right[gone]!;
    this.#relink(depth, gone, child);
    this.#holes += 1 - (gap > 0 ? 1 : 0) - (this.#gap[next]! > 0 ? 1 : 0);
    this.#gap[next] = this.#gap[next]! + gap + length;
    this.#count -= 1;
    this.#bytes -= length;
    this.#give(gone);
    this.#climb(depth);
    return owner;
  }

  /** The lowest offset at which `length` bytes are free, or null. `length` >= 1. */
  firstFit(length: number): number | null {
    const maxGaps = this.#maxGap;
    if (maxGaps[this.#root]! < length) {
      return null;
    }
    let node = this.#root;
    for (;;) {
      const left = this.#left[node]!;
      if (maxGaps[left]! >= length) {
        node = left;
      } else if (this.#gap[node]! >= length) {
        return this.#offset[node]! - this.#gap[node]!;
      } else {
        node = this.#right[node]!;
      }
    }
  }

  /** The ranges in order of offset. The tree must not change meanwhile. */
  *ranges(): Generator<Range, void, undefined> {
    for (const node of this.#inOrder()) {
      if (this.#length[node]! > 0) {
        yield this.#range(node);
      }
    }
  }

  /** The maximal free extents in order of offset. The tree must not change meanwhile. */
  *free(): Generator<Extent, void, undefined> {
    for (const node of this.#inOrder()) {
      const gap = this.#gap[node]!;
      if (gap > 0) {
        yield { offset: this.#offset[node]! - gap, length: gap };
      }
    }
  }

  /** Removes every range and gives the memory back. */
  clear(): void {
    this.#resize(FIRST_SLOTS, false);
    this.#slots = 1;
    this.#spare = NIL;
    this.#root = this.#take(this.size, 0, this.size, 0, 0);
    this.#count = 0;
    this.#bytes = 0;
    this.#holes = 1;
  }

  #range(node: number): Range {
    return {
      offset: this.#offset[node]!,
      length: this.#length[node]!,
      owner: this.#owner[node]!,
      held: (this.#marks[node]! & HELD) !== 0,
    };
  }

  /** The lowest held node of a subtree that has one. */
  #firstHeld(subtree: number): number {
    let node = subtree;
    for (;;) {
      const left = this.#left[node]!;
      if ((this.#marks[left]! & HELD_BELOW) !== 0) {
        node = left;
      } else if ((this.#marks[node]! & HELD) !== 0) {
        return node;
      } else {
        node = this.#right[node]!;
      }
    }
  }

  *#inOrder(): Generator<number, void, undefined> {
    const waiting: number[] = [];
    let node = this.#root;
    while (node !== NIL || waiting.length > 0) {
      while (node !== NIL) {
        waiting.push(node);
        node = this.#left[node]!;
      }
      const visited = waiting.pop()!;
      yield visited;
      node = this.#right[visited]!;
    }
  }

  /** Rebalances and sums up the nodes of `path` below `depth`, from the last one to the root. */
  #climb(depth: number): void {
    for (let level = depth - 1; level >= 0; level -= 1) {
      const node = path[level]!;
      const top = this.#balance(node);
      if (top !== node) {
        this.#relink(level, node, top);
      }
    }
  }

  /** Puts `now` where `was` hung below the node before `level` of the path. */
  #relink(level: number, was: number, now: number): void {
    if (level === 0) {
      this.#root = now;
      return;
    }
    const parent = path[level - 1]!;
    if (this.#left[parent] === was) {
      this.#left[parent] = now;
    } else {
      this.#right[parent] = now;
    }
  }

  /** @returns the node that stands at the top of `node`'s subtree afterwards */
  #balance(node: number): number {
    const heights = this.#height;
    const left = this.#left[node]!;
    const right = this.#right[node]!;
    if (heights[left]! > heights[right]! + 1) {
      if (heights[this.#left[left]!]! < heights[this.#right[left]!]!) {
        this.#left[node] = this.#rotateLeft(left);
      }
      return this.#rotateRight(node);
    }
    if (heights[right]! > heights[left]! + 1) {
      if (heights[this.#right[right]!]! < heights[this.#left[right]!]!) {
        this.#right[node] = this.#rotateRight(right);
      }
      return this.#rotateLeft(node);
    }
    this.#sum(node);
    return node;
  }

  #rotateLeft(node: number): number {
    const top = this.#right[node]!;
    this.#right[node] = this.#left[top]!;
    this.#left[top] = node;
    this.#sum(node);
    this.#sum(top);
    return top;
  }

  #rotateRight(node: number): number {
    const top = this.#left[node]!;
    this.#left[node] = this.#right[top]!;
    this.#right[top] = node;
    this.#sum(node);
    this.#sum(top);
    return top;
  }

  /** Height, largest gap and marks of a node from its own and those of its children. */
  #sum(node: number): void {
    const left = this.#left[node]!;
    const right = this.#right[node]!;
    const leftHeight = this.#height[left]!;
    const rightHeight = this.#height[right]!;
    this.#height[node] = 1 + (leftHeight > rightHeight ? leftHeight : rightHeight);
    let max = this.#gap[node]!;
    const leftMax = this.#maxGap[left]!;
    const rightMax = this.#maxGap[right]!;
    if (leftMax > max) {
      max = leftMax;
    }
    if (rightMax > max) {
      max = rightMax;
    }
    this.#maxGap[node] = max;
    const marks = this.#marks;
    const held = marks[node]! & HELD;
    marks[node] = held | (held << 1) | ((marks[left]! | marks[right]!) & HELD_BELOW);
  }

  #take(offset: number, length: number, gap: number, owner: number, marks: number): number {
    let node = this.#spare;
    if (node !== NIL) {
      this.#spare = this.#left[node]!;
    } else {
      if (this.#slots === this.#height.length) {
        this.#resize(this.#slots < SLOTS_TO_DOUBLE ? this.#slots * 2 : Math.ceil(this.#slots * 1.5), true);
      }
      node = this.#slots++;
    }
    this.#offset[node] = offset;
    this.#length[node] = length;
    this.#gap[node] = gap;
    this.#maxGap[node] = gap;
    this.#owner[node] = owner;
    this.#left[node] = NIL;
    this.#right[node] = NIL;
    this.#height[node] = 1;
    this.#marks[node] = marks;
    return node;
  }

  #give(node: number): void {
    this.#left[node] = this.#spare;
    this.#spare = node;
  }

  #resize(slots: number, keep: boolean): void {
    const offset = new Float64Array(slots);
    const length = new Float64Array(slots);
    const gap = new Float64Array(slots);
    const maxGap = new Float64Array(slots);
    const owner = new Uint32Array(slots);
    const left = new Uint32Array(slots);
    const right = new Uint32Array(slots);
    const height = new Uint8Array(slots);
    const marks = new Uint8Array(slots);
    if (keep) {
      offset.set(this.#offset);
      length.set(this.#length);
      gap.set(this.#gap);
      maxGap.set(this.#maxGap);
      owner.set(this.#owner);
      left.set(this.#left);
      right.set(this.#right);
      height.set(this.#height);
      marks.set(this.#marks);
    }
    this.#offset = offset;
    this.#length = length;
    this.#gap = gap;
    this.#maxGap = maxGap;
    this.#owner = owner;
    this.#left = left;
    this.#right = right;
    this.#height = height;
    this.#marks = marks;
  }
}
