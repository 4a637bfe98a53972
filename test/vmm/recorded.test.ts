// The in-tree VMM against recordings of the real one: so that what is tested with it is what QEMU and Linux really do.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { COMMANDS, type CommandName, commandName } from '../../services/lib/wire/virtio-gpu.ts';
import { GpuDriver } from './driver.ts';
import { Installation } from './installation.ts';
import { Recorder } from './recorder.ts';
import {
  conversation,
  firstEntry,
  type RecordedCommand,
  type RecordingEntry,
  readRecording,
} from './recording.ts';
import { replayAlone } from './replay.ts';
import { Vmm } from './vmm.ts';

const DIRECTORY = new URL('../guest/recorded/', import.meta.url).pathname;
const RECORDINGS = readdirSync(DIRECTORY).filter((name) => name.endsWith('.jsonl'));

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What the recorder sees of the in-tree VMM when it goes through the same events as the recorded one: see record.ts. */
async function ownEntries(windowSize: number): Promise<RecordingEntry[]> {
  const host = await install(windowSize);
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-recorded-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const socketPath = join(directory, 'gpu.sock');
  const entries: RecordingEntry[] = [];
  const recorder = new Recorder({
    listenPath: socketPath,
    backEndPath: host.socketOf('guest'),
    onEntry: (entry) => entries.push(entry),
  });
  cleanups.push(() => recorder.close());
  const vmm = await Vmm.boot({ socketPath });
  cleanups.push(() => vmm.close());
  await useWindow(vmm);
  await vmm.pause();
  await vmm.resume();
  await vmm.rebind();
  await useWindow(vmm);
  await vmm.reset();
  await useWindow(vmm);
  return entries;
}

/** The window is there and its table was sent: the next event comes after that, as it does under QEMU. */
async function useWindow(vmm: Vmm): Promise<void> {
  await vmm.driver.createAndMap({ size: 4096 });
  await vmm.frontEnd.idle();
}

async function install(windowSize: number): Promise<Installation> {
  const host = await Installation.start({ guest: `window: ${windowSize}, placement: window` });
  cleanups.push(() => host.stop());
  return host;
}

function commandsOf(name: string): RecordedCommand[] {
  return readRecording(join(DIRECTORY, name)).flatMap((entry) => (entry.kind === 'command' ? [entry] : []));
}

function shapeOf(command: RecordedCommand): { name: CommandName; out: number[]; room: readonly number[] } {
  const type = Buffer.from(command.out[0] ?? '', 'hex');
  return {
    name: commandName(type.readUInt32LE(0)) as CommandName,
    out: command.out.map((part) => part.length / 2),
    room: command.room,
  };
}

it('has recordings', () => {
  expect(RECORDINGS).not.toEqual([]);
});

describe.each(RECORDINGS)('%s', (name) => {
  it('shows the conversation that the in-tree VMM leads: start, stop, cont, rebind, reboot', async () => {
    const recorded = readRecording(join(DIRECTORY, name));

    const own = await ownEntries(firstEntry(recorded, 'device').windowSize);

    expect(conversation(own)).toEqual(conversation(recorded));
    expect(firstEntry(own, 'device')).toEqual(firstEntry(recorded, 'device'));
    expect(firstEntry(own, 'start')).toEqual(firstEntry(recorded, 'start'));
  });

  it('lays commands out in descriptors the way the in-tree driver does', () => {
    const recorded = commandsOf(name).map(shapeOf);

    const own = recorded.map(({ name: command, out }) => ({
      name: command,
      out: [COMMANDS[command].body.bytes, ...out.slice(1)],
      room: GpuDriver.roomFor(command),
    }));

    expect(recorded).toEqual(own);
  });

  it('is answered today as it was then', async () => {
    const recorded = readRecording(join(DIRECTORY, name));
    const host = await install(firstEntry(recorded, 'device').windowSize);

    const report = await replayAlone(recorded, { socketPath: host.socketOf('guest') });

    expect(report.mismatches).toEqual([]);
    expect(report.commands).toBe(commandsOf(name).length);
  });
});
