// Fills the cache directory with QEMU and a kernel from Debian's packages: `npm run guest:fetch`. Nothing outside the
// cache directory changes. A fetch that was cut short goes on where it stopped; a complete one is left alone.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tryLock } from '../../services/lib/os/lock.ts';
import {
  cacheDirectory,
  environmentDirectory,
  findEnvironment,
  type GuestEnvironment,
  GuestEnvironmentError,
  type Manifest,
  OLDEST_QEMU,
  requireEnvironment,
  rootCommand,
} from './environment.ts';
import { collectModules, extractVmlinux } from './kernel.ts';
import { debianMirror } from './mirror.ts';
import { downloadPackages, unpackPackage } from './packages.ts';
import { runTool } from './process.ts';

// The release whose backports carry QEMU 11.1 and Linux 7.3.
const RELEASE = 'trixie';
const BACKPORTS = `${RELEASE}-backports`;
/** Where packages come from: the release, and what wins over it. */
export const SUITES = { suites: [RELEASE, BACKPORTS], target: BACKPORTS } as const;
// xz-utils and zstd unpack the kernel and its modules.
const PACKAGES = ['qemu-system-x86', 'linux-image-amd64', 'xz-utils', 'zstd'];
const DRIVER = 'virtio_gpu';

export type FetchOptions = {
  readonly cache?: string;
  /** URI of a Debian archive; by default the one that debianMirror() finds. */
  readonly mirror?: string;
  // Receives one line of progress at a time.
  readonly progress?: (line: string) => void;
};

/** Resolves with the environment, fetched now or before. Throws GuestEnvironmentError. */
export async function fetchEnvironment(options: FetchOptions = {}): Promise<GuestEnvironment> {
  const cache = options.cache ?? cacheDirectory();
  const progress = options.progress ?? (() => undefined);
  const present = findEnvironment(cache);
  if (present !== null) return present;
  if (process.arch !== 'x64') {
    throw new GuestEnvironmentError(
      `Debian's amd64 packages are fetched, and this machine is ${process.arch}.`,
    );
  }
  await fillCache(cache, environmentDirectory(cache), (partial) =>
    assemble(partial, options.mirror ?? debianMirror(), progress),
  );
  return requireEnvironment(cache);
}

/**
 * Makes a directory of the cache that is complete or absent: `assemble` fills PARTIAL/done, which becomes it by one rename. What else lies in
 * PARTIAL stays there when that fails, for the next try. One at a time for each cache. Throws GuestEnvironmentError.
 */
export async function fillCache(
  cache: string,
  directory: string,
  assemble: (partial: string) => Promise<void>,
): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const lock = takeLock(join(cache, 'fetch.lock'));
  try {
    const partial = `${directory}.partial`;
    await assemble(partial);
    rmSync(directory, { recursive: true, force: true });
    renameSync(join(partial, 'done'), directory);
    rmSync(partial, { recursive: true, force: true });
  } finally {
    closeSync(lock);
  }
}

// The lock goes when its descriptor is closed, also by a crash.
function takeLock(path: string): number {
  const fd = openSync(path, 'w');
  if (tryLock(fd)) return fd;
  closeSync(fd);
  throw new GuestEnvironmentError(`Another fetch is filling this cache (it holds ${path}): wait for it.`);
}

// Leaves the complete tree in PARTIAL/done; PARTIAL/apt keeps downloads for the next try.
async function assemble(partial: string, mirror: string, progress: (line: string) => void): Promise<void> {
  const done = join(partial, 'done');
  const root = join(done, 'root');
  const kernelTree = join(partial, 'kernel');
  for (const stale of [done, kernelTree]) rmSync(stale, { recursive: true, force: true });
  for (const fresh of [root, join(done, 'modules'), kernelTree]) mkdirSync(fresh, { recursive: true });

  progress(`Downloading QEMU and a kernel from ${mirror}`);
  const archives = await downloadPackages(
    {
      directory: join(partial, 'apt'),
      mirror,
      ...SUITES,
    },
    PACKAGES,
    progress,
  );
  for (const [index, archive] of archives.entries()) {
    progress(`Unpacking ${index + 1}/${archives.length} ${basename(archive)}`);
    await unpackPackage(archive, basename(archive).startsWith('linux-') ? kernelTree : root);
  }
  const qemuVersion = await checkQemu(root);

  progress("Unpacking the kernel and the driver's modules");
  const kernelRelease = findKernelRelease(kernelTree);
  const modulesTree = join(kernelTree, 'usr/lib/modules', kernelRelease);
  const bzImage = readKernel(kernelTree, kernelRelease);
  const vmlinux = await extractVmlinux(bzImage, root);
  const kernel = vmlinux === null ? 'vmlinuz' : 'vmlinux';
  writeFileSync(join(done, kernel), vmlinux ?? bzImage);
  const modules = await collectModules(DRIVER, modulesTree, root);
  for (const module of modules) writeFileSync(join(done, 'modules', `${module.name}.ko`), module.content);
  const manifest: Manifest = {
    qemuVersion,
    kernelRelease,
    kernel,
    modules: modules.map((module) => `${module.name}.ko`),
  };
  writeFileSync(join(done, 'environment.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function checkQemu(root: string): Promise<string> {
  const { command, prefix } = rootCommand(root, 'qemu-system-x86_64');
  const text = (await runTool(command, [...prefix, '--version'])).toString();
  const match = /version (\d+)\.(\d+)(\.\d+)?/.exec(text);
  const major = Number(match?.[1]);
  const minor = Number(match?.[2]);
  if (
    match === null ||
    major < OLDEST_QEMU.major ||
    (major === OLDEST_QEMU.major && minor < OLDEST_QEMU.minor)
  ) {
    throw new GuestEnvironmentError(
      `QEMU ${OLDEST_QEMU.major}.${OLDEST_QEMU.minor} or newer is needed and ${BACKPORTS} on this mirror has: ${text.split('\n')[0]}`,
    );
  }
  return match[0].replace('version ', '');
}

function findKernelRelease(kernelTree: string): string {
  const releases = readdirSync(join(kernelTree, 'usr/lib/modules'));
  if (releases.length !== 1) {
    throw new GuestEnvironmentError(
      `One kernel was expected in Debian's packages, found: ${releases.join(', ') || 'none'}`,
    );
  }
  return releases[0]!;
}

// Debian 13 keeps the image beside its modules; earlier packages put it into /boot.
function readKernel(kernelTree: string, release: string): Buffer {
  const places = [join('usr/lib/modules', release, 'vmlinuz'), join('boot', `vmlinuz-${release}`)];
  const found = places.map((place) => join(kernelTree, place)).find((path) => existsSync(path));
  if (found === undefined) {
    throw new GuestEnvironmentError(`The kernel package of ${release} has none of: ${places.join(', ')}`);
  }
  return readFileSync(found);
}

async function main(): Promise<void> {
  const start = Date.now();
  try {
    const environment = await fetchEnvironment({ progress: (line) => console.log(line) });
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    console.log(
      `QEMU ${environment.qemuVersion} and Linux ${environment.kernelRelease} are in ${environment.directory} (${seconds} s)`,
    );
  } catch (error) {
    if (!(error instanceof GuestEnvironmentError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
