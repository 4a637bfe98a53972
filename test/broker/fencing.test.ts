// A process that decides for a VM is feared until it is dead, or has said that it has let go: nobody gets its session, and nobody its memory.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { TestHolder } from '../lib/runtime/test-holder.ts';
import { pace, until } from '../support/until.ts';
import { DecidingClient, placeOf } from './deciding-client.ts';
import { DEFAULT_CONFIG, failureOf, TestBroker } from './harness.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCRIPT = join(ROOT.endsWith('/dist') ? ROOT : join(ROOT, 'dist'), 'test/broker/deciding-process.js');
const { VM_STATE_DETACHED, VM_STATE_ORPHANED, VM_STATE_SUSPENDED } = barkeep.v1.VmState;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(yaml = DEFAULT_CONFIG): Promise<TestBroker> {
  const holder = new TestHolder();
  const broker = await TestBroker.start(yaml, null, { store: holder });
  cleanups.push(async () => {
    await broker.end();
    holder.close();
  });
  return broker;
}

class Frontend {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid!;
    createInterface({ input: child.stdout! }).on('line', (line) => this.#lines.push(line));
  }

  /** Has the VM attached. */
  static async start(broker: TestBroker, vm: string): Promise<Frontend> {
    const { brokerSocket, fdSocket } = broker.paths;
    const args = [SCRIPT, vm, brokerSocket, fdSocket, broker.secret(vm)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    cleanups.push(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    const frontend = new Frontend(child);
    await frontend.#says('session');
    return frontend;
  }

  get session(): Buffer {
    return Buffer.from(this.#lines[0]!.slice('session '.length), 'hex');
  }

  /** Its connection breaks, and it lives on. */
  async drop(): Promise<void> {
    this.#child.stdin!.write('drop\n');
    await this.#says('dropped');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #says(word: string): Promise<void> {
    await until(`it says ${word}`, () => this.#lines.some((line) => line.startsWith(word)));
  }
}

/** Bytes of its heap that nobody else can have. */
async function charged(broker: TestBroker): Promise<number> {
  const admin = broker.adminClient();
  const { heap } = await admin.call<barkeep.v1.GetHeapResponse>('getHeap', { heap: 'ram' });
  admin.close();
  return countFromWire(heap?.used) + countFromWire(heap?.idle);
}

async function evict(broker: TestBroker, force = false): Promise<barkeep.v1.EvictVmResponse> {
  const admin = broker.adminClient();
  const answer = await admin.call<barkeep.v1.EvictVmResponse>('evictVm', { vm: 'web', force });
  admin.close();
  return answer;
}

function client(broker: TestBroker): DecidingClient {
  const one = new DecidingClient('web', placeOf(broker));
  cleanups.push(() => one.drop());
  return one;
}

describe('a process that lost its connection and lives', () => {
  it('keeps its session against every other, who hears its pid; with its death the session goes on', async () => {
    const broker = await start();
    const first = await Frontend.start(broker, 'web');
    const { session } = first;
    await first.drop();
    await broker.waitForState('web', VM_STATE_ORPHANED);
    const second = client(broker);
    for (const wanted of [session, Buffer.alloc(0)]) {
      expect(await failureOf(second.connect({ session: wanted }))).toMatchObject({
        reason: 'VM_ATTACHED',
        message: expect.stringContaining(`of pid ${first.pid}`),
      });
    }
    expect((await broker.vm('web')).state).toBe(VM_STATE_ORPHANED);

    first.kill();
    await second.connect({ session });
    expect([second.attached.resumed, countFromWire(second.attached.accountsVersion)]).toEqual([true, 1]);
  });

  it('is waited for by a successor that was faster than its end', async () => {
    const broker = await start();
    const first = await Frontend.start(broker, 'web');
    const { session } = first;
    await first.drop();
    const second = client(broker);
    const resumed = second.connect({ session });
    await pace(200);
    first.kill();
    await resumed;
    expect(second.attached.resumed).toBe(true);
  });

  it('is charged for its memory when its grace is over, and until it is dead', async () => {
    const broker = await start(`orphan_grace: 100ms\n${DEFAULT_CONFIG}`);
    const first = await Frontend.start(broker, 'web');
    const before = await charged(broker);
    expect(before).toBeGreaterThan(0);
    await first.drop();
    await broker.waitForState('web', VM_STATE_SUSPENDED);
    expect((await broker.vm('web')).suspension).toMatch(
      new RegExp(`its grace is over.*pid ${first.pid}.*stays charged`),
    );
    expect(await charged(broker)).toBe(before);
    expect((await failureOf(client(broker).connect())).reason).toBe('VM_SUSPENDED');

    first.kill();
    await broker.waitForState('web', VM_STATE_DETACHED);
    expect(await charged(broker)).toBe(0);
    await client(broker).connect();
  });
});

describe('an eviction', () => {
  it('of one that does not let go says whom it waits for, and is done with his death', async () => {
    const broker = await start();
    const first = await Frontend.start(broker, 'web');
    const before = await charged(broker);
    expect(await evict(broker, true)).toMatchObject({ evicted: true, awaitedPid: first.pid });
    expect([(await broker.vm('web')).state, await charged(broker)]).toEqual([VM_STATE_SUSPENDED, before]);
    expect(await evict(broker)).toMatchObject({ evicted: true, awaitedPid: first.pid });

    first.kill();
    await broker.waitForState('web', VM_STATE_DETACHED);
    expect(await charged(broker)).toBe(0);
    expect(broker.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  });

  it('of one that is suspended and lives waits as well', async () => {
    const broker = await start();
    const first = await Frontend.start(broker, 'web');
    const before = await charged(broker);
    await first.drop();
    await broker.waitForState('web', VM_STATE_ORPHANED);
    expect(await evict(broker)).toMatchObject({ awaitedPid: first.pid });
    expect(await charged(broker)).toBe(before);
    first.kill();
    await until('all is free', async () => (await charged(broker)) === 0);
    expect(await evict(broker)).toMatchObject({ evicted: false, awaitedPid: 0 });
  });
});
