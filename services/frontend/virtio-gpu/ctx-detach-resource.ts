// CTX_DETACH_RESOURCE (virtio 1.3, 5.7.6.8): takes a resource from a context's renderer, see ctx-attach-resource.ts. A resource that was
// never attached is no error: Linux detaches what it made before the process had a context.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_CONTEXT_ID, OK } from './answers.ts';
import { aboutResource, answered, type Handler } from './command.ts';

export const ctxDetachResource: Handler = ({ header, view }, state) => {
  if (!state.contexts.has(header.contextId)) return answered(INVALID_CONTEXT_ID);
  const { resourceId } = COMMANDS.CTX_DETACH_RESOURCE.body.decode(view);
  return aboutResource(state, resourceId, () => OK);
};
