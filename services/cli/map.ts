// barkeep map list: what is mapped where.
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { bytesText, type MappingRecord, mappingRecord, offsetText } from './records.ts';
import type { Column } from './table.ts';

const HELP = `
Examples:
  barkeep map list --vm web-1
  barkeep map list --json | jq '[.[] | select(.cache == "wc").size] | add'
`;

const COLUMNS: readonly Column<MappingRecord>[] = [
  { title: 'VM', value: (mapping) => mapping.vm },
  { title: 'RESOURCE', value: (mapping) => String(mapping.resourceId), align: 'right' },
  { title: 'OFFSET', value: (mapping) => offsetText(mapping.offset), align: 'right' },
  { title: 'SIZE', value: (mapping) => bytesText(mapping.size), align: 'right' },
  { title: 'CACHE', value: (mapping) => mapping.cache },
  { title: 'HEAP', value: (mapping) => mapping.heap },
];

export function addMapCommands(program: Command, context: Context): void {
  const map = program.command('map').description('blobs that are mapped into a window');
  map
    .command('list')
    .description('mappings by VM, in order of offset')
    .option('--vm <name>', 'only of this VM')
    .addHelpText('after', HELP)
    .action(async ({ vm = '' }: { vm?: string }) => {
      const asked = vm === '' ? 'map list' : `map list --vm ${vm}`;
      await context.answerList(asked, COLUMNS, (client) => client.mappingPages(vm), mappingRecord);
    });
}
