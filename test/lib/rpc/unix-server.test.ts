import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, makeGenericClientConstructor, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { peerCredentials } from '../../../services/lib/os/socket.ts';
import { Handlers } from '../../../services/lib/rpc/handlers.ts';
import { adminServiceDefinition } from '../../../services/lib/rpc/service-definition.ts';
import { SocketPathError } from '../../../services/lib/rpc/socket-path.ts';
import { readError, StatusError } from '../../../services/lib/rpc/status-error.ts';
import { type Peer, UnixServer } from '../../../services/lib/rpc/unix-server.ts';
import { pace, until } from '../../support/until.ts';

let directory: string;
const cleanups: (() => Promise<void> | void)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-rpc-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(directory, { recursive: true });
});

type Call = (request: object) => Promise<Record<string, unknown>>;
type Served = {
  readonly server: UnixServer;
  /** Of each call. */
  readonly peers: Peer[];
  readonly closed: Peer[];
  readonly logged: string[];
};

async function serve(path = join(directory, 's'), mostConnections = 100): Promise<Served> {
  const [peers, closed, logged]: [Peer[], Peer[], string[]] = [[], [], []];
  const log = {
    warn: (_: object, message: string) => void logged.push(message),
    error: (_: object, message: string) => void logged.push(message),
  };
  const onClose = (peer: Peer) => void closed.push(peer);
  const server = new UnixServer({ path, credentials: peerCredentials, log, onClose, mostConnections });
  const handlers = new Handlers((call) => server.peerOf(call), log);
  server.addService(adminServiceDefinition, {
    getVm: handlers.unary<{ vm: string }, object>((request, peer) => {
      peers.push(peer);
      if (request.vm === 'throw') throw new Error('a secret of the broker');
      if (request.vm === 'reject') return Promise.reject(new TypeError('another'));
      if (request.vm === 'unknown') throw new StatusError('VM_UNKNOWN', 'no such VM', { vm: 'unknown' });
      if (request.vm === 'later') return pace(10).then(() => ({ vm: { name: 'later' } }));
      return { vm: { name: peer.name } };
    }),
    watchEvents: handlers.stream<{ vm: string }, object>((call) => {
      call.write({ vm: 'one' });
      throw new StatusError('WATCHER_LIMIT', 'no more');
    }),
  } as never);
  await server.listen();
  cleanups.push(() => server.close(100));
  return { server, peers, closed, logged };
}

function client(path = join(directory, 's')) {
  const Constructor = makeGenericClientConstructor(adminServiceDefinition, 'test');
  const made = new Constructor(`unix:${path}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  cleanups.push(() => made.close());
  const getVm: Call = (request) =>
    new Promise((resolve, reject) => {
      const method = (
        made as unknown as Record<string, (r: object, c: (e: Error | null, a: object) => void) => void>
      )['getVm'];
      method?.call(made, request, (error, answer) =>
        error ? reject(error) : resolve(answer as Record<string, unknown>),
      );
    });
  return { made, getVm };
}

describe('a server on a Unix socket', () => {
  it('knows the process at the other end, and each connection', async () => {
    const { server, peers } = await serve();
    const [one, two] = [client(), client()];
    await one.getVm({ vm: 'x' });
    await one.getVm({ vm: 'later' });
    await two.getVm({ vm: 'x' });
    expect(peers.map(({ pid, uid }) => [pid, uid])).toEqual(Array(3).fill([process.pid, process.getuid?.()]));
    expect(peers[0]).toBe(peers[1]);
    expect(peers[2]?.name).not.toBe(peers[0]?.name);
    expect(peers.every((peer) => server.isConnected(peer))).toBe(true);
  });

  it('says when a connection has ended, once', async () => {
    const { server, peers, closed } = await serve();
    const { made, getVm } = client();
    await getVm({ vm: 'x' });
    made.close();
    await until('a connection closed', () => closed.length > 0);
    expect(closed).toEqual([peers[0]]);
    expect(server.isConnected(peers[0] as Peer)).toBe(false);
    expect(server.connections).toBe(0);
  });

  it('answers with the reason, and hides faults of its own', async () => {
    const { logged } = await serve();
    const { made, getVm } = client();
    const errors = await Promise.all(
      ['unknown', 'throw', 'reject'].map((vm) =>
        getVm({ vm }).then(
          () => null,
          (error: Error) => readError(error),
        ),
      ),
    );
    expect(errors[0]).toEqual({
      code: status.NOT_FOUND,
      reason: 'VM_UNKNOWN',
      message: 'no such VM',
      data: { vm: 'unknown' },
    });
    expect(errors.slice(1).map((error) => [error?.code, error?.reason])).toEqual(
      Array(2).fill([status.INTERNAL, 'INTERNAL']),
    );
    expect(JSON.stringify(errors)).not.toContain('secret');
    expect(logged.length).toBe(2);
    const stream = (made as unknown as Record<string, (r: object) => NodeJS.ReadableStream>)[
      'watchEvents'
    ]?.call(made, {});
    const seen: unknown[] = [];
    stream?.on('data', (item) => seen.push(item));
    const error = await new Promise<Error>((resolve) => stream?.once('error', resolve));
    expect([seen.length, readError(error).reason]).toEqual([1, 'WATCHER_LIMIT']);
  });

  it('is a socket for its owner alone, whatever the umask', async () => {
    const before = process.umask(0);
    await serve();
    const after = process.umask(before);
    expect(statSync(join(directory, 's')).mode & 0o777).toBe(0o600);
    expect(after).toBe(0);
  });

  it('refuses a path that a live process listens on, and names it', async () => {
    const path = join(directory, 's');
    await serve(path);
    const error = await serve(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SocketPathError);
    expect((error as Error).message).toContain(`in use by a live process (pid ${process.pid})`);
    expect((await client().getVm({ vm: 'x' }))['vm']).toBeDefined();
  });

  it('takes over what a dead process left behind', async () => {
    const path = join(directory, 's');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('x'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    expect(existsSync(path)).toBe(true);
    await serve(path);
    expect((await client(path).getVm({ vm: 'x' }))['vm']).toBeDefined();
  });

  it('does not remove what is no socket', async () => {
    writeFileSync(join(directory, 's'), 'precious');
    await expect(serve()).rejects.toThrow('something that is no socket has that name');
    expect(statSync(join(directory, 's')).size).toBe(8);
  });

  it('removes its socket when it closes, and ends connections that stay', async () => {
    const { server } = await serve();
    const raw = connect(join(directory, 's'));
    await new Promise((resolve) => raw.once('connect', resolve));
    const ended = new Promise((resolve) => raw.once('close', resolve));
    raw.on('error', () => undefined);
    raw.resume();
    await server.close(50);
    await ended;
    expect(existsSync(join(directory, 's'))).toBe(false);
  });

  it('survives callers that speak no HTTP/2, send a megabyte of noise, or say nothing', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const { server } = await serve();
    const noise = [
      'GET / HTTP/1.1\r\n\r\n',
      Buffer.alloc(2 ** 20, 0xff),
      `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\xff'.repeat(500)}`,
      '',
    ];
    await Promise.all(
      noise.map(
        (bytes) =>
          new Promise<void>((resolve) => {
            const raw = connect(join(directory, 's'));
            raw.on('error', () => undefined);
            raw.on('close', () => resolve());
            raw.resume();
            raw.end(bytes);
          }),
      ),
    );
    expect((await client().getVm({ vm: 'x' }))['vm']).toBeDefined();
    await until('one connection is left', () => server.connections === 1);
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 10);
  });

  it('has a bounded number of connections', async () => {
    const { server } = await serve(join(directory, 's'), 3);
    const sockets = Array.from({ length: 6 }, () => connect(join(directory, 's')));
    let ended = 0;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        ended += 1;
      });
    }
    await until('three ended', () => ended === 3);
    expect(server.connections).toBe(3);
    for (const socket of sockets) socket.destroy();
  });
});
