// The check of the contract, in repositories made for it: a break is found where it was made, and when more has landed on it since.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const CHECK = resolve(import.meta.dirname, 'contract-compatible.sh');

let repository = '';
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'barkeep-contract-'));
  git('init', '--quiet', '--initial-branch=main');
  mkdirSync(join(repository, 'proto'));
  writeFileSync(
    join(repository, 'buf.yaml'),
    'version: v2\nmodules:\n  - path: proto\nbreaking:\n  use: [FILE]\n',
  );
});
afterEach(() => rmSync(repository, { recursive: true, force: true }));

function git(...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.org', ...args], {
    cwd: repository,
    stdio: 'pipe',
  });
}

/** A contract with these fields becomes the newest commit. */
function land(...fields: string[]): void {
  const message = `message Blob {\n${fields.map((field) => `  ${field};\n`).join('')}}\n`;
  writeFileSync(join(repository, 'proto/blob.proto'), `syntax = "proto3";\npackage blob;\n${message}`);
  git('add', '.');
  git('commit', '--quiet', '--message', fields.join(', '));
}

function check(): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(CHECK, [repository], { encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

it('a contract that only grew is compatible with each of its versions', () => {
  land('uint64 size = 1');
  land('uint64 size = 1', 'string vm = 2');
  expect(check()).toEqual({ status: 0, text: 'the contract is compatible with 2 version(s) of it\n' });
});

it('a break is found that is not committed yet', () => {
  land('uint64 size = 1');
  writeFileSync(join(repository, 'proto/blob.proto'), 'syntax = "proto3";\npackage blob;\nmessage Blob {}\n');
  expect(check().status).toBe(1);
});

it('a break is found that landed before the newest change', () => {
  land('uint64 size = 1', 'string vm = 2');
  land('uint64 size = 1');
  land('uint64 size = 1', 'string heap = 3');
  const { status, text } = check();
  expect(text).toMatch(
    /field "2" with name "vm"[\s\S]*the contract breaks that of [\s\S]*1 of 3 earlier contracts/,
  );
  expect(status).toBe(1);
});

it('a break of what has a tag is found, on whatever branch it is', () => {
  land('uint64 size = 1');
  git('checkout', '--quiet', '-b', 'release');
  land('uint64 size = 1', 'string vm = 2');
  git('tag', 'v1');
  git('checkout', '--quiet', 'main');
  expect(check().text).toMatch(/the contract breaks that of/);
});

it('a tag from before there was a contract is passed over', () => {
  git('add', 'buf.yaml');
  git('commit', '--quiet', '--message', 'nothing yet');
  git('tag', 'v0');
  land('uint64 size = 1');
  expect(check()).toEqual({ status: 0, text: 'the contract is compatible with 1 version(s) of it\n' });
});
