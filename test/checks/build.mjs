// Compiles to dist/, and copies what the compiler does not: generated code, and files that are read at run time.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const COPIED = ['services/lib/rpc/gen', 'test/guest/program', 'test/guest/recorded', 'package.json'];

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
