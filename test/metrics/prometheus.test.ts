// A real Prometheus scrapes the real metrics service of a real broker, while the in-tree VMM plays a guest of known habits.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../services/lib/runtime/config.ts';
import { createLogger } from '../../services/lib/runtime/log.ts';
import { type MetricsService, startMetrics } from '../../services/metrics/main.ts';
import { untilPasses } from '../support/until.ts';
import { Installation } from '../vmm/installation.ts';
import { Vmm } from '../vmm/vmm.ts';
import { needsPrometheus, Prometheus } from './prometheus.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe.skipIf(!needsPrometheus())('Prometheus', () => {
  let host: Installation;
  let metrics: MetricsService;
  let prometheus: Prometheus;

  beforeAll(async () => {
    host = await Installation.start({
      one: 'window: 64MiB, placement: window',
      two: 'window: 64MiB, placement: window',
    });
    const config = parseConfig(
      `run_directory: ${host.runDirectory}\nmetrics: { listen: "127.0.0.1:0" }\nheaps: []\nvms: []\n`,
      'metrics.yaml',
      { environment: {} },
    );
    metrics = await startMetrics(config, createLogger({ service: 'test', level: 'silent' }));
    prometheus = await Prometheus.start(new URL(metrics.url).host);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await metrics?.stop();
    await host?.stop();
  });

  /** The value of a query with one result, as soon as it is `expected`. */
  const expectValue = (query: string, expected: number) =>
    untilPasses(`${query} is ${expected}`, async () =>
      expect({ query, found: (await prometheus.query(query)).map(({ value }) => value) }).toEqual({
        query,
        found: [expected],
      }),
    );

  it('answers what the guest did: mappings and bytes by cache type, windows, heaps, operations, latencies', async () => {
    const vmm = await Vmm.boot({ socketPath: host.socketOf('one') });
    const { driver } = vmm;
    const blobs = [];
    for (const [blobId, size] of [
      [0, 4 * KIB],
      [0, 4 * KIB],
      [1, MIB],
      [2, 64 * KIB],
      [3, 8 * KIB],
    ] as const) {
      blobs.push(await driver.createAndMap({ size, blobId }));
    }
    // One blob without a mapping, and one refusal.
    const idle = await driver.createBlob({ size: 16 * KIB });
    const refused = await driver.sendCommand(driver.mapCommand(idle.resource, blobs[0]!.offset));
    expect(refused.name).toBe('ERR_INVALID_PARAMETER');

    await expectValue('barkeep_mappings{vm="one",cache="cached"}', 2);
    await expectValue('barkeep_mapped_bytes{vm="one",cache="cached"}', 8 * KIB);
    await expectValue('barkeep_mappings{vm="one",cache="wc"}', 1);
    await expectValue('barkeep_mapped_bytes{vm="one",cache="uncached"}', 64 * KIB);
    await expectValue('barkeep_mappings{vm="one",cache="none"}', 1);
    await expectValue('sum(barkeep_mappings{vm="two"})', 0);
    await expectValue('sum by (vm) (barkeep_mapped_bytes{vm="one"})', 8 * KIB + MIB + 64 * KIB + 8 * KIB);
    await expectValue('barkeep_allocations{vm="one"}', 6);
    await expectValue('barkeep_window_size_bytes{vm="one"}', 64 * MIB);
    await expectValue(
      'barkeep_window_size_bytes{vm="one"} - barkeep_window_free_bytes - on (vm) sum by (vm) (barkeep_mapped_bytes)',
      0,
    );
    await expectValue('barkeep_heap_used_bytes{heap="video"}', MIB);
    await expectValue('barkeep_heap_used_bytes{heap="ram",cache="cached",backing="memfd"}', 24 * KIB);
    await expectValue('barkeep_operations_total{vm="one",operation="map",result="ok"}', 5);
    await expectValue('barkeep_refusals_total{vm="one",reason="OVERLAP"}', 1);
    await expectValue('barkeep_commands_total{vm="one",command="RESOURCE_MAP_BLOB",answer="OK_MAP_INFO"}', 5);
    await expectValue('barkeep_stage_duration_seconds_count{stage="vmm"}', 1);
    await expectValue('barkeep_up', 1);

    for (const blob of blobs) await driver.unmapAndUnref(blob);
    await expectValue('sum(barkeep_mappings{vm="one"})', 0);
    await expectValue('barkeep_heap_used_bytes{heap="video"}', 0);
    vmm.close();
  });
});
