// How many descriptors memory may take. Each memfd is one; without a limit, one VM's blobs could leave none for the next connection.
import { readFileSync } from 'node:fs';

/** Kept free for sockets, the log and files: 1024 connections on each of three sockets would be more, and are bounded by themselves. */
const RESERVED = 512;

export class DescriptorBudget {
  readonly limit: number;
  #used = 0;

  /** @param limit descriptors for memory at most */
  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes one; false when none is left. */
  take(): boolean {
    if (this.#used >= this.limit) return false;
    this.#used += 1;
    return true;
  }

  /** Gives back what one take() took. */
  give(): void {
    this.#used -= 1;
  }
}

/** A budget of what this process may open (RLIMIT_NOFILE) without what it needs for itself: at least half. */
export function processDescriptorBudget(): DescriptorBudget {
  const limit = openFilesLimit();
  return new DescriptorBudget(Math.max(limit - RESERVED, Math.floor(limit / 2)));
}

function openFilesLimit(): number {
  // proc(5): "Max open files   SOFT   HARD   files"; POSIX has no smaller limit than 20, Linux starts at 1024.
  const match = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  const soft = Number(match?.[1]);
  return Number.isSafeInteger(soft) ? soft : 1024;
}
