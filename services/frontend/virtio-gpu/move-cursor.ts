// MOVE_CURSOR (virtio 1.3, 5.7.6.10): the cursor at another place of a scanout. Nobody sees it.
import { COMMANDS } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_SCANOUT_ID, OK } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const moveCursor: Handler = ({ view }, { scanouts }) => {
  const { position } = COMMANDS.MOVE_CURSOR.body.decode(view);
  return answered(position.scanoutId < scanouts ? OK : INVALID_SCANOUT_ID);
};
