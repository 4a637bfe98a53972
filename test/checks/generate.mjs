// Generates services/lib/rpc/gen from proto/. `npm run gen` writes; `npm run gen -- --out DIR` writes elsewhere (the drift check does).
// Two passes: the code without comments (it is loaded by every process), the types with them (they are read by people).
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const flag = process.argv.indexOf('--out');
const out = flag > 0 ? resolve(process.argv[flag + 1]) : join(root, 'services/lib/rpc/gen');

const proto = join(root, 'proto');
const sources = readdirSync(proto, { recursive: true })
  .filter((name) => name.endsWith('.proto'))
  .sort();
const common = [
  '-t',
  'static-module',
  '-w',
  'esm',
  '--no-verify',
  '--no-convert',
  '--no-delimited',
  '--no-typeurl',
  '--no-beautify',
  '-p',
  proto,
];
const pbjs = (...args) =>
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/protobufjs-cli/bin/pbjs'),
      ...common,
      ...args,
      ...sources.map((name) => join(proto, name)),
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );

const work = mkdtempSync(join(tmpdir(), 'barkeep-gen-'));
try {
  mkdirSync(out, { recursive: true });
  pbjs('--dts', '-o', join(work, 'barkeep.js'));
  pbjs('--no-comments', '-o', join(out, 'barkeep.js'));
  cpSync(join(work, 'barkeep.d.ts'), join(out, 'barkeep.d.ts'));
} finally {
  rmSync(work, { recursive: true, force: true });
}
