// barkeep metrics: the Prometheus endpoint of this host's broker, as this process.
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { runService } from './service.ts';
import { letYoungSpaceGrow } from './young-space.ts';

const HELP = `
Serves /metrics, /healthz and /readyz. It asks the broker on admin-ro.sock at every scrape,
and may be started before it.

Examples:
  barkeep metrics                                on 127.0.0.1:9464
  barkeep metrics --listen '[::]:9464' --run-directory /run/barkeep
  curl -s http://127.0.0.1:9464/metrics
`;

export function addMetricsCommand(program: Command, context: Context): void {
  program
    .command('metrics')
    .description('run the Prometheus endpoint')
    .option('--listen <address:port>', 'where to serve (default: metrics.listen of the configuration)')
    .addHelpText('after', HELP)
    .action(async ({ listen }: { listen?: string }) => {
      const { config, file } = context.serviceConfig({ listen });
      const { startMetrics } = await import('../metrics/main.ts');
      await runService(context, { name: 'metrics', config, file }, async (lifecycle, log) => {
        letYoungSpaceGrow();
        const metrics = await startMetrics(config, log);
        lifecycle.onStop('metrics', () => metrics.stop());
        return { ready: { url: metrics.url }, status: () => `serving ${metrics.url}/metrics` };
      });
    });
}
