// The demonstration guest as a process of its own, compiled, against a broker and frontends of this one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { Installation } from './installation.ts';

const MAIN = fileURLToPath(new URL('../../dist/test/vmm/main.js', import.meta.url));

let host: Installation;
beforeAll(async () => {
  host = await Installation.start({
    guest: 'window: 64MiB, placement: window',
    other: 'window: 64MiB, placement: per-blob',
  });
});
afterAll(() => host.stop());

type Ended = { readonly code: number | null; readonly out: string; readonly errors: string };

function run(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { out: '', errors: '' };
  child.stdout.on('data', (data: Buffer) => {
    text.out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    text.errors += data.toString();
  });
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, ...text })) };
}

it.each(['guest', 'other'])('runs a mix of blobs and says what it did (%s)', async (vm) => {
  const socket = ['--socket', host.socketOf(vm)];
  const { child, ended } = run([...socket, '--rate', '200', '--blobs', '16', '--blob-ids', '0,1,2']);
  await until('as many blobs as it may have are alive', async () => (await host.books(vm)).blobs === 16);

  child.kill('SIGTERM');

  const { code, out, errors } = await ended;

  expect(errors).toBe('');
  expect(out).toMatch(/^cycles=\d+ commands=\d+ refused=0 mismatches=0 live=16 seconds=\d+\.\d\n$/);
  expect(code).toBe(0);
  await until('no blob is left', async () => (await host.books(vm)).blobs === 0);
});

it('replays what a real guest did, and finds no difference', async () => {
  const { ended } = run(['--socket-path', host.socketOf('guest'), '--replay']);

  const { code, out, errors } = await ended;

  expect(errors).toBe('');
  expect(out).toMatch(/^cycles=1 commands=\d{3,} refused=0 mismatches=0 /);
  expect(code).toBe(0);
});

it('ends when its time is up', async () => {
  const { ended } = run(['--socket', host.socketOf('guest'), '--seconds', '1']);

  expect(await ended).toMatchObject({ code: 0, errors: '' });
});

it('ends cleanly on SIGTERM', async () => {
  const { generation } = await host.books('guest');
  const { child, ended } = run(['--socket', host.socketOf('guest'), '--replay', '--loop', '--rate', '5']);
  // Each round begins with a reset.
  await until(
    'it is in its second round',
    async () => (await host.books('guest')).generation >= generation + 2,
  );

  child.kill('SIGTERM');

  expect(await ended).toMatchObject({ code: 0, errors: '' });
});

it('says what is wrong with its arguments', async () => {
  const [missing, unknown] = await Promise.all([
    run([]).ended,
    run(['--socket', 'x', '--rate', 'fast']).ended,
  ]);

  expect(missing.errors).toContain('--socket');
  expect(missing.code).toBe(1);
  expect(unknown.errors).toContain('a whole number');
});
