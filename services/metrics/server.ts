// The HTTP side: /metrics for Prometheus, /healthz and /readyz for whoever runs the process.
import { finished, pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import fastify, { type FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Connections } from './connections.ts';
import { Scraper, type Source } from './scraper.ts';

export type ServerOptions = Source & {
  /** Whether the broker says that it serves; rejects when it does not answer in time. */
  readonly isServing: () => Promise<boolean>;
};

/**
 * Of prom-client's metrics of a Node process those that are not served:
 * gauges with the suffix of counters, which `promtool check metrics` refuses (their labelled twins stay);
 * those that each reader sets back for all others (barkeep_process_event_loop_lag_* of this process stand for them);
 * and those that keep their last value where the process has no descriptor left to look with (barkeep_process_* again).
 */
const LEFT_OUT =
  /^nodejs_(active_(handles|requests|resources)_total|eventloop_lag_.*)$|^process_(open_fds|resident_memory_bytes|virtual_memory_bytes|heap_bytes)$/;

const GZIP = { level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 };

/** The server, not listening yet. A broker that does not answer is barkeep_up 0 and not an error: the scrape itself went well. */
export function createServer(options: ServerOptions): FastifyInstance {
  const scraper = new Scraper(options);
  const node = nodeMetrics();
  const server = fastify({ logger: false, forceCloseConnections: true });
  const connections = new Connections(server.server);
  server.addHook('onClose', async () => connections.close());

  server.get('/metrics', async ({ headers }, reply) => {
    const own = Buffer.from(await node.metrics());
    const page = await scraper.scrape();
    const chunks = [own, ...page.chunks];
    const text = Readable.from(chunks);
    reply.type(Registry.PROMETHEUS_CONTENT_TYPE).header('vary', 'accept-encoding');
    // However it ends, since a scraper may go away: until then its memory is not used again.
    finished(reply.raw, () => page.release());
    if (!acceptsGzip(headers['accept-encoding'])) {
      const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      return reply.header('content-length', length).send(text);
    }
    const gzip = pipeline(text, createGzip(GZIP), () => undefined);
    return reply.header('content-encoding', 'gzip').send(gzip);
  });

  // Alive: this process serves. It says nothing of the broker, so that a broker that is away does not get this process restarted.
  server.get('/healthz', async () => ({ status: 'ok' }));

  // Ready: a scrape would find the broker. It is asked for that alone: a probe must cost nothing and change nothing.
  server.get('/readyz', async (_request, reply) => {
    if (await options.isServing().catch(() => false)) return { status: 'ready' };
    return reply
      .code(503)
      .send({ status: 'not ready', reason: 'the broker does not answer on its admin socket' });
  });

  return server;
}

function nodeMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) {
    if (LEFT_OUT.test(name)) registry.removeSingleMetric(name);
  }
  return registry;
}

/** RFC 9110, 12.5.3: named, or by *, and not with the weight 0. */
export function acceptsGzip(header: string | readonly string[] | undefined): boolean {
  const weights = new Map<string, number>();
  for (const item of String(header ?? '')
    .toLowerCase()
    .split(',')) {
    const [, coding, weight] = /^\s*([^\s;]+)\s*(?:;\s*q=([\d.]+))?\s*$/.exec(item) ?? [];
    if (coding !== undefined) weights.set(coding, Number(weight ?? 1));
  }
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}
