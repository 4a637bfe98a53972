// The command line as a whole: verbs, global options, help, and how errors become messages and exit codes.
import { Command, CommanderError } from 'commander';
import { ConfigError, type ConfigProblem, problemText } from '../lib/runtime/config-error.ts';
import { EXIT, type ExitCode, ExitError } from '../lib/runtime/exit-code.ts';
import { VERSION } from '../lib/runtime/version.ts';
import { addBrokerCommand } from './broker.ts';
import { addConfigCommands } from './config.ts';
import { Context, type GlobalOptions } from './context.ts';
import { addFrontendCommand, asksForCapabilities, capabilitiesText } from './frontend.ts';
import { KEEP_DESCRIPTION } from './keep.ts';
import { addMetricsCommand } from './metrics.ts';
import { isReaderGone, type Terminal } from './terminal.ts';
import { addUpCommand } from './up.ts';
import { addVersionCommand } from './version.ts';

const DESCRIPTION = `The broker for the GPU memory that a host shows to its virtual machines.

Global options may stand before or after the verb.`;

const HELP = `
Examples:
  barkeep up                        run everything; without a configuration: a demo
  barkeep keep -- COMMAND           hold its descriptors, and start it again when it dies
  barkeep vm list                   which VMs there are and what they hold
  barkeep window show web-1         a VM's window as a picture
  barkeep map list --json | jq      for scripts
  barkeep config check FILE         every problem of a configuration, with its line

Environment (options beat it, it beats the file):
  BARKEEP_CONFIG, BARKEEP_RUN_DIRECTORY, BARKEEP_LOG_LEVEL, BARKEEP_METRICS_LISTEN,
  BARKEEP_HOST_CAPACITY, BARKEEP_ORPHAN_GRACE, BARKEEP_SWEEP_INTERVAL,
  BARKEEP_FRONTEND_ANSWER_TIMEOUT, BARKEEP_FRONTEND_VMM_TIMEOUT,
  BARKEEP_FRONTEND_STATISTICS_INTERVAL; NO_COLOR for pictures without colours

Exit codes:
  0  done                4  no broker there, or it does not answer
  1  it failed           5  not allowed for this user
  2  wrong command line  6  a service gives way to a successor, which takes a
     or configuration       configuration that is right again
  3  there is no VM,   141  whoever read the answer left before its end, as with
     heap, … of that        every program that SIGPIPE ends
     name

With --json an error is one line of JSON on stderr, {"error": …}, with message, exitCode,
reason (the broker's, or null) and problems (of a configuration: place, setting, found,
expected). A list that broke off has no closing bracket.
`;

/** Runs one command line (without the program's own two words) and returns the exit code. Throws nothing but what isReaderGone() knows. */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const isJson = asksForJson(argv);
  try {
    if (asksForCapabilities(argv)) {
      await terminal.out(capabilitiesText());
      return EXIT.OK;
    }
    return await runVerb(argv, terminal, isJson);
  } catch (error) {
    if (isReaderGone(error)) throw error;
    const failure = failureOf(error);
    terminal.error(isJson ? `${JSON.stringify({ error: failure })}\n` : textOf(failure));
    return failure.exitCode;
  }
}

async function runVerb(argv: readonly string[], terminal: Terminal, isJson: boolean): Promise<ExitCode> {
  // Commander writes without waiting.
  const texts: Promise<void>[] = [];
  const output = {
    out: (text: string) => void texts.push(terminal.out(text)),
    error: (text: string) => isJson || terminal.error(text),
  };
  const { program, context } = await createProgram(argv, terminal, output);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version that were asked for are no error.
    if (error.exitCode === 0) return EXIT.OK;
    if (isJson) throw new ExitError(EXIT.USAGE, misuse(error), { cause: error });
    // Commander has written its message.
    return EXIT.USAGE;
  } finally {
    await Promise.all(texts);
  }
}

/** Known before the command line is understood, which may be what fails. */
function asksForJson(argv: readonly string[]): boolean {
  return argv.includes('--json') || argv.includes('-j');
}

function misuse({ code, message }: CommanderError): string {
  return code === 'commander.help' ? 'no verb; see barkeep --help' : message.replace(/^error: /, '');
}

/** Options that are followed by a value, of those that may stand before the verb. */
const WITH_VALUE = ['-c', '--config', '-r', '--run-directory', '-l', '--log-level'];

/** The first word that is neither an option nor an option's value. */
function verbOf(argv: readonly string[]): string | undefined {
  return argv.find((word, index) => !word.startsWith('-') && !WITH_VALUE.includes(argv[index - 1] ?? ''));
}

/** For the list of verbs: main.ts gives `keep` what it is when it comes first, as it has to. */
function addKeepCommand(program: Command): void {
  program
    .command('keep')
    .description(KEEP_DESCRIPTION)
    .argument('[command...]')
    .action(() => {
      throw new ExitError(EXIT.USAGE, 'keep: it takes no global options; write "barkeep keep" first');
    });
}

async function createProgram(
  argv: readonly string[],
  terminal: Terminal,
  output: { out(text: string): unknown; error(text: string): unknown },
): Promise<{ program: Command; context: Context }> {
  const program = new Command('barkeep');
  const context = new Context(terminal, () => program.opts<GlobalOptions>());
  program
    .description(DESCRIPTION)
    .version(`barkeep ${VERSION}`, '-V, --version', 'print the version')
    .option('-c, --config <file>', 'the configuration file')
    .option('-r, --run-directory <path>', 'where the broker has its sockets')
    .option('-l, --log-level <level>', 'trace, debug, info, warn, error or fatal')
    .option('-j, --json', 'answer with JSON')
    .addHelpText('after', HELP)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: output.out,
      writeErr: output.error,
      getOutHelpWidth: () => terminal.width,
      getErrHelpWidth: () => terminal.width,
      outputError: (text, write) => write(text.replace(/^error: /, 'barkeep: ')),
    })
    .showHelpAfterError('Try the same with --help.')
    .exitOverride();
  addUpCommand(program, context);
  addBrokerCommand(program, context);
  addFrontendCommand(program, context);
  addMetricsCommand(program, context);
  addKeepCommand(program);
  if (verbOf(argv) !== 'up') (await import('./admin-verbs.ts')).addAdminVerbs(program, context);
  addConfigCommands(program, context);
  addVersionCommand(program, context);
  return { program, context };
}

/** What went wrong, as --json tells it: the shape is promised in HELP. */
type Failure = {
  readonly message: string;
  readonly exitCode: ExitCode;
  readonly reason: string | null;
  readonly problems: readonly ConfigProblem[];
};

function failureOf(error: unknown): Failure {
  if (error instanceof ConfigError) {
    const { problems, exitCode } = error;
    const message = `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}`;
    return { message, exitCode, reason: null, problems };
  }
  if (error instanceof ExitError) {
    const { message, exitCode, reason } = error;
    return { message, exitCode, reason, problems: [] };
  }
  return { message: unexpected(error), exitCode: EXIT.FAILURE, reason: null, problems: [] };
}

function textOf({ message, problems }: Failure): string {
  const lines = problems.map((problem) => `${problemText(problem)}\n`).join('');
  return `barkeep: ${message}${lines === '' ? '' : ':'}\n${lines}`;
}

/** Errors that say what was wrong speak for themselves; a fault of the program needs its stack to be found. */
function unexpected(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isFault =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return isFault ? `a fault in the program itself: ${error.stack ?? error.message}` : error.message;
}
