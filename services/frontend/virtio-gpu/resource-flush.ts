// RESOURCE_FLUSH (virtio 1.3, 5.7.6.8): shows what was drawn on every scanout that has the resource. No display is connected to one: only
// the bounds matter.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_PARAMETER, OK } from './answers.ts';
import { aboutResource, type Handler } from './command.ts';
import { isInside } from './rectangle.ts';

export const resourceFlush: Handler = ({ view }, state) => {
  const { rect, resourceId } = COMMANDS.RESOURCE_FLUSH.body.decode(view);
  return aboutResource(state, resourceId, (resource) => {
    // A blob has no width and height of its own: only a scanout gives it some.
    if (resource.kind !== '2d') return OK;
    return isInside(rect, resource) ? OK : INVALID_PARAMETER;
  });
};
