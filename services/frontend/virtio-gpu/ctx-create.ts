// CTX_CREATE (virtio 1.3, 5.7.6.8): a rendering context; its id stands in the header. The device has no capsets, so context_init, which
// names one, has to be 0.
import { COMMANDS, DEBUG_NAME_BYTES } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_CONTEXT_ID, INVALID_PARAMETER, OK, OUT_OF_MEMORY } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const ctxCreate: Handler = ({ header, view }, { contexts }) => {
  const { nameLength, contextInit } = COMMANDS.CTX_CREATE.body.decode(view);
  if (header.contextId === 0 || contexts.has(header.contextId)) return answered(INVALID_CONTEXT_ID);
  if (nameLength > DEBUG_NAME_BYTES || contextInit !== 0) return answered(INVALID_PARAMETER);
  if (contexts.isFull) return answered(OUT_OF_MEMORY);
  contexts.add(header.contextId);
  return answered(OK);
};
