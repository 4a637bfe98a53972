// GET_DISPLAY_INFO (virtio 1.3, 5.7.6.8): what is connected. Nothing is: every entry is there, and none is enabled.
import { MOST_SCANOUTS } from '../../lib/wire/virtio-gpu.ts';
import type { Answer } from './answers.ts';
import { answered, type Handler } from './command.ts';

const NOTHING_CONNECTED: Answer = {
  name: 'OK_DISPLAY_INFO',
  body: {
    displays: Array.from({ length: MOST_SCANOUTS }, () => ({
      rect: { x: 0, y: 0, width: 0, height: 0 },
      enabled: 0,
      flags: 0,
    })),
  },
};

export const getDisplayInfo: Handler = () => answered(NOTHING_CONNECTED);
