import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAll, type Fd } from '../../services/lib/os/fd.ts';
import { createMemfd } from '../../services/lib/os/memory.ts';
import { connect, receive, send } from '../../services/lib/os/socket.ts';
import type { SystemError } from '../../services/lib/os/system-error.ts';
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { pace, until } from '../support/until.ts';
import { ask, create, destroy, fdsFallTo, MIB, map, openFds, PAGE, TestBroker } from './harness.ts';

let broker: TestBroker;
beforeEach(async () => {
  broker = await TestBroker.start();
});
afterEach(() => broker.end());

const tokenOf = (handle: barkeep.v1.MemoryHandle.$Properties | null | undefined): Uint8Array =>
  handle?.token ?? new Uint8Array();

async function refused(): Promise<number> {
  const answer = await broker.adminClient().call<barkeep.v1.GetStatisticsResponse>('getStatistics');
  return countFromWire(answer.tokensRefused);
}

/** The next `count` messages of a socket, and null for its end if that comes before. */
async function answersOn(socket: Fd, count = Number.POSITIVE_INFINITY): Promise<(number | null)[]> {
  const statuses: (number | null)[] = [];
  while (statuses.length < count && statuses.at(-1) !== null) {
    const message = await until('a message or the end', () => receive(socket.number, 64), {
      found: () => `only ${JSON.stringify(statuses)}`,
    });
    closeAll(message.fds);
    statuses.push(message.data.length === 0 ? null : message.data.readUInt32LE(0));
  }
  return statuses;
}

describe('the fd channel', () => {
  it('gives the window for its token, once, and says how long it is', async () => {
    const session = await broker.attach('web');
    const token = tokenOf(session.attached.window);
    const first = await ask(broker.paths.fdSocket, token);
    const second = await ask(broker.paths.fdSocket, token);
    first?.fd?.close();
    expect([first?.status, first?.size]).toEqual([0, 256 * MIB]);
    expect([second?.status, second?.size, second?.fd]).toEqual([1, 0, null]);
    expect(await refused()).toBe(1);
  });

  it('serves many tokens on one connection, wrong ones between them', async () => {
    const session = await broker.attach('own');
    const answers = await session.run(create(1, PAGE), map(1, 0), create(2, PAGE), map(2, PAGE));
    const socket = connect(broker.paths.fdSocket, 'seqpacket');
    send(socket.number, tokenOf(answers[1]?.memory));
    send(socket.number, Buffer.alloc(32, 7));
    send(socket.number, tokenOf(answers[3]?.memory));
    expect(await answersOn(socket, 3)).toEqual([0, 1, 0]);
    socket.close();
  });

  it('says that memory was released', async () => {
    const session = await broker.attach('own');
    const [, mapped] = await session.run(create(1, PAGE), map(1, 0));
    await session.run(destroy(1));
    expect((await ask(broker.paths.fdSocket, tokenOf(mapped?.memory)))?.status).toBe(2);
  });

  it('gives nothing for tokens of a VM whose frontend has gone', async () => {
    const session = await broker.attach('own');
    const [, mapped] = await session.run(create(1, PAGE), map(1, 0));
    session.vanish();
    await broker.waitForState('own', 3);
    expect((await ask(broker.paths.fdSocket, tokenOf(mapped?.memory)))?.status).toBe(1);
  });

  it('lets no descriptor stay with the broker, whatever becomes of tokens', async () => {
    const session = await broker.attach('own');
    const before = openFds();
    for (let resource = 1; resource <= 20; resource += 1) {
      const [, mapped] = await session.run(create(resource, PAGE), map(resource, resource * PAGE));
      if (resource % 2 === 0) (await ask(broker.paths.fdSocket, tokenOf(mapped?.memory)))?.fd?.close();
      await session.run(destroy(resource));
    }
    expect(await fdsFallTo(before)).toBe(before);
  });

  it.each([
    ['a short one', Buffer.alloc(31)],
    ['a long one', Buffer.alloc(33)],
    ['a very long one', Buffer.alloc(60_000)],
  ])('ends the connection of whoever sends %s, and no other', async (_, message) => {
    const [bad, good] = [
      connect(broker.paths.fdSocket, 'seqpacket'),
      connect(broker.paths.fdSocket, 'seqpacket'),
    ];
    send(bad.number, message);
    send(good.number, Buffer.alloc(32));
    expect(await answersOn(bad)).toEqual([null]);
    expect(await answersOn(good, 1)).toEqual([1]);
    closeAll([bad, good]);
  });

  it('ends the connection of whoever sends descriptors, and closes them', async () => {
    const socket = connect(broker.paths.fdSocket, 'seqpacket');
    const memory = createMemfd('test', PAGE);
    const before = openFds();
    send(socket.number, Buffer.alloc(32), Array(50).fill(memory.number));
    expect(await answersOn(socket)).toEqual([null]);
    expect(await fdsFallTo(before)).toBeLessThanOrEqual(before);
    closeAll([socket, memory]);
  });

  it('ends the connection of whoever asks and asks, and reads no answer', async () => {
    const socket = connect(broker.paths.fdSocket, 'seqpacket');
    const before = openFds();
    for (let count = 0; count < 3000; count += 1) {
      try {
        if (send(socket.number, Buffer.alloc(32)) === 0) await pace(1);
      } catch {
        break;
      }
    }
    expect((await answersOn(socket)).at(-1)).toBeNull();
    expect(await fdsFallTo(before)).toBeLessThanOrEqual(before);
    socket.close();
  });

  it('survives callers that vanish at any moment', async () => {
    const before = openFds();
    for (let count = 0; count < 300; count += 1) {
      const socket = await until('the backlog has room', () => connectIfRoom(broker.paths.fdSocket));
      if (count % 3 > 0) send(socket.number, Buffer.alloc(count % 3 === 1 ? 32 : 5));
      socket.close();
    }
    expect(await fdsFallTo(before)).toBeLessThanOrEqual(before);
    expect((await ask(broker.paths.fdSocket, Buffer.alloc(32)))?.status).toBe(1);
  });

  it('is a socket for its owner alone, unless frontends have a group', () => {
    expect(statSync(broker.paths.fdSocket).mode & 0o777).toBe(0o600);
  });
});

/** Null while so many wait to be accepted that there is no room for one more. */
function connectIfRoom(path: string): Fd | null {
  try {
    return connect(path, 'seqpacket');
  } catch (error) {
    if ((error as SystemError).code === 'EAGAIN') return null;
    throw error;
  }
}
