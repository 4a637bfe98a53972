// RESOURCE_MAP_BLOB (virtio 1.3, 5.7.6.8): puts a blob of host memory into the guest's window. Who decides for the VM decides; what
// the VMM has to do for it is the placement's business. The guest sends it right behind RESOURCE_CREATE_BLOB, without a look at that one's answer: an id that
// does not exist is normal traffic.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { answerTo, INVALID_PARAMETER, UNSPEC } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const resourceMapBlob: Handler = ({ view }, { resources, windowUse }) => {
  windowUse.mapsAsked += 1;
  const { resourceId, offset } = COMMANDS.RESOURCE_MAP_BLOB.body.decode(view);
  const resource = resources.get(resourceId);
  if (resource && resource.kind !== 'host-blob') return answered(INVALID_PARAMETER);
  return {
    kind: 'operation',
    operation: { kind: 'map', resourceId, offset },
    finish: (result) => {
      if (result.kind === 'mapped') return { name: 'OK_MAP_INFO', body: { mapInfo: result.mapInfo } };
      return result.kind === 'done' ? UNSPEC : answerTo(result);
    },
  };
};
