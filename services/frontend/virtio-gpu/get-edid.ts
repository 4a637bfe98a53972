// GET_EDID (virtio 1.3, 5.7.6.8): the description of a display. The device has no scanouts, so every scanout id is wrong.
import { INVALID_SCANOUT_ID } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const getEdid: Handler = () => answered(INVALID_SCANOUT_ID);
