/**
 * Random lives of two VMs on one host. After every step the books agree with sums over plain lists, a refused command
 * has changed nothing, and every blob holds what was written to it and nothing else: see support/world.ts.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { step } from './support/life.ts';
import { World } from './support/world.ts';

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
  });

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
      'free',
      'populate',
      'release',
      'restore',
      'stash',
      'zero',
    ]);
  });
});
