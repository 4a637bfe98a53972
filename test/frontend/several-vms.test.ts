// Several VMs in one frontend process: one that cannot be served does not keep the others from it, and the process is told of once.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBroker } from '../../services/broker/main.ts';
import { type Frontend, startFrontend } from '../../services/frontend/main.ts';
import { listen } from '../../services/lib/os/socket.ts';
import { type AdminClient, createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { StatusError } from '../../services/lib/rpc/status-error.ts';
import { type Config, parseConfig } from '../../services/lib/runtime/config.ts';
import { EXIT } from '../../services/lib/runtime/exit-code.ts';
import type { FdStore } from '../../services/lib/runtime/fd-store.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { until, untilPasses } from '../support/until.ts';
import { Vmm } from '../vmm/vmm.ts';
import { FakeBroker } from './fake-broker.ts';

const MIB = 1024 * 1024;

let directory: string;
let config: Config;
let admin: AdminClient;
let lines: { readonly vm?: string; readonly msg: string; readonly problem?: string }[];
/** Stopped at the end, last first. */
let parts: { stop(): Promise<void> | void }[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-several-'));
  lines = [];
  parts = [];
  config = parseConfig(
    `
run_directory: ${directory}
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 256MiB }
vms:
  - { name: one, window: 16MiB, heap: ram }
  - { name: two, window: 16MiB, heap: ram, placement: per-blob }
  - { name: three, window: 16MiB, heap: ram }
frontend: { answer_timeout: 2s, vmm_timeout: 2s, statistics_interval: 20ms }
`,
    'several.yaml',
    { environment: {} },
  );
  parts.push(await startBroker(config, pino({ level: 'silent' })));
  admin = createAdminClient(join(directory, 'admin.sock'));
  parts.push({ stop: () => admin.close() });
});

afterEach(async () => {
  for (const part of parts.reverse()) await part.stop();
  rmSync(directory, { recursive: true, force: true });
});

const socketOf = (vm: string) => join(directory, 'vms', vm, 'gpu.sock');

async function frontend(vms: readonly string[], store?: TestHolder): Promise<Frontend> {
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const options = vms.map((vm) => ({
    vm,
    socketPath: vm === 'nobody' ? join(directory, 'x') : socketOf(vm),
  }));
  const started = await startFrontend(options, config, log, store && { store: store as unknown as FdStore });
  parts.push(started);
  return started;
}

/** A guest has its blobs. */
async function works(vm: string): Promise<Vmm> {
  const vmm = await Vmm.boot({ socketPath: socketOf(vm), memory: 64 * MIB, answerTimeout: 5000 });
  parts.push({ stop: () => vmm.close() });
  await vmm.driver.createAndMap({ size: 4096 });
  return vmm;
}

describe('a VM that cannot be served', () => {
  it('is named with its reason, and the others are', async () => {
    const running = await frontend(['nobody', 'one', 'two']);

    await works('one');
    await works('two');
    expect(lines).toEqual([
      expect.objectContaining({
        vm: 'nobody',
        msg: 'this VM cannot be served, and is tried again',
        problem: expect.stringContaining('nobody'),
      }),
    ]);
    expect(running.status()).toBe('serving 2 VMMs of 3 VMs; not served: nobody');
  });

  it('is served when what was in its way is gone', async () => {
    const other = listen(socketOf('two'), 'stream');
    await frontend(['one', 'two']);
    expect(lines[0]).toMatchObject({ vm: 'two', problem: expect.stringContaining('a live process listens') });
    await works('one');

    other.close();

    // The path is there all the while; who listens on it shows.
    await untilPasses('two is served', () => works('two'));
  });

  it('goes on with what its predecessor had, as if the process had been started again', async () => {
    const store = new TestHolder();
    parts.push({ stop: () => store.close() });
    const first = await frontend(['one', 'two'], store);
    const vmm = await works('one');
    const [blob] = [await vmm.driver.createAndMap({ size: 4096 })];
    vmm.window.write(blob.offset, Buffer.from('kept'));
    await first.stop('replaced');
    const held = store.names;
    store.giveBack();
    // Its state is fine, and the place where it shall listen from now on is not.
    const taken = join(directory, 'taken.sock');
    const other = listen(taken, 'stream');
    const options = [
      { vm: 'one', socketPath: taken },
      { vm: 'two', socketPath: socketOf('two') },
    ];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const next = await startFrontend(options, config, log, { store: store as unknown as FdStore });
    parts.push(next);
    expect(next.status()).toContain('not served: one');
    expect(store.names).toEqual(expect.arrayContaining(held.filter((name) => /^one\/vu\.[0-9]/.test(name))));

    other.close();
    rmSync(taken);
    const again = await vmm.driver.createAndMap({ size: 4096 });

    expect(vmm.window.read(blob.offset, 4).toString()).toBe('kept');
    expect(again.offset).not.toBe(blob.offset);
    expect(existsSync(taken)).toBe(true);
  });

  it('because the broker does not take it at the moment keeps nobody waiting, and is served when it does', async () => {
    const [broker] = parts.splice(0, 1);
    await broker?.stop();
    const fake = new FakeBroker();
    fake.attached = {
      ...fake.attached,
      placement: barkeep.v1.Placement.PLACEMENT_PER_BLOB,
    };
    fake.shareWindow(join(directory, 'fd.sock'), 16 * MIB);
    fake.refuseAttach = ({ vm }) => (vm === 'two' ? new StatusError('VM_SUSPENDED', 'it told lies') : null);
    await fake.listen(join(directory, 'broker.sock'));
    parts.push({ stop: () => fake.kill() });

    const running = await frontend(['two', 'one', 'three']);

    expect(running.status()).toBe('serving 0 VMMs of 3 VMs; not served: two');
    expect(['one', 'two', 'three'].map((vm) => existsSync(socketOf(vm)))).toEqual([true, false, true]);
    fake.refuseAttach = null;
    await until('the third is served, too', () => running.status() === 'serving 0 VMMs of 3 VMs');
  });

  it.each([
    [['nobody', 'two'], EXIT.FAILURE, 'a live process listens'],
    [['nobody'], EXIT.NOT_FOUND, 'nobody'],
  ])('with all others ends the process: %j with exit code %d', async (vms, exitCode, words) => {
    const other = listen(socketOf('two'), 'stream');
    parts.push({ stop: () => other.close() });

    await expect(frontend(vms)).rejects.toMatchObject({ exitCode, message: expect.stringContaining(words) });
    const { state } = await admin.getVm('two');
    expect(state).not.toBe(barkeep.v1.VmState.VM_STATE_ATTACHED);
  });
});

describe('the figures of the process', () => {
  /** VMs with whose statistics they are told. */
  async function tellers(): Promise<readonly string[]> {
    const { vms } = await admin.getStatistics();
    return vms.flatMap(({ vm, frontend }) => (frontend?.process ? [vm?.name ?? ''] : []));
  }

  it('are told once, by the first VM that can, and kept up to date by whatever any of them does', async () => {
    await frontend(['two', 'one', 'three']);
    await untilPasses('they are told', async () => expect(await tellers()).toEqual(['two']));
    const cpu = async (): Promise<number> =>
      (await admin.getStatistics()).vms.find(({ vm }) => vm?.name === 'two')?.frontend?.process?.cpuSeconds ??
      0;
    const before = await cpu();
    expect((await admin.getVm('three')).frontendVms).toBe(3);

    await works('three');

    await until('they have moved on', async () => (await cpu()) > before);
    expect(await tellers()).toEqual(['two']);
  });

  it('are told by the next one when the first is not served', async () => {
    await frontend(['nobody', 'three', 'one']);

    await untilPasses('they are told', async () => expect(await tellers()).toEqual(['three']));
  });
});

describe('a stop', () => {
  it('gives every VM up', async () => {
    const running = await frontend(['one', 'two', 'three']);

    await running.stop('given-up');

    for (const vm of ['one', 'two', 'three']) {
      expect(existsSync(socketOf(vm))).toBe(false);
      expect((await admin.getVm(vm)).state).toBe(barkeep.v1.VmState.VM_STATE_DETACHED);
    }
  });
});
