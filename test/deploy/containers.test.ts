// The image, really built and really run: broker, metrics and frontends in containers of their own, as compose.yaml has
// them, under the system call filters of container engines and of the systemd units at once.
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Vmm } from '../vmm/vmm.ts';
import { missingPrograms } from './command.ts';
import { CONTAINER_PROGRAMS } from './container.ts';
import { HostInContainers, prometheusValue } from './host.ts';
import { IMAGE_PROGRAMS, ImageBuilder, type MountedImage } from './image.ts';
import { DEPLOY, podContainers } from './manifests.ts';

const REPOSITORY = join(DEPLOY, '..');
const USER = 65532;
const FRONTEND_USER = 65531;
const METRICS_USER = 65530;

const KIB = 1024;
const MIB = 1024 * KIB;

// Until the command line is there, there is nothing to run.
const isWritten = existsSync(join(REPOSITORY, 'services/cli/main.ts'));
// Everywhere but in CI, a machine that cannot do this leaves it to one that can.
const absent = missingPrograms([...IMAGE_PROGRAMS, ...CONTAINER_PROGRAMS, 'prometheus', 'systemd-analyze']);
const isPossible = process.env['CI'] === 'true' || (absent.length === 0 && process.getuid?.() === 0);

describe.skipIf(!isPossible || !isWritten)('containers', () => {
  const builder = new ImageBuilder(join(REPOSITORY, '.cache/deploy'));
  let image: MountedImage;
  let host: HostInContainers;

  beforeAll(async () => {
    image = await builder.mount(await builder.build(REPOSITORY, 'localhost/barkeep:test'));
    host = await HostInContainers.prepare(image);
  }, 420_000);

  afterAll(async () => {
    await host?.stop();
    await image?.release();
    await builder.unmountAll();
  });

  test("the DaemonSet's first step gives the run directory to the broker's user, and a second time", async () => {
    const init = (await podContainers()).find(({ name }) => name === 'run-directory')!;
    expect(await host.runInitContainer(init)).toBe(0);
    expect(await host.runInitContainer(init)).toBe(0);
    const { uid, gid, mode } = await stat(host.runDirectory);
    expect({ uid, gid, mode: mode & 0o7777 }).toEqual({ uid: USER, gid: USER, mode: 0o755 });
  });

  test('broker, metrics and a frontend for each VM get healthy, by the checks of the compose file', async () => {
    await host.start('broker');
    await host.start('metrics');
    await host.start('frontend-vm-a');
    await host.start('frontend-vm-b');
  });

  test.each([
    ['broker', USER],
    ['metrics', METRICS_USER],
    ['frontend-vm-a', FRONTEND_USER],
  ])('%s can write nothing, and has no way to more', async (name, user) => {
    const script = `
      const { readFileSync, writeFileSync } = require('node:fs');
      let refusal = null;
      try { writeFileSync('/app/file', ''); } catch (error) { refusal = error.code; }
      const status = Object.fromEntries(readFileSync('/proc/1/status', 'utf8').split('\\n').map((line) => line.split(':\\t')));
      const { Uid, Gid, CapEff, CapBnd, NoNewPrivs, Seccomp } = status;
      console.log(JSON.stringify({ refusal, Uid, Gid, CapEff, CapBnd, NoNewPrivs, Seccomp }));`;
    const { output } = await host.container(name).exec(['node', '-e', script]);
    const ids = [user, user, user, user].join('\t');
    const none = '0'.repeat(16);
    const expected = {
      refusal: 'EROFS',
      Uid: ids,
      Gid: ids,
      CapEff: none,
      CapBnd: none,
      NoNewPrivs: '1',
      Seccomp: '2',
    };
    expect(JSON.parse(output)).toEqual(expected);
  });

  test.each(['broker', 'frontend-vm-a'])('%s has no network but its own loopback', async (name) => {
    const script = "console.log(Object.keys(require('node:os').networkInterfaces()).join())";
    const { output } = await host.container(name).exec(['node', '-e', script]);
    expect(output.trim()).toBe('lo');
  });

  test.each(['vm-a', 'vm-b'])('a guest of %s maps memory, and Prometheus sees what it maps', async (name) => {
    const prometheus = await host.startPrometheus();
    const vmm = await Vmm.boot({ socketPath: join(host.socketDirectory, `${name}.sock`), memory: 64 * MIB });
    try {
      const blobs = [];
      for (const size of [4 * KIB, 64 * KIB, 2 * MIB]) blobs.push(await vmm.driver.createAndMap({ size }));
      const mapped = `barkeep_mappings{vm="${name}",cache="cached"}`;
      const bytes = `barkeep_mapped_bytes{vm="${name}",cache="cached"}`;
      expect(await prometheusValue(prometheus, mapped, (value) => value === 3)).toBe(3);
      const total = 4 * KIB + 64 * KIB + 2 * MIB;
      expect(await prometheusValue(prometheus, bytes, (value) => value === total)).toBe(total);

      for (const blob of blobs) await vmm.driver.unmapAndUnref(blob);
      expect(await prometheusValue(prometheus, mapped, (value) => value === 0)).toBe(0);
    } finally {
      vmm.close();
      await host.stopPrometheus();
    }
  });

  test('a secret of the run directory is for the broker and the frontends only', async () => {
    const { uid, gid, mode } = await stat(join(host.runDirectory, 'vms/vm-a/secret'));
    expect({ uid, gid, mode: mode & 0o7777 }).toEqual({ uid: USER, gid: FRONTEND_USER, mode: 0o640 });
  });

  test('metrics and frontends reach the sockets of their role, and no others', async () => {
    const script = `
      const { accessSync, constants, readdirSync } = require('node:fs');
      const may = (name) => { try { accessSync('/run/barkeep/' + name, constants.W_OK); return true; } catch { return false; } };
      console.log(readdirSync('/run/barkeep').filter((name) => name.endsWith('.sock') && may(name)).sort().join());`;
    const reach = async (name: string) =>
      (await host.container(name).exec(['node', '-e', script])).output.trim();
    expect(await reach('metrics')).toBe('admin-ro.sock');
    expect(await reach('frontend-vm-a')).toBe('broker.sock,fd.sock');
  });

  test('every container ends in good order when it is told to', async () => {
    const codes = [];
    for (const name of ['frontend-vm-b', 'frontend-vm-a', 'metrics', 'broker']) {
      codes.push(await host.stopContainer(name));
    }
    expect(codes).toEqual([0, 0, 0, 0]);
  });
});
