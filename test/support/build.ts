// Before the tests: dist/ is what the sources say, compiled by the Node that runs, because V8's compiled form belongs to one version of it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** What test/checks/build.mjs writes last. */
const STAMP = join(ROOT, 'dist/built-by');
const SOURCES = ['services', 'test', 'package.json', 'tsconfig.json'];

export function setup(): void {
  const why = reasonToBuild();
  if (why === null) return;
  process.stdout.write(`building: ${why}\n`);
  execFileSync(process.execPath, [join(ROOT, 'test/checks/build.mjs')], { cwd: ROOT, stdio: 'inherit' });
}

/** Null when what is there will do. */
export function reasonToBuild(
  stamp = STAMP,
  sources = SOURCES.map((name) => join(ROOT, name)),
): string | null {
  let built: number;
  try {
    built = statSync(stamp).mtimeMs;
    const version = readFileSync(stamp, 'utf8');
    if (version !== process.version)
      return `dist/ was compiled by Node ${version}, this is ${process.version}`;
  } catch {
    return 'nothing is built';
  }
  const newer = sources.flatMap(filesOf).find((path) => statSync(path).mtimeMs > built);
  return newer === undefined ? null : `${newer} is newer than dist/`;
}

function filesOf(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|js|c|h)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
