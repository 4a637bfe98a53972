// Several VMs in one process: what ends it ends all of their devices for a moment, and each of them goes on by itself.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seeded } from '../../support/random.ts';
import { pace, until } from '../../support/until.ts';
import { Vmm } from '../../vmm/vmm.ts';
import { Host, type Placement } from './host.ts';
import { Workload } from './workload.ts';

const MIB = 1024 * 1024;
const TIMEOUT = 120_000;
const KILLS = Number(process.env['RECOVERY_KILLS'] ?? 12);
const VMS: Readonly<Record<string, Placement>> = { 'a.b': 'window', a: 'window', each: 'per-blob' };
const NAMES = Object.keys(VMS);

let host: Host;
let vmms: Vmm[] = [];
beforeAll(async () => {
  host = new Host(VMS);
  await host.startBroker();
}, TIMEOUT);
afterAll(async () => {
  for (const vmm of vmms) vmm.close();
  vmms = [];
  await host.close();
}, TIMEOUT);

it(
  'three VMs at work survive the deaths of their process, one of them in the middle of each one’s commands',
  async () => {
    const random = seeded();
    const frontend = await host.startTogether(NAMES);
    const lives = await Promise.all(
      NAMES.map(async (vm, index) => {
        const vmm = await Vmm.boot({
          socketPath: frontend.socketPaths[index] as string,
          memory: 64 * MIB,
          answerTimeout: 20_000,
          flawless: VMS[vm] === 'per-blob',
        });
        vmms.push(vmm);
        return { vm, vmm, workload: new Workload(vmm), cycles: 0 };
      }),
    );
    const pids = await Promise.all(NAMES.map(async (vm) => (await host.admin.getVm(vm)).frontendPid));
    expect(pids).toEqual(NAMES.map(() => frontend.pid));
    await Promise.all(lives.map(({ workload }) => workload.begin()));
    let isOver = false;
    const work = lives.map(async (life) => {
      for (; !isOver; life.cycles += 1) await life.workload.cycle(1);
    });
    const done = Promise.all(work);
    done.catch(() => {});
    for (let kill = 0; kill < KILLS; kill += 1) {
      await pace(random.between(50, 400));
      frontend.signal('SIGKILL');
    }
    const before = lives.map(({ cycles }) => cycles);
    await until(
      'each goes on after the last death',
      () => lives.every(({ cycles }, index) => cycles > (before[index] as number) + 1),
      { found: () => lives.map(({ cycles }) => cycles) },
    );
    isOver = true;
    await done.catch((error: unknown) => {
      throw new Error(`${String(error)}\n${frontend.log}`, { cause: error });
    });
    for (const { workload } of lives) await workload.end();

    process.stdout.write(`${KILLS} ends, cycles: ${lives.map(({ cycles }) => cycles).join(', ')}\n`);
    for (const vm of NAMES) await host.booksAre(vm, { allocations: 0, mappings: 0, generation: 1 });
    expect(frontend.log).not.toContain('"level":"error"');
    expect(frontend.log).not.toContain('nobody knows');
    expect(frontend.successions).toBeGreaterThanOrEqual(KILLS / 2);
  },
  TIMEOUT,
);
