// barkeep config check: whether a configuration can be used here.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Pages } from '../lib/rpc/admin-client.ts';
import { type Config, DEFAULT_CONFIG_PATH } from '../lib/runtime/config.ts';
import { ConfigError } from '../lib/runtime/config-error.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { Effect } from './against.ts';
import type { Context } from './context.ts';

const HELP = `
Reads the file, with environment variables and options over it as the services do, and
checks it against this host. Every problem is told with its line. Exit code 0 or 2.

Where a broker answers in the run directory of the file, or in the one that --against
names, it also tells what the file would change for it, VM by VM: what the next start
takes, and what waits because a VM is attached (its window, placement, heaps and user;
of a heap that VMs use its backing, cache and path). Nothing is taken from a guest.

Examples:
  barkeep config check ./barkeep.yaml
  barkeep config check --json | jq .problems
  barkeep config check ./next.yaml --against /run/barkeep
`;

export function addConfigCommands(program: Command, context: Context): void {
  const config = program.command('config').description('look at the configuration');
  config
    .command('check')
    .description('check a configuration file: exit code 0 or 2')
    .argument('[file]', `the file (default: --config, $BARKEEP_CONFIG, ${DEFAULT_CONFIG_PATH})`)
    .option('--against <run-directory>', 'tell what it changes for the broker there, which has to answer')
    .addHelpText('after', HELP)
    .action(async (file: string | undefined, { against }: { readonly against?: string }) => {
      const path = file ?? context.configPath();
      if (path === null) {
        throw new ExitError(EXIT.USAGE, `config check: ${DEFAULT_CONFIG_PATH} does not exist; name a file`);
      }
      await check(context, path, against === undefined ? null : resolve(against));
    });
}

async function check(context: Context, path: string, against: string | null): Promise<void> {
  try {
    const config = context.configAt(path);
    const compared = await compare(context, config, against);
    const found = compared && { runDirectory: compared.runDirectory, effects: compared.effects };
    const record = { file: path, ok: true, problems: [], config: configRecord(config), against: found };
    await context.answer(record, () => [
      `${path}: good: ${counted(config.heaps.length, 'heap')}, ${counted(config.vms.length, 'VM')}`,
      ...(compared?.lines ?? []),
    ]);
  } catch (error) {
    if (error instanceof ConfigError && context.options.json) {
      await context.answer({ file: path, ok: false, problems: error.problems }, () => []);
    }
    throw error;
  }
}

type Compared = {
  readonly runDirectory: string;
  readonly effects: readonly Effect[];
  /** The effects for people. */
  readonly lines: readonly string[];
};

/** Null when no broker answers and none was named. */
async function compare(context: Context, config: Config, against: string | null): Promise<Compared | null> {
  const runDirectory = against ?? config.runDirectory;
  const socket = context.lookingSocket(runDirectory);
  if (against === null && !existsSync(socket)) return null;
  // What reads the answers is loaded when there is somebody to ask.
  const { effectLines, effectsOf } = await import('./against.ts');
  try {
    return await context.withClient(
      `config check --against ${runDirectory}`,
      async (client) => {
        const effects = effectsOf(config, await client.listVms(), await allOf(client.heapPages()));
        return { runDirectory, effects, lines: effectLines(runDirectory, effects) };
      },
      socket,
    );
  } catch (error) {
    if (against === null && error instanceof ExitError) return null;
    throw error;
  }
}

async function allOf<Item>(pages: Pages<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

/** With blob_ids as keys: a Map has no JSON. */
function configRecord(config: Config): object {
  const vms = config.vms.map((vm) => ({ ...vm, blobHeaps: Object.fromEntries(vm.blobHeaps) }));
  return { ...config, vms };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
