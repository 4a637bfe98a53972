import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toU64 } from '../../../services/lib/wire/u64.ts';
import {
  BACKEND_REQUESTS,
  bitSet,
  decodeBackendRequest,
  decodeFrontendReply,
  decodeFrontendRequest,
  decodeHeader,
  decodeStatus,
  describeBackendRequest,
  describeBits,
  describeFrontendRequest,
  encodeBackendRequest,
  encodeFrontendReply,
  encodeFrontendRequest,
  encodeStatus,
  FRONTEND_REQUESTS,
  HEADER_BYTES,
  MOST_PAYLOAD_BYTES,
  PROTOCOL_FEATURE,
  WireError,
} from '../../../services/lib/wire/vhost-user.ts';

const anyU64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn).map(toU64);
const anyU32 = fc.nat(0xffff_ffff);
const region = fc.record({
  guestAddress: anyU64,
  size: anyU64,
  userAddress: anyU64,
  mmapOffset: anyU64,
});
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

function split(message: Buffer): { request: number; payload: Buffer } {
  const header = decodeHeader(message);
  expect(header.size).toBe(message.length - HEADER_BYTES);
  return { request: header.request, payload: message.subarray(HEADER_BYTES) };
}

describe('header', () => {
  it('survives a round trip with its flags', () => {
    const message = encodeFrontendRequest('SET_STATUS', 7, { needReply: true });
    expect(decodeHeader(message)).toEqual({ request: 39, reply: false, needReply: true, size: 8 });
    expect(decodeHeader(encodeStatus(39, 0))).toEqual({
      request: 39,
      reply: true,
      needReply: false,
      size: 8,
    });
  });

  it('refuses too few bytes, another version and a payload above the largest one', () => {
    const message = encodeFrontendRequest('GET_FEATURES', null);
    expect(() => decodeHeader(message.subarray(0, 11))).toThrow(WireError);
    message.writeUInt32LE(2, 4);
    expect(() => decodeHeader(message)).toThrow(/version 2/);
    message.writeUInt32LE(1, 4);
    message.writeUInt32LE(MOST_PAYLOAD_BYTES + 1, 8);
    expect(() => decodeHeader(message)).toThrow(/2057 bytes/);
    message.writeUInt32LE(0xffff_ffff, 8);
    expect(() => decodeHeader(message)).toThrow(/4294967295 bytes/);
  });
});

describe('front-end requests', () => {
  it('carry a memory table of 0 to 8 regions', () => {
    fc.assert(
      fc.property(fc.array(region, { maxLength: 8 }), (regions) => {
        const { request, payload } = split(encodeFrontendRequest('SET_MEM_TABLE', regions));
        expect(decodeFrontendRequest(request, payload, regions.length)).toEqual({
          name: 'SET_MEM_TABLE',
          body: regions,
        });
      }),
    );
  });

  it('carry one region to add or to remove', () => {
    fc.assert(
      fc.property(region, (body) => {
        const add = split(encodeFrontendRequest('ADD_MEM_REG', body));
        const remove = split(encodeFrontendRequest('REM_MEM_REG', body));
        expect(decodeFrontendRequest(add.request, add.payload, 1)).toEqual({ name: 'ADD_MEM_REG', body });
        expect(decodeFrontendRequest(remove.request, remove.payload, 0)).toEqual({
          name: 'REM_MEM_REG',
          body,
        });
      }),
    );
  });

  it('carry vring states, addresses and descriptors', () => {
    fc.assert(
      fc.property(anyU32, anyU32, anyU64, anyU64, anyU64, anyU64, (index, value, a, b, c, d) => {
        const state = split(encodeFrontendRequest('SET_VRING_NUM', { index, value }));
        expect(decodeFrontendRequest(state.request, state.payload, 0)?.body).toEqual({ index, value });
        const body = { index, flags: value, descriptors: a, used: b, available: c, log: d };
        const addresses = split(encodeFrontendRequest('SET_VRING_ADDR', body));
        expect(decodeFrontendRequest(addresses.request, addresses.payload, 0)?.body).toEqual(body);
        const kick = split(encodeFrontendRequest('SET_VRING_KICK', { index: index & 0xff, noFd: false }));
        expect(decodeFrontendRequest(kick.request, kick.payload, 1)?.body).toEqual({
          index: index & 0xff,
          noFd: false,
        });
      }),
    );
  });

  it('carry configuration accesses', () => {
    fc.assert(
      fc.property(anyU32, anyU32, fc.uint8Array({ maxLength: 256 }), (offset, flags, data) => {
        const body = { offset, flags, data: Buffer.from(data) };
        const { request, payload } = split(encodeFrontendRequest('SET_CONFIG', body));
        expect(decodeFrontendRequest(request, payload, 0)).toEqual({ name: 'SET_CONFIG', body });
      }),
    );
  });

  it('carry feature bits as they are', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 0xffff_ffff_ffff_ffffn), (body) => {
        const { request, payload } = split(encodeFrontendRequest('SET_FEATURES', body));
        expect(decodeFrontendRequest(request, payload, 0)).toEqual({ name: 'SET_FEATURES', body });
      }),
    );
  });

  it('never turn random payloads into anything but a message, null or WireError', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.uint8Array({ maxLength: 300 }), fc.nat(9), (request, payload, fdCount) => {
        let problem: unknown = null;
        try {
          decodeFrontendRequest(request, payload, fdCount);
          decodeBackendRequest(request, payload, fdCount);
        } catch (error) {
          problem = error;
        }
        expect(problem === null || problem instanceof WireError).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('are null for numbers that nobody knows', () => {
    expect(decodeFrontendRequest(0, Buffer.alloc(0), 0)).toBeNull();
    expect(decodeFrontendRequest(45, Buffer.alloc(0), 0)).toBeNull();
    expect(decodeBackendRequest(11, Buffer.alloc(0), 0)).toBeNull();
  });

  it.each(Object.entries(FRONTEND_REQUESTS))('refuse a %s with 9 descriptors', (_name, format) => {
    const sizes = [0, 8, 12, 16, 20, 24, 40];
    const decodeAll = () => sizes.map((size) => decodeFrontendRequest(format.number, Buffer.alloc(size), 9));
    expect(decodeAll).toThrow(WireError);
  });

  it('refuse counts that do not fit the payload', () => {
    const table = Buffer.alloc(8 + 32);
    table.writeUInt32LE(2, 0);
    expect(() => decodeFrontendRequest(5, table, 2)).toThrow(/40 bytes, 72 are expected/);
    table.writeUInt32LE(0xffff_ffff, 0);
    expect(() => decodeFrontendRequest(5, table, 2)).toThrow(/4294967295 regions/);
    table.writeUInt32LE(1, 0);
    expect(() => decodeFrontendRequest(5, table, 0)).toThrow(/1 regions with 0 descriptors/);
    const config = Buffer.alloc(12 + 16);
    config.writeUInt32LE(257, 4);
    expect(() => decodeFrontendRequest(24, config, 0)).toThrow(/257 bytes of configuration/);
    config.writeUInt32LE(17, 4);
    expect(() => decodeFrontendRequest(24, config, 0)).toThrow(/28 bytes, 29 are expected/);
  });

  it('refuse a vring descriptor that contradicts bit 8', () => {
    const kick = split(encodeFrontendRequest('SET_VRING_KICK', { index: 1, noFd: true }));
    expect(() => decodeFrontendRequest(kick.request, kick.payload, 1)).toThrow(/although bit 8 says none/);
    const call = split(encodeFrontendRequest('SET_VRING_CALL', { index: 1, noFd: false }));
    expect(() => decodeFrontendRequest(call.request, call.payload, 0)).toThrow(/although bit 8 is clear/);
  });
});

describe('replies', () => {
  it('to GET_SHMEM_CONFIG have 2056 bytes with sizes by id', () => {
    const sizes = new Map([[1, 16 * 1024 ** 3]]);
    const { payload } = split(encodeFrontendReply('GET_SHMEM_CONFIG', sizes));
    expect(payload.length).toBe(2056);
    expect(payload.readUInt32LE(0)).toBe(1);
    expect(payload.readBigUInt64LE(16)).toBe(17179869184n);
    expect(decodeFrontendReply('GET_SHMEM_CONFIG', payload)).toEqual(sizes);
  });

  it('to GET_CONFIG are empty when the access was refused', () => {
    const { payload } = split(encodeFrontendReply('GET_CONFIG', null));
    expect(payload.length).toBe(0);
    expect(decodeFrontendReply('GET_CONFIG', payload)).toBeNull();
  });

  it('survive a round trip', () => {
    const features = split(encodeFrontendReply('GET_FEATURES', 0x1_5000_0019n));
    expect(decodeFrontendReply('GET_FEATURES', features.payload)).toBe(0x1_5000_0019n);
    const base = split(encodeFrontendReply('GET_VRING_BASE', { index: 1, value: 65535 }));
    expect(decodeFrontendReply('GET_VRING_BASE', base.payload)).toEqual({ index: 1, value: 65535 });
    const slots = split(encodeFrontendReply('GET_MAX_MEM_SLOTS', 512));
    expect(decodeFrontendReply('GET_MAX_MEM_SLOTS', slots.payload)).toBe(512);
    const status = split(encodeStatus(5, 1));
    expect(decodeStatus(5, status.payload)).toBe(1);
  });

  it('of a wrong length are refused', () => {
    expect(() => decodeFrontendReply('GET_FEATURES', Buffer.alloc(7))).toThrow(WireError);
    expect(() => decodeStatus(9, Buffer.alloc(0))).toThrow(WireError);
  });
});

describe('back-end requests', () => {
  it('map and unmap with 40 bytes', () => {
    fc.assert(
      fc.property(anyU64, anyU64, anyU64, fc.boolean(), (fdOffset, shmOffset, length, writable) => {
        const body = { shmid: 1, fdOffset, shmOffset, length, writable };
        const map = split(encodeBackendRequest('SHMEM_MAP', body, { needReply: true }));
        expect(map.payload.length).toBe(40);
        expect(decodeBackendRequest(map.request, map.payload, 1)).toEqual({ name: 'SHMEM_MAP', body });
        const unmap = split(encodeBackendRequest('SHMEM_UNMAP', body));
        expect(decodeBackendRequest(unmap.request, unmap.payload, 0)).toEqual({ name: 'SHMEM_UNMAP', body });
      }),
    );
  });

  it('map only with a descriptor, unmap only without', () => {
    expect(() => decodeBackendRequest(9, Buffer.alloc(40), 0)).toThrow(/0 descriptors/);
    expect(() => decodeBackendRequest(10, Buffer.alloc(40), 1)).toThrow(/1 descriptors/);
  });

  it('name shared objects by 16 bytes', () => {
    fc.assert(
      fc.property(bytes(16), (body) => {
        const { request, payload } = split(encodeBackendRequest('SHARED_OBJECT_REMOVE', Buffer.from(body)));
        expect(decodeBackendRequest(request, payload, 0)?.body).toEqual(Buffer.from(body));
      }),
    );
  });
});

describe('names', () => {
  it('are given for every request, with its number', () => {
    expect(describeFrontendRequest(44)).toBe('GET_SHMEM_CONFIG 44');
    expect(describeFrontendRequest(99)).toBe('request 99');
    expect(describeBackendRequest(BACKEND_REQUESTS.SHMEM_MAP.number)).toBe('SHMEM_MAP 9');
  });

  it('number the requests without a gap', () => {
    const numbers = Object.values(FRONTEND_REQUESTS).map((format) => format.number);
    expect(numbers).toEqual(Array.from({ length: 44 }, (_, index) => index + 1));
  });

  it('describe feature bits', () => {
    const set = bitSet(PROTOCOL_FEATURE.MQ, PROTOCOL_FEATURE.SHMEM, 40);
    expect(describeBits(set, PROTOCOL_FEATURE)).toBe('MQ 0, SHMEM 22, bit 40');
    expect(describeBits(0n, PROTOCOL_FEATURE)).toBe('none');
    expect(bitSet(0, 3, 5, 9, 10, 22)).toBe(0x40_0629n);
  });
});
