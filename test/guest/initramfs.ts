// Builds the guest's initramfs: program/ compiled into one static /init, and the driver's modules in loading order. The
// result is named by a hash of everything that went in, so it is built once and never stale.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeCpio } from './cpio.ts';
import { type GuestEnvironment, repositoryRoot } from './environment.ts';
import { runTool } from './process.ts';

const COMPILER_FLAGS = ['-static', '-O2', '-Wall', '-Wextra', '-Werror', '-std=gnu11'];
// Character device 5,1 (the kernel's Documentation/admin-guide/devices.txt): where /init's messages go before /dev is mounted.
const CONSOLE = { major: 5, minor: 1 } as const;

/** The path of an initramfs for this environment, compiled with the host's gcc when it is not in the cache yet. */
export async function buildInitramfs(environment: GuestEnvironment): Promise<string> {
  const cache = dirname(environment.directory);
  const sourceDirectory = join(repositoryRoot(), 'test/guest/program');
  const sources = readdirSync(sourceDirectory).sort();
  const hash = createHash('sha256').update(COMPILER_FLAGS.join(' ')).update(environment.kernelRelease);
  for (const name of sources) hash.update(name).update(readFileSync(join(sourceDirectory, name)));
  const path = join(cache, `initramfs-${hash.digest('hex').slice(0, 16)}.cpio`);
  if (existsSync(path)) return path;

  // Beside the result, so that the rename is atomic; of its own, so that two test files may build at once.
  const work = mkdtempSync(join(cache, 'initramfs-build-'));
  try {
    const program = join(work, 'init');
    const units = sources.filter((name) => name.endsWith('.c')).map((name) => join(sourceDirectory, name));
    await runTool('gcc', [...COMPILER_FLAGS, '-o', program, ...units], {
      ifMissing: 'the guest program is compiled on this machine: install gcc and libc6-dev',
    });
    writeFileSync(join(work, 'initramfs'), archive(readFileSync(program), environment.modules));
    renameSync(join(work, 'initramfs'), path);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return path;
}

function archive(program: Uint8Array, modules: readonly string[]): Buffer {
  const order = modules.map((path) => `${basename(path)}\n`).join('');
  return writeCpio([
    { kind: 'directory', path: 'dev', mode: 0o755 },
    { kind: 'character-device', path: 'dev/console', mode: 0o600, ...CONSOLE },
    { kind: 'file', path: 'init', mode: 0o755, content: program },
    { kind: 'directory', path: 'modules', mode: 0o755 },
    { kind: 'file', path: 'modules/order', mode: 0o644, content: Buffer.from(order) },
    ...modules.map((path) => ({
      kind: 'file' as const,
      path: `modules/${basename(path)}`,
      mode: 0o644,
      content: readFileSync(path),
    })),
  ]);
}
