import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuestConsole } from './console.ts';

const BOOT = 'ready version=1 boot=b1 device=/dev/dri/renderD128 modules=6\n';

describe('GuestConsole', () => {
  let directory: string;
  let guest: Socket;
  let port: GuestConsole;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'barkeep-console-'));
    const server = createServer().listen(join(directory, 'port'));
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    guest = connect(join(directory, 'port'));
    port = new GuestConsole((await accepted)[0] as Socket);
    server.close();
  });

  afterEach(() => {
    guest.destroy();
    rmSync(directory, { recursive: true });
  });

  it('matches answers to commands by number, in any order and in pieces', async () => {
    const first = port.command('params');
    const second = port.command('map a');
    guest.write('2 error errno=EINVAL num');
    guest.write('ber=22 op=map\n1 ok 3d_features=1\n');

    expect(await first).toEqual({ ok: true, fields: { '3d_features': '1' } });
    expect(await second).toEqual({ ok: false, fields: { errno: 'EINVAL', number: '22', op: 'map' } });
  });

  it('ignores noise and answers nobody waits for', async () => {
    const answer = port.command('list');
    guest.write('\0garbage\r\n99 ok late=1\n1 ok blobs=0\n');

    expect(await answer).toEqual({ ok: true, fields: { blobs: '0' } });
  });

  it('rejects a command without an answer in time', async () => {
    const answer = port.command('map a', 20);
    expect(port.unanswered).toEqual(['map a']);
    await expect(answer).rejects.toMatchObject({ code: 'TIMEOUT', line: 'map a' });
    expect(port.unanswered).toEqual([]);
  });

  it('rejects an error answer where success was asked for', async () => {
    const answer = port.expectOk('map a');
    guest.write('1 error errno=ENOSPC number=28 op=map\n');

    await expect(answer).rejects.toMatchObject({ code: 'REFUSED', errno: 'ENOSPC' });
  });

  it('reports boots and rejects what was out when the guest started anew', async () => {
    guest.write(BOOT);
    const first = await port.waitForBoot(1, 1000);
    const answer = port.command('cycles 1 1 4096');
    guest.write(BOOT.replace('b1', 'b2').replace('/dev/dri/renderD128', 'none'));

    await expect(answer).rejects.toMatchObject({ code: 'REBOOTED' });
    expect(first).toEqual({ bootId: 'b1', device: '/dev/dri/renderD128', modules: 6 });
    expect(await port.waitForBoot(2, 1000)).toMatchObject({ bootId: 'b2', device: null });
  });

  it('rejects everything when QEMU is gone', async () => {
    const answer = port.command('list');
    const boot = port.waitForBoot(1, 10_000);
    guest.destroy();

    await expect(answer).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(boot).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(port.command('list')).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('refuses a line that the port cannot take', async () => {
    await expect(port.command('a\nb')).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(port.command('x'.repeat(2000))).rejects.toMatchObject({ code: 'REFUSED' });
  });
});
