import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SocketWatch } from '../../services/frontend/socket-watch.ts';

/** Long enough for the kernel to have told of what was done. */
const A_MOMENT = 30;

let directory: string;
let path: string;
let watch: SocketWatch;
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

describe('a watched path', () => {
  test('is told of when something is made there', async () => {
    writeFileSync(path, '');
    await vi.waitFor(() => expect(onMade).toHaveBeenCalled());
  });

  test('is not told of when what was there goes', async () => {
    writeFileSync(path, '');
    await vi.waitFor(() => expect(onMade).toHaveBeenCalled());
    await sleep(A_MOMENT);
    onMade.mockReset();
    unlinkSync(path);
    await sleep(A_MOMENT);
    expect(onMade).not.toHaveBeenCalled();
  });

  test('is not taken for another one of its directory', async () => {
    writeFileSync(join(directory, 'admin.sock'), '');
    await sleep(A_MOMENT);
    expect(onMade).not.toHaveBeenCalled();
  });

  test('is left alone after close()', async () => {
    watch.close();
    writeFileSync(path, '');
    await sleep(A_MOMENT);
    expect(onMade).not.toHaveBeenCalled();
  });

  test('in a directory that is not there says nothing', () => {
    expect(() => new SocketWatch(join(directory, 'none', 'broker.sock'), onMade).close()).not.toThrow();
  });
});
