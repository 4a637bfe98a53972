// UPDATE_CURSOR (virtio 1.3, 5.7.6.10): a new cursor image on a scanout, of 64 by 64 pixels; resource 0 takes it away. Nobody sees it.
import { COMMANDS, FORMAT_BYTES } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_PARAMETER, INVALID_SCANOUT_ID, OK } from './answers.ts';
import { aboutResource, answered, type Handler } from './command.ts';

const SIDE = 64;

export const updateCursor: Handler = ({ view }, state) => {
  const { position, resourceId } = COMMANDS.UPDATE_CURSOR.body.decode(view);
  if (position.scanoutId >= state.scanouts) return answered(INVALID_SCANOUT_ID);
  if (resourceId === 0) return answered(OK);
  return aboutResource(state, resourceId, (resource) => {
    const isRight =
      resource.kind === '2d'
        ? resource.width === SIDE && resource.height === SIDE
        : resource.size >= SIDE * SIDE * FORMAT_BYTES;
    return isRight ? OK : INVALID_PARAMETER;
  });
};
