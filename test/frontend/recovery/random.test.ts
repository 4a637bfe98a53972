// Frontends that are killed at random, replaced, or killed while the broker is away: the guest's work goes on, byte for byte.
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
import { seeded } from '../../support/random.ts';
import { pace, until } from '../../support/until.ts';
import { Vmm } from '../../vmm/vmm.ts';
import { Host, type KeptFrontend, type Placement } from './host.ts';
import { Workload } from './workload.ts';

const MIB = 1024 * 1024;
const TIMEOUT = 120_000;
const KILLS = Number(process.env['RECOVERY_KILLS'] ?? 12);
const { VM_STATE_ATTACHED: ATTACHED, VM_STATE_ORPHANED: ORPHANED } = barkeep.v1.VmState;
const PLACEMENTS: readonly Placement[] = ['window', 'per-blob', 'own'];

let host: Host;
let vmms: Vmm[] = [];
beforeAll(async () => {
  const names = ['kill', 'term', 'away', 'fds', 'mixed', 'stale', 'keeper', 'keeper-too', 'quit'];
  host = new Host(
    Object.fromEntries(
      PLACEMENTS.flatMap((placement) => names.map((name) => [`${name}-${placement}`, placement])),
    ),
  );
  await host.startBroker();
}, TIMEOUT);
afterEach(() => {
  for (const vmm of vmms.splice(0)) vmm.close();
  vmms = [];
});
afterAll(() => host.close(), TIMEOUT);

async function boot(frontend: KeptFrontend, placement: Placement): Promise<Vmm> {
  const vmm = await Vmm.boot({
    socketPath: frontend.socketPath,
    memory: 64 * MIB,
    answerTimeout: 20_000,
    flawless: placement !== 'window',
  });
  vmms.push(vmm);
  return vmm;
}

/** Cycles until `isOver`; the longest command, milliseconds. */
async function work(workload: Workload, isOver: () => boolean): Promise<{ cycles: number; longest: number }> {
  let cycles = 0;
  let longest = 0;
  while (!isOver()) {
    const before = performance.now();
    await workload.cycle(1);
    cycles += 1;
    longest = Math.max(longest, performance.now() - before);
  }
  return { cycles, longest };
}

async function books(vm: string): Promise<readonly number[]> {
  const { allocations, mappings } = await host.admin.getVm(vm);
  return [Number(allocations), Number(mappings)];
}

describe.each(PLACEMENTS)('in %s placement', (placement) => {
  it.each([
    ['kill', ['SIGKILL']],
    ['term', ['SIGTERM']],
    ['mixed', ['SIGKILL', 'SIGTERM']],
  ] as const)(
    'a frontend survives %s at any moment (%j)',
    async (name, signals) => {
      const random = seeded();
      const vm = `${name}-${placement}`;
      const frontend = await host.startFrontend(vm);
      const workload = new Workload(await boot(frontend, placement));
      await workload.begin();
      let isOver = false;
      const done = work(workload, () => isOver);
      for (let kill = 0; kill < KILLS; kill += 1) {
        await pace(random.between(50, 400));
        frontend.signal(signals[kill % signals.length] as NodeJS.Signals);
      }
      await pace(300);
      isOver = true;
      const { cycles, longest } = await done.catch((error) => {
        throw new Error(`${String(error)}\n${frontend.log}`, { cause: error });
      });
      await workload.end();

      process.stdout.write(`${vm}: ${KILLS} ends, ${cycles} cycles, longest ${Math.round(longest)} ms\n`);
      await host.booksAre(vm, { allocations: 0, mappings: 0 });
      expect(frontend.log).not.toContain('"level":"error"');
      // A signal to one that is still stopping is no second end.
      expect(frontend.successions).toBeGreaterThanOrEqual(KILLS / 2);
    },
    TIMEOUT,
  );

  it(
    'a frontend that is killed while the broker is away holds the guest’s commands until it is back',
    async () => {
      const vm = `away-${placement}`;
      const frontend = await host.startFrontend(vm);
      const workload = new Workload(await boot(frontend, placement));
      await workload.begin();
      let work: Promise<void> = Promise.resolve();
      await host.withoutBroker(async () => {
        work = workload.cycle(2);
        work.catch(() => {});
        await pace(100);
        const { pid } = frontend;
        frontend.signal('SIGKILL');
        await until('a successor runs', () => frontend.pid !== null && frontend.pid !== pid);
        await pace(700);
        frontend.signal('SIGKILL');
        await pace(700);
      });
      await work;
      await workload.end();

      await host.booksAre(vm, { allocations: 0, mappings: 0 });
    },
    TIMEOUT,
  );

  it(
    'descriptors do not grow with deaths, in the frontend or in its keeper',
    async () => {
      const vm = `fds-${placement}`;
      const frontend = await host.startFrontend(vm);
      const workload = new Workload(await boot(frontend, placement));
      await workload.begin();
      const counts: number[][] = [];
      for (let kill = 0; kill < 5; kill += 1) {
        const { pid } = frontend;
        frontend.signal('SIGKILL');
        await until('a successor runs', () => frontend.pid !== null && frontend.pid !== pid);
        await workload.cycle(1);
        await pace(200);
        counts.push([frontend.openFds, frontend.heldFds]);
      }
      await workload.end();

      expect(counts.at(-1)?.[1]).toBeLessThanOrEqual(counts[0]?.[1] ?? 0);
      expect(counts.at(-1)?.[0]).toBeLessThanOrEqual((counts[0]?.[0] ?? 0) + 1);
    },
    TIMEOUT,
  );

  it.each([
    ['keeper', false],
    ['keeper-too', true],
  ])(
    'what a frontend had whose %s died is kept, and a frontend that is started by hand begins afresh',
    async (name, isFrontendToo) => {
      const vm = `${name}-${placement}`;
      const frontend = await host.startFrontend(vm);
      const vmm = await boot(frontend, placement);
      await new Workload(vmm).begin();
      await host.booksAre(vm, { allocations: 2, mappings: 2 });

      await frontend.loseKeeper(isFrontendToo);

      await vmm.frontEnd.ended;
      await until('the VM is orphaned', async () => (await host.admin.getVm(vm)).state === ORPHANED);
      expect(await books(vm)).toEqual([2, 2]);
      // An orderly end takes its socket along; a file that nobody listens at is in nobody's way.
      await until(
        isFrontendToo ? 'the socket is left' : 'the socket is gone',
        () => existsSync(frontend.socketPath) === isFrontendToo,
      );

      const again = await host.startFrontend(vm);
      await until('it is attached', async () => (await host.admin.getVm(vm)).state === ATTACHED);
      await host.booksAre(vm, { allocations: 0, mappings: 0 });
      expect(host.brokerLog).toMatch(
        new RegExp(`"vm":"${vm}","why":"its frontend started anew",.*"allocations":2.*"msg":"reclaimed"`),
      );
      await new Workload(await boot(again, placement)).run();
    },
    TIMEOUT,
  );

  it(
    'a frontend that ends for good gives its VM up at once',
    async () => {
      const vm = `quit-${placement}`;
      const frontend = await host.startFrontend(vm);
      const vmm = await boot(frontend, placement);
      await new Workload(vmm).begin();
      await host.booksAre(vm, { allocations: 2, mappings: 2 });

      frontend.signal('SIGQUIT');

      await vmm.frontEnd.ended;
      await until('the books are empty', async () => (await books(vm))[0] === 0);
      await until('the broker says so', () =>
        new RegExp(`"vm":"${vm}","why":"detached",`).test(host.brokerLog),
      );
      expect(host.brokerLog).not.toMatch(new RegExp(`"vm":"${vm}".*frontend vanished`));
    },
    TIMEOUT,
  );

  it(
    'a VMM that disconnects from a successor leaves nothing, and the next one is served',
    async () => {
      const vm = `stale-${placement}`;
      const frontend = await host.startFrontend(vm);
      const first = await boot(frontend, placement);
      await new Workload(first).begin();
      await host.booksAre(vm, { allocations: 2, mappings: 2 });
      frontend.signal('SIGKILL');
      first.close();
      await until('the books are empty', async () => (await books(vm))[0] === 0);
      const workload = new Workload(await boot(frontend, placement));
      await workload.run();

      await host.booksAre(vm, { allocations: 0, mappings: 0 });
    },
    TIMEOUT,
  );
});
