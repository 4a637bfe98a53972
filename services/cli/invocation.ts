// How this program is started from another terminal: what is printed has to work there as it stands.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { shellWord } from './shell-word.ts';

/** A clone's own file for this (package.json, bin), from the built program's folder. */
const LAUNCHER = '../../../services/cli/launcher.cjs';

/** For a shell: `barkeep` where it is installed; the launcher of a clone; the built program by itself, as in an image. */
export function invocation(
  program: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (pathOf(environment).some((directory) => isExecutable(join(directory, 'barkeep')))) return 'barkeep';
  const launcher = resolve(dirname(program), LAUNCHER);
  return existsSync(launcher) ? shellWord(launcher) : `node ${shellWord(program)}`;
}

/** Without what npm lays over it for the length of `npm start`. */
function pathOf({ PATH: path = '' }: Readonly<Record<string, string | undefined>>): readonly string[] {
  return path
    .split(delimiter)
    .filter((directory) => directory.startsWith('/') && !directory.includes('/node_modules/'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
