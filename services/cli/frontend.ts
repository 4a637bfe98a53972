// barkeep frontend: the virtio-gpu device of one VM, as this process. A back-end program as QEMU's docs/interop/vhost-user.rst wants them
// ("Backend program conventions"): --socket-path, --fd, --print-capabilities.
import type { Command } from 'commander';
import type { FrontendEnd, FrontendOptions } from '../frontend/main.ts';
import type { Config } from '../lib/runtime/config.ts';
import { isVmName } from '../lib/runtime/config-schema.ts';
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
  barkeep keep --restart always --stop-signal SIGQUIT -- barkeep frontend --vm web-1
  barkeep frontend --print-capabilities
`;

type Flags = { vm?: string; socketPath?: string; fd?: string };

export function addFrontendCommand(program: Command, context: Context): void {
  program
    .command('frontend')
    .description('run the virtio-gpu device of one VM')
    .option('--vm <name>', 'the VM, as the broker knows it')
    .option('--socket-path <path>', 'listen here for the VMM')
    .option('--fd <number>', 'use this inherited vhost-user socket instead')
    .option('--print-capabilities', 'print what this back-end can do as JSON, and do nothing else')
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      const { config, file } = context.serviceConfig();
      const options = readFlags(flags, config);
      const { startFrontend } = await import('../frontend/main.ts');
      const fields = { vm: options.vm };
      // Nothing else takes long.
      const service = { name: 'frontend', config, file, fields, starting: 'waiting for the broker' };
      await runService(context, service, async (lifecycle, log, store) => {
        const frontend = await startFrontend(options, config, log, { signal: lifecycle.signal, store });
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

function readFlags({ vm, socketPath, fd }: Flags, config: Config): FrontendOptions {
  if (vm === undefined) throw usage('--vm is missing; name the VM');
  if (!isVmName(vm)) throw usage(`--vm ${vm}: no name of a VM (letters, digits, "-", "_" and ".")`);
  if (socketPath !== undefined && fd !== undefined)
    throw usage('--socket-path and --fd exclude each other; give one');
  if (fd === undefined) {
    const configured = config.vms.find(({ name }) => name === vm)?.socket;
    return {
      vm,
      socketPath: socketPath ?? configured ?? runDirectoryPaths(config.runDirectory).vmSocket(vm),
    };
  }
  const number = /^[0-9]{1,9}$/.test(fd) ? Number(fd) : -1;
  // 0 to 2 are the standard streams.
  if (number < 3) throw usage(`--fd ${fd}: expected the number of an inherited descriptor, 3 or more`);
  return { vm, fd: number };
}

function usage(message: string): ExitError {
  return new ExitError(EXIT.USAGE, `frontend: ${message}; see barkeep frontend --help`);
}
