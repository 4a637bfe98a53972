// The peer that `npm run bench -- --peers` measures against: QEMU's own virtio-gpu-gl-pci, with blobs, in a Debian root of its own. It renders
// with OpenGL, so it needs an X server and Mesa's software renderer, whose programs look for each other at fixed paths: they run in this root
// by chroot, in namespaces of their own.
//
//   CACHE/peer-1/root/        complete, or absent, as everything in the cache (environment.ts)
//
// The first process of the PID namespace lives as long as its standard input is open: when whoever started it ends, in whatever way, nothing of
// it is left.
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheDirectory, GuestEnvironmentError } from './environment.ts';
import { type FetchOptions, fillCache, SUITES } from './fetch.ts';
import { debianMirror } from './mirror.ts';
import { downloadPackages, unpackPackage } from './packages.ts';
import type { Launch } from './qemu.ts';

// Moves on when what is fetched changes.
const LAYOUT = 1;
const PACKAGES = [
  ...['qemu-system-x86', 'qemu-system-modules-opengl', 'qemu-system-gui', 'libvirglrenderer1'],
  ...['libgl1-mesa-dri', 'libegl-mesa0', 'libegl1', 'libgl1', 'libglx-mesa0', 'libgles2', 'libgbm1'],
  ...['xvfb', 'base-files', 'dash', 'coreutils'],
];
/** Debian's merged /usr; packages that are unpacked and not installed do not all bring these. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];
/** Most packages have nothing to say to whoever waits. */
const PROGRESS_EVERY = 25;

/** Resolves with the root, fetched now or before. Throws GuestEnvironmentError. */
export async function fetchPeerRoot(options: FetchOptions = {}): Promise<string> {
  const cache = options.cache ?? cacheDirectory();
  const progress = options.progress ?? (() => undefined);
  const directory = join(cache, `peer-${LAYOUT}`);
  const root = join(directory, 'root');
  if (existsSync(root)) return root;
  await fillCache(cache, directory, (partial) =>
    assemble(partial, options.mirror ?? debianMirror(), progress),
  );
  return root;
}

async function assemble(partial: string, mirror: string, progress: (line: string) => void): Promise<void> {
  const root = join(partial, 'done/root');
  rmSync(join(partial, 'done'), { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  progress(`Downloading the peer, QEMU with OpenGL and an X server, from ${mirror}: about 160 MB`);
  const source = { directory: join(partial, 'apt'), mirror, ...SUITES };
  const archives = await downloadPackages(source, PACKAGES, (line) => {
    if (!line.startsWith('Get:')) progress(line);
  });
  for (const name of MERGED) {
    mkdirSync(join(root, 'usr', name), { recursive: true });
    symlinkSync(join('usr', name), join(root, name));
  }
  for (const [index, archive] of archives.entries()) {
    if (index % PROGRESS_EVERY === 0) {
      progress(`Unpacking ${index + 1}/${archives.length} ${basename(archive)}`);
    }
    await unpackPackage(archive, root);
  }
  for (const program of ['qemu-system-x86_64', 'Xvfb', 'xkbcomp', 'sh', 'cat', 'mkfifo']) {
    if (!existsSync(join(root, 'usr/bin', program))) {
      throw new GuestEnvironmentError(`The packages ${PACKAGES.join(', ')} brought no program ${program}.`);
    }
  }
}

// Outside of the root: makes it a place where programs can run, with the directories before "--" at the paths that they have outside.
const ENTER = `set -e
root=$1; shift
mkdir -p "$root/tmp" "$root/proc" "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  mount --bind "$1" "$root$1"
  shift
done
shift
exec chroot "$root" /usr/bin/env -i PATH=/usr/bin HOME=/tmp XDG_RUNTIME_DIR=/tmp SDL_VIDEODRIVER=x11 \\
  LIBGL_ALWAYS_SOFTWARE=1 GALLIUM_DRIVER=llvmpipe /usr/bin/sh -c "$INSIDE" sh "$@"`;

// Inside, as the first process of the namespace: an X server, then QEMU, and nobody when the standard input ends.
const INSIDE = `exec 3<&0 </dev/null
{ cat <&3 >/dev/null; kill -s KILL -- -1; } &
mkfifo /tmp/display
Xvfb -displayfd 4 -screen 0 640x480x24 +extension GLX -nolisten tcp -noreset 4>/tmp/display 2>/tmp/xvfb.log &
read -r number </tmp/display || { cat /tmp/xvfb.log >&2; exit 1; }
DISPLAY=":$number" qemu-system-x86_64 "$@"`;

/** How to start QEMU in such a root (see GuestDevice). `visible`: directories whose files it is told of, beside the guest's own. */
export function peerLaunch(root: string, visible: readonly string[]): Launch {
  // Without root's rights a user namespace gives them, where the machine allows one.
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return (qemuArguments, directory) => ({
    command: 'unshare',
    args: [
      ...[...user, '--mount', '--pid', '--net', '--fork', '--kill-child', 'sh', '-c', ENTER, 'sh'],
      ...[root, directory, ...visible, '--', ...qemuArguments],
    ],
    env: { ...process.env, INSIDE },
  });
}
