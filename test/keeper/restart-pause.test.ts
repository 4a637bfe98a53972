import { describe, expect, test } from 'vitest';
import { RestartPause } from '../../services/keeper/restart-pause.ts';

/** The pauses after lives of `duration`, one right after the other's pause. */
function pausesOf(
  pause: RestartPause,
  count: number,
  duration: number,
  wasReady: boolean,
  since = 0,
): number[] {
  let now = since;
  return Array.from({ length: count }, () => {
    now += duration;
    const length = pause.after({ duration, wasReady, end: now });
    now += length;
    return length;
  });
}

describe('the pause before a restart', () => {
  test('doubles from the second failure in a row on, up to a limit', () => {
    const pause = new RestartPause({});
    expect(pausesOf(pause, 9, 50, false)).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  test('is none after a life of 10 s, which forgives what was before', () => {
    const pause = new RestartPause({});
    pausesOf(pause, 5, 50, false);
    expect(pause.after({ duration: 10_000, wasReady: false, end: 60_000 })).toBe(0);
    expect(pause.after({ duration: 50, wasReady: false, end: 60_050 })).toBe(100);
  });

  test('is none for a service that is killed once a second while it works, however often', () => {
    expect(pausesOf(new RestartPause({}), 200, 1000, true)).toEqual(Array(200).fill(0));
  });

  test('is none ten times for a service that dies whenever it is ready, and doubles then', () => {
    const pause = new RestartPause({});
    expect(pausesOf(pause, 16, 200, true)).toEqual([...Array(11).fill(0), 100, 200, 400, 800, 1600]);
  });

  test('keeps a service that dies whenever it is ready from more than one start a second and a burst', () => {
    let now = 0;
    let starts = 0;
    const pause = new RestartPause({});
    for (; now < 600_000; starts++) {
      now += 200;
      now += pause.after({ duration: 200, wasReady: true, end: now });
    }
    expect(starts).toBeLessThan(620);
  });

  test('after failures is none for a life that got ready, and goes on growing for the next that does not', () => {
    const pause = new RestartPause({});
    pausesOf(pause, 3, 50, false);
    expect(pause.after({ duration: 400, wasReady: true, end: 1_000 })).toBe(0);
    expect(pause.after({ duration: 50, wasReady: false, end: 1_050 })).toBe(400);
  });
});
