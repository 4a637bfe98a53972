// RESOURCE_ATTACH_BACKING (virtio 1.3, 5.7.6.8): the guest's memory behind a resource. This device never reads it, so it keeps how much
// there is and not where.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_PARAMETER, OK } from './answers.ts';
import { aboutResource, answered, type Handler } from './command.ts';
import { backingOf } from './guest-entries.ts';

export const resourceAttachBacking: Handler = (command, state) => {
  const format = COMMANDS.RESOURCE_ATTACH_BACKING.body;
  const { resourceId, entries } = format.decode(command.view);
  const backing = backingOf(command, format.bytes, entries);
  if (typeof backing !== 'number') return answered(backing);
  return aboutResource(state, resourceId, (resource) => {
    if (resource.kind === 'host-blob' || resource.backing !== null) return INVALID_PARAMETER;
    if (resource.kind === 'guest-blob' && backing < resource.size) return INVALID_PARAMETER;
    state.resources.add(resourceId, { ...resource, backing });
    return OK;
  });
};
