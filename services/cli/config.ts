// barkeep config check: whether a configuration can be used here.
import type { Command } from 'commander';
import { type Config, DEFAULT_CONFIG_PATH } from '../lib/runtime/config.ts';
import { ConfigError } from '../lib/runtime/config-error.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { Context } from './context.ts';

const HELP = `
Reads the file, with environment variables and options over it as the services do, and
checks it against this host. Every problem is told with its line. Exit code 0 or 2.

Examples:
  barkeep config check ./barkeep.yaml
  barkeep config check --json | jq .problems
`;

export function addConfigCommands(program: Command, context: Context): void {
  const config = program.command('config').description('look at the configuration');
  config
    .command('check')
    .description('check a configuration file: exit code 0 or 2')
    .argument('[file]', `the file (default: --config, $BARKEEP_CONFIG, ${DEFAULT_CONFIG_PATH})`)
    .addHelpText('after', HELP)
    .action(async (file: string | undefined) => {
      const path = file ?? context.configPath();
      if (path === null) {
        throw new ExitError(EXIT.USAGE, `config check: ${DEFAULT_CONFIG_PATH} does not exist; name a file`);
      }
      await check(context, path);
    });
}

async function check(context: Context, path: string): Promise<void> {
  try {
    const config = context.configAt(path);
    await context.answer({ file: path, ok: true, problems: [], config: configRecord(config) }, () => [
      `${path}: good: ${counted(config.heaps.length, 'heap')}, ${counted(config.vms.length, 'VM')}`,
    ]);
  } catch (error) {
    if (error instanceof ConfigError && context.options.json) {
      await context.answer({ file: path, ok: false, problems: error.problems }, () => []);
    }
    throw error;
  }
}

/** With blob_ids as keys: a Map has no JSON. */
function configRecord(config: Config): object {
  const vms = config.vms.map((vm) => ({ ...vm, blobHeaps: Object.fromEntries(vm.blobHeaps) }));
  return { ...config, vms };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
