// Finds what guests touched in their windows outside of any blob, and gives it back: such pages take the host's memory without being in
// anybody's books, and the next blob there must not wait for the zeroing of somebody's gigabytes.
//
// One round looks at every window; it goes in slices, so that commands are never kept waiting, and leaves a VM alone while its memory is
// being worked on (the books are ahead of the memory then). Where nothing was touched a slice is enough for hundreds of windows.
import type { Extent } from '../os/memory.ts';
import type { Logger } from '../runtime/log.ts';
import type { WindowMemory } from './window-memory.ts';

/** Steps of a slice: each is a search in the books and at most two system calls, about 2 microseconds. */
const STEPS_PER_SLICE = 500;
/** Bytes of stray pages that one slice frees: about 1.5 ms. */
const BYTES_PER_SLICE = 16 * 1024 * 1024;
/** Between two slices; half of it or more belongs to others. */
const SLICE_PAUSE_MS = 5;

/** A VM as a sweep sees it. */
export interface SweptVm {
  readonly vm: {
    readonly name: string;
    /** The first mapped or parked range that shares a byte with [offset, offset + length), or null. */
    firstOccupied(offset: number, length: number): Extent | null;
  };
  /** Null when each blob has memory of its own: then there is nothing to sweep. */
  readonly window: Pick<WindowMemory, 'nextData' | 'zeroInline'> | null;
  /** True while memory is being worked on. */
  readonly busy: boolean;
  readonly closed: boolean;
  /** What the last sweep found outside of blobs, bytes. */
  strayBytes: number;
}

/** What is left of a slice. */
type Budget = { steps: number; bytes: number };
type Progress = { readonly attached: SweptVm; cursor: number; found: number };

export class Sweeper {
  readonly #vms: () => Iterable<SweptVm>;
  readonly #log: Logger;
  readonly #interval: NodeJS.Timeout;
  #round: Progress[] = [];
  #slice: NodeJS.Timeout | null = null;

  /** @param intervalMs between the starts of two rounds; a round that takes longer is not overtaken */
  constructor(vms: () => Iterable<SweptVm>, intervalMs: number, log: Logger) {
    this.#vms = vms;
    this.#log = log;
    this.#interval = setInterval(() => this.#start(), intervalMs);
    this.#interval.unref();
  }

  /** Begins a round, unless one is under way. */
  sweepNow(): void {
    this.#start();
  }

  close(): void {
    clearInterval(this.#interval);
    if (this.#slice !== null) clearTimeout(this.#slice);
    this.#round = [];
  }

  #start(): void {
    if (this.#round.length > 0) return;
    for (const attached of this.#vms()) {
      if (attached.window !== null) this.#round.push({ attached, cursor: 0, found: 0 });
    }
    if (this.#round.length > 0) this.#next(0);
  }

  #next(delay: number): void {
    this.#slice = setTimeout(() => {
      this.#slice = null;
      this.#work();
    }, delay);
    this.#slice.unref();
  }

  #work(): void {
    const budget = newBudget();
    for (let windows = this.#round.length; windows > 0 && budget.steps > 0 && budget.bytes > 0; windows -= 1)
      this.#workOn(this.#round[0] as Progress, budget);
    if (this.#round.length > 0) this.#next(SLICE_PAUSE_MS);
  }

  #workOn(progress: Progress, budget: Budget): void {
    const { attached } = progress;
    try {
      if (attached.closed) {
        this.#round.shift();
      } else if (attached.busy) {
        // Later, behind the others.
        this.#round.push(this.#round.shift() as Progress);
      } else if (sweepSlice(progress, budget)) {
        attached.strayBytes = progress.found;
        this.#round.shift();
        if (progress.found > 0) {
          this.#log.debug({ vm: attached.vm.name, bytes: progress.found }, 'freed pages outside of any blob');
        }
      }
    } catch (error) {
      this.#log.error({ err: error, vm: attached.vm.name }, 'a window could not be swept');
      this.#round.shift();
    }
  }
}

/** Goes on with one window, for as long as the budget lasts; true at the window's end. */
export function sweepSlice(progress: Progress, budget: Budget = newBudget()): boolean {
  const { vm, window } = progress.attached;
  if (window === null) return true;
  while (budget.steps > 0 && budget.bytes > 0) {
    budget.steps -= 1;
    const data = window.nextData(progress.cursor);
    if (data === null) return true;
    const end = data.offset + data.length;
    progress.cursor = data.offset;
    while (progress.cursor < end && budget.steps > 0 && budget.bytes > 0) {
      budget.steps -= 1;
      const occupied = vm.firstOccupied(progress.cursor, end - progress.cursor);
      const strayEnd = Math.min(occupied === null ? end : occupied.offset, progress.cursor + budget.bytes);
      if (strayEnd > progress.cursor) {
        window.zeroInline(progress.cursor, strayEnd - progress.cursor);
        budget.bytes -= strayEnd - progress.cursor;
        progress.found += strayEnd - progress.cursor;
        progress.cursor = strayEnd;
      } else if (occupied !== null) {
        progress.cursor = occupied.offset + occupied.length;
      }
    }
  }
  return false;
}

function newBudget(): Budget {
  return { steps: STEPS_PER_SLICE, bytes: BYTES_PER_SLICE };
}
