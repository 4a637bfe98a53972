// The run directory: modes, the lock, and secrets that a hostile owner of a VM's directory cannot turn against the broker.
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tryLock } from '../../../services/lib/os/lock.ts';
import {
  createRunDirectory,
  createVmSecret,
  lockRunDirectory,
  type RunPaths,
  readVmSecret,
  runDirectoryPaths,
  socketPathProblem,
} from '../../../services/lib/runtime/run-directory.ts';

const UID = process.getuid?.() ?? 0;
const OWN_USER = { kind: 'user', uid: UID } as const;
const SECRET = /^[0-9a-f]{64}$/;

let base: string;
let paths: RunPaths;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'barkeep-run-'));
  paths = createRunDirectory(join(base, 'run'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('the directory', () => {
  test('is made with its vms/, for others to pass through', () => {
    expect([modeOf(paths.directory), modeOf(join(paths.directory, 'vms'))]).toEqual(['755', '755']);
  });

  test('can be passed through whatever the umask is', () => {
    const before = process.umask(0o077);
    const made = createRunDirectory(join(base, 'other'));
    process.umask(before);
    expect([modeOf(made.directory), modeOf(join(made.directory, 'vms'))]).toEqual(['755', '755']);
  });

  test('may be there already', () => {
    expect(() => createRunDirectory(paths.directory)).not.toThrow();
  });

  test('says what lies where', () => {
    expect(runDirectoryPaths('/run/barkeep')).toMatchObject({
      brokerSocket: '/run/barkeep/broker.sock',
      adminSocket: '/run/barkeep/admin.sock',
      fdSocket: '/run/barkeep/fd.sock',
      lock: '/run/barkeep/broker.lock',
    });
    expect(paths.vmSocket('web-1')).toBe(`${paths.directory}/vms/web-1/gpu.sock`);
  });

  test('that cannot be made is an error that says so', () => {
    writeFileSync(join(base, 'file'), '');
    expect(() => createRunDirectory(join(base, 'file', 'run'))).toThrow(
      /create the run directory .*: ENOTDIR/,
    );
  });

  test('knows how long a name of a socket may be', () => {
    expect(socketPathProblem(`/${'x'.repeat(106)}`)).toBeNull();
    expect(socketPathProblem(`/${'x'.repeat(107)}`)).toMatch(/has 108 bytes, and Linux takes 107/);
  });
});

describe('the lock', () => {
  test('is held by one, who is named to the other', () => {
    const lock = lockRunDirectory(paths, tryLock);
    expect(() => lockRunDirectory(paths, tryLock)).toThrow(
      expect.objectContaining({
        exitCode: 1,
        message: `use the run directory ${paths.directory}: another broker (pid ${process.pid}) runs in it; stop that one, or give this one its own with --run-directory`,
      }),
    );
    lock.release();
  });

  test('is free after its release, and so is one that a dead broker left', () => {
    writeFileSync(paths.lock, '99999999\n');
    lockRunDirectory(paths, tryLock).release();
    const lock = lockRunDirectory(paths, tryLock);
    expect(readFileSync(paths.lock, 'utf8')).toBe(`${process.pid}\n`);
    lock.release();
  });

  test('leaves no descriptor behind when it is refused', () => {
    const lock = lockRunDirectory(paths, tryLock);
    const before = readdirSync('/proc/self/fd').length;
    for (let n = 0; n < 10; n++) expect(() => lockRunDirectory(paths, tryLock)).toThrow();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    lock.release();
  });

  test('follows no link', () => {
    symlinkSync('/tmp/elsewhere', paths.lock);
    expect(() => lockRunDirectory(paths, tryLock)).toThrow(/ELOOP/);
  });
});

describe('a secret', () => {
  test('is 32 random bytes in hex, for its owner only', () => {
    const secret = createVmSecret(paths, 'web-1', OWN_USER);
    expect(secret).toMatch(SECRET);
    expect(readVmSecret(paths, 'web-1')).toBe(secret);
    expect([modeOf(paths.vmDirectory('web-1')), modeOf(paths.vmSecret('web-1'))]).toEqual(['750', '600']);
    expect(createVmSecret(paths, 'web-2', OWN_USER)).not.toBe(secret);
  });

  test('outlives a restart of the broker', () => {
    expect(createVmSecret(paths, 'web-1', OWN_USER)).toBe(createVmSecret(paths, 'web-1', OWN_USER));
  });

  test('leaves no draft behind', () => {
    createVmSecret(paths, 'web-1', OWN_USER);
    expect(readdirSync(paths.vmDirectory('web-1'))).toEqual(['secret']);
  });

  test.each([
    ['readable by others', () => chmodSync(paths.vmSecret('web-1'), 0o644)],
    ['of another form', () => writeFileSync(paths.vmSecret('web-1'), 'hunter2')],
    ['with a second name', () => linkSync(paths.vmSecret('web-1'), join(base, 'copy'))],
  ])('%s is replaced', (_, spoil) => {
    const before = createVmSecret(paths, 'web-1', OWN_USER);
    spoil();
    const after = createVmSecret(paths, 'web-1', OWN_USER);
    expect(after).toMatch(SECRET);
    expect(after).not.toBe(before);
    expect(modeOf(paths.vmSecret('web-1'))).toBe('600');
  });

  test('that is a link leads nowhere: what it names stays as it is', () => {
    mkdirSync(paths.vmDirectory('web-1'));
    const victim = join(base, 'victim');
    writeFileSync(victim, 'a'.repeat(64), { mode: 0o600 });
    symlinkSync(victim, paths.vmSecret('web-1'));
    const secret = createVmSecret(paths, 'web-1', OWN_USER);
    expect(secret).not.toBe('a'.repeat(64));
    expect(readFileSync(victim, 'utf8')).toBe('a'.repeat(64));
    expect(readVmSecret(paths, 'web-1')).toBe(secret);
  });

  test('that is a directory is an error', () => {
    mkdirSync(join(paths.vmDirectory('web-1'), 'secret', 'x'), { recursive: true });
    expect(() => createVmSecret(paths, 'web-1', OWN_USER)).toThrow(/give .*secret to user/);
  });

  test('that is missing says who makes it', () => {
    expect(() => readVmSecret(paths, 'web-9')).toThrow(
      expect.objectContaining({ exitCode: 4, message: expect.stringContaining('is it running') }),
    );
  });

  test('that is none is an error', () => {
    mkdirSync(paths.vmDirectory('web-1'));
    writeFileSync(paths.vmSecret('web-1'), '');
    expect(() => readVmSecret(paths, 'web-1')).toThrow(/holds no secret; restart the broker/);
  });
});
