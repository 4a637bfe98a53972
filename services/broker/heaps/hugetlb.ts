// Heaps of anonymous memory in huge pages of 2 MiB, which the host has reserved (vm.nr_hugepages): when those are used up, there is no more.
import { MemfdBacking, type MemfdOptions } from './memfd.ts';

/** As createMemfd with huge pages; sizes and offsets are multiples of 2 MiB. */
export function hugetlbBacking(options: MemfdOptions): MemfdBacking {
  return new MemfdBacking(options, true);
}
