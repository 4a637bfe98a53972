// What a host with 1,000 VMs costs: a real broker and the real endpoint, started as its unit starts it. Processor time is the bench's to tell
// (`npm run bench -- --only scrape`), since it depends on what else runs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FullHost } from './full-host.ts';

const VMS = 1000;
const SCRAPES = 12;
const MOST_RESIDENT = 128e6;
/** Of each VM, and of the host. */
const MOST_SERIES = 108 * VMS;

describe('the metrics of 1,000 VMs', () => {
  let host: FullHost;
  beforeAll(async () => {
    host = await FullHost.start(VMS, false);
  }, 180_000);
  afterAll(() => host?.stop());

  it('come from a process that stays small, scrape for scrape', { timeout: 180_000 }, async () => {
    let plain = await host.scrape('identity');
    for (let scrape = 0; scrape < SCRAPES; scrape += 1) plain = await host.scrape('identity');
    const gzip = await host.scrape('gzip');
    const series = plain.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(series.filter((line) => line.startsWith('barkeep_window_size_bytes'))).toHaveLength(VMS);
    expect(new Set(series.map((line) => line.slice(0, line.lastIndexOf(' ')))).size).toBe(series.length);
    expect(series.length).toBeLessThan(MOST_SERIES);
    expect(gzip.bytes).toBeLessThan(plain.bytes / 10);
    expect(gzip.text).toContain('barkeep_mappings{vm="vm-999",cache="cached"} 1\n');
    expect(host.peakBytes()).toBeLessThan(MOST_RESIDENT);
  });
});
