import { describe, expect, it } from 'vitest';
import { PROBE, type Round } from './guest-load.ts';
import { stallsOf } from './stalls.ts';

const round = (start: number, end: number, longest: number): Round => ({
  lane: PROBE,
  start,
  end,
  cycles: 10,
  longest,
  p99: longest,
});

describe('the cost of deaths', () => {
  it('is the longest life of a blob in the rounds that a death fell into', () => {
    const rounds = [round(0, 90, 5), round(95, 400, 250), round(900, 1000, 7)];

    const stalls = stallsOf([{ of: 'broker', at: 100, backAt: 300 }], rounds);

    expect(stalls).toMatchObject({ deaths: 1, longest: 250, p99: 250, undisturbed: 5 });
  });

  it('is told of deaths of one kind, if wanted', () => {
    const rounds = [round(0, 90, 5), round(95, 400, 250), round(900, 1000, 7)];
    const deaths = [
      { of: 'frontend', at: 100, backAt: 300 },
      { of: 'broker', at: 950, backAt: 960 },
    ] as const;

    expect(stallsOf(deaths, rounds, 'broker')).toMatchObject({ deaths: 1, longest: 7 });
  });

  it('counts deaths that did not wait for a successor as one row', () => {
    const rounds = [round(0, 50, 5), round(90, 1500, 1300), round(2000, 2600, 400)];
    const deaths = [
      { of: 'frontend', at: 100, backAt: null },
      { of: 'broker', at: 300, backAt: null },
      { of: 'frontend', at: 600, backAt: 1200 },
      { of: 'both', at: 2100, backAt: 2400 },
    ] as const;

    const stalls = stallsOf(deaths, rounds);

    expect(stalls).toMatchObject({ deaths: 1, longest: 400, rows: 1, longestOfRows: 1300 });
  });

  it('is told by single lives, not by those that came in great numbers', () => {
    const rounds = [round(90, 400, 250), { ...round(0, 900, 800), lane: 'small' }];

    const stalls = stallsOf([{ of: 'broker', at: 100, backAt: 300 }], rounds);

    expect(stalls.longest).toBe(250);
  });

  it('is nothing when nobody died', () => {
    expect(stallsOf([], [round(0, 10, 3)])).toMatchObject({ deaths: 0, p99: 0, longest: 0, undisturbed: 3 });
  });
});
