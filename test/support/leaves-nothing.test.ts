import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sharedMemoryFolder, TestRun } from './leaves-nothing.ts';
import { until } from './until.ts';

const BRIEFLY = 300;
const WORD = 'BARKEEP_TEST_RUN';

let run: TestRun;
let outer: string | undefined;
let child: ChildProcess | null = null;
beforeEach(() => {
  outer = process.env[WORD];
  run = TestRun.begin();
});
afterEach(async () => {
  if (child !== null) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    child = null;
  }
  for (const folder of [run.folder, run.memory]) rmSync(folder, { recursive: true, force: true });
  // This test is a part of a run, too.
  if (outer !== undefined) process.env[WORD] = outer;
});

describe('a run of tests', () => {
  it('that leaves nothing says so, and takes its folder away', async () => {
    rmSync(mkdtempSync(join(tmpdir(), 'barkeep-any-')), { recursive: true });

    expect(await run.end(BRIEFLY)).toEqual([]);
    expect([run.folder, run.memory].filter((folder) => existsSync(folder))).toEqual([]);
    expect(tmpdir()).not.toBe(run.folder);
  });

  it('that leaves a folder names it, and leaves it to be looked at', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'barkeep-any-'));

    expect(await run.end(BRIEFLY)).toEqual([folder]);
    expect(existsSync(folder)).toBe(true);
  });

  it('that leaves a process names it, whoever its parent is', async () => {
    child = spawn('/bin/sh', ['-c', 'exec sleep 1000']);
    await once(child, 'spawn');

    expect(await run.end(BRIEFLY)).toEqual([`process ${child.pid}: sleep 1000`]);
  });

  it('that leaves a process without an environment knows it by its mounts', async (context) => {
    const mount = `mount -t tmpfs tmpfs ${run.folder} && exec env -i sleep 1000`;
    const sleeper = spawn('unshare', ['--mount', '/bin/sh', '-c', mount], { stdio: 'ignore' });
    const command = () => readFileSync(`/proc/${sleeper.pid}/cmdline`, 'utf8');
    await until('it sleeps, or could not', () => sleeper.exitCode !== null || command().startsWith('sleep'));
    if (sleeper.exitCode !== null) context.skip('no mount namespaces here');
    child = sleeper;

    expect(await run.end(BRIEFLY)).toEqual([`process ${sleeper.pid}: sleep 1000`]);
  });

  it('that leaves something in shared memory names it', async () => {
    const path = join(sharedMemoryFolder(), 'left');
    writeFileSync(path, '');

    expect(await run.end(BRIEFLY)).toEqual([path]);
  });

  it('gives those a moment who are just ending', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'barkeep-any-'));
    const ending = run.end();
    rmSync(folder, { recursive: true });

    expect(await ending).toEqual([]);
  });
});
