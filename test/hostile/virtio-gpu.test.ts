// A hostile guest on the control queue: whatever bytes it sends, each chain gets exactly one well-formed answer, in order, nothing throws,
// and nothing that the guest says makes this process keep much.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MOST_CONTEXTS } from '../../services/frontend/virtio-gpu/contexts.ts';
import { MOST_LOCAL_RESOURCES } from '../../services/frontend/virtio-gpu/resources.ts';
import { toWire } from '../../services/lib/rpc/u64.ts';
import {
  COMMANDS,
  type CommandName,
  encodeCommand,
  HEADER_BYTES,
} from '../../services/lib/wire/virtio-gpu.ts';
import {
  attachBacking,
  create2d,
  createBlob,
  ctxCreate,
  mapBlob,
  submit,
  unmapBlob,
  unref,
} from '../frontend/virtio-gpu/commands.ts';
import { Bench, DONE, mapped } from '../frontend/virtio-gpu/fakes.ts';

const U32_BOUNDS = [0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
const U64_BOUNDS = [
  0,
  1,
  4095,
  4096,
  4097,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 53 - 1,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 4096n,
  2n ** 64n - 1n,
];
const NAMES = Object.keys(COMMANDS) as CommandName[];

let bench: Bench;

beforeEach(() => {
  // What real accounts do may take longer than a turn (a move, say); nothing here depends on it.
  bench = new Bench('per-blob', { isScripted: true });
});
afterEach(() => {
  bench.close();
  vi.restoreAllMocks();
});

/** Every chain was answered once, in order, with a name that the specification has. */
function expectAnswered(count: number): void {
  expect(bench.queue.heads).toEqual(Array.from({ length: count }, (_, head) => head));
  expect(bench.queue.names.every((name) => name !== null)).toBe(true);
}

/** More commands than a call takes arguments. */
function runMany(commands: readonly Uint8Array[]): Promise<readonly (string | null)[]> {
  for (const command of commands) bench.queue.add(command);
  return bench.run();
}

describe('random bytes', () => {
  it('as whole commands', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 20 }),
        async (commands) => {
          const before = bench.queue.heads.length;
          const names = await bench.run(...commands);
          expect(names).toHaveLength(commands.length);
          expectAnswered(before + commands.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('behind a header that is right', async () => {
    const command = fc
      .record({
        name: fc.constantFrom(...NAMES),
        context: fc.constantFrom(0, 1, 2, 0xffff_ffff),
        flags: fc.nat(3),
        body: fc.uint8Array({ maxLength: 120 }),
      })
      .map(({ name, context, flags, body }) => {
        const bytes = Buffer.alloc(HEADER_BYTES + body.length);
        bytes.writeUInt32LE(COMMANDS[name].number, 0);
        bytes.writeUInt32LE(flags, 4);
        bytes.writeUInt32LE(context, 16);
        bytes.set(body, HEADER_BYTES);
        return bytes;
      });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 30 }), async (commands) => {
        const before = bench.queue.heads.length;
        const names = await bench.run(ctxCreate(1), ...commands);
        expect(names).toHaveLength(commands.length + 1);
        expectAnswered(before + commands.length + 1);
      }),
      { numRuns: 60 },
    );
  });

  it('in small ids, so that commands meet each other', async () => {
    const id = fc.integer({ min: 0, max: 3 });
    const command = fc.oneof(
      id.map((resource) => createBlob(resource)),
      id.map((resource) => createBlob(resource, { blobMem: 1 }, [{ address: 0, length: 4096 }])),
      id.map((resource) => create2d(resource)),
      fc.tuple(id, id).map(([resource, offset]) => mapBlob(resource, offset * 4096)),
      id.map((resource) => unmapBlob(resource)),
      id.map((resource) => unref(resource)),
      id.map((context) => ctxCreate(context)),
      id.map((context) => submit(context, [])),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 30 }), async (commands) => {
        const before = bench.queue.heads.length;
        await bench.run(...commands);
        expectAnswered(before + commands.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('commands that are cut short', () => {
  it.each(NAMES)('%s at every length', async (name) => {
    const whole = Buffer.alloc(COMMANDS[name].body.bytes);
    whole.writeUInt32LE(COMMANDS[name].number, 0);
    whole.writeUInt32LE(1, 4);
    whole.writeUInt32LE(77, 8);
    const commands = Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length));

    const names = await bench.run(...commands);

    expect(names.slice(0, HEADER_BYTES)).toEqual(Array(HEADER_BYTES).fill('ERR_UNSPEC'));
    expect(names.slice(HEADER_BYTES)).toEqual(
      Array(whole.length - HEADER_BYTES).fill('ERR_INVALID_PARAMETER'),
    );
    expect(bench.queue.answers.slice(HEADER_BYTES).every((answer) => answer.header.fenceId === 77)).toBe(
      true,
    );
    expect(bench.counted('MALFORMED', 'ERR_UNSPEC')).toBe(HEADER_BYTES);
  });
});

describe('answers without room', () => {
  it.each([0, 1, 4, 23, 24, 31, 32, 407])('%i bytes for an answer of 408', async (room) => {
    bench.queue.add(encodeCommand('GET_DISPLAY_INFO', {}, {}), room);
    await bench.run();

    expect(bench.queue.pushes).toHaveLength(1);
    expect(bench.queue.answers[0]?.bytes).toHaveLength(room);
  });
});

describe('values at their bounds', () => {
  it('every id of every command', async () => {
    const commands = NAMES.flatMap((name) =>
      U32_BOUNDS.map((value) => {
        const bytes = Buffer.alloc(COMMANDS[name].body.bytes, Buffer.from(Uint32Array.of(value).buffer));
        bytes.writeUInt32LE(COMMANDS[name].number, 0);
        bytes.writeUInt32LE(0, 4);
        return bytes;
      }),
    );

    await bench.run(...commands);

    expectAnswered(commands.length);
  });

  it('sizes, offsets and blob ids reach the accounts exactly, or not at all', async () => {
    const commands = U64_BOUNDS.flatMap((value, index) => [
      createBlob(100 + index, { size: value, blobId: value }),
      mapBlob(100 + index, value),
    ]);
    bench.script.reply = () => ({ kind: 'refused', reason: 'SIZE_INVALID', message: '' });

    const names = await bench.run(...commands);

    expect(names).toEqual(Array(commands.length).fill('ERR_INVALID_PARAMETER'));
    const asked = bench.script.asked.map(({ operation }) => operation);
    expect(asked.flatMap((operation) => (operation.kind === 'create' ? [operation.size] : []))).toEqual(
      U64_BOUNDS,
    );
    expect(asked.flatMap((operation) => (operation.kind === 'map' ? [operation.offset] : []))).toEqual(
      U64_BOUNDS,
    );
    expect(U64_BOUNDS.map((value) => toWire(value))).toHaveLength(U64_BOUNDS.length);
  });
});

describe('counts that promise more than was sent', () => {
  it.each([1, 0xffff, 0x1000_0000, 0xffff_ffff])('%i entries on a chain without any', async (count) => {
    const before = process.memoryUsage().arrayBuffers;

    expect(
      await bench.run(
        create2d(1),
        attachBacking(1, [], count),
        createBlob(2, { blobMem: 1, entries: count }),
        createBlob(3, { blobMem: 2, entries: count }),
        createBlob(4, { blobMem: 3, entries: count }),
      ),
    ).toEqual(['OK_NODATA', ...Array(4).fill('ERR_INVALID_PARAMETER')]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });
});

describe('the same thing again and again', () => {
  it('duplicates in one kick', async () => {
    const names = await bench.run(
      createBlob(1),
      mapBlob(1),
      unref(1),
      unref(1),
      unref(1),
      mapBlob(1),
      unmapBlob(1),
    );

    expect(names).toHaveLength(7);
    expectAnswered(7);
  });

  it('contexts are limited', async () => {
    const commands = Array.from({ length: MOST_CONTEXTS + 2 }, (_, index) => ctxCreate(index + 1));

    const names = await runMany(commands);

    expect(names.filter((name) => name === 'ERR_OUT_OF_MEMORY')).toHaveLength(2);
  });

  it('resources of the guest’s own memory are limited, and come free again', async () => {
    const commands = Array.from({ length: MOST_LOCAL_RESOURCES + 1 }, (_, index) => create2d(index + 1));

    const names = await runMany(commands);

    expect(names.at(-1)).toBe('ERR_OUT_OF_MEMORY');
    expect(await bench.run(unref(1), create2d(1), create2d(MOST_LOCAL_RESOURCES + 5))).toEqual([
      'OK_NODATA',
      'OK_NODATA',
      'ERR_OUT_OF_MEMORY',
    ]);
  });

  it('labels of statistics are not the guest’s to make up', async () => {
    const commands = Array.from({ length: 1000 }, (_, index) => {
      const command = encodeCommand('CTX_DESTROY', {}, {});
      command.writeUInt32LE(0x5000 + index, 0);
      return command;
    });

    await bench.run(...commands);

    const counted = bench.statistics.report().commands?.filter(({ count }) => count !== 0);
    expect(counted).toEqual([{ command: 'UNKNOWN', answer: 'ERR_UNSPEC', count: 1000 }]);
  });
});

describe('results that do not fit what was asked', () => {
  it.each([
    ['a mapping for everything', mapped()],
    ['no mapping at all', DONE],
  ])('(%s) are survived: each chain has its answer', async (_, result) => {
    bench.script.reply = () => result;

    await bench.run(createBlob(1), mapBlob(1), unref(1), ctxCreate(1));

    expectAnswered(4);
  });
});
