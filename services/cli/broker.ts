// barkeep broker: the broker of this host, as this process.
import type { Command } from 'commander';
import { DEFAULT_CONFIG_PATH } from '../lib/runtime/config.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { Context } from './context.ts';
import { runService } from './service.ts';

const HELP = `
The broker owns the memory of the configured heaps and listens in its run directory:
broker.sock and fd.sock (frontends), admin-ro.sock (viewers, metrics), admin.sock (operators),
memory.sock and memory-fd.sock (who may open VMs' memory); each for its own user, and for
the group that the configuration names for the role.
One broker runs in one run directory. Its log goes to stderr, as JSON lines.

Examples:
  barkeep broker                                 with ${DEFAULT_CONFIG_PATH}
  barkeep broker --config ./barkeep.yaml
  barkeep keep -- barkeep broker                 its VMs survive when it is killed or replaced
  BARKEEP_LOG_LEVEL=debug barkeep broker --run-directory /tmp/barkeep
`;

export function addBrokerCommand(program: Command, context: Context): void {
  program
    .command('broker')
    .description('run the broker: one a host')
    .option(
      '--discard-journal',
      'put a journal that cannot be read aside, and reclaim every VM that it speaks of',
      false,
    )
    .addHelpText('after', HELP)
    .action(async ({ discardJournal }: { readonly discardJournal: boolean }) => {
      const path = context.configPath();
      if (path === null) {
        throw new ExitError(
          EXIT.USAGE,
          `broker: ${DEFAULT_CONFIG_PATH} does not exist; name a configuration with --config, or try \`barkeep up\`, which brings one`,
        );
      }
      const config = context.configAt(path);
      const { startBroker } = await import('../broker/main.ts');
      await runService(context, { name: 'broker', config }, async (lifecycle, log, store) => {
        const broker = await startBroker(config, log, { store, discardJournal });
        lifecycle.onStop('broker', () => broker.stop());
        return {};
      });
    });
}
