// A holder that gives back something else than a frontend stored: that VM's device is lost, in words, and begins afresh; nobody else notices.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createEventfd } from '../../../services/lib/os/eventfd.ts';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../services/lib/os/memory.ts';
import type { FdStore } from '../../../services/lib/runtime/fd-store.ts';
import { until } from '../../support/until.ts';
import { Vmm } from '../../vmm/vmm.ts';
import { Host, type KeptFrontend } from './host.ts';
import { Workload } from './workload.ts';

const MIB = 1024 * 1024;
const TIMEOUT = 120_000;

type Case = readonly [vm: string, spoil: (store: FdStore, vm: string) => void, words: RegExp];

const LOST: readonly Case[] = [
  [
    'no-journal',
    (store, vm) => store.remove(`${vm}/gpu.journal`),
    /but not the device's journal \("gpu.journal"\)/,
  ],
  [
    'no-window',
    (store, vm) => store.remove(`${vm}/gpu.window.1`),
    /the window's memory \("gpu.window.1"\) did not come back/,
  ],
  [
    'no-state',
    (store, vm) => store.remove(`${vm}/vu.state`),
    /the state of the device \("vu.state"\) did not come back from the store, but \d+ descriptors/,
  ],
  [
    'other-window',
    (store, vm) => replace(store, `${vm}/gpu.window.1`, createMemfd('other', 64 * MIB)),
    /what came back as the window's memory \("gpu.window.1", 67108864 bytes\) is something else/,
  ],
  [
    'small-window',
    (store, vm) => replace(store, `${vm}/gpu.window.1`, createMemfd('small', MIB)),
    /what came back as the window's memory \("gpu.window.1", 1048576 bytes\) is something else/,
  ],
  ['no-memfd', (store, vm) => replace(store, `${vm}/gpu.journal`, createEventfd()), /no sealed memfd/],
];
const WELL = 'well';
const MORE = 'more';

let host: Host;
let well: { readonly frontend: KeptFrontend; readonly workload: Workload };
let vmms: Vmm[] = [];
beforeAll(async () => {
  const vms = [WELL, MORE, ...LOST.map(([vm]) => vm)];
  host = new Host(Object.fromEntries(vms.map((vm) => [vm, 'window' as const])));
  await host.startBroker();
  const frontend = await host.startFrontend(WELL);
  const vmm = await Vmm.boot({ socketPath: frontend.socketPath, memory: 64 * MIB });
  well = { frontend, workload: new Workload(vmm) };
  await well.workload.begin();
}, TIMEOUT);
afterEach(() => {
  for (const vmm of vmms.splice(0)) vmm.close();
  vmms = [];
});
afterAll(() => host.close(), TIMEOUT);

async function boot(frontend: KeptFrontend): Promise<Vmm> {
  const vmm = await Vmm.boot({ socketPath: frontend.socketPath, memory: 64 * MIB, answerTimeout: 20_000 });
  vmms.push(vmm);
  return vmm;
}

/** A guest at work, and then a death between which somebody has changed what the keeper holds. */
async function dieWith(
  vm: string,
  spoil: (store: FdStore, vm: string) => void,
): Promise<{ frontend: KeptFrontend; vmm: Vmm; workload: Workload }> {
  const frontend = await host.startFrontend(vm, [], ['--notify-access', 'all']);
  const vmm = await boot(frontend);
  const workload = new Workload(vmm);
  await workload.begin();
  const store = frontend.openStore();
  spoil(store, vm);
  store.close();
  frontend.signal('SIGKILL');
  return { frontend, vmm, workload };
}

function replace(store: FdStore, name: string, fd: Fd): void {
  store.remove(name);
  store.put(name, fd.number);
  fd.close();
}

describe('a holder that gives back', () => {
  it.each(LOST)(
    '%s costs that VM its device, says so, and serves the next VMM',
    async (vm, spoil, words) => {
      const { frontend, vmm } = await dieWith(vm, spoil);
      await vmm.frontEnd.ended;
      await until('the next life listens', () => frontend.log.split('waiting for the VMM').length > 2);
      await new Workload(await boot(frontend)).run();

      expect(frontend.log).toMatch(words);
      expect(frontend.log).toContain('the VM has to be restarted');
      expect(frontend.successions).toBe(2);
      await host.booksAre(vm, { allocations: 0 });
      await well.workload.cycle(1);
      expect(well.frontend.successions).toBe(0);
    },
    TIMEOUT,
  );

  it(
    'more than there was costs nothing but a line of the log',
    async () => {
      const { frontend, workload } = await dieWith(MORE, (store) => {
        const stranger = createEventfd();
        store.put('stranger', stranger.number);
        stranger.close();
      });
      await workload.cycle(1);
      await workload.end();

      expect(frontend.log).toMatch(/"name":"stranger".*a descriptor came back that nobody knows/);
      expect(frontend.successions).toBe(1);
    },
    TIMEOUT,
  );
});
