// The lifeline: a child learns that its parent is gone, and the parent that its child is ready.
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { socketPair } from '../../../services/lib/os/socket.ts';
import { awaitReady, followLifeline } from '../../../services/lib/runtime/lifeline.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process with a fourth descriptor, like a child of `up`. */
function childSaying(program: string): { child: ChildProcess; line: Duplex } {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  children.push(child);
  return { child, line: child.stdio[3] as Duplex };
}

describe('the parent', () => {
  test('gets what the child says once it is ready', async () => {
    const { line } = childSaying(
      `require('fs').writeSync(3, '{"url":"http://x"}\\n'); setTimeout(() => {}, 60000)`,
    );
    expect(await awaitReady(line)).toEqual({ url: 'http://x' });
  });

  test('gets it whole when it comes in pieces', async () => {
    const { line } = childSaying(
      `const { writeSync } = require('fs'); writeSync(3, '{"url":'); setTimeout(() => writeSync(3, '"y"}\\n'), 20)`,
    );
    expect(await awaitReady(line)).toEqual({ url: 'y' });
  });

  test('gets null from a child that ends without a word', async () => {
    const { line } = childSaying('process.exit(3)');
    expect(await awaitReady(line)).toBeNull();
  });

  test('takes nonsense for a child that is ready and has nothing to say', async () => {
    const { line } = childSaying(`require('fs').writeSync(3, 'hello\\n'); setTimeout(() => {}, 60000)`);
    expect(await awaitReady(line)).toEqual({});
  });
});

describe('the child', () => {
  test('has no lifeline unless it is told which', () => {
    const onEnd = () => expect.unreachable();
    expect(followLifeline({}, onEnd)).toBeNull();
    expect(followLifeline({ BARKEEP_LIFELINE_FD: '' }, onEnd)).toBeNull();
    expect(followLifeline({ BARKEEP_LIFELINE_FD: 'three' }, onEnd)).toBeNull();
  });

  test('is told when the other end closes, after it has spoken', async () => {
    const [parentEnd, childEnd] = socketPair('stream');
    const parent = new Socket({ fd: parentEnd.release() });
    let lifeline: ReturnType<typeof followLifeline> = null;
    const ended = new Promise<void>((resolve) => {
      lifeline = followLifeline({ BARKEEP_LIFELINE_FD: String(childEnd.release()) }, resolve);
    });
    const ready = awaitReady(parent);
    lifeline!.ready({ url: 'http://x' });
    expect(await ready).toEqual({ url: 'http://x' });
    parent.destroy();
    await ended;
  });
});
