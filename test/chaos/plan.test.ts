import { describe, expect, it } from 'vitest';
import { FAULT_POINTS } from '../../services/lib/os/fault-point.ts';
import { FaultPoints } from './fault-points.ts';
import { Random } from './random.ts';
import { checkNames } from './run.ts';

describe('the plan of the chaos suite', () => {
  it('has a check for every fault point of the code', () => {
    const names = checkNames();

    expect(FAULT_POINTS.filter((point) => !names.includes(`points/${point}`))).toEqual([]);
    expect(FAULT_POINTS.filter((point) => !names.includes(`both/${point}`))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has no point in two groups', () => {
    const points = FaultPoints.groups(FAULT_POINTS).flatMap((group) => group.points);

    expect(new Set(points).size).toBe(points.length);
    expect(points.length).toBeGreaterThan(FAULT_POINTS.length / 2);
  });
});

describe('random numbers of a run', () => {
  it('are repeated by the seed', () => {
    const [one, other] = [new Random(5), new Random(5)];

    expect(Array.from({ length: 20 }, () => one.between(0, 1000))).toEqual(
      Array.from({ length: 20 }, () => other.between(0, 1000)),
    );
  });

  it('lie within their bounds, and reach both', () => {
    const random = new Random(9);
    const drawn = new Set(Array.from({ length: 200 }, () => random.between(3, 5)));

    expect([...drawn].sort()).toEqual([3, 4, 5]);
  });

  it('leave nothing out when they shuffle', () => {
    const items = Array.from({ length: 50 }, (_, index) => index);

    const shuffled = new Random(1).shuffled(items);

    expect(shuffled).not.toEqual(items);
    expect(shuffled.sort((a, b) => a - b)).toEqual(items);
  });
});
