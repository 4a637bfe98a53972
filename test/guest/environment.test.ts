// The real guest without our device: does what was fetched boot, and does its program do as it is told? QEMU's built-in
// virtio-gpu stands in, which offers no blobs, so that refusals are seen too.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findEnvironment, requireEnvironment } from './environment.ts';
import { patternWord } from './pattern.ts';
import { type Guest, startGuest } from './qemu.ts';

const { CI } = process.env;
// Elsewhere a machine without the cache skips; in CI its absence is a failure, of beforeAll.
const absent = findEnvironment() === null && CI !== 'true';
const BOOT_MS = 120_000;

describe.skipIf(absent)('the real guest', () => {
  let guest: Guest;

  beforeAll(async () => {
    guest = await startGuest({
      environment: requireEnvironment(),
      device: { kind: 'built-in' },
      bootTimeoutMs: BOOT_MS,
    });
  }, 2 * BOOT_MS);

  afterAll(async () => {
    await guest?.stop();
  });

  it('runs the fetched kernel with every module loaded and a render node', async () => {
    const system = await guest.console.expectOk('system');

    expect(system).toMatchObject({ release: requireEnvironment().kernelRelease, processors: '1' });
    expect(guest.firstBoot).toMatchObject({
      device: expect.stringMatching(/^\/dev\/dri\/renderD\d+$/),
      modules: requireEnvironment().modules.length,
    });
  });

  it('reports what the driver says about a device without 3D and blobs', async () => {
    const params = await guest.console.expectOk('params');

    expect(params).toMatchObject({ '3d_features': '0', resource_blob: '0', host_visible: '0' });
  });

  it('answers a refused ioctl with the errno and goes on', async () => {
    const create = await guest.console.command('create a host3d 1 0 4096');
    const list = await guest.console.expectOk('list');

    expect(create).toEqual({ ok: false, fields: { errno: 'EINVAL', number: '22', op: 'create' } });
    expect(list).toEqual({ blobs: '0', mapped: '0', bytes: '0' });
  });

  it('answers an unknown command and an unknown blob', async () => {
    const unknown = await guest.console.command('no-such-command');
    const blob = await guest.console.command('map nowhere');

    expect(unknown.fields).toMatchObject({ errno: 'ENOSYS' });
    expect(blob.fields).toMatchObject({ errno: 'ENOENT' });
  });

  it('computes the same pattern on both sides', async () => {
    const seed = 0xfedcba9876543210n;
    const offset = 2 ** 34 - 8;

    const { value } = await guest.console.expectOk(`pattern ${seed} ${offset}`);

    expect(BigInt(value!)).toBe(patternWord(seed, offset));
  });

  it('runs commands of four workers side by side', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map((worker) => guest.console.expectOk(`@${worker} params`)),
    );
    const workers = await guest.console.expectOk('workers');

    expect(answers).toHaveLength(4);
    expect(Object.keys(workers)).toEqual(
      expect.arrayContaining(['worker1', 'worker2', 'worker3', 'worker4']),
    );
  });

  it('tells who waits for a killed worker', async () => {
    const waiting = guest.console.command('@5 cycles 1 200000 4096 mem=host3d', 60_000);
    await guest.console.expectOk('@6 list');

    await guest.console.expectOk('kill 5');

    expect(await waiting).toMatchObject({ ok: false, fields: { errno: 'ECHILD', status: '-9' } });
  });

  it('counts every failed cycle with its first errno and stage', async () => {
    const figures = await guest.console.expectOk('cycles 4 100 4096', 30_000);

    expect(figures).toMatchObject({
      processes: '4',
      abnormal: '0',
      done: '0',
      failures: '400',
      first_errno: 'EINVAL',
      first_stage: 'create',
    });
  });

  it('takes the driver off the device and back', async () => {
    await guest.console.expectOk('unbind');
    const without = await guest.console.command('params');
    await guest.console.expectOk('bind');
    const again = await guest.console.expectOk('rebind');
    const params = await guest.console.expectOk('params');

    expect(without.fields).toMatchObject({ errno: 'ENODEV', op: 'open' });
    expect(again).toMatchObject({ device: 'virtio0' });
    expect(params).toMatchObject({ capset_query_fix: '1' });
  });

  it('stops and goes on through QMP', async () => {
    await guest.qmp.stop();
    const paused = await guest.qmp.status();
    const silent = guest.console.command('hello', 300);
    await expect(silent).rejects.toMatchObject({ code: 'TIMEOUT' });
    await guest.qmp.cont();

    expect(paused).toBe('paused');
    expect(await guest.qmp.status()).toBe('running');
    expect(await guest.console.expectOk('hello')).toMatchObject({ version: '1' });
  });

  it(
    'comes back from a reboot and from the reset button as a new boot',
    async () => {
      await guest.console.expectOk('reboot');
      const second = await guest.console.waitForBoot(2, BOOT_MS);
      const outstanding = guest.console.command('@1 cycles 1 200000 4096', 60_000);
      await Promise.all([
        guest.qmp.systemReset(),
        expect(outstanding).rejects.toMatchObject({ code: 'REBOOTED' }),
      ]);
      const third = await guest.console.waitForBoot(3, BOOT_MS);

      const boots = [guest.firstBoot.bootId, second.bootId, third.bootId];
      expect(new Set(boots).size).toBe(3);
      expect(guest.kernelLog()).toContain('reboot: Restarting system');
    },
    3 * BOOT_MS,
  );

  it('ends with poweroff', async () => {
    await guest.console.expectOk('poweroff');

    expect(await guest.exited).toEqual({ code: 0, signal: null });
  });
});

describe.skipIf(absent)('a guest that does not start', () => {
  it('says what QEMU said', async () => {
    const starting = startGuest({
      environment: requireEnvironment(),
      device: { kind: 'vhost-user', socketPath: '/nonexistent/device.sock' },
    });

    await expect(starting).rejects.toMatchObject({
      name: 'GuestStartError',
      message: expect.stringMatching(/QEMU ended with 1[\s\S]*\/nonexistent\/device\.sock/),
    });
  });
});
