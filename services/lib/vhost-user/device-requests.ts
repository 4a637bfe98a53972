// The requests about the device itself, and about its memory and the guest's.

import type { Device, DeviceSession } from './device.ts';
import { VhostUserError } from './errors.ts';
import { type GuestMemory, MOST_MEMORY_SLOTS } from './guest-memory.ts';
import type { Log } from './log.ts';
import { type Answer, type RequestHandlers, reply } from './request.ts';

/** `reset`: RESET_DEVICE, and the deprecated RESET_OWNER, which only ever meant "disable all rings". */
export function deviceRequests(
  device: Device,
  session: DeviceSession,
  log: Log,
  reset: (why: string) => void,
): RequestHandlers {
  const resetBecause = (why: string) => (): Answer => {
    reset(why);
    return 'done';
  };
  return {
    SET_OWNER: () => 'done',
    RESET_OWNER: resetBecause('RESET_OWNER'),
    RESET_DEVICE: resetBecause('RESET_DEVICE'),
    GET_SHMEM_CONFIG: () => reply('GET_SHMEM_CONFIG', device.shmemRegions),
    GET_CONFIG: ({ body }) => getConfig(session, body.offset, body.data.length, log),
    SET_CONFIG: ({ body }) => setConfig(session, body.offset, body.data),
  };
}

/** `changed`: after each change of the table. */
export function memoryRequests(memory: GuestMemory, changed: () => void): RequestHandlers {
  const change = (work: () => void): Answer => {
    work();
    changed();
    return 'done';
  };
  return {
    SET_MEM_TABLE: ({ body, fds }) => change(() => memory.replaceTable(body, fds.takeAll())),
    GET_MAX_MEM_SLOTS: () => reply('GET_MAX_MEM_SLOTS', MOST_MEMORY_SLOTS),
    ADD_MEM_REG: ({ body, fds }) => change(() => memory.addRegion(body, fds.takeOne())),
    REM_MEM_REG: ({ body }) => change(() => memory.removeRegion(body)),
  };
}

function getConfig(session: DeviceSession, offset: number, length: number, log: Log): Answer {
  const config = session.readConfig();
  if (offset + length > config.length) {
    log.warn(
      { offset, length, size: config.length },
      'the VMM reads beyond the configuration space: refused',
    );
    return reply('GET_CONFIG', null);
  }
  return reply('GET_CONFIG', {
    offset,
    flags: 0,
    data: Buffer.from(config.subarray(offset, offset + length)),
  });
}

function setConfig(session: DeviceSession, offset: number, data: Buffer): Answer {
  const size = session.readConfig().length;
  if (offset + data.length > size || !session.writeConfig(offset, data)) {
    throw new VhostUserError(
      'OUT_OF_RANGE',
      'refuse',
      `SET_CONFIG 25: ${data.length} bytes at ${offset} of a configuration space of ${size} bytes cannot be written`,
    );
  }
  return 'done';
}
