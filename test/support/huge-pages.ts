// Huge pages of 2 MiB have to be reserved, which only root may do: for as long as a test needs them. A host that has reserved some has done so for
// somebody: that number is never changed, and a test makes do with those that are free.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kernel's counts (Documentation/admin-guide/mm/hugetlbpage.rst). */
const COUNTS = '/sys/kernel/mm/hugepages/hugepages-2048kB';

export type HugePages =
  /** There are as many as were asked for; `giveBack` restores what was found, at once, and may be called again. */
  | { readonly giveBack: () => void }
  /** There are not, for people. */
  | { readonly why: string };

/** So many of them, free to be used. The process gives them back when it exits, if nobody has before; a kill -9 leaves them reserved. */
export function reserveHugePages(pages: number, counts = COUNTS): HugePages {
  const read = (name: string) => Number(readFileSync(join(counts, name), 'utf8'));
  const reserve = (count: number) => writeFileSync(join(counts, 'nr_hugepages'), String(count));
  try {
    const found = read('nr_hugepages');
    if (found > 0) {
      const free = read('free_hugepages') - read('resv_hugepages');
      if (free >= pages) return { giveBack: () => {} };
      return { why: `${pages} are needed, and of the ${found} that the host has reserved ${free} are free` };
    }
    const giveBack = () => {
      process.off('exit', giveBack);
      reserve(0);
    };
    process.once('exit', giveBack);
    reserve(pages);
    const got = read('nr_hugepages');
    if (got === pages) return { giveBack };
    giveBack();
    return { why: `${pages} are needed, and the kernel found memory for ${got}` };
  } catch (error) {
    return { why: (error as Error).message };
  }
}
