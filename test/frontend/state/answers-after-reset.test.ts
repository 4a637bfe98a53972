// What a driver was answered is nothing to the next one.
import { describe, expect, it } from 'vitest';
import { replay } from '../../../services/frontend/state/device-journal.ts';

describe('answers in the journal', () => {
  it('are not given to the chains of a driver that came after a reset', () => {
    const context = { kind: 'context', id: 1 } as const;
    const { answers } = replay([
      { kind: 'answered', answers: [{ chain: 7, reply: null }], changes: [context] },
      { kind: 'reset' },
      { kind: 'answered', answers: [{ chain: 5, reply: new Uint8Array(1) }], changes: [context] },
    ]);

    expect([...answers.keys()]).toEqual([5]);
  });
});
