// RESOURCE_CREATE_BLOB (virtio 1.3, 5.7.6.8): binds a resource id to memory. GUEST memory is the guest's own and stays between the guest and
// this table; host memory is for who decides for the VM, who also judges id, flags, blob_id and size.
import { isMultiple, SMALLEST_PAGE } from '../../lib/wire/alignment.ts';
import { BLOB_FLAG, BLOB_FLAGS, BLOB_MEM, COMMANDS, type CommandBody } from '../../lib/wire/virtio-gpu.ts';
import {
  answerTo,
  INVALID_CONTEXT_ID,
  INVALID_PARAMETER,
  INVALID_RESOURCE_ID,
  OK,
  OUT_OF_MEMORY,
} from './answers.ts';
import { answered, type DeviceState, type Handler, type Plan } from './command.ts';
import { backingOf } from './guest-entries.ts';

type Body = CommandBody<'RESOURCE_CREATE_BLOB'>;

export const resourceCreateBlob: Handler = (command, state) => {
  const format = COMMANDS.RESOURCE_CREATE_BLOB.body;
  const body = format.decode(command.view);
  const { contextId } = command.header;
  if (contextId !== 0 && !state.contexts.has(contextId)) return answered(INVALID_CONTEXT_ID);
  const backing = backingOf(command, format.bytes, body.entries);
  if (typeof backing !== 'number') return answered(backing);
  switch (body.blobMem) {
    case BLOB_MEM.GUEST:
      return createGuestBlob(body, backing, state);
    case BLOB_MEM.HOST3D:
      // Memory of the host has no pages of the guest.
      if (body.entries !== 0) return answered(INVALID_PARAMETER);
      return createHostBlob(body, contextId, 'host3d', state);
    case BLOB_MEM.HOST3D_GUEST:
      if (body.size > backing) return answered(INVALID_PARAMETER);
      return createHostBlob(body, contextId, 'host3d-guest', state);
    default:
      return answered(INVALID_PARAMETER);
  }
};

function createGuestBlob(body: Body, backing: number, { resources }: DeviceState): Plan {
  const { resourceId, size, blobFlags, blobId } = body;
  if (resourceId === 0 || resources.get(resourceId)) return answered(INVALID_RESOURCE_ID);
  if (typeof size === 'bigint' || size === 0 || !isMultiple(size, SMALLEST_PAGE) || size > backing) {
    return answered(INVALID_PARAMETER);
  }
  // blob_id names memory of the host; `>>> 0` because flags may have bit 31.
  if ((blobFlags & ~BLOB_FLAGS) >>> 0 !== 0 || blobId !== 0) return answered(INVALID_PARAMETER);
  if (resources.isFull) return answered(OUT_OF_MEMORY);
  resources.add(resourceId, { kind: 'guest-blob', size, backing, uuid: null });
  return answered(OK);
}

function createHostBlob(
  body: Body,
  contextId: number,
  memory: 'host3d' | 'host3d-guest',
  { resources, windowUse }: DeviceState,
): Plan {
  const { resourceId, blobFlags: flags, blobId, size } = body;
  // The accounts know nothing of ids that live here alone.
  if (isLocal(resources.get(resourceId)?.kind)) return answered(INVALID_RESOURCE_ID);
  return {
    kind: 'operation',
    operation: { kind: 'create', contextId, resourceId, memory, flags, blobId, size },
    finish: (result) => {
      if (result.kind === 'refused' || result.kind === 'failed') return answerTo(result);
      // What was accepted is a number.
      resources.add(resourceId, { kind: 'host-blob', size: Number(size), uuid: null });
      if ((flags & BLOB_FLAG.USE_MAPPABLE) !== 0) windowUse.created += 1;
      return OK;
    },
  };
}

function isLocal(kind: string | undefined): boolean {
  return kind !== undefined && kind !== 'host-blob';
}
