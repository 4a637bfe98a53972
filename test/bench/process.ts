// Children of a benchmark: started from the compiled tree, ready when they say so, gone when the benchmark ends.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { residentBytes } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { leftover } from './leftovers.ts';

const DIST = resolve(import.meta.dirname, '../..');

export type Child = {
  readonly pid: number;
  /** Ends the process and waits for its end. */
  readonly stop: () => Promise<void>;
  /** Resident memory in bytes. */
  readonly residentBytes: () => number;
  /** Sends a line to its standard input, and waits until it has said the same. */
  readonly tell: (line: string) => Promise<void>;
};

/** Starts `node dist/SCRIPT ARGS` and waits until `isReady` says so. Rejects with what the child printed when it ends before that. */
export async function startChild(
  script: string,
  args: readonly string[],
  isReady: (stdout: string) => boolean,
): Promise<Child> {
  const child: ChildProcess = spawn(process.execPath, [join(DIST, script), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const found = (): string => stderr || stdout;
  await until(`${script} is ready or has ended`, () => isReady(stdout) || child.exitCode !== null, {
    found,
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  if (child.exitCode !== null) throw new Error(`${script} did not become ready: ${found()}`);
  const stop = leftover(async () => {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(force);
  });
  const pid = child.pid as number;
  return {
    pid,
    stop,
    residentBytes: () => residentBytes(pid),
    tell: async (line) => {
      stdout = '';
      child.stdin?.write(`${line}\n`);
      await until(`${script} says ${line}`, () => stdout.includes(`${line}\n`), { found });
    },
  };
}

/** Keeps a process, all threads of it, on one core (taskset of util-linux, which every Debian has). */
export function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], {
    stdio: 'ignore',
  });
}

/** Gives a process all cores back. */
export function unpin(pid: number): void {
  execFileSync(
    'taskset',
    ['--all-tasks', '--cpu-list', '--pid', `0-${availableParallelism() - 1}`, String(pid)],
    { stdio: 'ignore' },
  );
}
