// Commands as a driver sends them, short to write in tests.

import type { U64 } from '../../../services/lib/wire/u64.ts';
import {
  type CommandBody,
  encodeCommand,
  encodeEntries,
  type Header,
  type MemoryEntry,
} from '../../../services/lib/wire/virtio-gpu.ts';

type Head = Partial<Omit<Header, 'type'>>;

const RECT = { x: 0, y: 0, width: 1, height: 1 };
const NO_PLANE = { value: 0 };

export const ctxCreate = (contextId: number, body: Partial<CommandBody<'CTX_CREATE'>> = {}) =>
  encodeCommand(
    'CTX_CREATE',
    { contextId },
    { nameLength: 0, contextInit: 0, debugName: new Uint8Array(), ...body },
  );
export const ctxDestroy = (contextId: number) => encodeCommand('CTX_DESTROY', { contextId }, {});
export const attach = (contextId: number, resourceId: number) =>
  encodeCommand('CTX_ATTACH_RESOURCE', { contextId }, { resourceId });
export const detach = (contextId: number, resourceId: number) =>
  encodeCommand('CTX_DETACH_RESOURCE', { contextId }, { resourceId });

export const createBlob = (
  resourceId: number,
  body: Partial<CommandBody<'RESOURCE_CREATE_BLOB'>> = {},
  entries: readonly MemoryEntry[] = [],
  head: Head = {},
) =>
  encodeCommand(
    'RESOURCE_CREATE_BLOB',
    head,
    { resourceId, blobMem: 2, blobFlags: 1, entries: entries.length, blobId: 0, size: 4096, ...body },
    encodeEntries(entries),
  );
export const createGuestBlob = (
  resourceId: number,
  size: number,
  body: Partial<CommandBody<'RESOURCE_CREATE_BLOB'>> = {},
) => createBlob(resourceId, { blobMem: 1, size, ...body }, [{ address: 0x1000, length: size }]);
export const mapBlob = (resourceId: number, offset: U64 = 0, head: Head = {}) =>
  encodeCommand('RESOURCE_MAP_BLOB', head, { resourceId, offset });
export const unmapBlob = (resourceId: number) => encodeCommand('RESOURCE_UNMAP_BLOB', {}, { resourceId });
export const unref = (resourceId: number) => encodeCommand('RESOURCE_UNREF', {}, { resourceId });
export const assignUuid = (resourceId: number) => encodeCommand('RESOURCE_ASSIGN_UUID', {}, { resourceId });

export const create2d = (resourceId: number, body: Partial<CommandBody<'RESOURCE_CREATE_2D'>> = {}) =>
  encodeCommand('RESOURCE_CREATE_2D', {}, { resourceId, format: 1, width: 64, height: 32, ...body });
export const attachBacking = (resourceId: number, entries: readonly MemoryEntry[], count = entries.length) =>
  encodeCommand('RESOURCE_ATTACH_BACKING', {}, { resourceId, entries: count }, encodeEntries(entries));
export const detachBacking = (resourceId: number) =>
  encodeCommand('RESOURCE_DETACH_BACKING', {}, { resourceId });
export const transfer2d = (resourceId: number, rect: Partial<typeof RECT> = {}, offset: U64 = 0) =>
  encodeCommand('TRANSFER_TO_HOST_2D', {}, { rect: { ...RECT, ...rect }, offset, resourceId });
export const flush = (resourceId: number, rect: Partial<typeof RECT> = {}) =>
  encodeCommand('RESOURCE_FLUSH', {}, { rect: { ...RECT, ...rect }, resourceId });
export const setScanout = (scanoutId: number, resourceId: number, rect: Partial<typeof RECT> = {}) =>
  encodeCommand('SET_SCANOUT', {}, { rect: { ...RECT, ...rect }, scanoutId, resourceId });
/** An image of 16 by 16 pixels in a blob. */
export const setScanoutBlob = (
  scanoutId: number,
  resourceId: number,
  {
    stride = 64,
    offset = 0,
    rect = {},
    ...body
  }: Partial<Omit<CommandBody<'SET_SCANOUT_BLOB'>, 'rect'>> & {
    readonly stride?: number;
    readonly offset?: number;
    readonly rect?: Partial<typeof RECT>;
  } = {},
) =>
  encodeCommand(
    'SET_SCANOUT_BLOB',
    {},
    {
      rect: { ...RECT, ...rect },
      scanoutId,
      resourceId,
      width: 16,
      height: 16,
      format: 1,
      strides: [{ value: stride }, NO_PLANE, NO_PLANE, NO_PLANE],
      offsets: [{ value: offset }, NO_PLANE, NO_PLANE, NO_PLANE],
      ...body,
    },
  );
export const getEdid = (scanoutId: number) => encodeCommand('GET_EDID', {}, { scanoutId });
export const updateCursor = (scanoutId: number, resourceId: number) =>
  encodeCommand('UPDATE_CURSOR', {}, { position: { scanoutId, x: 0, y: 0 }, resourceId, hotX: 0, hotY: 0 });
export const moveCursor = (scanoutId: number) =>
  encodeCommand('MOVE_CURSOR', {}, { position: { scanoutId, x: 5, y: 5 }, resourceId: 0, hotX: 0, hotY: 0 });

export const submit = (
  contextId: number,
  words: readonly number[],
  head: Head = {},
  size = words.length * 4,
) =>
  encodeCommand('SUBMIT_3D', { contextId, ...head }, { size }, Buffer.from(Uint32Array.from(words).buffer));
