// What happens when a keeper itself dies: the VM whose descriptors it held loses its device, and nobody else notices; the broker keeps the
// VM's memory for the grace, says so, and takes it back then, or at once on an operator's word.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { fillPattern, findMismatch } from '../guest/pattern.ts';
import { expectAtLeast, expectAtMost, expectEqual, expectThat } from '../guest/scenario/check.ts';
import { Host, VM, type VmName } from '../guest/scenario/host.ts';
import type { Service } from '../guest/scenario/service.ts';
import { childrenOf, isAlive } from '../support/processes.ts';
import { untilPasses } from '../support/until.ts';
import type { Blob } from '../vmm/driver.ts';
import { Vmm } from '../vmm/vmm.ts';

export type KeeperCheck = {
  readonly name: string;
  readonly what: string;
  /** `directory` is empty and the caller's. */
  readonly run: (directory: string) => Promise<string>;
};

type Loss = {
  readonly host: Host;
  readonly lost: Machine;
  readonly well: Machine;
  /** performance.now() of the keeper's death. */
  readonly since: number;
};

const CLI = fileURLToPath(new URL('../../services/cli/main.js', import.meta.url));
const MIB = 1024 * 1024;
const PAGE = 4096;
const BLOBS = 8;
const SEED = 77n;
const SHORT_GRACE = 3000;
/** The configuration's answer_timeout is 5 s; a timer, a process that starts and a busy machine take some more. Milliseconds. */
const ANSWER_BOUND = 6500;
/** barkeep.v1.VmState */
const STATE = { DETACHED: 1, ATTACHED: 2, ORPHANED: 3 } as const;

type MappedBlob = Blob & { readonly offset: number };

/** A VM with a guest that has blobs mapped. */
type Machine = {
  readonly vm: VmName;
  readonly service: Service;
  readonly vmm: Vmm;
  readonly blobs: MappedBlob[];
};

export const KEEPERS: readonly KeeperCheck[] = [
  {
    name: 'frontend-keeper',
    what: "a frontend's keeper dies: one VM loses its device, and is reclaimed after the grace",
    run: (directory) => withTwoMachines(directory, `${SHORT_GRACE}ms`, waitForGrace),
  },
  {
    name: 'evict',
    what: "a frontend's keeper dies: barkeep vm evict reclaims its VM at once",
    run: (directory) => withTwoMachines(directory, '1h', evict),
  },
  {
    name: 'broker-keeper',
    what: "the broker's keeper dies: frontends hand their windows to the next broker, and go on",
    run: loseBroker,
  },
];

async function withTwoMachines(
  directory: string,
  orphanGrace: string,
  check: (loss: Loss) => Promise<string>,
): Promise<string> {
  const host = await Host.start(directory, { orphanGrace, kept: true });
  const machines: Machine[] = [];
  try {
    for (const vm of [VM.WINDOW, VM.PER_BLOB]) machines.push(await startMachine(host, vm));
    const [lost, well] = machines as [Machine, Machine];
    const since = performance.now();
    await killKeeper(lost.service, () => lost.vmm.frontEnd.ended);

    const said = await check({ host, lost, well, since });

    await expectStillWell(host, well);
    lost.vmm.close();
    const again = await startMachine(host, lost.vm);
    machines.push(again);
    await expectStillWell(host, again);
    return said;
  } finally {
    for (const { vmm } of machines) vmm.close();
    await host.stop();
  }
}

/** The keeper dies without a word; its service ends by itself. */
async function killKeeper(keeper: Service, noticed: () => Promise<unknown>): Promise<void> {
  const child = childrenOf(keeper.pid)[0] ?? 0;
  process.kill(keeper.pid, 'SIGKILL');
  await noticed();
  await untilPasses('the child has ended', async () =>
    expectThat(!isAlive(child), `${keeper.name} outlives its keeper`),
  );
}

async function waitForGrace({ host, lost, since }: Loss): Promise<string> {
  await expectOrphaned(host, lost);
  await untilPasses('the VM is gone', async () => expectGone(host, lost.vm), {
    within: SHORT_GRACE + 5000,
  });
  const held = performance.now() - since;
  expectAtLeast('milliseconds for which the VM was held', held, SHORT_GRACE);
  return `held for ${(held / 1000).toFixed(1)} s with ${BLOBS} blobs, then gone; the other VM worked on, a new frontend too`;
}

async function evict({ host, lost }: Loss): Promise<string> {
  await expectOrphaned(host, lost);
  expectThat(
    new RegExp(`^${lost.vm} +orphaned `, 'm').test(barkeep(host, 'vm', 'list')),
    'barkeep vm list does not show the orphan',
  );
  const start = Date.now();
  barkeep(host, 'vm', 'evict', lost.vm);
  await expectGone(host, lost.vm);
  return `gone ${Date.now() - start} ms after the command was started`;
}

/** What it prints. Throws CheckFailure when it fails. */
function barkeep(host: Host, ...args: readonly string[]): string {
  const options = { encoding: 'utf8' } as const;
  const all = [CLI, ...args, '--config', host.configPath];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, options);
  expectEqual(`exit code of barkeep ${args.join(' ')} (${stderr.trim()})`, status, 0);
  return stdout;
}

/**
 * The guests' windows were memfds that the keeper held; each is with its frontend, too, which hands it over. What lies in the file of a heap was never in its
 * hands.
 */
async function loseBroker(directory: string): Promise<string> {
  const host = await Host.start(directory, { orphanGrace: '1h', kept: true });
  const machines: Machine[] = [];
  try {
    for (const vm of [VM.WINDOW, VM.PER_BLOB, VM.OWN, VM.NEIGHBOUR])
      machines.push(await startMachine(host, vm));
    const [window, perBlob, own, asking] = machines as [Machine, Machine, Machine, Machine];
    const working = [window, perBlob, own].map(keepWorking);
    await killKeeper(host.broker, async () => undefined);
    expectThat(host.broker.log().includes('what it held is lost'), 'the broker does not say what happened');

    // Whose blobs fit no window has nobody to ask for their memory. Nothing that is mapped goes away.
    const waited = await refusedAfter(asking);
    expectAtMost('milliseconds that a guest waited for its error', waited, ANSWER_BOUND);
    for (const machine of machines) expectBytes(machine);

    await host.startBrokerAgain();
    await untilPasses('the broker has the windows again', () =>
      expectEqual(
        'windows that were handed to it, by its log',
        host.broker.log().split('a frontend handed the window of its VM over').length - 1,
        machines.length,
      ),
    );
    const done = await Promise.all(working.map((work) => work.stop()));
    for (const machine of machines) await expectStillWell(host, machine);
    await untilPasses('the broker counts who goes on', async () => {
      const page = await host.scrape();
      expectEqual('VMs that are lost', page.sum('barkeep_recovered_vms', { result: 'lost' }), 0);
      expectEqual(
        'VMs that go on',
        page.sum('barkeep_recovered_vms', { result: 'adopted' }),
        machines.length,
      );
    });
    const cycles = done.reduce((sum, one) => sum + one.cycles, 0);
    const longest = Math.max(...done.map((one) => one.longest));
    return (
      `three guests noticed nothing in ${cycles} cycles (the longest ${longest.toFixed(0)} ms), and one had an error after ${waited.toFixed(0)} ms; ` +
      `${machines.length} windows were handed to the next broker, with ${BLOBS} blobs each`
    );
  } finally {
    for (const { vmm } of machines) vmm.close();
    await host.stop();
  }
}

/** A guest that makes and ends blobs until it is stopped; any error of its rejects then. */
function keepWorking({ vmm: { driver } }: Machine): {
  stop(): Promise<{ readonly cycles: number; readonly longest: number }>;
} {
  let isOver = false;
  let cycles = 0;
  let longest = 0;
  const work = (async () => {
    while (!isOver) {
      const before = performance.now();
      await driver.unmapAndUnref(await driver.createAndMap({ size: PAGE }));
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

/** Milliseconds until a command was answered with an error; a broker that has just come back may take one more. */
async function refusedAfter({ vm, vmm: { driver } }: Machine): Promise<number> {
  const start = performance.now();
  const resource = driver.newResource();
  const answer = await driver.sendCommand(driver.createCommand(resource, { size: PAGE }));
  if (answer.name !== 'ERR_UNSPEC') await driver.sendCommand(driver.unrefCommand(resource));
  expectEqual(`${vm}: answer without a broker`, answer.name, 'ERR_UNSPEC');
  return performance.now() - start;
}

async function startMachine(host: Host, vm: VmName): Promise<Machine> {
  const { service, socketPath } = await host.startFrontend(vm);
  const vmm = await untilPasses('a VMM boots', () =>
    Vmm.boot({ socketPath, memory: 64 * MIB, queueSize: 64 }),
  );
  return { vm, service, vmm, blobs: await mapBlobs(vmm) };
}

/** With a pattern in each. */
async function mapBlobs(vmm: Vmm): Promise<MappedBlob[]> {
  const blobs: MappedBlob[] = [];
  for (let index = 0; index < BLOBS; index++) {
    const blob = await vmm.driver.createAndMap({ size: PAGE });
    fillPattern(vmm.window.bytes(blob.offset, PAGE), SEED + BigInt(index));
    blobs.push(blob);
  }
  return blobs;
}

function expectBytes({ vm, vmm, blobs }: Machine): void {
  blobs.forEach(({ offset }, index) => {
    const wrong = findMismatch(vmm.window.bytes(offset, PAGE), SEED + BigInt(index));
    expectEqual(`${vm}: first wrong byte of blob ${index}`, wrong, null);
  });
}

async function expectStillWell(host: Host, machine: Machine): Promise<void> {
  const { vm, vmm } = machine;
  expectBytes(machine);
  const blob = await vmm.driver.createAndMap({ size: PAGE });
  await vmm.driver.unmapAndUnref(blob);
  await untilPasses('the VM is attached with its blobs', async () => {
    const shown = await host.admin.getVm(vm);
    expectEqual(`${vm}: state`, shown.state, STATE.ATTACHED);
    expectEqual(`${vm}: mappings`, countFromWire(shown.mappings), BLOBS);
  });
}

/** Seen by the broker and in the metrics, with all that it had. */
async function expectOrphaned(host: Host, { vm }: Machine): Promise<void> {
  await untilPasses(
    'the VM is orphaned with its blobs',
    async () => {
      const [shown, page] = [await host.admin.getVm(vm), await host.scrape()];
      expectEqual(`${vm}: state`, shown.state, STATE.ORPHANED);
      expectThat((shown.graceLeft ?? 0) > 0, `${vm}: no grace is left`);
      expectEqual(`${vm}: allocations`, countFromWire(shown.allocations), BLOBS);
      expectEqual('barkeep_vm_state', page.sum('barkeep_vm_state', { vm, state: 'orphaned' }), 1);
    },
    { within: SHORT_GRACE - 500 },
  );
}

async function expectGone(host: Host, vm: VmName): Promise<void> {
  const shown = await host.admin.getVm(vm);
  expectEqual(`${vm}: state`, shown.state, STATE.DETACHED);
  expectEqual(`${vm}: allocations`, countFromWire(shown.allocations), 0);
  expectEqual(`${vm}: allocated bytes`, countFromWire(shown.allocatedBytes), 0);
}
