// barkeep events: what changes, as it changes.
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { bytesText, type EventRecord, eventRecord, offsetText } from './records.ts';

const HELP = `
Prints every change from now on, until Ctrl-C: one line each, or with --json one object
a line.

Examples:
  barkeep events --vm web-1
  barkeep events --json | jq -c 'select(.event == "commandRefused")'
`;

export function addEventsCommand(program: Command, context: Context): void {
  program
    .command('events')
    .description('watch blobs come, move and go')
    .option('--vm <name>', 'only of this VM')
    .addHelpText('after', HELP)
    .action(async ({ vm = '' }: { vm?: string }) => {
      const controller = new AbortController();
      const stop = (): void => controller.abort();
      // A second one ends the process: whoever reads may have stopped to.
      process.once('SIGINT', stop).once('SIGTERM', stop);
      try {
        await context.withClient(vm === '' ? 'events' : `events --vm ${vm}`, async (client) => {
          for await (const message of client.watchEvents(vm, controller.signal)) {
            const record = eventRecord(message);
            await context.terminal.out(
              `${context.options.json ? JSON.stringify(record) : eventText(record)}\n`,
            );
          }
        });
      } finally {
        process.off('SIGINT', stop).off('SIGTERM', stop);
      }
    });
}

/** One line, after a line of its own for events that were lost before. */
export function eventText(record: EventRecord): string {
  const time = new Date(record.time * 1000).toISOString();
  const lost =
    record.lost === 0
      ? ''
      : `${time}  ${record.lost} events were lost here: they came faster than this reader\n`;
  return `${lost}${time}  ${record.vm}  ${describe(record)}`;
}

function describe({ event, data }: EventRecord): string {
  const blob = `blob ${data['resourceId']}`;
  const size = bytesText(data['size'] ?? 0);
  switch (event) {
    case 'vmStateChanged':
      return String(data['state']);
    case 'blobCreated':
      return `${blob} created, ${size}`;
    case 'blobMapped':
      return `${blob} mapped at ${offsetText(data['offset'] ?? 0)}, ${size}, ${data['cache']}`;
    case 'blobUnmapped':
      return `${blob} unmapped`;
    case 'blobDestroyed':
      return `${blob} destroyed`;
    case 'deviceReset':
      return `device reset, now generation ${data['generation']}`;
    case 'commandRefused':
      return `${data['operation']} refused: ${data['message']} (${data['reason']})`;
    default:
      return `something that this version does not know (${event})`;
  }
}
