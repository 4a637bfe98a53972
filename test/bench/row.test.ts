import { describe, expect, it } from 'vitest';
import { atLeast, atMost, middleOf, ratiosOf } from './row.ts';

describe('a line of the benchmarks', () => {
  it.each([
    { row: atLeast(0.8, 'rate', 0.8, ''), goal: 'at least 0.80', reached: true },
    { row: atLeast(0.8, 'rate', 0.79, ''), goal: 'at least 0.80', reached: false },
    { row: atMost(20, 'memory', 20, '', { unit: 'MiB', digits: 0 }), goal: 'at most 20 MiB', reached: true },
    {
      row: atMost(20, 'memory', 20.1, '', { unit: 'MiB', digits: 0 }),
      goal: 'at most 20 MiB',
      reached: false,
    },
  ])('$row.what of $row.value, $goal: $reached', ({ row, goal, reached }) => {
    expect(row).toMatchObject({ goal, reached });
  });

  it('reaches no goal with a figure that is none', () => {
    expect(atLeast(1, 'rate', Number.NaN, '').reached).toBe(false);
    expect(atMost(1, 'time', Number.NaN, '').reached).toBe(false);
  });

  it('compares round with round, because the machine changes its speed between them', () => {
    const { value, rounds } = middleOf(ratiosOf([10, 200, 3000], [20, 400, 3000]));

    expect(value).toBe(0.5);
    expect(rounds).toBe('rounds 0.50 to 1.00');
  });
});
