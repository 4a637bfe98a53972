// Every fault point of the code: the service that passes it dies there, and the guest notices nothing. One point after the other, twice in
// the life of a guest, or, to save time, several points in one life: each successor dies at the next one. The list is the code's own
// (lib/os/fault-point.ts): a point that no life passes fails the suite. Where the frontend decides, and so it and the broker each have books of a
// VM, the same again with both: as soon as one has died at its point, the other is killed.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FAULT_POINTS, type FaultPoint } from '../../services/lib/os/fault-point.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { CheckFailure, expectEqual } from '../guest/scenario/check.ts';
import { NODE_WATCHES } from '../guest/scenario/service.ts';
import { untilPasses } from '../support/until.ts';
import { growJournal } from './journal-growth.ts';
import { BUSY_VM, KEPT_VM, KeptHost, type KeptService, type Placement } from './kept-host.ts';
import { live } from './life.ts';
import { liveThroughOutage, type Outage } from './outage.ts';
import { workUndecided } from './undecided.ts';

export type Service = 'broker' | 'frontend';
export type Way = { readonly service: Service; readonly placement: Placement };

/** Who dies: the one that passes the point, or that one and, at once, the other. */
export type Who = 'one' | 'both';

const BROKER: Readonly<Record<Placement, Way>> = {
  window: { service: 'broker', placement: 'window' },
  'per-blob': { service: 'broker', placement: 'per-blob' },
  own: { service: 'broker', placement: 'own' },
};
const FRONTEND: Readonly<Record<Placement, Way>> = {
  window: { service: 'frontend', placement: 'window' },
  'per-blob': { service: 'frontend', placement: 'per-blob' },
  own: { service: 'frontend', placement: 'own' },
};
/** Who passes a point, the likeliest first. */
const WAYS: readonly (readonly [RegExp, readonly Way[]])[] = [
  [/^broker\.memory-(made|journalled|erased)/, [BROKER.own]],
  [/^broker\.(memory|effects|batch)/, [BROKER.window]],
  [/^broker\.(grant|accounts|stash|map)/, [BROKER.window]],
  [/^broker\.(left|lost)/, [BROKER.own, BROKER.window]],
  [/^(broker\.|journal\.snapshot)/, [BROKER.window, BROKER['per-blob']]],
  [/^gpu\.(memory|file)/, [FRONTEND.own]],
  [/^gpu\.blob/, [FRONTEND['per-blob'], FRONTEND.own]],
  [/^gpu\.(window|stash|map)/, [FRONTEND.window]],
  [/^channel/, [FRONTEND['per-blob'], FRONTEND.window]],
  [/./, [FRONTEND.window, FRONTEND['per-blob']]],
];
/** A level of the services' logs that means that something is wrong. */
const ERROR_LINE = /"level":"?(50|60|error|fatal)/;
/** What becomes of a VMM that is gone in the middle of a message: one of those that come and go (life.ts). */
const EXPECTED_ERROR = /the peer closed its end in the middle of it/;
/** barkeep.v1.VmState */
const DETACHED = 1;
const ORPHANED = 3;
/** Points that a broker passes when its journal has grown to its limit. */
const GROWS: readonly FaultPoint[] = ['broker.journal-vm-copied'];
/** Points that a broker passes when it decides: for clients that do not, which none of our frontends is. */
const UNDECIDED: readonly FaultPoint[] = [
  'broker.memory-stored',
  'broker.effects-done',
  'broker.batch-journalled',
  'broker.batch-finished',
  'broker.stash-copied',
  'broker.stash-journalled',
  'broker.map-restored',
];
/** Points between accept(2) and the store: the one place where a VMM may be cut off (lib/vhost-user/recovery/recovery.ts). */
const CUTS_OFF: readonly FaultPoint[] = ['accept.accepted'];

/** Points that only the successor of a process that died at a certain moment passes. */
const PRELUDE: Partial<Record<FaultPoint, string>> = {
  'recovery.swept': 'vmm.descriptor-stored:4',
  'channel.fenced': 'channel.map-sent:1',
};
/**
 * Points that a guest's life passes where it begins or ends, in this order: whoever dies at one is followed by one that comes to the next. A
 * VMM is cut off on the way, and connects again.
 */
const ROWS: readonly (Way & { readonly points: readonly FaultPoint[] })[] = [
  {
    service: 'frontend',
    placement: 'window',
    points: [
      'gpu.session-recorded',
      'recovery.state-made',
      'recovery.state-stored',
      'recovery.outbox-stored',
      'listen.bound',
      'listen.stored',
      'accept.accepted',
      'accept.stored',
      'accept.committed',
      'recovery.adopted',
      'gpu.used-recorded',
      'gpu.window-mapped',
      'vmm.driver-gone',
      'vmm.driver-gone-recorded',
      'gpu.reset-recorded',
      'gpu.reset-asked',
      'end.closed',
      'end.committed',
    ],
  },
  {
    service: 'broker',
    placement: 'window',
    points: [
      'journal.snapshot-written',
      'journal.snapshot-renamed',
      'broker.journal-begun',
      'broker.journal-complete',
      'broker.journal-renamed',
      'broker.window-stored',
      'broker.attach-journalled',
      'broker.reclaim-journalled',
      'broker.state-journalled',
      'broker.reclaim-erased',
    ],
  },
];
/** Points that no successor of the same life would pass, and that have no place in a row. */
const ALONE: readonly FaultPoint[] = ['broker.reclaim-dropped', 'broker.journal-vm-copied'];
const CHAIN = 8;
/** Rounds of a guest's life in a chain, for each point. */
const ROUNDS_A_POINT = 1.5;

/** Points that a frontend passes only when the broker fails it. Who decides by itself does not mind silence. */
const OUTAGES: Readonly<
  Record<Outage, { readonly placement: Placement; readonly points: readonly FaultPoint[] }>
> = {
  silence: { placement: 'own', points: ['gpu.memory-given'] },
  eviction: { placement: 'window', points: ['gpu.session-gone'] },
};
/** With these, and a broker that is silent for longer: long enough for a frontend to begin to wait anew after a death. */
const SHORT_ANSWER = '700ms';
const SILENCE = 3500;

/**
 * How a group of points is taken in one life of a guest.
 *
 *   row      in the order in which a life passes them
 *   chain    each comes by again and again; a service that does not come by its point for a round is killed elsewhere
 *   outage   a row, while the broker fails the frontend
 */
export type Group = {
  readonly kind: 'row' | 'chain' | Outage;
  readonly way: Way;
  readonly points: readonly FaultPoint[];
};

/** Where the lives of the service die. */
type Deaths = {
  readonly first: readonly FaultPoint[];
  /** Before those. */
  readonly prelude: readonly string[];
  readonly kind: 'alone' | 'row' | 'chain';
  readonly who: Who;
};
const NO_DEATH: Deaths = { first: [], prelude: [], kind: 'alone', who: 'one' };

type Outcome = {
  readonly hits: readonly string[];
  readonly deaths: number;
  readonly descriptors: Descriptors;
};
type Descriptors = Readonly<Record<Service, readonly string[]>>;

export class FaultPoints {
  readonly #directory: string;
  readonly #reference: Map<Placement, Descriptors>;
  #host: KeptHost | null = null;
  #lives = 0;

  /** `directory` is empty and the caller's. `twin`: compares with what a life without a death left there. */
  constructor(directory: string, twin: FaultPoints | null = null) {
    this.#directory = directory;
    this.#reference = twin === null ? new Map() : twin.#reference;
  }

  /** Those at which somebody is killed, alone or with the other. */
  static names(): readonly FaultPoint[] {
    return FAULT_POINTS.filter((point) => waysTo(point).length > 0);
  }

  /** The same life without a death, for what it leaves behind. */
  async reference(): Promise<string> {
    const figures: string[] = [];
    for (const placement of Object.keys(KEPT_VM) as Placement[]) {
      const { descriptors } = await this.#live({ service: 'frontend', placement }, NO_DEATH);
      this.#reference.set(placement, descriptors);
      const { broker, frontend } = descriptors;
      figures.push(
        `${placement}: ${broker.length} descriptors of the broker, ${frontend.length} of the frontend`,
      );
    }
    return figures.join('; ');
  }

  /** Groups of points that the lives of one guest can pass one after the other. The others have to be taken alone. */
  static groups(points: readonly FaultPoint[]): readonly Group[] {
    const rows = ROWS.map(({ points: row, ...way }): Group => ({ kind: 'row', way, points: row }));
    const outages = Object.entries(OUTAGES).map(
      ([kind, { placement, points: row }]): Group => ({
        kind: kind as Outage,
        way: FRONTEND[placement],
        points: row,
      }),
    );
    const inOrder = [...rows, ...outages]
      .map((group) => ({ ...group, points: group.points.filter((point) => points.includes(point)) }))
      .filter((group) => group.points.length > 0);
    const taken = new Set([...inOrder.flatMap((group) => group.points), ...ALONE]);
    const chains = new Map<string, (Group & { readonly points: FaultPoint[] })[]>();
    for (const point of points) {
      if (taken.has(point) || point in PRELUDE) continue;
      const [way] = waysTo(point);
      if (way === undefined) continue;
      const key = labelOf(way);
      const list = chains.get(key) ?? [];
      if (list.length === 0 || list.at(-1)!.points.length === CHAIN)
        list.push({ kind: 'chain', way, points: [] });
      list.at(-1)!.points.push(point);
      chains.set(key, list);
    }
    return [...inOrder, ...[...chains.values()].flat()];
  }

  /** One guest's life for all of them. Returns those that were met; the others have to be taken alone. Throws as kill(). */
  async killGroup({ kind, way, points }: Group, who: Who = 'one'): Promise<ReadonlySet<FaultPoint>> {
    const { hits } =
      kind === 'row' || kind === 'chain'
        ? await this.#liveOrClose(way, { first: points, prelude: [], kind, who })
        : await this.#killInOutage(points, kind, who);
    return new Set(points.filter((point) => hits.includes(`${point}:1`)));
  }

  /** Throws CheckFailure when the guest noticed, something was left behind, or nobody came by the point. */
  async kill(point: FaultPoint, who: Who = 'one'): Promise<string> {
    for (const [outage, { points }] of Object.entries(OUTAGES)) {
      if (points.includes(point)) return await this.#killAloneInOutage(point, outage as Outage, who);
    }
    const prelude = PRELUDE[point];
    for (const way of waysTo(point)) {
      const deaths = {
        first: [point],
        prelude: prelude === undefined ? [] : [prelude],
        kind: 'alone',
        who,
      } as const;
      const outcome = await this.#liveOrClose(way, deaths);
      const hits = outcome.hits.filter((hit) => hit.startsWith(`${point}:`)).length;
      if (hits === 0) continue;
      return `${labelOf(way)}, ${hits} of ${outcome.deaths} deaths there`;
    }
    throw new CheckFailure('no life passed this point');
  }

  async close(): Promise<void> {
    const host = this.#host;
    this.#host = null;
    await host?.stop();
  }

  async #killAloneInOutage(point: FaultPoint, outage: Outage, who: Who): Promise<string> {
    const { hits, ends } = await this.#killInOutage([point], outage, who);
    if (hits.length === 0) throw new CheckFailure(`no life passed this point (${outage})`);
    return `frontend, ${outage} of the broker, ${hits.length} of ${ends.length} deaths there`;
  }

  async #killInOutage(points: readonly FaultPoint[], outage: Outage, who: Who): Promise<KeptService> {
    await this.close();
    const host = await this.#open({ answerTimeout: SHORT_ANSWER });
    const faults = points.map((point) => `${point}:1`);
    const { placement } = OUTAGES[outage];
    const { service, socket } = await host.startFrontend(placement, faults);
    try {
      const { admin, broker } = host;
      if (who === 'both') service.onHit = () => broker.kill();
      const options = {
        socket,
        vm: KEPT_VM[placement],
        admin,
        brokerPid: () => broker.pid,
        silence: SILENCE,
      };
      await liveThroughOutage(outage, options);
      await service.settled();
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw new CheckFailure(`${outage}: ${problem}\n${logsOf([host.broker, service])}`);
    } finally {
      await this.close();
    }
    return service;
  }

  async #liveOrClose(way: Way, deaths: Deaths): Promise<Outcome> {
    try {
      return await this.#live(way, deaths);
    } catch (error) {
      await this.close(); // what is left of it is of no use
      throw new CheckFailure(`${labelOf(way)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #live({ service, placement }: Way, { first, prelude, kind, who }: Deaths): Promise<Outcome> {
    const faults = [...prelude, ...first.map((point) => `${point}:1`)];
    const host = await this.#startHost(service === 'broker', faults);
    const frontend = await host.startFrontend(placement, service === 'frontend' ? faults : []);
    const victim = service === 'broker' ? host.broker : frontend.service;
    const both = [host.broker, frontend.service];
    if (who === 'both') {
      const [other] = both.filter((one) => one !== victim) as [KeptService];
      victim.onHit = () => other.kill();
    }
    let isOver = false;
    const beside = besideTheGuest(host, victim, first, () => isOver);
    let seen = 0;
    const killOne = (): void => {
      const [point] = first;
      if (point === undefined || kind === 'row') return;
      if (kind === 'alone') {
        // What comes by only once in a life shall be met there, too.
        victim.arm(victim.hits.includes(`${point}:1`) ? `${point}:2` : `${point}:1`);
        victim.kill();
      } else if (victim.isArmed && victim.hits.length === seen) victim.kill(); // nobody comes by its point
      seen = victim.hits.length;
    };
    try {
      await live({
        socket: frontend.socket,
        vm: KEPT_VM[placement],
        resetsWithBlobs: placement === 'window',
        admin: host.admin,
        cutOffs: first.some((point) => CUTS_OFF.includes(point)) ? 3 : 0,
        between: killOne,
        goesOn: (done) => kind === 'chain' && victim.isArmed && done < ROUNDS_A_POINT * first.length,
      });
      isOver = true;
      await beside;
      for (const one of both) await one.settled();
    } catch (error) {
      throw new CheckFailure(`${error instanceof Error ? error.message : String(error)}\n${logsOf(both)}`);
    } finally {
      isOver = true;
      host.broker.onHit = () => {};
    }
    const left = await this.#leftOf(frontend.service, placement, 'frontend');
    if (beside !== null)
      await untilPasses('the busy VM is evicted', async () => void (await host.admin.evictVm(BUSY_VM, true)));
    await this.#reclaim(host, frontend.service, KEPT_VM[placement]);
    const errors = both.flatMap(({ log }) =>
      log.split('\n').filter((line) => ERROR_LINE.test(line) && !EXPECTED_ERROR.test(line)),
    );
    if (errors.length > 0) throw new CheckFailure(`errors in the logs:\n${errors.slice(0, 5).join('\n')}`);
    const descriptors = { frontend: left, broker: await this.#leftOf(host.broker, placement, 'broker') };
    return { hits: victim.hits, deaths: victim.ends.length, descriptors };
  }

  /** The frontend goes with its keeper, its VM is kept, and an operator gives it up. */
  async #reclaim({ broker, admin }: KeptHost, frontend: KeptService, vm: string): Promise<void> {
    await frontend.killForGood();
    await untilPasses('the VM is orphaned', async () =>
      expectEqual('state of the VM', (await admin.getVm(vm)).state, ORPHANED),
    );
    // The broker may die of it; then it is asked again.
    await untilPasses('the VM is evicted', async () => void (await admin.evictVm(vm, false)));
    await broker.settled();
    await untilPasses('the VM is detached and holds nothing', async () => {
      const shown = await admin.getVm(vm);
      expectEqual('state of the VM', shown.state, DETACHED);
      expectEqual('bytes of the VM', countFromWire(shown.allocatedBytes), 0);
    });
  }

  // A broker serves many lives, unless it is the one that dies.
  async #startHost(isFresh: boolean, faults: readonly string[]): Promise<KeptHost> {
    if (this.#host !== null && !isFresh) return this.#host;
    await this.close();
    return await this.#open(isFresh ? { faults } : {});
  }

  async #open(options: Parameters<typeof KeptHost.start>[1]): Promise<KeptHost> {
    this.#lives += 1;
    const directory = join(this.#directory, String(this.#lives));
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    this.#host = await KeptHost.start(directory, options);
    return this.#host;
  }

  /** What a service has open in the end. Throws CheckFailure when it stays more than after a life without a death. */
  async #leftOf(service: KeptService, placement: Placement, what: Service): Promise<readonly string[]> {
    const reference = this.#reference.get(placement)?.[what] ?? null;
    const directory = this.#host?.directory ?? '';
    let last: readonly string[] = [];
    await untilPasses('the descriptors stay the same', async () => {
      const now = service.descriptors().map((name) => name.replace(directory, ''));
      const isSame = now.join() === last.join();
      last = now;
      if (!isSame) throw new CheckFailure(`the descriptors of the ${what} keep changing`);
      const more = [...now];
      for (const name of reference === null ? now : [...reference, NODE_WATCHES]) {
        const index = more.indexOf(name);
        if (index >= 0) more.splice(index, 1);
      }
      if (more.length === 0) return;
      throw new CheckFailure(
        `descriptors of the ${what} that a life without a death does not leave: ${more.join(', ')}`,
      );
    });
    return last;
  }
}

function waysTo(point: FaultPoint): readonly Way[] {
  return WAYS.find(([pattern]) => pattern.test(point))![1];
}

/** What else the broker is asked during a guest's life, so that it comes by its points; null for nothing. */
function besideTheGuest(
  host: KeptHost,
  victim: KeptService,
  points: readonly FaultPoint[],
  isOver: () => boolean,
): Promise<void> | null {
  const wanted = points.filter((point) => UNDECIDED.includes(point));
  const areHit = () => wanted.every((point) => victim.hits.some((hit) => hit.startsWith(`${point}:`)));
  const work = points.some((point) => GROWS.includes(point))
    ? growJournal(host, () => victim.hits.length > 0)
    : wanted.length > 0
      ? workUndecided(host, () => isOver() || areHit())
      : null;
  // Whoever waits for it hears of its failure.
  work?.catch(() => {});
  return work;
}

function labelOf({ service, placement }: Way): string {
  return placement === 'own'
    ? `${service}, blobs with memory of their own`
    : `${service}, ${placement} placement`;
}

function logsOf(services: readonly KeptService[]): string {
  return services
    .map(({ name, log }) => `${name}: ${log.trim().split('\n').slice(-4).join('\n')}`)
    .join('\n');
}
