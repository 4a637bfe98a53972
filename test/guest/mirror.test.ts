import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { debianMirror, isDebianArchive, parseDeb822Sources, parseOneLineSources } from './mirror.ts';

const DEB822 = `# a comment in front
Types: deb deb-src
# another
URIs: http://one.test/debian
 http://two.test/debian
Suites: bookworm bookworm-updates
Components: main
  contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 URIs: not-a-field

Enabled: no
Types: deb
URIs: http://off.test/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://source.test/debian
Suites: bookworm
Components: main
`;

describe('parseDeb822Sources', () => {
  it('reads every pair of URI and suite of the enabled binary paragraphs', () => {
    const sources = parseDeb822Sources(DEB822);

    expect(sources.map(({ uri, suite }) => `${uri} ${suite}`)).toEqual([
      'http://one.test/debian bookworm',
      'http://one.test/debian bookworm-updates',
      'http://two.test/debian bookworm',
      'http://two.test/debian bookworm-updates',
    ]);
    expect(sources[0]?.components).toEqual(['main', 'contrib']);
  });
});

describe('parseOneLineSources', () => {
  it('reads options, comments and components', () => {
    const text = [
      '# deb http://off.test/debian bookworm main',
      'deb [arch=amd64 signed-by=/k.gpg] http://one.test/debian trixie main contrib # why',
      'deb-src http://source.test/debian trixie main',
      'deb http://flat.test/ ./',
    ].join('\n');

    expect(parseOneLineSources(text)).toEqual([
      { uri: 'http://one.test/debian', suite: 'trixie', components: ['main', 'contrib'] },
      { uri: 'http://flat.test/', suite: './', components: [] },
    ]);
  });
});

describe('isDebianArchive', () => {
  it.each([
    { suite: 'bookworm', components: ['main'], expected: true },
    { suite: 'bookworm-security', components: ['main'], expected: false },
    { suite: 'nodistro', components: ['main'], expected: false },
    { suite: 'bookworm', components: ['stable'], expected: false },
  ])('$suite $components: $expected', ({ suite, components, expected }) => {
    expect(isDebianArchive({ uri: 'http://one.test/', suite, components })).toBe(expected);
  });
});

describe('debianMirror', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'barkeep-mirror-'));
    mkdirSync(join(directory, 'sources.list.d'));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  it('takes the archive that this machine uses and leaves third parties alone', () => {
    writeFileSync(join(directory, 'sources.list.d/a.list'), 'deb http://other.test/apt nodistro main\n');
    writeFileSync(join(directory, 'sources.list.d/b.sources'), DEB822);

    expect(debianMirror({}, directory)).toBe('http://one.test/debian');
  });

  it('prefers BARKEEP_DEBIAN_MIRROR', () => {
    writeFileSync(join(directory, 'sources.list'), 'deb http://one.test/debian bookworm main\n');

    expect(debianMirror({ BARKEEP_DEBIAN_MIRROR: 'http://mine.test/debian' }, directory)).toBe(
      'http://mine.test/debian',
    );
  });

  it('says what to set when there is none', () => {
    expect(() => debianMirror({}, join(directory, 'absent'))).toThrow(
      /names none: set BARKEEP_DEBIAN_MIRROR/,
    );
  });
});
