// The price of safety: what it costs that every process may die at any moment. Journal, fd store and state files on, against off, in one run:
// both hosts run all the time and take turns, so that caches, sleeping cores and the other load of the machine are the same for both.
import { Vmm } from '../vmm/vmm.ts';
import { type HostVm, KeptHost } from './kept-host.ts';
import { atLeast, atMost, between, micro, type Row, rate, stated } from './row.ts';
import { median, quantile, type Spread, spread } from './sample.ts';
import { measureThroughput } from './session-throughput.ts';

const SIZE = 4096;
/** A round of throughput is so many short turns of each side, each of which begins half of them: other load of the machine meets both. */
const TURNS = 8;
const PLACEMENTS = ['window', 'per-blob'] as const;
const VMS: readonly HostVm[] = [
  ...PLACEMENTS.map((placement) => ({ name: placement, placement })),
  { name: 'session', placement: 'window' },
];

/** On against off. */
export type Price = {
  /** Medians of the rounds, and the spread of the rounds' ratios. */
  readonly on: number;
  readonly off: number;
  readonly ratios: Spread;
};

export type SafetyPrice = {
  /** MAP_BLOB from the guest's kick to its interrupt (p50 of a round), milliseconds. */
  readonly maps: Readonly<Record<(typeof PLACEMENTS)[number], Price>>;
  /** Session throughput at 128 commands a batch, commands a second. */
  readonly throughput: Price;
  /** The broker's processor time a command, microseconds. */
  readonly processor: Price;
};

export type Effort = {
  readonly rounds: number;
  /** Maps of a round on each side. */
  readonly samples: number;
  /** Of a round of Session throughput on each side. */
  readonly milliseconds: number;
};

/** What safety may cost. */
const MOST_PRICE = 1.15;

export async function safetyPriceRows(effort: Effort): Promise<readonly Row[]> {
  const { maps, throughput, processor } = await measureSafetyPrice(effort);
  const priced = 'with journal, store and state files, against without';
  const mapRows = PLACEMENTS.map((placement) => {
    const { ratios, on, off } = maps[placement];
    const found = `${ratios.median.toFixed(2)} (${micro(on)} µs against ${micro(off)} µs; ${between(ratios)})`;
    const what = `MAP_BLOB from kick to interrupt (p50, ${placement} placement) ${priced}`;
    return atMost(MOST_PRICE, what, ratios.median, found);
  });
  const rates = `${rate(throughput.on)} commands/s against ${rate(throughput.off)}`;
  const costs = `${processor.on.toFixed(1)} µs against ${processor.off.toFixed(1)} µs`;
  return [
    ...mapRows,
    atLeast(
      1 / MOST_PRICE,
      `Session throughput ${priced}`,
      throughput.ratios.median,
      `${throughput.ratios.median.toFixed(2)} (${rates}; ${between(throughput.ratios)})`,
    ),
    stated(
      `Broker's processor time a command ${priced}`,
      processor.ratios.median,
      `${processor.ratios.median.toFixed(2)} (${costs}; ${between(processor.ratios)})`,
    ),
  ];
}

export async function measureSafetyPrice(effort: Effort): Promise<SafetyPrice> {
  const off = await KeptHost.start(false, VMS);
  try {
    const on = await KeptHost.start(true, VMS);
    try {
      const window = await priceOfMaps(off, on, 'window', effort);
      const perBlob = await priceOfMaps(off, on, 'per-blob', effort);
      const { throughput, processor } = await priceOfSessions(off, on, effort);
      return { maps: { window, 'per-blob': perBlob }, throughput, processor };
    } finally {
      await on.stop();
    }
  } finally {
    await off.stop();
  }
}

async function priceOfMaps(off: KeptHost, on: KeptHost, vm: string, effort: Effort): Promise<Price> {
  const guests: Vmm[] = [];
  try {
    for (const host of [off, on]) {
      const guest = await Vmm.boot({ socketPath: await host.startFrontend(vm) });
      guests.push(guest);
      await guest.driver.createContext();
    }
    const found: [number[], number[]] = [[], []];
    for (let round = -1; round < effort.rounds; round += 1) {
      const samples: [number[], number[]] = [[], []];
      for (let sample = 0; sample < effort.samples; sample += 1) {
        samples[0].push(await map(guests[0] as Vmm));
        samples[1].push(await map(guests[1] as Vmm));
      }
      if (round < 0) continue; // both sides warm up
      for (const side of [0, 1] as const) {
        samples[side].sort((a, b) => a - b);
        found[side].push(quantile(samples[side], 0.5));
      }
    }
    return priceOf(...found);
  } finally {
    for (const guest of guests) guest.close();
  }
}

/** Milliseconds. */
async function map({ driver }: Vmm): Promise<number> {
  const blob = await driver.createBlob({ size: SIZE });
  const { answer, nanoseconds } = await driver.measure(driver.mapCommand(blob.resource, 0), 'interrupt');
  if (answer.name !== 'OK_MAP_INFO') throw new Error(`MAP_BLOB was answered ${answer.name}`);
  await driver.exchange([driver.unmapCommand(blob.resource), driver.unrefCommand(blob.resource)]);
  return nanoseconds / 1e6;
}

async function priceOfSessions(
  off: KeptHost,
  on: KeptHost,
  { rounds, milliseconds }: Effort,
): Promise<Pick<SafetyPrice, 'throughput' | 'processor'>> {
  const sides = [
    { host: off, session: await off.openSession('session') },
    { host: on, session: await on.openSession('session') },
  ] as const;
  const rates: [number[], number[]] = [[], []];
  const costs: [number[], number[]] = [[], []];
  let next = 1;
  for (let round = -1; round < rounds; round += 1) {
    const commands: [number, number] = [0, 0];
    const spent: [number, number] = [0, 0];
    for (let turn = 0; turn < TURNS; turn += 1) {
      const order = turn % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
      let last = next;
      for (const side of order) {
        const { host, session } = sides[side];
        const before = host.brokerTime();
        const found = await measureThroughput(session, milliseconds / TURNS, next);
        last = Math.max(last, found.next);
        spent[side] += host.brokerTime() - before;
        commands[side] += found.commandsPerSecond / TURNS;
      }
      next = last;
    }
    if (round < 0) continue; // both sides warm up
    for (const side of [0, 1] as const) {
      rates[side].push(commands[side]);
      costs[side].push((spent[side] * 1e6) / (commands[side] * milliseconds));
    }
  }
  for (const { session } of sides) session.close();
  return { throughput: priceOf(...rates), processor: priceOf(...costs) };
}

function priceOf(off: readonly number[], on: readonly number[]): Price {
  const ratios = on.map((found, round) => found / (off[round] as number));
  return { on: median(on), off: median(off), ratios: spread(ratios) };
}
