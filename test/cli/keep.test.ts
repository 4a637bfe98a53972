// `barkeep keep` as a process: its signals, its exit codes, its own death, and how little of the program it is.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../support/processes.ts';
import { until } from '../support/until.ts';

const DIST = resolve(import.meta.dirname, '../../dist/services');
const CLI = join(DIST, 'cli/main.js');

let directory: string;
let started: Kept[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-keep-'));
  started = [];
});
afterEach(async () => {
  for (const kept of started) kept.process.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
  rmSync(directory, { recursive: true, force: true });
});

class Kept {
  readonly process: ChildProcess;
  out = '';
  log = '';
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    this.process = spawn(process.execPath, [CLI, 'keep', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
    this.ended = once(this.process, 'exit').then(([code]) => code as number | null);
    started.push(this);
  }

  async says(text: string): Promise<void> {
    await until(`it says ${text}`, () => this.out.includes(text) || this.log.includes(text), {
      found: () => `${this.out}${this.log}`,
    });
  }
}

const shell = (script: string): readonly string[] => ['--', '/bin/sh', '-c', script];

describe('exit codes', () => {
  test.each([
    ['exit 0', 0],
    ['exit 2', 2],
  ])("%s of the command is the keeper's own", async (script, code) => {
    expect(await new Kept(shell(script)).ended).toBe(code);
  });

  test.each([
    [[], 'no command; give it after "--"'],
    [['--'], 'no command; give it after "--"'],
    [['true'], "Unexpected argument 'true'"],
    [['--wrong', '--', 'true'], "Unknown option '--wrong'"],
    [['--restart', 'maybe', '--', 'true'], '--restart maybe: expected on-failure or always'],
    [['--restart-delay', 'soon', '--', 'true'], '--restart-delay soon: expected a duration such as 100ms'],
    [['--watchdog', '0', '--', 'true'], '--watchdog 0: expected a duration such as 100ms'],
    [['--store-max', 'all', '--', 'true'], '--store-max all: expected a number'],
    [['--notify-access', 'none', '--', 'true'], '--notify-access none: expected main or all'],
  ])('%j is refused', async (args, message) => {
    const kept = new Kept(args);
    expect(await kept.ended).toBe(2);
    expect(kept.log).toContain(`barkeep: keep: ${message}`);
  });

  test('--help is no failure', async () => {
    const kept = new Kept(['--help']);
    expect(await kept.ended).toBe(0);
    expect(kept.out).toMatch(/^Usage: barkeep keep/);
  });
});

describe('signals', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops the command by SIGTERM', async (signal) => {
    const kept = new Kept(shell('trap "echo asked; exit 0" TERM; echo up; while :; do sleep 0.05; done'));
    await kept.says('up');
    kept.process.kill(signal);
    expect(await kept.ended).toBe(0);
    expect(kept.out).toBe('up\nasked\n');
  });

  test('--stop-signal is what stops the command instead', async () => {
    const script = 'trap "echo told; exit 0" QUIT; trap "" TERM; echo up; while :; do sleep 0.05; done';
    const kept = new Kept(['--stop-signal', 'SIGQUIT', ...shell(script)]);
    await kept.says('up');
    kept.process.kill('SIGTERM');
    expect(await kept.ended).toBe(0);
    expect(kept.out).toBe('up\ntold\n');
  });

  test('a signal that does not ask for an end is a wrong --stop-signal', async () => {
    const kept = new Kept(['--stop-signal', 'SIGHUP', ...shell('exit 0')]);
    expect(await kept.ended).toBe(2);
    expect(kept.log).toContain('--stop-signal SIGHUP: expected SIGTERM or SIGINT or SIGQUIT');
  });

  test('a command that ends by that SIGTERM has ended well', async () => {
    const kept = new Kept(shell('echo up; exec sleep 60'));
    await kept.says('up');
    kept.process.kill('SIGTERM');
    expect(await kept.ended).toBe(0);
  });

  test.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)('%s is passed on', async (signal) => {
    const kept = new Kept(
      shell(`trap "echo heard; exit 2" ${signal.slice(3)}; echo up; while :; do sleep 0.05; done`),
    );
    await kept.says('up');
    kept.process.kill(signal);
    await kept.ended;
    expect(kept.out).toBe('up\nheard\n');
  });

  test('a command that does not end is killed after its time', async () => {
    const script = 'trap "" TERM; echo up; while :; do sleep 0.05; done';
    const kept = new Kept(['--stop-timeout', '100ms', ...shell(script)]);
    await kept.says('up');
    kept.process.kill('SIGTERM');
    expect(await kept.ended).toBe(128 + 9);
    expect(kept.log).toContain('"msg":"does not stop; it is killed"');
  });
});

describe('the command', () => {
  test('is told where its keeper is, and who its descriptors are for', async () => {
    const program = `
      import { FdStore } from '${DIST}/lib/runtime/fd-store.js';
      import { createMemfd } from '${DIST}/lib/os/memory.js';
      const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, BARKEEP_LIFELINE_FD } = process.env;
      console.log(JSON.stringify([LISTEN_PID === String(process.pid), LISTEN_FDS, LISTEN_FDNAMES, BARKEEP_LIFELINE_FD]));
      const store = FdStore.open();
      if (store.left.size > 0) process.exit(0);
      store.put('a', createMemfd('a', 4096).number);
      store.put('b', createMemfd('b', 4096).number);
      process.kill(process.pid, 'SIGKILL');`;
    const kept = new Kept(['--', process.execPath, '--input-type=module', '-e', program]);
    expect(await kept.ended).toBe(0);
    expect(kept.out.trim().split('\n')).toEqual(['[false,null,null,"3"]', '[true,"2","a:b","5"]']);
  });

  test('of ours ends when its keeper is killed without a word', async () => {
    const service = ['metrics', '--listen', '127.0.0.1:0', '--run-directory', directory, '-l', 'info'];
    const kept = new Kept(['--', process.execPath, CLI, ...service]);
    const children = `/proc/${kept.process.pid}/task/${kept.process.pid}/children`;
    await kept.says('"service":"metrics"');
    const pid = Number(readFileSync(children, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    kept.process.kill('SIGKILL');
    await until('the child is gone', () => !isAlive(pid));
  });
});

describe.skipIf(process.env['CI'] !== 'true' && process.getuid?.() !== 0)('as pid 1 of a container', () => {
  test('it buries the orphans of its command, and leaves the command to Node', async () => {
    // The inner shell dies at once, and its child becomes the child of pid 1.
    const script = `
      (sleep 0.2 & echo $! > ${directory}/orphan)
      for look in $(seq 600); do
        grep -qs State /proc/$(cat ${directory}/orphan)/status || { echo buried; break; }
        sleep 0.05
      done
      exit 2`;
    const args = ['--pid', '--fork', '--mount-proc', process.execPath, CLI, 'keep', ...shell(script)];
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const [code] = (await once(child, 'close')) as [number];
    expect([out.trim(), code]).toEqual(['buried', 2]);
  });
});

describe('a flood of notifications', () => {
  test.each([
    ['of a stranger', [], 'it is the stranger'],
    ['of whoever is heard', ['--notify-access', 'all'], 'FDSTOREREMOVE=1'],
  ])(
    '%s fills no log, and keeps the keeper from nothing',
    async (_, options, text) => {
      const kept = new Kept([...options, ...shell('echo "address=$NOTIFY_SOCKET="; exec sleep 1000')]);
      await until('the command has its address', () => kept.out.includes('=\n'));
      const address = /address=(.*)=/.exec(kept.out)?.[1];
      const program = `
      import { connectDatagram } from '${DIST}/lib/os/datagram.js';
      import { send } from '${DIST}/lib/os/socket.js';
      const socket = connectDatagram('${address}', 100).number;
      const text = Buffer.from('${text}');
      let sent = 0;
      for (;;) if (send(socket, text) > 0 && ++sent % 1000 === 0) process.stdout.write('.');`;
      const flood = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let thousands = 0;
      flood.stdout.on('data', (dots: Buffer) => {
        thousands += dots.length;
      });
      try {
        await until('a lot was sent', () => thousands >= 20);
        // Two hundred bytes each: they would be 4 MB.
        expect(kept.log.length).toBeLessThan(64 * 1024);
        expect(kept.log).toContain('a notification was ');
        expect(flood.exitCode).toBe(null);
        kept.process.kill('SIGTERM');
        expect(await kept.ended).toBe(0);
        const leftOut = await until(
          'what was left out is told',
          () => /"kind":"a notification was [^"]*","leftOut":([0-9]+),/.exec(kept.log)?.[1],
        );
        expect(Number(leftOut)).toBeGreaterThan(10_000);
      } finally {
        flood.kill('SIGKILL');
        if (flood.exitCode === null && flood.signalCode === null) await once(flood, 'exit');
      }
    },
    60_000,
  );
});
