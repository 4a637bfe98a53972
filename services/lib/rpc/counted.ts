// What is counted of each VM, by name: all that can ever be, so that a counter has its series, at zero, before it first counts. A rate
// over a series that begins with its first event misses that event.
import type { Reason } from './status-error.ts';

/** What an operation of the broker can result in (proto: OperationCount). */
export const RESULTS_OF = {
  create: ['ok', 'refused', 'repeated'],
  map: ['ok', 'refused', 'repeated'],
  unmap: ['ok', 'noop', 'refused', 'repeated'],
  destroy: ['ok', 'refused', 'repeated'],
  reset: ['ok', 'refused', 'repeated'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Why the broker refuses a command of a VM that it knows. */
export const REFUSALS_OF_BROKER = [
  'RESOURCE_ID_INVALID',
  'RESOURCE_ID_IN_USE',
  'RESOURCE_UNKNOWN',
  'BLOB_FLAGS_INVALID',
  'BLOB_ID_UNKNOWN',
  'SIZE_INVALID',
  'PLACEMENT_MISMATCH',
  'NOT_MAPPABLE',
  'ALREADY_MAPPED',
  'OFFSET_MISALIGNED',
  'OUTSIDE_WINDOW',
  'OVERLAP',
  'QUOTA_BYTES',
  'QUOTA_MAPPINGS',
  'QUOTA_ALLOCATIONS',
  'HEAP_CAPACITY',
  'HOST_CAPACITY',
  'OUT_OF_MEMORY',
  'NUMBER_GAP',
  'NUMBER_FORGOTTEN',
  'UNACKNOWLEDGED_LIMIT',
] as const satisfies readonly Reason[];

/** Why a VM's frontend takes back what the broker allowed. */
export const REFUSALS_OF_FRONTEND = ['VMM_SLOTS'] as const satisfies readonly Reason[];
