// barkeep health: whether the broker serves, as an exit code.
import type { Command } from 'commander';
import { AdminError, createAdminClient } from '../lib/rpc/admin-client.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import { parseDuration } from '../lib/runtime/units.ts';
import { asExitError, type Context } from './context.ts';

const HELP = `
Exit code 0: the broker answers and serves. 1: it does not, and stderr says why.

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
      const problem = await findProblem(context.lookingSocket(), timeout);
      const serving = problem === null;
      await context.answer({ serving, runDirectory: directory }, () =>
        serving ? [`the broker of ${directory} serves`] : [],
      );
      if (problem !== null) throw new ExitError(EXIT.FAILURE, problem);
    });
}

/** Null when it serves. A broker that cannot be reached is a result here, with exit code 1 as for one that does not serve. */
async function findProblem(socket: string, timeout: number): Promise<string | null> {
  const client = createAdminClient(socket);
  try {
    const isServing = await client.isServing(timeout);
    return isServing
      ? null
      : `health: the broker on ${socket} answers, but does not serve: it starts or stops`;
  } catch (error) {
    if (error instanceof AdminError) return asExitError('health', error).message;
    throw error;
  } finally {
    client.close();
  }
}
