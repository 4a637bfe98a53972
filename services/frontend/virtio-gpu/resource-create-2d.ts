// RESOURCE_CREATE_2D (virtio 1.3, 5.7.6.8): an image that the guest fills and a scanout shows. Nobody can see it here, so no pixels are
// kept: the resource exists, and its bounds are checked by the commands that use it.
import { COMMANDS, FORMAT_BYTES, FORMATS } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_PARAMETER, INVALID_RESOURCE_ID, OK, OUT_OF_MEMORY } from './answers.ts';
import { answered, type Handler } from './command.ts';

/** A device with pixels would have to keep so many bytes; the offsets of transfers into it stay exact numbers. */
const MOST_IMAGE_BYTES = 2 ** 32;

export const resourceCreate2d: Handler = ({ view }, { resources }) => {
  const { resourceId, format, width, height } = COMMANDS.RESOURCE_CREATE_2D.body.decode(view);
  if (resourceId === 0 || resources.get(resourceId)) return answered(INVALID_RESOURCE_ID);
  if (!FORMATS.has(format) || width === 0 || height === 0) return answered(INVALID_PARAMETER);
  // Two u32 may multiply to more than a number holds exactly, but never to less than the limit by rounding.
  if (width * height * FORMAT_BYTES > MOST_IMAGE_BYTES || resources.isFull) return answered(OUT_OF_MEMORY);
  resources.add(resourceId, { kind: '2d', width, height, backing: null, uuid: null });
  return answered(OK);
};
