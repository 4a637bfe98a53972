// A VMM that is gone at the moment at which its device is killed, at every fault point of lib/vhost-user, under the real keeper: whatever was
// on its way on either channel at that point belongs to nobody, and the next VMM of the successor is served as the first one of a device.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Ended, Keeper } from '../../../../services/keeper/keeper.ts';
import type { KeeperLog } from '../../../../services/keeper/log.ts';
import { until } from '../../../support/until.ts';
import { comeAndGo } from '../../../vmm/gone-vmms.ts';
import type { Vmm } from '../../../vmm/vmm.ts';
import { boot, live, TABLES, type Table, vmmOptions } from './life.ts';
import { PRELUDE, TRANSPORT_POINTS } from './points.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const COMPILED = ROOT.endsWith('/dist') ? ROOT : join(ROOT, 'dist');
const SURVIVOR = join(COMPILED, 'test/lib/vhost-user/recovery/survivor.js');
const IS_LONG = process.env['BARKEEP_CHAOS'] === 'long';
/** Which time a point is passed kills: in the life of the first process, of its successor ... */
const HITS = IS_LONG ? [1, 2, 3, 5, 8, 13, 21, 34] : [1, 6];

const CASES = TRANSPORT_POINTS.flatMap((point, index) => {
  const tables = Object.keys(TABLES) as Table[];
  return (IS_LONG ? tables : [tables[index % tables.length] as Table]).map((table) => ({ point, table }));
});

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A device under a keeper, each of whose lives dies at the next fault, and takes its VMM along. */
class Host {
  readonly path: string;
  readonly deaths: string[] = [];
  #vmm: Vmm | null = null;
  #faults: readonly string[];
  readonly #keeper: Keeper;

  constructor(directory: string, faults: readonly string[]) {
    this.path = join(directory, 'gpu.sock');
    this.#faults = faults;
    const takeFault = (): string | undefined => {
      const [next, ...later] = this.#faults;
      this.#faults = later;
      return next;
    };
    // Read once for every life.
    const environment = {
      PATH: process.env['PATH'],
      SURVIVOR_SOCKET: this.path,
      get BARKEEP_FAULT() {
        return takeFault();
      },
    };
    const command = [process.execPath, SURVIVOR];
    this.#keeper = new Keeper(
      { name: 'survivor', command, environment },
      { log: this.#log(), firstPause: 1, longestPause: 5 },
    );
    this.#keeper.start();
  }

  /** A life that is still to die. */
  get isArmed(): boolean {
    return this.#faults.length > 0;
  }

  get held(): number {
    return this.#keeper.held;
  }

  /** A whole life of a VMM; false when its device died, and it with it. */
  async serve(table: Table): Promise<boolean> {
    const before = this.deaths.length;
    try {
      const vmm = await boot(this.path, table);
      this.#vmm = vmm;
      // It died while nobody knew of the VMM yet.
      if (this.deaths.length > before) vmm.close();
      await live(vmm, (await vmm.driver.assignUuid(1)).readUInt32LE(0));
      return true;
    } catch (error) {
      if (this.deaths.length === before) throw error;
      return false;
    } finally {
      this.#vmm?.close();
      this.#vmm = null;
    }
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
  }

  #log(): KeeperLog {
    return {
      debug: () => undefined,
      info: () => undefined,
      warn: (data, message) => {
        if (message !== 'ended; it is started again') return;
        const { code, signal } = data as Ended;
        this.deaths.push(signal ?? `exit ${code}`);
        // Before the successor is started.
        this.#vmm?.close();
      },
      error: () => undefined,
    };
  }
}

describe('a VMM that dies with its device', () => {
  it.each(CASES)('at $point, is nothing to the next one ($table table)', { timeout: 120_000 }, async ({
    point,
    table,
  }) => {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-gone-'));
    cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
    const prelude = PRELUDE[point];
    const faults = [...(prelude ? [prelude] : []), ...HITS.map((hit) => `${point}:${hit}`)];
    const host = new Host(directory, faults);
    cleanups.push(() => host.stop());

    for (let round = 0; round < faults.length && host.isArmed; round += 1) {
      await comeAndGo(vmmOptions(host.path, table));
      await host.serve(table);
    }

    await comeAndGo(vmmOptions(host.path, table));
    await until('a VMM is served from its beginning to its end', () => host.serve(table), { every: 20 });
    expect(host.deaths.length).toBeGreaterThan(prelude ? 1 : 0);
    expect(new Set(host.deaths)).toEqual(new Set(['SIGKILL']));
    // The state, two outboxes, the listening socket, and two of the device.
    await until('nothing of any VMM is held', () => host.held === 6, { found: () => host.held });
  });
});
