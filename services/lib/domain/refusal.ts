/** Why the broker says no: the list of reasons, and the shape of a refusal. */

/**
 * Every reason, once. The public contract and the metrics are drawn from this list: its order may change,
 * its names may not.
 */
export const REFUSAL_REASONS = [
  /** The resource id is 0 (or no u32): ids of blobs start at 1. */
  'RESOURCE_ID_INVALID',
  /** CREATE names an id that a live blob has. */
  'RESOURCE_ID_IN_USE',
  /** MAP, UNMAP or DESTROY names an id that no live blob has. */
  'RESOURCE_UNKNOWN',
  /** CREATE has a memory type that the host does not provide, or flag bits that virtio-gpu does not define. */
  'BLOB_FLAGS_INVALID',
  /** CREATE names a blob_id that the VM's settings lead to no heap. */
  'BLOB_ID_UNKNOWN',
  /** The size is 0, or no multiple of the heap's granule. */
  'SIZE_INVALID',
  /** The heap's backing does not fit the VM's placement. */
  'PLACEMENT_MISMATCH',
  /** MAP of a blob that was created without USE_MAPPABLE. */
  'NOT_MAPPABLE',
  /** MAP of a blob that is mapped. */
  'ALREADY_MAPPED',
  /** The offset is no multiple of the heap's granule. */
  'OFFSET_MISALIGNED',
  /** The range does not lie inside the window, or its end is above 2^64. */
  'OUTSIDE_WINDOW',
  /** The range overlaps another mapping. */
  'OVERLAP',
  /** The VM's limit of bytes, mappings, allocations. */
  'QUOTA_BYTES',
  'QUOTA_MAPPINGS',
  'QUOTA_ALLOCATIONS',
  /** The heap's capacity. */
  'HEAP_CAPACITY',
  /** A limit of the whole host. */
  'HOST_CAPACITY',
  /** The books had room, the machine had not. */
  'OUT_OF_MEMORY',
  /** A command's number is not the next one: something was lost on the way. */
  'NUMBER_GAP',
  /** A command's number was acknowledged before: its answer is gone. */
  'NUMBER_FORGOTTEN',
  /** Too many answers wait for their acknowledgement. */
  'UNACKNOWLEDGED_LIMIT',
  /** The host has no VM of that name. */
  'VM_UNKNOWN',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Plain data: it is remembered, written to the journal and sent. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** What was asked, what was found, what to do. */
  readonly message: string;
  /** The same figures for programs: lowerCamel keys, decimal values. */
  readonly metadata: Readonly<Record<string, string>>;
}

export function refuse(
  reason: RefusalReason,
  message: string,
  metadata: Readonly<Record<string, string | number | bigint>>,
): Refusal {
  const strings: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) {
    strings[key] = String(value);
  }
  return { reason, message, metadata: strings };
}
