// The configuration that `barkeep up` uses on a machine without one: three heaps of plain memory, one for each way to cache, and
// two VMs: `demo`, which the in-tree VMM can play, and `guest`, which waits for a QEMU.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

const MIB = 1024 * 1024;

/** Where the demo runs: in the user's own runtime directory, or in one of that user under the directory for temporary files. */
export function demoRunDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const runtime = environment['XDG_RUNTIME_DIR'];
  if (runtime?.startsWith('/') && existsSync(runtime)) return join(runtime, 'barkeep');
  return join(tmpdir(), `barkeep-${process.getuid?.() ?? 0}`);
}

/**
 * The demo's configuration as YAML. Capacities are limits, not reservations; each is at most half of `hostMemory` (bytes), so that the
 * demo starts on a small machine too.
 */
export function demoConfigText(runDirectory: string, hostMemory: number): string {
  const half = Math.floor(hostMemory / 2 / MIB) * MIB;
  const heap = (name: string, cache: string, mebibytes: number) => ({
    name,
    backing: 'memfd',
    cache,
    capacity: Math.min(mebibytes * MIB, half),
  });
  const settings = {
    run_directory: runDirectory,
    heaps: [heap('ram', 'cached', 1024), heap('video', 'wc', 512), heap('registers', 'uncached', 64)],
    vms: ['demo', 'guest'].map((name) => ({
      name,
      window: '1GiB',
      placement: 'window',
      heap: 'ram',
      blob_heaps: { 1: 'video', 2: 'registers' },
    })),
  };
  return `# Written by \`barkeep up\`, which found no configuration; see barkeep up --help.\n${stringify(settings)}`;
}
