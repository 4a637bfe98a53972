// The version of this program, from its package.json (beside services/ in the sources, and copied to dist/ by the build).
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

export const VERSION: string = manifest.version;
