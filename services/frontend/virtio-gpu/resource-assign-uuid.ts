// RESOURCE_ASSIGN_UUID (virtio 1.3, 5.7.6.8): a name for a resource that other virtio devices of the guest may use. It is made when it is
// first asked for, and the same ever after.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { aboutResource, type Handler } from './command.ts';
import { newUuid } from './resources.ts';

export const resourceAssignUuid: Handler = ({ view }, state) => {
  const { resourceId } = COMMANDS.RESOURCE_ASSIGN_UUID.body.decode(view);
  return aboutResource(state, resourceId, (resource) => {
    const uuid = resource.uuid ?? newUuid();
    if (!resource.uuid) state.resources.add(resourceId, { ...resource, uuid });
    return { name: 'OK_RESOURCE_UUID', body: { uuid } };
  });
};
