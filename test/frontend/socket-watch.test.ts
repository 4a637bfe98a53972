import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SocketWatch } from '../../services/frontend/socket-watch.ts';
import { turns, until } from '../support/until.ts';

let directory: string;
let path: string;
let watch: SocketWatch;
let made = 0;
const onMade = vi.fn();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-watch-'));
  path = join(directory, 'broker.sock');
  onMade.mockReset();
  watch = new SocketWatch(path, onMade);
});

afterEach(() => {
  watch.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The kernel has told everybody of all that was done: it tells in order, and has told another watch of what was made last. */
async function everythingIsTold(): Promise<void> {
  const last = join(directory, `last-${++made}`);
  const isTold = vi.fn();
  const another = new SocketWatch(last, isTold);
  writeFileSync(last, '');
  await until('another watch is told', () => isTold.mock.calls.length > 0);
  another.close();
  await turns();
}

describe('a watched path', () => {
  test('is told of when something is made there', async () => {
    writeFileSync(path, '');
    await until('it is told', () => onMade.mock.calls.length > 0);
  });

  test('is not told of when what was there goes', async () => {
    writeFileSync(path, '');
    await until('it is told', () => onMade.mock.calls.length > 0);
    await everythingIsTold();
    onMade.mockReset();
    unlinkSync(path);
    await everythingIsTold();
    expect(onMade).not.toHaveBeenCalled();
  });

  test('is not taken for another one of its directory', async () => {
    writeFileSync(join(directory, 'admin.sock'), '');
    await everythingIsTold();
    expect(onMade).not.toHaveBeenCalled();
  });

  test('is left alone after close()', async () => {
    watch.close();
    writeFileSync(path, '');
    await everythingIsTold();
    expect(onMade).not.toHaveBeenCalled();
  });

  test('in a directory that is not there says nothing', () => {
    expect(() => new SocketWatch(join(directory, 'none', 'broker.sock'), onMade).close()).not.toThrow();
  });
});
