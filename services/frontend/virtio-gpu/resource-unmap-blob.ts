// RESOURCE_UNMAP_BLOB (virtio 1.3, 5.7.6.8): takes a blob out of the guest's window; its content is kept. A blob that is not mapped is no
// error, because Linux sends this after a failed map as well; the broker counts it apart.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { answerTo, INVALID_PARAMETER, OK } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const resourceUnmapBlob: Handler = ({ view }, { resources }) => {
  const { resourceId } = COMMANDS.RESOURCE_UNMAP_BLOB.body.decode(view);
  const resource = resources.get(resourceId);
  // Memory of the guest is never in the window.
  if (resource?.kind === 'guest-blob') return answered(OK);
  if (resource?.kind === '2d') return answered(INVALID_PARAMETER);
  return {
    kind: 'operation',
    operation: { kind: 'unmap', resourceId },
    finish: (result) => (result.kind === 'refused' || result.kind === 'failed' ? answerTo(result) : OK),
  };
};
