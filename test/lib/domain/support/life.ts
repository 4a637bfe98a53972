/** Random lives of the two VMs of world.ts. */

import fc from 'fast-check';
import type { Bare, Step } from './world.ts';
import { PAGE, WINDOW_PAGES } from './world.ts';

const vm = fc.nat(1);
/** 0 is never an id; few others, and three of them often, so that they live long and meet. */
const resource = fc.oneof(
  { weight: 1, arbitrary: fc.nat(6) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }) },
);

const size = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 4 }).map((pages) => pages * PAGE) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 1, PAGE - 1, PAGE + 1, 40 * PAGE, 2 ** 52, 2n ** 63n, 2n ** 64n - 4096n),
  },
);
const offset = fc.oneof(
  { weight: 12, arbitrary: fc.nat(WINDOW_PAGES - 1).map((page) => page * PAGE) },
  // Favourite places, so that blobs come back to where they were, and meet there.
  { weight: 12, arbitrary: fc.constantFrom(0, 4 * PAGE, 8 * PAGE) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1, PAGE - 1, WINDOW_PAGES * PAGE, 2 ** 52, 2n ** 63n, 2n ** 64n - 4096n),
  },
);

const create = fc.record({
  kind: fc.constant('create' as const),
  resource,
  context: fc.nat(3),
  blobMem: fc.constantFrom('host3d' as const, 'host3d-guest' as const),
  flags: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(1, 3, 7) },
    { weight: 1, arbitrary: fc.constantFrom(0, 2, 8) },
  ),
  blobId: fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.constantFrom(1, 2) },
    { weight: 1, arbitrary: fc.constantFrom(3, 2n ** 63n) },
  ),
  size,
});
const map = fc.record({ kind: fc.constant('map' as const), resource, offset });
const unmap = fc.record({ kind: fc.constant('unmap' as const), resource });
const destroy = fc.record({ kind: fc.constant('destroy' as const), resource });
const reset = fc.constant({ kind: 'reset' as const });

export const command: fc.Arbitrary<Bare> = fc.oneof(
  { weight: 100, arbitrary: create },
  { weight: 90, arbitrary: map },
  { weight: 45, arbitrary: unmap },
  { weight: 18, arbitrary: destroy },
  { weight: 1, arbitrary: reset },
);

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 120,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      vm,
      command,
      aim: fc.oneof({ weight: 5, arbitrary: fc.nat(59) }, { weight: 1, arbitrary: fc.constant(null) }),
      failAt: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(5) }),
      exhausted: fc.nat(19).map((dice) => dice === 0),
    }),
  },
  {
    weight: 60,
    arbitrary: fc.record({ kind: fc.constant('write' as const), vm, resource, page: fc.nat(5) }),
  },
  {
    weight: 15,
    arbitrary: fc.record({ kind: fc.constant('stray' as const), vm, page: fc.nat(WINDOW_PAGES - 1) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sweep' as const), vm }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('repeat' as const), vm, back: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), vm, through: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('behalf' as const), vm, resource }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reattach' as const), vm }) },
);

export function life(most: number): fc.Arbitrary<Step[]> {
  return fc.array(step, { maxLength: most, size: 'max' });
}
