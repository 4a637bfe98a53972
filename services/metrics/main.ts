// The metrics service: asks the broker on the socket of viewers at every scrape, and keeps nothing itself.
import type { AddressInfo } from 'node:net';
import { createAdminClient } from '../lib/rpc/admin-client.ts';
import type { Config } from '../lib/runtime/config.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { runDirectoryPaths } from '../lib/runtime/run-directory.ts';
import { VERSION } from '../lib/runtime/version.ts';
import { createServer } from './server.ts';

/** How long a scrape waits for the broker; Prometheus itself gives up after 10 s by default. Milliseconds. */
const STATISTICS_TIMEOUT = 3000;

export type MetricsService = {
  /** Where it listens, e.g. "http://127.0.0.1:9464". */
  readonly url: string;
  readonly stop: () => Promise<void>;
};

/** Serves metrics.listen of the configuration. The broker may come later, and go. Rejects with ExitError when the address cannot be used. */
export async function startMetrics(config: Config, log: Logger): Promise<MetricsService> {
  const client = createAdminClient(runDirectoryPaths(config.runDirectory).viewSocket);
  let answering = true;
  const server = createServer({
    getStatistics: async () => {
      const statistics = await client.getStatistics(STATISTICS_TIMEOUT);
      if (!answering) log.info('the broker answers again');
      answering = true;
      return statistics;
    },
    onFailure: (error) => {
      if (answering) log.warn({ err: error }, 'the broker does not answer; scrapes show barkeep_up 0');
      answering = false;
    },
    version: VERSION,
  });

  const { host, port } = config.metrics.listen;
  try {
    await server.listen({ host, port });
  } catch (error) {
    client.close();
    const { code } = error as NodeJS.ErrnoException;
    throw new ExitError(
      EXIT.FAILURE,
      `metrics cannot listen on ${host}:${port}: ${code === 'EADDRINUSE' ? 'another process does' : (error as Error).message}; choose another address with metrics.listen or --listen`,
    );
  }
  const address = server.server.address() as AddressInfo;
  const url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  log.info({ url: `${url}/metrics` }, 'metrics are served');
  return {
    url,
    stop: async () => {
      await server.close();
      client.close();
    },
  };
}
