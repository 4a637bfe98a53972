// Around a run of the tests: what they make is gone at its end, or the run fails and says what is left. Processes are known by a word in their
// environment that they inherit, as Jenkins finds what a build left behind; files, sockets and mounts by the folder that all of them are made in.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { cacheDirectory } from '../guest/environment.ts';
import { until } from './until.ts';

const WORD = 'BARKEEP_TEST_RUN';
const NR_HUGE_PAGES = '/proc/sys/vm/nr_hugepages';
const SHARED_MEMORY = '/dev/shm';
const CACHE = resolve(import.meta.dirname, '../../.cache');
/** Who was just told to end may need a moment. */
const GRACE_MS = 20_000;

/** For the first project of a run; the others are in the same one. */
export function setup(): (() => Promise<void>) | undefined {
  if (process.env[WORD] !== undefined) return undefined;
  // What has no place of its own can be told from another run's where there is none.
  const run = TestRun.begin({ isAlone: process.env['CI'] === 'true' });
  return async () => {
    const left = await run.end();
    if (left.length === 0) return;
    process.stderr.write(`\nthe tests left behind:\n${left.join('\n')}\n`);
    // An error that is thrown here would be told, and no more.
    process.exitCode = 1;
  };
}

/** The folder in shared memory for files of the test that runs. */
export function sharedMemoryFolder(): string {
  return join(SHARED_MEMORY, process.env[WORD] ?? '');
}

export class TestRun {
  /** Where everything is made that is temporary. Its name occurs nowhere else. */
  readonly folder: string;
  /** The same in memory, whatever file system the other is on. */
  readonly memory: string;
  readonly #sharedBefore: ReadonlySet<string> | null;
  readonly #temporary: string | undefined;

  private constructor(isAlone: boolean) {
    this.#temporary = process.env['TMPDIR'];
    // A short name: the path of a socket has 107 bytes.
    this.folder = mkdtempSync(join(tmpdir(), 'bk-'));
    // As /tmp itself is: some services of the tests run as other users.
    chmodSync(this.folder, 0o1777);
    this.memory = join(SHARED_MEMORY, basename(this.folder));
    mkdirSync(this.memory);
    this.#sharedBefore = isAlone ? new Set(shared()) : null;
  }

  /** From here on, what this process starts belongs to the run. `isAlone`: no other run changes this machine meanwhile. */
  static begin({ isAlone = false } = {}): TestRun {
    const run = new TestRun(isAlone);
    process.env['TMPDIR'] = run.folder;
    process.env[WORD] = basename(run.folder);
    return run;
  }

  /** What is left of the run, a line each, after a moment's grace. Empty folders are removed; what is left stays, to be looked at. */
  async end(grace = GRACE_MS): Promise<readonly string[]> {
    delete process.env[WORD];
    if (this.#temporary === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = this.#temporary;
    await until('nothing is left', () => this.#left().length === 0, { within: grace, every: 100 }).catch(
      () => null,
    );
    const left = this.#left();
    for (const folder of this.#folders) if (readdirSync(folder).length === 0) rmdirSync(folder);
    return left;
  }

  get #folders(): readonly string[] {
    return [this.folder, this.memory];
  }

  #left(): string[] {
    const name = basename(this.folder);
    return [
      ...processes()
        .filter((process) => process.belongsTo(name))
        .map(({ pid, command }) => `process ${pid}: ${command}`),
      ...mounts()
        .filter((line) => line.includes(name))
        .map((line) => `mount: ${line}`),
      ...this.#folders.flatMap((folder) => readdirSync(folder).map((entry) => join(folder, entry))),
      ...(this.#sharedBefore === null ? [] : shared().filter((thing) => !this.#sharedBefore?.has(thing))),
    ];
  }
}

/** What cannot be in a folder of the run, a line each. */
function shared(): string[] {
  const caches = [cacheDirectory(), CACHE];
  return [
    // Where a broker runs that is not told where.
    ...entries('/run')
      .filter((name) => name.startsWith('barkeep'))
      .map((name) => join('/run', name)),
    ...mounts()
      .filter((line) => caches.some((cache) => line.includes(cache)))
      .map((line) => `mount: ${line}`),
    `vm.nr_hugepages=${read(NR_HUGE_PAGES).trim()}`,
  ];
}

const mounts = (): readonly string[] => read('/proc/self/mountinfo').split('\n');

type Process = {
  readonly pid: number;
  readonly command: string;
  /** By its environment, or, where that was cleared (a container, a machine of its own), by what is mounted there. */
  belongsTo(run: string): boolean;
};

function processes(): Process[] {
  return entries('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .map((pid) => ({
      pid,
      command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
      belongsTo: (run: string) =>
        !isOwnWorker(pid) &&
        (read(`/proc/${pid}/environ`).split('\0').includes(`${WORD}=${run}`) || isMountedElsewhere(pid, run)),
    }));
}

/** In a mount namespace of its own: with this process's, every one would show the same mounts. */
function isMountedElsewhere(pid: number, run: string): boolean {
  const table = read(`/proc/${pid}/mountinfo`);
  return table.includes(run) && table !== read('/proc/self/mountinfo');
}

/** The runner ends its workers after this. */
function isOwnWorker(pid: number): boolean {
  return (
    read(`/proc/${pid}/cmdline`).includes('/vitest/dist/workers/') &&
    new RegExp(`^PPid:\\t${process.pid}$`, 'm').test(read(`/proc/${pid}/status`))
  );
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty for what is gone meanwhile, or is another user's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
