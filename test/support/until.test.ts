import { describe, expect, it } from 'vitest';
import { until } from './until.ts';

describe('until', () => {
  it('gives what the condition gave, at the first time that it holds', async () => {
    let looks = 0;
    const value = await until('three looks were taken', () => (++looks < 3 ? null : `look ${looks}`));

    expect(value).toBe('look 3');
  });

  it('takes a condition that throws for one that does not hold yet', async () => {
    let looks = 0;
    const value = await until('the second look', async () => {
      if (++looks < 2) throw new Error('too early');
      return looks;
    });

    expect(value).toBe(2);
  });

  it('says what it waited for, for how long, and what it found', async () => {
    const waiting = until('pigs fly', () => false, { within: 20, found: () => ({ altitude: 0 }) });

    await expect(waiting).rejects.toThrow('waited 20 ms until pigs fly; found: {"altitude":0}');
  });

  it('says what the condition threw last', async () => {
    const waiting = until('it is there', () => expect(1).toBe(2), { within: 20 });

    await expect(waiting).rejects.toThrow('until it is there; found: expected 1 to be 2');
  });
});
