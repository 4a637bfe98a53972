/**
 * Random lives of two VMs on one host. After every step the books agree with sums over plain lists, a refused command
 * has changed nothing, and every blob holds what was written to it and nothing else: see support/world.ts.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bare, Step } from './support/world.ts';
import { PAGE, WINDOW_PAGES, World } from './support/world.ts';

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

const command: fc.Arbitrary<Bare> = fc.oneof(
  { weight: 100, arbitrary: create },
  { weight: 90, arbitrary: map },
  { weight: 45, arbitrary: unmap },
  { weight: 18, arbitrary: destroy },
  { weight: 1, arbitrary: reset },
);

const step: fc.Arbitrary<Step> = fc.oneof(
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

describe('two VMs on one host', () => {
  it('agree with plain lists and with memory, whatever happens to them', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const world = new World();
        for (const one of steps) {
          world.take(one);
        }
        // In the end everything can be given back, and nothing is left of it.
        world.take({ kind: 'reattach', vm: 0 });
        world.take({ kind: 'reattach', vm: 1 });
        expect(world.host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
        expect(world.heaps.live.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  }, 120_000);

  it('meet every reason, every effect and every failure in these lives', () => {
    const lives = fc.sample(fc.array(step, { minLength: 150, maxLength: 150 }), { numRuns: 30, seed: 7 });
    const seen = new Set<string>();
    for (const life of lives) {
      const world = new World();
      for (const one of life) {
        world.take(one);
      }
      for (const one of world.seen) {
        seen.add(one);
      }
    }
    expect([...seen].sort()).toEqual([
      'ALREADY_MAPPED',
      'BLOB_FLAGS_INVALID',
      'BLOB_ID_UNKNOWN',
      'HEAP_CAPACITY',
      'HOST_CAPACITY',
      'NOT_MAPPABLE',
      'OFFSET_MISALIGNED',
      'OUTSIDE_WINDOW',
      'OUT_OF_MEMORY',
      'OVERLAP',
      'PLACEMENT_MISMATCH',
      'QUOTA_ALLOCATIONS',
      'QUOTA_BYTES',
      'QUOTA_MAPPINGS',
      'RESOURCE_ID_INVALID',
      'RESOURCE_ID_IN_USE',
      'RESOURCE_UNKNOWN',
      'SIZE_INVALID',
      'drop-stash',
      'failed populate',
      'failed restore',
      'failed stash',
      'failed zero',
      'populate',
      'release',
      'restore',
      'stash',
      'zero',
    ]);
  }, 60_000);
});
