// barkeep health: whether the broker serves, as an exit code.
import type { Command } from 'commander';
import { AdminError, type Configuration, createAdminClient } from '../lib/rpc/admin-client.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import { parseDuration } from '../lib/runtime/units.ts';
import { asExitError, type Context } from './context.ts';

const HELP = `
Exit code 0: the broker answers and serves. 1: it does not, and stderr says why.
A broker that goes by its last good configuration, because the file is wrong, serves
all the same: what is wrong is printed.

Examples:
  barkeep health && echo serving
  barkeep health --run-directory /run/barkeep --timeout 2s
`;

export function addHealthCommand(program: Command, context: Context): void {
  program
    .command('health')
    .description('ask whether the broker serves: exit code 0 or 1')
    .option('--timeout <duration>', 'how long to wait for its answer', '5s')
    .addHelpText('after', HELP)
    .action(async (options: { timeout: string }) => {
      const timeout = parseDuration(options.timeout);
      if (timeout === null || timeout === 0) {
        throw new ExitError(
          EXIT.USAGE,
          `health: --timeout ${options.timeout}: expected a duration such as 2s`,
        );
      }
      const directory = context.runDirectory();
      const { problem, configuration } = await look(context.lookingSocket(), timeout);
      const serving = problem === null;
      const record = { serving, runDirectory: directory, configuration: configurationRecord(configuration) };
      await context.answer(record, () =>
        serving ? [`the broker of ${directory} serves`, ...configurationLines(configuration)] : [],
      );
      if (problem !== null) throw new ExitError(EXIT.FAILURE, problem);
    });
}

type Found = { readonly problem: string | null; readonly configuration: Configuration | null };

/** `problem` is null when it serves. A broker that cannot be reached is a result here, with exit code 1 as for one that does not serve. */
async function look(socket: string, timeout: number): Promise<Found> {
  const client = createAdminClient(socket);
  try {
    if (await client.isServing(timeout))
      return { problem: null, configuration: await client.getConfiguration(timeout) };
    const problem = `health: the broker on ${socket} answers, but does not serve: it starts or stops`;
    return { problem, configuration: null };
  } catch (error) {
    if (error instanceof AdminError)
      return { problem: asExitError('health', error).message, configuration: null };
    throw error;
  } finally {
    client.close();
  }
}

function configurationRecord(configuration: Configuration | null): object | null {
  if (configuration === null) return null;
  const { file, lastReloadSuccessful, lastReloadSuccessTime, problems, changed } = configuration;
  return {
    file: file ?? '',
    lastReloadSuccessful: lastReloadSuccessful ?? false,
    lastReloadSuccessTime: lastReloadSuccessTime ?? 0,
    problems: problems ?? [],
    changed: changed ?? false,
  };
}

function configurationLines(configuration: Configuration | null): string[] {
  if (configuration === null) return [];
  const { file, lastReloadSuccessful, lastReloadSuccessTime = 0, problems, changed } = configuration;
  if (changed) return [`${file} has changed: the next start of the broker takes it`];
  if (lastReloadSuccessful) return [];
  const since = new Date((lastReloadSuccessTime ?? 0) * 1000).toISOString();
  return [
    `it goes by the last good configuration, of ${since}, because ${file} is wrong:`,
    ...(problems ?? []).map((problem) => `  ${problem}`),
    'mend the file: it is taken within seconds',
  ];
}
