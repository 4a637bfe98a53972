// Cycles of a real guest (create, map, touch, unmap, destroy): the product as it is in production (under keepers, with journal and store), its
// ceilings, and with --peers QEMU's in-process device. All of them are there all the time and take turns, each round in another order, so that
// caches and the other load of the machine are the same for all.
//
//   ours     frontend and broker          a guest for each placement
//   bare     bare-back-end.ts             the same
//   journal  the same process, writing    the same guest as bare
//   zeroing  the same, zeroing            the same guest as bare, in window placement
//   peer     QEMU's virtio-gpu-gl-pci     one guest, which has no placements
import { dirname, join } from 'node:path';
import { requireEnvironment } from '../guest/environment.ts';
import { peerLaunch } from '../guest/peer-root.ts';
import { GuestVm } from './guest-vm.ts';
import { KeptHost } from './kept-host.ts';
import { startChild } from './process.ts';
import { median } from './sample.ts';

const MIB = 1024 * 1024;
const WINDOW_BYTES = 1024 * MIB;

export const PLACEMENTS = ['window', 'per-blob'] as const;
export type Placement = (typeof PLACEMENTS)[number];
export const SIZES = { '4 KiB': 4096, '2 MiB': 2 * MIB } as const;
export type Size = keyof typeof SIZES;
type Kind = 'ours' | 'bare' | 'journal' | 'zeroing' | 'peer';

/** "window/ours"; the peer's is "peer". */
export type SideName = `${Placement}/${Exclude<Kind, 'peer'>}` | 'peer';

type Side = {
  readonly name: SideName;
  readonly vm: GuestVm;
  /** Before and after its turn. */
  readonly enter: () => Promise<void>;
  readonly leave: () => Promise<void>;
};

export type GuestEffort = {
  readonly rounds: number;
  /** Of one side's turn, roughly; milliseconds. */
  readonly turn: number;
  /**
   * Cycles of one side in window placement before the first round, half as many in per-blob: a JIT compiler has to see the path. The frontend takes
   * 2,500 until it is as fast as it gets, the bare back-end, which has less to compile, 1,000.
   */
  readonly warmUp: number;
  /** Unloaded cycles of one side's turn, and how many turns. */
  readonly unloaded: number;
  readonly unloadedRounds: number;
  /** Blobs that live at once in the end. */
  readonly mostAlive: number;
};

export type GuestFigures = {
  /** Cycles a second, by round. */
  readonly rates: Readonly<Record<Size, ReadonlyMap<SideName, readonly number[]>>>;
  /** Milliseconds of one cycle, p50 of each round, with one cycle per UNLOADED_EVERY; of 4 KiB. */
  readonly unloaded: ReadonlyMap<SideName, readonly number[]>;
  /** Milliseconds for create and map of one blob more, with so many alive, in window placement. */
  readonly alive: ReadonlyMap<number, number>;
};

/** Milliseconds. */
export const UNLOADED_EVERY = 30;
/** Live blobs at which create and map are timed first, and of how many they are timed. */
const FEW_ALIVE = 100;
const TIMED = 200;
/** Cycles before the rounds of another size. */
const WARMED_UP = 300;
/** QEMU's own device does some 100 cycles a second: enough to know, and few enough to wait for. */
const FEWEST = 20;

/** `peerRoot`: see fetchPeerRoot(); null without the peer. Rejects with GuestEnvironmentError, GuestStartError. */
export async function measureGuestCycles(
  effort: GuestEffort,
  peerRoot: string | null,
  progress: (text: string) => void,
): Promise<GuestFigures> {
  const bench = new Sides();
  try {
    progress(`guest cycles: ${peerRoot === null ? 'four' : 'five'} guests start`);
    await bench.start(peerRoot);
    const rates = {} as Record<Size, ReadonlyMap<SideName, readonly number[]>>;
    let { warmUp } = effort;
    for (const size of Object.keys(SIZES) as Size[]) {
      progress(`guest cycles of ${size}, ${effort.rounds} rounds on ${bench.sides.length} sides`);
      rates[size] = await measureRates(bench.sides, SIZES[size], { ...effort, warmUp });
      // The path is the same.
      warmUp = Math.min(warmUp, WARMED_UP);
    }
    progress(`guest cycles, one per ${UNLOADED_EVERY} ms`);
    const unloaded = await measureUnloaded(bench.sides, effort);
    progress(`create and map with up to ${effort.mostAlive.toLocaleString('en')} live blobs`);
    const alive = await measureAlive(bench.side('window/ours').vm, effort.mostAlive);
    return { rates, unloaded, alive };
  } finally {
    await bench.stop();
  }
}

async function measureRates(
  sides: readonly Side[],
  size: number,
  { rounds, turn, warmUp }: GuestEffort,
): Promise<ReadonlyMap<SideName, readonly number[]>> {
  const counts = new Map<SideName, number>();
  for (const side of sides) {
    // The peer runs no JIT compiler, and is slow.
    const count = side.name === 'peer' ? FEWEST : side.name.startsWith('window') ? warmUp : warmUp / 2;
    const { perSecond } = await inTurn(side, (vm) => vm.cycles({ count, size }));
    counts.set(side.name, Math.max(FEWEST, Math.round((perSecond * turn) / 1000)));
  }
  return await inTurns(sides, rounds, async (side) => {
    const { perSecond } = await side.vm.cycles({ count: counts.get(side.name) as number, size });
    return perSecond;
  });
}

function measureUnloaded(
  sides: readonly Side[],
  { unloaded, unloadedRounds }: GuestEffort,
): Promise<ReadonlyMap<SideName, readonly number[]>> {
  const load = { count: unloaded, size: SIZES['4 KiB'], every: UNLOADED_EVERY };
  return inTurns(sides, unloadedRounds, async ({ vm }) => (await vm.cycles(load)).p50);
}

async function measureAlive(vm: GuestVm, most: number): Promise<ReadonlyMap<number, number>> {
  const found = new Map<number, number>();
  let held = 0;
  for (const alive of [FEW_ALIVE, 1000, most]) {
    // Half of the timed ones come before the mark, half behind it.
    const before = alive - TIMED / 2 - held;
    if (before > 0) await vm.hold(before, SIZES['4 KiB']);
    held += Math.max(0, before);
    found.set(alive, await vm.hold(TIMED, SIZES['4 KiB']));
    held += TIMED;
  }
  await vm.release();
  return found;
}

/** Every side once a round, the first of them another one in each. */
async function inTurns(
  sides: readonly Side[],
  rounds: number,
  measure: (side: Side) => Promise<number>,
): Promise<ReadonlyMap<SideName, readonly number[]>> {
  const found = new Map<SideName, number[]>(sides.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < sides.length; turn += 1) {
      const side = sides[(round + turn) % sides.length] as Side;
      found.get(side.name)?.push(await inTurn(side, () => measure(side)));
    }
  }
  return found;
}

async function inTurn<T>(side: Side, work: (vm: GuestVm) => Promise<T>): Promise<T> {
  await side.enter();
  const found = await work(side.vm);
  await side.leave();
  return found;
}

const CEILINGS = ['bare', 'journal', 'zeroing'] as const;

const nothing = async (): Promise<void> => {};

/** All guests, and what they stand on. */
class Sides {
  readonly sides: Side[] = [];
  readonly #environment = requireEnvironment();
  readonly #stops: (() => Promise<void>)[] = [];

  async start(peerRoot: string | null): Promise<void> {
    const host = await KeptHost.start(
      true,
      PLACEMENTS.map((placement) => ({ name: placement, placement })),
    );
    this.#stops.push(() => host.stop());
    for (const placement of PLACEMENTS) {
      const ours = await this.#boot(await host.startFrontend(placement));
      this.sides.push({ name: `${placement}/ours`, vm: ours, enter: nothing, leave: nothing });
      await this.#startBare(placement, host.directory);
    }
    if (peerRoot !== null) await this.#startPeer(peerRoot);
  }

  side(name: SideName): Side {
    const found = this.sides.find((side) => side.name === name);
    if (!found) throw new Error(`there is no side ${name}`);
    return found;
  }

  /** The last started first. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async #startBare(placement: Placement, directory: string): Promise<void> {
    const socket = join(directory, `bare-${placement}.sock`);
    const args = [socket, placement, String(WINDOW_BYTES)];
    const child = await startChild('test/bench/bare-back-end.js', args, (said) => said.includes('ready\n'));
    this.#stops.push(child.stop);
    const vm = await this.#boot(socket);
    for (const kind of placement === 'window' ? CEILINGS : CEILINGS.slice(0, 2)) {
      this.sides.push({ name: `${placement}/${kind}`, vm, enter: () => child.tell(kind), leave: nothing });
    }
  }

  async #startPeer(root: string): Promise<void> {
    const launch = peerLaunch(root, [dirname(this.#environment.directory)]);
    const vm = await GuestVm.boot({ kind: 'built-in-gl', launch }, this.#environment);
    this.#stops.push(vm.stop);
    await vm.pause();
    this.sides.push({ name: 'peer', vm, enter: () => vm.resume(), leave: () => vm.pause() });
  }

  async #boot(socketPath: string): Promise<GuestVm> {
    const vm = await GuestVm.boot({ kind: 'vhost-user', socketPath }, this.#environment);
    this.#stops.push(vm.stop);
    return vm;
  }
}

/** The median of a side's rounds. */
export function middle(figures: ReadonlyMap<SideName, readonly number[]>, side: SideName): number {
  return median(figures.get(side) ?? []);
}
