// The pool's work on a VM's memory: one job at a time, on files that are this VM's and nobody else's, whatever is closed meanwhile.
import { readSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  createStashFile,
  MOST_INLINE_BYTES,
  OwnMemory,
} from '../../../services/frontend/deciding/own-memory.ts';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, nextData } from '../../../services/lib/os/memory.ts';

const LARGE = 2 * MOST_INLINE_BYTES;

let window: Fd;
let stash: Fd;
let memory: OwnMemory;
let others: Fd[];
beforeEach(() => {
  window = createMemfd('test-window', 2 * LARGE);
  stash = createStashFile();
  memory = new OwnMemory(window.number, 2 * LARGE, stash.number);
  others = [];
});
afterEach(() => {
  memory.close();
  for (const fd of [window, stash, ...others]) fd.close();
});

function fill(fd: Fd, offset: number, length: number, byte: number): void {
  writeSync(fd.number, Buffer.alloc(length, byte), 0, length, offset);
}

function isAll(fd: Fd, offset: number, length: number, byte: number): boolean {
  const found = Buffer.alloc(length);
  readSync(fd.number, found, 0, length, offset);
  return found.equals(Buffer.alloc(length, byte));
}

it('does one job after the other: what is asked later finds what came before done', async () => {
  fill(window, 0, LARGE, 1);

  const copied = memory.stash(7, 0, LARGE);
  const zeroed = memory.zero(0, LARGE);
  const at = await copied;
  await zeroed;

  expect(isAll(stash, at, LARGE, 1)).toBe(true);
  expect(isAll(window, 0, LARGE, 0)).toBe(true);
});

it('finishes on its own files what was asked before it is closed, whoever has their numbers by then', async () => {
  fill(window, 0, LARGE, 1);
  const [before, second] = [window.number, stash.number];
  const jobs = [memory.zero(0, LARGE), memory.zero(LARGE, LARGE)];

  memory.close();
  window.close();
  stash.close();
  others = Array.from({ length: 4 }, () => createMemfd('another', 2 * LARGE));
  for (const fd of others) fill(fd, 0, LARGE, 2);
  await Promise.all(jobs);

  expect(others.map(({ number }) => number)).toEqual(expect.arrayContaining([before, second]));
  expect(others.every((fd) => isAll(fd, 0, LARGE, 2))).toBe(true);
  await expect(memory.zero(0, LARGE)).rejects.toThrow('not worked on any more');
});

it('gives the place of a large stash away when its bytes are gone, and not before', async () => {
  fill(window, 0, LARGE, 1);
  fill(window, LARGE, LARGE, 2);
  const first = await memory.stash(1, 0, LARGE);

  memory.dropStash(1);
  const second = await memory.stash(2, LARGE, LARGE);
  const third = await memory.stash(3, 0, LARGE);

  expect(second).not.toBe(first);
  expect(isAll(stash, second, LARGE, 2)).toBe(true);
  expect(third).toBe(first);
  expect(isAll(stash, third, LARGE, 1)).toBe(true);
  memory.dropStash(2);
  memory.dropStash(3);
  await memory.zero(0, 4096);
  expect(nextData(stash.number, 0, 2 ** 40)).toBeNull();
});
