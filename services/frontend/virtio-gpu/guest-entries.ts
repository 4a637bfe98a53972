// The list of guest memory that follows RESOURCE_ATTACH_BACKING and RESOURCE_CREATE_BLOB. Its length is the guest's word against the bytes
// that it sent: nothing is allocated by its word.
import { entriesTotal, memoryEntry } from '../../lib/wire/virtio-gpu.ts';
import { type Answer, INVALID_PARAMETER, OUT_OF_MEMORY } from './answers.ts';
import type { Command } from './command.ts';

/** The bytes that `count` entries from `offset` of the command describe, or the answer when they are not there. */
export function backingOf(command: Command, offset: number, count: number): number | Answer {
  if (offset + count * memoryEntry.bytes > command.length) return INVALID_PARAMETER;
  // They were sent, but there are more than this device takes in one command.
  return entriesTotal(command.view, offset, count) ?? OUT_OF_MEMORY;
}
