// TRANSFER_FROM_HOST_3D (virtio 1.3, 5.7.6.8): out of an image of a renderer. There is none: refused, and counted by its name.
import { UNSPEC } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const transferFromHost3d: Handler = () => answered(UNSPEC);
