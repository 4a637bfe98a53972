// TRANSFER_TO_HOST_2D (virtio 1.3, 5.7.6.8): copies a rectangle from the guest's memory into an image. The image has no pixels here (see
// resource-create-2d.ts), so what is left of the command is that it has to be right.
import { COMMANDS, FORMAT_BYTES } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_PARAMETER, OK } from './answers.ts';
import { aboutResource, type Handler } from './command.ts';
import { isInside } from './rectangle.ts';

export const transferToHost2d: Handler = ({ view }, state) => {
  const { rect, offset, resourceId } = COMMANDS.TRANSFER_TO_HOST_2D.body.decode(view);
  return aboutResource(state, resourceId, (resource) => {
    if (resource.kind !== '2d' || resource.backing === null) return INVALID_PARAMETER;
    if (!isInside(rect, resource)) return INVALID_PARAMETER;
    if (rect.width === 0 || rect.height === 0) return OK;
    // The source has the image's stride; the last row ends with the rectangle. Both factors are below 2^32 bytes, see MOST_IMAGE_BYTES.
    const length = ((rect.height - 1) * resource.width + rect.width) * FORMAT_BYTES;
    return typeof offset === 'number' && offset + length <= resource.backing ? OK : INVALID_PARAMETER;
  });
};
