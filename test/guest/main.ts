// `npm run guest`: the main job on real input. Fetches QEMU and a kernel when they are not there, compiles the guest's program, starts a
// broker, a metrics endpoint and frontends, boots real guests on them, and checks what both sides see. See scenario/plan.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GuestEnvironmentError } from './environment.ts';
import { fetchEnvironment } from './fetch.ts';
import { buildInitramfs } from './initramfs.ts';
import { Report } from './scenario/report.ts';
import { checkNames, groupNames, Scenario } from './scenario/scenario.ts';

const HELP = `npm run guest -- [options]

Boots Linux in QEMU with Barkeep as its GPU and checks what the guest, the host and Prometheus see.
QEMU, the kernel and what they need come from Debian's packages into a cache directory ($BARKEEP_CACHE,
or ~/.cache/barkeep); nothing outside it changes. Needs gcc; takes 5 to 11 minutes on two cores that
have nothing else to do; a machine that is four times slower passes, too.

Options:
  --only NAME    only this group, check or group/check (repeatable); --list shows them
                 groups: ${groupNames().join(', ')}
  --list         names of all checks
  --quick        fewer cycles and rounds: 4 minutes
  --json FILE    verdicts and figures as JSON
  --keep         keep the logs of all processes (they are kept anyway when something fails)
  --help         this

Exit code: 0 when every check is ok, 1 when one is not, 2 for a wrong command line.
`;

type Flags = {
  readonly only: readonly string[];
  readonly list: boolean;
  readonly quick: boolean;
  readonly json: string | null;
  readonly keep: boolean;
  readonly help: boolean;
};

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

async function main(): Promise<number> {
  const flags = readFlags();
  if (typeof flags === 'string') {
    process.stderr.write(`npm run guest: ${flags}\n`);
    return 2;
  }
  if (flags.help || flags.list) {
    process.stdout.write(
      flags.help
        ? HELP
        : checkNames()
            .map((name) => `${name}\n`)
            .join(''),
    );
    return 0;
  }
  try {
    return await runScenario(flags);
  } catch (error) {
    if (!(error instanceof GuestEnvironmentError)) throw error;
    process.stderr.write(`npm run guest: ${error.message}\n`);
    return 1;
  }
}

/** The flags, or what is wrong with them. */
function readFlags(): Flags | string {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        list: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const known = new Set(checkNames().flatMap((name) => [name, ...name.split('/')]));
    const unknown = values.only.filter((name) => !known.has(name));
    if (unknown.length > 0) return `no group or check has the name ${unknown.join(', ')}; see --list`;
    return { ...values, json: values.json ?? null };
  } catch (error) {
    return `${(error as Error).message}; see --help`;
  }
}

async function runScenario(flags: Flags): Promise<number> {
  const write = (text: string): void => {
    process.stdout.write(text);
  };
  const environment = await fetchEnvironment({ progress: (line) => write(`${line}\n`) });
  await buildInitramfs(environment);

  const directory = mkdtempSync(join(tmpdir(), 'barkeep-real-'));
  const report = new Report(write);
  const scenario = new Scenario({
    environment,
    directory,
    report,
    scale: flags.quick ? 'quick' : 'full',
    only: flags.only,
  });
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    // A second one would end this process before the machine is as it was.
    if (isStopping) return;
    isStopping = true;
    write(`\n${signal}: stopping\n`);
    void scenario.stop().finally(() => {
      rmSync(directory, { recursive: true, force: true });
      process.exit(1);
    });
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  let isKept = true;
  try {
    await scenario.run();
    isKept = flags.keep || report.failures.length > 0;
    if (flags.json !== null) {
      report.writeJson(flags.json, {
        qemu: environment.qemuVersion,
        linux: environment.kernelRelease,
        node: process.version,
      });
    }
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    if (isKept) write(`logs of all processes: ${join(directory, 'logs')}\n`);
    removeExceptLogs(directory, isKept);
  }
  return report.failures.length === 0 ? 0 : 1;
}

function removeExceptLogs(directory: string, isKept: boolean): void {
  const gone = isKept
    ? ['run', 'shared-heap', 'spare-heap'].map((name) => join(directory, name))
    : [directory];
  for (const path of gone) rmSync(path, { recursive: true, force: true });
}

process.exitCode = await main();
