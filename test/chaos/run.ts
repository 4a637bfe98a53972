// One run of the chaos suite: what is done in which order, each with a line of the report, and nothing left running afterwards.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultPoint } from '../../services/lib/os/fault-point.ts';
import { fetchEnvironment } from '../guest/fetch.ts';
import { buildInitramfs } from '../guest/initramfs.ts';
import { patient } from '../guest/patience.ts';
import { expectThat, within } from '../guest/scenario/check.ts';
import { Host, VM, type VmName } from '../guest/scenario/host.ts';
import type { Report } from '../guest/scenario/report.ts';
import { Session } from '../guest/scenario/session.ts';
import { type AbsencePlan, liveWithoutBroker } from './absence.ts';
import { FaultPoints, type Who } from './fault-points.ts';
import type { Parts } from './guest-books.ts';
import { KEEPERS } from './keeper-deaths.ts';
import { Random } from './random.ts';
import { type KillPlan, killAtRandom, upgradeUnderLoad } from './random-kills.ts';
import { Victim } from './victim.ts';

export type RunOptions = {
  /** An empty directory for everything; the caller removes it. */
  readonly directory: string;
  readonly report: Report;
  /** 'quick' is done within two and a half minutes. */
  readonly scale: 'full' | 'quick';
  readonly seed: number;
  /** Names of groups, of checks, or GROUP/CHECK; empty for everything. */
  readonly only: readonly string[];
};

type GuestPlan = {
  readonly kills: KillPlan;
  readonly upgrades: number;
  readonly absence: AbsencePlan;
};

/** Real guests, by VM and so by placement. */
const GUESTS: Readonly<Record<RunOptions['scale'], Readonly<Partial<Record<VmName, GuestPlan>>>>> = {
  full: {
    [VM.WINDOW]: {
      kills: { each: 100, together: 20, bounded: true },
      upgrades: 5,
      absence: { seconds: 30, bounded: true },
    },
    [VM.PER_BLOB]: {
      kills: { each: 100, together: 20, bounded: true },
      upgrades: 5,
      absence: { seconds: 30, bounded: true },
    },
  },
  quick: {
    [VM.WINDOW]: {
      kills: { each: 8, together: 2, bounded: false },
      upgrades: 1,
      absence: { seconds: 8, bounded: false },
    },
    [VM.PER_BLOB]: {
      kills: { each: 4, together: 1, bounded: false },
      upgrades: 1,
      absence: { seconds: 8, bounded: false },
    },
  },
};

/** Lines that are no checks of their own: they come with those that need them. */
const ALWAYS = ['boot', 'reference', 'group'];
const GUEST_CHECKS = ['kills', 'upgrade', 'absence'] as const;
/** Milliseconds on two idle cores (see patient()). */
const LIMIT = {
  kills: 1_800_000,
  upgrade: 180_000,
  absence: 180_000,
  point: 60_000,
  group: 120_000,
  keeper: 120_000,
} as const;
/** Lives of the in-tree VMM at one time, each with a host of its own: as many as a small machine has cores. */
const LANES = 2;
/** So long, that no frontend is given up while its successor starts on a busy machine. */
const ORPHAN_GRACE = '30s';

/** What --only may name. */
export function checkNames(): readonly string[] {
  return [
    ...KEEPERS.map(({ name }) => `keeper/${name}`),
    ...FaultPoints.names().map((name) => `points/${name}`),
    ...FaultPoints.names().map((name) => `both/${name}`),
    ...Object.keys(GUESTS.full).flatMap((vm) => GUEST_CHECKS.map((name) => `${vm}/${name}`)),
  ];
}

export class ChaosRun {
  readonly #options: RunOptions;
  readonly #cleanUps = new Set<() => Promise<unknown>>();
  environment: Readonly<Record<string, string>> = {};

  constructor(options: RunOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    try {
      await inLanes(
        KEEPERS.map(({ name, what, run }) => async () => {
          await this.#line('keeper', name, what, LIMIT.keeper, () => run(this.#directory(`keeper-${name}`)));
        }),
      );
      await this.#runPoints('points', 'one');
      await this.#runPoints('both', 'both');
      await this.#runGuests();
    } finally {
      await this.stop();
    }
    this.#options.report.summary();
  }

  /** Ends everything at once. May be called at any time. */
  async stop(): Promise<void> {
    const cleanUps = [...this.#cleanUps].reverse();
    this.#cleanUps.clear();
    for (const cleanUp of cleanUps) await cleanUp();
  }

  /** `label`: the group's name in the report. Deaths of both come in groups whatever the scale: their points were taken alone before. */
  async #runPoints(label: 'points' | 'both', who: Who): Promise<void> {
    const { scale, only } = this.#options;
    const names = FaultPoints.names().filter((name) => this.#isChosen(label, name));
    if (names.length === 0) return;
    const first = new FaultPoints(this.#directory(`${label}-1`));
    const lanes = [first];
    for (let lane = 2; lane <= LANES; lane++) {
      lanes.push(new FaultPoints(this.#directory(`${label}-${lane}`), first));
    }
    for (const points of lanes) this.#cleanUps.add(() => points.close());
    await this.#line(label, 'reference', 'the same life without a death', LIMIT.point, () =>
      first.reference(),
    );
    const met = new Set<FaultPoint>();
    const isGrouped = (scale === 'quick' || who === 'both') && !only.some(isPoint);
    const groups = isGrouped ? FaultPoints.groups(names) : [];
    const victims = who === 'one' ? 'killed' : 'both killed';
    await inLanes(
      groups.map((group) => async (lane) => {
        const { kind, points } = group;
        const what = `${victims} at ${points[0]} ... ${points.at(-1)}`;
        await this.#line(label, 'group', what, LIMIT.group, async () => {
          const hits = await lanes[lane]!.killGroup(group, who);
          for (const point of hits) met.add(point);
          return `${hits.size} of ${points.length} points in one life (${kind})`;
        });
      }),
    );
    await inLanes(
      names
        .filter((name) => !met.has(name))
        .map((name) => async (lane) => {
          await this.#line(label, name, `${victims} at ${name}`, LIMIT.point, () =>
            lanes[lane]!.kill(name, who),
          );
        }),
    );
    this.#options.report.measured(who === 'one' ? 'fault_points' : 'fault_points_of_both', names.length);
    for (const points of lanes) await points.close();
  }

  async #runGuests(): Promise<void> {
    const { scale, seed, report } = this.#options;
    const vms = (Object.entries(GUESTS[scale]) as [VmName, GuestPlan][]).filter(([vm]) =>
      GUEST_CHECKS.some((name) => this.#isChosen(vm, name)),
    );
    if (vms.length === 0) return;
    const environment = await fetchEnvironment({ progress: (line) => report.note(line) });
    await buildInitramfs(environment);
    this.environment = { qemu: environment.qemuVersion, linux: environment.kernelRelease };
    const host = await Host.start(this.#directory('guest'), { orphanGrace: ORPHAN_GRACE, kept: true });
    const stopHost = () => host.stop();
    this.#cleanUps.add(stopHost);
    for (const [vm, { kills, upgrades, absence }] of vms) {
      let session: Session | null = null;
      await this.#line(vm, 'boot', `VM ${vm} boots, everything under keepers`, LIMIT.upgrade, async () => {
        session = await Session.start({ vm }, host, report, environment);
        expectThat(session.guest.firstBoot.device !== null, 'the guest has no render node');
        return `QEMU ${environment.qemuVersion}, Linux ${environment.kernelRelease}`;
      });
      if (session === null) continue;
      const running: Session = session;
      const stopSession = () => running.stop();
      this.#cleanUps.add(stopSession);
      const parts: Parts = {
        session: running,
        broker: new Victim(host.broker),
        frontend: new Victim(running.frontend),
      };
      const isUpgraded = await this.#line(
        vm,
        'upgrade',
        'SIGTERM to each service under load',
        LIMIT.upgrade,
        () => upgradeUnderLoad(parts, upgrades, new Random(seed)),
      );
      const isWell =
        isUpgraded &&
        (await this.#line(vm, 'absence', 'the broker killed and kept away under load', LIMIT.absence, () =>
          liveWithoutBroker(parts, absence, new Random(seed)),
        ));
      if (isWell) {
        await this.#line(vm, 'kills', 'random SIGKILLs under load', LIMIT.kills, () =>
          killAtRandom(parts, kills, new Random(seed)),
        );
      } else
        report.add({
          group: vm,
          name: 'kills',
          what: 'random SIGKILLs under load',
          verdict: 'not run',
          figure: 'the check before left a VM that does not work',
          milliseconds: 0,
        });
      this.#cleanUps.delete(stopSession);
      await running.stop();
    }
    this.#cleanUps.delete(stopHost);
    await host.stop();
  }

  /** True when the check was not chosen or is ok. */
  async #line(
    group: string,
    name: string,
    what: string,
    limit: number,
    run: () => Promise<string>,
  ): Promise<boolean> {
    if (!ALWAYS.includes(name) && !this.#isChosen(group, name)) return true;
    const start = Date.now();
    const line = (verdict: 'ok' | 'FAIL', figure: string): void =>
      this.#options.report.add({ group, name, what, verdict, figure, milliseconds: Date.now() - start });
    try {
      line('ok', await within(run(), patient(limit)));
      return true;
    } catch (error) {
      line('FAIL', error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  #isChosen(group: string, name: string): boolean {
    const { only } = this.#options;
    return only.length === 0 || only.some((wanted) => [group, name, `${group}/${name}`].includes(wanted));
  }

  #directory(name: string): string {
    const path = join(this.#options.directory, name);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    return path;
  }
}

function isPoint(name: string): boolean {
  return FaultPoints.names().some((point) =>
    [point, `points/${point}`, `both/${point}`].includes(name as FaultPoint),
  );
}

/** Each task once, LANES of them at a time. */
async function inLanes(tasks: readonly ((lane: number) => Promise<void>)[]): Promise<void> {
  const left = [...tasks];
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      for (let task = left.shift(); task !== undefined; task = left.shift()) await task(lane);
    }),
  );
}
