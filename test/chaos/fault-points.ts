// Every fault point of the code, one after the other: the service that passes it dies there, twice in the life of a guest, and the guest
// notices nothing. The list is the code's own (lib/os/fault-point.ts): a point that no life passes fails the suite.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FAULT_POINTS, type FaultPoint } from '../../services/lib/os/fault-point.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { CheckFailure, eventually, expectEqual } from '../guest/scenario/check.ts';
import { growJournal } from './journal-growth.ts';
import { KEPT_VM, KeptHost, type KeptService, type Placement } from './kept-host.ts';
import { live } from './life.ts';

type Service = 'broker' | 'frontend';
type Way = { readonly service: Service; readonly placement: Placement };

/** Who may pass a point, the likeliest first. */
const WAYS: readonly (readonly [RegExp, readonly Way[]])[] = [
  [
    /^(broker\.memory|broker\.left|broker\.lost)/,
    [
      { service: 'broker', placement: 'per-blob' },
      { service: 'broker', placement: 'window' },
    ],
  ],
  [
    /^(broker\.|journal\.snapshot)/,
    [
      { service: 'broker', placement: 'window' },
      { service: 'broker', placement: 'per-blob' },
    ],
  ],
  [
    /^channel\./,
    [
      { service: 'frontend', placement: 'per-blob' },
      { service: 'frontend', placement: 'window' },
    ],
  ],
  [
    /./,
    [
      { service: 'frontend', placement: 'window' },
      { service: 'frontend', placement: 'per-blob' },
    ],
  ],
];
/** A level of the services' logs that means that something is wrong. */
const ERROR_LINE = /"level":"?(50|60|error|fatal)/;
/** barkeep.v1.VmState */
const DETACHED = 1;
const ORPHANED = 3;
/** Points that a broker passes when its journal has grown to its limit. */
const GROWS: readonly FaultPoint[] = ['broker.journal-vm-copied'];
/** Points between accept(2) and the store: the one place where a VMM may be cut off (lib/vhost-user/recovery.ts). */
const CUTS_OFF: readonly FaultPoint[] = ['accept.accepted'];

type Outcome = { readonly faults: number; readonly deaths: number; readonly descriptors: Descriptors };
type Descriptors = Readonly<Record<Service, readonly string[]>>;

export class FaultPoints {
  readonly #directory: string;
  readonly #reference = new Map<Placement, Descriptors>();
  #host: KeptHost | null = null;
  #lives = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  static names(): readonly FaultPoint[] {
    return FAULT_POINTS;
  }

  /** The same life without a death, for what it leaves behind. */
  async reference(): Promise<string> {
    const figures: string[] = [];
    for (const placement of Object.keys(KEPT_VM) as Placement[]) {
      const { descriptors } = await this.#live({ service: 'frontend', placement }, null);
      this.#reference.set(placement, descriptors);
      const { broker, frontend } = descriptors;
      figures.push(
        `${placement}: ${broker.length} descriptors of the broker, ${frontend.length} of the frontend`,
      );
    }
    return figures.join('; ');
  }

  /** Throws CheckFailure when the guest noticed, something was left behind, or nobody came by the point. */
  async kill(point: FaultPoint): Promise<string> {
    const [, ways] = WAYS.find(([pattern]) => pattern.test(point))!;
    for (const way of ways) {
      const label = `${way.service}, ${way.placement} placement`;
      let outcome: Outcome;
      try {
        outcome = await this.#live(way, point);
      } catch (error) {
        await this.close(); // what is left of it is of no use
        throw new CheckFailure(`${label}: ${error instanceof Error ? error.message : String(error)}`);
      }
      if (outcome.faults === 0) continue;
      this.#expectNothingLeft(way.placement, outcome.descriptors);
      return `${label}, ${outcome.faults} of ${outcome.deaths} deaths there`;
    }
    throw new CheckFailure('no life passed this point');
  }

  async close(): Promise<void> {
    const host = this.#host;
    this.#host = null;
    await host?.stop();
  }

  async #live({ service, placement }: Way, point: FaultPoint | null): Promise<Outcome> {
    const first = point === null ? undefined : `${point}:1`;
    const host = await this.#startHost(service === 'broker' ? first : undefined, service === 'broker');
    const frontend = await host.startFrontend(placement, service === 'frontend' ? first : undefined);
    const victim = service === 'broker' ? host.broker : frontend.service;
    const both = [host.broker, frontend.service];
    const growing =
      point !== null && GROWS.includes(point) ? growJournal(host, () => victim.faults > 0) : null;
    try {
      await live({
        socket: frontend.socket,
        vm: KEPT_VM[placement],
        resetsWithBlobs: placement === 'window',
        admin: host.admin,
        cutOffs: point !== null && CUTS_OFF.includes(point) ? 3 : 0,
        between: () => {
          if (point === null) return;
          // What comes by only once in a life shall be met there, too.
          victim.arm(victim.faults === 0 ? `${point}:1` : `${point}:2`);
          victim.kill();
        },
      });
      for (const one of both) await one.settled();
    } catch (error) {
      throw new CheckFailure(`${error instanceof Error ? error.message : String(error)}\n${logsOf(both)}`);
    }
    const left = await settledDescriptors(frontend.service, host.directory);
    await growing;
    await this.#reclaim(host, frontend.service, KEPT_VM[placement]);
    const errors = both.flatMap(({ log }) => log.split('\n').filter((line) => ERROR_LINE.test(line)));
    if (errors.length > 0) throw new CheckFailure(`errors in the logs:\n${errors.slice(0, 5).join('\n')}`);
    const descriptors = { frontend: left, broker: await settledDescriptors(host.broker, host.directory) };
    return { faults: victim.faults, deaths: victim.ends.length, descriptors };
  }

  /** The frontend goes with its keeper, its VM is kept, and an operator gives it up. */
  async #reclaim({ broker, admin }: KeptHost, frontend: KeptService, vm: string): Promise<void> {
    await frontend.killForGood();
    await eventually(async () => expectEqual('state of the VM', (await admin.getVm(vm)).state, ORPHANED));
    // The broker may die of it; then it is asked again.
    await eventually(async () => void (await admin.evictVm(vm, false)));
    await broker.settled();
    await eventually(async () => {
      const shown = await admin.getVm(vm);
      expectEqual('state of the VM', shown.state, DETACHED);
      expectEqual('bytes of the VM', countFromWire(shown.allocatedBytes), 0);
    });
  }

  // A broker serves many lives, unless it is the one that dies.
  async #startHost(fault: string | undefined, isFresh: boolean): Promise<KeptHost> {
    if (this.#host !== null && !isFresh) return this.#host;
    await this.close();
    this.#lives += 1;
    const directory = join(this.#directory, String(this.#lives));
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    this.#host = await KeptHost.start(directory, { fault });
    return this.#host;
  }

  #expectNothingLeft(placement: Placement, found: Descriptors): void {
    const reference = this.#reference.get(placement);
    if (reference === undefined) return;
    for (const service of ['broker', 'frontend'] as const) {
      const more = [...found[service]];
      for (const name of reference[service]) {
        const index = more.indexOf(name);
        if (index >= 0) more.splice(index, 1);
      }
      if (more.length > 0)
        throw new CheckFailure(
          `descriptors of the ${service} that a life without a death does not leave: ${more.join(', ')}`,
        );
    }
  }
}

/** What a service has open once it stays the same, the run directory's name left out. */
async function settledDescriptors(service: KeptService, directory: string): Promise<readonly string[]> {
  let last: readonly string[] = [];
  await eventually(async () => {
    const now = service.descriptors().map((name) => name.replace(directory, ''));
    const isSame = now.join() === last.join();
    last = now;
    if (!isSame) throw new CheckFailure(`the descriptors of ${service.name} keep changing`);
  });
  return last;
}

function logsOf(services: readonly KeptService[]): string {
  return services
    .map(({ name, log }) => `${name}: ${log.trim().split('\n').slice(-4).join('\n')}`)
    .join('\n');
}
