// Brokers that take over from brokers that died: everything goes on, and what does not fit together costs the VM that it belongs to.
import {
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { JOURNAL_VERSION } from '../../services/broker/journal/record.ts';
import { encodeHeader, HEADER_BYTES } from '../../services/lib/journal/header.ts';
import { encodeRecords, replayRecords } from '../../services/lib/journal/record.ts';
import { inodeOf } from '../../services/lib/memory/kept-memory.ts';
import { createEventfd } from '../../services/lib/os/eventfd.ts';
import { Fd } from '../../services/lib/os/fd.ts';
import { createMemfd, type Mapping } from '../../services/lib/os/memory.ts';
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { until } from '../support/until.ts';
import {
  countsOf,
  create,
  DEFAULT_CONFIG,
  destroy,
  failureOf,
  fdsFallTo,
  MIB,
  map,
  openFds,
  PAGE,
  reset,
  results,
  TestBroker,
  type TestSession,
  unmap,
} from './harness.ts';
import { Remains } from './remains.ts';

const ORPHANED = 3;
const cleanups: (() => Promise<void> | void)[] = [];
let fds: number;
beforeAll(async () => {
  // What the process opens once, whatever runs in it.
  await (await TestBroker.start()).end();
});
beforeEach(() => {
  fds = openFds();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  expect(await fdsFallTo(fds)).toBeLessThanOrEqual(fds);
});

async function start(yaml = DEFAULT_CONFIG): Promise<{ broker: TestBroker; holder: TestHolder }> {
  const holder = new TestHolder();
  cleanups.push(() => holder.close());
  const broker = await TestBroker.start(yaml, null, { store: holder });
  cleanups.push(() => broker.end());
  return { broker, holder };
}

/** What is left when the broker is killed now. */
function kill(broker: TestBroker, holder: TestHolder): Remains {
  const remains = new Remains(broker, holder);
  cleanups.push(() => remains.end());
  return remains;
}

async function resume(broker: TestBroker, session: TestSession, vm: string): Promise<TestSession> {
  // The secret is the first broker's: run directories differ only in these tests.
  const stream = broker.openSession();
  await stream.attach({
    vm,
    secret: broker.secret(vm),
    session: session.attached.session ?? new Uint8Array(),
  });
  return stream;
}

const windows = new WeakMap<TestSession, Mapping>();

/** A session's token for its window works once. */
async function windowOf(session: TestSession): Promise<Mapping> {
  const known = windows.get(session);
  if (known !== undefined) return known;
  const window = await session.window();
  windows.set(session, window);
  cleanups.push(() => window.close());
  return window;
}

async function bytesAt(session: TestSession, offset: number, length: number): Promise<number[]> {
  return [...(await windowOf(session)).bytes(offset, length)];
}

async function write(session: TestSession, offset: number, bytes: readonly number[]): Promise<void> {
  (await windowOf(session)).bytes(offset, bytes.length).set(bytes);
}

function lines(broker: TestBroker, level: number): string[] {
  return broker.log
    .map((line) => JSON.parse(line) as { level: number; msg: string; vm?: string; problem?: string })
    .filter((line) => line.level === level)
    .map(({ msg, vm, problem }) => [vm, problem, msg].filter(Boolean).join(': '));
}
const WARN = 40;
const ERROR = 50;

async function recoveryOf(broker: TestBroker): Promise<Record<string, number>> {
  const admin = broker.adminClient();
  const { recovery } = await admin.call<{ recovery: object }>('getStatistics');
  admin.close();
  const none = { vmsAdopted: 0, vmsLost: 0, fdsAdopted: 0, fdsOrphaned: 0 };
  return {
    ...none,
    ...Object.fromEntries(Object.entries(recovery).map(([key, value]) => [key, Number(value)])),
  };
}

describe('a successor', () => {
  it('goes on with a window: books, bytes, numbers and answers', async () => {
    const { broker, holder } = await start();
    const session = await broker.attach('web');
    await session.run(create(1, 2 * PAGE), map(1, 0), create(2, PAGE), map(2, MIB), unmap(2), map(9, 0));
    await write(session, 0, [1, 2, 3]);
    await write(session, MIB, [4]);
    const remains = kill(broker, holder);
    const successor = await remains.succeed();

    const vm = await successor.vm('web');
    expect([vm.state, Number(vm.mappings)]).toEqual([ORPHANED, 1]);
    expect(vm.graceLeft).toBeGreaterThan(50);
    const again = await resume(successor, session, 'web');
    expect(again.attached.resumed).toBe(true);
    expect(again.number).toBe(6);
    expect(await bytesAt(again, 0, 4)).toEqual([1, 2, 3, 0]);
    // Answers that were given are given again, refusals too; nothing is done twice.
    again.send([
      { number: 2, ...map(1, 0) },
      { number: 6, ...map(9, 0) },
    ]);
    const { batch } = await again.next();
    expect(
      batch?.replies?.map((reply) => [
        Number(reply.number),
        Number(reply.mapped?.size ?? 0),
        reply.error?.reason ?? 0,
      ]),
    ).toEqual([
      [2, 2 * PAGE, 0],
      [6, 0, 3],
    ]);
    // Parked bytes come back.
    expect(results(await again.run(map(2, 2 * MIB), destroy(1)))).toEqual(['ok', 'ok']);
    expect(await bytesAt(again, 2 * MIB, 2)).toEqual([4, 0]);
    expect(await bytesAt(again, 0, 3)).toEqual([0, 0, 0]);
    expect(lines(successor, WARN)).toEqual([]);
    expect(await recoveryOf(successor)).toMatchObject({
      vmsAdopted: 1,
      vmsLost: 0,
      fdsAdopted: 1,
      fdsOrphaned: 0,
    });
  });

  it('goes on with what was counted, of commands that changed nothing too', async () => {
    const { broker, holder } = await start();
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, 0), map(1, 0), unmap(9), unmap(1), unmap(1));
    // An answer that is given again, alone and beside something new, and numbers that have no turn.
    session.send([{ number: 2, ...map(1, 0) }]);
    await session.next();
    session.send([
      { number: 3, ...map(1, 0) },
      { number: 7, ...map(1, 0) },
      { number: 99, ...destroy(1) },
    ]);
    await session.next();
    const counts = async (of: TestBroker) => {
      const admin = of.adminClient();
      const statistics = await admin.call<barkeep.v1.GetStatisticsResponse>('getStatistics');
      admin.close();
      return Object.fromEntries(countsOf(statistics));
    };
    const before = await counts(broker);
    expect(before).toMatchObject({ 'web map repeated': 2, 'web destroy refused': 1, 'web NUMBER_GAP': 1 });
    const successor = await kill(broker, holder).succeed();
    expect(await counts(successor)).toEqual(before);
  });

  it('of a successor goes on as well, and again', async () => {
    let { broker, holder } = await start();
    let session = await broker.attach('web');
    for (const life of [1, 2, 3, 4]) {
      await session.run(create(life, PAGE), map(life, life * PAGE));
      await write(session, life * PAGE, [life]);
      const remains = kill(broker, holder);
      broker = await remains.succeed();
      holder = remains.holder;
      session = await resume(broker, session, 'web');
    }
    const window = await windowOf(session);
    expect([1, 2, 3, 4].map((life) => window.bytes(life * PAGE, 1)[0])).toEqual([1, 2, 3, 4]);
  });

  it('goes on with memory of its own for each blob, and hands it out again by new tokens', async () => {
    const { broker, holder } = await start();
    const session = await broker.attach('own');
    const [, mapped] = await session.run(create(1, MIB), map(1, 0), create(2, PAGE), destroy(2));
    const memory = await broker.mapMemory(mapped?.memory);
    memory.bytes(0, 2).set([7, 8]);
    memory.close();
    const remains = kill(broker, holder);
    expect(remains.holder.names).toEqual(['b.ram.1']);
    const successor = await remains.succeed();
    const again = await resume(successor, session, 'own');
    again.send([{ number: 2, ...map(1, 0) }]);
    const { batch } = await again.next();
    const seen = await successor.mapMemory(batch?.replies?.[0]?.mapped?.memory);
    expect([...seen.bytes(0, 3)]).toEqual([7, 8, 0]);
    seen.close();
    // Numbers of memory never come back, since old answers name them.
    await again.run(create(3, PAGE));
    expect(remains.holder.names).toEqual(['b.ram.1', 'b.ram.3']);
    await again.run(reset);
    expect(remains.holder.names).toEqual([]);
  });

  it('goes on with blobs that were moved out of the window, and brings them back', async () => {
    const { broker, holder } = await start();
    const session = await broker.attach('web');
    await session.run(create(1, 2 * PAGE), map(1, 0));
    await write(session, PAGE, [5]);
    await session.run(unmap(1), create(2, PAGE), map(2, PAGE));
    const remains = kill(broker, holder);
    expect(remains.holder.names).toEqual(['s.web.1', 'w.web']);
    const successor = await remains.succeed();
    const again = await resume(successor, session, 'web');
    expect(results(await again.run(map(1, MIB)))).toEqual(['ok']);
    expect(await bytesAt(again, MIB + PAGE, 1)).toEqual([5]);
    expect(remains.holder.names).toEqual(['w.web']);
  });

  it('goes on with ranges of a file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-heap-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'bar');
    writeFileSync(path, '');
    truncateSync(path, 4 * MIB);
    // flock belongs to an open file: two brokers of one test process have two.
    const yaml = `
heaps: [{ name: bar, backing: file, path: ${path}, cache: wc, capacity: 4MiB }]
vms: [{ name: own, window: 16MiB, heap: bar, placement: per-blob }, { name: other, window: 16MiB, heap: bar, placement: per-blob }]`;
    const { broker, holder } = await start(yaml);
    const session = await broker.attach('own');
    const [, , mapped] = await session.run(create(1, MIB), create(2, MIB), map(2, 0), destroy(1));
    const memory = await broker.mapMemory(mapped?.memory);
    memory.bytes(0, 2).set([7, 8]);
    memory.close();
    const remains = kill(broker, holder);
    await broker.stop();
    const successor = await remains.succeed(yaml);
    const again = await resume(successor, session, 'own');
    const other = await successor.attach('other');
    const answers = await other.run(create(1, MIB), map(1, 0), create(2, 2 * MIB), create(3, MIB));
    expect(results(answers)).toEqual(['ok', 'ok', 'ok', 'HEAP_CAPACITY']);
    expect(Number(answers[1]?.memory?.fdOffset)).toBe(0);
    again.send([{ number: 3, ...map(2, 0) }]);
    const { batch } = await again.next();
    const handle = batch?.replies?.[0]?.mapped?.memory;
    expect(Number(handle?.fdOffset)).toBe(MIB);
    const seen = await successor.mapMemory(handle);
    expect([...seen.bytes(0, 3)]).toEqual([7, 8, 0]);
    seen.close();
  });

  it('goes on with a file that guests have mapped, and refuses it when nobody knows any more who they are', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-heap-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'bar');
    writeFileSync(path, '');
    truncateSync(path, 4 * MIB);
    const yaml = `
heaps: [{ name: bar, backing: file, path: ${path}, cache: wc, capacity: 4MiB }]
vms: [{ name: own, window: 16MiB, heap: bar, placement: per-blob }]`;
    const { broker, holder } = await start(yaml);
    const session = await broker.attach('own');
    const [, mapped] = await session.run(create(1, MIB), map(1, 0));
    const guest = await broker.mapMemory(mapped?.memory);
    cleanups.push(() => guest.close());
    guest.bytes(0, 1).set([7]);
    const remains = kill(broker, holder);
    await broker.stop();
    const successor = await remains.succeed(yaml);
    expect((await resume(successor, session, 'own')).attached.resumed).toBe(true);
    await successor.stop();

    const refusal = await failureOf(remains.succeed(yaml, { discardJournal: true }));
    expect(refusal.message).toMatch(/heap bar: .*bar is still open or mapped by VMMs of an earlier broker/);
    expect([...guest.bytes(0, 1)]).toEqual([7]);
    guest.close();
    const afresh = await remains.succeed(yaml);
    expect((await afresh.attach('own')).attached.resumed).toBe(false);
  });

  it('takes over an ordered stop, too: nothing is lost by an upgrade', async () => {
    const { broker, holder } = await start();
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, 0));
    await write(session, 0, [3]);
    await broker.stop();
    expect((await session.ended)?.reason).toBe('SHUTTING_DOWN');
    const remains = kill(broker, holder);
    const again = await resume(await remains.succeed(), session, 'web');
    expect(again.number).toBe(2);
    expect(await bytesAt(again, 0, 1)).toEqual([3]);
  });

  it('frees what guests touched where nothing is, and closes what was never handed out', async () => {
    const { broker, holder } = await start();
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, 0));
    await write(session, 8 * MIB, [9]);
    const stray = createMemfd('never-journalled', MIB);
    holder.put('b.ram.77', stray.number);
    stray.close();
    const remains = kill(broker, holder);
    const successor = await remains.succeed();
    const again = await resume(successor, session, 'web');
    await until('it is zero', async () => (await bytesAt(again, 8 * MIB, 1))[0] === 0);
    expect(remains.holder.names).toEqual(['w.web']);
    expect(lines(successor, WARN)).toEqual([
      'descriptors came back that belong to no VM that goes on; they are closed',
    ]);
  });

  it('does not bring back what was given up', async () => {
    const { broker, holder } = await start();
    const gone = await broker.attach('web');
    await gone.run(create(1, PAGE), map(1, 0));
    await gone.detach();
    const kept = await broker.attach('other');
    const remains = kill(broker, holder);
    const successor = await remains.succeed();
    expect((await failureOf(resume(successor, gone, 'web'))).reason).toBe('SESSION_UNKNOWN');
    expect((await resume(successor, kept, 'other')).attached.resumed).toBe(true);
    expect(remains.holder.names).toEqual(['w.other']);
  });

  it('reclaims an orphan at the end of its grace, but not before its frontend can have come back', async () => {
    const yaml = `orphan_grace: 1ms\n${DEFAULT_CONFIG}`;
    const { broker, holder } = await start(yaml);
    await broker.attach('web');
    const remains = kill(broker, holder);
    const successor = await remains.succeed(yaml);
    const { graceLeft } = await successor.vm('web');
    expect(graceLeft).toBeGreaterThan(3);
    expect(graceLeft).toBeLessThanOrEqual(5);
  });

  it('takes quotas and limits from its own configuration, and lets VMs keep what they have', async () => {
    const { broker, holder } = await start();
    const session = await broker.attach('web');
    await session.run(create(1, MIB), create(2, MIB));
    const remains = kill(broker, holder);
    const successor = await remains.succeed(DEFAULT_CONFIG.replace('capacity: 1GiB', 'capacity: 1MiB'));
    const again = await resume(successor, session, 'web');
    expect(results(await again.run(create(3, PAGE), destroy(1), destroy(2), create(4, PAGE)))).toEqual([
      'HEAP_CAPACITY',
      'ok',
      'ok',
      'ok',
    ]);
  });
});

describe('statistics', () => {
  it('say what would survive', async () => {
    const { broker, holder } = await start();
    const session = await broker.attach('own');
    await session.run(create(1, PAGE), create(2, PAGE));
    const statisticsOf = async (of: TestBroker) => {
      const admin = of.adminClient();
      const { journal } = await admin.call<{ journal: Record<string, unknown> }>('getStatistics');
      admin.close();
      return journal;
    };
    const journal = await statisticsOf(broker);
    expect(journal).toMatchObject({ active: true, whole: true });
    expect(['storedFds', 'records', 'snapshots', 'size'].map((key) => Number(journal[key]))).toEqual([
      2,
      2,
      1,
      readFileSync(broker.paths.journal).length,
    ]);
    expect(holder.names).toEqual(['b.ram.1', 'b.ram.2']);
    const without = await TestBroker.start();
    expect(await statisticsOf(without)).toMatchObject({ active: false });
    await without.end();
  });
});

describe('a store that gives back', () => {
  /** Two VMs in windows and one with memory of its own, killed; their sessions. */
  async function three(): Promise<{
    remains: Remains;
    web: TestSession;
    other: TestSession;
    own: TestSession;
  }> {
    const { broker, holder } = await start();
    const [web, other, own] = [
      await broker.attach('web'),
      await broker.attach('other'),
      await broker.attach('own'),
    ];
    for (const session of [web, other, own]) await session.run(create(1, PAGE), map(1, 0));
    await write(web, 0, [1]);
    await write(other, 0, [2]);
    return { remains: kill(broker, holder), web, other, own };
  }

  it('nothing at all: every VM is told of, and can be attached anew', async () => {
    const { remains, web } = await three();
    for (const name of remains.holder.names) remains.holder.alter(name, null);
    const successor = await remains.succeed();
    expect(lines(successor, ERROR)).toEqual([
      'web: the fd store did not give "w.web" back: a VM cannot be taken over and is reclaimed',
      'other: the fd store did not give "w.other" back: a VM cannot be taken over and is reclaimed',
      'own: the fd store did not give "b.ram.1" back: a VM cannot be taken over and is reclaimed',
    ]);
    expect(lines(successor, WARN)).toEqual([
      'the fd store came back empty, so the broker was stopped and not replaced: its VMs are reclaimed',
    ]);
    expect((await failureOf(resume(successor, web, 'web'))).reason).toBe('SESSION_UNKNOWN');
    const anew = await successor.attach('web');
    expect(results(await anew.run(create(1, PAGE), map(1, 0)))).toEqual(['ok', 'ok']);
    expect(await recoveryOf(successor)).toMatchObject({ vmsAdopted: 0, vmsLost: 3 });
  });

  it.each([
    [
      'too few',
      (holder: TestHolder) => holder.alter('w.web', null),
      'the fd store did not give "w.web" back',
    ],
    [
      "another VM's window",
      (holder: TestHolder) => holder.alter('w.web', 'w.other'),
      /what the fd store gave back as "w.web" is not what was put: it is another file \(inode \d+ instead of \d+\)/,
    ],
    [
      'no memory at all',
      (holder: TestHolder) => withFd(createEventfd(), (fd) => holder.alter('w.web', null, fd)),
      'what the fd store gave back as "w.web" is not what was put: it is no memfd',
    ],
    [
      'new memory of the right size',
      (holder: TestHolder) =>
        withFd(createMemfd('wrong', 256 * MIB), (fd) => holder.alter('w.web', null, fd)),
      /it is another file/,
    ],
  ])('%s: the VM is lost, and no other', async (_, alter, problem) => {
    const { remains, web, other, own } = await three();
    alter(remains.holder);
    const successor = await remains.succeed();
    const [line, ...more] = lines(successor, ERROR);
    expect(line).toMatch(problem);
    expect(more).toEqual([]);
    expect((await failureOf(resume(successor, web, 'web'))).reason).toBe('SESSION_UNKNOWN');
    const [first, second] = [await resume(successor, other, 'other'), await resume(successor, own, 'own')];
    expect(await bytesAt(first, 0, 1)).toEqual([2]);
    expect(results(await second.run(unmap(1)))).toEqual(['ok']);
    expect(remains.holder.names).toEqual(['b.ram.1', 'w.other']);
  });

  it.each([
    [
      'memory of the wrong size',
      () => createMemfd('short', 128 * MIB),
      'it has 134217728 bytes instead of 268435456',
    ],
    [
      'memory whose size is not sealed',
      () => unsealedMemory(256 * MIB),
      'its size is not sealed (seals 1 instead of 7)',
    ],
  ])('%s: the VM is lost, and no other', async (_, make, problem) => {
    const { remains, web, other } = await three();
    withFd(make(), (fd) => {
      // Its inode is the right one, so that nothing else is wrong with it.
      renameInode(remains.journal, remains.holder.inodeOf('w.web'), inodeOf(fd.number));
      remains.holder.alter('w.web', null, fd);
    });
    const successor = await remains.succeed();
    expect(lines(successor, ERROR)).toEqual([
      `web: what the fd store gave back as "w.web" is not what was put: ${problem}: a VM cannot be taken over and is reclaimed`,
    ]);
    expect((await failureOf(resume(successor, web, 'web'))).reason).toBe('SESSION_UNKNOWN');
    expect(await bytesAt(await resume(successor, other, 'other'), 0, 1)).toEqual([2]);
    expect((await successor.attach('web')).attached.resumed).toBe(false);
  });

  it('too many, under known names and unknown ones: they are closed, and VMs go on', async () => {
    const { remains, web } = await three();
    withFd(createMemfd('more', MIB), (fd) => remains.holder.put('w.web', fd.number));
    withFd(createEventfd(), (fd) => remains.holder.put('vmm-kick.0', fd.number));
    remains.holder.alter('w.unknown', 'w.web');
    const successor = await remains.succeed();
    expect(lines(successor, WARN)).toEqual([
      'the fd store gave back more than was put under that name',
      'descriptors came back that belong to no VM that goes on; they are closed',
    ]);
    // The second name of its window was not erased with what belongs to nobody.
    expect(await bytesAt(await resume(successor, web, 'web'), 0, 1)).toEqual([1]);
    expect(await recoveryOf(successor)).toMatchObject({ vmsAdopted: 3, vmsLost: 0, fdsOrphaned: 2 });
  });

  it('swapped windows: both VMs are lost, and neither sees the bytes of the other', async () => {
    const { remains, own } = await three();
    remains.holder.alter('w.spare', 'w.web');
    remains.holder.alter('w.web', 'w.other');
    remains.holder.alter('w.other', 'w.spare');
    const successor = await remains.succeed();
    expect(lines(successor, ERROR)).toHaveLength(2);
    const anew = await successor.attach('web');
    expect(await bytesAt(anew, 0, 1)).toEqual([0]);
    expect((await resume(successor, own, 'own')).attached.resumed).toBe(true);
  });
});

describe('a journal', () => {
  async function one(): Promise<{ remains: Remains; session: TestSession }> {
    const { broker, holder } = await start();
    const session = await broker.attach('web');
    await session.run(create(1, PAGE), map(1, 0));
    return { remains: kill(broker, holder), session };
  }

  async function refusalOf(remains: Remains): Promise<string> {
    return (await remains.succeed().then(
      () => 'it started',
      (error: Error) => error.message,
    )) as string;
  }

  it('that is damaged stops the start, says where, and can be discarded', async () => {
    const { remains, session } = await one();
    const bytes = readFileSync(remains.journal);
    bytes[200]! ^= 1;
    writeFileSync(remains.journal, bytes);
    const names = remains.holder.names;
    expect(await refusalOf(remains)).toMatch(
      /take over from an earlier broker: .*journal is damaged at byte \d+: .*--discard-journal/,
    );
    // Nothing was touched: the descriptors are there for whoever repairs it.
    expect(remains.holder.names).toEqual(names);
    remains.holder.giveBack();
    const successor = await remains.succeed(DEFAULT_CONFIG, { discardJournal: true });
    expect(existsSync(`${remains.journal}.discarded`)).toBe(true);
    expect(remains.holder.names).toEqual([]);
    expect((await failureOf(resume(successor, session, 'web'))).reason).toBe('SESSION_UNKNOWN');
    expect((await successor.attach('web')).attached.resumed).toBe(false);
  });

  it('of another version is refused, and says which is needed', async () => {
    const { remains } = await one();
    const bytes = readFileSync(remains.journal);
    const bootId = bytes.subarray(32, 48);
    encodeHeader({ name: 'broker', version: 9, bootId }).copy(bytes);
    writeFileSync(remains.journal, bytes);
    expect(await refusalOf(remains)).toMatch(
      /has version 1\.9, this program reads 1\.3; start the version of barkeep that wrote it, or start once with/,
    );
  });

  it('of another boot is put aside', async () => {
    const { remains } = await one();
    const bytes = readFileSync(remains.journal);
    encodeHeader({ name: 'broker', version: JOURNAL_VERSION, bootId: Buffer.alloc(16, 0xab) }).copy(bytes);
    writeFileSync(remains.journal, bytes);
    for (const name of remains.holder.names) remains.holder.alter(name, null);
    const successor = await remains.succeed();
    expect(readdirSync(remains.directory).filter((name) => name.startsWith('journal'))).toEqual([
      'journal',
      'journal.boot-abababab-abab-abab-abab-abababababab',
    ]);
    expect([lines(successor, WARN), lines(successor, ERROR)]).toEqual([[], []]);
  });

  it('with an unfinished record at its end is cut, and says so', async () => {
    const { remains, session } = await one();
    truncateSync(remains.journal, readFileSync(remains.journal).length - 3);
    const successor = await remains.succeed();
    expect(lines(successor, WARN)).toEqual([
      'the end of the journal was never complete and is cut off: nobody was told of it',
    ]);
    // The last batch was in that record.
    expect((await resume(successor, session, 'web')).number).toBe(0);
  });

  it('of VMs that the configuration does not have so any more holds them to the terms that they were attached on', async () => {
    const { broker, holder } = await start();
    const sessions = [await broker.attach('web'), await broker.attach('other'), await broker.attach('own')];
    for (const session of sessions) await session.run(create(1, PAGE));
    const remains = kill(broker, holder);
    const successor = await remains.succeed(`
heaps: [{ name: ram, backing: memfd, cache: cached, capacity: 1GiB }]
vms:
  - { name: other, window: 512MiB, heap: ram }
  - { name: own, window: 256MiB, heap: ram, placement: per-blob, quota: { mappings: 5 } }`);
    expect(lines(successor, ERROR)).toEqual([]);
    expect((await successor.vm('other')).pending).toMatchObject([
      { setting: 'window', now: '256MiB', next: '512MiB' },
    ]);
    expect((await successor.vm('web')).pending).toMatchObject([{ setting: 'vms', next: 'removed' }]);
    // What can change under a VM does.
    expect(countFromWire((await successor.vm('own')).quota?.mappings)).toBe(5);
    const [web, other] = [
      await resume(successor, sessions[0]!, 'web'),
      await resume(successor, sessions[1]!, 'other'),
    ];
    expect([web, other].map(({ attached }) => attached.resumed)).toEqual([true, true]);
    expect(countFromWire(other.attached.windowSize)).toBe(256 * MIB);

    await web.detach();
    await other.detach();
    expect((await successor.adminClient().refusal('getVm', { vm: 'web' })).reason).toBe('VM_UNKNOWN');
    expect(countFromWire((await successor.attach('other')).attached.windowSize)).toBe(512 * MIB);
    expect((await successor.vm('other')).pending).toEqual([]);
  });

  it('of heaps that are others now keeps them as they were while a VM uses them', async () => {
    const { broker, holder } = await start();
    const web = await broker.attach('web');
    await web.run(create(1, PAGE), map(1, 0));
    const remains = kill(broker, holder);
    let ways = 0;
    const successor = await remains.succeed(DEFAULT_CONFIG.replace('cache: cached', 'cache: wc'), {
      giveWay: () => {
        ways += 1;
      },
    });
    expect(lines(successor, ERROR)).toEqual([]);
    const resumed = await resume(successor, web, 'web');
    const [again] = await resumed.run(map(1, 0));
    expect(again?.result).toBe('ALREADY_MAPPED');
    expect(ways).toBe(0);
    await resumed.detach();
    expect(ways).toBe(1);
    // Whoever comes now waits for the successor.
    const session = successor.openSession();
    const attach = { vm: 'web', secret: successor.secret('web'), session: new Uint8Array() };
    expect((await failureOf(session.attach(attach))).reason).toBe('SHUTTING_DOWN');
  });

  it('is not kept without a store, nor when it is off, and one that lies there is put aside', async () => {
    const { remains } = await one();
    const broker = await TestBroker.start(DEFAULT_CONFIG, remains.directory);
    expect(readdirSync(remains.directory).filter((name) => name.startsWith('journal'))).toEqual([
      'journal.unused',
    ]);
    expect(lines(broker, WARN)).toHaveLength(1);
    await broker.end();
    const holder = new TestHolder();
    const off = await TestBroker.start(`journal: false\n${DEFAULT_CONFIG}`, null, { store: holder });
    await off.attach('web');
    expect([existsSync(off.paths.journal), holder.names]).toEqual([false, []]);
    await off.end();
  });

  it('belongs to one broker at a time', async () => {
    const { broker } = await start();
    const before = readFileSync(broker.paths.journal);
    const second = TestBroker.start(DEFAULT_CONFIG, broker.directory, { store: new TestHolder() });
    await expect(second).rejects.toThrow('another broker');
    expect(readFileSync(broker.paths.journal)).toEqual(before);
  });
});

/** Every record that names the one inode names the other. */
function renameInode(path: string, from: number, to: number): void {
  const bytes = readFileSync(path);
  const { payloads } = replayRecords(bytes, HEADER_BYTES, path);
  const [before, after] = [Buffer.alloc(8), Buffer.alloc(8)];
  before.writeDoubleLE(from);
  after.writeDoubleLE(to);
  const renamed = payloads.map((payload) => {
    const at = Buffer.from(payload).indexOf(before);
    return at < 0 ? payload : Buffer.concat([payload.subarray(0, at), after, payload.subarray(at + 8)]);
  });
  writeFileSync(path, Buffer.concat([bytes.subarray(0, HEADER_BYTES), encodeRecords(renamed)]));
}

/** A file of tmpfs answers as a memfd that was not sealed does. */
function unsealedMemory(size: number): Fd {
  const path = `/dev/shm/barkeep-unsealed-${process.pid}`;
  const fd = new Fd(openSync(path, 'wx+', 0o600));
  rmSync(path);
  ftruncateSync(fd.number, size);
  return fd;
}

function withFd<Result>(fd: Fd, use: (fd: Fd) => Result): Result {
  try {
    return use(fd);
  } finally {
    fd.close();
  }
}
