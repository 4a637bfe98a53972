// One host in containers: starts services of deploy/compose/compose.yaml with runc, as the file describes them, and a
// Prometheus beside them that scrapes as deploy/compose/prometheus.yml says.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from '../support/until.ts';
import { type ComposeProject, type ComposeService, composeMount } from './compose.ts';
import { Container, type ContainerPlan } from './container.ts';
import type { MountedImage } from './image.ts';
import { compose, DEPLOY, deployed, type KubernetesContainer } from './manifests.ts';
import { seccompProfile } from './seccomp.ts';

const HEALTH = { within: 90_000, every: 300 };
// Nobody reaches the containers' network from outside, so every listening address is this one, with a port that is free.
const LOOPBACK = '127.0.0.1';

export class HostInContainers {
  readonly image: MountedImage;
  /** Where the metrics listen on this host. */
  readonly metrics: string;
  readonly #project: ComposeProject;
  readonly #directory: string;
  readonly #containers = new Map<string, Container>();
  #prometheus: ChildProcess | null = null;
  #prometheusLog = '';

  private constructor(image: MountedImage, metrics: string, project: ComposeProject, directory: string) {
    this.image = image;
    this.metrics = metrics;
    this.#project = project;
    this.#directory = directory;
  }

  /** A host with nothing but its shared folders, which are root's. The caller ends it with stop(). */
  static async prepare(image: MountedImage): Promise<HostInContainers> {
    const directory = await mkdtemp(join(tmpdir(), 'barkeep-host-'));
    const host = new HostInContainers(image, `${LOOPBACK}:${await freePort()}`, await compose(), directory);
    await mkdir(host.runDirectory);
    await mkdir(host.socketDirectory);
    // As compose.yaml tells its reader to make it (install -d).
    const frontend = host.#project.services['frontend-vm-a']?.user ?? image.user;
    const [uid = 0, gid = 0] = frontend.split(':').map(Number);
    await chown(host.socketDirectory, uid, gid);
    return host;
  }

  /** /run/barkeep of the containers, on this host. */
  get runDirectory(): string {
    return join(this.#directory, 'run');
  }

  /** /run/barkeep-vhost-user of the containers, on this host. */
  get socketDirectory(): string {
    return join(this.#directory, 'vhost-user');
  }

  /** A container that start() has started. */
  container(name: string): Container {
    return this.#containers.get(name)!;
  }

  /** Runs an init container of a Kubernetes manifest to its end, with the run directory; resolves with its exit code. */
  async runInitContainer(init: KubernetesContainer): Promise<number> {
    const context = init.securityContext;
    const plan: ContainerPlan = {
      id: `barkeep-${process.pid}-${init.name}`,
      rootfs: this.image.rootfs,
      readOnlyRoot: context.readOnlyRootFilesystem,
      args: init.command ?? this.image.entrypoint,
      env: this.image.env,
      workingDirectory: this.image.workingDirectory,
      user: context.runAsUser === undefined ? this.image.user : `${context.runAsUser}:${context.runAsUser}`,
      groups: [],
      noNewPrivileges: !context.allowPrivilegeEscalation,
      capabilities: context.capabilities.add?.map((name) => `CAP_${name}`) ?? [],
      network: 'none',
      mounts: [{ source: this.runDirectory, target: '/run/barkeep', readOnly: false }],
      seccomp: await seccompProfile(null),
    };
    const container = await Container.start(plan, join(this.#directory, init.name));
    return container.ended();
  }

  /** Starts a service of the compose file and waits until its own health check says that it is healthy. */
  async start(name: string): Promise<void> {
    const service = this.#project.services[name]!;
    const plan: ContainerPlan = {
      id: `barkeep-${process.pid}-${name}`,
      rootfs: this.image.rootfs,
      readOnlyRoot: service.read_only,
      args: [...this.image.entrypoint, ...service.command.map((word) => this.#address(word))],
      env: [...this.image.env, ...Object.entries(service.environment).map((entry) => entry.join('='))],
      workingDirectory: this.image.workingDirectory,
      user: service.user ?? this.image.user,
      groups: (service.group_add ?? []).map(Number),
      noNewPrivileges: service.security_opt.includes('no-new-privileges:true'),
      // Each service drops ALL, and the file's reader knows no way to add one.
      capabilities: [],
      network: service.network_mode ?? 'host',
      mounts: service.volumes.map((entry) => this.#mount(entry)),
      seccomp: await seccompProfile(unitOf(name)),
    };
    const container = await Container.start(plan, join(this.#directory, name));
    this.#containers.set(name, container);
    await this.#untilHealthy(name, container, service);
  }

  /** Starts one Prometheus; resolves with the address of its API when it is ready. */
  async startPrometheus(): Promise<string> {
    const config = join(this.#directory, 'prometheus.yml');
    const text = (await deployed('compose/prometheus.yml'))
      .replace('metrics:9464', this.metrics)
      .replace(/scrape_interval: \S+/, 'scrape_interval: 1s')
      .replace(/scrape_timeout: \S+/, 'scrape_timeout: 1s');
    await writeFile(config, text);
    const address = `${LOOPBACK}:${await freePort()}`;
    const data = join(this.#directory, 'prometheus');
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=${address}`,
    ];
    const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#prometheus = child;
    child.stderr.on('data', (data: Buffer) => {
      this.#prometheusLog += data.toString();
    });
    const url = `http://${address}`;
    const isReady = async (): Promise<boolean> =>
      (await fetch(`${url}/-/ready`).catch(() => null))?.status === 200;
    await until('Prometheus is ready', isReady, { ...HEALTH, found: () => this.#prometheusLog });
    return url;
  }

  /** Ends a container as an engine would; resolves with its exit code. */
  async stopContainer(name: string): Promise<number> {
    const container = this.container(name);
    this.#containers.delete(name);
    return container.stop();
  }

  /** Ends everything that is left, and removes the folders. */
  async stop(): Promise<void> {
    for (const name of [...this.#containers.keys()].reverse()) await this.stopContainer(name);
    await this.stopPrometheus();
    await rm(this.#directory, { recursive: true });
  }

  async stopPrometheus(): Promise<void> {
    const child = this.#prometheus;
    this.#prometheus = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  /** The compose file listens on every address of the container's own network; here that network is this host's. */
  #address(word: string): string {
    return word === '0.0.0.0:9464' ? this.metrics : word;
  }

  #mount(entry: string): { source: string; target: string; readOnly: boolean } {
    const mount = composeMount(entry);
    const shared = new Map([
      ['run', this.runDirectory],
      ['/run/barkeep-vhost-user', this.socketDirectory],
    ]);
    return { ...mount, source: shared.get(mount.source) ?? resolve(DEPLOY, 'compose', mount.source) };
  }

  async #untilHealthy(name: string, container: Container, service: ComposeService): Promise<void> {
    const [, ...words] = service.healthcheck?.test ?? [];
    const check = words.map((word) => word.replace('127.0.0.1:9464', this.metrics));
    let last = '';
    const isHealthy = async (): Promise<boolean> => {
      const { code, output } = await container.exec(check);
      last = output;
      return code === 0;
    };
    const found = (): string => `its check says:\n${last}\nIt says:\n${container.log()}`;
    await until(`${name} is healthy`, isHealthy, { ...HEALTH, found });
  }
}

/** Asks a Prometheus for the value of an expression with one result, until it has one. */
export async function prometheusValue(
  url: string,
  query: string,
  accept: (value: number) => boolean,
): Promise<number> {
  let value = Number.NaN;
  const isThere = async (): Promise<boolean> => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
    value = Number(data.result[0]?.value[1] ?? Number.NaN);
    return accept(value);
  };
  await until(`${query} is as it should be`, isThere, { ...HEALTH, found: () => value });
  return value;
}

/** The unit file of the same service. */
function unitOf(service: string): string {
  return service.startsWith('frontend-') ? 'barkeep-frontend@.service' : `barkeep-${service}.service`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
