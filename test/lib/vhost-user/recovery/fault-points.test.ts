// The back-end is killed with SIGKILL at every fault point of lib/vhost-user, again and again, and its VMM and its guest notice nothing.
// The list of points is the code's own: a point that no run reaches fails here.
//
// The short form takes each point in one of the two ways in which VMMs tell of their memory; BARKEEP_CHAOS=long takes both, and more deaths.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FrontEndError } from '../../../vmm/front-end.ts';
import type { Vmm } from '../../../vmm/vmm.ts';
import { Holder } from './holder.ts';
import { boot, live, TABLES, type Table } from './life.ts';
import { PRELUDE, TRANSPORT_POINTS } from './points.ts';

const IS_LONG = process.env['BARKEEP_CHAOS'] === 'long';
/** Which time a point is passed kills: the first process at the first, its successor at the third ... */
const HITS = IS_LONG ? [1, 2, 3, 5, 8, 13, 21] : [1, 3, 7];

const CASES = TRANSPORT_POINTS.flatMap((point, index) => {
  const tables = Object.keys(TABLES) as Table[];
  return (IS_LONG ? tables : [tables[index % tables.length] as Table]).map((table) => ({ point, table }));
});

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(faults: readonly string[]): { holder: Holder; path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-survivor-'));
  const path = join(directory, 'gpu.sock');
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  const holder = new Holder({
    script: 'test/lib/vhost-user/recovery/survivor',
    environment: { SURVIVOR_SOCKET: path },
    faults,
  });
  cleanups.push(() => holder.stop());
  return { holder, path };
}

/** Only between accept(2) and the store's datagram may a VMM be cut off: it has to come again. */
async function bootPatiently(path: string, table: Table, attempts: number): Promise<Vmm> {
  try {
    return await boot(path, table);
  } catch (error) {
    if (attempts === 0 || !(error instanceof FrontEndError)) throw error;
    return await bootPatiently(path, table, attempts - 1);
  }
}

/** A failure with what the processes had to say. */
async function told<T>(holder: Holder, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw new Error(`${String(error)}\n${holder.ends.join(', ')}\n${holder.text}`, { cause: error });
  }
}

describe('a back-end that is killed', () => {
  it.each(CASES)('at $point, goes on ($table table)', { timeout: 120_000 }, async ({ point, table }) => {
    const prelude = PRELUDE[point];
    const faults = [...(prelude ? [prelude] : []), ...HITS.map((hit) => `${point}:${hit}`)];
    const { holder, path } = start(faults);
    const attempts = point === 'accept.accepted' ? HITS.length : 0;
    const first = await told(holder, bootPatiently(path, table, attempts));
    cleanups.push(() => first.close());
    const counted = await told(holder, live(first, 0));
    // The next VMM of the same device, which hears of the first one's end.
    first.close();
    const second = await told(holder, bootPatiently(path, table, attempts));
    cleanups.push(() => second.close());
    await told(holder, live(second, counted));
    expect(holder.ends.length).toBeGreaterThan(prelude ? 1 : 0);
    expect(new Set(holder.ends)).toEqual(new Set(['SIGKILL']));
    expect(holder.text).not.toMatch(/ error /);
  });
});
