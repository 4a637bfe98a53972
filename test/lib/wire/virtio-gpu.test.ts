import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ANSWERS,
  type AnswerName,
  answerName,
  COMMANDS,
  type CommandName,
  commandName,
  configSpace,
  describeAnswer,
  describeCommand,
  encodeAnswer,
  encodeCommand,
  encodeEntries,
  entriesTotal,
  HEADER_BYTES,
  header,
  memoryEntry,
  type Struct,
  viewOf,
} from '../../../services/lib/wire/virtio-gpu.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

describe('golden bytes', () => {
  it('RESOURCE_CREATE_BLOB as Linux sends it', () => {
    const command = encodeCommand(
      'RESOURCE_CREATE_BLOB',
      { contextId: 1 },
      { resourceId: 7, blobMem: 2, blobFlags: 1, entries: 0, blobId: 0, size: 0x20_0000 },
    );

    expect(command).toEqual(
      hex(`0c010000 00000000 0000000000000000 01000000 00000000
           07000000 02000000 01000000 00000000 0000000000000000 0000200000000000`),
    );
  });

  it('RESOURCE_MAP_BLOB', () => {
    const command = encodeCommand('RESOURCE_MAP_BLOB', {}, { resourceId: 7, offset: 0x1_0000_1000 });

    expect(command).toEqual(
      hex('08020000 00000000 0000000000000000 00000000 00000000 07000000 00000000 0010000001000000'),
    );
  });

  it('a fenced SUBMIT_3D on a ring', () => {
    const command = encodeCommand(
      'SUBMIT_3D',
      { flags: 3, fenceId: 0x0123_4567_89ab_cdefn, contextId: 2, ringIndex: 5 },
      { size: 4 },
      Uint8Array.of(0, 0, 0, 0),
    );

    expect(command).toEqual(
      hex('07020000 03000000 efcdab8967452301 02000000 05000000 04000000 00000000 00000000'),
    );
  });

  it('OK_MAP_INFO with write-combining', () => {
    expect(encodeAnswer('OK_MAP_INFO', {}, { mapInfo: 3 })).toEqual(
      hex('06110000 00000000 0000000000000000 00000000 00000000 03000000 00000000'),
    );
  });

  it('an entry of guest memory', () => {
    expect(encodeEntries([{ address: 0x1_2345_6000, length: 0x1000 }])).toEqual(
      hex('0060452301000000 00100000 00000000'),
    );
  });

  it('the configuration space', () => {
    const bytes = new Uint8Array(configSpace.bytes);

    const values = { eventsRead: 1, eventsClear: 2, numScanouts: 3, numCapsets: 4, blobAlignment: 5 };
    configSpace.write(viewOf(bytes), 0, values);

    expect(Buffer.from(bytes)).toEqual(hex('01000000 02000000 03000000 04000000 05000000'));
  });
});

// sizeof of the C structs in <linux/virtio_gpu.h>.
describe('sizes', () => {
  it.each([
    ['GET_DISPLAY_INFO', 24],
    ['RESOURCE_CREATE_2D', 40],
    ['RESOURCE_UNREF', 32],
    ['SET_SCANOUT', 48],
    ['RESOURCE_FLUSH', 48],
    ['TRANSFER_TO_HOST_2D', 56],
    ['RESOURCE_ATTACH_BACKING', 32],
    ['RESOURCE_DETACH_BACKING', 32],
    ['GET_CAPSET_INFO', 32],
    ['GET_CAPSET', 32],
    ['GET_EDID', 32],
    ['RESOURCE_ASSIGN_UUID', 32],
    ['RESOURCE_CREATE_BLOB', 56],
    ['SET_SCANOUT_BLOB', 96],
    ['CTX_CREATE', 96],
    ['CTX_DESTROY', 24],
    ['CTX_ATTACH_RESOURCE', 32],
    ['CTX_DETACH_RESOURCE', 32],
    ['RESOURCE_CREATE_3D', 72],
    ['TRANSFER_TO_HOST_3D', 72],
    ['TRANSFER_FROM_HOST_3D', 72],
    ['SUBMIT_3D', 32],
    ['RESOURCE_MAP_BLOB', 40],
    ['RESOURCE_UNMAP_BLOB', 32],
    ['UPDATE_CURSOR', 56],
    ['MOVE_CURSOR', 56],
  ] as const)('%s is %i bytes', (name, size) => {
    expect(COMMANDS[name].body.bytes).toBe(size);
  });

  it.each([
    ['OK_NODATA', 24],
    ['OK_DISPLAY_INFO', 408],
    ['OK_CAPSET_INFO', 40],
    ['OK_EDID', 1056],
    ['OK_RESOURCE_UUID', 40],
    ['OK_MAP_INFO', 32],
    ['ERR_INVALID_PARAMETER', 24],
  ] as const)('%s is %i bytes', (name, size) => {
    expect(ANSWERS[name].body.bytes).toBe(size);
  });
});

describe('round trips', () => {
  // Whatever bytes a struct is read from, writing the value gives bytes that read the same.
  const keepsItsValue = (format: Struct<unknown>) =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: format.bytes, maxLength: format.bytes }), (bytes) => {
        const value = format.decode(viewOf(bytes));
        const copy = new Uint8Array(format.bytes);
        format.write(viewOf(copy), 0, value);
        expect(format.decode(viewOf(copy))).toEqual(value);
      }),
      { numRuns: 50 },
    );

  it.each(Object.keys(COMMANDS) as CommandName[])('%s', (name) => {
    keepsItsValue(COMMANDS[name].body as Struct<unknown>);
  });
  it.each(Object.keys(ANSWERS) as AnswerName[])('%s', (name) => {
    keepsItsValue(ANSWERS[name].body as Struct<unknown>);
  });
  it('header', () => keepsItsValue(header));
  it('memory entry', () => keepsItsValue(memoryEntry));
});

describe('names', () => {
  it('are found by number, and nothing else is', () => {
    expect(commandName(0x0208)).toBe('RESOURCE_MAP_BLOB');
    expect(commandName(0x0210)).toBeNull();
    expect(answerName(0x1106)).toBe('OK_MAP_INFO');
    expect(answerName(0)).toBeNull();
  });

  it('describe numbers without a name', () => {
    expect(describeCommand(0x0999)).toBe('command 0x0999');
    expect(describeAnswer(0x1106)).toBe('OK_MAP_INFO');
    expect(describeAnswer(1)).toBe('answer 0x0001');
  });
});

describe('entriesTotal', () => {
  const entries = encodeEntries([
    { address: 0, length: 0xffff_ffff },
    { address: 0, length: 1 },
  ]);

  it('adds lengths beyond 32 bits', () => {
    expect(entriesTotal(viewOf(entries), 0, 2)).toBe(0x1_0000_0000);
  });

  it.each([3, 0xffff_ffff])('is null for %i entries that are not there', (count) => {
    expect(entriesTotal(viewOf(entries), 0, count)).toBeNull();
  });
});

describe('decode', () => {
  it('reads at an offset of a larger buffer', () => {
    const command = encodeCommand('RESOURCE_UNREF', {}, { resourceId: 9 });
    const padded = Buffer.concat([Buffer.alloc(5), command]);

    expect(COMMANDS.RESOURCE_UNREF.body.decode(viewOf(padded), 5)).toEqual({ resourceId: 9 });
  });

  it('never reads beyond the view', () => {
    expect(() => header.decode(viewOf(Buffer.alloc(64).subarray(0, HEADER_BYTES - 4)))).toThrow(RangeError);
  });

  it('copies byte fields, so that the source may change', () => {
    const answer = encodeAnswer('OK_RESOURCE_UUID', {}, { uuid: new Uint8Array(16).fill(7) });
    const { uuid } = ANSWERS.OK_RESOURCE_UUID.body.decode(viewOf(answer));
    answer.fill(0);

    expect(uuid).toEqual(new Uint8Array(16).fill(7));
  });

  it('refuses byte fields that are too long', () => {
    expect(() => encodeAnswer('OK_RESOURCE_UUID', {}, { uuid: new Uint8Array(17) })).toThrow(RangeError);
  });
});
