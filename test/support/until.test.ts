import { describe, expect, it } from 'vitest';
import { stays, turns, until } from './until.ts';

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

  it('ends with a look that does not', async () => {
    const waiting = until('it answers', () => new Promise<boolean>(() => undefined), { within: 20 });

    await expect(waiting).rejects.toThrow('waited 20 ms until it answers; found: no look came to its end');
  });

  it('looks once more when the deadline has passed while nothing ran', async () => {
    let isThere = false;
    const waiting = until('it is there', () => isThere, { within: 20 });
    const end = performance.now() + 40;
    while (performance.now() < end);
    isThere = true;

    await expect(waiting).resolves.toBe(true);
  });
});

describe('stays', () => {
  it('is content with what holds all the while', async () => {
    await expect(stays('it is so', () => true, 20)).resolves.toBeUndefined();
  });

  it('says what does not hold any longer', async () => {
    let looks = 0;

    await expect(stays('no third look', () => ++looks < 3)).rejects.toThrow(/no longer: no third look/);
  });
});

describe('turns', () => {
  it('let run what is ready', async () => {
    const ran: string[] = [];
    setImmediate(() => setImmediate(() => ran.push('immediate')));
    void Promise.resolve().then(() => ran.push('promise'));
    await turns();

    expect(ran).toEqual(['promise', 'immediate']);
  });
});
