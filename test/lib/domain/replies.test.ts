import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../services/lib/domain/command.ts';
import { Replies } from '../../../services/lib/domain/replies.ts';

function answer(number: number): Reply {
  return { kind: 'reset', number, generation: number, result: 'ok', blobs: 0, mappings: 0 };
}

function answered(count: number, bound?: number): Replies {
  const replies = new Replies(bound);
  for (let number = 1; number <= count; number += 1) {
    replies.add(answer(number));
  }
  return replies;
}

describe('the next number', () => {
  it('is 1 at first, and then one more each time', () => {
    expect(new Replies().admit(1)).toBeNull();
    expect(answered(7).admit(8)).toBeNull();
  });

  it.each([4, 100, 2 ** 53 - 1, 2n ** 64n - 1n, Number.NaN])('is not %d after 2: a gap', (number) => {
    expect(answered(2).admit(number)).toEqual({
      reason: 'NUMBER_GAP',
      message: `command ${number} came, but the last one executed was 2: send 3 next`,
      metadata: { number: String(number), last: '2' },
    });
  });
});

describe('a number that was executed', () => {
  it('gets the answer that was given, as often as it is asked', () => {
    const replies = answered(20);

    expect(replies.admit(1)).toEqual(answer(1));
    expect(replies.admit(1)).toEqual(answer(1));
    expect(replies.admit(20)).toEqual(answer(20));
  });

  it('is forgotten once it is acknowledged', () => {
    const replies = answered(5);
    replies.acknowledge(3);

    expect(replies.admit(3)).toEqual({
      reason: 'NUMBER_FORGOTTEN',
      message: 'command 3 came, but the answers up to 3 were acknowledged and are gone: send 6 next',
      metadata: { number: '3', acknowledged: '3', last: '5' },
    });
    expect(replies.admit(4)).toEqual(answer(4));
    expect(replies.remembered).toBe(2);
  });

  it.each([0, -1, 1.5])('was never %d', (number) => {
    expect(answered(2).admit(number)).toMatchObject({ reason: 'NUMBER_FORGOTTEN' });
  });
});

describe('answers that wait for their acknowledgement', () => {
  it('are kept up to the bound, and then the next command has to wait', () => {
    const replies = answered(16, 16);
    const refused = replies.admit(17);
    replies.acknowledge(1);

    expect(refused).toEqual({
      reason: 'UNACKNOWLEDGED_LIMIT',
      message:
        'command 17 came, but 16 answers wait for their acknowledgement, and no more are kept: acknowledge, then send it again',
      metadata: { number: '17', acknowledged: '0', limit: '16' },
    });
    expect(replies.admit(17)).toBeNull();
  });

  it('are 4096 unless told otherwise', () => {
    expect(answered(4095).admit(4096)).toBeNull();
    expect(answered(4096).admit(4097)).toMatchObject({ reason: 'UNACKNOWLEDGED_LIMIT' });
    expect(answered(4096).admit(1)).toEqual(answer(1));
  });

  it('need a bound that is a power of two', () => {
    expect(() => new Replies(100)).toThrow('the bound has to be a power of two from 16, not 100');
    expect(() => new Replies(8)).toThrow(RangeError);
  });
});

describe('an acknowledgement', () => {
  it('of what was acknowledged before changes nothing', () => {
    const replies = answered(5);
    replies.acknowledge(4);

    expect(replies.acknowledge(2)).toBeNull();
    expect(replies.acknowledge(0)).toBeNull();
    expect(replies.acknowledged).toBe(4);
  });

  it.each([6, 2n ** 63n, Number.NaN])('of %d, which was not executed, is refused', (through) => {
    const replies = answered(5);

    expect(replies.acknowledge(through)).toEqual({
      reason: 'NUMBER_GAP',
      message: `the answers up to ${through} were acknowledged, but the last command executed was 5: acknowledge only what was answered`,
      metadata: { number: String(through), last: '5' },
    });
    expect(replies.acknowledged).toBe(0);
  });
});

describe('an answer', () => {
  it('can be replaced while it is remembered', () => {
    const replies = answered(3);
    replies.replace({ ...answer(2), generation: 77 });

    expect(replies.admit(2)).toMatchObject({ generation: 77 });
    expect(() => replies.replace(answer(4))).toThrow(
      'the answer to 4 was to be replaced, but is not remembered',
    );
  });

  it('cannot be given out of turn', () => {
    expect(() => answered(3).add(answer(3))).toThrow('the answer to 3 was given when 4 was next');
    expect(() => answered(3).add(answer(5))).toThrow('the answer to 5 was given when 4 was next');
  });
});

describe('replies', () => {
  it('agree with a table of all answers', () => {
    const step = fc.record({ number: fc.nat(80), acknowledge: fc.option(fc.nat(80)) });
    const WORDS = ['next', 'repeated', 'forgotten', 'gap', 'full'] as const;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const replies = new Replies(16);
        let last = 0;
        let acknowledged = 0;
        for (const { number, acknowledge } of steps) {
          // One in two steps sends the next number, so that the sequence moves on.
          const sent = number % 2 === 0 ? last + 1 : number;
          const full = sent === last + 1 && last - acknowledged === 16;
          const truth = [
            sent === last + 1 && !full,
            sent > acknowledged && sent <= last,
            sent <= acknowledged,
            sent > last + 1,
            full,
          ];
          const expected = WORDS[truth.indexOf(true)];
          const admitted = replies.admit(sent);
          const given = {
            next: null,
            repeated: answer(sent),
            forgotten: { reason: 'NUMBER_FORGOTTEN' },
            gap: { reason: 'NUMBER_GAP' },
            full: { reason: 'UNACKNOWLEDGED_LIMIT' },
          }[expected ?? 'next'];
          expect(admitted === null ? {} : admitted).toMatchObject(given ?? {});
          expect(admitted === null).toBe(given === null);
          if (admitted === null) {
            replies.add(answer(sent));
            last = sent;
          }
          const through = Math.min(acknowledge ?? 0, last);
          expect(replies.acknowledge(through)).toBeNull();
          acknowledged = Math.max(acknowledged, through);
          expect([replies.last, replies.acknowledged]).toEqual([last, acknowledged]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
