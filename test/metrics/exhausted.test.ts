// Broker and endpoint without a descriptor left, as prlimit(1) makes them: they show what is wrong, instead of being gone with it. And probes
// that look at them change nothing of what they show.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pace, until, untilPasses } from '../support/until.ts';
import { FullHost } from './full-host.ts';

const PLENTY = 4096;
const MANY = 100;
const STOPPED_MS = 600;

/** Leaves a process no number for another descriptor. `open` makes it open one, for the numbers that are free below those that it has. */
async function exhaust(pid: number, open: () => void): Promise<void> {
  const most = Math.max(...readdirSync(`/proc/${pid}/fd`).map(Number));
  limit(pid, most + 1);
  await until('every number is taken', () => {
    if (readdirSync(`/proc/${pid}/fd`).length > most) return true;
    open();
    return false;
  });
}

function limit(pid: number, soft: number): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}

function value(text: string, series: string): number | null {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length));
}

describe('metrics', () => {
  let host: FullHost;
  const sockets: Socket[] = [];
  const hold = (socket: Socket): void => void sockets.push(socket.on('error', () => undefined));
  beforeAll(async () => {
    host = await FullHost.start(2, false);
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterAll(() => host?.stop());

  it('of a broker that has no descriptor left are all there', async () => {
    await exhaust(host.pids.broker, () => hold(connect(host.brokerSocket)));
    try {
      const { text } = await host.scrape();
      expect(value(text, 'barkeep_up')).toBe(1);
      expect(value(text, 'barkeep_mappings{vm="vm-1",cache="cached"}')).toBe(1);
      const open = readdirSync(`/proc/${host.pids.broker}/fd`).length;
      // The reserve was given up to count the others.
      expect(value(text, 'barkeep_process_open_fds{service="broker",vm=""}')).toBe(open - 1);
      expect((await host.ask('/readyz')).status).toBe(200);
    } finally {
      limit(host.pids.broker, PLENTY);
    }
  });

  it('are served by an endpoint that has none left, to scrapers that are there and to new ones', async () => {
    const { port } = new URL(host.url);
    limit(host.pids.metrics, readdirSync(`/proc/${host.pids.metrics}/fd`).length);
    for (let count = 0; count < MANY; count += 1) hold(connect(Number(port), '127.0.0.1'));
    try {
      // It notices within a second.
      await untilPasses('a new scraper is served', async () => {
        const { text } = await host.scrape();
        expect(value(text, 'barkeep_up')).toBe(1);
        expect(value(text, 'barkeep_process_open_fds{service="metrics",vm=""}')).toBeGreaterThan(10);
        expect((await host.ask('/readyz')).status).toBe(200);
      });
      for (let scrape = 0; scrape < 5; scrape += 1) expect((await host.ask('/metrics')).status).toBe(200);
    } finally {
      limit(host.pids.metrics, PLENTY);
    }
  });

  it('are served while others open connections and leave them open', async () => {
    const { port } = new URL(host.url);
    for (let count = 0; count < MANY; count += 1) {
      hold(connect(Number(port), '127.0.0.1'));
    }
    await until(
      'all but a few of them are ended',
      () => sockets.filter(({ closed }) => !closed).length <= 16,
    );
    const { text } = await host.scrape();
    expect(value(text, 'barkeep_up')).toBe(1);
    expect(value(text, 'barkeep_process_open_fds{service="metrics",vm=""}')).toBeLessThan(MANY);
  });

  it('say what they are without, and why', async () => {
    const lost = await FullHost.start(1, false);
    try {
      const before = (await lost.scrape()).text;
      expect(value(before, 'barkeep_scrape_failures_total{reason="unavailable"}')).toBe(0);
      process.kill(lost.pids.broker, 'SIGKILL');
      await untilPasses('the broker is missed', async () => {
        const { text } = await lost.scrape();
        expect(value(text, 'barkeep_up')).toBe(0);
        expect(
          (value(text, 'barkeep_scrape_failures_total{reason="unavailable"}') ?? 0) +
            (value(text, 'barkeep_scrape_failures_total{reason="absent"}') ?? 0),
        ).toBeGreaterThan(0);
        expect(value(text, 'barkeep_process_open_fds{service="metrics",vm=""}')).toBeGreaterThan(10);
      });
    } finally {
      await lost.stop();
    }
  });

  it('keep the delay of the event loop, however often somebody looks', async () => {
    const series = 'barkeep_process_event_loop_lag_max_seconds{service="broker",vm=""}';
    // A broker that stood still has a delay to show.
    process.kill(host.pids.broker, 'SIGSTOP');
    const scrape = host.scrape();
    await pace(STOPPED_MS);
    process.kill(host.pids.broker, 'SIGCONT');
    await scrape;
    const shown = await until('the delay is shown', async () => {
      const lag = value((await host.scrape()).text, series) ?? 0;
      return lag > 0.2 ? lag : null;
    });
    for (let probe = 0; probe < 20; probe += 1) expect((await host.ask('/readyz')).status).toBe(200);
    expect(value((await host.scrape()).text, series)).toBeGreaterThanOrEqual(shown);
  });
});
