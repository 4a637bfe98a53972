// barkeep heap list: the host's sources of memory.
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { bytesText, type HeapRecord, heapRecord } from './records.ts';
import type { Column } from './table.ts';

const HELP = `
Examples:
  barkeep heap list
  barkeep heap list --json | jq -r '.[] | "\\(.name) \\(.used)/\\(.capacity)"'

IDLE is granted to VMs that decide for themselves, and in no blob: neither used nor free.
`;

const COLUMNS: readonly Column<HeapRecord>[] = [
  { title: 'NAME', value: (heap) => heap.name },
  { title: 'BACKING', value: (heap) => heap.backing },
  { title: 'CACHE', value: (heap) => heap.cache },
  { title: 'CAPACITY', value: (heap) => bytesText(heap.capacity), align: 'right' },
  { title: 'USED', value: (heap) => bytesText(heap.used), align: 'right' },
  { title: 'USED%', value: usedPercent, align: 'right' },
  { title: 'IDLE', value: (heap) => bytesText(heap.idle), align: 'right' },
  { title: 'BLOBS', value: (heap) => String(heap.allocations), align: 'right' },
  { title: 'PATH', value: (heap) => heap.path },
];

export function addHeapCommands(program: Command, context: Context): void {
  const heap = program.command('heap').description('heaps: the sources of memory');
  heap
    .command('list')
    .description('all heaps with their capacity and use')
    .addHelpText('after', HELP)
    .action(() => context.answerList('heap list', COLUMNS, (client) => client.heapPages(), heapRecord));
}

function usedPercent({ used, capacity }: HeapRecord): string {
  return Number(capacity) === 0 ? '' : `${Math.round((Number(used) / Number(capacity)) * 100)}%`;
}
