// RESOURCE_CREATE_3D (virtio 1.3, 5.7.6.8): an image of a renderer. There is none: refused, and counted by its name.
import { UNSPEC } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const resourceCreate3d: Handler = () => answered(UNSPEC);
