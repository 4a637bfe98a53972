// Builds the Barkeep image without a container engine: buildah with chroot isolation, on a base that is made here from
// Debian's own packages. Everything is kept in one folder (deploy.cache), so nothing outside it changes.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';

/** What this file starts; the names are also those of the Debian packages. */
export const IMAGE_PROGRAMS = ['debootstrap', 'buildah'] as const;

/** A mounted image and what its configuration says. */
export interface MountedImage {
  /** The root file system, on this host. Read only by agreement: mount it read-only. */
  readonly rootfs: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly user: string;
  readonly workingDirectory: string;
  /** Unmounts the root file system. The image stays in the cache. */
  release(): Promise<void>;
}

// The newest Debian whose nodejs (20.19) meets package.json's engines. It is called by its name because its signing
// keys and packages are.
const SUITE = 'trixie';
const RUNTIME_PACKAGES = ['nodejs'];
/** For what runs in another root: a folder of this one is no place there, so /tmp is. */
const ELSEWHERE = { TMPDIR: '/tmp', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
const BUILD_PACKAGES = ['npm', 'ca-certificates'];
// Documentation is a third of the installed size, and synchronous writes are half of dpkg's time.
const DPKG_SETTINGS = [
  'force-unsafe-io',
  'path-exclude /usr/share/doc/*',
  'path-exclude /usr/share/man/*',
  '',
];
// What a build leaves behind and no container should carry: package lists, and this machine's resolver.
const LEFTOVERS = [
  'etc/resolv.conf',
  'etc/hostname',
  'var/lib/apt/lists',
  'var/cache/apt',
  'var/log/bootstrap.log',
];

interface BaseImages {
  readonly runtime: string;
  readonly build: string;
}

/** Builds images below one cache folder. */
export class ImageBuilder {
  readonly #storage: string;
  readonly #runRoot: string;

  /** `cache` is created when it does not exist; deleting it costs the next build about a minute. */
  constructor(cache: string) {
    this.#storage = join(cache, 'storage');
    this.#runRoot = join(cache, 'run');
  }

  /**
   * The two bases of deploy/images/Dockerfile, from Debian's own packages: one with node, one with npm on top.
   * Made once and then reused until the recipe changes.
   */
  async baseImages(): Promise<BaseImages> {
    const archives = await debianArchives();
    const recipe = JSON.stringify([
      SUITE,
      RUNTIME_PACKAGES,
      BUILD_PACKAGES,
      DPKG_SETTINGS,
      LEFTOVERS,
      archives,
    ]);
    const tag = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
    const images = {
      runtime: `localhost/barkeep-base-runtime:${tag}`,
      build: `localhost/barkeep-base-build:${tag}`,
    };
    const known = await this.#buildah(['images', '--format', '{{.Name}}:{{.Tag}}']);
    const names = known.split('\n');
    if (!names.includes(images.runtime)) {
      await this.#commit('scratch', images.runtime, async (root) => {
        await debootstrap(root, archives);
        await install(root, RUNTIME_PACKAGES);
      });
    }
    if (!names.includes(images.build)) {
      await this.#commit(images.runtime, images.build, (root) => install(root, BUILD_PACKAGES));
    }
    return images;
  }

  /** Builds deploy/images/Dockerfile of the checkout `context`; returns the image's name. */
  async build(context: string, name: string): Promise<string> {
    const bases = await this.baseImages();
    const secrets = await mkdtemp(join(tmpdir(), 'barkeep-image-'));
    try {
      const npmrc = join(secrets, 'npmrc');
      await writeFile(npmrc, await registrySettings(), { mode: 0o600 });
      const authorities = await certificateAuthorities();
      const secretArgs = [`id=npmrc,src=${npmrc}`, ...authorities.map((path) => `id=ca,src=${path}`)];
      // chroot: no container is created for RUN, so this works where unshare and rlimits are not allowed, and the
      // steps use the network of the host. docker: what `docker build` makes, too.
      await this.#buildah(
        [
          ...['bud', '--isolation', 'chroot', '--format', 'docker', '--layers', '--pull-never'],
          ...['--build-arg', `BUILD_IMAGE=${bases.build}`, '--build-arg', `RUNTIME_IMAGE=${bases.runtime}`],
          ...secretArgs.flatMap((secret) => ['--secret', secret]),
          ...['--file', join(context, 'deploy/images/Dockerfile'), '--tag', name, context],
        ],
        300_000,
      );
    } finally {
      await rm(secrets, { recursive: true });
    }
    return name;
  }

  /** Mounts an image that was built before. The caller owns the result and releases it. */
  async mount(name: string): Promise<MountedImage> {
    const container = (await this.#buildah(['from', '--pull-never', name])).trim();
    const rootfs = (await this.#buildah(['mount', container])).trim();
    const config = dockerConfig(await this.#buildah(['inspect', '--type', 'image', name]));
    return { ...config, rootfs, release: () => this.#remove(container) };
  }

  /** Takes out what buildah leaves mounted below its storage, the storage itself among it; the next build mounts it again. */
  async unmountAll(): Promise<void> {
    const table = await readFile('/proc/self/mountinfo', 'utf8');
    // proc(5): the fifth field is the mount point. What was mounted last is taken out first.
    const points = table.split('\n').map((line) => line.split(' ')[4] ?? '');
    const ours = points.filter((point) => point.startsWith(`${this.#storage}/`)).reverse();
    for (const point of ours) await run('umount', [point]);
  }

  async #commit(from: string, to: string, fill: (root: string) => Promise<void>): Promise<void> {
    await mkdir(this.#storage, { recursive: true });
    const container = (await this.#buildah(['from', '--pull-never', from])).trim();
    try {
      const root = (await this.#buildah(['mount', container])).trim();
      await fill(root);
      await Promise.all(LEFTOVERS.map((path) => rm(join(root, path), { recursive: true, force: true })));
      await this.#buildah(['umount', container]);
      await this.#buildah(['commit', '--quiet', '--format', 'docker', container, to], 300_000);
    } finally {
      await this.#remove(container);
    }
  }

  async #remove(container: string): Promise<void> {
    await this.#buildah(['rm', container]);
  }

  #buildah(args: readonly string[], timeout = 120_000): Promise<string> {
    // buildah's own variable, for hosts whose file system cannot carry overlays (then: vfs).
    const { STORAGE_DRIVER: driver = 'overlay' } = process.env;
    const storage = ['--root', this.#storage, '--runroot', this.#runRoot, '--storage-driver', driver];
    return run('buildah', [...storage, ...args], { timeout });
  }
}

interface Archive {
  readonly uri: string;
  readonly label: string;
}

/** Debian's archives as this machine's own apt knows them: mirrors are its owner's business, not this file's. */
async function debianArchives(): Promise<readonly Archive[]> {
  const format = ['--format', '$(ORIGIN)|$(LABEL)|$(REPO_URI)|$(COMPONENT)', 'Created-By: Packages'];
  const lines = (await run('apt-get', ['indextargets', ...format])).trim().split('\n');
  const rows = lines.map((line) => line.split('|'));
  const main = rows.filter(([origin, , , component]) => origin === 'Debian' && component === 'main');
  const archives = new Map(main.map(([, label = '', uri = '']) => [label, { uri, label }]));
  if (!archives.has('Debian')) {
    throw new Error(
      `No Debian archive in this machine's apt sources (found: ${lines.join(', ')}). Run apt-get update on a Debian host.`,
    );
  }
  return [...archives.values()];
}

async function debootstrap(root: string, archives: readonly Archive[]): Promise<void> {
  const { uri } = archives.find((archive) => archive.label === 'Debian')!;
  const args = ['--variant=minbase', '--merged-usr', SUITE, root, uri];
  await run('debootstrap', args, { env: ELSEWHERE, timeout: 300_000 });
  const suites = archives.map((archive) => sourceLine(archive));
  await writeFile(join(root, 'etc/apt/sources.list'), suites.join(''));
  await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/image'), DPKG_SETTINGS.join('\n'));
}

function sourceLine(archive: Archive): string {
  const suite = archive.label === 'Debian-Security' ? `${SUITE}-security` : SUITE;
  return `deb ${archive.uri} ${suite} main\n`;
}

async function install(root: string, packages: readonly string[]): Promise<void> {
  const resolver = await readFile('/etc/resolv.conf');
  await writeFile(join(root, 'etc/resolv.conf'), resolver);
  await run('chroot', [root, 'apt-get', 'update', '--quiet'], { env: ELSEWHERE });
  const args = ['install', '--yes', '--quiet', '--no-install-recommends', ...packages];
  await run('chroot', [root, 'apt-get', ...args], { env: ELSEWHERE, timeout: 300_000 });
}

/** What npm inside the build needs to reach the registry that npm on this machine reaches. */
async function registrySettings(): Promise<string> {
  const registry = (await run('npm', ['config', 'get', 'registry'])).trim();
  const userFile = (await run('npm', ['config', 'get', 'userconfig'])).trim();
  const user = await readFile(userFile, 'utf8').catch(() => '');
  // Later lines win; a certificate file of this machine has another path in the build (NODE_EXTRA_CA_CERTS names it).
  const lines = user.split('\n').filter((line) => !/^\s*cafile\s*=/.test(line));
  return `${lines.join('\n')}\nregistry=${registry}\n`;
}

/** The file with the certificate authorities that npm on this machine trusts, if it was given one. */
async function certificateAuthorities(): Promise<readonly string[]> {
  const configured = (await run('npm', ['config', 'get', 'cafile'])).trim();
  const { NODE_EXTRA_CA_CERTS: extra = '' } = process.env;
  const candidates = [configured, extra];
  return candidates.filter((path) => path.startsWith('/')).slice(0, 1);
}

type ImageConfig = Omit<MountedImage, 'rootfs' | 'release'>;

function dockerConfig(inspected: string): ImageConfig {
  const { Docker } = JSON.parse(inspected) as {
    Docker: {
      config: {
        Entrypoint?: string[];
        Cmd?: string[];
        Env?: string[];
        User?: string;
        WorkingDir?: string;
      };
    };
  };
  const { config } = Docker;
  return {
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    env: config.Env ?? [],
    user: config.User ?? '',
    workingDirectory: config.WorkingDir ?? '/',
  };
}
