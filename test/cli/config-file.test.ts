// A mistake in the configuration of a host that runs: real services, compiled, under `barkeep up` and `barkeep keep`, with the in-tree VMM as a
// guest that has blobs and looks after every byte of them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminClient, createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { Workload } from '../frontend/recovery/workload.ts';
import { until } from '../support/until.ts';
import { Vmm } from '../vmm/vmm.ts';
import { VmState } from './fake-broker.ts';

const CLI = resolve(import.meta.dirname, '../../dist/services/cli/main.js');
const CONFIG = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 256MiB }
vms:
  - { name: one, window: 64MiB, heap: ram }
metrics: { listen: 127.0.0.1:0 }
`;
const MISSPELT = CONFIG.replace('vms:', 'wms:');

let directory: string;
let config: string;
let services: Service[];
let vmm: Vmm | null;
let admin: AdminClient;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-file-'));
  config = join(directory, 'barkeep.yaml');
  writeFileSync(config, CONFIG);
  services = [];
  vmm = null;
  admin = createAdminClient(run('admin.sock'));
});
afterEach(async () => {
  vmm?.close();
  admin.close();
  for (const service of services.reverse()) {
    service.process.kill('SIGTERM');
    await service.ended;
  }
  rmSync(directory, { recursive: true, force: true });
});

const run = (name: string): string => join(directory, 'run', name);

class Service {
  readonly process: ChildProcess;
  out = '';
  log = '';
  readonly ended: Promise<unknown>;

  constructor(args: readonly string[]) {
    this.process = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    this.ended = once(this.process, 'exit');
    services.push(this);
  }

  says(text: string): Promise<boolean> {
    return until(`the log says "${text}"`, () => this.log.includes(text), {
      found: () => this.log.slice(-3000),
    });
  }
}

const options = (): readonly string[] => ['--config', config, '--run-directory', join(directory, 'run')];
const kept = (...args: readonly string[]): Service =>
  new Service([...['keep', '--stop-signal', 'SIGQUIT', '--', process.execPath, CLI], ...args, ...options()]);

const brokerPid = (): number => Number(readFileSync(run('broker.lock'), 'utf8'));

/** kill -9, and the successor serves. */
async function killBroker(): Promise<void> {
  const before = brokerPid();
  process.kill(before, 'SIGKILL');
  await until('the next broker serves', async () => brokerPid() !== before && (await admin.isServing(500)));
  await attached();
}

const attached = (): Promise<boolean> =>
  until('the VM is attached', async () => (await admin.getVm('one')).state === VmState.VM_STATE_ATTACHED);

async function barkeep(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [code] = await once(child, 'close');
  return { code: code as number, out };
}

const health = () => barkeep('health', '--run-directory', join(directory, 'run'));

async function startKept(): Promise<{ broker: Service; frontend: Service; work: Workload }> {
  const broker = kept('broker');
  await until('the broker serves', () => admin.isServing(500));
  const frontend = kept('frontend', '--vm', 'one');
  await until('the VMM can connect', () => existsSync(run('vms/one/gpu.sock')));
  return { broker, frontend, work: await startGuest() };
}

async function startGuest(): Promise<Workload> {
  vmm = await Vmm.boot({ socketPath: run('vms/one/gpu.sock'), memory: 64 * 1024 * 1024 });
  const work = new Workload(vmm);
  await work.begin();
  await work.cycle(1);
  return work;
}

describe('a broker that dies while its configuration file is wrong', () => {
  test.each([
    ['misspelt', MISSPELT, 'a key that does not exist; expected one of'],
    ['no YAML', `${CONFIG}\n  - : {`, 'text that is not valid YAML'],
    ['emptied', '', 'an empty file'],
  ])('goes on with the last good configuration: %s', async (_, text, problem) => {
    const { broker, work } = await startKept();
    writeFileSync(config, text);
    await broker.says('the configuration file is wrong');
    await killBroker();
    await work.cycle(2);

    const { code, out } = await health();
    expect(code).toBe(0);
    expect(out).toContain('it goes by the last good configuration');
    expect(out).toContain(problem);
    expect(await admin.getConfiguration()).toMatchObject({ lastReloadSuccessful: false, changed: false });

    // What it says again is in force already: nothing has to be started for it.
    const pid = brokerPid();
    writeFileSync(config, CONFIG);
    await broker.says('the configuration file is right and in force');
    expect((await admin.getConfiguration())?.lastReloadSuccessful).toBe(true);
    expect((await health()).out).toBe(`the broker of ${directory}/run serves\n`);
    expect(brokerPid()).toBe(pid);
    await work.end();
  });

  test('takes the file when it is right, whatever else was changed in it', async () => {
    const { broker, work } = await startKept();
    writeFileSync(config, MISSPELT);
    await killBroker();
    const pid = brokerPid();
    writeFileSync(
      config,
      `${CONFIG}\nsweep_interval: 3s\n`.replace(
        '}\nmetrics',
        '}\n  - { name: two, window: 4MiB, heap: ram }\nmetrics',
      ),
    );
    await until('a successor serves the new VM', async () => (await admin.getVm('two')).name === 'two');
    expect(brokerPid()).not.toBe(pid);
    expect((await admin.getConfiguration())?.lastReloadSuccessful).toBe(true);
    expect(broker.log).toContain('"code":6');
    await attached();
    await work.cycle(2);
    await work.end();
  });

  test('and a first start fails', async () => {
    writeFileSync(config, MISSPELT);
    const broker = kept('broker');
    await broker.ended;
    expect(broker.process.exitCode).toBe(2);
    expect(broker.log).toContain('barkeep.yaml:4:1: wms: found a key that does not exist');
  });

  test('and a broker that was ended for good starts for the first time again', async () => {
    const broker = kept('broker');
    await until('the broker serves', () => admin.isServing(500));
    broker.process.kill('SIGTERM');
    await broker.ended;
    expect(existsSync(run('last-good.yaml'))).toBe(false);
  });

  test('a good file that cannot be used is one that is wrong', async () => {
    const { broker, work } = await startKept();
    const heap = '  - { name: card, backing: file, path: /nonexistent/bar, cache: wc, capacity: 1MiB }';
    writeFileSync(config, CONFIG.replace('heaps:', `heaps:\n${heap}`));
    await broker.says('the configuration file has changed');
    await killBroker();
    await broker.says('the configuration cannot be used');
    expect((await health()).out).toContain('/nonexistent/bar');
    await work.cycle(1);
  });
});

describe('what cannot change under an attached VM waits', () => {
  const TWO = CONFIG.replace(
    'vms:',
    '  - { name: other, backing: memfd, cache: wc, capacity: 128MiB }\nvms:',
  );
  const check = () => barkeep('config', 'check', config, '--against', join(directory, 'run'));
  const show = () => barkeep('vm', 'show', 'one', '--run-directory', join(directory, 'run'));

  async function endFrontend(frontend: Service): Promise<void> {
    vmm?.close();
    frontend.process.kill('SIGTERM');
    await frontend.ended;
  }

  test.each([
    [
      'its window and heap',
      TWO.replace('window: 64MiB, heap: ram', 'window: 128MiB, heap: other'),
      'window 64MiB -> 128MiB, heap ram -> other',
    ],
    [
      'its placement and further heaps',
      CONFIG.replace('heap: ram }', 'heap: ram, placement: per-blob, blob_heaps: { 1: ram } }'),
      'placement window -> per-blob, blob_heaps none -> 1: ram',
    ],
  ])('%s, over two deaths of the broker, and is taken when it is attached afresh', async (_, text, changes) => {
    const { frontend, work } = await startKept();
    writeFileSync(config, text);
    expect((await check()).out).toContain(
      `  VM one (attached): ${changes}, when it is attached afresh; until then it stays as it is\n`,
    );
    await killBroker();
    await work.cycle(2);
    await killBroker();
    await work.cycle(2);
    expect((await show()).out).toContain(`${changes} (when it is attached afresh)`);
    expect((await check()).out).toContain(`VM one (attached): ${changes}, when`);

    await endFrontend(frontend);
    await until('it is taken', async () => (await admin.getVm('one')).pending?.length === 0);
    const afresh = kept('frontend', '--vm', 'one');
    await until('the VMM can connect', () => existsSync(run('vms/one/gpu.sock')));
    const after = await startGuest();
    await after.end();
    expect((await check()).out).toContain('nothing in it is new to the broker');
    await endFrontend(afresh);
  });

  test('the VM itself, when it is not in the file any more', async () => {
    const { frontend, work } = await startKept();
    writeFileSync(config, CONFIG.replace('name: one', 'name: two'));
    expect((await check()).out).toContain(
      'VM one (attached): vms configured -> removed, when it is attached afresh',
    );
    await killBroker();
    await work.cycle(2);
    await killBroker();
    await work.cycle(1);
    expect((await admin.getVm('two')).name).toBe('two');
    await work.end();
    await endFrontend(frontend);
    await until('it is gone', async () => (await admin.listVms()).map(({ name }) => name).join() === 'two');
  });

  test("a heap's cache type, and a successor takes it when no VM uses the heap any more", async () => {
    const { broker, frontend, work } = await startKept();
    writeFileSync(config, CONFIG.replace('cache: cached', 'cache: wc'));
    expect((await check()).out).toContain('heap ram: cache cached -> wc, when no VM uses it any more');
    await killBroker();
    await work.cycle(2);
    const heaps = () => barkeep('heap', 'list', '--json', '--run-directory', join(directory, 'run'));
    expect(JSON.parse((await heaps()).out)).toMatchObject([
      { cache: 'cached', pending: [{ setting: 'cache', now: 'cached', next: 'wc' }] },
    ]);
    const pid = brokerPid();
    await endFrontend(frontend);
    await until('a successor takes it', async () => {
      const [heap] = JSON.parse((await heaps()).out) as { cache: string; pending: unknown[] }[];
      return heap?.cache === 'wc' && heap.pending.length === 0;
    });
    expect(brokerPid()).not.toBe(pid);
    expect(broker.log).toContain('heaps that a change waited for are free');
  });

  test('its user, and journal: false', async () => {
    const { broker, work } = await startKept();
    const isRoot = process.getuid?.() === 0;
    const other = CONFIG.replace('heap: ram }', isRoot ? 'heap: ram, uid: 12345 }' : 'heap: ram }');
    writeFileSync(config, `${other}journal: false\n`);
    await killBroker();
    await work.cycle(2);
    if (isRoot) expect((await show()).out).toContain('uid, group user 0 -> user 12345');
    expect(broker.log).toContain('journal: false waits');
  });
});

test('SIGHUP takes a changed file, and does nothing for one that is wrong', async () => {
  const { broker, work } = await startKept();
  const pid = brokerPid();
  writeFileSync(config, MISSPELT);
  process.kill(pid, 'SIGHUP');
  await broker.says('the configuration file is wrong');
  writeFileSync(config, `${CONFIG}sweep_interval: 3s\n`);
  await broker.says('the configuration file has changed');
  expect(brokerPid()).toBe(pid);
  expect((await health()).out).toContain('has changed: the next start of the broker takes it');
  process.kill(pid, 'SIGHUP');
  await until('a successor serves', async () => brokerPid() !== pid && (await admin.isServing(500)));
  await attached();
  await work.cycle(1);
});

test('a frontend and its broker that die while the file is wrong', async () => {
  const { frontend, work } = await startKept();
  writeFileSync(config, MISSPELT);
  const { frontendPid } = await admin.getVm('one');
  process.kill(frontendPid as number, 'SIGKILL');
  await frontend.says('the configuration file is wrong; the last good configuration is in force');
  await work.cycle(1);
  await killBroker();
  await work.cycle(1);
  writeFileSync(config, CONFIG);
  await frontend.says('the configuration file is right and in force');
  await work.end();
});

test('under `up` all of them go on, and take the file again', async () => {
  const up = new Service(['up', '--json', ...options()]);
  await until('up says what runs', () => up.out.endsWith('}\n'));
  const report = JSON.parse(up.out) as { readonly services: readonly { readonly pid: number }[] };
  const work = await startGuest();
  writeFileSync(config, MISSPELT);
  for (const { pid } of report.services) process.kill(pid, 'SIGKILL');
  await until('all are back', () => up.log.split('"msg":"is back"').length > report.services.length, {
    found: () => up.log.slice(-3000),
  });
  await attached();
  await work.cycle(2);
  expect((await health()).out).toContain('it goes by the last good configuration');
  expect(up.log).not.toContain('it is not started again');

  writeFileSync(config, CONFIG);
  await until('the broker says so', async () => (await admin.getConfiguration())?.lastReloadSuccessful);
  await work.end();
});
