// From one moment's statistics to the text that Prometheus reads. Nothing is kept between scrapes, so the series of a VM that is gone
// are gone with it.
import { type Metric, Registry } from 'prom-client';
import type { barkeep } from '../lib/rpc/gen/barkeep.js';
import { countFromWire } from '../lib/rpc/u64.ts';
import { DEFINITIONS, type Definition, type HistogramSample, type Labels } from './definitions.ts';

type Value = { readonly labels: Labels; readonly value: number; readonly metricName?: string };

/** A registry that holds what the broker said, and nothing else. */
export function registryOf(statistics: barkeep.v1.GetStatisticsResponse): Registry {
  const registry = new Registry();
  for (const definition of DEFINITIONS) register(registry, definition, valuesOf(definition, statistics));
  return registry;
}

/** A registry that says whether the broker answered, and what runs here. `brokerVersion` is empty when it did not. */
export function ownRegistry(up: boolean, version: string, brokerVersion: string): Registry {
  const registry = new Registry();
  register(registry, { name: 'barkeep_up', type: 'gauge', help: '1 when the broker answered this scrape.' }, [
    { labels: {}, value: Number(up) },
  ]);
  register(registry, { name: 'barkeep_build_info', type: 'gauge', help: 'Always 1; versions are labels.' }, [
    { labels: { version, broker_version: brokerVersion, node_version: process.version }, value: 1 },
  ]);
  return registry;
}

function valuesOf(definition: Definition, statistics: barkeep.v1.GetStatisticsResponse): Value[] {
  if (definition.type === 'histogram') {
    return definition.read(statistics).flatMap((sample) => bucketsOf(definition.name, sample));
  }
  return definition.read(statistics).map(([labels, value]) => ({ labels, value }));
}

function bucketsOf(name: string, [labels, histogram]: HistogramSample): Value[] {
  const values: Value[] = [];
  let cumulative = 0;
  (histogram.counts ?? []).forEach((count, index) => {
    cumulative += countFromWire(count);
    const bound = histogram.bounds?.[index];
    values.push({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: bound === undefined ? '+Inf' : String(bound) },
      value: cumulative,
    });
  });
  values.push({ metricName: `${name}_sum`, labels, value: histogram.sum ?? 0 });
  values.push({ metricName: `${name}_count`, labels, value: cumulative });
  return values;
}

// prom-client writes whatever has a name and get(): that is how its own metrics hand over their values.
function register(
  registry: Registry,
  { name, help, type }: Pick<Definition, 'name' | 'help' | 'type'>,
  values: readonly Value[],
): void {
  const metric = { name, help, type, aggregator: 'sum', values };
  registry.registerMetric({ ...metric, get: async () => metric } as unknown as Metric);
}
