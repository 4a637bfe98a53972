import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FdChannelError, FdClient } from '../../services/frontend/fd-client.ts';
import type { Fd } from '../../services/lib/os/fd.ts';
import { createMemfd } from '../../services/lib/os/memory.ts';
import { Poller } from '../../services/lib/os/poll.ts';
import { accept, listen, receive, send } from '../../services/lib/os/socket.ts';
import { fileIdentity } from '../../services/lib/vhost-user/guest-memory.ts';
import { standStill } from '../support/stand-still.ts';
import { pace, until } from '../support/until.ts';

/** The broker's end: answers each token as the test says; null answers nothing. */
type Reply = (
  token: Buffer,
) => { readonly status: number; readonly fds: readonly Fd[]; readonly length?: number } | null;

let directory: string;
let path: string;
let client: FdClient;
let connections: { readonly socket: Fd; readonly poller: Poller }[];
let listening: { readonly socket: Fd; readonly poller: Poller } | null;
let reply: Reply;
const memory: Fd[] = [];

function serve(): void {
  const socket = listen(path, 'seqpacket');
  const poller = new Poller(socket.number, () => {
    const connection = accept(socket.number);
    if (!connection) return;
    const connectionPoller = new Poller(connection.number, () => answer(connection));
    connections.push({ socket: connection, poller: connectionPoller });
  });
  listening = { socket, poller };
}

function answer(connection: Fd): void {
  for (let message = receive(connection.number, 64); message; message = receive(connection.number, 64)) {
    if (message.data.length === 0) {
      hangUp();
      return;
    }
    const result = reply(message.data);
    if (!result) continue;
    const bytes = Buffer.alloc(result.length ?? 16);
    bytes.writeUInt32LE(result.status, 0);
    send(
      connection.number,
      bytes,
      result.fds.map((fd) => fd.number),
    );
  }
}

function hangUp(): void {
  for (const { socket, poller } of connections.splice(0)) {
    poller.close();
    socket.close();
  }
}

const token = (index: number) => new Uint8Array(32).fill(index);
const newMemory = (size: number): Fd => {
  const fd = createMemfd('fd-client', size);
  memory.push(fd);
  return fd;
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-fd-client-'));
  path = join(directory, 'fd.sock');
  connections = [];
  listening = null;
  client = new FdClient(path, 200);
  reply = (asked) => ({ status: 0, fds: [newMemory(4096 * (asked[0] ?? 1))] });
});

afterEach(() => {
  client.close();
  hangUp();
  listening?.poller.close();
  listening?.socket.close();
  for (const fd of memory.splice(0)) fd.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('FdClient', () => {
  it('gives the memory that a token stands for', async () => {
    serve();

    const fd = await client.redeem(token(3));

    expect(fileIdentity(fd.number).size).toBe(3 * 4096);
    fd.close();
  });

  it('has many tokens under way on one connection, and gets the answers in order', async () => {
    serve();
    const numbers = Array.from({ length: 100 }, (_, index) => index + 1);

    const fds = await Promise.all(numbers.map((number) => client.redeem(token(number))));

    expect(fds.map((fd) => fileIdentity(fd.number).size / 4096)).toEqual(numbers);
    expect(connections).toHaveLength(1);
    for (const fd of fds) fd.close();
  });

  it('tells the status of a refusal, and goes on', async () => {
    serve();
    reply = (asked) => (asked[0] === 1 ? { status: 5, fds: [] } : { status: 0, fds: [newMemory(4096)] });

    const [first, second] = await Promise.allSettled([client.redeem(token(1)), client.redeem(token(2))]);

    expect(first).toMatchObject({ reason: { message: expect.stringContaining('status 5') } });
    expect(second.status).toBe('fulfilled');
    (second as PromiseFulfilledResult<Fd>).value.close();
  });

  it('rejects when nobody listens', async () => {
    await expect(client.redeem(token(1))).rejects.toThrow(FdChannelError);
  });

  it('rejects when there is no answer in time, and connects anew for the next', async () => {
    serve();
    reply = () => null;
    await expect(client.redeem(token(1))).rejects.toThrow('no answer within 200 ms');
    reply = () => ({ status: 0, fds: [newMemory(4096)] });

    const fd = await client.redeem(token(2));

    expect(fd.open).toBe(true);
    fd.close();
  });

  it('waits for a broker that is slow for as long as it goes on answering', async () => {
    serve();
    const numbers = [1, 2, 3, 4, 5, 6];
    reply = () => null;
    const all = Promise.all(numbers.map((number) => client.redeem(token(number))));
    await until('the client is connected', () => connections.length === 1);
    const header = Buffer.alloc(16);
    for (const number of numbers) {
      await pace(80);
      send(connections[0]?.socket.number as number, header, [newMemory(4096 * number).number]);
    }

    const fds = await all;

    expect(fds.map((fd) => fileIdentity(fd.number).size / 4096)).toEqual(numbers);
    for (const fd of fds) fd.close();
  });

  it('takes an answer that came while this process stood still', async () => {
    const socket = listen(path, 'seqpacket');
    const asked = client.redeem(token(1));
    const connection = accept(socket.number) as Fd;
    send(connection.number, Buffer.alloc(16), [newMemory(4096).number]);
    standStill(500);

    const fd = await asked;

    expect(fileIdentity(fd.number).size).toBe(4096);
    for (const each of [fd, connection, socket]) each.close();
  });

  it('rejects everything that is under way when the broker hangs up', async () => {
    serve();
    reply = () => {
      queueMicrotask(hangUp);
      return null;
    };

    const results = await Promise.allSettled([client.redeem(token(1)), client.redeem(token(2))]);

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('rejects what is under way when it is closed', async () => {
    serve();
    reply = () => null;
    const asked = client.redeem(token(1));
    client.close();

    await expect(asked).rejects.toThrow('the channel was closed');
  });

  it.each([
    ['without a descriptor', () => ({ status: 0, fds: [] })],
    ['with two', () => ({ status: 0, fds: [newMemory(4096), newMemory(4096)] })],
    ['that is too short', () => ({ status: 0, fds: [newMemory(4096)], length: 8 })],
    ['that is too long', () => ({ status: 0, fds: [newMemory(4096)], length: 24 })],
    ['with a status and a descriptor', () => ({ status: 1, fds: [newMemory(4096)] })],
  ])('rejects an answer %s, and keeps no descriptor of it', async (_, bad) => {
    serve();
    reply = bad;
    await client.redeem(token(1)).catch(() => {});
    const before = readdirSync('/proc/self/fd').length - memory.length;

    await expect(client.redeem(token(1))).rejects.toThrow(FdChannelError);

    expect(readdirSync('/proc/self/fd').length - memory.length).toBe(before);
  });
});
