// GET_CAPSET (virtio 1.3, 5.7.6.8): what a renderer can do. There is none, so every capset id is wrong.
import { INVALID_PARAMETER } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const getCapset: Handler = () => answered(INVALID_PARAMETER);
