// The layout of a split virtqueue in guest memory (virtio 1.3, section 2.7). All fields are little-endian.
//
//   descriptor table, 16 bytes each:  addr u64 | len u32 | flags u16 | next u16
//   available ring (driver writes):   flags u16 | idx u16 | ring u16[size] | used_event u16 (only with EVENT_IDX)
//   used ring (device writes):        flags u16 | idx u16 | ring {id u32, len u32}[size] | avail_event u16 (only with EVENT_IDX)
import { readU64, type U64, writeU64 } from './u64.ts';

/** Section 2.7: "The maximum Queue Size value is 32768"; it is a power of two. */
export const LARGEST_QUEUE_SIZE = 32768;

export const DESCRIPTOR_SIZE = 16;
export const DESCRIPTOR_OFFSET = { addr: 0, len: 8, flags: 12, next: 14 } as const;
/** Section 2.7.5. */
export const DESCRIPTOR_FLAG = { next: 1, write: 2, indirect: 4 } as const;

/** Byte offsets, the same in both rings. */
export const RING_OFFSET = { flags: 0, idx: 2, ring: 4 } as const;
export const AVAILABLE_ELEMENT_SIZE = 2;
export const USED_ELEMENT_SIZE = 8;
export const USED_ELEMENT_OFFSET = { id: 0, len: 4 } as const;

/** Section 2.7.7: the driver does not want interrupts. */
export const AVAILABLE_FLAG_NO_INTERRUPT = 1;
/** Section 2.7.8: the device does not want kicks. */
export const USED_FLAG_NO_NOTIFY = 1;

/** Section 2.7: how each part has to be aligned, in bytes. */
export const RING_ALIGNMENT = { descriptors: 16, available: 2, used: 4 } as const;

/** Bytes of the descriptor table of a queue with `size` entries. */
export function descriptorTableBytes(size: number): number {
  return DESCRIPTOR_SIZE * size;
}

/** Bytes of the available ring that a device without EVENT_IDX reads. */
export function availableRingBytes(size: number): number {
  return RING_OFFSET.ring + AVAILABLE_ELEMENT_SIZE * size;
}

/** Bytes of the used ring that a device without EVENT_IDX writes. */
export function usedRingBytes(size: number): number {
  return RING_OFFSET.ring + USED_ELEMENT_SIZE * size;
}

/** Whether a number can be the size of a split queue: a power of two from 1 to 32768. */
export function isQueueSize(size: number): boolean {
  return Number.isInteger(size) && size >= 1 && size <= LARGEST_QUEUE_SIZE && (size & (size - 1)) === 0;
}

export type Descriptor = {
  /** Guest physical address. */
  readonly addr: U64;
  readonly len: number;
  readonly flags: number;
  readonly next: number;
};

/** Reads the descriptor at a byte offset. Throws RangeError outside the view. */
export function readDescriptor(view: DataView, offset: number): Descriptor {
  return {
    addr: readU64(view, offset + DESCRIPTOR_OFFSET.addr),
    len: view.getUint32(offset + DESCRIPTOR_OFFSET.len, true),
    flags: view.getUint16(offset + DESCRIPTOR_OFFSET.flags, true),
    next: view.getUint16(offset + DESCRIPTOR_OFFSET.next, true),
  };
}

/** Writes a descriptor at a byte offset (the driver's side). Throws RangeError outside the view. */
export function writeDescriptor(view: DataView, offset: number, descriptor: Descriptor): void {
  writeU64(view, offset + DESCRIPTOR_OFFSET.addr, descriptor.addr);
  view.setUint32(offset + DESCRIPTOR_OFFSET.len, descriptor.len, true);
  view.setUint16(offset + DESCRIPTOR_OFFSET.flags, descriptor.flags, true);
  view.setUint16(offset + DESCRIPTOR_OFFSET.next, descriptor.next, true);
}
