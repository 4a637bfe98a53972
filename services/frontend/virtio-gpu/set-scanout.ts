// SET_SCANOUT (virtio 1.3, 5.7.6.8): shows a resource on a display. The device has no scanouts, so every scanout id is wrong.
import { INVALID_SCANOUT_ID } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const setScanout: Handler = () => answered(INVALID_SCANOUT_ID);
