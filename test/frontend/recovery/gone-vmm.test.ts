// VMMs that are gone with bytes on their way, and one that dies with its frontend at each step of every change of the frontend's state: under
// `barkeep keep`, with the real broker. The next VMM does all that a guest can do, and the broker's books know of nothing else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { comeAndGo } from '../../vmm/gone-vmms.ts';
import { Host, type KeptFrontend, type Placement } from './host.ts';
import { bootSoon, type Run, runsOf, vmmOptions } from './runs.ts';
import { Workload } from './workload.ts';

const TIMEOUT = 120_000;
/** Every point in one placement, in turn, is enough for every day; RECOVERY as in kills.test.ts. */
const runs =
  process.env['RECOVERY'] === undefined ? inTurn(runsOf(undefined)) : runsOf(process.env['RECOVERY']);
const KILLED_UNDER_LOAD = ['window', 'per-blob', 'own'] as const;

let host: Host;
beforeAll(async () => {
  const vms = [...runs, ...KILLED_UNDER_LOAD.map((placement) => ({ vm: placement, placement }))];
  host = new Host(Object.fromEntries(vms.map(({ vm, placement }) => [vm, placement])));
  await host.startBroker();
}, TIMEOUT);
afterAll(() => host.close(), TIMEOUT);

function inTurn(all: readonly Run[]): readonly Run[] {
  const points = new Map<string, Run[]>();
  for (const run of all) points.set(run.point, [...(points.get(run.point) ?? []), run]);
  return [...points.values()].map((ways, index) => ways[index % ways.length] as Run);
}

/** A VMM from its beginning to its end, or until its frontend has died for the `deaths`th time and takes it along. */
async function serve(
  frontend: KeptFrontend,
  vm: string,
  placement: Placement,
  deaths: number,
): Promise<void> {
  const isOver = frontend.kills === deaths;
  const machine = await bootSoon(frontend, placement);
  const work = new Workload(machine, placement === 'window' ? () => nothingIsHeld(vm) : null).run();
  if (isOver) {
    await work.finally(() => machine.close());
    return;
  }
  work.catch(() => undefined);
  const death = until('the frontend dies', () => frontend.kills === deaths, { within: TIMEOUT, every: 1 });
  // Who dies only when its VMM is gone does so now.
  await Promise.race([work, death]).catch(() => undefined);
  machine.close();
  await death;
}

async function nothingIsHeld(vm: string): Promise<void> {
  await until(`the books of ${vm} are empty`, async () => {
    const { allocations, mappings } = await host.admin.getVm(vm);
    return Number(allocations) === 0 && Number(mappings) === 0;
  });
}

async function expectNothingLeft(frontend: KeptFrontend, vm: string): Promise<void> {
  await nothingIsHeld(vm);
  const errors = frontend.log.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line));
  expect(errors.filter((line) => !line.includes('the peer closed its end in the middle of it'))).toEqual([]);
}

describe('a frontend whose VMMs go away with bytes on their way', () => {
  it.concurrent.each(KILLED_UNDER_LOAD)(
    'serves the next one (%s placement)',
    async (placement) => {
      const frontend = await host.startFrontend(placement);
      try {
        await serve(frontend, placement, placement, 0);
        const { openFds, heldFds } = frontend;
        for (let round = 0; round < 5; round += 1) await comeAndGo(vmmOptions(frontend, placement));
        await serve(frontend, placement, placement, 0);
        await expectNothingLeft(frontend, placement);
        expect(frontend.kills).toBe(0);
        await until(
          'no descriptor is left',
          () => frontend.openFds <= openFds && frontend.heldFds <= heldFds,
          {
            found: () => [frontend.openFds - openFds, frontend.heldFds - heldFds],
          },
        );
      } catch (error) {
        throw new Error(`${String(error)}\n${frontend.log}`, { cause: error });
      } finally {
        await frontend.stop();
      }
    },
    TIMEOUT,
  );
});

describe('a frontend that is killed, and its VMM with it', () => {
  it.concurrent.each(runs)(
    '$placement: at $point',
    async ({ vm, placement, faults }) => {
      const frontend = await host.startFrontend(vm, faults);
      try {
        await serve(frontend, vm, placement, faults.length);
        await comeAndGo(vmmOptions(frontend, placement));
        await serve(frontend, vm, placement, faults.length);
        await expectNothingLeft(frontend, vm);
        expect(frontend.kills).toBe(faults.length);
      } catch (error) {
        throw new Error(`${String(error)}\n${frontend.log}`, { cause: error });
      } finally {
        await frontend.stop();
      }
    },
    TIMEOUT,
  );
});
