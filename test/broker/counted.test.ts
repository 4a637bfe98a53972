// What the metrics begin at zero is what the broker can count.
import { describe, expect, it } from 'vitest';
import { OPERATIONS } from '../../services/lib/domain/command.ts';
import { REFUSAL_REASONS } from '../../services/lib/domain/refusal.ts';
import { REFUSALS_OF_BROKER, RESULTS_OF } from '../../services/lib/rpc/counted.ts';

describe('what is counted of a VM', () => {
  it('is every operation', () => {
    expect(Object.keys(RESULTS_OF).sort()).toEqual([...OPERATIONS].sort());
  });

  it('is every reason to refuse, but that there is no such VM', () => {
    expect([...REFUSALS_OF_BROKER, 'VM_UNKNOWN'].sort()).toEqual([...REFUSAL_REASONS].sort());
  });
});
