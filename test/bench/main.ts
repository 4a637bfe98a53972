// `npm run bench`: every figure that the README states, as a ratio against a ceiling taken in the same run.
// Both sides in turn, at least five rounds, medians. `--json FILE` writes the figures; `--quick` shortens the rounds and leaves the restart
// out; `--only GROUP` (session, map, memory, price, restart; repeatable) runs a part; `--report` ends with exit code 0 even when a goal is
// missed, for machines that are busy with something else.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureBrokerRestart } from './broker-restart.ts';
import { measureMapLatency } from './map-latency.ts';
import { measureBrokerMemory } from './memory.ts';
import { type Child, pin, startChild, unpin } from './process.ts';
import { RawSession } from './raw-session.ts';
import { makeRunPlace } from './run-place.ts';
import { measureSafetyPrice, type Price } from './safety-price.ts';
import { median, quantile, type Spread, spread } from './sample.ts';
import { measureThroughput } from './session-throughput.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
});
const GROUPS = ['session', 'map', 'memory', 'price', 'restart'] as const;
type Group = (typeof GROUPS)[number];
const only = flags.only ?? GROUPS.filter((group) => !(flags.quick && group === 'restart'));
for (const group of only) {
  if (!(GROUPS as readonly string[]).includes(group)) {
    process.stderr.write(`bench: there is no group "${group}": ${GROUPS.join(', ')}\n`);
    process.exit(2);
  }
}
const wants = (...groups: readonly Group[]): boolean => groups.some((group) => only.includes(group));
const ROUNDS = Math.max(1, Number(flags.rounds));
const ROUND_MS = flags.quick ? 500 : 2000;
const SAMPLES = flags.quick ? 500 : 2000;
const MAPPINGS = 100_000;

const CONFIG = (directory: string) => `
run_directory: ${directory}/run
log_level: warn
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 8GiB }
vms:
  - { name: bench, window: 1GiB, heap: ram }
  - { name: latency, window: 1GiB, heap: ram }
  - { name: memory, window: 1GiB, heap: ram }
`;

type Row = {
  readonly what: string;
  readonly found: string;
  readonly goal: string;
  readonly reached: boolean;
};

const directory = makeRunPlace('bench');
const config = join(directory, 'barkeep.yaml');
writeFileSync(config, CONFIG(directory));
mkdirSync(join(directory, 'run'));
const children: Child[] = [];
const rows: Row[] = [];
const progress = (text: string) => process.stderr.write(`bench: ${text}\n`);

function secretOf(vm: string): string {
  return readFileSync(join(directory, 'run/vms', vm, 'secret'), 'utf8').trim();
}

async function start(
  script: string,
  args: readonly string[],
  isReady: (stdout: string) => boolean,
): Promise<Child> {
  const child = await startChild(script, args, isReady);
  children.push(child);
  return child;
}

function isSocket(path: string): boolean {
  try {
    readFileSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENXIO';
  }
  return false;
}

/** Services of their own, and an echo server on the same transport as their ceiling. */
async function measureServices(): Promise<void> {
  const echoSocket = join(directory, 'echo.sock');
  const brokerSocket = join(directory, 'run/broker.sock');
  const echoServer = await start('test/bench/echo-server.js', [echoSocket], (stdout) =>
    stdout.includes('ready'),
  );
  const broker = await start('services/cli/main.js', ['broker', '--config', config], () =>
    isSocket(brokerSocket),
  );
  const echo = await RawSession.open(echoSocket, 'bench', '');
  if (wants('session')) await measureSession(echo, brokerSocket);
  if (wants('map')) await measureMap(echo, echoServer, broker);
  echo.close();
  if (wants('memory')) await measureMemory(broker, brokerSocket);
}

async function measureSession(echo: RawSession, brokerSocket: string): Promise<void> {
  progress(`Session throughput, ${ROUNDS} rounds of ${ROUND_MS} ms on each side`);
  const session = await RawSession.open(brokerSocket, 'bench', secretOf('bench'));
  const ratios: number[] = [];
  const rates: number[] = [];
  let next = 1;
  for (let round = -1; round < ROUNDS; round++) {
    const ceiling = await measureThroughput(echo, ROUND_MS, next);
    const ours = await measureThroughput(session, ROUND_MS, next);
    next = Math.max(ceiling.next, ours.next);
    if (round < 0) continue; // both sides warm up
    ratios.push(ours.commandsPerSecond / ceiling.commandsPerSecond);
    rates.push(ours.commandsPerSecond);
  }
  rows.push({
    what: 'Session throughput at 128 commands a batch, against an echo server',
    found: `${median(ratios).toFixed(2)} (${rate(median(rates))} commands/s; ${between(spread(ratios))})`,
    goal: 'at least 0.40',
    reached: median(ratios) >= 0.4,
  });
  session.close();
}

async function measureMap(echo: RawSession, echoServer: Child, broker: Child): Promise<void> {
  progress(`MAP_BLOB latency, ${ROUNDS} rounds of ${SAMPLES}`);
  const gpuSocket = join(directory, 'gpu.sock');
  const frontend = await start(
    'services/cli/main.js',
    ['frontend', '--vm', 'latency', '--socket-path', gpuSocket, '--config', config],
    () => isSocket(gpuSocket),
  );
  const ratios: number[] = [];
  const maps: number[] = [];
  const interrupts: number[] = [];
  const trips: number[] = [];
  const latency = await measureMapLatency(gpuSocket, echo);
  pin(process.pid, 0);
  for (const { pid } of [echoServer, broker, frontend]) pin(pid, 1);
  for (let round = -1; round < ROUNDS; round++) {
    const samples = await latency.round(SAMPLES);
    if (round < 0) continue;
    trips.push(quantile(samples.roundTrips, 0.5));
    maps.push(quantile(samples.maps, 0.5));
    interrupts.push(quantile(samples.interrupts, 0.5));
    ratios.push(quantile(samples.maps, 0.5) / quantile(samples.roundTrips, 0.5));
  }
  const frontendBytes = frontend.residentBytes();
  latency.close();
  unpin(process.pid);
  unpin(broker.pid);
  rows.push({
    what: 'MAP_BLOB from kick to used index (p50, window placement), against one Session echo round trip (p50)',
    found:
      `${median(ratios).toFixed(2)} (${micro(median(maps))} µs, ${micro(median(interrupts))} µs with the interrupt, ` +
      `against ${micro(median(trips))} µs; ${between(spread(ratios))})`,
    goal: 'at most 1.50',
    reached: median(ratios) <= 1.5,
  });
  rows.push({
    what: "A frontend's resident memory after the latency rounds",
    found: `${(frontendBytes / 2 ** 20).toFixed(0)} MiB`,
    goal: 'stated',
    reached: true,
  });
}

async function measureMemory(broker: Child, brokerSocket: string): Promise<void> {
  progress(`memory at ${MAPPINGS.toLocaleString('en')} mappings`);
  const perMapping = await measureBrokerMemory(broker, brokerSocket, secretOf('memory'), MAPPINGS);
  rows.push({
    what: `Broker's resident memory a live mapping, at ${MAPPINGS.toLocaleString('en')} mappings`,
    found: `${Math.round(perMapping)} bytes`,
    goal: 'below 1536 bytes',
    reached: perMapping < 1536,
  });
}

async function measurePrice(): Promise<void> {
  const effort = {
    rounds: flags.quick ? Math.min(3, ROUNDS) : ROUNDS,
    samples: flags.quick ? 250 : 1000,
    milliseconds: ROUND_MS,
  };
  progress(
    `price of safety, ${effort.rounds} rounds of ${effort.samples} maps and ${effort.milliseconds} ms on each side`,
  );
  const { maps, throughput, processor } = await measureSafetyPrice(effort);
  const priced = 'with journal, store and state files, against without';
  for (const [placement, price] of Object.entries(maps)) {
    rows.push({
      what: `MAP_BLOB from kick to interrupt (p50, ${placement} placement) ${priced}`,
      found: `${price.ratios.median.toFixed(2)} (${micro(price.on)} µs against ${micro(price.off)} µs; ${between(price.ratios)})`,
      goal: 'at most 1.15',
      reached: price.ratios.median <= 1.15,
    });
  }
  rows.push({
    what: `Session throughput ${priced}`,
    found: `${throughput.ratios.median.toFixed(2)} (${rate(throughput.on)} commands/s against ${rate(throughput.off)}; ${between(throughput.ratios)})`,
    goal: 'at least 0.87',
    reached: throughput.ratios.median >= 1 / 1.15,
  });
  rows.push({
    what: `Broker's processor time a command ${priced}`,
    found: costOf(processor),
    goal: 'stated',
    reached: true,
  });
}

function costOf({ ratios, on, off }: Price): string {
  return `${ratios.median.toFixed(2)} (${on.toFixed(1)} µs against ${off.toFixed(1)} µs; ${between(ratios)})`;
}

async function measureRestart(): Promise<void> {
  progress('restart of a broker with 1,000 VMs and 100,000 mappings');
  const { away, processor, loading, replay, journalBytes } = await measureBrokerRestart({
    vms: 1000,
    mappings: 100,
    kills: 5,
  });
  const whole = (milliseconds: number): string => Math.round(milliseconds).toLocaleString('en');
  rows.push({
    what: 'Broker with 1,000 VMs and 100,000 mappings, from kill -9 to serving again',
    found:
      `${whole(away.median)} ms (at most ${whole(away.max)} ms; ${whole(processor)} ms of processor time, of it ${whole(loading)} ms ` +
      `start of Node and loading, ${whole(replay)} ms journal and adoption; journal of ${(journalBytes / 2 ** 20).toFixed(1)} MiB)`,
    goal: 'at most 2,000 ms',
    reached: away.median <= 2000,
  });
}

const micro = (milliseconds: number): string => (milliseconds * 1000).toFixed(0);
const rate = (perSecond: number): string => Math.round(perSecond).toLocaleString('en');
const between = ({ min, max }: Spread): string => `rounds ${min.toFixed(2)} to ${max.toFixed(2)}`;

try {
  if (wants('session', 'map', 'memory')) await measureServices();
} finally {
  for (const child of children.reverse()) await child.stop();
  rmSync(directory, { recursive: true, force: true });
}
if (wants('price')) await measurePrice();
if (wants('restart')) await measureRestart();

const width = (key: 'what' | 'goal') => Math.max(...rows.map((row) => row[key].length));
for (const row of rows) {
  process.stdout.write(
    `${row.reached ? 'ok  ' : 'MISS'}  ${row.what.padEnd(width('what'))}  ${row.goal.padEnd(width('goal'))}  ${row.found}\n`,
  );
}
if (flags.json) writeFileSync(flags.json, `${JSON.stringify(rows, null, 2)}\n`);
process.exit(flags.report || rows.every((row) => row.reached) ? 0 : 1);
