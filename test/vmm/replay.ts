// Plays recorded traffic of a real guest to a back-end: the same requests, in the same chains and behind the same kicks, and compares
// every reply with the recorded one byte by byte.
import { hrtime } from 'node:process';
import { ANSWERS, viewOf } from '../../services/lib/wire/virtio-gpu.ts';
import { type Command, nameOfRequest } from './driver.ts';
import { firstEntry, type RecordedCommand, type Recording } from './recording.ts';
import { Vmm, type VmmOptions } from './vmm.ts';

export type Mismatch = {
  /** Counts the recording's commands from 0. */
  readonly command: number;
  readonly name: string;
  readonly request: string;
  readonly expected: string;
  readonly got: string;
};

export type ReplayReport = {
  readonly commands: number;
  readonly kicks: number;
  readonly mismatches: readonly Mismatch[];
  readonly nanoseconds: number;
};

/** The machine that a recording needs: as much RAM as the guest had (blobs of guest memory name its addresses). */
export function machineFor(recording: Recording): Pick<VmmOptions, 'memory' | 'queueSize'> {
  const { ram, queues } = firstEntry(recording, 'start');
  const unit = 2 * 1024 * 1024;
  return {
    memory: Math.max(Math.ceil(ram / unit) * unit, 64 * 1024 * 1024),
    queueSize: queues[0]?.size ?? 256,
  };
}

/**
 * Plays a recording to a machine whose driver has just been bound. Stops and starts of the guest are played too: a start with bases of 0
 * is a driver that is bound again, any other is a VM that goes on. Throws NoAnswerError.
 */
export async function replay(vmm: Vmm, recording: Recording): Promise<ReplayReport> {
  const start = hrtime.bigint();
  const mismatches: Mismatch[] = [];
  let commands = 0;
  let kicks = 0;
  let group: RecordedCommand[] = [];
  const flush = async (): Promise<void> => {
    if (group.length === 0) return;
    const replies = await vmm.driver.exchange(group.map(asCommand), group[0]!.queue === 0 ? 0 : 1);
    for (const [index, reply] of replies.entries()) {
      const mismatch = compare(group[index]!, reply, commands + index);
      if (mismatch) mismatches.push(mismatch);
    }
    commands += group.length;
    kicks += 1;
    group = [];
  };
  let started = false;
  for (const entry of recording) {
    if (entry.kind === 'command') {
      if (group[0] && (group[0].kick !== entry.kick || group[0].queue !== entry.queue)) await flush();
      group.push(entry);
    } else if (entry.kind === 'stop') {
      await flush();
    } else if (entry.kind === 'start') {
      await flush();
      if (started)
        await restart(
          vmm,
          entry.queues.every(({ base }) => base === 0),
        );
      started = true;
    }
  }
  await flush();
  return { commands, kicks, mismatches, nanoseconds: Number(hrtime.bigint() - start) };
}

/** Boots a machine for a recording, plays it once, and switches the machine off. Throws like Vmm.boot() and replay(). */
export async function replayAlone(
  recording: Recording,
  options: Omit<VmmOptions, 'memory' | 'queueSize'>,
): Promise<ReplayReport> {
  const vmm = await Vmm.boot({ ...options, ...machineFor(recording) });
  try {
    return await replay(vmm, recording);
  } finally {
    vmm.close();
  }
}

async function restart(vmm: Vmm, afresh: boolean): Promise<void> {
  if (afresh) {
    await vmm.rebind();
    return;
  }
  await vmm.pause();
  await vmm.resume();
}

function asCommand(entry: RecordedCommand): Command {
  const out = entry.out.map((part) => Buffer.from(part, 'hex'));
  return { what: nameOfRequest(out[0] ?? Buffer.alloc(0)), out, room: entry.room };
}

function compare(entry: RecordedCommand, reply: Buffer, command: number): Mismatch | null {
  const expected = Buffer.from(entry.reply, 'hex');
  const got = Buffer.from(reply);
  blank(expected);
  blank(got);
  if (expected.equals(got)) return null;
  const request = entry.out.join('');
  return {
    command,
    name: nameOfRequest(Buffer.from(request, 'hex')),
    request,
    expected: expected.toString('hex'),
    got: got.toString('hex'),
  };
}

/** The one field that differs from run to run by design: a resource's UUID is random. */
function blank(reply: Buffer): void {
  const { number, body } = ANSWERS.OK_RESOURCE_UUID;
  if (reply.length >= body.bytes && viewOf(reply).getUint32(0, true) === number) reply.fill(0, 24, 40);
}
