import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fd } from '../../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../../services/lib/os/memory.ts';
import { send, socketPair } from '../../../../services/lib/os/socket.ts';
import { Inbox } from '../../../../services/lib/vhost-user/recovery/inbox.ts';
import { StateFile } from '../../../../services/lib/vhost-user/recovery/state-file.ts';

const HEADER = 12;
const NAME = 7;
const OTHER_NAME = 8;

let vmm: Fd;
let backEnd: Fd;
let state: StateFile;
let memory: Fd;
let sequence: number;
let names: number[];

beforeEach(() => {
  [vmm, backEnd] = socketPair('stream');
  state = StateFile.create({ queues: 2, largestQueueSize: 64 });
  memory = createMemfd('inbox-test', 4096);
  sequence = 1;
  names = [NAME, OTHER_NAME];
});

afterEach(() => {
  for (const fd of [vmm, backEnd, memory]) fd.close();
  state.close();
});

/** A message whose payload has so many bytes of a value. */
function message(payload: number, fill: number): Buffer {
  const bytes = Buffer.alloc(HEADER + payload, fill);
  bytes.writeUInt32LE(payload, 8);
  return bytes;
}

function inbox(): Inbox {
  return new Inbox(state.vmmInbox, {
    sequence: () => sequence,
    note: () => ({ name: names.shift() ?? 0, own: null }),
    points: { prepared: 'vmm.prepared', consumed: 'vmm.consumed' },
  });
}

describe('What an inbox takes', () => {
  it('is header and payload in one piece, and nothing of the next message', () => {
    send(vmm.number, Buffer.concat([message(8, 1), message(4, 2)]));
    const received = inbox().receive(backEnd.number, HEADER);
    sequence += 1;
    const next = inbox().receive(backEnd.number, HEADER);

    expect(received).toMatchObject({ data: message(8, 1), isLast: false });
    expect(next).toMatchObject({ data: message(4, 2), isLast: true });
  });

  it('is what is there of a message, and later the rest', () => {
    const whole = message(8, 3);
    const box = inbox();
    send(vmm.number, whole.subarray(0, 5));
    const first = box.receive(backEnd.number, HEADER);
    send(vmm.number, whole.subarray(5));
    const second = box.receive(backEnd.number, HEADER - 5);
    const third = box.receive(backEnd.number, 8);

    expect(first?.data).toEqual(whole.subarray(0, 5));
    expect(second?.data).toEqual(whole.subarray(5, HEADER));
    expect(third?.data).toEqual(whole.subarray(HEADER));
  });

  it('is the header alone when that speaks of more than a message can have', () => {
    const header = message(0, 4);
    header.writeUInt32LE(0x7fff_ffff, 8);
    send(vmm.number, Buffer.concat([header, Buffer.alloc(100)]));

    expect(inbox().receive(backEnd.number, HEADER)?.data).toEqual(header);
  });

  it('has its descriptors once, and they are open', () => {
    send(vmm.number, message(8, 5), [memory.number]);
    const received = inbox().receive(backEnd.number, HEADER);
    const [fd] = received?.fds ?? [];

    expect(received?.fds).toHaveLength(1);
    expect(fd?.open).toBe(true);
    fd?.close();
  });

  it('has no descriptors that belong to the next message', () => {
    send(vmm.number, message(8, 6));
    send(vmm.number, message(8, 7), [memory.number]);
    const box = inbox();
    const first = box.receive(backEnd.number, HEADER);
    sequence += 1;
    const second = box.receive(backEnd.number, HEADER);

    expect(first).toMatchObject({ data: message(8, 6), fds: [], isLast: false });
    expect(second?.fds).toHaveLength(1);
    for (const fd of second?.fds ?? []) fd.close();
  });
});

describe('What a successor finds in an inbox', () => {
  it('is the message that was taken, with the names of its descriptors', () => {
    send(vmm.number, message(8, 8), [memory.number]);
    for (const fd of inbox().receive(backEnd.number, HEADER)?.fds ?? []) fd.close();

    expect(inbox().begun()).toEqual({ bytes: message(8, 8), notes: [{ name: NAME, own: null }] });
  });

  it('has no descriptors of a message that had none, although those of the next one were seen', () => {
    send(vmm.number, message(8, 9));
    send(vmm.number, message(8, 10), [memory.number]);
    inbox().receive(backEnd.number, HEADER);

    expect(inbox().begun()).toEqual({ bytes: message(8, 9), notes: [] });
  });

  it('is nothing once the message is done', () => {
    send(vmm.number, message(8, 11));
    inbox().receive(backEnd.number, HEADER);
    sequence += 1;

    expect(inbox().begun()).toBeNull();
  });
});
