// The image, really built and really run: broker, metrics and frontends in containers of their own, as compose.yaml has
// them, under the system call filters of container engines and of the systemd units at once.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingPrograms } from './command.ts';
import { CONTAINER_PROGRAMS } from './container.ts';
import { HostInContainers } from './host.ts';
import { IMAGE_PROGRAMS, ImageBuilder, type MountedImage } from './image.ts';
import { DEPLOY, podContainers } from './manifests.ts';

const REPOSITORY = join(DEPLOY, '..');
const USER = 65532;

// Everywhere but in CI, a machine that cannot do this leaves it to one that can.
const absent = missingPrograms([...IMAGE_PROGRAMS, ...CONTAINER_PROGRAMS, 'prometheus', 'systemd-analyze']);
const isPossible = process.env['CI'] === 'true' || (absent.length === 0 && process.getuid?.() === 0);

describe.skipIf(!isPossible)('containers', () => {
  let image: MountedImage;
  let host: HostInContainers;

  beforeAll(async () => {
    const builder = new ImageBuilder(join(REPOSITORY, '.cache/deploy'));
    image = await builder.mount(await builder.build(REPOSITORY, 'localhost/barkeep:test'));
    host = await HostInContainers.prepare(image);
  }, 420_000);

  afterAll(async () => {
    await host?.stop();
    await image?.release();
  });

  test("the DaemonSet's first step gives the run directory to the broker's user, and a second time", async () => {
    const init = (await podContainers()).find(({ name }) => name === 'run-directory')!;
    expect(await host.runInitContainer(init)).toBe(0);
    expect(await host.runInitContainer(init)).toBe(0);
    const { uid, gid, mode } = await stat(host.runDirectory);
    expect({ uid, gid, mode: mode & 0o7777 }).toEqual({ uid: USER, gid: USER, mode: 0o755 });
  });
});
