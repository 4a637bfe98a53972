// barkeep version.
import type { Command } from 'commander';
import { VERSION } from '../lib/runtime/version.ts';
import type { Context } from './context.ts';

export function addVersionCommand(program: Command, context: Context): void {
  program
    .command('version')
    .description('print the version of this program and of what runs it')
    .action(async () => {
      const record = {
        version: VERSION,
        node: process.version,
        platform: process.platform,
        architecture: process.arch,
      };
      await context.answer(record, () => [
        `barkeep ${record.version} (Node ${record.node}, ${record.platform} ${record.architecture})`,
      ]);
    });
}
