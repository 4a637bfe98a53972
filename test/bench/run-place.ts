// Where the services of a benchmark have their run directory: on tmpfs, as /run is, because a journal on a disk is another thing to measure.
import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** tmpfs(5), statfs(2). */
const TMPFS_MAGIC = 0x0102_1994;
const SHARED_MEMORY = '/dev/shm';

/** A new directory, the caller's to remove: on tmpfs where there is one, otherwise wherever temporary files go. */
export function makeRunPlace(name: string): string {
  return mkdtempSync(join(isTmpfs(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir(), `barkeep-${name}-`));
}

function isTmpfs(path: string): boolean {
  try {
    return statfsSync(path).type === TMPFS_MAGIC;
  } catch {
    return false;
  }
}
