// The vhost-user protocol as bytes, for both roles: numbers, names, header and payloads. Nothing here knows what may be sent when.
//
// The front-end is the VMM, the back-end is the device process. Requests of the front-end travel on the main socket, requests of the
// back-end on the second socket that the front-end passes with SET_BACKEND_REQ_FD; replies travel back on the socket of their request.
// Source: QEMU's docs/interop/vhost-user.rst (11.1). All fields are little-endian (the host's order on x86-64 and aarch64).
import { readU64, type U64, writeU64 } from './u64.ts';

// ---- limits ---------------------------------------------------------------------------------------------------------------------------

/** request u32, flags u32, size u32. */
export const HEADER_BYTES = 12;
/** VHOST_MEMORY_BASELINE_NREGIONS: regions (and so descriptors) of one SET_MEM_TABLE. */
export const MOST_TABLE_REGIONS = 8;
/** VHOST_USER_MAX_CONFIG_SIZE: bytes of the device's configuration space that one message carries. */
export const MOST_CONFIG_BYTES = 256;
/** Shared-memory region ids are a u8: GET_SHMEM_CONFIG has a size for each. */
export const SHMEM_REGIONS = 256;
/** The largest payload of all: the reply to GET_SHMEM_CONFIG, 8 + 256 × 8. (SET_CONFIG has 12 + 256, SET_MEM_TABLE 8 + 8 × 32.) */
export const MOST_PAYLOAD_BYTES = 8 + SHMEM_REGIONS * 8;
/** The most descriptors that a message of ours takes: one for each region of SET_MEM_TABLE. */
export const MOST_MESSAGE_FDS = MOST_TABLE_REGIONS;

// ---- feature bits ---------------------------------------------------------------------------------------------------------------------

/** Virtio feature bits that matter to the transport; a device adds its own. */
export const VIRTIO_FEATURE = {
  /** VHOST_F_LOG_ALL: dirty page logging for migration. */
  LOG_ALL: 26,
  RING_INDIRECT_DESC: 28,
  RING_EVENT_IDX: 29,
  /** VHOST_USER_F_PROTOCOL_FEATURES: the protocol features below can be negotiated; rings start disabled. */
  PROTOCOL_FEATURES: 30,
  VERSION_1: 32,
  ACCESS_PLATFORM: 33,
  RING_PACKED: 34,
} as const;

export const PROTOCOL_FEATURE = {
  MQ: 0,
  LOG_SHMFD: 1,
  RARP: 2,
  REPLY_ACK: 3,
  MTU: 4,
  BACKEND_REQ: 5,
  CROSS_ENDIAN: 6,
  CRYPTO_SESSION: 7,
  PAGEFAULT: 8,
  CONFIG: 9,
  BACKEND_SEND_FD: 10,
  HOST_NOTIFIER: 11,
  INFLIGHT_SHMFD: 12,
  RESET_DEVICE: 13,
  INBAND_NOTIFICATIONS: 14,
  CONFIGURE_MEM_SLOTS: 15,
  STATUS: 16,
  XEN_MMAP: 17,
  SHARED_OBJECT: 18,
  DEVICE_STATE: 19,
  GET_VRING_BASE_INFLIGHT: 20,
  /** Bit 21 was SHMEM in a draft; a back-end that offers it by mistake is given addresses of another kind. */
  GPA_ADDRESSES: 21,
  SHMEM: 22,
} as const;

/** The set with exactly these bits. */
export function bitSet(...bits: readonly number[]): bigint {
  return bits.reduce((set, bit) => set | (1n << BigInt(bit)), 0n);
}

export function hasBit(set: bigint, bit: number): boolean {
  return ((set >> BigInt(bit)) & 1n) === 1n;
}

/** "MQ 0, REPLY_ACK 3": the bits of a set by name, for messages; bits without a name as their number. */
export function describeBits(set: bigint, names: Readonly<Record<string, number>>): string {
  const byBit = new Map(Object.entries(names).map(([name, bit]) => [bit, name]));
  const words: string[] = [];
  for (let bit = 0; bit < 64; bit += 1) {
    if (hasBit(set, bit)) words.push(byBit.has(bit) ? `${byBit.get(bit)} ${bit}` : `bit ${bit}`);
  }
  return words.length === 0 ? 'none' : words.join(', ');
}

/** Device status bits of SET_STATUS (virtio 1.3, section 2.1). */
export const DEVICE_STATUS = {
  ACKNOWLEDGE: 1,
  DRIVER: 2,
  DRIVER_OK: 4,
  FEATURES_OK: 8,
  NEEDS_RESET: 64,
  FAILED: 128,
} as const;

// ---- errors ---------------------------------------------------------------------------------------------------------------------------

/** Bytes that are no well-formed message. After one of these the place of the next message in the stream is unknown or untrusted. */
export class WireError extends Error {
  /** The request by name, or "header". */
  readonly what: string;

  constructor(what: string, problem: string) {
    super(`malformed ${what}: ${problem}`);
    this.name = 'WireError';
    this.what = what;
  }
}

// ---- header ---------------------------------------------------------------------------------------------------------------------------

/** Flags of a header: the low two bits are the version, which is 1. */
export const HEADER_FLAG = { version: 1, versionMask: 3, reply: 4, needReply: 8 } as const;

export type Header = {
  readonly request: number;
  readonly reply: boolean;
  readonly needReply: boolean;
  /** Bytes of payload that follow; 0 to MOST_PAYLOAD_BYTES. */
  readonly size: number;
};

/** Reads the first 12 bytes. Throws WireError for fewer bytes, another version, or a size above MOST_PAYLOAD_BYTES. */
export function decodeHeader(bytes: Uint8Array): Header {
  if (bytes.length < HEADER_BYTES)
    throw new WireError('header', `${bytes.length} bytes, ${HEADER_BYTES} are needed`);
  const view = viewOf(bytes);
  const flags = view.getUint32(4, true);
  const size = view.getUint32(8, true);
  const version = flags & HEADER_FLAG.versionMask;
  if (version !== HEADER_FLAG.version) {
    throw new WireError('header', `version ${version} (flags ${flags}), version 1 is spoken here`);
  }
  if (size > MOST_PAYLOAD_BYTES) {
    throw new WireError(
      'header',
      `a payload of ${size} bytes is announced, ${MOST_PAYLOAD_BYTES} is the most`,
    );
  }
  return {
    request: view.getUint32(0, true),
    reply: (flags & HEADER_FLAG.reply) !== 0,
    needReply: (flags & HEADER_FLAG.needReply) !== 0,
    size,
  };
}

/** Header and payload in one buffer. */
export function encodeMessage(
  request: number,
  payload: Uint8Array,
  flags: { readonly reply?: boolean; readonly needReply?: boolean } = {},
): Buffer {
  const message = Buffer.alloc(HEADER_BYTES + payload.length);
  message.writeUInt32LE(request, 0);
  message.writeUInt32LE(
    HEADER_FLAG.version |
      (flags.reply ? HEADER_FLAG.reply : 0) |
      (flags.needReply ? HEADER_FLAG.needReply : 0),
    4,
  );
  message.writeUInt32LE(payload.length, 8);
  message.set(payload, HEADER_BYTES);
  return message;
}

// ---- payloads -------------------------------------------------------------------------------------------------------------------------

/** How a payload becomes a value and back. decode throws WireError for a wrong length or an impossible count, never RangeError. */
export type Codec<T> = {
  encode(value: T): Buffer;
  decode(payload: Uint8Array, what: string): T;
};

/** One region of guest memory. Nothing is checked here but the format; addresses are whatever the sender wrote. */
export type MemoryRegion = {
  /** Where the guest sees it. */
  readonly guestAddress: U64;
  /** Bytes. */
  readonly size: U64;
  /** Where the VMM sees it (a virtual address of its process): ring addresses are in these terms. */
  readonly userAddress: U64;
  /** Where the region starts in its descriptor's file. */
  readonly mmapOffset: U64;
};
export type VringState = { readonly index: number; readonly value: number };
export type VringAddresses = {
  readonly index: number;
  /** Bit 0: log writes to the used ring. */
  readonly flags: number;
  /** User addresses (see MemoryRegion). */
  readonly descriptors: U64;
  readonly used: U64;
  readonly available: U64;
  readonly log: U64;
};
/** A vring's eventfd. Without a descriptor (`noFd`) the ring is polled, or the event is not wanted. */
export type VringFd = { readonly index: number; readonly noFd: boolean };
export type ConfigAccess = {
  /** Bytes from the start of the configuration space. */
  readonly offset: number;
  /** 0: written by the driver; 1: restored by a migration. */
  readonly flags: number;
  readonly data: Buffer;
};
export type InflightDescription = {
  readonly mmapSize: U64;
  readonly mmapOffset: U64;
  readonly queues: number;
  readonly queueSize: number;
};
/** Bytes of each shared-memory region by its id; ids that are not there do not exist. */
export type ShmemConfig = ReadonlyMap<number, U64>;
/** Asks the front-end to map a piece of a file into a shared-memory region, or to take away exactly such a piece. Bytes. */
export type ShmemRange = {
  readonly shmid: number;
  readonly fdOffset: U64;
  readonly shmOffset: U64;
  readonly length: U64;
  readonly writable: boolean;
};

export const nothing: Codec<null> = {
  encode: () => Buffer.alloc(0),
  decode: (payload, what) => {
    expectSize(payload, 0, what);
    return null;
  },
};

/** A bit set, or the status of a REPLY_ACK (0 is success). */
export const bits: Codec<bigint> = {
  encode: (value) => {
    const payload = Buffer.alloc(8);
    payload.writeBigUInt64LE(value);
    return payload;
  },
  decode: (payload, what) => {
    expectSize(payload, 8, what);
    return viewOf(payload).getBigUint64(0, true);
  },
};

/** A count or a size. */
export const u64: Codec<U64> = {
  encode: (value) => {
    const payload = Buffer.alloc(8);
    writeU64(viewOf(payload), 0, value);
    return payload;
  },
  decode: (payload, what) => {
    expectSize(payload, 8, what);
    return readU64(viewOf(payload), 0);
  },
};

const REGION_BYTES = 32;
export const memoryTable: Codec<readonly MemoryRegion[]> = {
  encode: (regions) => {
    const payload = Buffer.alloc(8 + regions.length * REGION_BYTES);
    payload.writeUInt32LE(regions.length, 0);
    regions.forEach((region, index) => {
      writeRegion(viewOf(payload), 8 + index * REGION_BYTES, region);
    });
    return payload;
  },
  decode: (payload, what) => {
    if (payload.length < 8) throw new WireError(what, `${payload.length} bytes, at least 8 are needed`);
    const view = viewOf(payload);
    const count = view.getUint32(0, true);
    if (count > MOST_TABLE_REGIONS) {
      throw new WireError(what, `${count} regions, ${MOST_TABLE_REGIONS} is the most`);
    }
    expectSize(payload, 8 + count * REGION_BYTES, what);
    return Array.from({ length: count }, (_, index) => readRegion(view, 8 + index * REGION_BYTES));
  },
};

/** ADD_MEM_REG, REM_MEM_REG: 8 bytes of padding, then the region. */
export const singleRegion: Codec<MemoryRegion> = {
  encode: (region) => {
    const payload = Buffer.alloc(8 + REGION_BYTES);
    writeRegion(viewOf(payload), 8, region);
    return payload;
  },
  decode: (payload, what) => {
    expectSize(payload, 8 + REGION_BYTES, what);
    return readRegion(viewOf(payload), 8);
  },
};

export const vringState: Codec<VringState> = {
  encode: (state) => {
    const payload = Buffer.alloc(8);
    payload.writeUInt32LE(state.index, 0);
    payload.writeUInt32LE(state.value, 4);
    return payload;
  },
  decode: (payload, what) => {
    expectSize(payload, 8, what);
    const view = viewOf(payload);
    return { index: view.getUint32(0, true), value: view.getUint32(4, true) };
  },
};

export const vringAddresses: Codec<VringAddresses> = {
  encode: (addresses) => {
    const payload = Buffer.alloc(40);
    const view = viewOf(payload);
    view.setUint32(0, addresses.index, true);
    view.setUint32(4, addresses.flags, true);
    writeU64(view, 8, addresses.descriptors);
    writeU64(view, 16, addresses.used);
    writeU64(view, 24, addresses.available);
    writeU64(view, 32, addresses.log);
    return payload;
  },
  decode: (payload, what) => {
    expectSize(payload, 40, what);
    const view = viewOf(payload);
    return {
      index: view.getUint32(0, true),
      flags: view.getUint32(4, true),
      descriptors: readU64(view, 8),
      used: readU64(view, 16),
      available: readU64(view, 24),
      log: readU64(view, 32),
    };
  },
};

/** Bits 0 to 7 are the index, bit 8 says that no descriptor comes with the message; the others are reserved. */
export const vringFd: Codec<VringFd> = {
  encode: ({ index, noFd }) => {
    const payload = Buffer.alloc(8);
    payload.writeUInt32LE((index & 0xff) | (noFd ? 0x100 : 0), 0);
    return payload;
  },
  decode: (payload, what) => {
    expectSize(payload, 8, what);
    const word = viewOf(payload).getUint32(0, true);
    return { index: word & 0xff, noFd: (word & 0x100) !== 0 };
  },
};

export const configAccess: Codec<ConfigAccess> = {
  encode: ({ offset, flags, data }) => {
    const payload = Buffer.alloc(12 + data.length);
    payload.writeUInt32LE(offset, 0);
    payload.writeUInt32LE(data.length, 4);
    payload.writeUInt32LE(flags, 8);
    payload.set(data, 12);
    return payload;
  },
  decode: (payload, what) => {
    if (payload.length < 12) throw new WireError(what, `${payload.length} bytes, at least 12 are needed`);
    const view = viewOf(payload);
    const size = view.getUint32(4, true);
    if (size > MOST_CONFIG_BYTES) {
      throw new WireError(what, `${size} bytes of configuration, ${MOST_CONFIG_BYTES} is the most`);
    }
    expectSize(payload, 12 + size, what);
    return {
      offset: view.getUint32(0, true),
      flags: view.getUint32(8, true),
      data: Buffer.from(payload.subarray(12)),
    };
  },
};

/** The reply to GET_CONFIG: null (no payload at all) says that the access was refused. */
export const configReply: Codec<ConfigAccess | null> = {
  encode: (access) => (access === null ? Buffer.alloc(0) : configAccess.encode(access)),
  decode: (payload, what) => (payload.length === 0 ? null : configAccess.decode(payload, what)),
};

const SHMEM_CONFIG_BYTES = 8 + SHMEM_REGIONS * 8;
export const shmemConfig: Codec<ShmemConfig> = {
  encode: (regions) => {
    const payload = Buffer.alloc(SHMEM_CONFIG_BYTES);
    payload.writeUInt32LE(regions.size, 0);
    for (const [id, size] of regions) writeU64(viewOf(payload), 8 + id * 8, size);
    return payload;
  },
  decode: (payload, what) => {
    expectSize(payload, SHMEM_CONFIG_BYTES, what);
    const view = viewOf(payload);
    const count = view.getUint32(0, true);
    const regions = new Map<number, U64>();
    for (let id = 0; id < SHMEM_REGIONS; id += 1) {
      const size = readU64(view, 8 + id * 8);
      if (size !== 0) regions.set(id, size);
    }
    if (count !== regions.size) {
      throw new WireError(what, `${count} regions are announced, ${regions.size} have a size`);
    }
    return regions;
  },
};

/** 20 bytes that C's alignment may pad to 24. */
export const inflight: Codec<InflightDescription> = {
  encode: (description) => {
    const payload = Buffer.alloc(24);
    const view = viewOf(payload);
    writeU64(view, 0, description.mmapSize);
    writeU64(view, 8, description.mmapOffset);
    view.setUint16(16, description.queues, true);
    view.setUint16(18, description.queueSize, true);
    return payload;
  },
  decode: (payload, what) => {
    if (payload.length !== 20) expectSize(payload, 24, what);
    const view = viewOf(payload);
    return {
      mmapSize: readU64(view, 0),
      mmapOffset: readU64(view, 8),
      queues: view.getUint16(16, true),
      queueSize: view.getUint16(18, true),
    };
  },
};

const SHMEM_FLAG_WRITABLE = 1n;
export const shmemRange: Codec<ShmemRange> = {
  encode: (range) => {
    const payload = Buffer.alloc(40);
    const view = viewOf(payload);
    view.setUint8(0, range.shmid);
    writeU64(view, 8, range.fdOffset);
    writeU64(view, 16, range.shmOffset);
    writeU64(view, 24, range.length);
    view.setBigUint64(32, range.writable ? SHMEM_FLAG_WRITABLE : 0n, true);
    return payload;
  },
  decode: (payload, what) => {
    expectSize(payload, 40, what);
    const view = viewOf(payload);
    return {
      shmid: view.getUint8(0),
      fdOffset: readU64(view, 8),
      shmOffset: readU64(view, 16),
      length: readU64(view, 24),
      writable: (view.getBigUint64(32, true) & SHMEM_FLAG_WRITABLE) !== 0n,
    };
  },
};

/** 16 bytes that name an object shared between devices. */
export const uuid: Codec<Buffer> = {
  encode: (value) => Buffer.from(value),
  decode: (payload, what) => {
    expectSize(payload, 16, what);
    return Buffer.from(payload);
  },
};

/** A payload of a request that is not spoken here: kept as it is, so that it can be refused in words. */
export const opaque: Codec<Buffer> = {
  encode: (value) => Buffer.from(value),
  decode: (payload) => Buffer.from(payload),
};

// ---- requests -------------------------------------------------------------------------------------------------------------------------

type SomeCodec = {
  encode(value: never): Buffer;
  decode(payload: Uint8Array, what: string): unknown;
};
/**
 * One line a request: its number, its payload, the payload of the reply that it always has (null: none, unless NEED_REPLY is set and
 * REPLY_ACK was negotiated; then the reply is `bits`, 0 for success), and how many descriptors come with it at least and at most.
 */
type RequestFormat = {
  readonly number: number;
  readonly body: SomeCodec;
  readonly reply: SomeCodec | null;
  readonly fds: readonly [least: number, most: number];
};

const NO_FDS = [0, 0] as const;
const ONE_FD = [1, 1] as const;
/** SET_VRING_KICK and its kin carry a descriptor unless `noFd` is set; decodeRequest checks which. */
const MAYBE_ONE_FD = [0, 1] as const;

export const FRONTEND_REQUESTS = {
  GET_FEATURES: { number: 1, body: nothing, reply: bits, fds: NO_FDS },
  SET_FEATURES: { number: 2, body: bits, reply: null, fds: NO_FDS },
  SET_OWNER: { number: 3, body: nothing, reply: null, fds: NO_FDS },
  RESET_OWNER: { number: 4, body: nothing, reply: null, fds: NO_FDS },
  SET_MEM_TABLE: { number: 5, body: memoryTable, reply: null, fds: [0, MOST_TABLE_REGIONS] },
  SET_LOG_BASE: { number: 6, body: opaque, reply: null, fds: MAYBE_ONE_FD },
  SET_LOG_FD: { number: 7, body: opaque, reply: null, fds: MAYBE_ONE_FD },
  SET_VRING_NUM: { number: 8, body: vringState, reply: null, fds: NO_FDS },
  SET_VRING_ADDR: { number: 9, body: vringAddresses, reply: null, fds: NO_FDS },
  SET_VRING_BASE: { number: 10, body: vringState, reply: null, fds: NO_FDS },
  GET_VRING_BASE: { number: 11, body: vringState, reply: vringState, fds: NO_FDS },
  SET_VRING_KICK: { number: 12, body: vringFd, reply: null, fds: MAYBE_ONE_FD },
  SET_VRING_CALL: { number: 13, body: vringFd, reply: null, fds: MAYBE_ONE_FD },
  SET_VRING_ERR: { number: 14, body: vringFd, reply: null, fds: MAYBE_ONE_FD },
  GET_PROTOCOL_FEATURES: { number: 15, body: nothing, reply: bits, fds: NO_FDS },
  SET_PROTOCOL_FEATURES: { number: 16, body: bits, reply: null, fds: NO_FDS },
  GET_QUEUE_NUM: { number: 17, body: nothing, reply: u64, fds: NO_FDS },
  SET_VRING_ENABLE: { number: 18, body: vringState, reply: null, fds: NO_FDS },
  SEND_RARP: { number: 19, body: opaque, reply: null, fds: NO_FDS },
  NET_SET_MTU: { number: 20, body: opaque, reply: null, fds: NO_FDS },
  SET_BACKEND_REQ_FD: { number: 21, body: nothing, reply: null, fds: ONE_FD },
  IOTLB_MSG: { number: 22, body: opaque, reply: null, fds: NO_FDS },
  SET_VRING_ENDIAN: { number: 23, body: opaque, reply: null, fds: NO_FDS },
  GET_CONFIG: { number: 24, body: configAccess, reply: configReply, fds: NO_FDS },
  SET_CONFIG: { number: 25, body: configAccess, reply: null, fds: NO_FDS },
  CREATE_CRYPTO_SESSION: { number: 26, body: opaque, reply: null, fds: NO_FDS },
  CLOSE_CRYPTO_SESSION: { number: 27, body: opaque, reply: null, fds: NO_FDS },
  POSTCOPY_ADVISE: { number: 28, body: opaque, reply: null, fds: NO_FDS },
  POSTCOPY_LISTEN: { number: 29, body: opaque, reply: null, fds: NO_FDS },
  POSTCOPY_END: { number: 30, body: opaque, reply: null, fds: NO_FDS },
  GET_INFLIGHT_FD: { number: 31, body: inflight, reply: inflight, fds: NO_FDS },
  SET_INFLIGHT_FD: { number: 32, body: inflight, reply: null, fds: MAYBE_ONE_FD },
  GPU_SET_SOCKET: { number: 33, body: opaque, reply: null, fds: MAYBE_ONE_FD },
  RESET_DEVICE: { number: 34, body: nothing, reply: null, fds: NO_FDS },
  VRING_KICK: { number: 35, body: vringState, reply: null, fds: NO_FDS },
  GET_MAX_MEM_SLOTS: { number: 36, body: nothing, reply: u64, fds: NO_FDS },
  ADD_MEM_REG: { number: 37, body: singleRegion, reply: null, fds: ONE_FD },
  /** The specification asks for a descriptor here and says to ignore it; QEMU sends it or not, by version. */
  REM_MEM_REG: { number: 38, body: singleRegion, reply: null, fds: MAYBE_ONE_FD },
  SET_STATUS: { number: 39, body: u64, reply: null, fds: NO_FDS },
  GET_STATUS: { number: 40, body: nothing, reply: u64, fds: NO_FDS },
  GET_SHARED_OBJECT: { number: 41, body: opaque, reply: null, fds: NO_FDS },
  SET_DEVICE_STATE_FD: { number: 42, body: opaque, reply: null, fds: MAYBE_ONE_FD },
  CHECK_DEVICE_STATE: { number: 43, body: opaque, reply: null, fds: NO_FDS },
  GET_SHMEM_CONFIG: { number: 44, body: nothing, reply: shmemConfig, fds: NO_FDS },
} as const satisfies Readonly<Record<string, RequestFormat>>;

/** Requests of the back-end: those that Barkeep sends, or that a front-end must be able to name. */
export const BACKEND_REQUESTS = {
  IOTLB_MSG: { number: 1, body: opaque, reply: null, fds: NO_FDS },
  CONFIG_CHANGE_MSG: { number: 2, body: nothing, reply: null, fds: NO_FDS },
  VRING_HOST_NOTIFIER_MSG: { number: 3, body: opaque, reply: null, fds: MAYBE_ONE_FD },
  VRING_CALL: { number: 4, body: vringState, reply: null, fds: NO_FDS },
  VRING_ERR: { number: 5, body: vringState, reply: null, fds: NO_FDS },
  SHARED_OBJECT_ADD: { number: 6, body: uuid, reply: null, fds: NO_FDS },
  SHARED_OBJECT_REMOVE: { number: 7, body: uuid, reply: null, fds: NO_FDS },
  SHARED_OBJECT_LOOKUP: { number: 8, body: uuid, reply: bits, fds: NO_FDS },
  SHMEM_MAP: { number: 9, body: shmemRange, reply: null, fds: ONE_FD },
  SHMEM_UNMAP: { number: 10, body: shmemRange, reply: null, fds: NO_FDS },
} as const satisfies Readonly<Record<string, RequestFormat>>;

type Requests = Readonly<Record<string, RequestFormat>>;
type Value<C> = C extends Codec<infer T> ? T : null;
/** Every request of a table as {name, body}: switch on `name`. */
type Message<T extends Requests> = {
  [N in keyof T & string]: { readonly name: N; readonly body: Value<T[N]['body']> };
}[keyof T & string];

export type FrontendRequestName = keyof typeof FRONTEND_REQUESTS;
export type FrontendMessage = Message<typeof FRONTEND_REQUESTS>;
export type FrontendBody<N extends FrontendRequestName> = Value<(typeof FRONTEND_REQUESTS)[N]['body']>;
export type FrontendReply<N extends FrontendRequestName> = Value<(typeof FRONTEND_REQUESTS)[N]['reply']>;

export type BackendRequestName = keyof typeof BACKEND_REQUESTS;
export type BackendMessage = Message<typeof BACKEND_REQUESTS>;
export type BackendBody<N extends BackendRequestName> = Value<(typeof BACKEND_REQUESTS)[N]['body']>;

const frontendNames = namesOf(FRONTEND_REQUESTS);
const backendNames = namesOf(BACKEND_REQUESTS);

/** "SET_MEM_TABLE 5", or "request 99": for logs. */
export function describeFrontendRequest(request: number): string {
  return frontendNames.has(request) ? `${frontendNames.get(request)} ${request}` : `request ${request}`;
}

/** "SHMEM_MAP 9", or "back-end request 99": for logs. */
export function describeBackendRequest(request: number): string {
  return backendNames.has(request)
    ? `${backendNames.get(request)} ${request}`
    : `back-end request ${request}`;
}

/**
 * What a front-end sent (read by a back-end). Null for a number that no version of the protocol known here has.
 * Throws WireError when the payload does not fit the request or the number of descriptors does not fit the payload.
 */
export function decodeFrontendRequest(
  request: number,
  payload: Uint8Array,
  fdCount: number,
): FrontendMessage | null {
  const name = frontendNames.get(request);
  if (name === undefined) return null;
  const message = {
    name,
    body: FRONTEND_REQUESTS[name].body.decode(payload, `${name} ${request}`),
  } as FrontendMessage;
  expectFds(FRONTEND_REQUESTS[name], name, fdCount);
  switch (message.name) {
    case 'SET_MEM_TABLE':
      if (message.body.length !== fdCount) {
        throw new WireError('SET_MEM_TABLE 5', `${message.body.length} regions with ${fdCount} descriptors`);
      }
      break;
    case 'SET_VRING_KICK':
    case 'SET_VRING_CALL':
    case 'SET_VRING_ERR':
      if ((fdCount === 0) !== message.body.noFd) {
        throw new WireError(
          `${name} ${request}`,
          message.body.noFd
            ? 'a descriptor although bit 8 says none'
            : 'no descriptor although bit 8 is clear',
        );
      }
      break;
    default:
  }
  return message;
}

/** A request of a front-end, ready to send (descriptors go beside it). */
export function encodeFrontendRequest<N extends FrontendRequestName>(
  name: N,
  body: FrontendBody<N>,
  flags: { readonly needReply?: boolean } = {},
): Buffer {
  const format: RequestFormat = FRONTEND_REQUESTS[name];
  return encodeMessage(format.number, format.body.encode(body as never), flags);
}

/** The reply that a request always has (never the status of a REPLY_ACK: that is encodeStatus). */
export function encodeFrontendReply<N extends FrontendRequestName>(name: N, body: FrontendReply<N>): Buffer {
  const format: RequestFormat = FRONTEND_REQUESTS[name];
  if (format.reply === null) throw new TypeError(`${name} has no reply of its own`);
  return encodeMessage(format.number, format.reply.encode(body as never), { reply: true });
}

/** The payload of a reply of its own (read by a front-end). Throws WireError for a wrong length. */
export function decodeFrontendReply<N extends FrontendRequestName>(
  name: N,
  payload: Uint8Array,
): FrontendReply<N> {
  const format: RequestFormat = FRONTEND_REQUESTS[name];
  if (format.reply === null) throw new TypeError(`${name} has no reply of its own`);
  return format.reply.decode(payload, `reply to ${name} ${format.number}`) as FrontendReply<N>;
}

/** What a back-end sent on its channel (read by a front-end). Null for an unknown number. Throws WireError like decodeFrontendRequest. */
export function decodeBackendRequest(
  request: number,
  payload: Uint8Array,
  fdCount: number,
): BackendMessage | null {
  const name = backendNames.get(request);
  if (name === undefined) return null;
  const body = BACKEND_REQUESTS[name].body.decode(payload, `${name} ${request}`);
  expectFds(BACKEND_REQUESTS[name], name, fdCount);
  return { name, body } as BackendMessage;
}

/** A request of a back-end, ready to send (descriptors go beside it). */
export function encodeBackendRequest<N extends BackendRequestName>(
  name: N,
  body: BackendBody<N>,
  flags: { readonly needReply?: boolean } = {},
): Buffer {
  const format: RequestFormat = BACKEND_REQUESTS[name];
  return encodeMessage(format.number, format.body.encode(body as never), flags);
}

/** The reply to a request that carried NEED_REPLY: 0 is success. Either role, either socket. */
export function encodeStatus(request: number, status: U64): Buffer {
  return encodeMessage(request, u64.encode(status), { reply: true });
}

/** The status of such a reply. Throws WireError unless the payload is one u64. */
export function decodeStatus(request: number, payload: Uint8Array): U64 {
  return u64.decode(payload, `acknowledgement of request ${request}`);
}

// ---- helpers --------------------------------------------------------------------------------------------------------------------------

function namesOf<T extends Requests>(requests: T): ReadonlyMap<number, keyof T & string> {
  return new Map(Object.entries(requests).map(([name, format]) => [format.number, name]));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function expectSize(payload: Uint8Array, size: number, what: string): void {
  if (payload.length !== size) {
    throw new WireError(what, `a payload of ${payload.length} bytes, ${size} are expected`);
  }
}

function expectFds(format: RequestFormat, name: string, count: number): void {
  const [least, most] = format.fds;
  if (count < least || count > most) {
    const expected = least === most ? `${least}` : `${least} to ${most}`;
    throw new WireError(
      `${name} ${format.number}`,
      `${count} descriptors came with it, ${expected} are expected`,
    );
  }
}

function readRegion(view: DataView, offset: number): MemoryRegion {
  return {
    guestAddress: readU64(view, offset),
    size: readU64(view, offset + 8),
    userAddress: readU64(view, offset + 16),
    mmapOffset: readU64(view, offset + 24),
  };
}

function writeRegion(view: DataView, offset: number, region: MemoryRegion): void {
  writeU64(view, offset, region.guestAddress);
  writeU64(view, offset + 8, region.size);
  writeU64(view, offset + 16, region.userAddress);
  writeU64(view, offset + 24, region.mmapOffset);
}
