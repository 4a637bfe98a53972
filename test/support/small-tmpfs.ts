// A file system that is really full: a tmpfs of few bytes, which only who may mount can have.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class SmallTmpfs {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** One of so many bytes; null, where this process may not mount. The caller ends it. */
  static mount(bytes: number): SmallTmpfs | null {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-small-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory], { stdio: 'ignore' });
      return new SmallTmpfs(directory);
    } catch {
      rmSync(directory, { recursive: true });
      return null;
    }
  }

  /** Takes every block that is free. */
  fill(): void {
    const fd = openSync(this.#filler, 'a');
    try {
      for (const size of [65_536, 4096]) writeUntilFull(fd, Buffer.alloc(size, 1));
    } finally {
      closeSync(fd);
    }
  }

  /** Gives them back. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  end(): void {
    execFileSync('umount', [this.directory]);
    rmSync(this.directory, { recursive: true });
  }

  get #filler(): string {
    return join(this.directory, 'filler');
  }
}

function writeUntilFull(fd: number, block: Buffer): void {
  try {
    while (writeSync(fd, block) === block.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

/** Whether this process may mount; asked once by each test file. */
export function canMount(): boolean {
  const one = SmallTmpfs.mount(65_536);
  one?.end();
  return one !== null;
}
