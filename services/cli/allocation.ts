// barkeep allocation list: blobs and the memory behind them.
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { type AllocationRecord, allocationRecord, bytesText } from './records.ts';
import type { Column } from './table.ts';

const HELP = `
CHARGED is what the blob takes from its heap and from the quota.

Examples:
  barkeep allocation list
  barkeep allocation list --vm web-1 --json | jq 'map(.chargedBytes) | add'
`;

const COLUMNS: readonly Column<AllocationRecord>[] = [
  { title: 'VM', value: (allocation) => allocation.vm },
  { title: 'RESOURCE', value: (allocation) => String(allocation.resourceId), align: 'right' },
  { title: 'CONTEXT', value: (allocation) => String(allocation.contextId), align: 'right' },
  { title: 'BLOB', value: (allocation) => String(allocation.blobId), align: 'right' },
  { title: 'HEAP', value: (allocation) => allocation.heap },
  { title: 'CACHE', value: (allocation) => allocation.cache },
  { title: 'SIZE', value: (allocation) => bytesText(allocation.size), align: 'right' },
  { title: 'CHARGED', value: (allocation) => bytesText(allocation.chargedBytes), align: 'right' },
  { title: 'MAPPED', value: (allocation) => (allocation.mapped ? 'yes' : 'no') },
];

export function addAllocationCommands(program: Command, context: Context): void {
  const allocation = program.command('allocation').description('blobs and the memory behind them');
  allocation
    .command('list')
    .description('allocations by VM')
    .option('--vm <name>', 'only of this VM')
    .addHelpText('after', HELP)
    .action(async ({ vm = '' }: { vm?: string }) => {
      const asked = vm === '' ? 'allocation list' : `allocation list --vm ${vm}`;
      await context.answerList(asked, COLUMNS, (client) => client.allocationPages(vm), allocationRecord);
    });
}
