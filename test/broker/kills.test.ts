// The broker is killed at every point that stands between two steps of a change, under a keeper and under load; its successor goes on. Nothing
// is lost and nothing is done twice: every answer is the expected one, every byte is where it was, and in the end nothing is left over.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FAULT_POINTS } from '../../services/lib/os/fault-point.ts';
import type { Mapping } from '../../services/lib/os/memory.ts';
import { type AdminClient, createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { until } from '../support/until.ts';
import { amounts, DecidingClient, end, make, mapAt, take } from './deciding-client.ts';
import { countsOf, create, destroy, fallen, MIB, map, PAGE, results, unmap } from './harness.ts';
import { type Place, ResumingSession } from './resuming-session.ts';

const BARKEEP = resolve(import.meta.dirname, '../../dist/services/cli/main.js');
const POINTS = FAULT_POINTS.filter((point) => point.startsWith('broker.'));

/** In which life of the broker a point kills, and at which time that it is reached. Default: in the first, the second time. */
const ARMED: Partial<Record<(typeof POINTS)[number], { readonly life: number; readonly count: number }>> = {
  'broker.state-journalled': { life: 1, count: 1 },
  'broker.reclaim-journalled': { life: 1, count: 1 },
  'broker.reclaim-erased': { life: 1, count: 1 },
  'broker.reclaim-dropped': { life: 1, count: 1 },
  'broker.effects-done': { life: 1, count: 7 },
  'broker.batch-journalled': { life: 1, count: 7 },
  'broker.batch-finished': { life: 1, count: 7 },
  'broker.journal-begun': { life: 2, count: 1 },
  'broker.journal-vm-copied': { life: 2, count: 2 },
  'broker.journal-complete': { life: 2, count: 1 },
  'broker.journal-renamed': { life: 2, count: 1 },
  'broker.replayed': { life: 2, count: 1 },
  'broker.adopted': { life: 2, count: 1 },
  'broker.lost-erased': { life: 2, count: 1 },
  'broker.left-discarded': { life: 2, count: 1 },
  'broker.serving': { life: 2, count: 1 },
};

class KeptBroker implements Place {
  readonly directory = mkdtempSync(join(tmpdir(), 'barkeep-kills-'));
  readonly socket = join(this.directory, 'run/broker.sock');
  readonly fdSocket = join(this.directory, 'run/fd.sock');
  readonly admin: AdminClient = createAdminClient(join(this.directory, 'run/admin.sock'));
  readonly #keeper: ChildProcess;
  readonly #ended: Promise<unknown>;
  log = '';

  constructor(fault: string, life: number) {
    const config = join(this.directory, 'barkeep.yaml');
    writeFileSync(join(this.directory, 'bar'), Buffer.alloc(4 * MIB));
    writeFileSync(
      config,
      `run_directory: ${this.directory}/run
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
  - { name: bar, backing: file, cache: wc, capacity: 4MiB, path: ${this.directory}/bar }
vms:
  - { name: web, window: 64MiB, heap: ram }
  - { name: own, window: 64MiB, heap: ram, placement: per-blob }
  - { name: gone, window: 64MiB, heap: ram }
  - { name: decided, window: 64MiB, heap: ram }
  - { name: mixed, window: 64MiB, heap: bar, blob_heaps: { 7: ram }, placement: per-blob }
`,
    );
    const lives = join(this.directory, 'lives');
    // Counts its lives, and arms one of them.
    const script = `echo life >> ${lives}; [ $(wc -l < ${lives}) = ${life} ] && export BARKEEP_FAULT=${fault}; exec "$@"`;
    const broker = ['/bin/sh', '-c', script, 'sh', process.execPath, BARKEEP, 'broker', '--config', config];
    this.#keeper = spawn(process.execPath, [BARKEEP, 'keep', '--', ...broker], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#ended = new Promise((done) => this.#keeper.once('close', done));
    this.#keeper.stderr?.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
  }

  readonly secret = (vm: string): string => {
    const path = join(this.directory, 'run/vms', vm, 'secret');
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  };

  /** Of the broker that runs. Throws while there is none: 0 would be this process and all its kin. */
  get pid(): number {
    const pid = Number(readFileSync(join(this.directory, 'run/broker.lock'), 'utf8'));
    if (!(pid > 1)) throw new Error('no broker runs');
    return pid;
  }

  get lives(): number {
    return readFileSync(join(this.directory, 'lives'), 'utf8').split('\n').length - 1;
  }

  /** Memory that a process has descriptors of, by its name. */
  memfds(): string[] {
    const folder = `/proc/${this.pid}/fd`;
    return readdirSync(folder)
      .map((fd) => linkOf(join(folder, fd)))
      .filter((link) => link.startsWith('/memfd:barkeep'))
      .map((link) => link.replace(' (deleted)', '').replace('/memfd:', ''))
      .sort();
  }

  async end(): Promise<void> {
    this.admin.close();
    this.#keeper.kill('SIGTERM');
    await this.#ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Where the blobs lie that live through all of it. */
const LASTING = 48 * MIB;
const ELSEWHERE = 24 * MIB;
/** More is moved and zeroed off the event loop. */
const LARGE = 20 * MIB;

/** What a frontend does, over and over, with a blob that lives through all of it. */
class Load {
  readonly web: ResumingSession;
  readonly own: ResumingSession;
  readonly decided: DecidingClient;
  readonly mixed: DecidingClient;
  readonly #broker: KeptBroker;
  #window: Mapping | null = null;
  #round = 0;

  constructor(broker: KeptBroker) {
    this.#broker = broker;
    this.web = new ResumingSession('web', broker);
    this.own = new ResumingSession('own', broker);
    this.decided = new DecidingClient('decided', broker);
    this.mixed = new DecidingClient('mixed', broker);
  }

  async start(): Promise<void> {
    await this.web.connect();
    this.#window = await this.web.window();
    expect(results(await this.web.run(create(1, PAGE), map(1, LASTING)))).toEqual(['ok', 'ok']);
    this.#window.bytes(LASTING, PAGE).fill(0x4c);
    await this.own.connect();
    expect(results(await this.own.run(create(1, PAGE), map(1, LASTING)))).toEqual(['ok', 'ok']);
    await this.decided.reconnect();
    this.decided.apply(make(1, PAGE), mapAt(1, LASTING));
    await this.#tell();
    await this.mixed.reconnect();
    expect(await this.#make(1, PAGE)).toEqual([0, 0]);
    this.mixed.apply(mapAt(1, LASTING));
    await this.#tell(this.mixed);
  }

  /** One round of everything that the points stand in. */
  async round(): Promise<void> {
    this.#round += 1;
    const [a, b] = [this.#round * 10, this.#round * 10 + 1];
    const { web, own } = this;
    const size = this.#round % 2 === 0 ? LARGE : 2 * PAGE;
    const window = this.#window!;
    const read = (offset: number): number[] => [...window.bytes(offset, 2)];

    expect(results(await web.run(create(a, size), map(a, 0)))).toEqual(['ok', 'ok']);
    expect([read(0), read(PAGE)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
    window.bytes(0, 2).set([this.#round, 1]);
    window.bytes(PAGE, 2).set([this.#round, 2]);
    // Another blob where the first one was: its bytes have to leave, and to come back elsewhere.
    expect(results(await web.run(unmap(a), create(b, PAGE), map(b, PAGE), map(b, PAGE)))).toEqual([
      'ok',
      'ok',
      'ok',
      'ALREADY_MAPPED',
    ]);
    expect(read(PAGE)).toEqual([0, 0]);
    window.bytes(PAGE, 2).set([9, 9]);
    expect(results(await web.run(map(a, ELSEWHERE)))).toEqual(['ok']);
    expect([read(ELSEWHERE), read(ELSEWHERE + PAGE)]).toEqual([
      [this.#round, 1],
      [this.#round, 2],
    ]);
    expect(results(await web.run(destroy(b), unmap(b), destroy(a)))).toEqual([
      'ok',
      'RESOURCE_UNKNOWN',
      'ok',
    ]);
    expect([read(PAGE), read(ELSEWHERE)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(window.bytes(LASTING, PAGE).every((byte) => byte === 0x4c)).toBe(true);

    expect(results(await own.run(create(a, PAGE), map(a, 0)))).toEqual(['ok', 'ok']);
    expect(results(await own.run(destroy(a)))).toEqual(['ok']);

    // Whoever decides waits for nobody, and what he told is entered once.
    expect(this.decided.apply(make(a, PAGE), mapAt(a, 0), take(a), make(b, PAGE), mapAt(b, 0))).toEqual(
      Array(5).fill('ok'),
    );
    await this.#tell();
    await this.#ask((this.#round % 2) + 1);
    this.decided.apply(end(a), end(b));
    await this.#tell();

    // Memory of its own is named once, and reads as zero each time.
    expect(await this.#make(a, 2 * PAGE)).toEqual([0, 0]);
    this.mixed.apply(mapAt(a, 0), make(b, PAGE, 7), mapAt(b, 4 * PAGE));
    await this.#tell(this.mixed);
    this.mixed.apply(end(a), end(b));
    await this.#tell(this.mixed);

    // One VM comes and goes; the connection of another breaks.
    const gone = new ResumingSession('gone', this.#broker);
    await gone.connect();
    expect(results(await gone.run(create(1, PAGE), map(1, 0)))).toEqual(['ok', 'ok']);
    await gone.detach();
    web.drop();
    await web.connect();
  }

  /** Tells until it is acknowledged. */
  async #tell(client = this.decided): Promise<void> {
    for (;;) {
      try {
        client.tell();
        await client.entered();
        return;
      } catch {
        await client.reconnect();
      }
    }
  }

  /** Has memory made for a blob, and the blob of it: the first bytes of its first and its last page, which are written over. */
  async #make(resource: number, size: number): Promise<number[]> {
    const { mixed } = this;
    mixed.memoryNumber += 1;
    for (;;) {
      try {
        mixed.requestMemory(mixed.memoryNumber, size, 'bar');
        const made = await mixed.memory();
        const memory = await mixed.mapMemory(made.memory);
        const found = [...memory.bytes(0, 1), ...memory.bytes(size - PAGE, 1)];
        memory.bytes(0, size).fill(0x6d);
        memory.close();
        expect(mixed.applyMade(make(resource, size), made)).toBe('ok');
        return found;
      } catch {
        await mixed.reconnect();
      }
    }
  }

  /** Has a grant of so many MiB at the end of it. */
  async #ask(size: number): Promise<void> {
    for (;;) {
      try {
        expect(await this.decided.ask(amounts(size * MIB, 100, 100))).toBe(null);
        expect(this.decided.books.grant.heaps.get('ram')).toBe(size * MIB);
        return;
      } catch {
        await this.decided.reconnect();
      }
    }
  }

  /** The window that a new token gives is the one that was there from the start. */
  async check(): Promise<void> {
    await this.web.connect();
    const window = await this.web.window();
    expect(window.bytes(LASTING, PAGE).every((byte) => byte === 0x4c)).toBe(true);
    window.close();
  }

  end(): void {
    this.web.drop();
    this.own.drop();
    this.decided.drop();
    this.mixed.drop();
    this.#window?.close();
  }
}

let broker: KeptBroker | null = null;
let load: Load | null = null;
afterEach(async () => {
  load?.end();
  await broker?.end();
});

describe('a broker that is killed', () => {
  it.each(POINTS)('at %s is replaced, and nobody notices', async (point) => {
    const { life, count } = ARMED[point] ?? { life: 1, count: 2 };
    broker = new KeptBroker(`${point}:${count}`, life);
    load = new Load(broker);
    await load.start();
    await load.round();
    // In most cases of the first life; in the others it is dead by now, and nothing was shown.
    const shown = await broker.admin.getStatistics().catch(() => null);
    for (let killed = 1; killed < life; killed += 1) process.kill(broker.pid, 'SIGKILL');
    await load.round();
    // A new journal takes the old one's place a second after the start.
    const killed = broker;
    await until(`life ${life + 1} began`, () => killed.lives === life + 1, { found: () => killed.lives });
    await load.round();
    await load.check();

    const statistics = await broker.admin.getStatistics();
    const { journal, recovery } = statistics;
    if (shown) expect(fallen(countsOf(shown), countsOf(statistics))).toEqual([]);
    expect(journal).toMatchObject({ active: true, whole: true });
    expect(
      [journal?.errors, journal?.storeErrors, recovery?.vmsLost].map((count) => countFromWire(count ?? 0)),
    ).toEqual([0, 0, 0]);
    // The blobs that live through all of it, and nothing else.
    const allocations = await broker.admin.listAllocations();
    expect(allocations.map(({ vm, resourceId, mapped }) => [vm, resourceId, mapped])).toEqual([
      ['decided', 1, true],
      ['mixed', 1, true],
      ['own', 1, true],
      ['web', 1, true],
    ]);
    expect([countFromWire(statistics.hostUsed), countFromWire(journal?.storedFds)]).toEqual([4 * PAGE, 4]);
    expect(broker.memfds()).toEqual([
      'barkeep-window:decided',
      'barkeep-window:mixed',
      'barkeep-window:web',
      'barkeep:ram',
    ]);
    const decided = await broker.admin.getVm('decided');
    expect(countFromWire(decided.accountsVersion)).toBe(load.decided.version);
    expect(decided.grant?.heaps?.map(({ bytes }) => countFromWire(bytes))).toEqual([2 * MIB]);
  });
});
