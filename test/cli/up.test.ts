// `barkeep up` as a whole, compiled, with a real broker, metrics endpoint and frontends: what it starts, what it restarts, and that nothing
// is left of it, however it ends.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { METRICS_NODE_OPTIONS } from '../../services/cli/up.ts';
import { type AdminClient, createAdminClient } from '../../services/lib/rpc/admin-client.ts';
import { findEnvironment, rootCommand } from '../guest/environment.ts';
import { childrenOf, isAlive, parentOf } from '../support/processes.ts';
import { pace, until } from '../support/until.ts';
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
    await until('it reports', () => this.out.endsWith('}\n') || this.process.exitCode !== null);
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

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
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
  test('gives VMs of one user to one frontend process where the configuration says so', async () => {
    writeFileSync(config, `${CONFIG}frontend: { vms_per_process: 2 }\n`);
    const up = start();
    const report = await up.report();
    const frontends = report.services.filter(({ service }) => service === 'frontend');
    expect(frontends.map(({ vm, address }) => [vm, address])).toEqual(
      ['one', 'two'].map((vm) => [vm, join(directory, 'run/vms', vm, 'gpu.sock')]),
    );
    const [{ pid = 0 } = {}, other] = frontends;
    expect(other?.pid).toBe(pid);
    expect(await attached()).toEqual(['one', 'two']);
    await withAdmin(async (client) => {
      expect(await client.getVm('two')).toMatchObject({ frontendPid: pid, frontendVms: 2 });
    });

    process.kill(pid, 'SIGKILL');
    await until('both are attached by the next process', async () => {
      const pids = await withAdmin(async (client) => (await client.listVms()).map((vm) => vm.frontendPid));
      return pids.length === 2 && pids.every((found) => found === pids[0] && found !== pid && found !== 0);
    });
    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
    await expect(attached()).resolves.toEqual([]);
  });

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

  test('gives its metrics a small heap, and leaves the operator his own options', async () => {
    const up = start([], { NODE_OPTIONS: '--max-old-space-size=200 --no-deprecation' });
    const { services } = await up.report();
    const optionsOf = (service: string): string | undefined => {
      const pid = services.find((one) => one.service === service)?.pid;
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      return environment.find((entry) => entry.startsWith('NODE_OPTIONS='));
    };
    expect(optionsOf('broker')).toBe('NODE_OPTIONS=--max-old-space-size=200 --no-deprecation');
    expect(optionsOf('metrics')).toBe(
      `NODE_OPTIONS=${METRICS_NODE_OPTIONS} --max-old-space-size=200 --no-deprecation`,
    );
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
    await until('its children are gone', () => pidsOf(report).filter(isAlive).length === 0);
    expect(readdirSync(join(directory, 'run')).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });

  test('starts a frontend again that died', async () => {
    const up = start();
    const report = await up.report();
    process.kill(report.services[2]?.pid ?? 0, 'SIGKILL');
    await until('up says so', () => up.messages().includes('up: is back'), { found: () => up.log });
    expect(up.messages()).toContain('up: ended; it is started again');
    // It serves its VMM at once, and resumes its session right after.
    await until('both VMs are attached', async () => (await attached()).length === 2);
    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
  });

  test('starts a broker again that died, and the frontends find it', async () => {
    const up = start();
    const report = await up.report();
    process.kill(report.services[0]?.pid ?? 0, 'SIGKILL');
    await until('up says so', () => up.messages().includes('up: is back'), { found: () => up.log });
    await until('both VMs are attached', async () => (await attached()).length === 2);
    expect(report.services.slice(1).every(({ pid }) => isAlive(pid))).toBe(true);
    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
  });

  test('starts a service again that was asked to end: so it is replaced', async () => {
    const up = start();
    const report = await up.report();
    process.kill(report.services[1]?.pid ?? 0, 'SIGTERM');
    await until('up says so', () => up.messages().includes('up: is back'), { found: () => up.log });
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
    // Long enough apart to be two: a terminal and npm both pass one Ctrl-C on.
    await pace(600);
    up.process.kill('SIGINT');
    expect(await up.ended).toBe(130);
    await until('its children are gone', () => pidsOf(report).filter(isAlive).length === 0);
  });

  test('ends cleanly on Ctrl-C while it starts', async () => {
    const up = start();
    await until('up says so', () => up.messages().includes('broker: broker started'), {
      found: () => up.log,
    });
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
    expect(second.failure()).toBe(
      `use the run directory ${directory}/run: another \`barkeep up\` (pid ${first.process.pid}) runs in it; stop that one, or give this one its own with --run-directory`,
    );
    expect(pidsOf(report).every(isAlive)).toBe(true);
    expect(await attached()).toEqual(['one', 'two']);
  });

  test('in the run directory of a broker that somebody else started is refused', async () => {
    const broker = spawn(
      process.execPath,
      [CLI, 'broker', '--config', config, '--run-directory', join(directory, 'run')],
      { stdio: 'ignore' },
    );
    try {
      await until('the broker listens', () => existsSync(join(directory, 'run', 'broker.sock')));
      const up = start();
      expect(await up.ended).toBe(1);
      expect(up.failure()).toMatch(
        new RegExp(`^use the run directory .*: another broker \\(pid ${broker.pid}\\) runs in it`),
      );
    } finally {
      broker.kill();
      await once(broker, 'exit');
    }
  });

  test('takes over what a dead one left', async () => {
    const first = start();
    const report = await first.report();
    for (const pid of pidsOf(report)) process.kill(pid, 'SIGSTOP');
    first.signalGroup('SIGKILL');
    await until('its children are gone', () => pidsOf(report).filter(isAlive).length === 0);
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
    const file = join(directory, 'barkeep', 'demo.yaml');
    const { ino, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    const second = new Up(['--json', '--listen', '127.0.0.1:0'], { XDG_RUNTIME_DIR: directory });
    started.push(second);
    expect(await second.ended).toBe(1);
    expect(second.failure()).toContain(`another \`barkeep up\` (pid ${up.process.pid}) runs in it`);
    // A running demo's file is not rewritten.
    expect(statSync(file, { bigint: true })).toMatchObject({ ino, mtimeNs, ctimeNs });
    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
  });

  test('goes on when its terminal goes away, as do the VMs', async () => {
    // A real terminal: what script(1) shows is read from a pair of pseudoterminals, and gone with it.
    const line = [process.execPath, CLI, 'up', '--config', config, '-r', join(directory, 'run'), '--json'];
    const terminal = spawn('script', ['-qfec', line.join(' '), '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let shown = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    const report = await until('everything is up', () => {
      const json = /^\{\r\n.*?^\}\r\n/ms.exec(shown)?.[0];
      return json === undefined ? null : (JSON.parse(json) as Report);
    });
    // To a person it does not speak JSON.
    expect(shown).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}frontend two: /m);
    const before = pidsOf(report);
    const up = parentOf(before[0] ?? 0) ?? 0;
    try {
      terminal.kill('SIGKILL');
      await until('the terminal is gone', () => terminal.signalCode !== null);
      // What is left of it is not only alive: it does its work, and writes its log to a terminal that is not there.
      process.kill(before[0] ?? 0, 'SIGKILL');
      await until('another broker is there, and has its VMs', async () => {
        const [broker] = childrenOf(up).filter((pid) => commandOf(pid).includes(' broker '));
        return broker !== undefined && broker !== before[0] && (await attached()).length === 2;
      });
      expect(before.slice(1).every(isAlive)).toBe(true);
    } finally {
      const all = [up, ...childrenOf(up), ...before];
      if (isAlive(up)) process.kill(up, 'SIGTERM');
      await until('nothing is left', () => !all.some(isAlive));
    }
  });

  test('goes on after SIGHUP, and has its services look at their configuration', async () => {
    const up = start();
    const report = await up.report();
    up.process.kill('SIGHUP');
    await until(
      'the services have looked',
      () =>
        up.messages().filter((message) => message.endsWith(': the configuration file is right and in force'))
          .length === 4,
    );
    expect(up.messages()).toContain('up: SIGHUP: everything goes on, and looks at its configuration');
    expect(pidsOf(report).every(isAlive)).toBe(true);
    up.signalGroup('SIGINT');
    expect(await up.ended).toBe(0);
  });

  test('starts a few frontends at a time, however many there are', async () => {
    const most = 2 * availableParallelism();
    const names = Array.from({ length: 4 * most }, (_, index) => `vm-${index}`);
    const vms = names.map((name) => `  - { name: ${name}, window: 1MiB, heap: ram }`).join('\n');
    writeFileSync(config, CONFIG.replace(/vms:.*(?=metrics:)/s, `vms:\n${vms}\n`));
    const up = start();
    let highest = 0;
    const isReady = (name: string): boolean => existsSync(join(directory, 'run', 'vms', name, 'gpu.sock'));
    await until(
      'all are up',
      () => {
        // Who runs is counted first: the next one is started when another got ready, which would be missed the other way round.
        const running = childrenOf(up.process.pid ?? 0).filter((pid) =>
          commandOf(pid).includes(' frontend '),
        );
        const ready = names.filter(isReady).length;
        highest = Math.max(highest, running.length - ready);
        return up.out.endsWith('}\n');
      },
      { within: 100_000, found: () => up.log },
    );
    expect(highest).toBeGreaterThan(0);
    expect(highest).toBeLessThanOrEqual(most);
    up.process.kill('SIGTERM');
    expect(await up.ended).toBe(0);
  });

  test('starts the guest of --demo again when it dies, and leaves none behind', async () => {
    const up = start(['--demo']);
    await up.report();
    const guest = (): number | undefined =>
      childrenOf(up.process.pid ?? 0).find((pid) => commandOf(pid).includes('/vmm/main.js'));
    const mappings = (): Promise<number> =>
      withAdmin(async (client) => Number((await client.getVm('one')).mappings)).catch(() => 0);
    const first = await until('there is a guest', guest);
    await until('it lives on blobs', async () => (await mappings()) > 0);
    process.kill(first, 'SIGKILL');
    const second = await until('there is another one', () => {
      const pid = guest();
      return pid === first ? undefined : pid;
    });
    await until('its device was reset', async () => (await mappings()) === 0);
    await until('it lives on blobs too', async () => (await mappings()) > 0);
    // A guest that waits for its device, whose frontend is stopped: it is not asked, and cannot be.
    for (const pid of childrenOf(up.process.pid ?? 0))
      if (commandOf(pid).includes(' frontend ')) process.kill(pid, 'SIGSTOP');
    up.process.kill('SIGKILL');
    await until('it is gone with `up`', () => !isAlive(second));
  });

  test('tells people where things are', async () => {
    const up = new Up(['--config', config, '--run-directory', join(directory, 'run')]);
    started.push(up);
    await until('the banner is there', () => up.out.includes('Ctrl-C stops everything.'));
    expect(up.out).toMatch(/^frontend {2}two +\d+ {2}.*\/run\/vms\/two\/gpu\.sock$/m);
    expect(up.out).toMatch(/^metrics {3}- +\d+ {2}http:\/\/127\.0\.0\.1:\d+\/metrics$/m);
  });

  /** What stands behind `words` on a line of its own. */
  const printed = (up: Up, words: RegExp): string => words.exec(up.out)?.[1] ?? 'false';

  test('prints commands that work as they stand, from anywhere', async () => {
    const run = join(directory, "it's my run");
    const up = new Up(['--config', config, '--run-directory', run]);
    started.push(up);
    await until('the banner is there', () => up.out.includes('Ctrl-C stops everything.'));
    const line = printed(up, /^To look around: (.*)$/m);
    const { status, stdout } = spawnSync('/bin/sh', ['-c', line], { cwd: '/', encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^one .*\n^two /m)]);
  });

  const qemu = findEnvironment();
  test.skipIf(qemu === null)(
    'prints how a real QEMU attaches a VM',
    async () => {
      const bin = join(directory, 'bin');
      mkdirSync(bin);
      const { command, prefix } = rootCommand(qemu?.root ?? '', 'qemu-system-x86_64');
      const firmware = ['usr/share/qemu', 'usr/share/seabios', 'usr/lib/ipxe/qemu'].map(
        (path) => `-L ${join(qemu?.root ?? '', path)}`,
      );
      // As if it were installed, on a machine without a screen.
      const text = `#!/bin/sh\nexec ${[command, ...prefix, ...firmware].join(' ')} -display none "$@"\n`;
      writeFileSync(join(bin, 'qemu-system-x86_64'), text, { mode: 0o755 });
      const up = new Up(['--config', config, '--run-directory', join(directory, 'run')]);
      started.push(up);
      await until('the banner is there', () => up.out.includes('Ctrl-C stops everything.'));
      const line = printed(up, /^To attach two .*:\n {2}(.*)$/m);
      let said = '';
      const vmm = spawn('/bin/sh', ['-c', `exec ${line}`], {
        cwd: '/',
        env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` },
      });
      vmm.stderr.setEncoding('utf8').on('data', (words: string) => {
        said += words;
      });
      try {
        const isThere = () =>
          up.log.includes('"vm":"two"') && up.messages().includes('frontend: a VMM has connected');
        await until('QEMU is there', () => isThere() || vmm.exitCode !== null, { found: () => said });
        expect([vmm.exitCode, said]).toEqual([null, '']);
      } finally {
        vmm.kill('SIGKILL');
      }
    },
    60_000,
  );
});
