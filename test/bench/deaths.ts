// What a real guest notices of dead services, in window placement: the broker killed under load, and the frontend.

import { requireEnvironment } from '../guest/environment.ts';
import { isAlive } from '../support/processes.ts';
import { pace, until } from '../support/until.ts';
import { untilServing } from './broker-restart.ts';
import { type Cycles, GuestVm } from './guest-vm.ts';
import { KeptHost } from './kept-host.ts';
import { atMost, type Row } from './row.ts';
import { quantile } from './sample.ts';

const VM = 'guest';
const SIZE = 4096;
const WARM_UP = 500;
/** For a successor on a busy machine, milliseconds. */
const START_LIMIT = 20_000;
/** A keeper starts a command again at once ten times in ten seconds, and then takes its time; milliseconds. */
const BETWEEN_DEATHS = 1100;
/** So that what falls into a death is 2.5 in a thousand, and p99.9 sees it. */
const CYCLES_A_DEATH = 400;
/** Of the load around one death of the frontend, at its least; a cycle of it; and how far into it the death comes; milliseconds. */
const AROUND_DEATH = 700;
const EVERY = 2;
const INTO_LOAD = 200;

/** Of a guest's operations, against those of a run without kills. */
const MOST_OF_QUIET = 1.2;
const MOST_STALL = 300;

export type DeathEffort = { readonly brokerDeaths: number; readonly frontendDeaths: number };

/** Rejects when the guest had to notice more than a pause. */
export async function deathRows(effort: DeathEffort, progress: (text: string) => void): Promise<Row[]> {
  const host = await KeptHost.start(true, [{ name: VM, placement: 'window' }]);
  let vm: GuestVm | null = null;
  try {
    const socketPath = await host.startFrontend(VM);
    vm = await GuestVm.boot({ kind: 'vhost-user', socketPath }, requireEnvironment());
    await vm.cycles({ count: WARM_UP, size: SIZE });
    progress(`${effort.brokerDeaths} deaths of the broker under load, and as long without`);
    const broker = await brokerRow(host, vm, effort.brokerDeaths);
    progress(`${effort.frontendDeaths} deaths of the frontend under load`);
    return [broker, await frontendRow(host, vm, effort.frontendDeaths)];
  } finally {
    await vm?.stop();
    await host.stop();
  }
}

async function brokerRow(host: KeptHost, vm: GuestVm, deaths: number): Promise<Row> {
  const count = deaths * CYCLES_A_DEATH;
  const cycles = { count, size: SIZE, every: BETWEEN_DEATHS / CYCLES_A_DEATH };
  const quiet = await vm.cycles(cycles);
  const load = track(vm.cycles(cycles));
  let killed = 0;
  while (!load.isOver && killed < deaths) {
    const since = performance.now();
    await kill('the broker', () => host.brokerPid);
    killed += 1;
    // One that dies before it serves is started again after a pause, which would be the keeper's and not the broker's.
    await untilServing(host.adminSocket);
    await pace(Math.max(0, BETWEEN_DEATHS - (performance.now() - since)));
  }
  const found = await load.result;
  const value = found.p999 / quiet.p999;
  return atMost(
    MOST_OF_QUIET,
    'Guest cycles of 4 KiB while the broker is killed, p99.9 against a run without kills',
    value,
    `${value.toFixed(2)} (${describe(found)} with ${killed} deaths in ${count.toLocaleString('en')} cycles, against ${describe(quiet)})`,
  );
}

async function frontendRow(host: KeptHost, vm: GuestVm, deaths: number): Promise<Row> {
  const count = AROUND_DEATH / EVERY;
  const stalls: number[] = [];
  for (let death = 0; death < deaths; death += 1) {
    const load = track(vm.cycles({ count, size: SIZE, every: EVERY }));
    await pace(INTO_LOAD);
    await kill('the frontend', () => host.frontendPid(VM));
    stalls.push((await load.result).longest);
    await pace(Math.max(0, BETWEEN_DEATHS - AROUND_DEATH));
  }
  stalls.sort((a, b) => a - b);
  const value = quantile(stalls, 0.99);
  const whole = (milliseconds: number): string => milliseconds.toFixed(0);
  const found = `${whole(value)} ms (p50 ${whole(quantile(stalls, 0.5))}, ${deaths} deaths)`;
  return atMost(MOST_STALL, "A guest's stall when its frontend is killed, p99", value, found, {
    unit: 'ms',
    digits: 0,
  });
}

const describe = ({ p999, longest }: Cycles): string =>
  `${p999.toFixed(1)} ms, longest ${longest.toFixed(0)}`;

/** Between two lives there is nobody to kill, and what speaks of the last one may still be there. */
async function kill(what: string, pidOf: () => number): Promise<void> {
  const living = (): number | null => {
    const pid = pidOf();
    return pid > 1 && isAlive(pid) ? pid : null;
  };
  process.kill(await until(`${what} runs`, living, { within: START_LIMIT }), 'SIGKILL');
}

function track<T>(work: Promise<T>): { readonly result: Promise<T>; readonly isOver: boolean } {
  const state = { result: work, isOver: false };
  const over = (): void => {
    state.isOver = true;
  };
  work.then(over, over);
  return state;
}
