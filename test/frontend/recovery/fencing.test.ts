// A frontend that decides has its VM's memory whatever the broker says: so what the VM had is free when that process has let go of it, or is dead.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { KEPT_VM, KeptHost, type KeptService } from '../../chaos/kept-host.ts';
import { isStopped } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { Vmm } from '../../vmm/vmm.ts';

const MIB = 1024 * 1024;
const TIMEOUT = 120_000;
const VM = KEPT_VM.window;
const { VM_STATE_ATTACHED, VM_STATE_DETACHED, VM_STATE_SUSPENDED } = barkeep.v1.VmState;

let directory: string;
let host: KeptHost;
let frontend: KeptService;
let vmm: Vmm;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-fencing-'));
  host = await KeptHost.start(directory, { answerTimeout: '500ms' });
  const started = await host.startFrontend('window');
  frontend = started.service;
  vmm = await Vmm.boot({ socketPath: started.socket, memory: 64 * MIB, answerTimeout: 20_000 });
  await vmm.driver.createAndMap({ size: MIB });
  await until(
    'the broker knows of the blob',
    async () => Number((await host.admin.getVm(VM)).allocations) === 1,
  );
}, TIMEOUT);
afterEach(async () => {
  vmm?.close();
  await host?.stop();
  rmSync(directory, { recursive: true, force: true });
}, TIMEOUT);

/** Bytes of all heaps that nobody else can have. */
async function charged(): Promise<number> {
  let sum = 0;
  for await (const heaps of host.admin.heapPages())
    for (const { used, idle } of heaps) sum += countFromWire(used) + countFromWire(idle);
  return sum;
}

async function standStill(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until('it stands still', () => isStopped(pid));
}

describe('an evicted frontend', () => {
  it(
    'that lets go is believed: everything is free before the answer, and its guest begins anew',
    async () => {
      expect(await host.admin.evictVm(VM, true)).toEqual({ evicted: true, awaitedPid: 0 });
      expect([await charged(), (await host.admin.getVm(VM)).state]).toEqual([0, VM_STATE_DETACHED]);
      await vmm.rebind();
      await vmm.driver.createAndMap({ size: MIB });
      await until(
        'it is attached again',
        async () => (await host.admin.getVm(VM)).state === VM_STATE_ATTACHED,
      );
      expect(frontend.log).toContain('the broker takes this VM away');
    },
    TIMEOUT,
  );

  it(
    'that does not is waited for: the memory stays charged, an operator hears of the process, and with its death all is free',
    async () => {
      const { pid } = frontend;
      await standStill(pid);
      const before = await charged();
      expect(before).toBeGreaterThanOrEqual(MIB);

      expect(await host.admin.evictVm(VM, true)).toEqual({ evicted: true, awaitedPid: pid });
      const vm = await host.admin.getVm(VM);
      expect([vm.state, vm.suspension]).toEqual([VM_STATE_SUSPENDED, expect.stringContaining(`pid ${pid}`)]);
      expect(await charged()).toBe(before);
      expect(host.broker.log).toContain('has not let go of it: its memory stays charged');
      // Another word changes nothing.
      expect(await host.admin.evictVm(VM, false)).toEqual({ evicted: true, awaitedPid: pid });

      process.kill(pid, 'SIGKILL');
      await until('everything is free', async () => (await charged()) === 0);
      expect((await host.admin.getVm(VM)).state).toBe(VM_STATE_DETACHED);
      await frontend.settled();
      await vmm.rebind();
      await vmm.driver.createAndMap({ size: MIB });
    },
    TIMEOUT,
  );
});
