// RESOURCE_DETACH_BACKING (virtio 1.3, 5.7.6.8): the guest takes its memory back. Linux does so for imported buffers, too, which are blobs.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_PARAMETER, OK } from './answers.ts';
import { aboutResource, type Handler } from './command.ts';

export const resourceDetachBacking: Handler = ({ view }, state) => {
  const { resourceId } = COMMANDS.RESOURCE_DETACH_BACKING.body.decode(view);
  return aboutResource(state, resourceId, (resource) => {
    if (resource.kind === 'host-blob' || resource.backing === null) return INVALID_PARAMETER;
    state.resources.add(resourceId, { ...resource, backing: null });
    return OK;
  });
};
