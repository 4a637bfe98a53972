// CTX_ATTACH_RESOURCE (virtio 1.3, 5.7.6.8): lets a context's renderer use a resource. There is no renderer to be told, so nothing is kept:
// both have to exist, and that is all.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_CONTEXT_ID, OK } from './answers.ts';
import { aboutResource, answered, type Handler } from './command.ts';

export const ctxAttachResource: Handler = ({ header, view }, state) => {
  if (!state.contexts.has(header.contextId)) return answered(INVALID_CONTEXT_ID);
  const { resourceId } = COMMANDS.CTX_ATTACH_RESOURCE.body.decode(view);
  return aboutResource(state, resourceId, () => OK);
};
