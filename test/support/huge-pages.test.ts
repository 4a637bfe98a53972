import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reserveHugePages } from './huge-pages.ts';

let counts: string;
beforeEach(() => {
  counts = mkdtempSync(join(tmpdir(), 'barkeep-huge-'));
});
afterEach(() => rmSync(counts, { recursive: true }));

function host(reserved: number, free: number, promised = 0): void {
  const found = { nr_hugepages: reserved, free_hugepages: free, resv_hugepages: promised };
  for (const [name, count] of Object.entries(found)) writeFileSync(join(counts, name), `${count}\n`);
}

const reserved = () => readFileSync(join(counts, 'nr_hugepages'), 'utf8').trim();

describe('huge pages for a test', () => {
  it('are reserved where the host has none, and given back once', () => {
    host(0, 0);
    const listeners = process.listenerCount('exit');
    const pages = reserveHugePages(16, counts);

    expect(reserved()).toBe('16');
    expect(process.listenerCount('exit')).toBe(listeners + 1);
    if (!('giveBack' in pages)) throw new Error(pages.why);
    pages.giveBack();
    expect(reserved()).toBe('0');
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('are those of the host where it has some: their number stays', () => {
    host(64, 20, 4);
    const pages = reserveHugePages(16, counts);

    expect(pages).toHaveProperty('giveBack');
    if ('giveBack' in pages) pages.giveBack();
    expect(reserved()).toBe('64');
  });

  it('are not there when too few of the host’s are free: also then their number stays', () => {
    host(64, 19, 4);

    expect(reserveHugePages(16, counts)).toEqual({
      why: '16 are needed, and of the 64 that the host has reserved 15 are free',
    });
    expect(reserved()).toBe('64');
  });

  it('are not there where nobody may look', () => {
    expect(reserveHugePages(16, join(counts, 'none'))).toMatchObject({
      why: expect.stringContaining('ENOENT'),
    });
  });
});
