import { spawnSync } from 'node:child_process';
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

function serverOf(getStatistics: () => Promise<barkeep.v1.GetStatisticsResponse>) {
  const failures: unknown[] = [];
  const server = createServer({
    getStatistics,
    onFailure: (error) => failures.push(error),
    version: '1.2.3',
  });
  servers.push(server);
  return { failures, get: async (url: string) => server.inject({ url }) };
}

describe('/metrics', () => {
  it('shows mappings by VM and cache type, zeros included', async () => {
    const { get } = serverOf(async () => statistics([vmStatistics('web-1', 42)]));
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
    const { get } = serverOf(async () => statistics([]));
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
    const { get } = serverOf(async () => statistics([vmStatistics('a', 1)]));
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

  it('makes buckets cumulative', async () => {
    const { get } = serverOf(async () => statistics([vmStatistics('a', 1)]));
    const { body } = await get('/metrics');
    const series = body.split('\n').filter((line) => line.startsWith('barkeep_stage_duration_seconds'));
    expect(series).toEqual([
      'barkeep_stage_duration_seconds_bucket{vm="a",stage="rpc",le="0.00001"} 1',
      'barkeep_stage_duration_seconds_bucket{vm="a",stage="rpc",le="0.0001"} 3',
      'barkeep_stage_duration_seconds_bucket{vm="a",stage="rpc",le="0.001"} 6',
      'barkeep_stage_duration_seconds_bucket{vm="a",stage="rpc",le="+Inf"} 10',
      'barkeep_stage_duration_seconds_sum{vm="a",stage="rpc"} 0.5',
      'barkeep_stage_duration_seconds_count{vm="a",stage="rpc"} 10',
    ]);
  });

  it('forgets a VM that is gone', async () => {
    const answers = [
      statistics([vmStatistics('a', 1), vmStatistics('b', 1)]),
      statistics([vmStatistics('b', 1)]),
    ];
    const { get } = serverOf(async () => answers.shift() as barkeep.v1.GetStatisticsResponse);
    expect((await get('/metrics')).body).toContain('vm="a"');
    expect((await get('/metrics')).body).not.toContain('vm="a"');
  });

  it('gives every metric of the table a sample, with exactly the labels that the table states', async () => {
    const full = statistics([vmStatistics('a', 1)]);
    const bad = DEFINITIONS.filter((definition) => {
      const samples: readonly (readonly [object, unknown])[] = definition.read(full);
      return (
        samples.length === 0 ||
        samples.some(([labels]) => Object.keys(labels).join() !== definition.labels.join())
      );
    });
    expect(bad.map(({ name }) => name)).toEqual([]);
  });

  it('shows itself and barkeep_up 0 while the broker is away', async () => {
    const { get, failures } = serverOf(async () => Promise.reject(new Error('no broker')));
    const { body, statusCode } = await get('/metrics');
    expect(statusCode).toBe(200);
    expect(body).toContain('barkeep_up 0\n');
    expect(body).toContain('process_cpu_seconds_total');
    expect(body).not.toContain('barkeep_mappings');
    expect(failures).toHaveLength(1);
  });

  it.skipIf(!needsPrometheus())('is clean for promtool check metrics', async () => {
    const { get } = serverOf(async () => statistics([vmStatistics('a', 1)]));
    const { body } = await get('/metrics');
    const promtool = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
    expect(promtool.stderr + promtool.stdout).toBe('');
    expect(promtool.status).toBe(0);
  });
});

describe('health', () => {
  it('is alive without a broker, and ready only with one', async () => {
    const away = serverOf(async () => Promise.reject(new Error('no broker')));
    const there = serverOf(async () => statistics([]));
    expect((await away.get('/healthz')).statusCode).toBe(200);
    expect((await away.get('/readyz')).statusCode).toBe(503);
    expect((await there.get('/readyz')).json()).toEqual({ status: 'ready' });
  });
});
