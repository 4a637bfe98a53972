// barkeep frontend: the virtio-gpu device of one VM, or those of several, as this process. A back-end program as QEMU's docs/interop/vhost-user.rst wants them
// ("Backend program conventions"): --socket-path, --fd, --print-capabilities.
import type { Command } from 'commander';
import type { FrontendEnd, FrontendOptions } from '../frontend/main.ts';
import type { Config } from '../lib/runtime/config.ts';
import { readerText } from '../lib/runtime/config-difference.ts';
import { isVmName, MOST_VMS_PER_PROCESS } from '../lib/runtime/config-schema.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import { runDirectoryPaths } from '../lib/runtime/run-directory.ts';
import type { Context } from './context.ts';
import { PARENT_GONE, runService, SUCCEEDED } from './service.ts';

/** As docs/interop/vhost-user.json describes back-ends of type gpu; its features (render-node, virgl) are options that this one does not have. */
const CAPABILITIES = { type: 'gpu', features: [] };

const HELP = `
Serves one VMM on a vhost-user socket, and asks the broker of the run directory for
every blob. It reads the VM's secret from vms/NAME/secret there, so it runs as the VM's
user or as the broker's. It needs no configuration file; a file may set its timeouts.

With --vm several times (at most ${MOST_VMS_PER_PROCESS}, all of one user or group) one process serves several
VMs, each on a socket of its own. It takes less memory than a process for each VM, but
what ends one of their devices, a bug say, ends all of them for a moment, and a guest that
takes over the process has all of its VMs. A VM that cannot be served is named in the log
and tried again; the process fails when that is so for all of them.

Under a holder of descriptors (barkeep keep, or systemd with FileDescriptorStoreMax=) it
may be killed at any time: the next one goes on with the VM, which notices nothing.
SIGTERM then means that the next one shall go on, too: that is how it is upgraded.
SIGQUIT ends it for good. When the holder itself dies, the VM's device ends; the broker
keeps what the VM had for orphan_grace, until it is evicted, or until a frontend is
started anew: that begins afresh, and its VMM has to be restarted.

Examples:
  barkeep frontend --vm web-1                    on the VM's configured socket
  barkeep frontend --vm web-1 --socket-path /run/barkeep/vms/web-1/gpu.sock
  barkeep frontend --vm web-1 --fd 5             on a listening socket that it inherits
  barkeep frontend --vm web-1 --vm web-2         both, each on its configured socket
  barkeep keep --restart always --stop-signal SIGQUIT -- barkeep frontend --vm web-1
  barkeep frontend --print-capabilities
`;

type Flags = { vm: readonly string[]; socketPath?: string; fd?: string };

export function addFrontendCommand(program: Command, context: Context): void {
  program
    .command('frontend')
    .description('run the virtio-gpu device of one VM, or of several')
    .option('--vm <name>', 'the VM, as the broker knows it (repeatable)', also, [])
    .option('--socket-path <path>', 'listen here for the VMM')
    .option('--fd <number>', 'use this inherited vhost-user socket instead')
    .option('--print-capabilities', 'print what this back-end can do as JSON, and do nothing else')
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      const { config, file } = context.serviceConfig();
      const vms = readFlags(flags, config);
      const { startFrontend } = await import('../frontend/main.ts');
      const [first] = vms;
      // Of several VMs each line says which one it is about.
      const fields = first && vms.length === 1 ? { vm: first.vm } : {};
      // Nothing else takes long.
      const service = { name: 'frontend', config, file, fields, starting: 'waiting for the broker' };
      await runService(context, service, async (lifecycle, log, store) => {
        const frontend = await startFrontend(vms, config, log, { signal: lifecycle.signal, store });
        lifecycle.onStop('frontend', () => frontend.stop(endAfter(lifecycle.signal.reason)));
        // An inherited connection that has ended leaves nobody to serve.
        void frontend.finished.then(() => lifecycle.stop('the VMM has left'));
        return { status: () => frontend.status() };
      });
    });
}

/** Whether a command line asks only for the capabilities: whatever else it says is to be ignored, by the conventions. */
export function asksForCapabilities(argv: readonly string[]): boolean {
  return argv.includes('frontend') && argv.includes('--print-capabilities');
}

export function capabilitiesText(): string {
  return `${JSON.stringify(CAPABILITIES)}\n`;
}

/** After SIGQUIT, or when an inherited VMM has left, there is nobody to go on. */
function endAfter(reason: unknown): FrontendEnd {
  if (reason === 'SIGTERM' || reason === 'SIGINT' || reason === SUCCEEDED) return 'replaced';
  return reason === PARENT_GONE ? 'orphaned' : 'given-up';
}

function also(name: string, names: readonly string[]): readonly string[] {
  return [...names, name];
}

function readFlags({ vm: names, socketPath, fd }: Flags, config: Config): readonly FrontendOptions[] {
  const [vm] = names;
  if (vm === undefined) throw usage('--vm is missing; name the VM');
  for (const name of names) {
    if (!isVmName(name)) throw usage(`--vm ${name}: no name of a VM (letters, digits, "-", "_" and ".")`);
  }
  if (socketPath !== undefined && fd !== undefined)
    throw usage('--socket-path and --fd exclude each other; give one');
  if (names.length > 1) {
    if (socketPath !== undefined || fd !== undefined)
      throw usage('--socket-path and --fd are for one VM; of several each has its configured socket');
    expectTogether(names, config);
  }
  if (fd === undefined) {
    return names.map((name) => ({ vm: name, socketPath: socketPath ?? socketOf(name, config) }));
  }
  const number = /^[0-9]{1,9}$/.test(fd) ? Number(fd) : -1;
  // 0 to 2 are the standard streams.
  if (number < 3) throw usage(`--fd ${fd}: expected the number of an inherited descriptor, 3 or more`);
  return [{ vm, fd: number }];
}

function socketOf(vm: string, { vms, runDirectory }: Config): string {
  return vms.find(({ name }) => name === vm)?.socket ?? runDirectoryPaths(runDirectory).vmSocket(vm);
}

/** What several VMs have to be to share a process: who takes it over would have all of them. */
function expectTogether(names: readonly string[], { vms }: Config): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw usage(`--vm ${twice} is there twice; name each VM once`);
  if (names.length > MOST_VMS_PER_PROCESS)
    throw usage(`${names.length} VMs; one process serves at most ${MOST_VMS_PER_PROCESS}`);
  const known = vms.filter(({ name }) => names.includes(name));
  const [first, ...others] = known;
  const stranger = others.find(({ attachedBy }) => readerText(attachedBy) !== readerText(first!.attachedBy));
  if (first === undefined || stranger === undefined) return;
  throw usage(
    `${first.name} belongs to ${readerText(first.attachedBy)} and ${stranger.name} to ${readerText(stranger.attachedBy)}: ` +
      'VMs of different users have no process in common; start one for each of them',
  );
}

function usage(message: string): ExitError {
  return new ExitError(EXIT.USAGE, `frontend: ${message}; see barkeep frontend --help`);
}
