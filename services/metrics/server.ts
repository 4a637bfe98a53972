// The HTTP side: /metrics for Prometheus, /healthz and /readyz for whoever runs the process.
import fastify, { type FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { barkeep } from '../lib/rpc/gen/barkeep.js';
import { ownRegistry, registryOf } from './exposition.ts';

export type Source = {
  /** The broker's statistics of this moment; rejects when it does not answer in time. */
  readonly getStatistics: () => Promise<barkeep.v1.GetStatisticsResponse>;
  /** Called when a scrape could not ask the broker. */
  readonly onFailure: (error: unknown) => void;
  readonly version: string;
};

// Gauges of prom-client with the suffix of counters, which `promtool check metrics` refuses; their labelled twins stay.
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** The server, not listening yet. A broker that does not answer is barkeep_up 0 and not an error: the scrape itself went well. */
export function createServer(source: Source): FastifyInstance {
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  for (const name of MISNAMED) own.removeSingleMetric(name);
  const server = fastify({ logger: false, forceCloseConnections: true });

  server.get('/metrics', async (_request, reply) => {
    const statistics = await ask(source);
    const registries = [ownRegistry(statistics !== null, source.version, statistics?.version ?? ''), own];
    if (statistics) registries.push(registryOf(statistics));
    const texts = await Promise.all(registries.map((registry) => registry.metrics()));
    return reply.type(Registry.PROMETHEUS_CONTENT_TYPE).send(texts.join('\n'));
  });

  // Alive: this process serves. It says nothing of the broker, so that a broker that is away does not get this process restarted.
  server.get('/healthz', async () => ({ status: 'ok' }));

  // Ready: a scrape would find the broker.
  server.get('/readyz', async (_request, reply) => {
    if (await ask(source)) return { status: 'ready' };
    return reply
      .code(503)
      .send({ status: 'not ready', reason: 'the broker does not answer on its admin socket' });
  });

  return server;
}

async function ask(source: Source): Promise<barkeep.v1.GetStatisticsResponse | null> {
  try {
    return await source.getStatistics();
  } catch (error) {
    source.onFailure(error);
    return null;
  }
}
