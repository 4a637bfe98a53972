// README commands exist: every npm script, every barkeep verb and flag, and every file that it names.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

function unique(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

const scripts = unique([...README.matchAll(/npm run ([a-z:-]+)/g)].map((match) => match[1] as string));
const links = unique([...README.matchAll(/\]\((?!http|#)([^)#]+)/g)].map((match) => match[1] as string));
const verbs = unique(
  [...README.matchAll(/\bbarkeep ((?:[a-z]+)(?: (?:list|show|check))?)(?=[ `\n])/g)]
    .map((match) => match[1] as string)
    .filter((verb) => !['is', 'owns', 'and', 'does', 'needs', 'has'].includes(verb.split(' ')[0] as string)),
);

describe('README.md', () => {
  it('names the two commands', () => {
    expect(README).toContain('npm ci && npm start');
    expect(README).toContain('npm ci && npm test');
    expect(PACKAGE.scripts).toHaveProperty('start');
    expect(PACKAGE.scripts).toHaveProperty('test');
  });

  it.each(scripts)('npm run %s is a script', (script) => {
    expect(PACKAGE.scripts).toHaveProperty([script]);
  });

  it.each(links)('%s exists', (path) => {
    expect(existsSync(join(ROOT, path))).toBe(true);
  });

  it.each(verbs)('barkeep %s has a help text', (verb) => {
    const help = execFileSync(
      process.execPath,
      [join(ROOT, 'dist/services/cli/main.js'), ...verb.split(' '), '--help'],
      {
        encoding: 'utf8',
      },
    );
    expect(help).toContain(`Usage: barkeep ${verb}`);
  });
});
