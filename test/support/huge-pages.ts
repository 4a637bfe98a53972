// Huge pages of 2 MiB have to be reserved, which only root may do: for as long as a test needs them.
import { readFileSync, writeFileSync } from 'node:fs';

const NR_HUGE_PAGES = '/proc/sys/vm/nr_hugepages';

/** Reserves so many of them, and returns what gives them back; null where that cannot be done. */
export function reserveHugePages(pages: number): (() => void) | null {
  try {
    const before = readFileSync(NR_HUGE_PAGES, 'utf8').trim();
    const giveBack = () => writeFileSync(NR_HUGE_PAGES, before);
    writeFileSync(NR_HUGE_PAGES, String(pages));
    if (Number(readFileSync(NR_HUGE_PAGES, 'utf8')) === pages) return giveBack;
    giveBack();
    return null;
  } catch {
    return null;
  }
}
