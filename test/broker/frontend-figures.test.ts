import { describe, expect, it } from 'vitest';
import { checkFrontendFigures, type FrontendFigures } from '../../services/broker/frontend-figures.ts';
import { toWire } from '../../services/lib/rpc/u64.ts';
import { BOUNDS } from '../../services/lib/runtime/duration-histogram.ts';

const ours = { bounds: [...BOUNDS], counts: [...BOUNDS.map(() => 1), 2], sum: 1 };
const good: FrontendFigures = {
  latencies: [{ stage: 'rpc', histogram: ours }],
  commands: [{ command: 'RESOURCE_MAP_BLOB', answer: 'OK_MAP_INFO', count: 5 }],
};
const stage = (bounds: number[], counts: number[]) => ({
  latencies: [{ stage: 'rpc', histogram: { bounds, counts, sum: 0 } }],
});

describe('figures of a frontend', () => {
  it('are taken as they are when they are in order', () => {
    expect(checkFrontendFigures(good)).toBe(good);
    expect(checkFrontendFigures({})).toEqual({});
  });

  it('are shown in the buckets of everybody else when they came in others', () => {
    const [rpc] = checkFrontendFigures(stage([0.1, 0.2], [1, 2, 3])).latencies ?? [];
    expect(rpc?.histogram?.bounds).toEqual(BOUNDS);
    const counts = rpc?.histogram?.counts ?? [];
    expect([counts[BOUNDS.indexOf(0.1)], counts[BOUNDS.indexOf(0.25)], counts.at(-1)]).toEqual([1, 2, 3]);
  });

  it.each([
    ['too many stages', { latencies: Array(17).fill(good.latencies?.[0]) }],
    ['too many commands', { commands: Array(513).fill(good.commands?.[0]) }],
    ['no name', { commands: [{ command: '', answer: 'OK', count: 1 }] }],
    ['a long name', { commands: [{ command: 'x'.repeat(65), answer: 'OK', count: 1 }] }],
    ['a name with odd characters', { commands: [{ command: 'a"\n', answer: 'OK', count: 1 }] }],
    ['a count too few', stage([1], [1])],
    ['bounds that fall', stage([2, 1], [1, 1, 1])],
    ['a bound that is no number', stage([Number.NaN], [1, 1])],
    ['a problem without words', { vmm: { problems: [{ kind: 1, message: '' }] } }],
    ['a problem that steers a terminal', { vmm: { problems: [{ kind: 1, message: 'a\u001b[2J' }] } }],
    ['more stray bytes than a number holds', { strayBytes: toWire(2n ** 63n) }],
    ['more untold blobs than a number holds', { untoldBlobs: toWire(2n ** 53n) }],
    ['too many problems', { vmm: { problems: Array(9).fill({ kind: 1, message: 'a' }) } }],
    [
      'too many buckets',
      stage(
        Array.from({ length: 65 }, (_, index) => index + 1),
        Array(66).fill(0),
      ),
    ],
  ])('are refused with %s', (_, figures) => {
    expect(() => checkFrontendFigures(figures)).toThrow(/a frontend reported statistics with/);
  });
});
