// SET_SCANOUT_BLOB (virtio 1.3, 5.7.6.8): shows a part of a blob on a scanout, and says how the blob is an image; resource 0 shows nothing
// any more. No display is connected, so what is left of the command is that it has to be right.
import { COMMANDS, FORMAT_BYTES, FORMATS } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_PARAMETER, INVALID_SCANOUT_ID, OK } from './answers.ts';
import { aboutResource, answered, type Handler } from './command.ts';
import { isShowable } from './rectangle.ts';

export const setScanoutBlob: Handler = ({ view }, state) => {
  const { rect, scanoutId, resourceId, width, height, format, strides, offsets } =
    COMMANDS.SET_SCANOUT_BLOB.body.decode(view);
  if (scanoutId >= state.scanouts) return answered(INVALID_SCANOUT_ID);
  if (resourceId === 0) return answered(OK);
  // Every format has one plane.
  const stride = strides[0]?.value ?? 0;
  const offset = offsets[0]?.value ?? 0;
  // Products of two u32 may be rounded, but never to less than the size of a blob.
  const end = offset + (height - 1) * stride + width * FORMAT_BYTES;
  const isImage =
    FORMATS.has(format) && stride >= width * FORMAT_BYTES && isShowable(rect, { width, height });
  return aboutResource(state, resourceId, (resource) =>
    resource.kind !== '2d' && isImage && end <= resource.size ? OK : INVALID_PARAMETER,
  );
};
