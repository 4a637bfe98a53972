// SUBMIT_3D (virtio 1.3, 5.7.6.8): a stream of commands for a renderer. There is none, so a stream is accepted only as the carrier of a
// fence: empty, or made of commands that do nothing. A stream that asks for work is refused (ERR_UNSPEC), because a fence that says "done"
// about work that nobody did would be a lie; one that is not all there is INVALID_PARAMETER.
import { COMMANDS, STREAM_NOP } from '../../lib/wire/virtio-gpu.ts';
import { INVALID_CONTEXT_ID, INVALID_PARAMETER, OK, OUT_OF_MEMORY, UNSPEC } from './answers.ts';
import { answered, type Handler } from './command.ts';

const WORD = 4;

export const submit3d: Handler = ({ header, view, length }, { contexts }) => {
  const format = COMMANDS.SUBMIT_3D.body;
  if (!contexts.has(header.contextId)) return answered(INVALID_CONTEXT_ID);
  const { size } = format.decode(view);
  const end = format.bytes + size;
  if (size % WORD !== 0 || end > length) return answered(INVALID_PARAMETER);
  if (end > view.byteLength) return answered(OUT_OF_MEMORY);
  for (let at = format.bytes; at < end; ) {
    const word = view.getUint32(at, true);
    if ((word & 0xff) !== STREAM_NOP) return answered(UNSPEC);
    at += WORD + (word >>> 16) * WORD;
    if (at > end) return answered(INVALID_PARAMETER);
  }
  return answered(OK);
};
