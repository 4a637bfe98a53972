// Frontends that are killed at every step of every change of their state, under a guest that notices nothing.
//
// RECOVERY=all passes every point of lib/vhost-user as well, more than once and in both placements (10 minutes on 2 idle cores);
// RECOVERY=gpu.batch those whose names begin so.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { Host } from './host.ts';
import { bootSoon, runsOf } from './runs.ts';
import { Workload } from './workload.ts';

const TIMEOUT = 120_000;

const runs = runsOf(process.env['RECOVERY']);

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
        await host.booksAre(vm, { allocations: 0, mappings: 0, generation: 2 + otherResets(point) });
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

/** The first VMM's end is a reset. */
function otherResets(point: string): number {
  return point.startsWith('end.') ? 1 : 0;
}
