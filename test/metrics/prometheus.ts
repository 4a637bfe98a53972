// A real Prometheus (Debian's package) for tests: on a free port, with its data in a directory of the test.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilPasses } from '../support/until.ts';

/** Whether tests with Prometheus can run. Under CI a missing one is a failure, so they run and fail there. */
export function needsPrometheus(): boolean {
  return process.env['CI'] === 'true' || spawnSync('promtool', ['--version']).status === 0;
}

export type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: number };

export class Prometheus {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #directory: string;

  private constructor(url: string, child: ChildProcess, directory: string) {
    this.url = url;
    this.#process = child;
    this.#directory = directory;
  }

  /** Scrapes `target` ("host:port") every 200 ms, and is ready when this returns. */
  static async start(target: string): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-prometheus-'));
    const port = await freePort();
    writeFileSync(
      join(directory, 'prometheus.yml'),
      `global: { scrape_interval: 200ms, scrape_timeout: 200ms }\nscrape_configs:\n  - job_name: barkeep\n    static_configs: [{ targets: ['${target}'] }]\n`,
    );
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    );
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, child, directory);
    await untilPasses('Prometheus is ready', async () => {
      const { ok } = await fetch(`${prometheus.url}/-/ready`);
      if (!ok) throw new Error('Prometheus is not ready');
    });
    return prometheus;
  }

  /** The samples of an instant query. */
  async query(expression: string): Promise<Sample[]> {
    const response = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const body = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return body.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
