// Frontends that are killed at every step of every change of their state, under a guest that notices nothing.
//
// RECOVERY=all passes every point of lib/vhost-user as well, more than once and in both placements (10 minutes on 2 idle cores);
// RECOVERY=gpu.batch those whose names begin so.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULT_POINTS, type FaultPoint } from '../../../services/lib/os/fault-point.ts';
import { until, untilPasses } from '../../support/until.ts';
import { Vmm } from '../../vmm/vmm.ts';
import { type Faults, Host, type KeptFrontend, type Placement } from './host.ts';
import { Workload } from './workload.ts';

const MIB = 1024 * 1024;
const TIMEOUT = 40_000;
const PLACEMENTS = ['window', 'per-blob'] as const;

type Run = {
  readonly placement: Placement;
  readonly point: string;
  readonly faults: Faults;
  readonly vm: string;
};

const runs: Run[] = [];

function add(placement: Placement, point: string, faults: Faults): void {
  runs.push({ placement, point, faults, vm: `vm-${runs.length}` });
}

const asked = process.env['RECOVERY'];
const prefixes = asked === undefined ? ['gpu.', 'vmm.driver-gone'] : asked === 'all' ? [''] : [asked];
for (const placement of PLACEMENTS) {
  for (const point of pointsOf(placement)) {
    if (!prefixes.some((prefix) => point.startsWith(prefix))) continue;
    for (const count of countsOf(point)) {
      if (isOfSuccessor(point))
        add(placement, `${point} of a successor`, [firstDeath(point), `${point}:${count}`]);
      else add(placement, `${point}:${count}`, [`${point}:${count}`]);
    }
    // The successor dies as well, with what it was about to do again.
    if (isRepeated(point)) add(placement, `${point} twice`, ['gpu.segment-recorded:9', `${point}:1`]);
  }
}

let host: Host;
beforeAll(async () => {
  host = new Host(Object.fromEntries(runs.map(({ vm, placement }) => [vm, placement])));
  await host.startBroker();
}, TIMEOUT);
afterAll(() => host.close(), TIMEOUT);

describe('a frontend that is killed', () => {
  it.concurrent.each(runs)(
    '$placement: at $point',
    async ({ vm, placement, point, faults }) => {
      const frontend = await host.startFrontend(vm, faults);
      let vmm = await bootSoon(frontend, placement);
      try {
        if (point.startsWith('end.')) {
          vmm.close();
          vmm = await bootSoon(frontend, placement);
        }
        await new Workload(vmm, placement === 'window' ? () => nothingIsHeld(vm) : null).run();
        expect(frontend.kills, frontend.log).toBe(faults.length);
        const books = await host.admin.getVm(vm);
        expect([Number(books.allocations), Number(books.mappings)]).toEqual([0, 0]);
        expect(Number(books.generation)).toBe(2 + otherResets(point));
        expect(vmm.window.mappings.length).toBe(placement === 'window' ? 1 : 0);
      } catch (error) {
        throw new Error(`${String(error)}\n${frontend.log}`, { cause: error });
      } finally {
        vmm.close();
        await frontend.stop();
      }
    },
    TIMEOUT,
  );
});

/** A driver that is gone gives everything back, although nobody says so. */
async function nothingIsHeld(vm: string): Promise<void> {
  await until(`the books of ${vm} are empty`, async () => {
    const { allocations, mappings } = await host.admin.getVm(vm);
    return Number(allocations) === 0 && Number(mappings) === 0;
  });
}

/**
 * The first VMM's end is a reset. Killed behind it, and before the end of the connection is recorded, the successor serves that connection
 * once more, finds it closed, and resets the empty device again.
 */
function otherResets(point: string): number {
  return point.startsWith('end.closed') ? 2 : point.startsWith('end.') ? 1 : 0;
}

/**
 * Between accept(2) and the store a connection is known to one process alone (recovery.ts): a VMM that is cut off there tries again, as one
 * does that comes while nobody listens yet.
 */
async function bootSoon(frontend: KeptFrontend, placement: Placement): Promise<Vmm> {
  const options = {
    socketPath: frontend.socketPath,
    memory: 64 * MIB,
    answerTimeout: 15_000,
    flawless: placement === 'per-blob',
  };
  return await untilPasses('a VMM boots', () => Vmm.boot(options), { within: 60_000, every: 200 });
}

function isRepeated(point: string): boolean {
  if (process.env['RECOVERY'] === undefined) return false;
  return /^gpu\.(planned|batch-answered|finished|segment|blob|file|memory|window-mapped)/.test(point);
}

/** A successor fences the channel only when answers were due. */
function firstDeath(point: string): string {
  return point === 'channel.fenced' ? 'channel.map-counted:1' : 'queue.published:12';
}

function isOfSuccessor(point: string): boolean {
  return /^(adopt\.|channel\.fenced|recovery\.adopted|recovery\.swept|gpu\.adopted|gpu\.compacted)/.test(
    point,
  );
}

function countsOf(point: string): readonly number[] {
  if (!/^(gpu\.(planned|batch|finished|segment)|queue\.)/.test(point)) return [1];
  return process.env['RECOVERY'] === undefined ? [9] : [1, 9, 40];
}

function pointsOf(placement: Placement): readonly FaultPoint[] {
  return FAULT_POINTS.filter(
    (point) =>
      /^(gpu|queue|channel|adopt|recovery|vmm|accept|listen|end)\./.test(point) && isPassed(point, placement),
  );
}

/** What only the other placement does, and what has its own tests: a broker that goes silent or forgets, descriptors that are left over. */
function isPassed(point: FaultPoint, placement: Placement): boolean {
  if (/^gpu\.(late|session-gone)|^recovery\.swept/.test(point)) return false;
  if (/^gpu\.(memory-fetched|file-recorded|blob-)/.test(point)) return placement === 'per-blob';
  if (/^gpu\.window-|^vmm\.driver-gone/.test(point)) return placement === 'window';
  if (/^gpu\.(session|used|reset|adopted|compacted)/.test(point)) {
    return placement === 'window' || process.env['RECOVERY'] !== undefined;
  }
  // Once each is enough for every day; the placement with more steps has it.
  return placement === 'per-blob' || process.env['RECOVERY'] !== undefined;
}
