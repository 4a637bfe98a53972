// The libvirt snippet in a real libvirtd of Debian 13, with the QEMU and the kernel of the real guest.
import { copyFileSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findEnvironment, type GuestEnvironment } from '../../guest/environment.ts';
import { buildInitramfs } from '../../guest/initramfs.ts';
import { until } from '../../support/until.ts';
import { missingPrograms } from '../command.ts';
import { copyBuilt } from './checkout.ts';
import { commandBlocks } from './document.ts';
import { fetchLayers, MACHINE_PROGRAMS, Machine } from './machine.ts';

const FRONTEND = 'barkeep-frontend@vm-a.service';
const CHECKOUT = '/root/barkeep';
const DOMAIN = `${CHECKOUT}/deploy/libvirt/domain.xml`;
const IMAGES = '/var/lib/libvirt/images';
const KERNEL_LOG = '/tmp/kernel.log';

// Everywhere but in CI, a machine that cannot do this leaves it to one that can.
const isPossible =
  process.env['CI'] === 'true' ||
  (process.getuid?.() === 0 &&
    findEnvironment() !== null &&
    missingPrograms([...MACHINE_PROGRAMS, 'setpriv', 'nsenter', 'gcc']).length === 0);

describe.skipIf(!isPossible)('libvirt', () => {
  let machine: Machine;
  let environment: GuestEnvironment;

  beforeAll(async () => {
    const found = findEnvironment();
    if (found === null) throw new Error('QEMU is not there: run npm run guest:fetch');
    environment = found;
    const layers = await fetchLayers();
    // The guest's QEMU lies above the one of Debian 13; the rest of it is Debian 13's own.
    machine = await Machine.boot([environment.root, layers.libvirt, layers.base]);
    await copyBuilt(machine.path(CHECKOUT));
    const [, steps = ''] = await commandBlocks('systemd');
    await machine.run(steps, { directory: CHECKOUT });
    // There is no KVM here; the rest is as it stands.
    await machine.run(`sed -i 's/<domain type="kvm"/<domain type="qemu"/' ${DOMAIN}`);
  }, 600_000);

  afterAll(async () => {
    await machine?.stop();
  });

  const served = (text: string) =>
    until(`the frontend is ${text}`, async () => (await machine.show(FRONTEND, 'StatusText')) === text, {
      within: 60_000,
      every: 200,
    });

  test('the snippet starts as it stands, and its device is at the frontend', async () => {
    const [commands = ''] = await commandBlocks('libvirt');
    await machine.run(commands, { directory: CHECKOUT });
    expect(await machine.run('virsh domstate vm-a')).toContain('running');
    await served('serving a VMM');
    await machine.run('virsh destroy vm-a');
    await served('waiting for a VMM');
  });

  test('a Linux guest finds its window there', async () => {
    mkdirSync(machine.path(IMAGES), { recursive: true });
    copyFileSync(environment.kernel, machine.path(join(IMAGES, 'kernel')));
    copyFileSync(await buildInitramfs(environment), machine.path(join(IMAGES, 'initramfs')));
    const snippet = await readFile(machine.path(DOMAIN), 'utf8');
    const own = snippet
      .replace(
        '</os>',
        `<kernel>${IMAGES}/kernel</kernel><initrd>${IMAGES}/initramfs</initrd><cmdline>console=ttyS0 panic=-1</cmdline></os>`,
      )
      .replace(
        '<qemu:commandline>',
        `<devices><serial type="file"><source path="${KERNEL_LOG}"/></serial></devices><qemu:commandline>`,
      );
    await machine.run(
      `cat >/root/own.xml <<'END'\n${own}\nEND\nvirsh undefine vm-a && virsh define /root/own.xml && virsh start vm-a`,
    );
    const log = (): Promise<string> => readFile(machine.path(KERNEL_LOG), 'utf8');
    await until("the guest's driver has the window", async () => /Host memory window/.test(await log()), {
      within: 120_000,
      every: 500,
    });
    // The window of vm-a in the configuration, 1 GiB.
    expect(await log()).toMatch(/\[drm\] Host memory window: 0x[0-9a-f]+ \+0x40000000/);
    await machine.run('virsh destroy vm-a');
  }, 180_000);

  test('a vhost-user video device of another VM gets the back-end that is meant for it', async () => {
    const other = `
      install -d /usr/share/qemu/vhost-user
      printf '{ "description": "another", "type": "gpu", "binary": "/usr/bin/other-gpu" }' >/usr/share/qemu/vhost-user/90-other.json
      cat >/usr/bin/other-gpu <<'END'
#!/bin/sh
case "$*" in
  *--print-capabilities*) echo '{ "type": "gpu", "features": [] }' ;;
  *) echo "$*" >/tmp/other-gpu-started ;;
esac
END
      chmod 755 /usr/bin/other-gpu
      sed -e 's/vm-a/plain/' -e '/<qemu:commandline>/,/<.qemu:commandline>/d' ${DOMAIN} >/root/plain.xml
      sed -i 's|</memoryBacking>|&<devices><video><model type="virtio"/><driver name="vhostuser"/></video></devices>|' /root/plain.xml
      virsh define /root/plain.xml`;
    await machine.run(other);
    // It starts nothing that works; which program libvirt chose is the question.
    await machine.try('virsh start plain');
    expect(await machine.run('cat /tmp/other-gpu-started')).toContain('--fd');
  });
});
