import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fd } from '../../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../../services/lib/os/memory.ts';
import { receive, socketPair } from '../../../../services/lib/os/socket.ts';
import {
  ChannelRecord,
  type WindowRange,
} from '../../../../services/lib/vhost-user/recovery/channel-record.ts';
import { OutboxFile } from '../../../../services/lib/vhost-user/recovery/outbox.ts';
import {
  LOG_ENTRIES,
  MAPPING_SLOTS,
  StateFile,
} from '../../../../services/lib/vhost-user/recovery/state-file.ts';
import { encodeBackendRequest } from '../../../../services/lib/wire/vhost-user.ts';

const PAGE = 4096;
const CHANNEL = 5;
const EPOCH = 1;

let vmm: Fd;
let backEnd: Fd;
let memory: Fd;
let state: StateFile;
let outbox: OutboxFile;

beforeEach(() => {
  [vmm, backEnd] = socketPair('stream');
  memory = createMemfd('channel-record-test', PAGE);
  state = StateFile.create({ queues: 2, largestQueueSize: 64 });
  outbox = OutboxFile.create('requests');
});

afterEach(() => {
  for (const part of [vmm, backEnd, memory, state, outbox]) part.close();
});

const open = () => new ChannelRecord(state, outbox, CHANNEL, EPOCH);

function range(page: number): WindowRange {
  return { shmid: 1, fdOffset: 0, shmOffset: page * PAGE, length: PAGE, writable: true };
}

/** Sends a request and hears that it was done. */
function ask(record: ChannelRecord, name: 'SHMEM_MAP' | 'SHMEM_UNMAP', page: number): void {
  const fds = name === 'SHMEM_MAP' ? [memory.number] : [];
  record.io.send(backEnd.number, encodeBackendRequest(name, range(page), { needReply: true }), fds);
  for (const fd of receive(vmm.number, PAGE)?.fds ?? []) fd.close();
  record.settle(0, false);
}

describe('a successor', () => {
  it('knows what was unmapped, although something else was mapped since', () => {
    const record = open();
    ask(record, 'SHMEM_MAP', 0);
    ask(record, 'SHMEM_UNMAP', 0);
    ask(record, 'SHMEM_MAP', 1);

    expect(open().claimUnmapped(range(0))).toBe('done');
  });

  it('knows it also when a successor in between mapped more', () => {
    const record = open();
    ask(record, 'SHMEM_MAP', 0);
    ask(record, 'SHMEM_UNMAP', 0);
    ask(open(), 'SHMEM_MAP', 1);

    expect(open().claimUnmapped(range(0))).toBe('done');
  });

  it('knows the last thousand, however many there were', () => {
    const record = open();
    const pages = Array.from({ length: 2 * MAPPING_SLOTS + 7 }, (_, page) => page);
    for (const page of pages) {
      ask(record, 'SHMEM_MAP', page);
      ask(record, 'SHMEM_UNMAP', page);
    }
    const successor = open();

    expect(new Set(pages.slice(-1000).map((page) => successor.claimUnmapped(range(page))))).toEqual(
      new Set(['done']),
    );
  });
});

describe('a VMM that takes requests and answers none', () => {
  it('is asked for no more than a successor could hear the answers of, until it answers', () => {
    const record = open();
    const request = encodeBackendRequest('SHMEM_UNMAP', range(0), { needReply: true });
    const send = (): boolean => {
      const isSent = record.io.send(backEnd.number, request, []) > 0;
      receive(vmm.number, PAGE);
      return isSent;
    };
    let sent = 0;
    while (sent <= LOG_ENTRIES && send()) sent += 1;
    expect(sent).toBe(LOG_ENTRIES);
    record.settle(1, false);
    expect([send(), send()]).toEqual([true, false]);
    expect(open().unanswered.length).toBe(LOG_ENTRIES);
  });
});
