// Takes apart what Debian's kernel packages hold: the uncompressed kernel out of a bzImage, and the modules that one
// module needs, in loading order.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GuestEnvironmentError, rootCommand } from './environment.ts';
import { runTool } from './process.ts';

// The kernel's Documentation/arch/x86/boot.rst: offsets in the file of a bzImage.
const SETUP_SECTORS = 0x1f1;
const MAGIC = 0x202;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;

// How the payload starts tells its compression; the tool is one of the fetched root.
const COMPRESSIONS = [
  { name: 'zstd', start: '28b52ffd' },
  { name: 'xz', start: 'fd377a58' },
  { name: 'gzip', start: '1f8b' },
] as const;

/**
 * The ELF file inside a bzImage, which QEMU starts through its PVH entry without running a decompressor under TCG.
 * Null when the payload is packed in a way that is not known here: then the bzImage itself must do.
 */
export async function extractVmlinux(bzImage: Buffer, root: string): Promise<Buffer | null> {
  if (bzImage.toString('latin1', MAGIC, MAGIC + 4) !== 'HdrS') {
    throw new GuestEnvironmentError('The kernel package holds no bzImage: its boot header has no "HdrS".');
  }
  const start = (bzImage.readUInt8(SETUP_SECTORS) + 1) * 512 + bzImage.readUInt32LE(PAYLOAD_OFFSET);
  // The build appends the unpacked size, 4 bytes, which tools would take for trailing garbage.
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(PAYLOAD_LENGTH) - 4);
  const compression = COMPRESSIONS.find(
    ({ start: magic }) => payload.toString('hex', 0, magic.length / 2) === magic,
  );
  if (compression === undefined) return null;
  const unpacked = await decompress(compression.name, payload, root);
  return unpacked.toString('latin1', 0, 4) === '\x7fELF' ? unpacked : null;
}

/** Unpacks with a program of the fetched root, so that the host needs none. */
export async function decompress(
  compression: 'zstd' | 'xz' | 'gzip',
  input: Buffer,
  root: string,
): Promise<Buffer> {
  if (compression === 'gzip') return gunzipSync(input);
  const { command, prefix } = rootCommand(root, compression);
  return runTool(command, [...prefix, '--decompress', '--stdout'], { input });
}

// One module, uncompressed, and the names of those it needs.
type Module = { readonly name: string; readonly content: Buffer; readonly depends: readonly string[] };

/**
 * `name` and everything it depends on, each after what it needs. The packages carry no modules.dep (depmod writes it at
 * installation), so the answer comes from the modules themselves. Modules built into the kernel are not listed there.
 */
export async function collectModules(
  name: string,
  modulesDirectory: string,
  root: string,
): Promise<Module[]> {
  const paths = new Map(
    readdirSync(modulesDirectory, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.ko(\.xz|\.zst|\.gz)?$/.test(path))
      .map((path) => [moduleName(path), join(modulesDirectory, path)] as const),
  );
  const ordered = new Map<string, Module>();
  const visit = async (wanted: string): Promise<void> => {
    if (ordered.has(wanted)) return;
    const path = paths.get(wanted);
    if (path === undefined) {
      throw new GuestEnvironmentError(
        `The kernel package has no module ${wanted} under ${modulesDirectory}.`,
      );
    }
    const content = await readModule(path, root);
    const depends = moduleDependencies(content);
    for (const dependency of depends) await visit(dependency);
    ordered.set(wanted, { name: wanted, content, depends });
  };
  await visit(moduleName(name));
  return [...ordered.values()];
}

/** The "depends=" entry of the .modinfo section: a NUL-terminated string like the others there. */
export function moduleDependencies(module: Buffer): string[] {
  const start = module.indexOf('\0depends=');
  if (start < 0) return [];
  const from = start + '\0depends='.length;
  const listed = module.toString('latin1', from, module.indexOf(0, from));
  return listed
    .split(',')
    .filter((name) => name !== '')
    .map(moduleName);
}

// File names use - and _ at will; the kernel's own name has _.
function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');
}

async function readModule(path: string, root: string): Promise<Buffer> {
  const content = readFileSync(path);
  if (path.endsWith('.xz')) return decompress('xz', content, root);
  if (path.endsWith('.zst')) return decompress('zstd', content, root);
  if (path.endsWith('.gz')) return decompress('gzip', content, root);
  return content;
}
