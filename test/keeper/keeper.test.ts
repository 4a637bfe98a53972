// The keeper of a command, with small real processes as commands: what it holds survives every death of theirs, and nothing else does.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Keeper, type KeeperOptions } from '../../services/keeper/keeper.ts';
import { connectDatagram } from '../../services/lib/os/datagram.ts';
import type { Fd } from '../../services/lib/os/fd.ts';
import { createMemfd, duplicate } from '../../services/lib/os/memory.ts';
import { send } from '../../services/lib/os/socket.ts';
import { missingPrograms } from '../deploy/command.ts';
import { standStill, standStillUntil } from '../support/stand-still.ts';
import { stays, turns, until } from '../support/until.ts';

const DIST = resolve(import.meta.dirname, '../../dist/services/lib');

type Line = {
  readonly level: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly message: string;
};

let directory: string;
let lines: Line[];
let keepers: Keeper[];
let open: Fd[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-keeper-'));
  lines = [];
  keepers = [];
  open = [];
});
afterEach(async () => {
  for (const keeper of keepers) keeper.kill();
  await Promise.all(keepers.map((keeper) => keeper.stop()));
  for (const fd of open) fd.close();
  rmSync(directory, { recursive: true, force: true });
});

function owned(fd: Fd): number {
  open.push(fd);
  return fd.number;
}

function keeperOf(command: readonly string[], options: Partial<KeeperOptions> = {}): Keeper {
  const note = (level: string) => (data: object, message: string) => {
    lines.push({ level, data: data as Line['data'], message });
  };
  const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const keeper = new Keeper({ name: 'worker', command, environment: process.env }, { log, ...options });
  keepers.push(keeper);
  return keeper;
}

/** A command that opens its store, has `say(value)` and `life` (1 for the first), and then does what `body` says. */
function program(body: string, name = 'said'): readonly string[] {
  const file = JSON.stringify(join(directory, name));
  const text = `
    import fs from 'node:fs';
    import { FdStore } from '${DIST}/runtime/fd-store.js';
    import { createMemfd } from '${DIST}/os/memory.js';
    const store = FdStore.open();
    const life = fs.existsSync(${file}) ? fs.readFileSync(${file}, 'utf8').split('\\n').length : 1;
    const say = (value) => fs.appendFileSync(${file}, JSON.stringify(value) + '\\n');
    const die = () => process.kill(process.pid, 'SIGKILL');
    const stay = () => setInterval(() => undefined, 1000);
    const names = () => [...store.left].map(([name, fds]) => [name, fds.length]);
    ${body}`;
  return [process.execPath, '--input-type=module', '-e', text];
}

function said(name = 'said'): unknown[] {
  try {
    const text = readFileSync(join(directory, name), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  } catch {
    return [];
  }
}

const told = (message: string): readonly Line[] => lines.filter((line) => line.message === message);
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describe('descriptors', () => {
  test('survive kill -9: the same open file, with its offset', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'barkeep');
    const keeper = keeperOf(
      program(`
        const read = (fd) => { const bytes = Buffer.alloc(3); fs.readSync(fd, bytes, 0, 3, null); return bytes.toString(); };
        const [taken] = store.take('file');
        const fd = taken ? taken.number : fs.openSync(${JSON.stringify(path)}, 'r');
        if (!taken) store.put('file', fd);
        say([life, read(fd), Number(fs.fstatSync(fd).ino)]);
        if (life < 3) die();
        stay();`),
    );
    keeper.start();
    await until('it said 3 things', () => said().length === 3, { found: said });
    const { ino } = statSync(path);
    expect(said()).toEqual([
      [1, 'bar', ino],
      [2, 'kee', ino],
      [3, 'p\0\0', ino],
    ]);
    expect(keeper.held).toBe(1);
    expect(told('ended; it is started again').map(({ data }) => data)).toMatchObject([
      { child: 'worker', code: null, signal: 'SIGKILL', fds: 1 },
      { child: 'worker', code: null, signal: 'SIGKILL', fds: 1 },
    ]);
  });

  test('1,500 of them come back in order, each to its name', async () => {
    const keeper = keeperOf(
      program(`
        const wanted = Array.from({ length: 1500 }, (_, index) => 'memory.' + index);
        if (life === 1) {
          for (const [index, name] of wanted.entries()) {
            const fd = createMemfd(name, 4096).number;
            fs.writeSync(fd, String(index), 0);
            store.put(name, fd);
          }
          say(process.pid);
          die();
        }
        const bytes = Buffer.alloc(8);
        const isRight = (name, index) => {
          const [fd] = store.take(name);
          return fs.readSync(fd.number, bytes, 0, 8, 0) === 8 && parseInt(bytes.toString()) === index;
        };
        say([wanted.filter(isRight).length, store.left.size]);
        stay();`),
    );
    keeper.start();
    await until('it said 2 things', () => said().length === 2, { found: said });
    expect(said()[1]).toEqual([1500, 0]);
    expect(keeper.held).toBe(1500);
    const before = openDescriptors();
    await keeper.stop();
    expect(before - openDescriptors()).toBeGreaterThanOrEqual(1500);
  });

  test('that are removed do not come back, and several of one name do together', async () => {
    const keeper = keeperOf(
      program(`
        say(names());
        const memory = () => createMemfd('x', 4096).number;
        if (life === 1) {
          store.put('one', memory());
          store.put('two', memory(), memory());
          store.put('three', memory());
          store.put('two', memory());
          store.remove('one');
          store.remove('unknown');
        }
        if (life === 2) store.remove('two');
        if (life < 3) die();
        stay();`),
    );
    keeper.start();
    await until('it said 3 things', () => said().length === 3, { found: said });
    expect(said()).toEqual([
      [],
      [
        ['two', 3],
        ['three', 1],
      ],
      [['three', 1]],
    ]);
  });

  test('beyond the limit are refused and reported, and a place that gets free is used', async () => {
    const keeper = keeperOf(
      program(`
        say(names());
        for (const name of ['a', 'b', 'c']) store.put(name, createMemfd(name, 4096).number);
        store.remove('a');
        store.put('d', createMemfd('d', 4096).number);
        if (life === 1) die();
        stay();`),
      { storeLimit: 2 },
    );
    keeper.start();
    await until('it said 2 things', () => said().length === 2, { found: said });
    expect(said()[1]).toEqual([
      ['b', 1],
      ['d', 1],
    ]);
    expect(told('a descriptor was refused and closed')[0]?.data).toEqual({
      child: 'worker',
      name: 'c',
      refusal: 'full',
      held: 2,
      limit: 2,
    });
  });

  test('are held for each command apart', async () => {
    const body = (name: string) =>
      program(
        `say(names()); if (life === 1) { store.put('${name}', createMemfd('x', 4096).number); die(); } stay();`,
        name,
      );
    for (const name of ['left', 'right']) keeperOf(body(name)).start();
    await until('both said two things', () => said('left').length === 2 && said('right').length === 2);
    expect([said('left')[1], said('right')[1]]).toEqual([[['left', 1]], [['right', 1]]]);
    expect(keepers.map(({ held }) => held)).toEqual([1, 1]);
  });

  test('do not pile up in the keeper, life after life', async () => {
    const keeper = keeperOf(
      program(
        `say(life); store.put('a', createMemfd('a', 4096).number); store.remove('a'); process.exit(1);`,
      ),
      { firstPause: 1, longestPause: 1 },
    );
    keeper.start();
    await until('it said 2 things', () => said().length === 2, { found: said });
    const early = openDescriptors();
    await until('it said 8 things', () => said().length === 8, { found: said });
    // One life's own lifeline and pipes may be there or not.
    expect(openDescriptors()).toBeLessThanOrEqual(early + 3);
  });
});

describe('a notification', () => {
  /** A keeper that listens to this process, whose command does nothing; and a socket to speak on. */
  async function heard(
    options: Partial<KeeperOptions> = {},
  ): Promise<{ keeper: Keeper; say: (text: string | Buffer, ...fds: number[]) => void }> {
    const keeper = keeperOf(program(`say(life); stay();`), { listensToAll: true, ...options });
    keeper.start();
    // A process that was just made is this one's copy, and then for a moment has no environment, before it has its own.
    const address = await until('the command has its own environment', () =>
      readEnvironment(keeper.pid ?? 0).get('NOTIFY_SOCKET'),
    );
    const socket = owned(connectDatagram(address, 1000));
    return { keeper, say: (text, ...fds) => send(socket, Buffer.from(text), fds) };
  }
  const readEnvironment = (pid: number): Map<string, string> =>
    new Map(
      readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    );
  const memory = (): number => owned(createMemfd('x', 4096));

  test('of a stranger is dropped, with its descriptors', async () => {
    const { keeper, say } = await heard({ listensToAll: false });
    const before = openDescriptors();
    say('FDSTORE=1\nFDNAME=a', memory());
    say('READY=1');
    await until('two lines came', () => lines.length === 2);
    expect(lines[0]).toEqual({
      level: 'warn',
      message: 'a notification was dropped: its sender is not the command',
      data: {
        child: 'worker',
        sender: { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() },
      },
    });
    expect([keeper.held, openDescriptors()]).toEqual([0, before + 1]);
  });

  test.each([
    ['nothing that is known', 'HELLO=1\n\n==\nno assignment\nFDSTORE=yes'],
    ['binary rubbish', Buffer.from([0xff, 0xfe, 0x0a, 0x3d, 0x80])],
    ['a zero byte', 'FDSTORE=1\0FDNAME=a'],
    ['too many bytes', `FDSTORE=1\nSTATUS=${'x'.repeat(5000)}`],
    ['far too many bytes', Buffer.alloc(60_000, 'x')],
    ['a removal without a name', 'FDSTOREREMOVE=1'],
    ['a removal of a name that is none', 'FDSTOREREMOVE=1\nFDNAME=a:b'],
  ])('with %s changes nothing', async (_, text) => {
    const { keeper, say } = await heard();
    say('FDSTORE=1\nFDNAME=kept', memory());
    const before = openDescriptors();
    say(text, memory());
    say('STATUS=after');
    await until('its status is after', () => keeper.status === 'after');
    expect([keeper.held, openDescriptors()]).toEqual([1, before + 2]);
  });

  test.each([
    ['FDSTORE=1', 'stored'],
    ['FDSTORE=1\nFDNAME=a:b', 'stored'],
    [`FDSTORE=1\nFDNAME=${'x'.repeat(256)}`, 'stored'],
    ['FDSTORE=1\nFDNAME=with space', 'with space'],
  ])('%j stores under the name "%s", as with systemd', async (text, name) => {
    const { keeper, say } = await heard();
    say(text, memory());
    await until('it holds 1', () => keeper.held === 1);
    say(`FDSTOREREMOVE=1\nFDNAME=${name}`);
    await until('it holds 0', () => keeper.held === 0);
  });

  test('with an open file that is held already closes it; one that was opened anew is another', async () => {
    const { keeper, say } = await heard();
    const one = memory();
    say('FDSTORE=1\nFDNAME=a', one);
    say('FDSTORE=1\nFDNAME=a', owned(duplicate(one)), memory());
    say('FDSTORE=1\nFDNAME=b', one);
    say('STATUS=done');
    await until('its status is done', () => keeper.status === 'done');
    expect(keeper.held).toBe(2);
    expect(told('a descriptor is held already; it was closed').map(({ data }) => data['name'])).toEqual([
      'a',
      'b',
    ]);
  });

  test('whose name would not fit into the environment any more is refused', async () => {
    const { keeper, say } = await heard();
    const name = (index: number): string => `${index}-`.padEnd(255, 'x');
    for (let index = 0; index < 520; index += 1) {
      say(`FDSTORE=1\nFDNAME=${name(index)}`, memory());
      await new Promise(setImmediate);
    }
    say('STATUS=done');
    await until('its status is done', () => keeper.status === 'done');
    expect(keeper.held).toBe(511);
    expect(told('a descriptor was refused and closed').map(({ data }) => data['refusal'])).toEqual(
      Array(9).fill('names-too-long'),
    );
    await until('it said 1 things', () => said().length === 1, { found: said });
    // The proof that what is held can be handed over.
    keeper.signal('SIGKILL');
    await until('it said 2 things', () => said().length === 2, { found: said });
  });

  const absent = missingPrograms(['systemd-notify']).length > 0;
  test.skipIf(absent && process.env['CI'] !== 'true')("of systemd's own making is understood", async () => {
    const script = `systemd-notify --ready --status='all is well' X_URL=there && echo '"answered"' >> ${directory}/said; exec sleep 60`;
    const keeper = keeperOf(['/bin/sh', '-c', script], { listensToAll: true });
    expect(await keeper.startOnce()).toEqual({ ready: { URL: 'there' } });
    expect(keeper.status).toBe('all is well');
    // It ends when its barrier was closed, and waits five seconds for that.
    await until('it said 1 things', () => said().length === 1, { found: said });
    expect(said()).toEqual(['answered']);
    expect(told('a notification was odd')).toEqual([]);
  });
});

describe('a start', () => {
  test('returns what the command said when it was ready', async () => {
    const keeper = keeperOf(program(`store.ready({ URL: 'x' }); stay();`));
    expect(await keeper.startOnce()).toEqual({ ready: { URL: 'x' } });
    expect(keeper.pid).toBeGreaterThan(0);
  });

  test.each([
    ['process.exit(2)', { code: 2, signal: null }],
    ['process.exit(9)', { code: 9, signal: null }],
    ['die()', { code: null, signal: 'SIGKILL' }],
  ])('that fails by %s is not tried again', async (body, ended) => {
    const keeper = keeperOf(program(`say(life); ${body};`));
    expect(await keeper.startOnce()).toEqual({ ended, isLate: false });
    expect(await keeper.ended).toEqual(ended);
    expect([said(), keeper.pid, lines]).toEqual([[1], null, []]);
  });

  test('that takes too long is ended', async () => {
    const keeper = keeperOf(program('stay();'), { startLimit: 50 });
    expect(await keeper.startOnce()).toEqual({ ended: { code: null, signal: 'SIGKILL' }, isLate: true });
    expect(lines).toMatchObject([{ level: 'error', message: 'does not get ready; it is killed' }]);
  });

  test('of what cannot be executed is tried again, with pauses', async () => {
    keeperOf(['/nowhere/at/all'], { firstPause: 1 }).start();
    await until('it told 3 times', () => told('ended; it is started again').length >= 3);
    expect(told('cannot be executed')[0]?.data).toMatchObject({ child: 'worker', err: { code: 'ENOENT' } });
  });
});

describe('a watchdog', () => {
  const alive = `setInterval(() => store.alive(''), 20);`;

  test('ends a command that is ready and gives no sign of life, and its successor has its descriptors', async () => {
    const keeper = keeperOf(
      program(`
        say([life, store.watchdog, process.env.WATCHDOG_USEC ?? null, names()]);
        if (life === 1) store.put('kept', createMemfd('x', 4096).number);
        store.ready();
        ${alive}
        if (life === 1) process.kill(process.pid, 'SIGSTOP');`),
      { silenceLimit: 400 },
    );
    keeper.start();
    await until('said().length === 2', () => said().length === 2);
    expect(said()).toEqual([
      [1, 400, null, []],
      [2, 400, null, [['kept', 1]]],
    ]);
    expect(told('gives no sign of life; it is killed')).toMatchObject([
      { level: 'error', data: { child: 'worker', limit: 400 } },
    ]);
  });

  test('leaves a command alone that speaks, and one that is not ready yet', async () => {
    const keeper = keeperOf(
      program(
        `say('up'); setTimeout(() => { store.ready(); ${alive} setTimeout(() => say('lives'), 1000); }, 600);`,
      ),
      { silenceLimit: 400 },
    );
    keeper.start();
    await until('said().length === 2', () => said().length === 2);
    expect([said(), lines]).toEqual([['up', 'lives'], []]);
    expect(keeper.pid).not.toBeNull();
  });

  // Less than half the limit too late: not so late that the look is simply done again.
  test('is heard that came while the keeper stood still', async () => {
    const keeper = keeperOf(program(`store.ready(); say('up'); ${alive} stay();`), { silenceLimit: 2000 });
    keeper.start();
    await until('it is up', () => said().length === 1);
    const { pid } = keeper;
    await turns();
    standStill(2300);

    await stays('it lives', () => keeper.pid === pid && lines.length === 0, 500);
  });

  test('and READY=1 is heard that came while the keeper stood still', async () => {
    const keeper = keeperOf(program(`store.ready(); say('up'); stay();`), { startLimit: 300 });
    const started = keeper.startOnce();
    standStillUntil('it is up', () => said().length === 1, 400);

    expect(await started).toMatchObject({ ready: {} });
    expect(lines).toEqual([]);
  });

  test('that was not asked for is not heard of', async () => {
    const keeper = keeperOf(program(`say(store.watchdog); stay();`));
    keeper.start();
    await until('said().length === 1', () => said().length === 1);
    expect(said()).toEqual([null]);
  });
});

describe('a death', () => {
  const pauses = (): unknown[] => told('ended; it is started again').map(({ data }) => data['pause']);

  test('is followed by a start at once, then by pauses that double up to a limit', async () => {
    keeperOf(['/bin/false'], { firstPause: 1, longestPause: 4 }).start();
    await until('6 pauses are over', () => pauses().length >= 6);
    expect(pauses().slice(0, 6)).toEqual([0, 1, 2, 4, 4, 4]);
  });

  test('by exit code 2 of what had been ready once is no end: what is held waits for the mend', async () => {
    const body = `say(life); if (life === 2) process.exit(2); store.ready(); if (life === 1) die(); stay();`;
    keeperOf(program(body), { firstPause: 1 }).start();
    await until('it said 3 things', () => said().length === 3);
    expect(told('ended; it is not started again')).toEqual([]);
  });

  test('of what was ready is followed by a start at once, as often as the burst allows', async () => {
    const command = program('store.ready({}); die();');
    keeperOf(command, { firstPause: 1, longestPause: 2, readyBurst: 3 }).start();
    await until('7 pauses are over', () => pauses().length >= 7);
    expect(pauses().slice(0, 7)).toEqual([0, 0, 0, 0, 1, 2, 2]);
  });

  test('after a steady life costs no pause', async () => {
    keeperOf(['/bin/false'], { firstPause: 1000, steadyAfter: 0 }).start();
    await until('3 pauses are over', () => pauses().length >= 3);
    expect(pauses().slice(0, 3)).toEqual([0, 0, 0]);
  });

  test.each([
    ['2', false],
    ['2', true],
    ['0', false],
  ])('by exit code %s is the end (always: %s), and what was held is closed', async (code, always) => {
    const keeper = keeperOf(
      program(`store.put('a', createMemfd('a', 4096).number); say(life); process.exit(${code});`),
      { always, firstPause: 1 },
    );
    keeper.start();
    expect(await keeper.ended).toEqual({ code: Number(code), signal: null });
    expect([said(), keeper.held]).toEqual([[1], 0]);
    expect(told('ended; it is not started again')).toHaveLength(1);
  });

  test('by exit code 0 is followed by a start where the command is always to run', async () => {
    keeperOf(program(`say(life); if (life < 2) process.exit(0); stay();`), { always: true }).start();
    await until('it said 2 things', () => said().length === 2, { found: said });
  });

  test('is followed by word that it is back', async () => {
    const keeper = keeperOf(program(`say(life); store.ready(); if (life > 1) stay(); else die();`));
    await keeper.startOnce();
    await until('it told 1 times', () => told('is back').length === 1);
    expect(told('is back')[0]?.data).toEqual({ child: 'worker', pid: keeper.pid });
  });
});

describe('a stop', () => {
  test('asks the command to end, and closes what was held', async () => {
    const keeper = keeperOf(
      program(`
        process.on('SIGTERM', () => { say('asked'); process.exit(0); });
        store.put('a', createMemfd('a', 4096).number); store.ready(); stay();`),
    );
    await keeper.startOnce();
    expect(keeper.held).toBe(1);
    await keeper.stop();
    expect([said(), keeper.held, keeper.pid]).toEqual([['asked'], 0, null]);
    expect(await keeper.ended).toEqual({ code: 0, signal: null });
  });

  test('kills a command that does not end', async () => {
    const keeper = keeperOf(program(`process.on('SIGTERM', () => undefined); store.ready(); stay();`), {
      stopLimit: 50,
    });
    await keeper.startOnce();
    await keeper.stop();
    expect(told('does not stop; it is killed')).toHaveLength(1);
    expect(await keeper.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('between two lives prevents the next', async () => {
    const keeper = keeperOf(program(`say(life); process.exit(1);`), { firstPause: 60_000 });
    keeper.start();
    await until('it told 2 times', () => told('ended; it is started again').length === 2);
    await keeper.stop();
    await keeper.ended;
    expect([said().length, keeper.pid]).toEqual([2, null]);
  });

  test('of a command that never started does nothing', async () => {
    const keeper = keeperOf(['/bin/false']);
    await keeper.stop();
    expect(lines).toEqual([]);
  });

  test('during a start ends the start', async () => {
    const keeper = keeperOf(program('say(life); stay();'));
    const outcome = keeper.startOnce();
    await until('it said 1 things', () => said().length === 1, { found: said });
    await keeper.stop();
    expect(await outcome).toEqual({ ended: { code: null, signal: 'SIGTERM' }, isLate: false });
  });
});
