import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunPaths } from '../../services/lib/runtime/run-directory.ts';
import { pace } from '../support/until.ts';
import { create, DEFAULT_CONFIG, fdsFallTo, map, openFds, PAGE, results, TestBroker } from './harness.ts';

const socketsOf = ({
  brokerSocket,
  fdSocket,
  viewSocket,
  adminSocket,
  memorySocket,
  memoryFdSocket,
}: RunPaths) => [brokerSocket, fdSocket, viewSocket, adminSocket, memorySocket, memoryFdSocket];

let directory: string;
const brokers: TestBroker[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-start-'));
});
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.end();
  rmSync(directory, { recursive: true });
});

async function start(yaml = DEFAULT_CONFIG): Promise<TestBroker> {
  const broker = await TestBroker.start(yaml, directory);
  brokers.push(broker);
  return broker;
}

describe('starting', () => {
  it('makes sockets for its own user, and a secret for each VM', async () => {
    const { paths, secret } = await start().then((broker) => ({
      paths: broker.paths,
      secret: broker.secret('web'),
    }));
    expect(socketsOf(paths).map((path) => statSync(path).mode & 0o777)).toEqual(Array(6).fill(0o600));
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(paths.vmSecret('web')).mode & 0o177).toBe(0);
    expect(statSync(paths.vmSecret('web')).uid).toBe(process.getuid?.());
  });

  it('keeps secrets over a restart, and not the VMs', async () => {
    const first = await start();
    const secret = first.secret('web');
    const session = await first.attach('web');
    await first.stop();
    const second = await start();
    expect(second.secret('web')).toBe(secret);
    const resumed = second.openSession();
    resumed.call.write({ attach: { vm: 'web', secret, session: session.attached.session ?? null } });
    expect((await resumed.ended)?.reason).toBe('SESSION_UNKNOWN');
  });

  it('is refused in a run directory where a broker runs, and the other goes on', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(new RegExp(`another broker \\(pid ${process.pid}\\) runs in it`));
    const session = await first.attach('web');
    expect(results(await session.run(create(1, PAGE), map(1, 0)))).toEqual(['ok', 'ok']);
  });

  it('is refused where another program listens on a socket of ours', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(join(directory, 'admin.sock'), resolve));
    const before = openFds();
    await expect(start()).rejects.toThrow(`admin.sock is in use by a live process (pid ${process.pid})`);
    // What had been started is gone again.
    expect(existsSync(join(directory, 'broker.sock'))).toBe(false);
    expect(existsSync(join(directory, 'fd.sock'))).toBe(false);
    expect(await fdsFallTo(before)).toBeLessThanOrEqual(before);
    await new Promise((resolve) => other.close(resolve));
    await start();
  });

  it('names the heap that cannot be opened, and leaves nothing behind', async () => {
    const path = join(directory, 'video');
    writeFileSync(path, Buffer.alloc(PAGE));
    const before = openFds();
    const yaml = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
  - { name: video, backing: file, cache: wc, path: ${path}, capacity: 1MiB }
vms: []
`;
    await expect(start(yaml)).rejects.toThrow(/heap video: its capacity is 1048576 bytes, but .* has 4096/);
    expect(await fdsFallTo(before)).toBe(before);
    await start();
  });

  it.skipIf(process.getuid?.() !== 0)('refuses a frontend of another user than the VM has', async () => {
    const broker = await start(DEFAULT_CONFIG.replace('{ name: web,', '{ name: web, uid: 12345,'));
    expect(statSync(broker.paths.vmSecret('web')).uid).toBe(12345);
    const session = broker.openSession();
    session.call.write({ attach: { vm: 'web', secret: broker.secret('web') } });
    const error = await session.ended;
    expect(error?.reason).toBe('VM_FORBIDDEN');
    expect(error?.message).toContain('it belongs to uid 12345');
  });
});

describe('stopping', () => {
  it('removes the sockets, closes every descriptor, and can be asked twice', async () => {
    const before = openFds();
    const broker = await start();
    const sessions = [await broker.attach('web'), await broker.attach('own')];
    for (const session of sessions) await session.run(create(1, PAGE), map(1, 0));
    await broker.adminClient().call('listVms');
    await Promise.all([broker.stop(), broker.stop()]);
    expect(socketsOf(broker.paths).filter((path) => existsSync(path))).toEqual([]);
    await broker.end();
    expect(await fdsFallTo(before)).toBeLessThanOrEqual(before);
  });

  it('leaves guests what they have mapped', async () => {
    const broker = await start();
    const session = await broker.attach('web');
    const window = await session.window();
    await session.run(create(1, PAGE), map(1, 0));
    window.bytes(0, 1)[0] = 5;
    await broker.stop();
    expect(window.bytes(0, 1)[0]).toBe(5);
    window.close();
  });

  it('waits for memory that is being worked on', async () => {
    const before = openFds();
    const broker = await start();
    const session = await broker.attach('web');
    await session.run(create(1, 200 * 2 ** 20), map(1, 0));
    session.send([{ number: 3, destroy: { resourceId: 1 } }]);
    await pace(1);
    await broker.end();
    expect(await fdsFallTo(before)).toBeLessThanOrEqual(before);
    expect(broker.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  });

  it('says little when all is well', async () => {
    const broker = await start();
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, 0), map(1, 0));
    await session.detach();
    await broker.stop();
    const lines = broker.log.map((line) => JSON.parse(line) as { level: number; msg: string });
    expect(lines.filter(({ level }) => level > 30)).toEqual([]);
    expect(lines.filter(({ level }) => level === 30).map(({ msg }) => msg)).toEqual([
      'there is no fd store: when the broker ends, its VMs lose their memory (start it with `barkeep keep`, or by systemd with FileDescriptorStoreMax=)',
      'broker started',
      'attached',
      'reclaimed',
      'broker stopped',
    ]);
    expect(readFileSync(broker.paths.lock, 'utf8').trim()).toBe(String(process.pid));
  });
});
