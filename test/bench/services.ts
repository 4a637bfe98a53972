// What the services cost between a client and its answer, without a real guest: Session throughput, MAP_BLOB, the broker's memory. Broker and
// frontend run alone, with an echo server on the same transport as their ceiling.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processorTime } from '../support/processes.ts';
import { leftover } from './leftovers.ts';
import { measureMapLatency } from './map-latency.ts';
import { measureBrokerMemory } from './memory.ts';
import { type Child, pin, startChild, unpin } from './process.ts';
import { RawSession } from './raw-session.ts';
import { atLeast, atMost, between, micro, type Row, rate, stated } from './row.ts';
import { makeRunPlace } from './run-place.ts';
import { median, quantile, spread } from './sample.ts';
import { measureThroughput } from './session-throughput.ts';

const MAPPINGS = 100_000;

export type ServicesGroup = 'session' | 'map' | 'memory';
export type ServicesEffort = {
  readonly groups: readonly ServicesGroup[];
  readonly rounds: number;
  /** Of one side of a round of throughput, milliseconds. */
  readonly turn: number;
  /** Maps of a round. */
  readonly samples: number;
};

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

export async function servicesRows(
  effort: ServicesEffort,
  progress: (text: string) => void,
): Promise<readonly Row[]> {
  const bench = new ServicesBench(effort, progress);
  try {
    return await bench.run();
  } finally {
    await bench.stop();
  }
}

class ServicesBench {
  readonly #effort: ServicesEffort;
  readonly #progress: (text: string) => void;
  readonly #directory = makeRunPlace('bench');
  readonly #config = join(this.#directory, 'barkeep.yaml');
  readonly #brokerSocket = join(this.#directory, 'run/broker.sock');
  readonly #children: Child[] = [];
  readonly #removeFiles = leftover(() => rmSync(this.#directory, { recursive: true, force: true }));

  constructor(effort: ServicesEffort, progress: (text: string) => void) {
    this.#effort = effort;
    this.#progress = progress;
    writeFileSync(this.#config, CONFIG(this.#directory));
    mkdirSync(join(this.#directory, 'run'));
  }

  async run(): Promise<readonly Row[]> {
    const { groups } = this.#effort;
    const echoSocket = join(this.#directory, 'echo.sock');
    const echoServer = await this.#start('test/bench/echo-server.js', [echoSocket], (stdout) =>
      stdout.includes('ready'),
    );
    const broker = await this.#start('services/cli/main.js', ['broker', '--config', this.#config], () =>
      isSocket(this.#brokerSocket),
    );
    const echo = await RawSession.open(echoSocket, 'bench', '');
    const rows: Row[] = [];
    if (groups.includes('session')) rows.push(...(await this.#session(echo, echoServer, broker)));
    if (groups.includes('map')) rows.push(...(await this.#map(echo, echoServer, broker)));
    echo.close();
    if (groups.includes('memory')) rows.push(await this.#memory(broker));
    return rows;
  }

  /** The last started first. */
  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) await child.stop();
    await this.#removeFiles();
  }

  async #session(echo: RawSession, echoServer: Child, broker: Child): Promise<readonly Row[]> {
    const { rounds, turn } = this.#effort;
    this.#progress(`Session throughput, ${rounds} rounds of ${turn} ms on each side`);
    const session = await RawSession.open(this.#brokerSocket, 'bench', this.#secretOf('bench'));
    const ratios: number[] = [];
    const rates: number[] = [];
    const costs: number[] = [];
    const echoCosts: number[] = [];
    let next = 1;
    for (let round = -1; round < rounds; round++) {
      const ceiling = await timed(echoServer, () => measureThroughput(echo, turn, next));
      const ours = await timed(broker, () => measureThroughput(session, turn, next));
      next = Math.max(ceiling.next, ours.next);
      if (round < 0) continue; // both sides warm up
      ratios.push(ours.commandsPerSecond / ceiling.commandsPerSecond);
      rates.push(ours.commandsPerSecond);
      costs.push(ours.microsecondsEach);
      echoCosts.push(ceiling.microsecondsEach);
    }
    session.close();
    const value = median(ratios);
    const cost = median(costs);
    return [
      atLeast(
        0.8,
        'Session throughput at 128 commands a batch, against an echo server',
        value,
        `${value.toFixed(2)} (${rate(median(rates))} commands/s; ${between(spread(ratios))})`,
      ),
      atMost(
        0.8,
        "Broker's processor time a command, at that load",
        cost,
        `${cost.toFixed(2)} µs (the echo server's ${median(echoCosts).toFixed(2)} µs; ${between(spread(costs))})`,
        { unit: 'µs', digits: 1 },
      ),
    ];
  }

  async #map(echo: RawSession, echoServer: Child, broker: Child): Promise<readonly Row[]> {
    const { rounds, samples: count } = this.#effort;
    this.#progress(`MAP_BLOB latency, ${rounds} rounds of ${count}`);
    const gpuSocket = join(this.#directory, 'gpu.sock');
    const frontend = await this.#start(
      'services/cli/main.js',
      ['frontend', '--vm', 'latency', '--socket-path', gpuSocket, '--config', this.#config],
      () => isSocket(gpuSocket),
    );
    const ratios: number[] = [];
    const maps: number[] = [];
    const interrupts: number[] = [];
    const trips: number[] = [];
    const latency = await measureMapLatency(gpuSocket, echo);
    pin(process.pid, 0);
    for (const { pid } of [echoServer, broker, frontend]) pin(pid, 1);
    for (let round = -1; round < rounds; round++) {
      const samples = await latency.round(count);
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
    const value = median(ratios);
    return [
      atMost(
        0.3,
        'MAP_BLOB from kick to used index (p50, window placement), against one Session echo round trip (p50)',
        value,
        `${value.toFixed(2)} (${micro(median(maps))} µs, ${micro(median(interrupts))} µs with the interrupt, ` +
          `against ${micro(median(trips))} µs; ${between(spread(ratios))})`,
      ),
      stated(
        "A frontend's resident memory after the latency rounds",
        frontendBytes,
        `${(frontendBytes / 2 ** 20).toFixed(0)} MiB`,
      ),
    ];
  }

  async #memory(broker: Child): Promise<Row> {
    const mappings = MAPPINGS.toLocaleString('en');
    this.#progress(`memory at ${mappings} mappings`);
    const secret = this.#secretOf('memory');
    const perMapping = await measureBrokerMemory(broker, this.#brokerSocket, secret, MAPPINGS);
    const what = `Broker's resident memory a live mapping, at ${mappings} mappings`;
    return atMost(1536, what, perMapping, `${Math.round(perMapping)} bytes`, { unit: 'bytes', digits: 0 });
  }

  #secretOf(vm: string): string {
    return readFileSync(join(this.#directory, 'run/vms', vm, 'secret'), 'utf8').trim();
  }

  async #start(
    script: string,
    args: readonly string[],
    isReady: (stdout: string) => boolean,
  ): Promise<Child> {
    const child = await startChild(script, args, isReady);
    this.#children.push(child);
    return child;
  }
}

type Throughput = Awaited<ReturnType<typeof measureThroughput>>;

/** Throughput, and what it cost the server. */
async function timed(
  { pid }: Child,
  work: () => Promise<Throughput>,
): Promise<Throughput & { readonly microsecondsEach: number }> {
  const before = processorTime(pid);
  const start = performance.now();
  const found = await work();
  const commands = (found.commandsPerSecond * (performance.now() - start)) / 1000;
  return { ...found, microsecondsEach: ((processorTime(pid) - before) * 1000) / commands };
}

function isSocket(path: string): boolean {
  try {
    readFileSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENXIO';
  }
  return false;
}
