// `npm run bench`: every figure that the README states, as a ratio against a ceiling taken in the same run, with its goal. See --help.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { GuestEnvironmentError } from '../guest/environment.ts';
import { fetchEnvironment } from '../guest/fetch.ts';
import { fetchPeerRoot } from '../guest/peer-root.ts';
import { brokerRestartRow } from './broker-restart.ts';
import { deathRows } from './deaths.ts';
import { measureGuestCycles } from './guest-cycles.ts';
import { guestRows, guestTable, peerRows } from './guest-rows.ts';
import { stopOnSignals } from './leftovers.ts';
import { manyVmsRows } from './many-vms.ts';
import type { Row } from './row.ts';
import { safetyPriceRows } from './safety-price.ts';
import { scrapeRows } from './scrape.ts';
import { type ServicesGroup, servicesRows } from './services.ts';

const GROUPS = {
  session: 'Session throughput and what it costs the broker, against an echo server',
  map: 'MAP_BLOB from kick to used index, against a Session round trip',
  memory: "the broker's memory a mapping",
  price: 'what journal, store and state files cost',
  guest: 'cycles of real guests, against a bare back-end (QEMU and a kernel are fetched, 171 MB)',
  deaths: 'what a real guest notices when broker or frontend are killed',
  vms: 'memory of a frontend, 200 VMs at rest, and a VM beside one that asks all it can',
  scrape: 'processor time and memory of the metrics endpoint, with 1,000 VMs',
  restart: 'a broker with 1,000 VMs and 100,000 mappings, killed (not with --quick)',
} as const;
type Group = keyof typeof GROUPS;
const ALL = Object.keys(GROUPS) as Group[];

const HELP = `npm run bench -- [options]

Measures, compares with ceilings of the same run, and holds against goals. Both sides in turn, medians.

Options:
  --only GROUP   this group alone (repeatable):
${ALL.map((group) => `                 ${group.padEnd(8)} ${GROUPS[group]}`).join('\n')}
  --peers        the group "guest" against QEMU's in-process virtio-gpu-gl as well, which is fetched
                 (160 MB) and needs the right to make namespaces; alone unless --only says otherwise
  --quick        short rounds, for CI: less than 2 minutes
  --rounds N     rounds of each comparison (default: 5, with --quick 3)
  --json FILE    the lines as JSON
  --report       exit code 0 even when a goal is missed, for machines that are busy with something else
  --help         this

Exit code: 0 when every goal is reached, 1 when one is missed, 2 for a wrong command line.
`;

type Flags = {
  readonly groups: readonly Group[];
  readonly peers: boolean;
  readonly quick: boolean;
  readonly rounds: number;
  readonly json: string | null;
  readonly report: boolean;
};

const progress = (text: string): void => {
  process.stderr.write(`bench: ${text}\n`);
};

/** The flags; null for --help; or what is wrong with them. */
function readFlags(): Flags | null | string {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        peers: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        json: { type: 'string' },
        report: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return null;
    const { peers, quick, report } = values;
    const unknown = values.only?.find((group) => !Object.hasOwn(GROUPS, group));
    if (unknown !== undefined) return `there is no group "${unknown}": ${ALL.join(', ')}`;
    const rounds = Number(values.rounds ?? (quick ? 3 : 5));
    if (!Number.isInteger(rounds) || rounds < 1)
      return `--rounds ${values.rounds}: a number from 1 on is expected`;
    const usual = peers ? (['guest'] as const) : ALL.filter((group) => !(quick && group === 'restart'));
    const groups = (values.only as Group[] | undefined) ?? usual;
    if (peers && !groups.includes('guest')) return '--peers belongs to the group "guest"';
    return { groups, peers, quick, rounds, json: values.json ?? null, report };
  } catch (error) {
    return `${(error as Error).message}; see --help`;
  }
}

const SERVICES: readonly ServicesGroup[] = ['session', 'map', 'memory'];

async function measure(flags: Flags): Promise<{ readonly rows: readonly Row[]; readonly table: string }> {
  const { groups, quick, rounds } = flags;
  const wants = (group: Group): boolean => groups.includes(group);
  const rows: Row[] = [];
  let table = '';
  const services = SERVICES.filter(wants);
  const turn = quick ? 400 : 2000;
  if (services.length > 0) {
    const effort = { groups: services, rounds, turn, samples: quick ? 500 : 2000 };
    rows.push(...(await servicesRows(effort, progress)));
  }
  if (wants('price')) {
    const effort = { rounds, samples: quick ? 100 : 1000, milliseconds: turn };
    progress(`price of safety, ${rounds} rounds of ${effort.samples} maps and ${turn} ms on each side`);
    rows.push(...(await safetyPriceRows(effort)));
  }
  if (wants('guest') || wants('deaths')) await fetchEnvironment({ progress });
  if (wants('guest')) {
    const peerRoot = flags.peers ? await fetchPeerRoot({ progress }) : null;
    const effort = quick
      ? { rounds, turn: 150, warmUp: 2500, unloaded: 15, unloadedRounds: 1, mostAlive: 2000 }
      : { rounds, turn: 1000, warmUp: 3000, unloaded: 50, unloadedRounds: rounds, mostAlive: 10_000 };
    const figures = await measureGuestCycles(effort, peerRoot, progress);
    rows.push(...guestRows(figures), ...(flags.peers ? peerRows(figures) : []));
    table = guestTable(figures);
  }
  if (wants('deaths')) {
    const effort = quick ? { brokerDeaths: 3, frontendDeaths: 3 } : { brokerDeaths: 20, frontendDeaths: 30 };
    rows.push(...(await deathRows(effort, progress)));
  }
  if (wants('vms')) {
    const effort = quick
      ? { vms: 32, maps: 500, idle: 1000, samples: 500 }
      : { vms: 200, maps: 10_000, idle: 10_000, samples: 5000 };
    rows.push(...(await manyVmsRows(effort, progress)));
  }
  if (wants('scrape')) rows.push(...(await scrapeRows(quick ? 5 : 20, progress)));
  if (wants('restart')) {
    progress('restart of a broker with 1,000 VMs and 100,000 mappings');
    rows.push(await brokerRestartRow());
  }
  return { rows, table };
}

function print(rows: readonly Row[], table: string): void {
  const width = (key: 'what' | 'goal'): number => Math.max(...rows.map((row) => row[key].length));
  const [what, goal] = [width('what'), width('goal')];
  for (const row of rows) {
    const verdict = row.reached ? 'OK    ' : 'MISSED';
    process.stdout.write(`${verdict}  ${row.what.padEnd(what)}  ${row.goal.padEnd(goal)}  ${row.found}\n`);
  }
  if (table !== '') process.stdout.write(`\n${table}`);
}

async function main(): Promise<number> {
  const flags = readFlags();
  if (flags === null) {
    process.stdout.write(HELP);
    return 0;
  }
  if (typeof flags === 'string') {
    process.stderr.write(`bench: ${flags}\n`);
    return 2;
  }
  stopOnSignals();
  try {
    const { rows, table } = await measure(flags);
    print(rows, table);
    if (flags.json !== null) writeFileSync(flags.json, `${JSON.stringify(rows, null, 2)}\n`);
    return flags.report || rows.every((row) => row.reached) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof GuestEnvironmentError)) throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    return 1;
  }
}

process.exit(await main());
