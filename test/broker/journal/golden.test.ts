// The bytes of the broker's journal, as they were when its version was written down: a change of them needs a new version.
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../../services/broker/journal/decode.ts';
import {
  beginBatch,
  encodeAttach,
  encodeComplete,
  encodeMemory,
  encodeReclaim,
  encodeStart,
  encodeStash,
  encodeState,
  encodeStep,
  encodeTold,
  encodeVm,
  finishBatch,
} from '../../../services/broker/journal/encode.ts';
import type { HeapRecord, VmRecord } from '../../../services/broker/journal/record.ts';
import type { Command, Reply } from '../../../services/lib/domain/command.ts';
import { Counters } from '../../../services/lib/domain/counters.ts';
import { ByteWriter } from '../../../services/lib/journal/bytes.ts';

const HEAPS: readonly HeapRecord[] = [
  {
    name: 'ram',
    backing: 'memfd',
    cache: 'cached',
    granule: 4096,
    capacity: 2 ** 40,
    lastId: 7,
    device: 0,
    inode: 0,
    size: 0,
    path: '',
    prefault: false,
  },
  {
    name: 'bär',
    backing: 'file',
    cache: 'wc',
    granule: 2 ** 21,
    capacity: 2 ** 28,
    lastId: 2 ** 33,
    device: 259,
    inode: 2 ** 52 + 1,
    size: 2 ** 28,
    path: '/dev/dax0.0',
    prefault: true,
  },
];
const VM: VmRecord = {
  slot: 3,
  name: 'desk',
  session: Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
  windowSize: 2 ** 30,
  placement: 'per-blob',
  windowInode: 0,
  heap: 'ram',
  blobHeaps: new Map([[1, 'bär']]),
  attachedBy: { kind: 'user', uid: 1000 },
  scanouts: 1,
  quota: { bytes: 2 ** 31, mappings: 0, allocations: 10 },
  decides: false,
};
const allocation = { heap: 'bär', id: 2 ** 33, number: 0, fdOffset: 2 ** 21, size: 2 ** 21 };
const refusal = { reason: 'OVERLAP', message: 'im Weg: ä', metadata: { resource: '2' } } as const;
const steps: readonly [Command, Reply][] = [
  [
    {
      kind: 'create',
      number: 5,
      resource: 0xffff_ffff,
      context: 2,
      blobMem: 'host3d-guest',
      flags: 7,
      blobId: 2n ** 63n + 1n,
      size: 2 ** 21,
    },
    {
      kind: 'create',
      number: 5,
      generation: 2,
      result: 'ok',
      resource: 0xffff_ffff,
      size: 2 ** 21,
      charged: 2 ** 21,
      allocation,
    },
  ],
  [
    { kind: 'map', number: 6, resource: 9, offset: 2 ** 29 },
    {
      kind: 'map',
      number: 6,
      generation: 2,
      result: 'ok',
      resource: 9,
      offset: 2 ** 29,
      size: 4096,
      length: 4096,
      cache: 'wc',
      allocation,
    },
  ],
  [
    { kind: 'map', number: 7, resource: 9, offset: 0 },
    { kind: 'map', number: 7, generation: 2, result: 'refused', resource: 9, refusal },
  ],
  [
    { kind: 'unmap', number: 8, resource: 9 },
    {
      kind: 'unmap',
      number: 8,
      generation: 2,
      result: 'ok',
      resource: 9,
      wasMapped: true,
      offset: 2 ** 29,
      length: 4096,
    },
  ],
  [
    { kind: 'destroy', number: 9, resource: 9 },
    {
      kind: 'destroy',
      number: 9,
      generation: 2,
      result: 'ok',
      resource: 9,
      wasMapped: false,
      offset: 0,
      length: 0,
    },
  ],
  [
    { kind: 'reset', number: 10 },
    { kind: 'reset', number: 10, generation: 3, result: 'ok', blobs: 4, mappings: 2 },
  ],
];

function bytesOf(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return out.bytes.toString('hex');
}

function batch(out: ByteWriter): void {
  const at = beginBatch(out, 3, 4, 5);
  const memory = { heapIndex: () => 1, inodeOf: () => 2 ** 40 };
  for (const [command, reply] of steps) encodeStep(out, command, reply, reply.result === 'ok', memory);
  finishBatch(out, at, steps.length, [{ number: 6, completed: 1, cause: 'ENOSPC', after: 9 }]);
}

function image(out: ByteWriter, write: () => void): void {
  const snapshot = {
    generation: 3,
    lastNumber: 10,
    acknowledgedNumber: 4,
    replies: steps.map(([, reply]) => reply),
    blobs: [
      {
        resource: 1,
        context: 0,
        blobId: 1,
        blobMem: 'host3d',
        flags: 1,
        size: 2 ** 21,
        heap: 'bär',
        allocation,
        state: 'mapped',
        offset: 2 ** 21,
      },
      {
        resource: 2,
        context: 4,
        blobId: 0,
        blobMem: 'host3d',
        flags: 3,
        size: 8192,
        heap: 'ram',
        allocation: null,
        state: 'stashed',
        offset: 0,
      },
    ],
    counters: new Counters().figures(),
  } as const;
  encodeVm(
    out,
    {
      vm: VM,
      state: 'orphaned',
      graceEnds: 1.7e12,
      suspension: '',
      snapshot,
      grant: null,
      accountsVersion: 0,
      settledMemory: 0,
      unusedMemory: [],
      inodeOf: () => 77,
      stashInode: () => 88,
    },
    (name) => (name === 'ram' ? 0 : 1),
    write,
  );
}

const numbered = { ...allocation, number: 5 };

/** Of a VM that has memory of its own by its frontend's asking. */
function accounts(out: ByteWriter): void {
  const blob = {
    resource: 1,
    context: 0,
    blobId: 1,
    blobMem: 'host3d',
    flags: 1,
    size: 2 ** 21,
    heap: 'bär',
    allocation: numbered,
    state: 'mapped',
    offset: 2 ** 21,
  } as const;
  const told = {
    version: 6,
    complete: false,
    destroyed: [2],
    blobs: [blob],
    generation: 3,
    settledMemory: 4,
    counts: { operations: [], refusals: [] },
  };
  encodeTold(
    out,
    3,
    told,
    () => 1,
    () => undefined,
  );
}

describe('the records of the journal', () => {
  it.each<[string, (out: ByteWriter) => void]>([
    ['start', (out) => encodeStart(out, '0.1.0', HEAPS)],
    ['complete', encodeComplete],
    ['attach', (out) => encodeAttach(out, VM)],
    ['state', (out) => encodeState(out, 3, 'orphaned', 1.7e12, '')],
    ['stash', (out) => encodeStash(out, 3, 0xffff_ffff, 2 ** 45)],
    ['reclaim', (out) => encodeReclaim(out, 3)],
    ['batch', batch],
    ['vm', (out) => image(out, () => undefined)],
    ['memory', (out) => encodeMemory(out, 3, 4, [{ allocation: numbered, inode: 2 ** 40 }], () => 1)],
    ['accounts', accounts],
  ])('keep their bytes: %s', (kind, write) => {
    const bytes = bytesOf(write);
    expect(bytes).toMatchSnapshot();
    expect(decodeEntry(Buffer.from(bytes, 'hex'), HEAPS).kind).toBe(kind);
    const cut = Buffer.from(bytes, 'hex');
    for (let length = 0; length < cut.length; length += 1) {
      expect(() => decodeEntry(cut.subarray(0, length), HEAPS)).toThrow();
    }
    expect(() => decodeEntry(Buffer.concat([cut, Buffer.alloc(1)]), HEAPS)).toThrow('1 bytes follow');
  });
});
