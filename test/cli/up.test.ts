// `barkeep up` as a whole, compiled, with a real broker, metrics endpoint and frontends: what it starts, what it restarts, and that nothing
// is left of it, however it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminClient, createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { VmState } from './fake-broker.ts';

const CLI = resolve(import.meta.dirname, '../../dist/services/cli/main.js');

const CONFIG = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 64MiB }
vms:
  - { name: one, window: 16MiB, heap: ram }
  - { name: two, window: 16MiB, heap: ram, placement: per-blob }
metrics: { listen: 127.0.0.1:0 }
`;

type Service = {
  readonly service: string;
  readonly vm: string | null;
  readonly pid: number;
  readonly address: string;
};
type Report = {
  readonly runDirectory: string;
  readonly services: readonly Service[];
  readonly vms: readonly { readonly name: string; readonly socket: string; readonly qemu: string }[];
};

class Up {
  readonly process: ChildProcess;
  out = '';
  log = '';
  readonly ended: Promise<number | null>;

  /** In a process group of its own, so that a test can do what Ctrl-C at a terminal does: signal all of them. */
  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.process = spawn(process.execPath, [CLI, 'up', ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    this.ended = once(this.process, 'exit').then(([code]) => code as number | null);
  }

  async report(): Promise<Report> {
    await until(() => this.out.endsWith('}\n') || this.process.exitCode !== null);
    return JSON.parse(this.out) as Report;
  }

  /** What it says of its own end. */
  failure(): string | undefined {
    const line = this.log.split('\n').findLast((text) => text.startsWith('{"error":'));
    return line && (JSON.parse(line) as { error: { message: string } }).error.message;
  }

  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-(this.process.pid ?? 0), signal);
  }

  /** Messages of the log in order, as "service: message". */
  messages(): string[] {
    return this.log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { service: string; msg: string })
      .filter(({ msg }) => msg !== undefined)
      .map(({ service, msg }) => `${service}: ${msg}`);
  }
}

let directory: string;
let config: string;
let started: Up[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-up-'));
  config = join(directory, 'barkeep.yaml');
  writeFileSync(config, CONFIG);
  started = [];
});
afterEach(async () => {
  for (const up of started) killGroup(up);
  await Promise.all(started.map((up) => up.ended));
  rmSync(directory, { recursive: true, force: true });
});

function killGroup(up: Up): void {
  try {
    up.signalGroup('SIGKILL');
  } catch {
    // Nobody of the group is left: so it should be.
  }
}

function start(args: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): Up {
  const up = new Up(
    ['--config', config, '--run-directory', join(directory, 'run'), '--json', ...args],
    environment,
  );
  started.push(up);
  return up;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Running, and not merely waiting to be reaped. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const pidsOf = (report: Report): number[] => report.services.map(({ pid }) => pid);

async function withAdmin<Result>(use: (client: AdminClient) => Promise<Result>): Promise<Result> {
  const client = createAdminClient(join(directory, 'run', 'admin.sock'));
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

const attached = (): Promise<(string | null | undefined)[]> =>
  withAdmin(async (client) => {
    const vms = await client.listVms();
    return vms.filter(({ state }) => state === VmState.VM_STATE_ATTACHED).map(({ name }) => name);
  }).catch(() => []);

describe('up', () => {
  test('starts everything, says where it is, and stops it in order on Ctrl-C', async () => {
    const up = start();
    const report = await up.report();
    expect(report.services.map(({ service, vm }) => [service, vm])).toEqual([
      ['broker', null],
      ['metrics', null],
      ['frontend', 'one'],
      ['frontend', 'two'],
    ]);
    expect(report.vms[0]?.qemu).toContain(`path=${directory}/run/vms/one/gpu.sock`);
    expect(report.services.every(({ pid }) => isAlive(pid))).toBe(true);
    expect(await attached()).toEqual(['one', 'two']);
    const scrape = await fetch(report.services[1]?.address ?? '');
    expect(await scrape.text()).toContain('barkeep_window_size_bytes{vm="one"} 16777216');
    expect(existsSync(report.vms[1]?.socket ?? '')).toBe(true);

    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
    expect(pidsOf(report).filter(isAlive)).toEqual([]);
    expect(up.messages().at(-1)).toBe('broker: broker stopped');
    // The frontends gave their VMs up in good order: a broker that had gone first would not have heard of it.
    expect(up.log.match(/"why":"detached"/g)).toHaveLength(2);
    expect(readdirSync(join(directory, 'run')).filter((name) => name.endsWith('.sock'))).toEqual([]);
    expect(existsSync(report.vms[0]?.socket ?? '')).toBe(false);
  });

  test('stops on SIGTERM to itself alone, too', async () => {
    const up = start();
    const report = await up.report();
    up.process.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    expect(pidsOf(report).filter(isAlive)).toEqual([]);
  });

  test('leaves no child behind when it is killed without a word', async () => {
    const up = start();
    const report = await up.report();
    up.process.kill('SIGKILL');
    await up.ended;
    await until(() => pidsOf(report).filter(isAlive).length === 0);
    expect(readdirSync(join(directory, 'run')).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });

  test('starts a frontend again that died', async () => {
    const up = start();
    const report = await up.report();
    process.kill(report.services[2]?.pid ?? 0, 'SIGKILL');
    await until(() => up.messages().includes('up: is back'));
    expect(up.messages()).toContain('up: ended; it is started again');
    // It serves its VMM at once, and resumes its session right after.
    await until(async () => (await attached()).length === 2);
    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
  });

  test('starts a broker again that died, and the frontends find it', async () => {
    const up = start();
    const report = await up.report();
    process.kill(report.services[0]?.pid ?? 0, 'SIGKILL');
    await until(() => up.messages().includes('up: is back'));
    await until(async () => (await attached()).length === 2);
    expect(report.services.slice(1).every(({ pid }) => isAlive(pid))).toBe(true);
    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
  });

  test('starts a service again that was asked to end: so it is replaced', async () => {
    const up = start();
    const report = await up.report();
    process.kill(report.services[1]?.pid ?? 0, 'SIGTERM');
    await until(() => up.messages().includes('up: is back'));
    expect(up.log).toMatch(/"child":"metrics endpoint","code":0,"signal":null,"pause":0/);
    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
  });

  test('ends at once on a second Ctrl-C, with its children', async () => {
    const up = start();
    const report = await up.report();
    // A child that is stopped by its user cannot end by itself.
    process.kill(report.services[2]?.pid ?? 0, 'SIGSTOP');
    up.process.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 600));
    up.process.kill('SIGINT');
    expect(await up.ended).toBe(130);
    await until(() => pidsOf(report).filter(isAlive).length === 0);
  });

  test('ends cleanly on Ctrl-C while it starts', async () => {
    const up = start();
    await until(() => up.messages().includes('broker: broker started'));
    up.signalGroup('SIGINT');
    await up.ended;
    expect(up.out).toBe('');
    expect(readdirSync(join(directory, 'run')).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });

  test('a second one in the same run directory is refused, and disturbs nothing', async () => {
    const first = start();
    const report = await first.report();
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.log).toContain(
      `use the run directory ${directory}/run: another broker (pid ${report.services[0]?.pid}) runs in it`,
    );
    expect(second.failure()).toMatch(/^up: the broker did not start: it ended with exit code 1/);
    expect(await attached()).toEqual(['one', 'two']);
  });

  test('takes over what a dead one left', async () => {
    const first = start();
    const report = await first.report();
    for (const pid of pidsOf(report)) process.kill(pid, 'SIGSTOP');
    first.signalGroup('SIGKILL');
    await until(() => pidsOf(report).filter(isAlive).length === 0);
    expect(existsSync(join(directory, 'run', 'broker.sock'))).toBe(true);
    const second = start();
    await second.report();
    expect(await attached()).toEqual(['one', 'two']);
  });

  test('with a broken configuration starts nothing', async () => {
    writeFileSync(config, CONFIG.replace('16MiB', '15MiB'));
    const up = start();
    expect(await up.ended).toBe(2);
    expect(up.log).toContain(`"place":"${config}:5:26","setting":"vms[0].window"`);
    expect(existsSync(join(directory, 'run'))).toBe(false);
  });

  test('with --demo needs a VM', async () => {
    writeFileSync(config, 'heaps: []\n');
    const up = start(['--demo']);
    expect(await up.ended).toBe(2);
    expect(up.failure()).toBe(`up: --demo needs a VM, and ${config} has none; add one under vms:`);
  });

  test('without a configuration brings its own', async () => {
    const up = new Up(['--json', '--listen', '127.0.0.1:0'], { XDG_RUNTIME_DIR: directory });
    started.push(up);
    const report = await up.report();
    expect(report.runDirectory).toBe(join(directory, 'barkeep'));
    expect(report.vms.map(({ name }) => name)).toEqual(['demo', 'guest']);
    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
  });

  test('tells people where things are', async () => {
    const up = new Up(['--config', config, '--run-directory', join(directory, 'run')]);
    started.push(up);
    await until(() => up.out.includes('Ctrl-C stops everything.'));
    expect(up.out).toMatch(/^frontend {2}two +\d+ {2}.*\/run\/vms\/two\/gpu\.sock$/m);
    expect(up.out).toMatch(/^metrics {3}- +\d+ {2}http:\/\/127\.0\.0\.1:\d+\/metrics$/m);
    expect(up.out).toMatch(/^ {2}-m 2G -object memory-backend-memfd,.*chardev=gpu1$/m);
  });
});
