// barkeep window show VM: a window as a picture.
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { bytesText, type WindowDetailRecord, windowDetailRecord } from './records.ts';
import { fieldLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { drawWindow } from './window-picture.ts';

const HELP = `
One cell of the picture stands for an equal range of the window; the hexadecimal number
at the start of a line is the offset of its first cell. Colours say how the guest caches;
without a terminal, or with NO_COLOR set, letters do.

Examples:
  barkeep window show web-1
  watch -n 1 barkeep window show web-1
  barkeep window show web-1 --json | jq '.ranges | length'
`;

export function addWindowCommands(program: Command, context: Context): void {
  const window = program.command('window').description('host-visible windows of VMs');
  window
    .command('show')
    .description("a VM's window as a picture: cache types, parked blobs, holes")
    .argument('<vm>', 'name of the VM')
    .addHelpText('after', HELP)
    .action(async (vm: string) => {
      const detail = await context.withClient(`window show ${vm}`, (client) => client.getWindow(vm));
      const record = windowDetailRecord(detail);
      await context.answer(record, () => lines(record, context.terminal));
    });
}

function lines({ window, ranges, truncated }: WindowDetailRecord, terminal: Terminal): string[] {
  const picture = drawWindow(
    Number(window.size),
    ranges.map((range) => ({ ...range, offset: Number(range.offset), size: Number(range.size) })),
    terminal,
  );
  return [
    ...picture,
    ...(truncated ? [`only the first ${ranges.length} ranges are in the picture`] : []),
    '',
    ...fieldLines([
      ['window', `${bytesText(window.size)}, ${window.placement} placement`],
      ['mapped', `${bytesText(window.mappedBytes)} in ${window.mappings}`],
      ['parked', bytesText(window.parkedBytes)],
      ['free', `${bytesText(window.freeBytes)} in ${window.holes}`],
      ['largest free', bytesText(window.largestFreeExtent)],
      ['stray', bytesText(window.strayBytes)],
    ]),
  ];
}
