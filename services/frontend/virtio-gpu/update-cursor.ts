// UPDATE_CURSOR (virtio 1.3, 5.7.6.10): a new cursor image on a scanout. The device has no scanouts, so every scanout id is wrong.
import { INVALID_SCANOUT_ID } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const updateCursor: Handler = () => answered(INVALID_SCANOUT_ID);
