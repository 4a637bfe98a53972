// RESOURCE_UNREF (virtio 1.3, 5.7.6.8): the end of a resource. Of a blob of host memory the broker unmaps it first when it is mapped, and
// zeroes its memory before it answers: the guest reuses the offset as soon as it hears.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { answerTo, OK } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const resourceUnref: Handler = ({ view }, { resources }) => {
  const { resourceId } = COMMANDS.RESOURCE_UNREF.body.decode(view);
  const resource = resources.get(resourceId);
  if (resource && resource.kind !== 'host-blob') {
    resources.delete(resourceId);
    return answered(OK);
  }
  return {
    kind: 'operation',
    operation: { kind: 'destroy', resourceId },
    finish: (result) => {
      if (result.kind === 'refused' || result.kind === 'failed') return answerTo(result);
      resources.delete(resourceId);
      return OK;
    },
  };
};
