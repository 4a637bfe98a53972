// The metrics service: asks the broker on the socket of viewers at every scrape, and keeps nothing itself.
import type { AddressInfo } from 'node:net';
import { createAdminClient } from '../lib/rpc/admin-client.ts';
import type { Config } from '../lib/runtime/config.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { ProcessFigures } from '../lib/runtime/process-figures.ts';
import { runDirectoryPaths } from '../lib/runtime/run-directory.ts';
import { VERSION } from '../lib/runtime/version.ts';
import { createServer } from './server.ts';

/** How long a scrape waits for the broker; Prometheus itself gives up after 10 s by default. Milliseconds. */
const STATISTICS_TIMEOUT = 3000;
/** What is in memory at one time, beside the text: about 1 MB as the generated code decodes it. */
const VMS_OF_A_PAGE = 50;

export type MetricsService = {
  /** Where it listens, e.g. "http://127.0.0.1:9464". */
  readonly url: string;
  readonly stop: () => Promise<void>;
};

/** Serves metrics.listen of the configuration. The broker may come later, and go. Rejects with ExitError when the address cannot be used. */
export async function startMetrics(config: Config, log: Logger): Promise<MetricsService> {
  const { vmHistograms: hasVmHistograms, listen } = config.metrics;
  const client = createAdminClient(runDirectoryPaths(config.runDirectory).viewSocket, {
    pageSize: VMS_OF_A_PAGE,
    staysConnected: true,
  });
  const figures = new ProcessFigures();
  let answering = true;
  const server = createServer({
    statistics: async function* () {
      yield* client.statisticsPages({ hasLatencies: hasVmHistograms, timeout: STATISTICS_TIMEOUT });
      if (!answering) log.info('the broker answers again');
      answering = true;
    },
    isServing: () => client.isServing(STATISTICS_TIMEOUT),
    onFailure: (error) => {
      if (answering) log.warn({ err: error }, 'the broker does not answer; scrapes show barkeep_up 0');
      answering = false;
    },
    version: VERSION,
    figures,
    hasVmHistograms,
  });
  const close = (): void => {
    client.close();
    figures.close();
  };
  // A host that has run out of descriptors opens no connection any more; one that stands goes on. A broker that is not there yet is asked again.
  void client.isServing(STATISTICS_TIMEOUT).catch(() => undefined);

  const { host, port } = listen;
  try {
    await server.listen({ host, port });
  } catch (error) {
    close();
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
      close();
    },
  };
}
