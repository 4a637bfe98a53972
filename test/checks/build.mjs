// Builds dist/: every file compiled for itself (tests and benchmarks run these), and the program `barkeep` as parts (services/cli/parts.ts).
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'rolldown';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const cli = join(root, 'dist/services/cli');
// What the compiler does not copy: generated code, and files that are read at run time.
const COPIED = ['services/lib/rpc/gen', 'test/guest/program', 'test/guest/recorded', 'package.json'];

// An earlier build's says that what is compiled into it is no module.
rmSync(cli, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], {
  stdio: 'inherit',
  cwd: root,
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
for (const path of COPIED) {
  // What was renamed or removed must not live on in dist/.
  rmSync(join(root, 'dist', path), { recursive: true, force: true });
  if (existsSync(join(root, path))) cpSync(join(root, path), join(root, 'dist', path), { recursive: true });
}

const { compilePart } = await import(pathToFileURL(join(cli, 'parts.js')).href);
// The program alone is in this folder from here on.
rmSync(cli, { recursive: true });
await bundle('.', { main: 'services/cli/main.ts' });
const chunks = await bundle('parts', {
  keep: 'services/cli/keep.ts',
  'command-line': 'services/cli/command-line.ts',
});
for (const { fileName } of chunks) compilePart(join(cli, 'parts', fileName));
writeFileSync(join(cli, 'LICENSES.txt'), licences(chunks.flatMap(({ moduleIds }) => moduleIds)));
// Node's loader of modules would take 12 ms for a file that has the program started.
renameSync(join(cli, 'main.cjs'), join(cli, 'main.js'));
chmodSync(join(cli, 'main.js'), 0o755);
writeFileSync(join(cli, 'package.json'), '{ "type": "commonjs" }\n');

// Last: whoever finds it finds everything (test/support/build.ts).
writeFileSync(join(root, 'dist/built-by'), process.version);

async function bundle(folder, input) {
  const { output } = await build({
    cwd: root,
    input,
    platform: 'node',
    // koffi looks for its machine code beside itself. The loader of .proto files, a second protobufjs in it, is for parts of gRPC that
    // nobody asks for here (channelz).
    external: ['koffi', '@grpc/proto-loader'],
    output: {
      dir: join(cli, folder),
      // V8's compiled form is for classic scripts; modules cannot have one.
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
      sourcemap: true,
      // Names and lines stay: stacks have to be readable.
      minify: false,
      comments: { legal: true, annotation: false, jsdoc: false },
    },
  });
  return output.filter(({ type }) => type === 'chunk');
}

/** The names and terms of the packages that are in the parts. */
function licences(files) {
  const folders = new Set(
    files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []),
  );
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const terms = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
    return `${name} ${version} (${license})${terms}\n`;
  });
  return `The program contains these packages, under their own terms:\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
