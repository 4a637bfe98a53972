import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { DEFINITIONS } from '../../services/metrics/definitions.ts';
import { createServer } from '../../services/metrics/server.ts';
import { needsPrometheus } from './prometheus.ts';
import { statistics, vmStatistics } from './statistics.ts';

const servers: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const FIGURES = {
  residentBytes: 60_000_000,
  heapUsedBytes: 20_000_000,
  openFds: 25,
  cpuSeconds: 3,
  eventLoopLagP50: 0.001,
  eventLoopLagP99: 0.002,
  eventLoopLagMax: 0.125,
  startTime: 1_700_000_000,
};

type Answer = () => Promise<barkeep.v1.GetStatisticsResponse>;

/** A server whose broker gives these pages. */
function serverOf(pages: readonly Answer[], hasVmHistograms = false) {
  const failures: unknown[] = [];
  const server = createServer({
    statistics: async function* () {
      for (const page of pages) yield await page();
    },
    isServing: async () => (await Promise.all(pages.map((page) => page()))).length > 0,
    onFailure: (error) => failures.push(error),
    version: '1.2.3',
    figures: { read: () => FIGURES },
    hasVmHistograms,
  });
  servers.push(server);
  return {
    failures,
    get: async (url: string, headers: Record<string, string> = {}) => server.inject({ url, headers }),
  };
}

const away: Answer = async () => Promise.reject(new Error('no broker'));

/** Lines of the metrics whose name begins so. */
function samples(body: string, name: string): string[] {
  return body.split('\n').filter((line) => line.startsWith(name));
}

describe('/metrics', () => {
  it('shows mappings by VM and cache type, zeros included', async () => {
    const { get } = serverOf([async () => statistics([vmStatistics('web-1', 42)])]);
    const { body, headers } = await get('/metrics');
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(body).toContain('barkeep_mappings{vm="web-1",cache="cached"} 42\n');
    expect(body).toContain('barkeep_mappings{vm="web-1",cache="wc"} 1\n');
    expect(body).toContain('barkeep_mappings{vm="web-1",cache="uncached"} 0\n');
    expect(body).toContain('barkeep_mapped_bytes{vm="web-1",cache="cached"} 172032\n');
    expect(body).toContain('barkeep_window_largest_free_extent_bytes{vm="web-1"} 268435456\n');
    expect(body).toContain('barkeep_refusals_total{vm="web-1",reason="OVERLAP"} 2\n');
    expect(body).toContain('barkeep_heap_used_bytes{heap="ram",backing="memfd",cache="cached"} 4096\n');
    expect(body).toContain('barkeep_build_info{version="1.2.3",broker_version="9.9.9",');
    expect(body).toContain('barkeep_up 1\n');
  });

  it('shows what would survive the broker, and what this one took over', async () => {
    const { get } = serverOf([async () => statistics([])]);
    const { body } = await get('/metrics');
    expect(
      body.split('\n').filter((line) => /^barkeep_(journal|stored|fd_store|recover)/.test(line)),
    ).toEqual([
      'barkeep_journal_active 1',
      'barkeep_journal_size_bytes 5000',
      'barkeep_journal_records_total 11',
      'barkeep_journal_bytes_total 6000',
      'barkeep_journal_snapshots_total 2',
      'barkeep_journal_errors_total 0',
      'barkeep_stored_fds 7',
      'barkeep_fd_store_errors_total 0',
      'barkeep_recovered_vms{result="adopted"} 4',
      'barkeep_recovered_vms{result="lost"} 1',
      'barkeep_recovered_fds{result="adopted"} 6',
      'barkeep_recovered_fds{result="orphaned"} 2',
      'barkeep_recovery_seconds 0.25',
    ]);
  });

  it('shows how far VMMs have come, and what is wrong with them', async () => {
    const { get } = serverOf([async () => statistics([vmStatistics('a', 1)])]);
    const { body } = await get('/metrics');
    expect(body.split('\n').filter((line) => /^barkeep_(vmm_|out_of)/.test(line))).toEqual([
      'barkeep_vmm_state{vm="a",state="absent"} 0',
      'barkeep_vmm_state{vm="a",state="connected"} 0',
      'barkeep_vmm_state{vm="a",state="negotiated"} 1',
      'barkeep_vmm_state{vm="a",state="running"} 0',
      'barkeep_vmm_state{vm="a",state="stopped"} 0',
      'barkeep_vmm_problem{vm="a",problem="memory-not-shared"} 1',
      'barkeep_vmm_problem{vm="a",problem="memory-out-of-reach"} 0',
      'barkeep_vmm_problem{vm="a",problem="queue-count"} 0',
      'barkeep_vmm_problem{vm="a",problem="window-unused"} 0',
      'barkeep_vmm_queues_running{vm="a"} 0',
      'barkeep_vmm_guest_memory_bytes{vm="a"} 0',
      'barkeep_vmm_window_bytes{vm="a"} 0',
      'barkeep_out_of_reach_chains_total{vm="a"} 5',
    ]);
  });

  it('shows durations of all VMs together, in buckets that are cumulative', async () => {
    const { get } = serverOf([async () => statistics([vmStatistics('a', 1)])]);
    const { body } = await get('/metrics');
    expect(samples(body, 'barkeep_stage_duration_seconds')).toEqual([
      'barkeep_stage_duration_seconds_bucket{stage="rpc",le="0.001"} 7',
      'barkeep_stage_duration_seconds_bucket{stage="rpc",le="+Inf"} 8',
      'barkeep_stage_duration_seconds_sum{stage="rpc"} 0.02',
      'barkeep_stage_duration_seconds_count{stage="rpc"} 8',
    ]);
    expect(body).not.toContain('barkeep_vm_stage_duration_seconds');
  });

  it('shows those of each VM where they are wanted', async () => {
    const { get } = serverOf([async () => statistics([vmStatistics('a', 1)])], true);
    const { body } = await get('/metrics');
    expect(samples(body, 'barkeep_vm_stage_duration_seconds')).toEqual([
      'barkeep_vm_stage_duration_seconds_bucket{vm="a",stage="rpc",le="0.00001"} 1',
      'barkeep_vm_stage_duration_seconds_bucket{vm="a",stage="rpc",le="0.0001"} 3',
      'barkeep_vm_stage_duration_seconds_bucket{vm="a",stage="rpc",le="0.001"} 6',
      'barkeep_vm_stage_duration_seconds_bucket{vm="a",stage="rpc",le="+Inf"} 10',
      'barkeep_vm_stage_duration_seconds_sum{vm="a",stage="rpc"} 0.5',
      'barkeep_vm_stage_duration_seconds_count{vm="a",stage="rpc"} 10',
    ]);
  });

  it('begins counters at zero', async () => {
    const { get } = serverOf([async () => statistics([{ vm: { name: 'a' } }, vmStatistics('b', 1)])]);
    const { body } = await get('/metrics');
    const zeros = samples(body, 'barkeep_operations_total{vm="a"').concat(
      samples(body, 'barkeep_refusals_total{vm="a"'),
    );
    expect(zeros).toContain('barkeep_operations_total{vm="a",operation="unmap",result="noop"} 0');
    expect(zeros).toContain('barkeep_refusals_total{vm="a",reason="QUOTA_BYTES"} 0');
    expect(zeros.every((line) => line.endsWith(' 0'))).toBe(true);
    // What a frontend counts is not known before it has told: a zero then would be a counter that falls.
    expect(body).not.toContain('barkeep_malformed_chains_total{vm="a"}');
    expect(body).not.toContain('barkeep_refusals_total{vm="a",reason="VMM_SLOTS"}');
    expect(body).toContain('barkeep_refusals_total{vm="b",reason="VMM_SLOTS"} 0');
    expect(samples(body, 'barkeep_scrape_failures_total')).toEqual([
      'barkeep_scrape_failures_total{reason="absent"} 0',
      'barkeep_scrape_failures_total{reason="unavailable"} 0',
      'barkeep_scrape_failures_total{reason="forbidden"} 0',
      'barkeep_scrape_failures_total{reason="refused"} 0',
    ]);
  });

  it('puts the lines of one metric together, however many pages the VMs come in', async () => {
    const { get } = serverOf([
      async () => statistics([vmStatistics('a', 1)]),
      async () =>
        ({ ...statistics([]), version: '', process: null, heaps: [], vms: [vmStatistics('b', 2)] }) as never,
    ]);
    const { body } = await get('/metrics');
    expect(body).toContain('barkeep_allocations{vm="a"} 2\nbarkeep_allocations{vm="b"} 3\n# HELP');
    expect(samples(body, '# TYPE barkeep_allocations ')).toHaveLength(1);
    expect(samples(body, 'barkeep_host_used_bytes')).toEqual(['barkeep_host_used_bytes 4096']);
  });

  it('shows this process, without what readers would take from each other', async () => {
    const { get } = serverOf([async () => statistics([])]);
    const { body } = await get('/metrics');
    expect(body).toContain('barkeep_process_event_loop_lag_max_seconds{service="metrics",vm=""} 0.125\n');
    expect(body).toContain('barkeep_process_open_fds{service="metrics",vm=""} 25\n');
    expect(body).toContain('nodejs_gc_duration_seconds');
    expect(body).not.toMatch(/nodejs_eventloop_lag|^process_open_fds/m);
  });

  it('leaves out descriptors that could not be counted', async () => {
    const blind = { ...vmStatistics('a', 1), frontend: { process: { residentBytes: 1, openFds: 0 } } };
    const { get } = serverOf([async () => statistics([blind])]);
    const { body } = await get('/metrics');
    expect(body).not.toContain('barkeep_process_open_fds{service="frontend"');
    expect(body).toContain('barkeep_process_resident_memory_bytes{service="frontend",vm="a"} 1\n');
  });

  it.each([
    ['gzip', true],
    ['deflate, gzip;q=0.5', true],
    ['*', true],
    ['gzip;q=0', false],
    ['identity', false],
    ['', false],
  ])('to a client that accepts "%s": compressed %s', async (accepted, isCompressed) => {
    const { get } = serverOf([async () => statistics([vmStatistics('a', 1)])]);
    const { headers, rawPayload } = await get('/metrics', { 'accept-encoding': accepted });
    expect(headers['content-encoding']).toBe(isCompressed ? 'gzip' : undefined);
    const text = isCompressed ? gunzipSync(rawPayload) : rawPayload;
    expect(text.toString()).toContain('\nbarkeep_up 1\n');
  });

  it('forgets a VM that is gone', async () => {
    const answers = [
      statistics([vmStatistics('a', 1), vmStatistics('b', 1)]),
      statistics([vmStatistics('b', 1)]),
    ];
    const { get } = serverOf([async () => answers.shift() as barkeep.v1.GetStatisticsResponse]);
    expect((await get('/metrics')).body).toContain('vm="a"');
    expect((await get('/metrics')).body).not.toContain('vm="a"');
  });

  it('gives every metric of the table a sample, with exactly the labels that the table states', async () => {
    const { get } = serverOf([async () => statistics([vmStatistics('a', 1)])], true);
    const { body } = await get('/metrics');
    const bad = DEFINITIONS.filter(({ name, type, labels }) => {
      const lines = samples(body, type === 'histogram' ? `${name}_count` : name).filter((line) =>
        /^[ {]/.test(line.slice(name.length + (type === 'histogram' ? '_count'.length : 0))),
      );
      const found = lines.map((line) => [...line.matchAll(/[{,](\w+)="/g)].map((match) => match[1]).join());
      return lines.length === 0 || found.some((names) => names !== labels.join());
    });
    expect(bad.map(({ name }) => name)).toEqual([]);
  });

  it('shows itself and barkeep_up 0 while the broker is away', async () => {
    const { get, failures } = serverOf([away]);
    const { body, statusCode } = await get('/metrics');
    expect(statusCode).toBe(200);
    expect(body).toContain('barkeep_up 0\n');
    expect(body).toContain('process_cpu_seconds_total');
    expect(body).not.toContain('barkeep_mappings');
    expect(body).toContain('barkeep_process_open_fds{service="metrics",vm=""} 25\n');
    expect(body).toContain('barkeep_scrape_failures_total{reason="unavailable"} 1\n');
    expect(failures).toHaveLength(1);
  });

  it('shows no VM rather than some when the broker goes half-way', async () => {
    const { get } = serverOf([async () => statistics([vmStatistics('a', 1)]), away]);
    const { body } = await get('/metrics');
    expect(body).toContain('barkeep_up 0\n');
    expect(body).not.toContain('vm="a"');
  });

  it.skipIf(!needsPrometheus())('is clean for promtool check metrics', async () => {
    const { get } = serverOf([async () => statistics([vmStatistics('a', 1)])], true);
    const { body } = await get('/metrics');
    const promtool = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
    expect(promtool.stderr + promtool.stdout).toBe('');
    expect(promtool.status).toBe(0);
  });
});

describe('health', () => {
  it('is alive without a broker, and ready only with one', async () => {
    const gone = serverOf([away]);
    const there = serverOf([async () => statistics([])]);
    expect((await gone.get('/healthz')).statusCode).toBe(200);
    expect((await gone.get('/readyz')).statusCode).toBe(503);
    expect((await there.get('/readyz')).json()).toEqual({ status: 'ready' });
  });
});
