// Where the real guest's parts live: a cache directory with Debian's QEMU and kernel in it, filled by fetch.ts and only
// read by everyone else.
//
//   CACHE/guest-1/            complete, or absent: it appears by one rename
//     environment.json        what is in it (Manifest)
//     root/                   QEMU and its libraries, unpacked, never installed
//     vmlinux                 the guest's kernel
//     modules/*.ko            the driver and what it depends on, uncompressed
//   CACHE/guest-1.partial/    a fetch under way or cut short
//   CACHE/initramfs-HASH.cpio built from program/ (initramfs.ts)
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

// Moves on when the layout above changes; an older directory is then fetched anew.
const LAYOUT = 1;

/** QEMU 11.1 is the first release that maps shared memory for a vhost-user back-end. */
export const OLDEST_QEMU = { major: 11, minor: 1 } as const;

const Manifest = z.object({
  qemuVersion: z.string(),
  kernelRelease: z.string(),
  kernel: z.string(),
  modules: z.array(z.string()),
});
export type Manifest = z.infer<typeof Manifest>;

/** Everything needed to start a guest; all paths are absolute. */
export type GuestEnvironment = {
  readonly directory: string;
  readonly root: string;
  readonly qemuVersion: string;
  readonly kernelRelease: string;
  readonly kernel: string;
  // In the order in which they must be loaded.
  readonly modules: readonly string[];
};

/** Says what was asked, what was found and what to do; `detail` carries a tool's own words when there are any. */
export class GuestEnvironmentError extends Error {
  readonly detail: string;

  constructor(message: string, detail = '') {
    super(detail === '' ? message : `${message}\n${detail}`);
    this.name = 'GuestEnvironmentError';
    this.detail = detail;
  }
}

/** $BARKEEP_CACHE, or barkeep under the user's cache directory (XDG base directory specification). */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const { BARKEEP_CACHE, XDG_CACHE_HOME } = env;
  return BARKEEP_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'barkeep');
}

export function environmentDirectory(cache: string): string {
  return join(cache, `guest-${LAYOUT}`);
}

/** What was fetched, or null when `npm run guest:fetch` has not been run for this cache. */
export function findEnvironment(cache: string = cacheDirectory()): GuestEnvironment | null {
  const directory = environmentDirectory(cache);
  const manifestPath = join(directory, 'environment.json');
  if (!existsSync(manifestPath)) return null;
  const manifest = Manifest.parse(JSON.parse(readFileSync(manifestPath, 'utf8')));
  return {
    directory,
    root: join(directory, 'root'),
    qemuVersion: manifest.qemuVersion,
    kernelRelease: manifest.kernelRelease,
    kernel: join(directory, manifest.kernel),
    modules: manifest.modules.map((name) => join(directory, 'modules', name)),
  };
}

/** The same for callers that cannot go on without it. Throws GuestEnvironmentError. */
export function requireEnvironment(cache: string = cacheDirectory()): GuestEnvironment {
  const found = findEnvironment(cache);
  if (found === null) {
    throw new GuestEnvironmentError(
      `The real guest needs QEMU and a kernel in ${environmentDirectory(cache)}, which is not there: run npm run guest:fetch.`,
    );
  }
  return found;
}

/** The repository's own root, from sources and from compiled output alike. */
export function repositoryRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new GuestEnvironmentError(`No package.json above ${import.meta.url}`);
    directory = parent;
  }
  return directory;
}

/** A program of the fetched root, run through the root's own loader and libraries: nothing of the host's is used. */
export function rootCommand(root: string, program: string): { command: string; prefix: string[] } {
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  return {
    command: join(libraries, 'ld-linux-x86-64.so.2'),
    prefix: ['--library-path', libraries, join(root, 'usr/bin', program)],
  };
}
