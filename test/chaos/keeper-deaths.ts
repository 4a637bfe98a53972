// What happens when a keeper itself dies: the VM whose descriptors it held loses its device, and nobody else notices; the broker keeps the
// VM's memory for the grace, says so, and takes it back then, or at once on an operator's word.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { fillPattern, findMismatch } from '../guest/pattern.ts';
import { eventually, expectEqual, expectThat } from '../guest/scenario/check.ts';
import { Host, VM, type VmName } from '../guest/scenario/host.ts';
import type { Service } from '../guest/scenario/service.ts';
import { Vmm } from '../vmm/vmm.ts';
import { childrenOf, isAlive } from './process-tree.ts';

export type KeeperCheck = {
  readonly name: string;
  readonly what: string;
  /** `directory` is empty and the caller's. */
  readonly run: (directory: string) => Promise<string>;
};

const CLI = fileURLToPath(new URL('../../services/cli/main.js', import.meta.url));
const MIB = 1024 * 1024;
const PAGE = 4096;
const BLOBS = 8;
const SEED = 77n;
const SHORT_GRACE = 3000;
/** barkeep.v1.VmState */
const STATE = { DETACHED: 1, ATTACHED: 2, ORPHANED: 3 } as const;

/** A VM with a guest that has blobs mapped. */
type Machine = {
  readonly vm: VmName;
  readonly service: Service;
  readonly vmm: Vmm;
  readonly offsets: number[];
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
];

async function withTwoMachines(
  directory: string,
  orphanGrace: string,
  check: (host: Host, lost: Machine, well: Machine) => Promise<string>,
): Promise<string> {
  const host = await Host.start(directory, { orphanGrace, kept: true });
  const machines: Machine[] = [];
  try {
    for (const vm of [VM.WINDOW, VM.PER_BLOB]) machines.push(await startMachine(host, vm));
    const [lost, well] = machines as [Machine, Machine];
    const child = childrenOf(lost.service.pid)[0] ?? 0;
    process.kill(lost.service.pid, 'SIGKILL');
    await lost.vmm.frontEnd.ended;
    await eventually(async () => expectThat(!isAlive(child), 'the frontend outlives its keeper'));

    const said = await check(host, lost, well);

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

async function waitForGrace(host: Host, lost: Machine): Promise<string> {
  const start = Date.now();
  await expectOrphaned(host, lost);
  await eventually(async () => expectGone(host, lost.vm), SHORT_GRACE + 5000);
  return `held for ${((Date.now() - start) / 1000).toFixed(1)} s with ${BLOBS} blobs, then gone; the other VM worked on, a new frontend too`;
}

async function evict(host: Host, lost: Machine): Promise<string> {
  await expectOrphaned(host, lost);
  const start = Date.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [CLI, 'vm', 'evict', lost.vm, '--config', host.configPath],
    { encoding: 'utf8' },
  );
  expectEqual(`exit code of barkeep vm evict (${stderr.trim()})`, status, 0);
  await expectGone(host, lost.vm);
  return `gone ${Date.now() - start} ms after the command was started`;
}

async function startMachine(host: Host, vm: VmName): Promise<Machine> {
  const { service, socketPath } = await host.startFrontend(vm);
  const vmm = await eventually(() => Vmm.boot({ socketPath, memory: 64 * MIB, queueSize: 64 }));
  const offsets: number[] = [];
  for (let index = 0; index < BLOBS; index++) {
    const { offset } = await vmm.driver.createAndMap({ size: PAGE });
    fillPattern(vmm.window.bytes(offset, PAGE), SEED + BigInt(index));
    offsets.push(offset);
  }
  return { vm, service, vmm, offsets };
}

async function expectStillWell(host: Host, { vm, vmm, offsets }: Machine): Promise<void> {
  offsets.forEach((offset, index) => {
    const wrong = findMismatch(vmm.window.bytes(offset, PAGE), SEED + BigInt(index));
    expectEqual(`${vm}: first wrong byte of blob ${index}`, wrong, null);
  });
  const blob = await vmm.driver.createAndMap({ size: PAGE });
  await vmm.driver.unmapAndUnref(blob);
  await eventually(async () => {
    const shown = await host.admin.getVm(vm);
    expectEqual(`${vm}: state`, shown.state, STATE.ATTACHED);
    expectEqual(`${vm}: mappings`, countFromWire(shown.mappings), BLOBS);
  });
}

/** Seen by the broker and in the metrics, with all that it had. */
async function expectOrphaned(host: Host, { vm }: Machine): Promise<void> {
  await eventually(async () => {
    const [shown, page] = [await host.admin.getVm(vm), await host.scrape()];
    expectEqual(`${vm}: state`, shown.state, STATE.ORPHANED);
    expectThat((shown.graceLeft ?? 0) > 0, `${vm}: no grace is left`);
    expectEqual(`${vm}: allocations`, countFromWire(shown.allocations), BLOBS);
    expectEqual('barkeep_vm_state', page.sum('barkeep_vm_state', { vm, state: 'orphaned' }), 1);
  }, SHORT_GRACE - 500);
}

async function expectGone(host: Host, vm: VmName): Promise<void> {
  const shown = await host.admin.getVm(vm);
  expectEqual(`${vm}: state`, shown.state, STATE.DETACHED);
  expectEqual(`${vm}: allocations`, countFromWire(shown.allocations), 0);
  expectEqual(`${vm}: allocated bytes`, countFromWire(shown.allocatedBytes), 0);
}
