// The virtio-gpu device as bytes (virtio 1.3, section 5.7): numbers, names, headers, commands and answers, for both roles.
// Nothing here knows which command may be sent when, or what it is answered. All fields are little-endian.
import { readU64, type U64, writeU64 } from './u64.ts';

// ---- device ---------------------------------------------------------------------------------------------------------------------------

/** Section 5: the device's virtio id. */
export const VIRTIO_ID_GPU = 16;
/** Section 5.7.2: the queues by index. */
export const QUEUE = { control: 0, cursor: 1 } as const;

/** Section 5.7.3, and bit 5 from Linux' <linux/virtio_gpu.h>. */
export const FEATURE = {
  VIRGL: 0,
  EDID: 1,
  RESOURCE_UUID: 2,
  RESOURCE_BLOB: 3,
  CONTEXT_INIT: 4,
  BLOB_ALIGNMENT: 5,
} as const;

/** Section 5.7.6.8: the shared-memory region that blobs are mapped into (VIRTIO_GPU_SHM_ID_HOST_VISIBLE). */
export const SHMEM_HOST_VISIBLE = 1;

/** Section 5.7.6.8: display information has this many entries, whatever num_scanouts says (VIRTIO_GPU_MAX_SCANOUTS). */
export const MOST_SCANOUTS = 16;
/** Section 5.7.6.8: bytes of an EDID answer's data. */
export const EDID_BYTES = 1024;
/** Section 5.7.6.7: ring_idx is 0 to 63. */
export const LARGEST_RING_INDEX = 63;
/** Section 5.7.6.8: bytes of CTX_CREATE's debug_name. */
export const DEBUG_NAME_BYTES = 64;
/** Section 5.7.6.8: the part of context_init that names a capset. */
export const CONTEXT_INIT_CAPSET_MASK = 0xff;

export const HEADER_FLAG = { FENCE: 1, INFO_RING_IDX: 2 } as const;
export const BLOB_MEM = { GUEST: 1, HOST3D: 2, HOST3D_GUEST: 3 } as const;
export const BLOB_FLAG = { USE_MAPPABLE: 1, USE_SHAREABLE: 2, USE_CROSS_DEVICE: 4 } as const;
/** Every blob flag that the specification has. */
export const BLOB_FLAGS = BLOB_FLAG.USE_MAPPABLE | BLOB_FLAG.USE_SHAREABLE | BLOB_FLAG.USE_CROSS_DEVICE;
/** map_info of OK_MAP_INFO. No bit outside of the mask may be set: Linux compares for equality. */
export const MAP_CACHE = { NONE: 0, CACHED: 1, UNCACHED: 2, WC: 3 } as const;
export const MAP_CACHE_MASK = 0x0f;

/** Section 5.7.6.8: the pixel formats of 2D resources, four bytes a pixel each. */
export const FORMAT = {
  B8G8R8A8: 1,
  B8G8R8X8: 2,
  A8R8G8B8: 3,
  X8R8G8B8: 4,
  R8G8B8A8: 67,
  X8B8G8R8: 68,
  A8B8G8R8: 121,
  R8G8B8X8: 134,
} as const;
export const FORMATS: ReadonlySet<number> = new Set(Object.values(FORMAT));
export const FORMAT_BYTES = 4;

/** The command stream of virgl begins each command with opcode | object << 8 | payload dwords << 16; opcode 0 does nothing. */
export const STREAM_NOP = 0;

// ---- fields ---------------------------------------------------------------------------------------------------------------------------

type Field<T> = {
  read(view: DataView, base: number): T;
  write(view: DataView, base: number, value: T): void;
};
type Fields = Readonly<Record<string, Field<never>>>;
type ValueOf<F> = F extends Field<infer T> ? T : never;

/** A C struct of fixed size. */
export type Struct<T> = {
  /** sizeof, padding included. */
  readonly bytes: number;
  /** Reads the struct at a byte offset. Throws RangeError when it does not lie inside the view: compare with `bytes` first. */
  decode(view: DataView, base?: number): T;
  /** Writes every field; padding is left as it is. Throws RangeError outside the view. */
  write(view: DataView, base: number, value: T): void;
};

function struct<const F extends Readonly<Record<string, unknown>>>(
  bytes: number,
  fields: F,
): Struct<{ readonly [K in keyof F]: ValueOf<F[K]> }> {
  type Value = { readonly [K in keyof F]: ValueOf<F[K]> };
  const entries = Object.entries(fields as Fields);
  return {
    bytes,
    decode: (view, base = 0) => {
      const value: Record<string, unknown> = {};
      for (const [name, field] of entries) value[name] = field.read(view, base);
      return value as Value;
    },
    write: (view, base, value) => {
      for (const [name, field] of entries) field.write(view, base, value[name] as never);
    },
  };
}

function u8(at: number): Field<number> {
  return {
    read: (view, base) => view.getUint8(base + at),
    write: (view, base, value) => view.setUint8(base + at, value),
  };
}

function u32(at: number): Field<number> {
  return {
    read: (view, base) => view.getUint32(base + at, true),
    write: (view, base, value) => view.setUint32(base + at, value, true),
  };
}

function u64(at: number): Field<U64> {
  return {
    read: (view, base) => readU64(view, base + at),
    write: (view, base, value) => writeU64(view, base + at, value),
  };
}

/** A fixed number of bytes; reading copies. A shorter value is followed by zeros. */
function bytes(at: number, length: number): Field<Uint8Array> {
  return {
    read: (view, base) => new Uint8Array(view.buffer, view.byteOffset + base + at, length).slice(),
    write: (view, base, value) => {
      if (value.length > length)
        throw new RangeError(`${value.length} bytes for a field of ${length} were given`);
      const field = new Uint8Array(view.buffer, view.byteOffset + base + at, length);
      field.fill(0);
      field.set(value);
    },
  };
}

function nested<T>(at: number, inner: Struct<T>): Field<T> {
  return {
    read: (view, base) => inner.decode(view, base + at),
    write: (view, base, value) => inner.write(view, base + at, value),
  };
}

function array<T>(at: number, count: number, inner: Struct<T>): Field<readonly T[]> {
  return {
    read: (view, base) =>
      Array.from({ length: count }, (_, index) => inner.decode(view, base + at + index * inner.bytes)),
    write: (view, base, value) => {
      if (value.length !== count) throw new RangeError(`${value.length} elements were given for ${count}`);
      value.forEach((item, index) => {
        inner.write(view, base + at + index * inner.bytes, item);
      });
    },
  };
}

// ---- shared structs -------------------------------------------------------------------------------------------------------------------

/**
 * Section 5.7.4: what the guest reads of the device. events_clear is written by the driver, to acknowledge bits of events_read.
 * blob_alignment (bytes, with BLOB_ALIGNMENT) is from Linux' <linux/virtio_gpu.h>; a VMM that knows nothing of it shows the first 16 bytes.
 */
export const configSpace = struct(20, {
  eventsRead: u32(0),
  eventsClear: u32(4),
  numScanouts: u32(8),
  numCapsets: u32(12),
  blobAlignment: u32(16),
});
export type ConfigSpace = ReturnType<typeof configSpace.decode>;

/** Section 5.7.6.7: every command and every answer begins with it. */
export const header = struct(24, {
  type: u32(0),
  flags: u32(4),
  fenceId: u64(8),
  contextId: u32(16),
  ringIndex: u8(20),
});
export type Header = ReturnType<typeof header.decode>;
export const HEADER_BYTES = 24;

export const rect = struct(16, { x: u32(0), y: u32(4), width: u32(8), height: u32(12) });
export type Rect = ReturnType<typeof rect.decode>;

/** One piece of guest memory, of RESOURCE_ATTACH_BACKING and RESOURCE_CREATE_BLOB. */
export const memoryEntry = struct(16, { address: u64(0), length: u32(8) });
export type MemoryEntry = ReturnType<typeof memoryEntry.decode>;

const box = struct(24, { x: u32(0), y: u32(4), z: u32(8), width: u32(12), height: u32(16), depth: u32(20) });
const cursorPosition = struct(16, { scanoutId: u32(0), x: u32(4), y: u32(8) });
const word = struct(4, { value: u32(0) });

// ---- commands -------------------------------------------------------------------------------------------------------------------------

// Offsets count from the start of the command, header included: they are those of the C structs.
const nothing = struct(24, {});
const ofResource = struct(32, { resourceId: u32(24) });
const cursor = struct(56, {
  position: nested(24, cursorPosition),
  resourceId: u32(40),
  hotX: u32(44),
  hotY: u32(48),
});
const transfer3d = struct(72, {
  box: nested(24, box),
  offset: u64(48),
  resourceId: u32(56),
  level: u32(60),
  stride: u32(64),
  layerStride: u32(68),
});

/** Number and fixed part of every command, by name. What follows the fixed part (entries, a stream) is counted by one of its fields. */
export const COMMANDS = {
  GET_DISPLAY_INFO: { number: 0x0100, body: nothing },
  RESOURCE_CREATE_2D: {
    number: 0x0101,
    body: struct(40, { resourceId: u32(24), format: u32(28), width: u32(32), height: u32(36) }),
  },
  RESOURCE_UNREF: { number: 0x0102, body: ofResource },
  SET_SCANOUT: {
    number: 0x0103,
    body: struct(48, { rect: nested(24, rect), scanoutId: u32(40), resourceId: u32(44) }),
  },
  RESOURCE_FLUSH: { number: 0x0104, body: struct(48, { rect: nested(24, rect), resourceId: u32(40) }) },
  TRANSFER_TO_HOST_2D: {
    number: 0x0105,
    body: struct(56, { rect: nested(24, rect), offset: u64(40), resourceId: u32(48) }),
  },
  RESOURCE_ATTACH_BACKING: { number: 0x0106, body: struct(32, { resourceId: u32(24), entries: u32(28) }) },
  RESOURCE_DETACH_BACKING: { number: 0x0107, body: ofResource },
  GET_CAPSET_INFO: { number: 0x0108, body: struct(32, { capsetIndex: u32(24) }) },
  GET_CAPSET: { number: 0x0109, body: struct(32, { capsetId: u32(24), capsetVersion: u32(28) }) },
  GET_EDID: { number: 0x010a, body: struct(32, { scanoutId: u32(24) }) },
  RESOURCE_ASSIGN_UUID: { number: 0x010b, body: ofResource },
  RESOURCE_CREATE_BLOB: {
    number: 0x010c,
    body: struct(56, {
      resourceId: u32(24),
      blobMem: u32(28),
      blobFlags: u32(32),
      entries: u32(36),
      blobId: u64(40),
      size: u64(48),
    }),
  },
  SET_SCANOUT_BLOB: {
    number: 0x010d,
    body: struct(96, {
      rect: nested(24, rect),
      scanoutId: u32(40),
      resourceId: u32(44),
      width: u32(48),
      height: u32(52),
      format: u32(56),
      strides: array(64, 4, word),
      offsets: array(80, 4, word),
    }),
  },
  CTX_CREATE: {
    number: 0x0200,
    body: struct(96, {
      nameLength: u32(24),
      contextInit: u32(28),
      debugName: bytes(32, DEBUG_NAME_BYTES),
    }),
  },
  CTX_DESTROY: { number: 0x0201, body: nothing },
  CTX_ATTACH_RESOURCE: { number: 0x0202, body: ofResource },
  CTX_DETACH_RESOURCE: { number: 0x0203, body: ofResource },
  RESOURCE_CREATE_3D: {
    number: 0x0204,
    body: struct(72, {
      resourceId: u32(24),
      target: u32(28),
      format: u32(32),
      bind: u32(36),
      width: u32(40),
      height: u32(44),
      depth: u32(48),
      arraySize: u32(52),
      lastLevel: u32(56),
      samples: u32(60),
      flags: u32(64),
    }),
  },
  TRANSFER_TO_HOST_3D: { number: 0x0205, body: transfer3d },
  TRANSFER_FROM_HOST_3D: { number: 0x0206, body: transfer3d },
  SUBMIT_3D: { number: 0x0207, body: struct(32, { size: u32(24) }) },
  RESOURCE_MAP_BLOB: { number: 0x0208, body: struct(40, { resourceId: u32(24), offset: u64(32) }) },
  RESOURCE_UNMAP_BLOB: { number: 0x0209, body: ofResource },
  UPDATE_CURSOR: { number: 0x0300, body: cursor },
  MOVE_CURSOR: { number: 0x0301, body: cursor },
} as const;

export type CommandName = keyof typeof COMMANDS;
export type CommandBody<N extends CommandName> = ReturnType<(typeof COMMANDS)[N]['body']['decode']>;

const commandNames: ReadonlyMap<number, CommandName> = new Map(
  Object.entries(COMMANDS).map(([name, format]) => [format.number, name as CommandName]),
);

/** The name of a command's number, or null when the specification has no such command. */
export function commandName(type: number): CommandName | null {
  return commandNames.get(type) ?? null;
}

/** "RESOURCE_MAP_BLOB", or "command 0x999": for logs. */
export function describeCommand(type: number): string {
  return commandNames.get(type) ?? `command 0x${type.toString(16).padStart(4, '0')}`;
}

/**
 * A command as a driver sends it: header, fixed part, and what follows (encoded entries, a stream).
 * Throws RangeError for a field that does not fit.
 */
export function encodeCommand<N extends CommandName>(
  name: N,
  head: Partial<Omit<Header, 'type'>>,
  body: CommandBody<N>,
  rest: Uint8Array = new Uint8Array(),
): Buffer {
  const format = COMMANDS[name];
  const command = Buffer.alloc(format.body.bytes + rest.length);
  const view = viewOf(command);
  writeHeader(view, { ...head, type: format.number });
  (format.body as Struct<CommandBody<N>>).write(view, 0, body);
  command.set(rest, format.body.bytes);
  return command;
}

/** Memory entries as they follow RESOURCE_ATTACH_BACKING and RESOURCE_CREATE_BLOB. */
export function encodeEntries(entries: readonly MemoryEntry[]): Buffer {
  const encoded = Buffer.alloc(entries.length * memoryEntry.bytes);
  const view = viewOf(encoded);
  entries.forEach((entry, index) => {
    memoryEntry.write(view, index * memoryEntry.bytes, entry);
  });
  return encoded;
}

/**
 * The lengths of `count` entries at a byte offset, added up: at most 2^32 entries of less than 2^32 bytes, so the sum may pass
 * Number.MAX_SAFE_INTEGER only for counts that no buffer holds. Null when the view ends before the entries do.
 */
export function entriesTotal(view: DataView, offset: number, count: number): number | null {
  if (offset + count * memoryEntry.bytes > view.byteLength) return null;
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    total += view.getUint32(offset + index * memoryEntry.bytes + 8, true);
  }
  return total;
}

// ---- answers --------------------------------------------------------------------------------------------------------------------------

const display = struct(24, { rect: nested(0, rect), enabled: u32(16), flags: u32(20) });
export type Display = ReturnType<typeof display.decode>;

/** Number and fixed part of every answer, by name. OK_CAPSET is followed by the capset's data. */
export const ANSWERS = {
  OK_NODATA: { number: 0x1100, body: nothing },
  OK_DISPLAY_INFO: { number: 0x1101, body: struct(408, { displays: array(24, MOST_SCANOUTS, display) }) },
  OK_CAPSET_INFO: {
    number: 0x1102,
    body: struct(40, { capsetId: u32(24), maxVersion: u32(28), maxSize: u32(32) }),
  },
  OK_CAPSET: { number: 0x1103, body: nothing },
  OK_EDID: { number: 0x1104, body: struct(1056, { size: u32(24), edid: bytes(32, EDID_BYTES) }) },
  OK_RESOURCE_UUID: { number: 0x1105, body: struct(40, { uuid: bytes(24, 16) }) },
  OK_MAP_INFO: { number: 0x1106, body: struct(32, { mapInfo: u32(24) }) },
  ERR_UNSPEC: { number: 0x1200, body: nothing },
  ERR_OUT_OF_MEMORY: { number: 0x1201, body: nothing },
  ERR_INVALID_SCANOUT_ID: { number: 0x1202, body: nothing },
  ERR_INVALID_RESOURCE_ID: { number: 0x1203, body: nothing },
  ERR_INVALID_CONTEXT_ID: { number: 0x1204, body: nothing },
  ERR_INVALID_PARAMETER: { number: 0x1205, body: nothing },
} as const;

export type AnswerName = keyof typeof ANSWERS;
export type AnswerBody<N extends AnswerName> = ReturnType<(typeof ANSWERS)[N]['body']['decode']>;
/** Answers that are a header and nothing else. */
export type BareAnswerName = {
  [N in AnswerName]: (typeof ANSWERS)[N]['body'] extends typeof nothing ? N : never;
}[AnswerName];

const answerNames: ReadonlyMap<number, AnswerName> = new Map(
  Object.entries(ANSWERS).map(([name, format]) => [format.number, name as AnswerName]),
);

export function answerName(type: number): AnswerName | null {
  return answerNames.get(type) ?? null;
}

/** "OK_MAP_INFO", or "answer 0x1999": for logs. */
export function describeAnswer(type: number): string {
  return answerNames.get(type) ?? `answer 0x${type.toString(16).padStart(4, '0')}`;
}

const NO_REST = new Uint8Array();

/** An answer as a device gives it; padding is zero. `rest` is the data of OK_CAPSET. Throws RangeError for a field that does not fit. */
export function encodeAnswer<N extends AnswerName>(
  name: N,
  head: Partial<Omit<Header, 'type'>>,
  body: AnswerBody<N>,
  rest: Uint8Array = NO_REST,
): Buffer {
  const format = ANSWERS[name];
  // Of Buffer's pool: a view of a small buffer of its own would have V8 allocate outside of its heap.
  const answer = Buffer.allocUnsafe(format.body.bytes + rest.length).fill(0);
  const view = viewOf(answer);
  writeHeader(view, { ...head, type: format.number });
  (format.body as Struct<AnswerBody<N>>).write(view, 0, body);
  answer.set(rest, format.body.bytes);
  return answer;
}

function writeHeader(view: DataView, head: Partial<Header>): void {
  header.write(view, 0, { type: 0, flags: 0, fenceId: 0, contextId: 0, ringIndex: 0, ...head });
}

/** A view of the same bytes, as decode() wants it. */
export function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
