// A frontend as a whole, between a real broker (or one that misbehaves) and the in-tree VMM.
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBroker } from '../../services/broker/main.ts';
import { type Frontend, startFrontend } from '../../services/frontend/main.ts';
import { listen } from '../../services/lib/os/socket.ts';
import { createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { StatusError } from '../../services/lib/rpc/status-error.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { type Config, parseConfig } from '../../services/lib/runtime/config.ts';
import { EXIT } from '../../services/lib/runtime/exit-code.ts';
import type { FdStore } from '../../services/lib/runtime/fd-store.ts';
import { bitSet, PROTOCOL_FEATURE } from '../../services/lib/wire/vhost-user.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { pace, stays, until } from '../support/until.ts';
import { QEMU_PROTOCOL_FEATURES } from '../vmm/front-end.ts';
import { Vmm, type VmmOptions } from '../vmm/vmm.ts';
import { FakeBroker } from './fake-broker.ts';

const { PLACEMENT_PER_BLOB, PLACEMENT_WINDOW } = barkeep.v1.Placement;
const MIB = 1024 * 1024;
const ANSWER_TIMEOUT = 400;
const silent = pino({ level: 'silent' });

let directory: string;
let config: Config;
/** Stopped at the end, last first; stopping twice does no harm. */
let parts: { stop(): Promise<void> | void }[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-frontend-'));
  writeFileSync(join(directory, 'file'), Buffer.alloc(MIB));
  config = parseConfig(
    `
run_directory: ${directory}
orphan_grace: 200ms
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 64MiB }
  - { name: file, backing: file, cache: wc, path: ${directory}/file, capacity: 1MiB }
vms:
  - { name: one, window: 64MiB, placement: window, heap: ram }
  - { name: each, window: 64MiB, placement: per-blob, heap: ram }
  - { name: own, window: 64MiB, placement: per-blob, heap: file }
frontend: { answer_timeout: ${ANSWER_TIMEOUT}ms, vmm_timeout: 2s, statistics_interval: 50ms }
`,
    'frontend.yaml',
    { environment: {} },
  );
  parts = [];
});

afterEach(async () => {
  for (const part of parts.reverse()) await part.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function broker(store?: TestHolder): Promise<{ stop(): Promise<void> }> {
  const started = await startBroker(config, silent, store ? { store } : {});
  parts.push(started);
  return started;
}

/** From now on what is said to the broker, and what it says, is so many milliseconds under way. */
async function delayBroker(delay: number): Promise<void> {
  const path = join(directory, 'broker.sock');
  const behind = join(directory, 'behind.sock');
  renameSync(path, behind);
  const sockets: Socket[] = [];
  const relay = createServer((near) => {
    const far = connect(behind);
    sockets.push(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => setTimeout(() => to.write(bytes), delay));
      from.on('close', () => to.destroy());
    }
  });
  parts.push({
    stop: () => {
      relay.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  await new Promise<void>((resolve) => relay.listen(path, resolve));
}

/** A broker that behaves as the test says, in the place of the real one. */
async function fakeBroker(attached: barkeep.v1.Attached.$Properties): Promise<FakeBroker> {
  const fake = new FakeBroker();
  fake.attached = { ...fake.attached, windowSize: 64 * MIB, ...attached };
  await fake.listen(join(directory, 'broker.sock'));
  parts.push({ stop: () => fake.kill() });
  return fake;
}

const socketOf = (vm: string) => join(directory, 'vms', vm, 'gpu.sock');

async function frontend(vm: string, log = silent, socketPath = socketOf(vm)): Promise<Frontend> {
  const started = await startFrontend([{ vm, socketPath }], config, log);
  parts.push(started);
  return started;
}

async function boot(vm: string, options: Partial<VmmOptions> = {}): Promise<Vmm> {
  const vmm = await Vmm.boot({ socketPath: socketOf(vm), memory: 64 * MIB, answerTimeout: 5000, ...options });
  parts.push({ stop: () => vmm.close() });
  return vmm;
}

describe('a start', () => {
  it('fails for a VM that the broker does not know', async () => {
    await broker();

    await expect(frontend('nobody', silent, join(directory, 'x.sock'))).rejects.toMatchObject({
      exitCode: EXIT.NOT_FOUND,
      message: expect.stringContaining('nobody'),
    });
    expect(existsSync(join(directory, 'x.sock'))).toBe(false);
  });

  it('fails for a second frontend of the same VM; the first goes on', async () => {
    await broker();
    await frontend('one');

    await expect(frontend('one', silent, join(directory, 'x.sock'))).rejects.toMatchObject({
      exitCode: EXIT.FAILURE,
      message: expect.stringContaining('one'),
    });

    const vmm = await boot('one');
    await expect(vmm.driver.createAndMap({ size: 4096 })).resolves.toMatchObject({ offset: 0 });
  });

  it('fails for a socket path in use, and gives the VM up again', async () => {
    await broker();
    const other = listen(socketOf('one'), 'stream');
    await expect(frontend('one')).rejects.toThrow(`a live process listens on ${socketOf('one')}`);
    other.close();

    // The path is stale now: it is taken over.
    await frontend('one');

    await boot('one');
  });

  it.each([
    ['one', PLACEMENT_WINDOW],
    ['each', PLACEMENT_PER_BLOB],
  ])('is refused in words where the broker is older than grants, and gives VM %s back', async (vm, placement) => {
    await (await broker()).stop();
    const old = await fakeBroker({ placement, knowsGrants: false, grant: null });

    await expect(frontend(vm)).rejects.toMatchObject({
      exitCode: EXIT.FAILURE,
      message: expect.stringMatching(
        /version test\) gives this VM no grant.*upgrade and restart the broker first/,
      ),
    });
    expect([old.attaches.length, old.detaches]).toEqual([1, 1]);
    expect(existsSync(socketOf(vm))).toBe(false);
  });

  it('waits for the broker, and ends when it is told to', async () => {
    const control = new AbortController();
    const started = startFrontend([{ vm: 'one', socketPath: socketOf('one') }], config, silent, {
      signal: control.signal,
    });
    await pace(50);
    control.abort();

    await expect(started).rejects.toThrow('stopped before it was attached');
  });
});

describe('a VMM', () => {
  it('without shared memory over vhost-user is turned away in words; the next one is served', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
    await broker();
    await frontend('one', log);

    await expect(
      boot('one', { protocolFeatures: QEMU_PROTOCOL_FEATURES & ~bitSet(PROTOCOL_FEATURE.SHMEM) }),
    ).rejects.toThrow();
    await until('it is turned away in words', () => lines.join().includes('SHMEM 22 missing'));

    await boot('one');
  });

  it('that is gone leaves nothing: the next one finds the device empty', async () => {
    await broker();
    await frontend('one');
    const admin = createAdminClient(join(directory, 'admin.sock'));
    parts.push({ stop: () => admin.close() });
    const first = await boot('one');
    await first.driver.createAndMap({ size: MIB });
    first.close();
    const next = await boot('one');

    expect((await next.driver.sendCommand(next.driver.unrefCommand(1))).name).toBe('ERR_INVALID_RESOURCE_ID');
    await until('the books are empty', async () => {
      const { allocations, mappings, generation } = await admin.getVm('one');
      return Number(generation) > 1 && Number(allocations) === 0 && Number(mappings) === 0;
    });
  });
});

describe('a stop', () => {
  it('gives the VM up, removes the socket, and leaves no descriptor', async () => {
    await broker();
    const admin = createAdminClient(join(directory, 'admin.sock'));
    parts.push({ stop: () => admin.close() });
    await admin.getVm('one');
    const before = readdirSync('/proc/self/fd').length;
    const running = await frontend('one');
    const vmm = await boot('one');
    await vmm.driver.createAndMap({ size: MIB });
    vmm.close();

    await running.stop();

    expect((await admin.getVm('one')).state).toBe(barkeep.v1.VmState.VM_STATE_DETACHED);
    expect(existsSync(socketOf('one'))).toBe(false);
    await until(
      'no more descriptors are open than before',
      () => readdirSync('/proc/self/fd').length <= before,
    );
  });
});

// QEMU 11.1.3 itself does not survive a rebind with mappings of single blobs; a VMM without that flaw does.
// A frontend that decides needs no broker for it: what it answered ends with its session all the same.
describe.each([
  ['one', false],
  ['each', true],
])('a broker that was restarted (VM %s)', (vm, flawless) => {
  it('has forgotten the guest’s blobs: ERR_UNSPEC until the driver starts afresh, then everything works', async () => {
    const first = await broker();
    const lines: string[] = [];
    await frontend(vm, pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }));
    const vmm = await boot(vm, { flawless });
    await vmm.driver.createAndMap({ size: 4096 });
    await first.stop();
    const create = vmm.driver.createCommand(50, { size: 4096 });
    const whileAway = await vmm.driver.sendCommand(create);
    await broker();
    await until('the loss is known', () => lines.join().includes('has forgotten this session'));
    const afterwards = await vmm.driver.sendCommand(create);
    await vmm.rebind();
    const blob = await vmm.driver.createAndMap({ size: 4096 });
    vmm.window.write(blob.offset, Buffer.from('works again'));

    expect([whileAway.name, afterwards.name]).toEqual(['OK_NODATA', 'ERR_UNSPEC']);
    expect(vmm.window.read(blob.offset, 11).toString()).toBe('works again');
    await vmm.driver.unmapAndUnref(blob);
  });
});

describe('a broker that is replaced by an older one', () => {
  it('is refused, which the guest hears at once, and asked again: one that knows grants goes on', async () => {
    config = { ...config, frontend: { ...config.frontend, answerTimeout: 20_000 } };
    const first = await broker();
    const lines: string[] = [];
    await frontend('one', pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }));
    const vmm = await boot('one');
    await vmm.driver.createAndMap({ size: 4096 });
    await first.stop();
    const old = await fakeBroker({ placement: PLACEMENT_WINDOW, knowsGrants: false, grant: null });
    await until('the loss is known', () => lines.join().includes('has forgotten this session'));
    await vmm.rebind();
    const command = vmm.driver.createCommand(50, { size: 4096 });
    const before = performance.now();
    expect((await vmm.driver.sendCommand(command)).name).toBe('ERR_UNSPEC');
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(lines.filter((line) => line.includes('gives this VM no grant'))).toHaveLength(1);
    await until('the older one is asked again', () => old.detaches > 1);

    await old.kill();
    await broker();
    await until('the VM is served', async () => {
      const { name } = await vmm.driver.sendCommand(command);
      return name === 'OK_NODATA';
    });
  });
});

describe('a command that waits for a larger grant', () => {
  it('hears it at once when the broker comes back and does not take the VM', async () => {
    config = { ...config, frontend: { ...config.frontend, answerTimeout: 20_000 } };
    const holders = [new TestHolder(), new TestHolder()] as const;
    for (const holder of holders) parts.push({ stop: () => holder.close() });
    const first = await broker(holders[0]);
    parts.push(
      await startFrontend([{ vm: 'one', socketPath: socketOf('one') }], config, silent, {
        store: holders[1] as unknown as FdStore,
      }),
    );
    const vmm = await boot('one');
    await first.stop();
    // Half of the heap is not granted ahead.
    const answer = vmm.driver.sendCommand(vmm.driver.createCommand(1, { size: 60 * MIB }));
    const before = performance.now();
    const refusing = await fakeBroker({});
    refusing.refuseAttach = () => new StatusError('OUT_OF_MEMORY', 'no descriptor is left');

    expect((await answer).name).toBe('ERR_OUT_OF_MEMORY');
    expect((await vmm.driver.sendCommand(vmm.driver.createCommand(2, { size: 60 * MIB }))).name).toBe(
      'ERR_OUT_OF_MEMORY',
    );
    // What fits is served all the same.
    expect((await vmm.driver.sendCommand(vmm.driver.createCommand(3, { size: MIB }))).name).toBe('OK_NODATA');
    expect(performance.now() - before).toBeLessThan(10_000);
    await refusing.kill();
    holders[0].giveBack();
    await broker(holders[0]);
    await until('it is served', async () => {
      const { name } = await vmm.driver.sendCommand(vmm.driver.createCommand(4, { size: 60 * MIB }));
      return name === 'OK_NODATA';
    });
  });
});

describe('a VMM that takes longer than answer_timeout over its own part', () => {
  it.each(['each', 'own'])('is no outage of the broker (VM %s)', async (vm) => {
    const lines: string[] = [];
    await broker();
    await delayBroker(ANSWER_TIMEOUT / 8);
    await frontend(vm, pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }));
    const vmm = await boot(vm, { commitDelay: ANSWER_TIMEOUT / 4 });
    const blobs = [];
    for (let count = 0; count < 6; count += 1) blobs.push(await vmm.driver.createAndMap({ size: 4096 }));
    const before = performance.now();

    const answers = await Promise.all(
      blobs.map(({ resource }) => vmm.driver.sendCommand(vmm.driver.unrefCommand(resource))),
    );

    expect(performance.now() - before).toBeGreaterThan(ANSWER_TIMEOUT);
    expect(answers.map(({ name }) => name)).toEqual(blobs.map(() => 'OK_NODATA'));
    expect(lines).toEqual([]);
  });
});

describe('figures', () => {
  it('reach the broker, when there are new ones', async () => {
    await (await broker()).stop();
    const fake = new FakeBroker();
    fake.attached = { ...fake.attached, placement: PLACEMENT_PER_BLOB };
    fake.shareWindow(join(directory, 'fd.sock'), 64 * MIB);
    await fake.listen(join(directory, 'broker.sock'));
    parts.push({ stop: () => fake.kill() });
    await frontend('each');
    const vmm = await boot('each');
    await vmm.driver.createContext();
    const reported = () =>
      (fake.statistics.at(-1)?.commands ?? []).filter(({ count }) => countFromWire(count) > 0);
    await until('the command is reported', () => reported().length);
    expect(reported()).toEqual([expect.objectContaining({ command: 'CTX_CREATE', answer: 'OK_NODATA' })]);
    const { length } = fake.statistics;

    await stays('no report without news', () => fake.statistics.length === length);
  });
});
