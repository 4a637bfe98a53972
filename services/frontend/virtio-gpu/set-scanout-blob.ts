// SET_SCANOUT_BLOB (virtio 1.3, 5.7.6.8): shows a blob on a display. The device has no scanouts, so every scanout id is wrong.
import { INVALID_SCANOUT_ID } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const setScanoutBlob: Handler = () => answered(INVALID_SCANOUT_ID);
