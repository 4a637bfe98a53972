// Children of a benchmark: started from the compiled tree, ready when they say so, gone when the benchmark ends.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';

const DIST = resolve(import.meta.dirname, '../..');

export type Child = {
  readonly pid: number;
  /** Ends the process and waits for its end. */
  readonly stop: () => Promise<void>;
  /** Resident memory in bytes. */
  readonly residentBytes: () => number;
};

/** Starts `node dist/SCRIPT ARGS` and waits until `isReady` says so. Rejects with what the child printed when it ends before that. */
export async function startChild(
  script: string,
  args: readonly string[],
  isReady: (stdout: string) => boolean,
): Promise<Child> {
  const child: ChildProcess = spawn(process.execPath, [join(DIST, script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
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
  const deadline = Date.now() + 20_000;
  while (!isReady(stdout)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${script} did not become ready: ${stderr || stdout}`);
    }
    await new Promise((wait) => setTimeout(wait, 20));
  }
  return {
    pid: child.pid as number,
    stop: async () => {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(force);
    },
    residentBytes: () => {
      const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Number(kib) * 1024;
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
