// `npm run chaos`: kill -9 is invisible. Kills Barkeep's processes under a real guest and under the in-tree VMM, and checks that neither
// notices more than a pause.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GuestEnvironmentError } from '../guest/environment.ts';
import { Report } from '../guest/scenario/report.ts';
import { ChaosRun, checkNames } from './run.ts';

const HELP = `npm run chaos -- [options]

Kills broker and frontends, under 'barkeep keep', with SIGKILL while guests work:
at every fault point of the code with the in-tree VMM as the guest, one of them and
both at once, and at random with Linux in QEMU, which comes from Debian's packages
(see npm run guest -- --help). Takes about 10 minutes on two cores.

Options:
  --quick        every fault point once, and fewer deaths of the real guest's services:
                 about 3 minutes
  --only NAME    only this group, check or group/check (repeatable); --list shows them
  --list         names of all checks
  --seed N       the random numbers of the run (default: by the clock; the run says which)
  --json FILE    verdicts and figures as JSON
  --keep         keep the logs of all processes (they are kept anyway when something fails)
  --help         this

Exit code: 0 when every check is ok, 1 when one is not, 2 for a wrong command line.
`;

type Flags = {
  readonly only: readonly string[];
  readonly list: boolean;
  readonly quick: boolean;
  readonly seed: number;
  readonly json: string | null;
  readonly keep: boolean;
  readonly help: boolean;
};

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

async function main(): Promise<number> {
  const flags = readFlags();
  if (typeof flags === 'string') {
    process.stderr.write(`npm run chaos: ${flags}\n`);
    return 2;
  }
  if (flags.help || flags.list) {
    const names = checkNames().map((name) => `${name}\n`);
    process.stdout.write(flags.help ? HELP : names.join(''));
    return 0;
  }
  try {
    return await run(flags);
  } catch (error) {
    if (!(error instanceof GuestEnvironmentError)) throw error;
    process.stderr.write(`npm run chaos: ${error.message}\n`);
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
        seed: { type: 'string' },
        json: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const known = new Set(checkNames().flatMap((name) => [name, ...name.split('/')]));
    const unknown = values.only.filter((name) => !known.has(name));
    if (unknown.length > 0) return `no group or check has the name ${unknown.join(', ')}; see --list`;
    const { seed = String(Date.now() % 1_000_000) } = values;
    if (!/^[0-9]{1,9}$/.test(seed)) return `--seed ${seed}: expected a number of at most 9 digits`;
    return { ...values, seed: Number(seed), json: values.json ?? null };
  } catch (error) {
    return `${(error as Error).message}; see --help`;
  }
}

async function run(flags: Flags): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-chaos-'));
  const report = new Report((text) => process.stdout.write(text));
  const { seed, only } = flags;
  const chaos = new ChaosRun({ directory, report, seed, only, scale: flags.quick ? 'quick' : 'full' });
  report.note(`seed ${seed}`);
  const onSignal = (signal: NodeJS.Signals): void => {
    report.note(`\n${signal}: stopping`);
    void chaos.stop().finally(() => {
      rmSync(directory, { recursive: true, force: true });
      process.exit(1);
    });
  };
  for (const signal of SIGNALS) process.once(signal, onSignal);
  let isKept = true;
  try {
    await chaos.run();
    isKept = flags.keep || report.failures.length > 0;
    if (flags.json !== null) {
      report.writeJson(flags.json, { ...chaos.environment, node: process.version, seed: String(seed) });
    }
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    if (isKept) report.note(`logs of all processes: below ${directory}`);
    else rmSync(directory, { recursive: true, force: true });
  }
  return report.failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
