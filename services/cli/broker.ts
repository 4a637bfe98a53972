// barkeep broker: the broker of this host, as this process.
import type { Command } from 'commander';
import { DEFAULT_CONFIG_PATH } from '../lib/runtime/config.ts';
import { ConfigError } from '../lib/runtime/config-error.ts';
import type { ConfigFile } from '../lib/runtime/config-file.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { Logger } from '../lib/runtime/log.ts';
import type { Context } from './context.ts';
import { runService } from './service.ts';
import { letYoungSpaceGrow } from './young-space.ts';

const HELP = `
The broker owns the memory of the configured heaps and listens in its run directory:
broker.sock and fd.sock (frontends), admin-ro.sock (viewers, metrics), admin.sock (operators),
memory.sock and memory-fd.sock (who may open VMs' memory); each for its own user, and for
the group that the configuration names for the role.
One broker runs in one run directory. Its log goes to stderr: JSON lines, text on a terminal.

A mistake in the configuration fails a first start, with exit code 2. A broker that is
started again goes on with the last good configuration, which it keeps in the run
directory, says so (log, barkeep health, metrics), and takes the file again within two
seconds of its being right. SIGHUP takes a changed file, where there is a holder of its
descriptors: VMs notice a pause.

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
      const file = configFile(context);
      const { startBroker, isConfigurationFault } = await import('../broker/main.ts');
      const service = { name: 'broker', config: file.config, file, isWatching: true };
      await runService(context, service, async (lifecycle, log, store, giveWay) => {
        letYoungSpaceGrow();
        const options = { store, discardJournal, configuration: () => file.state, giveWay };
        const start = () => startBroker(file.config, log, options);
        const broker = await start().catch((error: unknown) => {
          if (!isConfigurationFault(error) || !file.fallBack((error as Error).message)) throw error;
          log.error(
            { err: error },
            'the configuration cannot be used; the last good configuration is in force',
          );
          return start();
        });
        keep(file, log);
        lifecycle.onStop('broker', async () => {
          await broker.stop();
          // Nobody goes on from here: what comes next is a first start.
          if (!store.active || lifecycle.signal.reason === 'SIGQUIT') file.forget();
        });
        return { status: () => broker.status() };
      });
    });
}

/** Throws ConfigError, and ExitError when there is no file at all. */
function configFile(context: Context): ConfigFile {
  const path = context.configPath();
  try {
    return context.configFile(path ?? DEFAULT_CONFIG_PATH);
  } catch (error) {
    if (path !== null || !(error instanceof ConfigError)) throw error;
    throw new ExitError(
      EXIT.USAGE,
      `broker: ${DEFAULT_CONFIG_PATH} does not exist; name a configuration with --config, or try \`barkeep up\`, which brings one`,
    );
  }
}

function keep(file: ConfigFile, log: Logger): void {
  if (file.state.problem !== null) return;
  try {
    file.keep();
  } catch (error) {
    log.warn(
      { err: error },
      'the configuration cannot be kept: with a mistake in its file, the next start fails',
    );
  }
}
