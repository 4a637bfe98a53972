// CTX_DESTROY (virtio 1.3, 5.7.6.8): the end of a context. Resources belong to the device and outlive it.
import { INVALID_CONTEXT_ID, OK } from './answers.ts';
import { answered, type Handler } from './command.ts';

export const ctxDestroy: Handler = ({ header }, { contexts }) =>
  answered(contexts.delete(header.contextId) ? OK : INVALID_CONTEXT_ID);
