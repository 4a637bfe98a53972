// Where frontends are killed: each fault point that one passes, with the lives that it takes to get there.
import { FAULT_POINTS, type FaultPoint } from '../../../services/lib/os/fault-point.ts';
import { untilPasses } from '../../support/until.ts';
import { Vmm, type VmmOptions } from '../../vmm/vmm.ts';
import type { Faults, KeptFrontend, Placement } from './host.ts';

const MIB = 1024 * 1024;
const PLACEMENTS = ['window', 'per-blob', 'own'] as const;

export type Run = {
  readonly placement: Placement;
  readonly point: string;
  readonly faults: Faults;
  readonly vm: string;
};

/** Of all points whose names begin with `asked`; of every one there is for "all". Not said: of those that only a whole frontend passes. */
export function runsOf(asked: string | undefined): readonly Run[] {
  const runs: Run[] = [];
  const add = (placement: Placement, point: string, faults: Faults): void => {
    runs.push({ placement, point, faults, vm: `vm-${runs.length}` });
  };
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
  return runs;
}

export function vmmOptions({ socketPath }: KeptFrontend, placement: Placement): VmmOptions {
  return { socketPath, memory: 64 * MIB, answerTimeout: 15_000, flawless: placement !== 'window' };
}

/**
 * Between accept(2) and the store a connection is known to one process alone (recovery.ts): a VMM that is cut off there tries again, as one
 * does that comes while nobody listens yet.
 */
export async function bootSoon(frontend: KeptFrontend, placement: Placement): Promise<Vmm> {
  const options = vmmOptions(frontend, placement);
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

/** What only another placement does, and what has its own tests: a broker that goes silent or forgets, descriptors that are left over. */
function isPassed(point: FaultPoint, placement: Placement): boolean {
  if (/^gpu\.(late|session-gone)|^recovery\.swept/.test(point)) return false;
  if (/^gpu\.(planned|batch-|memory-fetched)/.test(point)) return false;
  // What fits the window's memory is never asked for.
  if (/^gpu\.(memory-|file-recorded)/.test(point)) return placement === 'own';
  if (/^gpu\.blob-/.test(point)) return placement !== 'window';
  if (/^gpu\.window-mapped|^vmm\.driver-gone/.test(point)) return placement === 'window';
  if (/^gpu\.(window-|stash-|map-restored)/.test(point)) return placement !== 'own';
  // The point of no return of a command, which is another one where the frontend decides.
  if (/^gpu\.(finished|segment-)/.test(point)) return true;
  if (/^gpu\.(session|used|reset|adopted|compacted)/.test(point)) {
    return placement !== 'own' || process.env['RECOVERY'] !== undefined;
  }
  // Once each is enough for every day; the placement with more steps has it.
  return placement === 'per-blob' || process.env['RECOVERY'] !== undefined;
}
