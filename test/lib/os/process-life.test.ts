// The life of a process is known by the process and not by its number, and its end is heard.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { DecidingProcess } from '../../../services/broker/fencing.ts';
import { closeAll } from '../../../services/lib/os/fd.ts';
import { ProcessLife } from '../../../services/lib/os/process-life.ts';
import { socketPair } from '../../../services/lib/os/socket.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function sleeper(): Promise<{ readonly child: ChildProcess; readonly pid: number }> {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  return { child, pid: child.pid! };
}

/** No process has it: pids end at 2^22. */
const NOBODY = 2 ** 22 + 1;

describe('the life of a process', () => {
  it('is over when it has ended, which is heard once', async () => {
    const { child, pid } = await sleeper();
    const life = ProcessLife.ofPid(pid)!;
    expect(life.isOver).toBe(false);
    const heard = new Promise<void>((resolve) => life.onEnd(resolve));
    child.kill('SIGKILL');
    await heard;
    expect(life.isOver).toBe(true);
    // Who asks later hears it too.
    await new Promise<void>((resolve) => life.onEnd(resolve));
    life.close();
  });

  it('is over for a number that nobody has', async () => {
    const life = ProcessLife.ofPid(NOBODY)!;
    expect(life.isOver).toBe(true);
    await new Promise<void>((resolve) => life.onEnd(resolve));
    life.close();
  });

  it('is known by a connection, and costs one descriptor until it is closed', () => {
    const pair = socketPair('stream');
    const before = readdirSync('/proc/self/fd').length;
    const life = ProcessLife.ofPeer(pair[0].number, process.pid)!;
    expect(life.isOver).toBe(false);
    life.onEnd(() => undefined);
    expect(readdirSync('/proc/self/fd').length).toBe(before + 1);
    life.close();
    life.close();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    closeAll([...pair]);
  });
});

describe.each([true, false])('who decides for a VM (the kernel tells of its end: %s)', (isTold) => {
  const of = (pid: number) => new DecidingProcess(pid, isTold ? ProcessLife.ofPid(pid) : null);

  it('holds its session against every other process until it is dead', async () => {
    const { child, pid } = await sleeper();
    const decider = of(pid);
    const here = { pid: process.pid };
    expect(decider.holdsAgainst(here, false)).toBe(true);
    expect(decider.holdsAgainst({ pid }, true)).toBe(false);
    const dead = new Promise<void>((resolve) => decider.onDeath(resolve));
    child.kill('SIGKILL');
    await dead;
    expect(decider.isAlive).toBe(false);
    expect(decider.holdsAgainst(here, true)).toBe(false);
    decider.close();
    const nobody = of(NOBODY);
    expect(nobody.holdsAgainst(here, true)).toBe(false);
    nobody.close();
  });

  it('is known by its connection alone where pids say nothing', () => {
    const decider = new DecidingProcess(0, null);
    expect([decider.holdsAgainst({ pid: 0 }, true), decider.holdsAgainst({ pid: 0 }, false)]).toEqual([
      true,
      false,
    ]);
    expect(decider.isAlive).toBe(false);
  });
});
