// How much memory this host has, as far as the configuration is checked against it.
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { HUGE_PAGE_SIZE } from '../wire/alignment.ts';

export type HostMemory = {
  /** All memory of the host, bytes. */
  readonly total: number;
  /** Reserved 2 MiB huge pages, bytes. */
  readonly hugePages: number;
};

/** Linux, Documentation/admin-guide/mm/hugetlbpage.rst: one directory a page size; nr_hugepages counts the reserved pages. */
const NR_HUGE_PAGES = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages';

export function readHostMemory(): HostMemory {
  return { total: totalmem(), hugePages: reservedHugePages() * HUGE_PAGE_SIZE };
}

function reservedHugePages(): number {
  try {
    const count = Number(readFileSync(NR_HUGE_PAGES, 'utf8').trim());
    return Number.isSafeInteger(count) ? count : 0;
  } catch {
    // A kernel without huge pages of this size has none reserved.
    return 0;
  }
}
