// RESOURCE_ASSIGN_UUID (virtio 1.3, 5.7.6.8): a name for a resource that other virtio devices of the guest may use.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { aboutResource, type Handler } from './command.ts';
import { uuidOf } from './resources.ts';

export const resourceAssignUuid: Handler = ({ view }, state) => {
  const { resourceId } = COMMANDS.RESOURCE_ASSIGN_UUID.body.decode(view);
  return aboutResource(state, resourceId, (resource) => ({
    name: 'OK_RESOURCE_UUID',
    body: { uuid: uuidOf(resource) },
  }));
};
