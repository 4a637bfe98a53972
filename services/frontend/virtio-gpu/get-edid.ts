// GET_EDID (virtio 1.3, 5.7.6.8): what the display of a scanout says of itself. No display is connected, so it says nothing: 0 bytes.
// The feature is not offered, because there is nothing to learn.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { type Answer, INVALID_SCANOUT_ID } from './answers.ts';
import { answered, type Handler } from './command.ts';

const NO_EDID: Answer = { name: 'OK_EDID', body: { size: 0, edid: new Uint8Array() } };

export const getEdid: Handler = ({ view }, { scanouts }) => {
  const { scanoutId } = COMMANDS.GET_EDID.body.decode(view);
  return answered(scanoutId < scanouts ? NO_EDID : INVALID_SCANOUT_ID);
};
