// The wait for somebody who decides for the VM.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Beginning } from '../../../services/frontend/deciding/beginning.ts';
import { SESSION_LOST, TIMED_OUT, VMM_FAILED } from '../../../services/frontend/operation.ts';
import { turns } from '../../support/until.ts';

const LIMIT = 400;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await turns();
}

describe('a command that needs somebody who decides', () => {
  it('is held until he is here, however often the session is attached meanwhile', async () => {
    const beginning = new Beginning(LIMIT);
    const waiting = beginning.wait(0);
    beginning.again();
    await pass(LIMIT / 2);
    beginning.again();
    beginning.here();

    expect(await waiting).toBeNull();
    expect(await beginning.wait(0)).toBeNull();
  });

  it('is told that time is over, and so is what stood behind it; what comes later is held anew', async () => {
    const beginning = new Beginning(LIMIT);
    const since = performance.now();
    const waiting = beginning.wait(since);
    await pass(LIMIT + 5);
    expect(await waiting).toEqual(TIMED_OUT);
    expect(await beginning.wait(since)).toEqual(TIMED_OUT);

    await pass(10);
    const later = beginning.wait(performance.now());
    beginning.here();

    expect(await later).toBeNull();
    beginning.again();
    const again = beginning.wait(since);
    beginning.tell(SESSION_LOST);
    expect(await again).toEqual(SESSION_LOST);
  });

  it('hears at once what is in the way, until somebody is awaited again', async () => {
    const beginning = new Beginning(LIMIT);
    const waiting = beginning.wait(0);
    beginning.failed(VMM_FAILED);
    expect(await waiting).toEqual(VMM_FAILED);
    expect(await beginning.wait(performance.now())).toEqual(VMM_FAILED);

    beginning.again();
    const later = beginning.wait(performance.now());
    beginning.tell(SESSION_LOST);
    expect(await later).toEqual(SESSION_LOST);
  });
});
