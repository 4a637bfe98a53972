import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemfd } from '../../../services/lib/os/memory.ts';
import { connect, listen, socketPair } from '../../../services/lib/os/socket.ts';
import {
  type BackendServer,
  type BackendServerOptions,
  startBackendServer,
} from '../../../services/lib/vhost-user/backend-server.ts';
import type { ConnectionEnd } from '../../../services/lib/vhost-user/device.ts';
import { listenAtPath, SocketPathError } from '../../../services/lib/vhost-user/listening-socket.ts';
import { until } from '../../support/until.ts';
import { openFds, RawVmm, recordingLog, TestDevice } from './fixtures.ts';

let directory: string;
let path: string;
const cleanups: (() => void)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vhost-user-'));
  path = join(directory, 'gpu.sock');
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
  rmSync(directory, { recursive: true, force: true });
});

type Started = {
  readonly server: BackendServer;
  readonly device: TestDevice;
  readonly log: ReturnType<typeof recordingLog>;
  readonly ends: ConnectionEnd[];
};

async function start(listening: BackendServerOptions['listen'] = { path }): Promise<Started> {
  const device = new TestDevice();
  const log = recordingLog();
  const ends: ConnectionEnd[] = [];
  const server = await startBackendServer({
    device,
    log,
    listen: listening,
    onConnectionEnd: (end) => ends.push(end),
    onFinished: (end) => ends.push({ ...end, message: `finished: ${end.message}` }),
  });
  cleanups.push(() => server.close());
  return { server, device, log, ends };
}

function vmm(): RawVmm {
  const made = new RawVmm(connect(path, 'stream'));
  cleanups.push(() => made.close());
  return made;
}

async function failureOf(promise: Promise<unknown>): Promise<SocketPathError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SocketPathError);
  return error as SocketPathError;
}

describe('a back-end at a path', () => {
  it('serves a VMM and says who it is', async () => {
    const { server, device } = await start();
    const one = vmm();
    expect(await one.get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
    expect(server.connected).toBe(true);
    expect(device.session.vmm.peer?.pid).toBe(process.pid);
  });

  it('lets the owner and the group connect, nobody else, and removes its path at the end', async () => {
    const { server } = await start();
    expect(statSync(path).mode & 0o777).toBe(0o660);
    server.close();
    expect(existsSync(path)).toBe(false);
  });

  it('turns a second VMM away in words and keeps the first', async () => {
    const { log } = await start();
    const first = vmm();
    await first.get('GET_FEATURES', null);
    const second = vmm();
    await second.ended();
    expect(log.text()).toMatch(/a second VMM is turned away/);
    expect(await first.get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
  });

  it('serves the next VMM when the first is gone, even at once', async () => {
    const { device } = await start();
    const first = vmm();
    await first.get('GET_FEATURES', null);
    first.close();
    const second = vmm();
    expect(await second.get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
    expect(device.sessions.length).toBe(2);
    expect(device.sessions[0]?.end?.kind).toBe('disconnected');
  });

  it('leaves nothing behind after 2,000 connections', async () => {
    const { server, ends } = await start();
    const warm = new RawVmm(connect(path, 'stream'));
    await warm.get('GET_FEATURES', null);
    warm.close();
    await until('the connection has ended', () => !server.connected);
    const before = openFds();
    for (let round = 0; round < 2000; round += 1) {
      const one = new RawVmm(connect(path, 'stream'));
      await one.get('GET_PROTOCOL_FEATURES', null);
      one.close();
    }
    await until('2,001 connections ended', () => !server.connected && ends.length === 2001);
    expect(openFds()).toBe(before);
  });

  it('refuses a path in use by a live process and leaves that alone', async () => {
    const other = listen(path, 'stream');
    cleanups.push(() => other.close());
    const before = openFds();
    const error = await failureOf(start());
    expect(error.code).toBe('IN_USE');
    expect(error.message).toBe(`a live process listens on ${path}: stop it, or choose another path`);
    expect(existsSync(path)).toBe(true);
    expect(openFds()).toBe(before);
  });

  it('refuses a path in use by another kind of Unix socket', async () => {
    const other = listen(path, 'seqpacket');
    cleanups.push(() => other.close());
    expect((await failureOf(start())).code).toBe('IN_USE');
  });

  it('takes a stale socket over', async () => {
    listen(path, 'stream').close();
    expect(existsSync(path)).toBe(true);
    await start();
    expect(await vmm().get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
  });

  it('takes over what a killed process left', async () => {
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(spawnSync(process.execPath, ['-e', script]).signal).toBe('SIGKILL');
    await start();
    expect(await vmm().get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
  });

  it('is started by exactly one of many that find the same stale socket', async () => {
    listen(path, 'stream').close();
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => listenAtPath(path)));
    const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(started.length).toBe(1);
    started[0]?.close();
  });

  it('refuses a path that is no socket, and does not remove it', async () => {
    writeFileSync(path, 'precious');
    const error = await failureOf(start());
    expect(error.code).toBe('NOT_SOCKET');
    expect(statSync(path).size).toBe(8);
  });

  it('refuses a directory that does not exist and a path that is too long', async () => {
    const missing = await failureOf(start({ path: join(directory, 'missing', 'gpu.sock') }));
    expect(missing.message).toMatch(/cannot be opened \(ENOENT\): create it first/);
    const long = await failureOf(start({ path: join(directory, 'x'.repeat(120)) }));
    expect(long.message).toMatch(/107 is the most/);
  });

  it('does not remove a socket that somebody else put there since', async () => {
    const { server } = await start();
    rmSync(path);
    const other = listen(path, 'stream');
    cleanups.push(() => other.close());
    server.close();
    expect(existsSync(path)).toBe(true);
  });

  it('does not serve a device that offers what is not implemented', async () => {
    const device = new TestDevice();
    device.largestQueueSize = 1000;
    await expect(startBackendServer({ device, log: recordingLog(), listen: { path } })).rejects.toThrow(
      /1000 is no queue size/,
    );
    expect(existsSync(path)).toBe(false);
  });
});

describe('a back-end on an inherited descriptor', () => {
  it('serves a connected socket once and tells when that is over', async () => {
    const [mine, theirs] = socketPair('stream');
    const { ends } = await start({ fd: theirs.release() });
    const one = new RawVmm(mine);
    expect(await one.get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
    one.close();
    await until('two connections ended', () => ends.length === 2);
    expect(ends[1]?.message).toBe('finished: the VMM closed the connection');
  });

  it('serves a listening socket like one at a path', async () => {
    const socket = listen(path, 'stream');
    const { server, ends } = await start({ fd: socket.release() });
    const one = vmm();
    expect(await one.get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
    one.close();
    expect(await vmm().get('GET_FEATURES', null)).toBe(0x1_5000_0019n);
    expect(ends.map((end) => end.message)).toEqual(['the VMM closed the connection']);
    server.close();
    expect(existsSync(path)).toBe(true);
  });

  it('refuses a descriptor that is no socket, or not open', async () => {
    const file = createMemfd('file', 4096);
    cleanups.push(() => file.close());
    await expect(start({ fd: file.number })).rejects.toThrow(/ENOTSOCK/);
    expect(file.open).toBe(true);
    await expect(start({ fd: 9999 })).rejects.toThrow(/EBADF/);
  });
});
