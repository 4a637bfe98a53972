// GET_CAPSET_INFO (virtio 1.3, 5.7.6.8): which renderers there are. num_capsets is 0, so every index is beyond the end.
import { INVALID_PARAMETER } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const getCapsetInfo: Handler = () => answered(INVALID_PARAMETER);
