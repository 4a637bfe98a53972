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
 * of its balance by whoever knows its dice.
 *
 * A range is held or not: the window holds what is mapped and may displace what is merely parked. Every
 * node knows whether one at or below it is held, so "is anything held in here?" does not walk over the rest.
 *
 * Nodes are slots of two typed arrays: 48 bytes, two cache lines, and nothing for the garbage collector.
 *
 *     reals  | offset | length | gap   | largest gap at or below |   4 * 8 bytes
 *     links  | left   | right  | owner | height, marks           |   4 * 4 bytes
 *
 * A node is named by the index of its first field, the same in both arrays; 0 is "no node".
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
const FIELDS = 4;
const OFFSET = 0;
const LENGTH = 1;
const GAP = 2;
const MAX_GAP = 3;
const LEFT = 0;
const RIGHT = 1;
const OWNER = 2;
/** The height from bit 2 up, and below it two marks: the range itself is held; it or one below it is. */
const STATE = 3;
const HELD = 1;
const HELD_BELOW = 2;
const MARKS = HELD | HELD_BELOW;
const ONE_LEVEL = 4;

const FIRST_NODES = 16;
/** From here on the arrays grow by half: at 100,000 ranges, doubling could leave 3 MB unused. */
const NODES_TO_DOUBLE = 65_536;
/** An AVL tree of 2^32 nodes is at most 1.45 * 32 = 47 deep. */
const MAX_DEPTH = 64;

/** The way down of the call that runs: calls never overlap, so one is enough for all trees. */
const path = new Uint32Array(MAX_DEPTH);

export class RangeTree {
  /** Bytes covered: ranges lie in [0, size). */
  readonly size: number;
  #reals = new Float64Array(0);
  #links = new Uint32Array(0);
  #root = NIL;
  /** Fields from here on have never been used; nodes that were given back are chained through LEFT from #spare. */
  #fresh = 0;
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
    return this.#reals[this.#root + MAX_GAP]!;
  }

  /** Levels of the tree: what a lookup costs. */
  get depth(): number {
    return this.#links[this.#root + STATE]! >> 2;
  }

  /** The first range that shares a byte with [offset, offset + length), or null. `length` >= 1. */
  firstOverlap(offset: number, length: number): Range | null {
    const reals = this.#reals;
    const links = this.#links;
    let found = NIL;
    let node = this.#root;
    while (node !== NIL) {
      if (reals[node + OFFSET]! + reals[node + LENGTH]! > offset) {
        found = node;
        node = links[node + LEFT]!;
      } else {
        node = links[node + RIGHT]!;
      }
    }
    const hit = found !== NIL && reals[found + LENGTH]! > 0 && reals[found + OFFSET]! < offset + length;
    return hit ? this.#range(found) : null;
  }

  /** The first held range that shares a byte with [offset, offset + length), or null. `length` >= 1. */
  firstHeldOverlap(offset: number, length: number): Range | null {
    const reals = this.#reals;
    const links = this.#links;
    const end = offset + length;
    let depth = 0;
    let node = this.#root;
    while (node !== NIL) {
      if (reals[node + OFFSET]! + reals[node + LENGTH]! > offset) {
        path[depth++] = node;
        node = links[node + LEFT]!;
      } else {
        node = links[node + RIGHT]!;
      }
    }
    // The path has, deepest first, ranges in order of offset; between two of them lies the right side of the first.
    for (let level = depth - 1; level >= 0; level -= 1) {
      node = path[level]!;
      if (reals[node + OFFSET]! >= end) {
        return null;
      }
      if ((links[node + STATE]! & HELD) !== 0) {
        return this.#range(node);
      }
      const right = links[node + RIGHT]!;
      if ((links[right + STATE]! & HELD_BELOW) !== 0) {
        const first = this.#firstHeld(right);
        return reals[first + OFFSET]! < end ? this.#range(first) : null;
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
    let nextLevel = 0;
    let node = this.#root;
    while (node !== NIL) {
      path[depth] = node;
      if (offset < this.#reals[node + OFFSET]!) {
        next = node;
        nextLevel = depth;
        node = this.#links[node + LEFT]!;
      } else {
        node = this.#links[node + RIGHT]!;
      }
      depth += 1;
    }
    // Nothing lies between the last range at or before `offset` and `next`: its gap is all there is to take.
    const start = this.#reals[next + OFFSET]! - this.#reals[next + GAP]!;
    const rest = this.#reals[next + OFFSET]! - (offset + length);
    if (next === NIL || offset < start || rest < 0) {
      return false;
    }
    const parent = path[depth - 1]!;
    const added = this.#take(offset, length, offset - start, owner, held ? MARKS : 0);
    this.#links[parent + (offset < this.#reals[parent + OFFSET]! ? LEFT : RIGHT)] = added;
    this.#reals[next + GAP] = rest;
    this.#holes += (offset > start ? 1 : 0) + (rest > 0 ? 1 : 0) - 1;
    this.#count += 1;
    this.#bytes += length;
    this.#climb(depth, nextLevel);
    return true;
  }

  /** Holds the range that starts at `offset`, or lets it go. @returns false when none starts there. */
  setHeld(offset: number, held: boolean): boolean {
    const links = this.#links;
    let depth = 0;
    let node = this.#root;
    while (node !== NIL && this.#reals[node + OFFSET] !== offset) {
      path[depth++] = node;
      node = links[node + (offset < this.#reals[node + OFFSET]! ? LEFT : RIGHT)]!;
    }
    if (node === NIL || this.#reals[node + LENGTH] === 0) {
      return false;
    }
    links[node + STATE] = (links[node + STATE]! & ~HELD) | (held ? HELD : 0);
    let changed = this.#sum(node);
    for (let level = depth - 1; changed && level >= 0; level -= 1) {
      changed = this.#sum(path[level]!);
    }
    return true;
  }

  /** Removes the range that starts at `offset`. @returns its owner, or null when none starts there. */
  remove(offset: number): number | null {
    const reals = this.#reals;
    const links = this.#links;
    let depth = 0;
    let next = NIL;
    let nextLevel = 0;
    let node = this.#root;
    while (node !== NIL && reals[node + OFFSET] !== offset) {
      path[depth] = node;
      if (offset < reals[node + OFFSET]!) {
        next = node;
        nextLevel = depth;
        node = links[node + LEFT]!;
      } else {
        node = links[node + RIGHT]!;
      }
      depth += 1;
    }
    if (node === NIL || reals[node + LENGTH] === 0) {
      return null;
    }
    const owner = links[node + OWNER]!;
    const length = reals[node + LENGTH]!;
    const gap = reals[node + GAP]!;
    let gone = node;
    let child = links[node + LEFT]!;
    if (links[node + RIGHT] !== NIL) {
      // The next range moves into this node, and its own node, which has no left child, goes instead.
      next = node;
      nextLevel = depth;
      path[depth++] = node;
      gone = links[node + RIGHT]!;
      while (links[gone + LEFT] !== NIL) {
        path[depth++] = gone;
        gone = links[gone + LEFT]!;
      }
      child = links[gone + RIGHT]!;
      reals[node + OFFSET] = reals[gone + OFFSET]!;
      reals[node + LENGTH] = reals[gone + LENGTH]!;
      reals[node + GAP] = reals[gone + GAP]!;
      links[node + OWNER] = links[gone + OWNER]!;
      links[node + STATE] = (links[node + STATE]! & ~HELD) | (links[gone + STATE]! & HELD);
    }
    this.#relink(depth, gone, child);
    this.#holes += 1 - (gap > 0 ? 1 : 0) - (reals[next + GAP]! > 0 ? 1 : 0);
    reals[next + GAP] = reals[next + GAP]! + gap + length;
    this.#count -= 1;
    this.#bytes -= length;
    links[gone + LEFT] = this.#spare;
    this.#spare = gone;
    this.#climb(depth, nextLevel);
    return owner;
  }

  /** The lowest offset at which `length` bytes are free, or null. `length` >= 1. */
  firstFit(length: number): number | null {
    const reals = this.#reals;
    const links = this.#links;
    let node = this.#root;
    if (reals[node + MAX_GAP]! < length) {
      return null;
    }
    for (;;) {
      const left = links[node + LEFT]!;
      if (reals[left + MAX_GAP]! >= length) {
        node = left;
      } else if (reals[node + GAP]! >= length) {
        return reals[node + OFFSET]! - reals[node + GAP]!;
      } else {
        node = links[node + RIGHT]!;
      }
    }
  }

  /** The ranges in order of offset. The tree must not change meanwhile. */
  *ranges(): Generator<Range, void, undefined> {
    for (const node of this.#inOrder()) {
      if (this.#reals[node + LENGTH]! > 0) {
        yield this.#range(node);
      }
    }
  }

  /** The maximal free extents in order of offset. The tree must not change meanwhile. */
  *free(): Generator<Extent, void, undefined> {
    for (const node of this.#inOrder()) {
      const gap = this.#reals[node + GAP]!;
      if (gap > 0) {
        yield { offset: this.#reals[node + OFFSET]! - gap, length: gap };
      }
    }
  }

  /** Removes every range and gives the memory back. */
  clear(): void {
    this.#reals = new Float64Array(FIRST_NODES * FIELDS);
    this.#links = new Uint32Array(FIRST_NODES * FIELDS);
    this.#fresh = FIELDS;
    this.#spare = NIL;
    this.#root = this.#take(this.size, 0, this.size, 0, 0);
    this.#count = 0;
    this.#bytes = 0;
    this.#holes = 1;
  }

  #range(node: number): Range {
    return {
      offset: this.#reals[node + OFFSET]!,
      length: this.#reals[node + LENGTH]!,
      owner: this.#links[node + OWNER]!,
      held: (this.#links[node + STATE]! & HELD) !== 0,
    };
  }

  /** The lowest held node of a subtree that has one. */
  #firstHeld(subtree: number): number {
    const links = this.#links;
    let node = subtree;
    for (;;) {
      const left = links[node + LEFT]!;
      if ((links[left + STATE]! & HELD_BELOW) !== 0) {
        node = left;
      } else if ((links[node + STATE]! & HELD) !== 0) {
        return node;
      } else {
        node = links[node + RIGHT]!;
      }
    }
  }

  *#inOrder(): Generator<number, void, undefined> {
    const waiting: number[] = [];
    let node = this.#root;
    while (node !== NIL || waiting.length > 0) {
      while (node !== NIL) {
        waiting.push(node);
        node = this.#links[node + LEFT]!;
      }
      const visited = waiting.pop()!;
      yield visited;
      node = this.#links[visited + RIGHT]!;
    }
  }

  /**
   * Rebalances and sums up the nodes of `path` below `depth`, upwards; above `changedLevel`, the highest whose own
   * fields changed, only as long as something changes.
   */
  #climb(depth: number, changedLevel: number): void {
    for (let level = depth - 1; level >= 0; level -= 1) {
      const node = path[level]!;
      const left = this.#links[this.#links[node + LEFT]! + STATE]! >> 2;
      const right = this.#links[this.#links[node + RIGHT]! + STATE]! >> 2;
      if (left > right + 1 || right > left + 1) {
        this.#relink(level, node, left > right ? this.#leanRight(node) : this.#leanLeft(node));
      } else if (!this.#sum(node) && level <= changedLevel) {
        return;
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
    this.#links[parent + (this.#links[parent + LEFT] === was ? LEFT : RIGHT)] = now;
  }

  /** Balances a node whose left side is too high. @returns the node that is on top afterwards */
  #leanRight(node: number): number {
    const links = this.#links;
    const left = links[node + LEFT]!;
    if (this.#height(links[left + LEFT]!) < this.#height(links[left + RIGHT]!)) {
      links[node + LEFT] = this.#rotate(left, RIGHT, LEFT);
    }
    return this.#rotate(node, LEFT, RIGHT);
  }

  /** Balances a node whose right side is too high. @returns the node that is on top afterwards */
  #leanLeft(node: number): number {
    const links = this.#links;
    const right = links[node + RIGHT]!;
    if (this.#height(links[right + RIGHT]!) < this.#height(links[right + LEFT]!)) {
      links[node + RIGHT] = this.#rotate(right, LEFT, RIGHT);
    }
    return this.#rotate(node, RIGHT, LEFT);
  }

  /** Lifts the child at `from` above `node`, which becomes its child at `to`. @returns that child */
  #rotate(node: number, from: number, to: number): number {
    const links = this.#links;
    const top = links[node + from]!;
    links[node + from] = links[top + to]!;
    links[top + to] = node;
    this.#sum(node);
    this.#sum(top);
    return top;
  }

  #height(node: number): number {
    return this.#links[node + STATE]! >> 2;
  }

  /** Height, largest gap and marks of a node from its own and those of its children. @returns whether they changed */
  #sum(node: number): boolean {
    const reals = this.#reals;
    const links = this.#links;
    const left = links[node + LEFT]!;
    const right = links[node + RIGHT]!;
    const leftState = links[left + STATE]!;
    const rightState = links[right + STATE]!;
    const before = links[node + STATE]!;
    const held = before & HELD;
    const higher = leftState > rightState ? leftState : rightState;
    const state =
      (higher & ~MARKS) + ONE_LEVEL + (held | (held << 1) | ((leftState | rightState) & HELD_BELOW));
    const leftMax = reals[left + MAX_GAP]!;
    const rightMax = reals[right + MAX_GAP]!;
    let max = reals[node + GAP]!;
    if (leftMax > max) {
      max = leftMax;
    }
    if (rightMax > max) {
      max = rightMax;
    }
    const same = state === before && max === reals[node + MAX_GAP];
    links[node + STATE] = state;
    reals[node + MAX_GAP] = max;
    return !same;
  }

  #take(offset: number, length: number, gap: number, owner: number, marks: number): number {
    let node = this.#spare;
    if (node !== NIL) {
      this.#spare = this.#links[node + LEFT]!;
    } else {
      if (this.#fresh === this.#links.length) {
        this.#grow();
      }
      node = this.#fresh;
      this.#fresh += FIELDS;
    }
    this.#reals[node + OFFSET] = offset;
    this.#reals[node + LENGTH] = length;
    this.#reals[node + GAP] = gap;
    this.#reals[node + MAX_GAP] = gap;
    this.#links[node + LEFT] = NIL;
    this.#links[node + RIGHT] = NIL;
    this.#links[node + OWNER] = owner;
    this.#links[node + STATE] = ONE_LEVEL | marks;
    return node;
  }

  #grow(): void {
    const nodes = this.#links.length / FIELDS;
    const more = (nodes < NODES_TO_DOUBLE ? nodes * 2 : Math.ceil(nodes * 1.5)) * FIELDS;
    const reals = new Float64Array(more);
    const links = new Uint32Array(more);
    reals.set(this.#reals);
    links.set(this.#links);
    this.#reals = reals;
    this.#links = links;
  }
}
