// A broker that is away, in window placement: the guest's commands are answered by its frontend, for as long as that has room; when the broker is
// back its books are the guest's. What the broker decides (an eviction, a loss) reaches the guest all the same.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { KEPT_VM, KeptHost, type KeptService } from '../../chaos/kept-host.ts';
import { whileStopped } from '../../support/stand-still.ts';
import { pace, until } from '../../support/until.ts';
import { Vmm } from '../../vmm/vmm.ts';
import { Workload } from './workload.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;
const TIMEOUT = 120_000;
const ANSWER_TIMEOUT = 500;
const VM = KEPT_VM.window;

let directory: string;
let host: KeptHost;
let frontend: KeptService;
let vmm: Vmm;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-away-'));
  host = await KeptHost.start(directory, { answerTimeout: `${ANSWER_TIMEOUT}ms` });
  const started = await host.startFrontend('window');
  frontend = started.service;
  vmm = await Vmm.boot({ socketPath: started.socket, memory: 64 * MIB, answerTimeout: 20_000 });
}, TIMEOUT);
afterEach(async () => {
  vmm?.close();
  await host?.stop();
  rmSync(directory, { recursive: true, force: true });
}, TIMEOUT);

async function booksAre(allocations: number, mappings = allocations): Promise<void> {
  let found: readonly number[] = [];
  await until(
    `the broker's books say ${allocations} blobs, ${mappings} of them mapped`,
    async () => {
      const vm = await host.admin.getVm(VM);
      found = [countFromWire(vm.allocations), countFromWire(vm.mappings)];
      return found[0] === allocations && found[1] === mappings;
    },
    { found: () => found },
  );
}

/** Work without an end, and what it came to. */
function keepWorking(workload: Workload): { stop(): Promise<{ cycles: number; longest: number }> } {
  let isOver = false;
  let cycles = 0;
  let longest = 0;
  const work = (async () => {
    while (!isOver) {
      const before = performance.now();
      await workload.cycle(1);
      cycles += 1;
      longest = Math.max(longest, performance.now() - before);
    }
  })();
  work.catch(() => {});
  return {
    stop: async () => {
      isOver = true;
      await work;
      return { cycles, longest };
    },
  };
}

const create = async (resource: number, size = PAGE) =>
  (await vmm.driver.sendCommand(vmm.driver.createCommand(resource, { size }))).name;

describe('a broker that is away', () => {
  it(
    'is not missed while it stands still for longer than answer_timeout',
    async () => {
      const workload = new Workload(vmm);
      await workload.begin();
      await booksAre(2);
      let done = { cycles: 0, longest: 0 };
      await whileStopped(host.broker.pid, async () => {
        const work = keepWorking(workload);
        await pace(3 * ANSWER_TIMEOUT);
        done = await work.stop();
      });

      expect(done.cycles).toBeGreaterThan(1);
      await booksAre(2);
      await workload.end();
      await booksAre(0);
    },
    TIMEOUT,
  );

  it(
    'is not missed while it is killed again and again, and has the books of the guest when it is back',
    async () => {
      const workload = new Workload(vmm);
      await workload.begin();
      const work = keepWorking(workload);
      for (let kill = 0; kill < 3; kill += 1) {
        await pace(ANSWER_TIMEOUT);
        host.broker.kill();
      }
      await pace(ANSWER_TIMEOUT);
      await work.stop();
      await host.broker.settled();

      await booksAre(2);
      await workload.end();
      await booksAre(0);
      expect(frontend.log).not.toMatch(/"level":"error"/);
    },
    TIMEOUT,
  );

  it(
    'is not missed by a successor of the frontend either',
    async () => {
      const workload = new Workload(vmm);
      await workload.begin();
      await booksAre(2);
      await whileStopped(host.broker.pid, async () => {
        frontend.kill();
        await workload.cycle(2);
      });

      await booksAre(2);
      await workload.end();
      await booksAre(0);
    },
    TIMEOUT,
  );

  it(
    'is missed when the grant is used up: ERR_UNSPEC after answer_timeout, once an outage; what fits is served meanwhile',
    async () => {
      await vmm.driver.createAndMap({ size: PAGE });
      await booksAre(1);
      await whileStopped(host.broker.pid, async () => {
        const before = performance.now();
        const answers = await Promise.all([50, 51, 52, 53].map((resource) => create(resource, 1024 * MIB)));
        const waited = performance.now() - before;

        // Of a heap of 2 GiB, half of what is left is not granted ahead.
        expect(answers).toEqual(['ERR_UNSPEC', 'ERR_UNSPEC', 'ERR_UNSPEC', 'ERR_UNSPEC']);
        expect(waited).toBeGreaterThan(ANSWER_TIMEOUT * 0.9);
        expect(waited).toBeLessThan(ANSWER_TIMEOUT * 3);
        expect(await create(60)).toBe('OK_NODATA');
      });

      expect(await create(50, 1024 * MIB)).toBe('OK_NODATA');
      await booksAre(3, 1);
    },
    TIMEOUT,
  );
});

describe('what an operator does', () => {
  it(
    'reaches the guest: an eviction costs it its blobs, and a driver that starts afresh is served',
    async () => {
      await new Workload(vmm).begin();
      await booksAre(2);

      await host.admin.evictVm(VM, true);
      await until('the frontend knows', () => frontend.log.includes('has forgotten this session'));
      expect(await create(77)).toBe('ERR_UNSPEC');
      await vmm.rebind();
      // At once: the command is held until the new session is there.
      expect(await create(78)).toBe('OK_NODATA');
      await booksAre(1, 0);
      await vmm.driver.sendCommand(vmm.driver.unrefCommand(78));

      await new Workload(vmm).run();
      await booksAre(0);
      expect((await host.admin.getVm(VM)).state).toBe(barkeep.v1.VmState.VM_STATE_ATTACHED);
    },
    TIMEOUT,
  );
});
