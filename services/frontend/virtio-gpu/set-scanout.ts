// SET_SCANOUT (virtio 1.3, 5.7.6.8): shows a part of an image on a scanout; resource 0 shows nothing any more. No display is connected, so
// what is left of the command is that it has to be right.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_PARAMETER, INVALID_SCANOUT_ID, OK } from './answers.ts';
import { aboutResource, answered, type Handler } from './command.ts';
import { isShowable } from './rectangle.ts';

export const setScanout: Handler = ({ view }, state) => {
  const { rect, scanoutId, resourceId } = COMMANDS.SET_SCANOUT.body.decode(view);
  if (scanoutId >= state.scanouts) return answered(INVALID_SCANOUT_ID);
  if (resourceId === 0) return answered(OK);
  return aboutResource(state, resourceId, (resource) =>
    resource.kind === '2d' && isShowable(rect, resource) ? OK : INVALID_PARAMETER,
  );
};
