// A host of its own for a test: Debian 13 with its own systemd as process 1, in namespaces (boot.sh), from layers that are kept in the cache
// directory of the real guest (layers.sh). It is fresh each time; what it writes lies in memory.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../guest/environment.ts';
import { debianMirror } from '../../guest/mirror.ts';
import { until } from '../../support/until.ts';
import { CommandError, run } from '../command.ts';

/** What this file starts beyond util-linux; the name is also that of the Debian package. */
export const MACHINE_PROGRAMS = ['debootstrap'] as const;

const ENVIRONMENT = [
  'env',
  '-i',
  'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LC_ALL=C',
  'TERM=dumb',
];
const NAMESPACES = ['--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup'];
const SCRIPTS = import.meta.dirname;

export type Layers = {
  /** A fresh Debian 13 with Node. */
  readonly base: string;
  /** What libvirt adds to it. */
  readonly libvirt: string;
};

/** Makes the layers where they are missing: about a minute and a half. */
export async function fetchLayers(): Promise<Layers> {
  const script = join(SCRIPTS, 'layers.sh');
  const recipe = createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 12);
  const directory = join(cacheDirectory(), `host-${recipe}`);
  const layers = { base: join(directory, 'base'), libvirt: join(directory, 'libvirt') };
  if (!existsSync(layers.base) || !existsSync(layers.libvirt)) {
    // A folder of this machine for temporary files is no place in the other root.
    await run(script, [directory, debianMirror()], { env: { TMPDIR: '/tmp' }, timeout: 600_000 });
  }
  return layers;
}

export type Outcome = { readonly code: number; readonly output: string };

export class Machine {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #scratch: string;
  /** Its process 1, as this machine numbers it. */
  readonly #init: number;

  private constructor(process: ChildProcess, name: string, scratch: string, init: number) {
    this.#process = process;
    this.#name = name;
    this.#scratch = scratch;
    this.#init = init;
  }

  /** Boots from `layers`, the uppermost first. The caller ends it with stop(). */
  static async boot(layers: readonly string[]): Promise<Machine> {
    const scratch = await mkdtemp(join(tmpdir(), 'barkeep-machine-'));
    const name = `barkeep-machine-${scratch.slice(-6)}`;
    const script = join(SCRIPTS, 'boot.sh');
    // Nothing of it may outlive this process, however that ends.
    const args = ['--pdeathsig', 'KILL', script, name, layers.join(':'), scratch];
    const child = spawn('setpriv', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const init = await until(
      'systemd is process 1 of a machine of its own',
      () => {
        if (child.exitCode !== null) throw new Error(`boot.sh ended with ${child.exitCode}: ${said}`);
        const pid = childOf(child.pid!);
        return pid !== null && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'systemd\n' ? pid : null;
      },
      { within: 60_000, every: 20, found: () => said },
    );
    const machine = new Machine(child, name, scratch, init);
    // "degraded": a container has no kernel modules to load.
    await until(
      'the machine has booted',
      async () => /^(running|degraded)$/m.test((await machine.try('systemctl is-system-running')).output),
      { within: 120_000, every: 200 },
    );
    return machine;
  }

  /** A path of the machine, as this process reaches it. */
  path(path: string): string {
    return `/proc/${this.#init}/root${path}`;
  }

  /** Runs a line of a shell there, as root, in `directory`. */
  try(script: string, { directory = '/', timeout = 120_000 } = {}): Promise<Outcome> {
    const line = [...NAMESPACES, '--target', String(this.#init), `--wdns=${directory}`, ...ENVIRONMENT];
    return new Promise((resolve, reject) => {
      const options = { timeout, maxBuffer: 64 * 1024 * 1024 };
      execFile('nsenter', [...line, 'bash', '-euo', 'pipefail', '-c', script], options, (error, out, err) => {
        if (error === null) resolve({ code: 0, output: `${out}${err}` });
        else if (typeof error.code === 'number') resolve({ code: error.code, output: `${out}${err}` });
        else reject(error);
      });
    });
  }

  /** As try(); throws CommandError when it does not end with 0. Resolves with what it wrote, without the last line's end. */
  async run(script: string, options: { directory?: string; timeout?: number } = {}): Promise<string> {
    const { code, output } = await this.try(script, options);
    if (code !== 0) throw new CommandError('bash', [script], code, output);
    return output.trimEnd();
  }

  /** A property of a unit. */
  show(unit: string, property: string): Promise<string> {
    return this.run(`systemctl show --property ${property} --value ${unit}`);
  }

  /** Ends every process of the machine at once. Nothing of it is left. */
  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
    await until('the cgroups of the machine are empty', async () => {
      await run(join(SCRIPTS, 'remove-cgroup.sh'), [this.#name, this.#scratch]);
      return true;
    });
    await rmdir(this.#scratch);
  }
}

function childOf(pid: number): number | null {
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const [child] = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ');
    if (child) return Number(child);
  }
  return null;
}
