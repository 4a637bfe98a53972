// The fd store as a service sees it: what it says to its holder, what it takes back, and holders that misbehave.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bindDatagram } from '../../../services/lib/os/datagram.ts';
import { createEventfd } from '../../../services/lib/os/eventfd.ts';
import { Fd } from '../../../services/lib/os/fd.ts';
import { type Received, receive } from '../../../services/lib/os/socket.ts';
import { FdStore } from '../../../services/lib/runtime/fd-store.ts';
import { missingPrograms } from '../../deploy/command.ts';

const DIST = resolve(import.meta.dirname, '../../../dist/services/lib');

let directory: string;
let open: Fd[];
let address: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-store-'));
  address = join(directory, 'notify');
  open = [];
});
afterEach(() => {
  for (const fd of open) fd.close();
  rmSync(directory, { recursive: true, force: true });
});

function owned(fd: Fd): number {
  open.push(fd);
  return fd.number;
}

const holder = (): number => owned(bindDatagram(address));

function storeOf(environment: Record<string, string> = {}, patience = 1000): FdStore {
  return FdStore.open({ NOTIFY_SOCKET: address, ...environment }, { patience });
}

function next(socket: number): Received {
  const received = receive(socket, 4096)!;
  for (const fd of received.fds) owned(fd);
  return received;
}

const textOf = (received: Received): string => received.data.toString();

describe('without a holder', () => {
  test('the store is inactive, and whatever is asked does nothing', () => {
    const store = FdStore.open({});
    expect([store.active, store.problem, [...store.left]]).toEqual([false, null, []]);
    store.put('one', owned(createEventfd()));
    store.remove('one');
    store.ready();
    store.stopping();
    store.close();
  });

  test('that was named but is not there, it says so', () => {
    const store = storeOf();
    expect(store.active).toBe(false);
    expect(store.problem).toBe(`send datagrams to ${address}: connect failed with ENOENT`);
  });
});

describe("the service's words", () => {
  test("are systemd's", () => {
    const socket = holder();
    const store = storeOf();
    store.put('window.1', owned(createEventfd()));
    store.remove('window.1');
    store.ready({ URL: 'http://x' });
    store.reloading();
    store.stopping();
    const stored = next(socket);
    expect([textOf(stored), stored.fds.length]).toEqual(['FDSTORE=1\nFDNAME=window.1\nFDPOLL=0', 1]);
    expect(textOf(next(socket))).toBe('FDSTOREREMOVE=1\nFDNAME=window.1');
    expect(textOf(next(socket))).toBe('READY=1\nX_URL=http://x');
    expect(textOf(next(socket))).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    expect(textOf(next(socket))).toBe('STOPPING=1');
    store.close();
  });

  test('say that it lives where that is asked, and what it does when that is news', () => {
    const socket = holder();
    const environment: Record<string, string> = { WATCHDOG_USEC: '30000000', WATCHDOG_PID: `${process.pid}` };
    const asked = storeOf(environment);
    expect(asked.watchdog).toBe(30_000);
    for (const status of ['two\nlines', 'two\nlines', 'other']) asked.alive(status);
    const heard = [next(socket), next(socket), next(socket)].map(textOf);
    expect(heard).toEqual(['WATCHDOG=1\nSTATUS=two lines', 'WATCHDOG=1', 'WATCHDOG=1\nSTATUS=other']);
    asked.close();

    const unasked = storeOf({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' });
    expect(unasked.watchdog).toBeNull();
    for (const status of ['same', 'same', 'other']) unasked.alive(status);
    expect([next(socket), next(socket)].map(textOf)).toEqual(['STATUS=same', 'STATUS=other']);
    unasked.close();
  });

  test('never wait to say that it lives', () => {
    holder();
    const store = storeOf({ WATCHDOG_USEC: '30000000' }, 60_000);
    const began = performance.now();
    for (let count = 0; count < 1000; count += 1) store.alive('');
    expect(performance.now() - began).toBeLessThan(5_000);
    store.close();
  });

  test('carry as many descriptors as the kernel passes at once', () => {
    const socket = holder();
    const store = storeOf();
    const fd = owned(createEventfd());
    store.put('many', ...Array<number>(300).fill(fd));
    expect([next(socket).fds.length, next(socket).fds.length]).toEqual([253, 47]);
    store.close();
  });

  test.each(['', 'a:b', 'a\nb', 'a b', 'x'.repeat(256)])('need a good name, not %j', (name) => {
    const store = FdStore.open({});
    expect(() => store.put(name, 0)).toThrow(RangeError);
    expect(() => store.remove(name)).toThrow(RangeError);
  });

  test('are waited for as long as the patience lasts', () => {
    holder();
    const store = storeOf({}, 60);
    const fill = (): void => {
      for (;;) store.remove('x');
    };
    expect(fill).toThrow(`tell the holder at ${address} FDSTOREREMOVE=1 FDNAME=x: it has not read for 60 ms`);
    expect(() => store.ready()).not.toThrow();
    store.close();
  });

  test('to a holder that has gone are an error where something would be lost', () => {
    const socket = bindDatagram(address);
    const store = storeOf();
    socket.close();
    expect(() => store.put('x', owned(createEventfd()))).toThrow('ECONNREFUSED');
    expect(() => store.ready()).not.toThrow();
    expect(() => store.stopping()).not.toThrow();
    store.close();
  });
});

describe('what is inherited', () => {
  test('is not ours when it is meant for another process, and no child is told of it', () => {
    const environment: Record<string, string> = { LISTEN_FDS: '1', LISTEN_FDNAMES: 'a', LISTEN_PID: '1' };
    expect([...FdStore.open(environment).left]).toEqual([]);
    expect(environment).toEqual({});
  });

  test.each([
    [{ LISTEN_FDS: 'x' }, 'LISTEN_FDS is "x"'],
    [{ LISTEN_FDS: '2', LISTEN_FDNAMES: 'a' }, 'LISTEN_FDS says 2, and LISTEN_FDNAMES has 1 names'],
    [{ LISTEN_FDS: '1', LISTEN_FDNAMES: 'a:b' }, 'LISTEN_FDS says 1, and LISTEN_FDNAMES has 2 names'],
  ])('%j contradicts itself', (variables, message) => {
    const environment: Record<string, string> = { ...variables, LISTEN_PID: String(process.pid) };
    expect(() => FdStore.open(environment)).toThrow(message);
  });

  /** Runs FdStore.open() in a process of its own, whose fd 3 and up are ours; returns what it prints. */
  async function opened(body: string, fds: readonly number[], environment: Record<string, string>) {
    const program = `
      import { FdStore } from '${DIST}/runtime/fd-store.js';
      import { isCloseOnExec } from '${DIST}/os/descriptor.js';
      const own = process.env.LISTEN_PID === 'own' ? { LISTEN_PID: String(process.pid) } : {};
      const print = (value) => console.log(JSON.stringify(value));
      Object.assign(process.env, own);
      ${body}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit', ...fds],
      env: { ...process.env, ...environment },
    });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await once(child, 'close');
    return JSON.parse(text) as unknown;
  }
  const file = (): number => owned(new Fd(openSync('/dev/null', 'r')));
  const TELL = `
    const store = FdStore.open();
    const left = [...store.left].map(([name, fds]) => [name, fds.map(({ number }) => [number, isCloseOnExec(number)])]);
    print([left, Object.keys(process.env).filter((name) => /^LISTEN_|KEEPER/.test(name))]);`;

  test('comes by name, in order, closed on exec, and only once', async () => {
    const said = await opened(TELL, [file(), file(), file()], {
      LISTEN_FDS: '3',
      LISTEN_FDNAMES: 'a:b:a',
      LISTEN_PID: 'own',
    });
    const a = [
      [3, true],
      [5, true],
    ];
    expect(said).toEqual([
      [
        ['a', a],
        ['b', [[4, true]]],
      ],
      [],
    ]);
  });

  test('without names is "unknown"', async () => {
    const said = await opened(TELL, [file()], { LISTEN_FDS: '1', LISTEN_PID: 'own' });
    expect(said).toEqual([[['unknown', [[3, true]]]], []]);
  });

  test.each([
    [String(process.pid), [['a', [[3, true]]]]],
    ['1', []],
  ])('without LISTEN_PID is ours when our parent is the keeper %s', async (keeper, left) => {
    const environment = { LISTEN_FDS: '1', LISTEN_FDNAMES: 'a', BARKEEP_KEEPER_PID: keeper };
    expect(await opened(TELL, [file()], environment)).toEqual([left, []]);
  });

  test('must be open', async () => {
    const body = `try { FdStore.open(); } catch ({ name, message }) { print([name, message]); }`;
    const environment = { LISTEN_FDS: '300', LISTEN_FDNAMES: `a${':b'.repeat(299)}`, LISTEN_PID: 'own' };
    const [name, message] = (await opened(body, [file()], environment)) as string[];
    expect(name).toBe('FdStoreError');
    expect(message).toMatch(/^take descriptor \d+ \("b"\) over: it is not open$/);
  });

  test('and not taken is closed, here and at the holder', async () => {
    const socket = holder();
    const environment = {
      LISTEN_FDS: '2',
      LISTEN_FDNAMES: 'a:b',
      LISTEN_PID: 'own',
      NOTIFY_SOCKET: address,
    };
    const body = `
      const store = FdStore.open();
      store.take('a');
      const [b] = store.left.get('b');
      const names = store.discardLeft();
      print([names, b.open, store.take('b')]);`;
    expect(await opened(body, [file(), file()], environment)).toEqual([['b'], false, []]);
    expect(textOf(next(socket))).toBe('FDSTOREREMOVE=1\nFDNAME=b');
  });

  const absent = missingPrograms(['systemd-socket-activate']).length > 0;
  test.skipIf(absent && process.env['CI'] !== 'true')("of systemd's own making is understood", async () => {
    const path = join(directory, 'listen.sock');
    const program = `
      import { FdStore } from '${DIST}/runtime/fd-store.js';
      import { adoptSocket } from '${DIST}/os/socket.js';
      const store = FdStore.open();
      const [fd] = store.take('vmm');
      console.log(JSON.stringify([[...store.left], adoptSocket(fd.number)]));`;
    const command = [process.execPath, '--input-type=module', '-e', program];
    const child = spawn('systemd-socket-activate', ['-l', path, '--fdname=vmm', ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    // It listens as soon as it says so, and starts the command at the first connection.
    await once(child.stderr, 'data');
    const client = connect(path);
    // Nobody ever accepts it.
    client.on('error', () => undefined);
    await once(child, 'close');
    client.destroy();
    expect(JSON.parse(text)).toEqual([[], { type: 'stream', listening: true }]);
  });
});
