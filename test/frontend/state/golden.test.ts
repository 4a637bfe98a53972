// The bytes of the device's journal, as they were when RECORDS_VERSION was given its number: a change of them needs another.
import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord, type JournalRecord } from '../../../services/frontend/state/records.ts';

const uuid = Uint8Array.from({ length: 16 }, (_, index) => 0xf0 + index);
const records: readonly JournalRecord[] = [
  {
    kind: 'session',
    session: Uint8Array.from({ length: 16 }, (_, index) => index),
    placement: 'per-blob',
    windowSize: 2 ** 30,
  },
  { kind: 'offer', scanouts: 1, blobAlignment: 2 ** 21 },
  { kind: 'window', number: 2, dev: 1n, ino: 2n ** 63n + 5n },
  { kind: 'session-gone' },
  { kind: 'used' },
  { kind: 'reset' },
  { kind: 'file', dev: 2n ** 40n, ino: 7n },
  {
    kind: 'answered',
    answers: [
      { chain: 2 ** 40, reply: Uint8Array.from([1, 2, 3]) },
      { chain: 2 ** 40 + 1, reply: null },
    ],
    changes: [
      { kind: 'context', id: 1 },
      { kind: 'context-gone', id: 1 },
      {
        kind: 'resource',
        id: 2,
        resource: { kind: '2d', width: 64, height: 32, backing: 8192, uuid: null },
      },
      { kind: 'resource', id: 3, resource: { kind: 'guest-blob', size: 4096, backing: null, uuid } },
      { kind: 'resource', id: 4, resource: { kind: 'host-blob', size: 2 ** 33, uuid: null } },
      { kind: 'resource-gone', id: 4 },
      { kind: 'memory-asked', number: 2 ** 33 },
      {
        kind: 'blob',
        blob: {
          resource: 10,
          context: 0,
          blobId: 0,
          blobMem: 'host3d-guest',
          flags: 3,
          size: 2 ** 21,
          heap: 'huge',
          allocation: { heap: 'huge', id: 2 ** 33, number: 2 ** 33, fdOffset: 2 ** 21, size: 2 ** 21 },
          state: 'mapped',
          offset: 2 ** 22,
        },
        stash: null,
      },
      {
        kind: 'blob',
        blob: {
          resource: 9,
          context: 1,
          blobId: 2n ** 63n,
          blobMem: 'host3d',
          flags: 1,
          size: 8192,
          heap: 'ram',
          allocation: null,
          state: 'stashed',
          offset: 0,
        },
        stash: 2 ** 33,
      },
      { kind: 'blob-gone', id: 9 },
      { kind: 'blobs-gone' },
      { kind: 'generation', generation: 3 },
      { kind: 'count', index: 4, count: 2 ** 40 },
    ],
  },
  {
    kind: 'rules',
    rules: {
      quota: { bytes: 2 ** 40, mappings: 7, allocations: 9 },
      defaultHeap: 'ram',
      blobHeaps: new Map([['18446744073709551615', 'ram']]),
      heaps: [{ name: 'ram', backing: 'memfd', cache: 'cached', granule: 4096 }],
      populate: true,
    },
  },
  { kind: 'grant', grant: { heaps: new Map([['ram', 2 ** 33]]), mappings: 3, allocations: 4 } },
  { kind: 'finishing', chain: 12 },
];

describe('the records of the device', () => {
  it.each(
    records.map((record) => [record.kind, record] as const),
  )('keep their bytes: %s', (_kind, record) => {
    const bytes = encodeRecord(record);
    expect(Buffer.from(bytes).toString('hex')).toMatchSnapshot();
    expect(decodeRecord(bytes)).toEqual(record);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeRecord(bytes.subarray(0, length))).toThrow(RangeError);
    }
    expect(() => decodeRecord(Uint8Array.from([...bytes, 0]))).toThrow(RangeError);
  });
});
